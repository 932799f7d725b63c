"""Has anything changed since the committed results? The present code and configuration against stored records.

Where the fingerprint is the stored one (same configuration, data, versions, processor), training is deterministic: one
committed seed is trained again, and every record of it has to come out the same to the last digit. Under any other
fingerprint, fresh seeds are held against the committed ones by the rule of `repro.verdicts.recheck`. No committed seed
is ever among the fresh ones, and fresh cells are not stored.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from repro import pool, records
from repro import run as runner
from repro.committed import compare_records, outcomes_frame, records_by_seed, seed_values
from repro.errors import DataError, NothingMeasuredError, RegressionError, ReplicaError
from repro.references import Reference
from repro.run import Tally, Watcher
from repro.training.worker import Outcome, Task
from repro.verdicts.check import FRESH_SEEDS, MIN_REFERENCE, RETRY_SEEDS, TOTAL_ALPHA
from repro.verdicts.intervals import Floats
from repro.verdicts.recheck import Judged, judge_figures

METRICS = ("accuracy", "loss")
"""Figures of the test data that are held against the committed ones. The loss is there for its sensitivity: doubling a
learning rate may move it by four standard deviations and the accuracy by one and a half."""

Verdict = Literal["UNCHANGED (exact)", "UNCHANGED", "CHANGED", "TOO FEW SEEDS", "FAILED", "NO DATA", "NOT STORED"]


@dataclass(frozen=True)
class Row:
    """One line of the check. `judged` is there where a figure was tested, `detail` where it was not."""

    experiment: str
    figure: str
    verdict: Verdict
    detail: str = ""
    judged: Judged | None = None


@dataclass(frozen=True)
class Result:
    """What a check found: its rows, and by experiment why fresh seeds had to be compared."""

    rows: tuple[Row, ...]
    differences: dict[str, tuple[str, ...]]
    alpha: float
    """Of the whole check."""


def check(
    references: Sequence[Reference],
    missing: Sequence[str],
    workers: int,
    watcher: Watcher,
    total_alpha: float = TOTAL_ALPHA,
) -> Result:
    """Check the experiments of `references`; rows come in their order, and one for each of `missing` after them."""
    rows, ready = _without_data(references, watcher)
    few = [reference for reference in ready if reference.differences and _count(reference) < MIN_REFERENCE]
    rows += [Row(reference.name, "–", "TOO FEW SEEDS", _too_few(_count(reference))) for reference in few]
    at_work = [reference for reference in ready if reference not in few]
    exact = [reference for reference in at_work if not reference.differences]
    other = [reference for reference in at_work if reference.differences]
    outcomes = _trained(
        {
            reference: reference.fresh(0, FRESH_SEEDS) if reference.differences else reference.exact
            for reference in at_work
        },
        workers,
        watcher,
    )
    rows += [_exactly(reference, outcomes[reference.name]) for reference in exact]
    rows += _statistically(other, outcomes, workers, watcher, total_alpha)
    order = [reference.name for reference in references]
    rows.sort(key=lambda row: order.index(row.experiment))
    rows += [Row(name, "–", "NOT STORED", "no results of this name; `repro run` makes them") for name in missing]
    return Result(tuple(rows), {reference.name: reference.differences for reference in other}, total_alpha)


def _without_data(references: Sequence[Reference], watcher: Watcher) -> tuple[list[Row], list[Reference]]:
    tally = Tally()
    with_data = runner.with_data([reference.job for reference in references], tally, watcher)
    rows = [
        Row(reference.name, "–", "NO DATA", tally.without_data[reference.job.experiment.dataset.name])
        for reference in references
        if reference.job not in with_data
    ]
    return rows, [reference for reference in references if reference.job in with_data]


def _count(reference: Reference) -> int:
    return len(seed_values(reference.stored.frame, "accuracy"))


def _too_few(n: int) -> str:
    return f"needs at least {MIN_REFERENCE} committed seeds and has {n}: run and commit {MIN_REFERENCE - n} more"


def _trained(tasks: Mapping[Reference, Sequence[Task]], workers: int, watcher: Watcher) -> dict[str, list[Outcome]]:
    """Outcomes by experiment. The longest go first, so that no worker is left alone with one at the end."""
    longest_first = sorted(tasks, key=lambda reference: -reference.stored.seconds)
    listed = [task for reference in longest_first for task in tasks[reference]]
    found: dict[str, list[Outcome]] = {reference.name: [] for reference in tasks}
    if listed:
        watcher.started(
            {reference.name: len(tasks[reference]) for reference in tasks},
            {reference.name: reference.stored.seconds for reference in tasks},
        )
    with contextlib.closing(pool.train(listed, workers, watcher)) as trained:
        for task, outcome in trained:
            watcher.trained(task.experiment.name, outcome)
            found[task.experiment.name].append(outcome)
    return {name: sorted(outcomes, key=lambda outcome: outcome.seed) for name, outcomes in found.items()}


def _exactly(reference: Reference, outcomes: Sequence[Outcome]) -> Row:
    if not outcomes:
        return Row(reference.name, "–", "TOO FEW SEEDS", "every committed seed has failed: there are no records")
    (outcome,) = outcomes
    figure = f"every record of seed {outcome.seed}"
    if outcome.error:
        return Row(reference.name, figure, "FAILED", f"seed {outcome.seed} failed; when committed it did not")
    now = records_by_seed(records.runs_csv(reference.job.experiment, outcomes))
    same = compare_records(reference.stored.records, now)
    if not same.differing:
        return Row(reference.name, figure, "UNCHANGED (exact)", f"{same.records} records, equal to the last digit")
    detail = f"{same.differing} of {same.records} records differ under the same fingerprint, the first at {same.first}"
    return Row(reference.name, figure, "CHANGED", detail)


def _statistically(
    references: Sequence[Reference],
    outcomes: Mapping[str, Sequence[Outcome]],
    workers: int,
    watcher: Watcher,
    total_alpha: float,
) -> list[Row]:
    rows, old, new = [], {}, {}
    for reference in references:
        for metric in METRICS:
            key = reference, metric
            committed, fresh = seed_values(reference.stored.frame, metric), _fresh_values(outcomes, key)
            if len(fresh) < FRESH_SEEDS:
                rows.append(Row(reference.name, f"test {metric}", "FAILED", _failures(outcomes[reference.name])))
            elif len(committed) < MIN_REFERENCE:
                rows.append(Row(reference.name, f"test {metric}", "TOO FEW SEEDS", _too_few(len(committed))))
            else:
                old[key], new[key] = committed, fresh
    if not old:
        return rows
    again: dict[str, list[Outcome]] = {}

    def train_again(keys: list[tuple[Reference, str]]) -> dict[tuple[Reference, str], Floats]:
        tasks = {reference: reference.fresh(FRESH_SEEDS, RETRY_SEEDS) for reference, _ in keys}
        watcher.say(f"retry with {RETRY_SEEDS} other seeds: {', '.join(reference.name for reference in tasks)}")
        again.update(_trained(tasks, workers, watcher))
        values = {key: _fresh_values(again, key) for key in keys}
        return {key: fresh for key, fresh in values.items() if len(fresh) == RETRY_SEEDS}

    for (reference, metric), judged in judge_figures(old, new, train_again, total_alpha).items():
        if judged.first.verdict == "CHANGED" and judged.retry is None:
            rows.append(Row(reference.name, f"test {metric}", "FAILED", _failures(again[reference.name])))
        else:
            rows.append(Row(reference.name, f"test {metric}", judged.last.verdict, judged=judged))
    return rows


def _fresh_values(outcomes: Mapping[str, Sequence[Outcome]], key: tuple[Reference, str]) -> Floats:
    reference, metric = key
    return seed_values(outcomes_frame(outcomes[reference.name]), metric)


def _failures(outcomes: Sequence[Outcome]) -> str:
    lines = []
    for outcome in outcomes:
        if outcome.error:
            lines.append(f"seed {outcome.seed} failed: {outcome.error.strip().splitlines()[-1]}")
        lines += [f"seed {outcome.seed}, fold {fold} {reason}" for fold, reason in sorted(outcome.diverged.items())]
    return "; ".join(lines)


def raise_for_verdicts(result: Result) -> None:
    """Raises what a check has to say through its exit code; returns where all is measured and unchanged.

    RegressionError (1) comes before ReplicaError (5), NothingMeasuredError (6) where nothing at all was measured,
    DataError (3), and NothingMeasuredError for single experiments that were not measured.
    """
    by_verdict: dict[str, list[Row]] = {}
    for row in result.rows:
        by_verdict.setdefault(row.verdict, []).append(row)
    measured = [row for row in result.rows if row.verdict.startswith("UNCHANGED")]
    if changed := by_verdict.get("CHANGED"):
        listed = ", ".join(f"{row.experiment} ({row.figure})" for row in changed)
        raise RegressionError(
            f"changed since the committed results: {listed}. If that is meant, `repro check --update CONFIG` makes new "
            "ones and shows them beside the old"
        )
    if failed := by_verdict.get("FAILED"):
        raise ReplicaError("\n".join(f"{row.experiment}, {row.figure}: {row.detail}" for row in failed))
    left = [row for verdict in ("NO DATA", "TOO FEW SEEDS", "NOT STORED") for row in by_verdict.get(verdict, [])]
    lines = "\n".join(dict.fromkeys(f"  {row.experiment}: {row.verdict.lower()}: {row.detail}" for row in left))
    if not measured:
        raise NothingMeasuredError(f"nothing was measured, so nothing is known to be unchanged:\n{lines}")
    if "NO DATA" in by_verdict:
        raise DataError(f"not everything was checked:\n{lines}")
    if left:
        raise NothingMeasuredError(f"not everything was checked, so this is not green:\n{lines}")
