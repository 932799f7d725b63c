"""Train what is missing of every experiment, store it, and bring tables and pages up to date."""

from __future__ import annotations

import contextlib
import datetime
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import repro
from repro.analysis.figures import ExperimentSummary
from repro.commands.cache_state import CacheState, VariantState, cache_state, describes
from repro.commands.data import with_data
from repro.commands.jobs import Job, engines
from repro.errors import DataError, ExitCode, MachineError
from repro.files import locked, sha256, write
from repro.report import text
from repro.report.build import build_experiment, current_summary, prepare
from repro.results.cells import CellCache, sweep, temporary_files
from repro.results.correct import CORRECT
from repro.results.provenance import Made, Provenance, changes, write_provenance
from repro.results.records import CellResult
from repro.results.stored import RUNS, StoredExperiment
from repro.training.environment import code_state
from repro.training.executor import Executor
from repro.training.progress import Progress

if TYPE_CHECKING:
    pass

SHOWN_PROBLEMS = 20
"""Failed replicas that are listed, at most."""


@dataclass
class RunResult:
    """What a run did."""

    summaries: list[ExperimentSummary] = field(default_factory=list)
    trained: int = 0
    compared: int = 0
    """Seeds that were trained now and were stored before ..."""
    identical: int = 0
    """... and those of them whose every record is the stored one, to the last digit."""
    failed: list[str] = field(default_factory=list)
    """One line for each replica that failed or diverged, now or in an earlier run."""
    without_data: dict[str, str] = field(default_factory=dict)
    """Data sets that can't be had, by `Job.data_key`, and why."""
    stored: list[StoredExperiment] = field(default_factory=list)
    """The experiments as they lie in the results folder now."""

    def add(self, stored: StoredExperiment, summary: ExperimentSummary) -> None:
        """An experiment whose tables are there."""
        self.stored.append(stored)
        self.summaries.append(summary)
        self.failed += [f"{summary.experiment}: {line}" for line in (*summary.failed, *summary.diverged)]

    @property
    def problems(self) -> list[str]:
        """What has failed, and what was left out."""
        if not self.failed:
            return list(self.without_data.values())
        listed = "\n".join(f"  {line}" for line in self.failed[:SHOWN_PROBLEMS])
        failures = f"{len(self.failed)} replicas failed or diverged; the others are stored:\n{listed}"
        return [failures, *self.without_data.values()]

    @property
    def exit_code(self) -> ExitCode:
        """A failed replica comes before data that is missing."""
        return ExitCode.REPLICA if self.failed else ExitCode.DATA if self.without_data else ExitCode.DONE


def run(
    jobs: Sequence[Job],
    out: Path,
    executor: Executor,
    progress: Progress,
    force: bool = False,
    clock: Callable[[], float] = time.time,
) -> RunResult:
    """Train what is missing of every job and write its results. Where nothing is, no data are read.

    Raises ConfigError before any training if a protocol asks for more folds than there are rows of a class,
    DataError before any training if no job's data can be had (jobs without data are left out and named in the
    result otherwise), BusyError if another run is at work in `out`.
    """
    result = RunResult()
    before = [cache_state(job, out, force) for job in jobs]
    current = _up_to_date(before)
    if not current:
        ready, result.without_data = with_data(jobs, progress)
        if not ready:
            raise DataError("\n".join(result.without_data.values()))
        current = _up_to_date([state for state in before if state.job.data_key not in result.without_data])
    if current:
        _sweep_if_free(out)
        for stored, summary in current:
            result.add(stored, summary)
        return result
    with locked(out):
        sweep(out)
        if force:
            _forget(ready, out)
        states = [cache_state(job, out, force) for job in ready]  # what another run has finished meanwhile
        for state in states:
            for each in state.variants:
                for seed in each.damaged:
                    progress.note(each.cells.set_aside(seed))
        _Training(states, executor, progress, clock, result).run()
    return result


def _up_to_date(states: Sequence[CacheState]) -> list[tuple[StoredExperiment, ExperimentSummary]]:
    """What is stored of the jobs where there is nothing to train nor to write, else nothing."""
    found = []
    for state in states:
        stored = None if state.missing or not state.is_written else state.stored
        summary = current_summary(stored) if stored else None
        if stored is None or summary is None:
            return []
        found.append((stored, summary))
    return found


def _sweep_if_free(out: Path) -> None:
    if any(temporary_files(out)):
        with contextlib.suppress(MachineError), locked(out):  # another run is at work, or the folder is read-only
            sweep(out)


def _forget(jobs: Sequence[Job], out: Path) -> None:
    """Remove finished cells, so that an interrupted run leaves no mixture of old ones and new."""
    for job in jobs:
        for variant in job.variants:
            fingerprint = job.conditions_of(variant.experiment).fingerprint
            cells = CellCache.of(out, job.experiment.name, fingerprint)
            for seed in range(job.experiment.seeds):
                cells.forget(seed)


