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

import numpy as np
from numpy.typing import NDArray

from repro.analysis.record_diff import compare_records
from repro.commands.data import with_data
from repro.commands.references import Reference
from repro.config.schema import AnyExperiment, Experiment
from repro.errors import ExitCode
from repro.report import text
from repro.results.correct import rows_of
from repro.results.records import CellResult, records_by_seed, runs_csv
from repro.results.stored import cells_frame, valid_seeds
from repro.training.executor import Executor
from repro.training.progress import Progress
from repro.training.worker import Task
from repro.verdicts.permutation import FRESH_SEEDS, MIN_REFERENCE, RETRY_SEEDS, TOTAL_ALPHA
from repro.verdicts.recheck import judge_figures
from repro.verdicts.types import Judged


def metrics_of(experiment: AnyExperiment) -> tuple[str, ...]:
    """Judged figures that are held against the committed ones: the main one, and the loss where a model is trained.

    The loss is there for its sensitivity: doubling a learning rate may move it by four standard deviations and the
    accuracy by one and a half.
    """
    loss = ("loss",) if isinstance(experiment, Experiment) else ()
    return tuple(dict.fromkeys((experiment.main, *loss)))


CheckVerdict = Literal["UNCHANGED (exact)", "UNCHANGED", "CHANGED", "TOO FEW SEEDS", "FAILED", "NO DATA", "NOT STORED"]
Values = NDArray[np.float64]
Cells = dict[str, list[CellResult]]
"""Freshly trained cells by experiment."""


@dataclass(frozen=True)
class Row:
    """One line of the check. `judged` is there where a figure was tested, `detail` where it was not."""

    experiment: str
    figure: str
    verdict: CheckVerdict
    detail: str = ""
    judged: Judged | None = None
    metric: str = ""
    """Of a figure that was tested."""


@dataclass(frozen=True)
class CheckResult:
    """What a check found: its rows, and by experiment why fresh seeds had to be compared."""

    rows: tuple[Row, ...]
    differences: dict[str, tuple[str, ...]]
    alpha: float
    """Of the whole check."""

    @property
    def exit_code(self) -> ExitCode:
        """DONE only where all is measured and unchanged.

        A regression comes before a failed replica, that before nothing measured at all, and that before data that is
        missing and single experiments that were not measured.
        """
        verdicts = {row.verdict for row in self.rows}
        if "CHANGED" in verdicts:
            return ExitCode.REGRESSION
        if "FAILED" in verdicts:
            return ExitCode.REPLICA
        if not verdicts & {"UNCHANGED", "UNCHANGED (exact)"}:
            return ExitCode.NOT_MEASURED
        if "NO DATA" in verdicts:
            return ExitCode.DATA
        return ExitCode.NOT_MEASURED if verdicts & {"TOO FEW SEEDS", "NOT STORED"} else ExitCode.DONE

    @property
    def problems(self) -> list[str]:
        """The paragraph that goes with the exit code."""
        left = [*self._with("NO DATA"), *self._with("TOO FEW SEEDS"), *self._with("NOT STORED")]
        lines = "\n".join(dict.fromkeys(f"  {row.experiment}: {row.verdict.lower()}: {row.detail}" for row in left))
        match self.exit_code:
            case ExitCode.DONE:
                return []
            case ExitCode.REGRESSION:
                listed = ", ".join(f"{row.experiment} ({row.figure})" for row in self._with("CHANGED"))
                return [
                    f"changed since the committed results: {listed}. If that is meant, `repro check --update CONFIG` "
                    "makes new ones and shows them beside the old"
                ]
            case ExitCode.REPLICA:
                return ["\n".join(f"{row.experiment}, {row.figure}: {row.detail}" for row in self._with("FAILED"))]
            case ExitCode.DATA:
                return [f"not everything was checked:\n{lines}"]
        if any(row.verdict.startswith("UNCHANGED") for row in self.rows):
            return [f"not everything was checked, so this is not green:\n{lines}"]
        return [f"nothing was measured, so nothing is known to be unchanged:\n{lines}"]

    def _with(self, verdict: CheckVerdict) -> list[Row]:
        return [row for row in self.rows if row.verdict == verdict]


