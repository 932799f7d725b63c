"""Data set name in, verified arrays out.

`load` never uses the network; only `fetch` does. Files, licences and checksums are described in `data/README.md`.
"""

from __future__ import annotations

from repro.datasets.base import Dataset, DatasetInfo, FileStatus, Part, Progress
from repro.datasets.data_set import DataSet
from repro.datasets.registry import DATASETS
from repro.errors import ConfigError, suggest

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetInfo",
    "FileStatus",
    "Part",
    "fetch",
    "info",
    "is_present",
    "load",
    "verify",
]


def info(name: str) -> DatasetInfo:
    """What is known of a data set without reading it. Raises ConfigError on an unknown name."""
    return _found(name).info


def load(name: str) -> Dataset:
    """Arrays of a data set, their content checked against its SHA-256.

    Raises ConfigError on an unknown name, DataError if a file is missing or damaged (the message says what to do).
    """
    return _found(name).load()


def fetch(name: str, progress: Progress | None = None) -> None:
    """Get the files that are missing or damaged; with everything in place, no network is used.

    progress: called with one line of text at a time. Raises ConfigError on an unknown name, DataError if no source
    has the right content, MachineError if the cache folder can't be written.
    """
    _found(name).fetch(progress or (lambda line: None))


def is_present(name: str) -> bool:
    """Whether the files exist: a cheap look; `verify` reads them. Raises ConfigError on an unknown name."""
    return _found(name).is_present()


def verify(name: str) -> list[FileStatus]:
    """The state of each file of a data set: ok, missing or damaged. Raises ConfigError on an unknown name."""
    return _found(name).verify()


def _found(name: str) -> DataSet:
    if name in DATASETS:
        return DATASETS[name]
    raise ConfigError(f"unknown data set {name!r}; {suggest(name, DATASETS)}")
