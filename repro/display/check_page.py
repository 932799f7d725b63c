"""The outcome of a check in words, for the terminal and as Markdown for a CI job's summary."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from repro.check import Result, Row
from repro.errors import MachineError
from repro.report.markdown import table
from repro.report.text import amount
from repro.verdicts.check import FRESH_SEEDS, RETRY_SEEDS, CheckRow

HEADER = ("experiment", "figure", "committed", "now", "shift", "p", "found four times in five", "verdict")


def check_page(result: Result) -> str:
    """The table of a check, what differs from when the results were made, and the rule."""
    parts = ["## Check against the committed results", table(HEADER, [_cells(row) for row in result.rows])]
    notes = [f"- {row.experiment}, {row.figure}: {note_of(row)}" for row in result.rows if note_of(row)]
    notes += [f"- {line}" for line in differences(result.differences)]
    if notes:
        parts.append("\n".join(notes))
    return "\n\n".join([*parts, rule(result)]) + "\n\n"


def append(path: Path, text: str) -> None:
    """Append to a file that others append to as well. Raises MachineError if it can't be written."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise MachineError(f"{path}: can't be written: {os.strerror(error.errno or 0)}") from error


def _cells(row: Row) -> list[str]:
    if row.judged is None:
        return [row.experiment, row.figure, *["–"] * 5, row.verdict]
    test, metric = row.judged.last, row.figure.removeprefix("test ")
    return [
        row.experiment,
        row.figure,
        f"{value(test.reference_mean, metric)} ({test.reference_n} seeds)",
        f"{value(test.fresh_mean, metric)} ({test.fresh_n} seeds)",
        shift(test.shift, metric),
        _p(test),
        "–" if test.detectable is None else amount(test.detectable, metric),
        row.verdict,
    ]


def words(row: Row) -> str:
    """What is known of a row besides its verdict, on one line."""
    if row.judged is None:
        return row.detail
    _, _, committed, now, moved, p, finds, _ = _cells(row)
    line = f"committed {committed}, now {now}: {moved}, p = {p} (limit {row.judged.last.alpha:.2g}); "
    line += f"{finds} would be found four times in five"
    note = note_of(row)
    return f"{line}; {note}" if note else line


def note_of(row: Row) -> str:
    """What doesn't fit into the table: a retry, or what became of a row that has no figures."""
    if row.judged is None:
        return row.detail
    if row.judged.retry is None:
        return ""
    first, retry = row.judged.first, row.judged.retry
    again = f"{retry.fresh_n} others {'failed as well' if retry.verdict == 'CHANGED' else 'did not'}"
    return f"the first {first.fresh_n} fresh seeds failed (p = {_p(first)}), {again} (p = {_p(retry)})"


def differences(by_experiment: Mapping[str, tuple[str, ...]]) -> list[str]:
    """One line for each thing that is not as it was, with the experiments that it concerns."""
    found = together(by_experiment)
    return [f"{', '.join(names)}: not as when the results were made: {line}" for line, names in found.items()]


def together(by_experiment: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Each line once, with the experiments that have it."""
    experiments: dict[str, list[str]] = {}
    for name, lines in by_experiment.items():
        for line in lines:
            experiments.setdefault(line, []).append(name)
    return experiments


def rule(result: Result) -> str:
    """The rule by which verdicts were given, as far as it was used."""
    tested = sum(row.judged is not None for row in result.rows)
    parts = []
    if any(row.verdict == "UNCHANGED (exact)" for row in result.rows):
        parts.append(
            "Where configuration, data, versions and processor are those of the committed results, training is "
            "deterministic: one committed seed was trained again and compared record by record."
        )
    if tested:
        parts.append(
            f"Elsewhere {FRESH_SEEDS} fresh seeds are held against the committed ones by a permutation test of the "
            f"means: {100 * result.alpha:g}% for the whole check, shared by {tested} figures. One that fails is tried "
            f"once more with {RETRY_SEEDS} other fresh seeds and is CHANGED only if these fail as well."
        )
    return " ".join(parts)


def value(number: float, metric: str) -> str:
    """An accuracy in percent, a loss as it is."""
    return f"{100 * number:.2f}%" if metric == "accuracy" else f"{number:.4f}"


def shift(number: float, metric: str) -> str:
    """A difference with its sign."""
    return f"{'-' if number < 0 else '+'}{amount(abs(number), metric)}"


def _p(test: CheckRow) -> str:
    return "–" if test.p_value is None else f"{test.p_value:.2g}"
