"""Committed results beside the experiments as they are now: what `check` holds against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from repro.commands.jobs import Job
from repro.config.catalogue import Catalogue, shipped_experiments
from repro.config.schema import Experiment
from repro.errors import ConfigError, NothingMeasuredError
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
        """The experiment's; that of a variant as claims name it."""
        return self.stored.name

    @property
    def measured(self) -> Reference:
        """The variant that a check trains, by itself: the experiment as its file has it, else the first.

        One whose labels the experiment has not got any more is trained as it was.
        """
        if not self.stored.experiment.axes:
            return self
        stored = self.stored.main or self.stored.variants[0]
        now = next((each for each in self.job.variants if each.labels == stored.labels), None)
        job = replace(self.job, experiment=now.experiment if now else stored.experiment)
        return Reference(
            job, stored, changes(stored.provenance.conditions, job.conditions) if now else self.differences
        )

    def fresh(self, start: int, count: int) -> list[Task]:
        """Cells of `count` seeds, from the `start`-th one beyond every committed seed."""
        first = max([*self.stored.records, self.job.experiment.seeds - 1]) + 1 + start
        return [self._task(seed) for seed in range(first, first + count)]

    @property
    def exact(self) -> list[Task]:
        """The cell of the first committed seed that has records; none where every seed has failed."""
        seeds = sorted(seed for seed, found in self.stored.records.items() if found)
        return [self._task(seed) for seed in seeds[:1]]

    def _task(self, seed: int) -> Task:
        (variant,) = self.job.variants
        return replace(self.job.task(variant, seed), variant=self.stored.label)


def stored_configs(out: Path) -> list[str]:
    """The config of each experiment stored in a results folder, as far as there is one."""
    files = {path.stem: path for path in shipped_experiments()}
    return [str(files[name]) for name in stored_names(out) if name in files]


def read_references(
    out: Path, jobs: Sequence[Job], environment: Environment, catalogue: Catalogue, everything: bool
) -> tuple[list[Reference], list[str]]:
    """The committed results of some experiments, and the names of those that are not stored.

    With `everything`, also of all that is stored beside them, each to be trained as it was then. Which engine trains
    is for the stored results to say. Raises NothingMeasuredError if there are no results at all, ConfigError where the
    data of what is to be trained as it was then is not described any more.
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
    return [
        _reference(read_stored(out, name), chosen[name], environment, catalogue) for name in chosen if name in there
    ], missing


def _reference(stored: StoredExperiment, job: Job | None, environment: Environment, catalogue: Catalogue) -> Reference:
    provenance = stored.provenance
    engine = provenance.made.engine
    if job is None:
        path, experiment = Path(provenance.config), stored.experiment
        try:
            named = experiment.dataset.name if isinstance(experiment, Experiment) else None
            data = catalogue.described(path.parent, named) if named else None
        except ConfigError as error:
            hint = f"it was run as `{provenance.command}`; check from the same folder, or name what to check"
            raise ConfigError(f"{stored.name}: {error}; {hint}") from error
        job = Job(
            experiment,
            data,
            path.parent,
            engine,
            environment,
            provenance.config,
            provenance.overrides,
            provenance.article,
            resolution=provenance.resolution,
        )
    job = job.by(engine)
    return Reference(job, stored, changes(provenance.conditions, job.conditions))
