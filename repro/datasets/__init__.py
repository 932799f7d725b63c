"""A data description in, verified arrays out.

`load` never uses the network; only `fetch` does. Files, licences and checksums are described in `data/README.md`.
"""

from __future__ import annotations

from repro.config.data_description import DataDescription
from repro.datasets import formats, places
from repro.datasets.base import Dataset, FileStatus, Part, Progress, RowType

__all__ = [
    "Dataset",
    "FileStatus",
    "Part",
    "RowType",
    "fetch",
    "is_present",
    "load",
    "verify",
]


def load(description: DataDescription) -> Dataset:
    """Arrays of a data set, the content of its files checked against their SHA-256.

    Raises DataError if a file is missing, damaged or not what it is described to be (the message says what to do).
    """
    contents = {}
    for file in description.files:
        status, content = places.read(description, file)
        if content is None or status.state != "ok":
            raise status.fault(description.name)
        contents[file] = content
    train, test = formats.parser(description)(description, contents)
    return Dataset(description.name, train, test, description.classes, description.files)


def fetch(description: DataDescription, progress: Progress | None = None) -> None:
    """Get the files that are missing or damaged; with everything in place, no network is used.

    progress: called with one line of text at a time. Raises DataError if no source has the right content, or if there
    is no source, MachineError if the cache folder can't be written.
    """
    places.fetch(description, verify(description), progress or (lambda line: None))


def is_present(description: DataDescription) -> bool:
    """Whether the files exist: a cheap look; `verify` reads them."""
    return all(places.is_present(description, file) for file in description.files)


def verify(description: DataDescription) -> list[FileStatus]:
    """The state of each file of a data set: ok, missing or damaged."""
    return [places.read(description, file)[0] for file in description.files]
