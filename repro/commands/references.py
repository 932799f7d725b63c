"""Committed results beside the experiments as they are now: what `check` holds against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repro.commands.jobs import Job
from repro.errors import NothingMeasuredError
from repro.files import shipped
from repro.results.provenance import Environment, changes
from repro.results.stored import StoredExperiment, read_stored, stored_names
from repro.training.worker import Task


@dataclass(frozen=True, eq=False)
class Reference:
    """Committed results, and the job that trains the experiment as it is now."""

    job: Job
    stored: StoredExperiment
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


def stored_configs(out: Path) -> list[str]:
    """The config of each experiment stored in a results folder, as far as there is one."""
    files = [shipped("configs") / f"{name}.yaml" for name in stored_names(out)]
    return [str(path) for path in files if path.is_file()]


def read_references(
    out: Path, jobs: Sequence[Job], environment: Environment, everything: bool
) -> tuple[list[Reference], list[str]]:
    """The committed results of some experiments, and the names of those that are not stored.

    With `everything`, also of all that is stored beside them, each to be trained as it was then. Which engine trains
    is for the stored results to say. Raises NothingMeasuredError if there are no results at all.
    """
    there = stored_names(out)
    chosen: dict[str, Job | None] = dict.fromkeys(there) if everything else {}
    chosen |= {job.experiment.name: job for job in jobs}
    if not any(name in there for name in chosen):
        raise NothingMeasuredError(
            f"nothing was measured: expected results of {', '.join(chosen) or 'an experiment'} in {out}, found none; "
            "`repro run CONFIG` makes them"
        )
    missing = [name for name in chosen if name not in there]
    return [_reference(read_stored(out, name), chosen[name], environment) for name in chosen if name in there], missing


def _reference(stored: StoredExperiment, job: Job | None, environment: Environment) -> Reference:
    provenance = stored.provenance
    engine = provenance.made.engine
    if job is None:
        job = Job(
            stored.experiment,
            engine,
            environment,
            provenance.config,
            provenance.overrides,
            provenance.article,
            resolution=provenance.resolution,
        )
    job = job.by(engine)
    return Reference(job, stored, changes(provenance.conditions, job.conditions))
