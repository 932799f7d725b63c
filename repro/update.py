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

from repro import records
from repro import run as runner
from repro.check import METRICS, check
from repro.committed import Committed, read_committed, seed_values
from repro.errors import MachineError, UsageError
from repro.lock import locked
from repro.references import Reference
from repro.report.build import build_experiment
from repro.run import Tally, Watcher
from repro.verdicts.intervals import Floats


@dataclass(frozen=True, eq=False)
class Change:
    """One figure of the old reference and of the new: (n,) values by seed."""

    experiment: str
    metric: str
    old: Floats
    new: Floats


@dataclass(frozen=True)
class Renewal:
    """New references, trained and not yet in place."""

    out: Path
    staged: Path
    names: tuple[str, ...]
    changes: tuple[Change, ...]
    tally: Tally

    def replace(self) -> None:
        """Put the new references in the place of the old ones and rebuild their tables."""
        for name in self.names:
            cells = self.out / ".cells" / name
            shutil.rmtree(cells, ignore_errors=True)
            _move(self.staged / ".cells" / name, cells)
            for file in ("runs.csv", "provenance.json"):
                records.write(self.out / name / file, (self.staged / name / file).read_bytes())
            build_experiment(self.out, name)


@contextlib.contextmanager
def renewal(references: Sequence[Reference], out: Path, workers: int, watcher: Watcher) -> Iterator[Renewal]:
    """Train every seed of the experiments anew, but of those that come out as they are stored.

    `out` is locked for the block. Raises UsageError where nothing differs, and what `run.run` raises; experiments with
    a replica that failed keep their old results, and the tally names them.
    """
    differing = _differing(references, workers, watcher)
    staged = out / ".cells" / ".update"
    with locked(out):
        shutil.rmtree(staged, ignore_errors=True)
        try:
            tally = runner.run([reference.job for reference in differing], staged, workers, False, watcher)
            whole = {s.experiment for s in tally.summaries if not s.failed and not s.diverged}
            new = {name: read_committed(staged, name) for name in sorted(whole)}
            changes = [
                change
                for reference in differing
                if reference.name in new
                for change in _changes(reference.name, reference.stored, new[reference.name])
            ]
            yield Renewal(out, staged, tuple(new), tuple(changes), tally)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def _differing(references: Sequence[Reference], workers: int, watcher: Watcher) -> list[Reference]:
    same_fingerprint = [reference for reference in references if not reference.differences]
    rows = check(same_fingerprint, (), workers, watcher).rows if same_fingerprint else ()
    unchanged = {row.experiment for row in rows if row.verdict == "UNCHANGED (exact)"}
    for name in sorted(unchanged):
        watcher.say(f"{name}: nothing differs from the stored results; they stay")
    differing = [reference for reference in references if reference.name not in unchanged]
    if not differing:
        raise UsageError("nothing to update: what is stored is what comes out now")
    return differing


def _changes(name: str, old: Committed, new: Committed) -> list[Change]:
    return [Change(name, metric, seed_values(old.frame, metric), seed_values(new.frame, metric)) for metric in METRICS]


def _move(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    except OSError as error:
        raise MachineError(f"{target}: can't be written: {error.strerror}; `repro run` puts it right") from error
