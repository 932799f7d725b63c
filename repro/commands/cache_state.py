"""What is there of a job before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repro.commands.jobs import Job
from repro.results.cells import CellCache, DamagedCell
from repro.results.correct import correct_npz
from repro.results.provenance import Provenance, changes
from repro.results.records import CellResult, runs_csv
from repro.results.stored import StoredExperiment, find_stored


@dataclass
class CacheState:
    """What is there of a job: finished cells, seeds to train and why, and what is stored of it."""

    job: Job
    folder: Path
    """The experiment's, in the results folder."""
    cells: CellCache
    finished: dict[int, CellResult]
    missing: list[int]
    damaged: list[int]
    """Missing seeds that have a file which can't be used."""
    stored: StoredExperiment | None
    why: str

    @property
    def runs(self) -> str:
        """The records of the finished cells."""
        return runs_csv(self.job.experiment.name, self.finished.values())

    @property
    def correct(self) -> bytes:
        """Which rows the finished cells predicted right."""
        data, experiment = self.job.conditions.data, self.job.experiment
        rows = experiment.protocol.tested_rows(data.rows, data.test_rows) if data.knows_rows(experiment) else 0
        return correct_npz(self.finished.values(), rows)

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
    cells = CellCache.of(out, job.experiment.name, job.conditions.fingerprint)
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
    stored = find_stored(out, job.experiment.name)
    state = CacheState(job, out / job.experiment.name, cells, finished, missing, damaged, stored, "nothing has changed")
    if missing:
        state.why = "asked for (--force)" if force else _why(state)
    return state


def _why(state: CacheState) -> str:
    if state.finished or state.damaged:
        files = ", ".join(state.cells.path(seed).name for seed in state.damaged)
        return f"these seeds are not there yet{f'; damaged: {files}' if files else ''}"
    if state.stored is None:
        return "nothing is stored yet"
    changed = "; ".join(changes(state.stored.provenance.conditions, state.job.conditions))
    return f"changed: {changed}" if changed else "its finished seeds are not in the cache here"