def check(
    references: Sequence[Reference],
    missing: Sequence[str],
    executor: Executor,
    progress: Progress,
    total_alpha: float = TOTAL_ALPHA,
) -> CheckResult:
    """Check the experiments of `references`; rows come in their order, and one for each of `missing` after them.

    Of an experiment with variants one is checked: they share data, recipe and program.
    """
    references = [reference.measured for reference in references]
    rows, ready = _without_data(references, progress)
    few = [reference for reference in ready if reference.differences and _count(reference) < MIN_REFERENCE]
    rows += [Row(reference.name, "–", "TOO FEW SEEDS", _too_few(_count(reference))) for reference in few]
    at_work = [reference for reference in ready if reference not in few]
    exact = [reference for reference in at_work if not reference.differences]
    other = [reference for reference in at_work if reference.differences]
    tasks = {each: each.fresh(0, FRESH_SEEDS) if each.differences else each.exact for each in at_work}
    cells = _trained(tasks, executor, progress)
    rows += [_exactly(reference, cells[reference.name]) for reference in exact]
    rows += _Recheck(other, cells, executor, progress).rows(total_alpha)
    order = [reference.name for reference in references]
    rows.sort(key=lambda row: order.index(row.experiment))
    rows += [Row(name, "–", "NOT STORED", "no results of this name; `repro run` makes them") for name in missing]
    return CheckResult(tuple(rows), {reference.name: reference.differences for reference in other}, total_alpha)


def _without_data(references: Sequence[Reference], progress: Progress) -> tuple[list[Row], list[Reference]]:
    _, without = with_data([reference.job for reference in references], progress)
    rows = [
        Row(reference.name, "–", "NO DATA", without[reference.job.data_key])
        for reference in references
        if reference.job.data_key in without
    ]
    return rows, [reference for reference in references if reference.job.data_key not in without]


def _count(reference: Reference) -> int:
    return len(reference.stored.values(reference.stored.experiment.main))


def _too_few(n: int) -> str:
    return f"needs at least {MIN_REFERENCE} committed seeds and has {n}: run and commit {MIN_REFERENCE - n} more"


def _trained(tasks: Mapping[Reference, Sequence[Task]], executor: Executor, progress: Progress) -> Cells:
    """Cells by experiment. The longest go first, so that no worker is left alone with one at the end."""
    longest_first = sorted(tasks, key=lambda reference: -reference.stored.seconds)
    listed = [task for reference in longest_first for task in tasks[reference]]
    found: Cells = {reference.name: [] for reference in tasks}
    if listed:
        progress.started(
            {reference.name: len(tasks[reference]) for reference in tasks},
            {reference.name: reference.stored.seconds for reference in tasks},
        )
    with contextlib.closing(executor.train(listed, progress)) as trained:
        for task, cell in trained:
            progress.trained(task.name, cell)
            found[task.name].append(cell)
    return {name: sorted(cells, key=lambda cell: cell.seed) for name, cells in found.items()}


def _exactly(reference: Reference, cells: Sequence[CellResult]) -> Row:
    if not cells:
        return Row(reference.name, "–", "TOO FEW SEEDS", "every committed seed has failed: there are no records")
    (cell,) = cells
    figure = f"every record of seed {cell.seed}"
    if cell.error:
        return Row(reference.name, figure, "FAILED", f"seed {cell.seed} failed; when committed it did not")
    diff = compare_records(reference.stored.records, records_by_seed(runs_csv(reference.name, [({}, cells)])))
    rows, moved = _rows_of(reference, cell)
    if not diff.differing and not moved:
        same = f"{diff.records} records, equal to the last digit"
        same += f"; of {rows} test rows the same ones are right" if rows else ""
        return Row(reference.name, figure, "UNCHANGED (exact)", same)
    if not diff.differing:
        return Row(reference.name, figure, "CHANGED", f"{moved} of {rows} test rows are right in one of the two only")
    detail = f"{diff.differing} of {diff.records} records differ under the same fingerprint, the first at {diff.first}"
    return Row(reference.name, figure, "CHANGED", detail)


