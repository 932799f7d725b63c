"""A data set: its files are verified and then parsed, in the same way whatever their format and wherever they lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from repro.datasets.base import Content, Contents, Dataset, DatasetInfo, FileStatus, Parts, Progress
from repro.errors import DataError
from repro.files import sha256


@dataclass(frozen=True)
class DataSet(ABC):
    """One entry of the registry. A format says how contents are parsed; a place, where files lie and are to be had."""

    info: DatasetInfo

    present: ClassVar[str]
    """What is said of a file that needs no fetching."""

    @abstractmethod
    def parse(self, contents: Contents) -> Parts:
        """The arrays in the verified contents of all files. Raises DataError for what is not as expected."""

    @abstractmethod
    def where(self, file: str) -> Path:
        """Where a file lies."""

    @abstractmethod
    def read(self, file: str) -> Content | None:
        """The content of a file, None where there is none. Raises OSError."""

    @abstractmethod
    def remedy(self, file: str) -> str:
        """What to do about a file that is missing or damaged."""

    def get(self, files: Sequence[str], progress: Progress) -> None:
        """Fetch files that are missing or damaged. Raises DataError if one can't be had from anywhere."""
        for file in files:
            raise DataError(self._fault(self._status(file)))

    def load(self) -> Dataset:
        """Read, verify and parse; never uses the network. Raises DataError for a file that is missing or damaged."""
        train, test = self.parse({file: self._verified(file) for file in self.info.sha256})
        return Dataset(self.info.name, train, test, self.info.classes, self.info.sha256)

    def fetch(self, progress: Progress) -> None:
        """Get the files that are missing or damaged. Raises DataError if one can't be had."""
        wanted = []
        for status in self.verify():
            if status.state == "ok":
                progress(f"{self.info.name}/{status.file}: {self.present}")
            else:
                wanted.append(status.file)
        self.get(wanted, progress)

    def is_present(self) -> bool:
        """Whether every file exists; their content is not read."""
        return all(self.where(file).exists() for file in self.info.sha256)

    def verify(self) -> list[FileStatus]:
        """The state of each file."""
        return [self._status(file) for file in self.info.sha256]

    def _status(self, file: str) -> FileStatus:
        content, expected = self.read(file), self.info.sha256[file]
        if content is None:
            return FileStatus(file, "missing", expected, None, self.where(file))
        actual = sha256(content)
        return FileStatus(file, "ok" if actual == expected else "damaged", expected, actual, self.where(file))

    def _verified(self, file: str) -> Content:
        """The very bytes that were hashed."""
        content, expected = self.read(file), self.info.sha256[file]
        if content is None:
            raise DataError(self._fault(FileStatus(file, "missing", expected, None, self.where(file))))
        if (actual := sha256(content)) != expected:
            raise DataError(self._fault(FileStatus(file, "damaged", expected, actual, self.where(file))))
        return content

    def _fault(self, status: FileStatus) -> str:
        found = f"expected {status.where}, which is not there"
        if status.state == "damaged":
            found = f"{status.where} is damaged: its content has SHA-256 {status.actual}, expected {status.expected}"
        return f"{self.info.name}: {found}; {self.remedy(status.file)}"
