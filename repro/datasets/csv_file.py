"""Sonar: a text file that comes with the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from repro.datasets.base import Dataset, DatasetInfo, FileStatus, Part, Progress, aligned, sha256
from repro.errors import DataError, MachineError

_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class CsvDataset:
    """Comma-separated inputs in [0, 1] with the label last; `labels` are the names of 0, 1, ... in order."""

    info: DatasetInfo
    file: str
    labels: tuple[str, ...]
    label_counts: tuple[int, ...]

    @property
    def path(self) -> Path:
        """The copy inside an installed package, or else the one in `data/` of the source checkout."""
        bundled = _PACKAGE / "_bundled" / "data" / self.file
        return bundled if bundled.is_file() else _PACKAGE.parent / "data" / self.file

    def load(self) -> Dataset:
        """Inputs as float32; the whole file is hashed first.

        Raises DataError if the file is missing, damaged or not what it should be.
        """
        remedy = f"it is part of the project: restore it (`git checkout data/{self.file}`) or install again"
        content, expected = self._read(), self.info.sha256[self.file]
        if content is None:
            raise DataError(f"{self.info.name}: expected {self.path}, which is not there; {remedy}")
        if (actual := sha256(content)) != expected:
            raise DataError(
                f"{self.info.name}: {self.path} is damaged: its content has SHA-256 {actual}, expected {expected}; "
                f"{remedy}"
            )
        return Dataset(self.info.name, self.parse(content), None, self.info.classes, self.info.sha256)

    def fetch(self, progress: Progress) -> None:
        """Nothing to download: checks the file. Raises DataError as `load` does."""
        self.load()
        progress(f"{self.info.name}/{self.file}: comes with the project, verified")

    def is_present(self) -> bool:
        """Whether the file exists."""
        return self.path.is_file()

    def verify(self) -> list[FileStatus]:
        """The state of the file."""
        content, expected = self._read(), self.info.sha256[self.file]
        if content is None:
            return [FileStatus(self.file, "missing", expected, None, self.path)]
        actual = sha256(content)
        return [FileStatus(self.file, "ok" if actual == expected else "damaged", expected, actual, self.path)]

    def _read(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise MachineError(f"can't read {self.path}: {error.strerror}: check its permissions") from error

    def parse(self, content: bytes) -> Part:
        """The rows of `content`. Raises DataError naming the line that is not as expected."""
        columns = self.info.input_shape[0]
        lines = content.decode("ascii", errors="replace").splitlines()
        x = np.empty((len(lines), columns), dtype=np.float32)
        y = np.empty(len(lines), dtype=np.int32)
        for row, line in enumerate(lines):
            *values, label = line.split(",")
            if len(values) != columns or label not in self.labels:
                raise DataError(
                    f"{self.file}, line {row + 1}: expected {columns} numbers and a label of "
                    f"{', '.join(self.labels)}, got {len(values)} and {label!r}"
                )
            x[row] = [self._number(value, row) for value in values]
            y[row] = self.labels.index(label)
        counts = tuple(np.bincount(y, minlength=len(self.labels)).tolist())
        if counts != self.label_counts:
            raise DataError(f"{self.file}: expected {self.label_counts} rows of {self.labels}, got {counts}")
        return Part(aligned(x), aligned(y))

    def _number(self, text: str, row: int) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not 0 <= value <= 1:
            raise DataError(f"{self.file}, line {row + 1}: expected a number from 0 to 1, got {text!r}")
        return value