class _Training:
    """The training of all that is missing; the results of an experiment are written when its last cell is there."""

    def __init__(
        self,
        states: Sequence[CacheState],
        executor: Executor,
        progress: Progress,
        clock: Callable[[], float],
        result: RunResult,
    ) -> None:
        self._states = {state.job.experiment.name: state for state in states}
        self._variants = {each.variant.name: (state, each) for state in states for each in state.variants}
        self._executor = executor
        self._progress = progress
        self._clock = clock
        self._result = result
        self._started: dict[str, float] = {}
        """When the first cell of an experiment began."""
        self._fresh: dict[str, list[int]] = {}
        """Seeds of each variant that were trained now."""
        self._written: dict[str, tuple[StoredExperiment, ExperimentSummary]] = {}
        self._preparing = threading.Thread(target=prepare)

    def run(self) -> None:
        tasks = [state.job.task(each.variant, seed) for state, each in self._variants.values() for seed in each.missing]
        if tasks:
            missing = {name: state.missing for name, state in self._states.items() if state.missing}
            begun = [state.job for state in self._states.values() if state.missing and not state.finished]
            for line in engines(begun):  # not again at each look, nor where a run goes on
                self._progress.say(line)
            self._progress.started(missing, self._seconds_before())
        self._preparing.start()
        for state in self._states.values():
            if not state.missing:
                self._write(state)
        with contextlib.closing(self._executor.train(tasks, self._progress)) as trained:  # workers end on the way out
            for task, cell in trained:
                self._keep(*self._variants[task.name], cell)
        for name in self._states:  # whichever was finished first
            self._result.add(*self._written[name])

    def _keep(self, state: CacheState, part: VariantState, cell: CellResult) -> None:
        name = state.job.experiment.name
        if cell.environment not in (None, state.job.environment):
            raise MachineError(f"{name}: seed {cell.seed} was trained in another environment: {cell.environment}")
        if cell.error is None:
            part.cells.store(cell)
        self._result.trained += 1
        part.finished[cell.seed] = cell
        part.missing.remove(cell.seed)
        self._started.setdefault(name, self._clock() - cell.seconds)
        self._fresh.setdefault(part.variant.name, []).append(cell.seed)
        self._progress.trained(name, cell)
        if not state.missing:
            self._write(state)

    def _seconds_before(self) -> dict[str, float]:
        """Seconds of one cell when results were stored, of experiments whose training is still that one."""
        return {
            name: state.stored.seconds
            for name, state in self._states.items()
            if state.stored
            and state.stored.experiment.trained == state.job.experiment.trained
            and state.stored.provenance.made.engine == state.job.engine
        }

    def _write(self, state: CacheState) -> None:
        """Records, provenance and tables of an experiment."""
        job, before, runs, correct = state.job, state.stored, state.runs, state.correct
        moved = before is None or (before.runs, before.correct) != (runs, correct)
        old = current_summary(before) if before and moved else None
        same = before and not moved and describes(before.provenance, job)
        stored = before if before and same else self._store(state, runs, correct, moved)
        if before:
            self._count_identical(before, stored)
        self._preparing.join()  # two threads that import the same may see a module half made
        summary = build_experiment(stored)
        if before and moved and (changed := changes(before.provenance.conditions, job.conditions)):
            self._progress.note(
                f"{job.experiment.name}: stored results replaced ({'; '.join(changed)}); "
                f"{text.main_name(summary)} before: {text.main_value(old)}, now: {text.main_value(summary)}"
            )
        self._written[job.experiment.name] = stored, summary

    def _store(self, state: CacheState, runs: str, correct: bytes, moved: bool) -> StoredExperiment:
        """Write the records and what vouches for them. Records that are the stored ones keep where they were made."""
        job, before = state.job, state.stored
        kept = before and not moved and before.provenance.made.engine == job.engine
        provenance = Provenance(
            experiment=job.experiment,
            article=job.article,
            resolution=job.resolution,
            looks=job.looks,
            config=job.config,
            overrides=job.overrides,
            engine=job.named_engine,
            runs=sha256(runs.encode()),
            correct=sha256(correct),
            made=before.provenance.made if before and kept else self._made(state),
        )
        write(state.folder / RUNS, runs)
        write(state.folder / CORRECT, correct)
        write_provenance(state.folder, provenance)
        return StoredExperiment(state.folder, provenance, runs, correct)

    def _made(self, state: CacheState) -> Made:
        job, now = state.job, self._clock()
        started = self._started.get(job.experiment.name, now)
        return Made(
            engine=job.engine,
            data=job.conditions.data,
            environment=job.conditions.environment,
            repro=repro.__version__,
            code=code_state(Path(repro.__file__).parent),
            cores=os.cpu_count(),
            started=datetime.datetime.fromtimestamp(started, datetime.UTC).isoformat(timespec="seconds"),
            wall_seconds=round(max(0.0, now - started), 1),
            cell_seconds=round(sum(cell.seconds for each in state.variants for cell in each.finished.values()), 1),
        )

    def _count_identical(self, before: StoredExperiment, now: StoredExperiment) -> None:
        """Hold records that were trained now, and which rows are right, against the stored ones, seed by seed."""
        was = {each.name: each for each in before.variants}
        for each in now.variants:
            old = was.get(each.name)
            both = [seed for seed in self._fresh.get(each.name, ()) if old and old.records.get(seed)]
            self._result.compared += len(both)
            self._result.identical += sum(
                old.records[seed] == each.records[seed] and old.correct_rows.same(each.correct_rows, seed)
                for seed in both
                if old
            )
