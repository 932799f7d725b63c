"""Committed results beside the experiments as they are now: what `check` holds against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from repro.committed import Committed, read_committed
from repro.conditions import changes
from repro.errors import NothingMeasuredError
from repro.report.stored import stored_experiments
from repro.run import Job
from repro.training.worker import Task


@dataclass(frozen=True, eq=False)
class Reference:
    """Committed results, and the job that trains the experiment as it is now."""

    job: Job
    stored: Committed
    differences: tuple[str, ...]
    """What is not as it was when the results were made; none where training gives the same bits again."""

    @property
    def name(self) -> str:
        """The experiment's."""
        return self.job.experiment.name

    def fresh(self, start: int, count: int) -> list[Task]:
        """Cells of `count` seeds, from the `start`-th one beyond every committed seed."""
        first = max([*self.stored.records, self.job.experiment.seeds - 1]) + 1 + start
        return [Task(self.job.experiment, self.job.engine, seed) for seed in range(first, first + count)]

    @property
    def exact(self) -> list[Task]:
        """The cell of the first committed seed that has records; none where every seed has failed."""
        seeds = sorted(seed for seed, found in self.stored.records.items() if found)
        return [Task(self.job.experiment, self.job.engine, seed) for seed in seeds[:1]]


def read_references(out: Path, jobs: Sequence[Job], everything: bool) -> tuple[list[Reference], list[str]]:
    """The committed results of some experiments, and the names of those that are not stored.

    With `everything`, also of all that is stored beside them, each to be trained as it was then. Which engine trains
    is for the stored results to say. Raises NothingMeasuredError if there are no results at all.
    """
    there = stored_experiments(out)
    chosen: dict[str, Job | None] = dict.fromkeys(there) if everything else {}
    chosen |= {job.experiment.name: job for job in jobs}
    if not any(name in there for name in chosen):
        raise NothingMeasuredError(
            f"nothing was measured: expected results of {', '.join(chosen) or 'an experiment'} in {out}, found none; "
            "`repro run CONFIG` makes them"
        )
    missing = [name for name in chosen if name not in there]
    return [_reference(out, name, chosen[name]) for name in chosen if name in there], missing


def _reference(out: Path, name: str, job: Job | None) -> Reference:
    stored = read_committed(out, name)
    engine, command = stored.provenance["engine"], stored.provenance["command"]
    if job is None:
        job = Job(stored.experiment, engine, command, stored.article)
    elif job.engine != engine:
        job = replace(job, engine=engine, command=f"{job.command} --engine {engine}")
    return Reference(job, stored, changes(stored.provenance, job.conditions))
