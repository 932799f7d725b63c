"""`check --update`: new reference results in the place of the old ones, shown beside them first.

The new ones are trained in a folder of their own; the old ones are untouched until all of an experiment's seeds are
there. Cells in the cache go with them: under an unchanged fingerprint the old cells would otherwise come back.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repro.commands.check import check, metrics_of
from repro.commands.references import Reference
from repro.commands.run import RunResult, run
from repro.errors import UsageError
from repro.files import locked, write
from repro.report.build import build_experiment
from repro.results.cells import FOLDER as CELLS
from repro.results.correct import CORRECT
from repro.results.provenance import FILE
from repro.results.stored import RUNS, StoredExperiment, read_stored
from repro.training.executor import Executor
from repro.training.progress import Progress


@dataclass(frozen=True, eq=False)
class Change:
    """One figure of the old reference and of the new: (n,) values by seed."""

    experiment: str
    metric: str
    split: str
    old: NDArray[np.float64]
    new: NDArray[np.float64]


@dataclass(frozen=True)
class Update:
    """New references, trained and not yet in place."""

    out: Path
    staged: Path
    names: tuple[str, ...]
    changes: tuple[Change, ...]
    result: RunResult

    def replace(self) -> None:
        """Put the new references in the place of the old ones and rebuild their tables. Raises OSError."""
        for name in self.names:
            cells = self.out / CELLS / name
            shutil.rmtree(cells, ignore_errors=True)
            cells.parent.mkdir(parents=True, exist_ok=True)
            (self.staged / CELLS / name).replace(cells)
            for file in (RUNS, CORRECT, FILE):
                write(self.out / name / file, (self.staged / name / file).read_bytes())
            build_experiment(read_stored(self.out, name))


@contextlib.contextmanager
def update(references: Sequence[Reference], out: Path, executor: Executor, progress: Progress) -> Iterator[Update]:
    """Train every seed of the experiments again, except of those that come out as they are stored.

    `out` is locked for the block. Raises UsageError where nothing differs, and what `run` raises; experiments with a
    replica that failed keep their old results, and the result names them.
    """
    differing = _differing(references, executor, progress)
    staged = out / CELLS / ".update"
    with locked(out):
        shutil.rmtree(staged, ignore_errors=True)
        try:
            result = run([reference.job for reference in differing], staged, executor, progress)
            whole = {s.experiment for s in result.summaries if not s.failed and not s.diverged}
            new = {name: read_stored(staged, name) for name in sorted(whole)}
            changes = [
                change
                for reference in differing
                if reference.name in new
                for change in _changes(reference.stored, new[reference.name])
            ]
            yield Update(out, staged, tuple(new), tuple(changes), result)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _differing(references: Sequence[Reference], executor: Executor, progress: Progress) -> list[Reference]:
    same_fingerprint = [reference for reference in references if not reference.differences]
    rows = check(same_fingerprint, (), executor, progress).rows if same_fingerprint else ()
    exact = {row.experiment for row in rows if row.verdict == "UNCHANGED (exact)"}
    unchanged = {reference.name for reference in same_fingerprint if reference.measured.name in exact}
    for name in sorted(unchanged):
        progress.say(f"{name}: nothing differs from the stored results; they stay")
    differing = [reference for reference in references if reference.name not in unchanged]
    if not differing:
        raise UsageError("nothing to update: what is stored is what comes out now")
    return differing


def _changes(old: StoredExperiment, new: StoredExperiment) -> list[Change]:
    split = new.experiment.protocol.judged_split
    metrics = metrics_of(new.experiment)
    was = {each.name: each for each in old.variants}
    return [
        Change(each.name, metric, split, was[each.name].values(metric), each.values(metric))
        for each in new.variants
        if each.name in was
        for metric in metrics
    ]
