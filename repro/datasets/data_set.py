"""A data set: its description, where its bytes lie, and its format; verified first, parsed then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from repro.datasets.base import Content, Contents, Dataset, DatasetInfo, FileStatus, Parts, Progress
from repro.files import sha256


class Place(Protocol):
    """Where the files of data sets lie, and how one that is missing or damaged is got."""

    @property
    def present(self) -> str:
        """What to say of a file that is there and verified."""

    def path(self, info: DatasetInfo, file: str) -> Path:
        """Where a file is, or would be."""

    def read(self, info: DatasetInfo, file: str) -> Content | None:
        """The content of a file, None where there is none. Raises OSError; never uses the network."""

    def is_present(self, info: DatasetInfo, file: str) -> bool:
        """Whether a file is there; it is not read."""

    def remedy(self, info: DatasetInfo, file: str) -> str:
        """What the user can do about a file that is missing or damaged."""

    def fetch(self, info: DatasetInfo, wrong: Sequence[FileStatus], progress: Progress) -> None:
        """Get the files that are missing or damaged. Raises DataError where that can't be done."""


@dataclass(frozen=True)
class DataSet:
    """`parse` is the format: the verified contents of all files in, the training and test part out."""

    info: DatasetInfo
    place: Place
    parse: Callable[[DatasetInfo, Contents], Parts]

    def load(self) -> Dataset:
        """Read, verify and parse. Raises DataError if a file is missing, damaged or not what it should be."""
        contents = {file: self._content(file) for file in self.info.sha256}
        train, test = self.parse(self.info, contents)
        return Dataset(self.info.name, train, test, self.info.classes, dict(self.info.sha256))

    def fetch(self, progress: Progress) -> None:
        """Get the files that are missing or damaged. Raises DataError where that can't be done."""
        wrong = []
        for status in self.verify():
            if status.state == "ok":
                progress(f"{self.info.name}/{status.file}: {self.place.present}, verified")
            else:
                wrong.append(status)
        self.place.fetch(self.info, wrong, progress)

    def is_present(self) -> bool:
        """Whether all files exist; they are not read."""
        return all(self.place.is_present(self.info, file) for file in self.info.sha256)

    def verify(self) -> list[FileStatus]:
        """Compare every file's content with its SHA-256."""
        return [self._status(file, self.place.read(self.info, file)) for file in self.info.sha256]

    def _content(self, file: str) -> Content:
        content = self.place.read(self.info, file)
        status = self._status(file, content)
        if content is None or status.state != "ok":
            raise status.fault(self.info.name, self.place.remedy(self.info, file))
        return content

    def _status(self, file: str, content: Content | None) -> FileStatus:
        expected, where = self.info.sha256[file], self.place.path(self.info, file)
        if content is None:
            return FileStatus(file, "missing", expected, None, where)
        actual = sha256(content)
        return FileStatus(file, "ok" if actual == expected else "damaged", expected, actual, where)
