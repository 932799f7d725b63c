"""Sonar: a text file that comes with the project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from repro.datasets.base import Contents, Part, Parts, aligned
from repro.datasets.data_set import DataSet
from repro.errors import DataError
from repro.files import shipped


@dataclass(frozen=True)
class CsvDataset(DataSet):
    """Comma-separated inputs in [0, 1] with the label last; `labels` are the names of 0, 1, ... in order."""

    labels: tuple[str, ...]
    label_counts: tuple[int, ...]

    present: ClassVar[str] = "comes with the project, verified"

    def where(self, file: str) -> Path:
        """In `data/` of the source checkout, or in an installed package."""
        return shipped("data") / file

    def read(self, file: str) -> bytes | None:
        """The whole file."""
        try:
            return self.where(file).read_bytes()
        except FileNotFoundError:
            return None

    def remedy(self, file: str) -> str:
        """It is not to be had from anywhere else."""
        return f"it is part of the project: restore it (`git checkout data/{file}`) or install again"

    def parse(self, contents: Contents) -> Parts:
        """Inputs as float32, (rows, columns). Raises DataError naming the line that is not as expected."""
        ((file, content),) = contents.items()
        columns = self.info.input_shape[0]
        lines = bytes(content).decode("ascii", errors="replace").splitlines()
        x = np.empty((len(lines), columns), dtype=np.float32)
        y = np.empty(len(lines), dtype=np.int32)
        for row, line in enumerate(lines):
            *values, label = line.split(",")
            if len(values) != columns or label not in self.labels:
                raise DataError(
                    f"{file}, line {row + 1}: expected {columns} numbers and a label of "
                    f"{', '.join(self.labels)}, got {len(values)} and {label!r}"
                )
            x[row] = [_number(value, f"{file}, line {row + 1}") for value in values]
            y[row] = self.labels.index(label)
        counts = tuple(np.bincount(y, minlength=len(self.labels)).tolist())
        if counts != self.label_counts:
            raise DataError(f"{file}: expected {self.label_counts} rows of {self.labels}, got {counts}")
        return Part(aligned(x), aligned(y)), None


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise DataError(f"{where}: expected a number from 0 to 1, got {text!r}")
    return value
