"""The cache of finished cells, which only a run reads: `.cells/<experiment>/<fingerprint>/seed-00003.json`.

Each has a schema version and its own checksum, so that one which is cut off or altered is noticed and made again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from repro.files import canonical, digest, write
from repro.results.provenance import Environment
from repro.results.records import CellResult, Record

SCHEMA = 3

FOLDER = ".cells"
"""In a results folder: the cells of its experiments, each in a folder of its name."""


class DamagedCell(Exception):  # noqa: N818  # dealt with, never shown
    """A cell's file is cut off, altered, or of another cell."""


@dataclasses.dataclass(frozen=True)
class CellCache:
    """The finished cells of one experiment under one fingerprint."""

    folder: Path
    fingerprint: str

    @staticmethod
    def of(out: Path, experiment: str, fingerprint: str) -> CellCache:
        """That of an experiment in a results folder."""
        return CellCache(out / FOLDER / experiment / fingerprint[:16], fingerprint)

    def path(self, seed: int) -> Path:
        """Where the cell of a seed is kept."""
        return self.folder / f"seed-{seed:05d}.json"

    def store(self, cell: CellResult) -> None:
        """Keep a finished cell. Raises OSError."""
        payload = {
            "fingerprint": self.fingerprint,
            "seed": cell.seed,
            "seconds": round(cell.seconds, 3),
            "environment": cell.environment and cell.environment.model_dump(mode="json"),
            "correct": cell.correct.hex(),
            "records": [dataclasses.astuple(record) for record in cell.records],
            "diverged": {str(fold): reason for fold, reason in cell.diverged.items()},
        }
        unit = {"schema": SCHEMA, "checksum": digest(payload), "payload": payload}
        write(self.path(cell.seed), canonical(unit) + "\n")

    def load(self, seed: int) -> CellResult | None:
        """A finished cell, None where there is none. Raises DamagedCell for a file that can't be used."""
        try:
            text = self.path(seed).read_bytes()
        except FileNotFoundError:
            return None
        try:
            unit = json.loads(text)
            payload = unit["payload"]
            whole = (unit["schema"], unit["checksum"]) == (SCHEMA, digest(payload))
            if not whole or (payload["fingerprint"], payload["seed"]) != (self.fingerprint, seed):
                raise DamagedCell
            return CellResult(
                seed,
                payload["seconds"],
                Environment.model_validate(payload["environment"]),
                tuple(Record(*record) for record in payload["records"]),
                {int(fold): reason for fold, reason in payload["diverged"].items()},
                correct=bytes.fromhex(payload["correct"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedCell from error

    def set_aside(self, seed: int) -> str:
        """Rename a damaged cell, so that it is neither used nor in the way; returns what to say of it."""
        path = self.path(seed)
        aside = path.with_suffix(".damaged")
        with contextlib.suppress(OSError):  # of a folder that can't be written: training again will say so
            path.replace(aside)
        return f"{path}: damaged; set aside as {aside.name}, its seed is trained again"

    def forget(self, seed: int) -> None:
        """Remove a cell, if it is there. Raises OSError."""
        self.path(seed).unlink(missing_ok=True)


def temporary_files(out: Path) -> Iterator[Path]:
    """What a run that was killed while writing has left in a results folder, unless one is at work."""
    for pattern in ("*/.*.tmp", ".*.tmp", f"{FOLDER}/*/*/.*.tmp"):
        yield from out.glob(pattern)


def sweep(out: Path) -> None:
    """Remove temporary files. The caller holds the lock, so none is in use."""
    for path in temporary_files(out):
        with contextlib.suppress(OSError):
            path.unlink()
