"""What is there of a job before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repro.commands.jobs import Job
from repro.config.variation.variants import Variant
from repro.results.cells import CellCache, DamagedCell
from repro.results.correct import correct_npz
from repro.results.provenance import Provenance, changes
from repro.results.records import CellResult, runs_csv
from repro.results.stored import StoredExperiment, find_stored


@dataclass
class VariantState:
    """What is there of one variant: finished cells, and seeds to train."""

    variant: Variant
    cells: CellCache
    finished: dict[int, CellResult]
    missing: list[int]
    damaged: list[int]
    """Missing seeds that have a file which can't be used."""


@dataclass
class CacheState:
    """What is there of a job: cells of each variant, why some are to be trained, and what is stored of it."""

    job: Job
    folder: Path
    """The experiment's, in the results folder."""
    variants: tuple[VariantState, ...]
    """Of an experiment without variants one, the experiment itself."""
    stored: StoredExperiment | None
    why: str

    @property
    def missing(self) -> int:
        """Cells to train."""
        return sum(len(each.missing) for each in self.variants)

    @property
    def finished(self) -> int:
        """Cells that are there."""
        return sum(len(each.finished) for each in self.variants)

    @property
    def damaged(self) -> list[Path]:
        """Files of cells that can't be used."""
        return [each.cells.path(seed) for each in self.variants for seed in each.damaged]

    @property
    def runs(self) -> str:
        """The records of the finished cells."""
        return runs_csv(
            self.job.experiment.name, [(each.variant.labels, each.finished.values()) for each in self.variants]
        )

    @property
    def correct(self) -> bytes:
        """Which rows the finished cells predicted right."""
        data, experiment = self.job.conditions.data, self.variants[0].variant.experiment
        rows = experiment.protocol.tested_rows(data.rows, data.test_rows) if data.knows_rows(experiment) else 0
        return correct_npz([each.finished.values() for each in self.variants], rows)

    @property
    def is_written(self) -> bool:
        """Whether what is stored are the records of these cells, and what is said of them."""
        stored = self.stored
        same = stored is not None and (stored.runs, stored.correct) == (self.runs, self.correct)
        return stored is not None and same and describes(stored.provenance, self.job)


def describes(provenance: Provenance, job: Job) -> bool:
    """Whether a provenance is that of this job, wherever and whenever it was run."""
    given = (provenance.experiment, provenance.article, provenance.config, provenance.overrides)
    rule = (provenance.resolution, provenance.looks, provenance.made.engine, provenance.engine)
    asked = (job.experiment, job.article, job.config, job.overrides)
    return given == asked and rule == (job.resolution, job.looks, job.engine, job.named_engine)


def cache_state(job: Job, out: Path, force: bool) -> CacheState:
    """Look up what there is of a job."""
    variants = tuple(_variant_state(job, variant, out, force) for variant in job.variants)
    stored = find_stored(out, job.experiment.name)
    state = CacheState(job, out / job.experiment.name, variants, stored, "nothing has changed")
    if state.missing:
        state.why = "asked for (--force)" if force else _why(state)
    return state


def _variant_state(job: Job, variant: Variant, out: Path, force: bool) -> VariantState:
    fingerprint = job.conditions_of(variant.experiment).fingerprint
    cells = CellCache.of(out, job.experiment.name, fingerprint)
    finished: dict[int, CellResult] = {}
    damaged: list[int] = []
    seeds = range(job.experiment.seeds)
    for seed in [] if force else seeds:
        try:
            cell = cells.load(seed)
        except DamagedCell:
            damaged.append(seed)
        else:
            finished |= {seed: cell} if cell else {}
    missing = [seed for seed in seeds if seed not in finished]
    return VariantState(variant, cells, finished, missing, damaged)


def _why(state: CacheState) -> str:
    if state.finished or state.damaged:
        files = ", ".join(path.name for path in state.damaged)
        return f"these seeds are not there yet{f'; damaged: {files}' if files else ''}"
    if state.stored is None:
        return "nothing is stored yet"
    changed = "; ".join(changes(state.stored.provenance.conditions, state.job.conditions))
    return f"changed: {changed}" if changed else "its finished seeds are not in the cache here"
