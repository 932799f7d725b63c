"""What a run leaves on disk, and how it is written: whole or not at all.

`results/<experiment>/runs.csv` is the border between training and everything after it. Behind it stands a cache of
finished cells, `results/.cells/<experiment>/<fingerprint>/seed-00003.json`, each with a schema version and its own
checksum, which only a run reads.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from repro import atomic
from repro.config.schema import Experiment
from repro.datasets.base import sha256
from repro.errors import MachineError, one_line
from repro.training.worker import Outcome

SCHEMA = 1
COLUMNS = ("experiment", "seed", "fold", "epoch", "step", "split", "metric", "value", "status")


def canonical(value: Any) -> str:
    """One text for equal values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text."""
    return sha256(canonical(value).encode())


def write(path: Path, content: str | bytes) -> None:
    """Replace a file atomically and durably; a file that already has this content is left alone.

    Raises MachineError if the disk is full or the folder can't be written; the old file is then intact.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.is_file() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.replace(path, data)
    except OSError as error:
        raise MachineError(
            f"{path}: can't be written: {os.strerror(error.errno or errno.EIO)}; what was stored before is unchanged"
        ) from error


def cell_path(out: Path, experiment: str, fingerprint: str, seed: int) -> Path:
    """Where a finished cell is kept."""
    return out / ".cells" / experiment / fingerprint[:16] / f"seed-{seed:05d}.json"


class DamagedCell(Exception):  # noqa: N818  # dealt with, never shown
    """A cell's file is cut off, altered, or of another cell."""


def store_cell(path: Path, fingerprint: str, outcome: Outcome) -> None:
    """Keep a finished cell."""
    payload = {
        "fingerprint": fingerprint,
        "seed": outcome.seed,
        "seconds": round(outcome.seconds, 3),
        "rows": [[*row[:5], repr(row[5])] for row in outcome.rows],
        "diverged": {str(fold): reason for fold, reason in outcome.diverged.items()},
    }
    write(path, canonical({"schema": SCHEMA, "checksum": digest(payload), "payload": payload}) + "\n")


def load_cell(path: Path, fingerprint: str, seed: int) -> Outcome | None:
    """A finished cell, None where there is none. Raises DamagedCell for a file that can't be used."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MachineError(f"{path}: can't be read: {error.strerror}") from error
    try:
        unit = json.loads(text)
        payload = unit["payload"]
        whole = (unit["schema"], unit["checksum"]) == (SCHEMA, digest(payload))
        if not whole or (payload["fingerprint"], payload["seed"]) != (fingerprint, seed):
            raise DamagedCell
        rows = tuple((*row[:5], float(row[5])) for row in payload["rows"])
        diverged = {int(fold): reason for fold, reason in payload["diverged"].items()}
        return Outcome(seed, payload["seconds"], rows, diverged)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedCell from error


def set_aside(path: Path) -> str:
    """Rename a damaged cell, so that it is neither used nor in the way; returns what to say of it."""
    aside = path.with_suffix(".damaged")
    with contextlib.suppress(OSError):  # of a folder that can't be written: training anew will say so
        path.replace(aside)
    return f"{path}: damaged; set aside as {aside.name}, its seed is trained again"


def runs_csv(experiment: Experiment, outcomes: Iterable[Outcome]) -> str:
    """The tidy raw records, sorted, one metric of one replica at one evaluation point a line.

    Nothing in it depends on when, where or how fast they were made: what differs between two of them has moved.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for outcome in sorted(outcomes, key=lambda outcome: outcome.seed):
        if outcome.error is not None:
            status = f"failed: {_reason(outcome.error)}"
            table.writerow([experiment.name, outcome.seed, "", "", "", "", "", "", status])
        for fold, epoch, step, split, metric, value in sorted(outcome.rows):
            status = outcome.diverged.get(fold, "ok")
            table.writerow([experiment.name, outcome.seed, fold, epoch, step, split, metric, repr(value), status])
    return text.getvalue()


def _reason(error: str) -> str:
    """The last exception of a traceback, on one line of at most 200 characters; any other text as it is."""
    message = re.split(r"^Traceback .*\n(?: .*\n)*", error, flags=re.MULTILINE)[-1]
    plain = one_line(message)
    return plain if len(plain) <= 200 else plain[:199] + "…"


def read_json(path: Path) -> Any:
    """A JSON file of ours, or None where there is none or a damaged one: it can be made again from the records."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise MachineError(f"{path}: can't be read: {error.strerror}") from error


def pretty(value: Any) -> str:
    """JSON for people: indented, keys in the order given, a final newline."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