def _rows_of(reference: Reference, cell: CellResult) -> tuple[int, int]:
    """Judged rows, and how many of them only one of the committed and the fresh cell predicts right.

    0 where no seed says which rows are right.
    """
    rows = reference.stored.tested_rows if reference.stored.knows_rows else 0
    committed = reference.stored.correct_rows.of([cell.seed])
    fresh = rows_of([cell], rows).of([cell.seed])
    if committed is None or fresh is None:
        return rows, 0 if committed is fresh else rows
    return rows, int(np.count_nonzero(committed != fresh))


Key = tuple[Reference, str]
"""A figure: an experiment and a metric."""


def _named(key: Key) -> str:
    reference, metric = key
    return text.figure_name(metric, reference.job.experiment.protocol.judged_split)


class _Recheck:
    """Fresh seeds of experiments whose fingerprint is another, held against the committed ones."""

    def __init__(self, references: Sequence[Reference], cells: Cells, executor: Executor, progress: Progress) -> None:
        self._references = references
        self._cells = cells
        self._again: Cells = {}
        self._executor = executor
        self._progress = progress

    def rows(self, total_alpha: float) -> list[Row]:
        """A row for each figure."""
        rows = []
        old: dict[Key, Values] = {}
        new: dict[Key, Values] = {}
        for key in (
            (reference, metric) for reference in self._references for metric in metrics_of(reference.job.experiment)
        ):
            reference, metric = key
            committed, fresh = reference.stored.values(metric), _values(self._cells, key)
            if len(fresh) < FRESH_SEEDS:
                rows.append(Row(reference.name, _named(key), "FAILED", _failures(self._cells[reference.name])))
            elif len(committed) < MIN_REFERENCE:
                rows.append(Row(reference.name, _named(key), "TOO FEW SEEDS", _too_few(len(committed))))
            else:
                old[key], new[key] = committed, fresh
        judged = judge_figures(old, new, self._train_again, total_alpha) if old else {}
        return rows + [self._row(key, each) for key, each in judged.items()]

    def _row(self, key: Key, judged: Judged) -> Row:
        reference, metric = key
        if judged.first.verdict == "CHANGED" and judged.retry is None:
            return Row(reference.name, _named(key), "FAILED", _failures(self._again[reference.name]))
        return Row(reference.name, _named(key), judged.last.verdict, judged=judged, metric=metric)

    def _train_again(self, keys: list[Key]) -> dict[Key, Values]:
        """Other fresh seeds of the figures that failed; a figure is left out where one of them fails."""
        tasks = {reference: reference.fresh(FRESH_SEEDS, RETRY_SEEDS) for reference, _ in keys}
        names = ", ".join(reference.name for reference in tasks)
        self._progress.say(f"retry with {RETRY_SEEDS} other seeds: {names}")
        self._again = _trained(tasks, self._executor, self._progress)
        values = {key: _values(self._again, key) for key in keys}
        return {key: fresh for key, fresh in values.items() if len(fresh) == RETRY_SEEDS}


def _values(cells: Cells, key: Key) -> Values:
    reference, metric = key
    protocol = reference.job.experiment.protocol
    table = valid_seeds(cells_frame(cells[reference.name]), metric, protocol.judged_split, protocol.judged_step)
    return np.asarray(table.mean(axis=1), np.float64)


def _failures(cells: Sequence[CellResult]) -> str:
    lines = []
    for cell in cells:
        if cell.error:
            lines.append(f"seed {cell.seed} failed: {cell.error.strip().splitlines()[-1]}")
        lines += [f"seed {cell.seed}, fold {fold} {reason}" for fold, reason in sorted(cell.diverged.items())]
    return "; ".join(lines)
