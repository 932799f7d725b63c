"""What `check` says, in a terminal and as Markdown for the summary of a CI job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from repro.cli.words import over, shift, together, value
from repro.commands.check import CheckResult, Row
from repro.commands.update import Change
from repro.report.markdown import table
from repro.report.text import amount, figure_name
from repro.verdicts.permutation import FRESH_SEEDS, RETRY_SEEDS
from repro.verdicts.types import CheckTest

HEADER = ("experiment", "figure", "committed", "now", "shift", "p", "80% power", "verdict")


def print_check(result: CheckResult) -> None:
    """One paragraph a row, what differs from when the results were made, and the rule."""
    for line in differences(result.differences):
        click.echo(line)
    for row in result.rows:
        click.echo(f"\n{row.experiment}, {row.figure}: {row.verdict}\n  {words(row)}")
    if text := rule(result):
        click.echo(f"\n{text}")


def print_changes(changes: Sequence[Change]) -> None:
    """Old reference and new, side by side."""
    for change in changes:
        metric = change.metric
        moved = shift(float(change.new.mean() - change.old.mean()), metric) if change.old.size else "–"
        figure = figure_name(metric, change.split)
        click.echo(f"{change.experiment}, {figure}: {over(change.old, metric)} -> {over(change.new, metric)}")
        click.echo(f"  shift of the mean {moved}")


def check_page(result: CheckResult) -> str:
    """The table of a check, what differs from when the results were made, and the rule."""
    parts = ["## Check against the committed results", table(HEADER, [_cells(row) for row in result.rows])]
    notes = [f"- {row.experiment}, {row.figure}: {note_of(row)}" for row in result.rows if note_of(row)]
    notes += [f"- {line}" for line in differences(result.differences)]
    if notes:
        parts.append("\n".join(notes))
    return "\n\n".join([*parts, rule(result)]) + "\n\n"


def append(path: Path, text: str) -> None:
    """Append to a file that others append to as well. Raises OSError."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _cells(row: Row) -> list[str]:
    if row.judged is None:
        return [row.experiment, row.figure, *["–"] * 5, row.verdict]
    test, metric = row.judged.last, row.metric
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
    line += f"80% power to find {finds}"
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


def rule(result: CheckResult) -> str:
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


def _p(test: CheckTest) -> str:
    return "–" if test.p_value is None else f"{test.p_value:.2g}"
