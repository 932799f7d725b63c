"""What is known of a data set, what is loaded of it, and what is found of its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from repro.errors import DataError

Progress = Callable[[str], None]
"""Called with one line of text at a time."""

ALIGNMENT = 64
"""TensorFlow takes a NumPy array without copying (DLPack) at any address, and aborts the process at the first
operation on one whose address is no multiple of this many bytes."""


@dataclass(frozen=True)
class RowType:
    """What a model gets of a row."""

    shape: tuple[int, ...]
    dtype: Literal["float32", "int32"]


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of a data set.

    x: (rows, *shape), float32, or uint8 for images, or int32 for other whole numbers; (rows,) of int32 arrays where
    rows are sequences of different lengths. y: (rows,), int32 labels from 0, or float32 where the target is a number.
    Arrays of numbers are C-contiguous, writable and at an address that is a multiple of `ALIGNMENT`, so that TensorFlow
    can use them in place.
    """

    x: NDArray[Any]
    y: NDArray[Any]


Parts = tuple[Part, Part | None]
"""The training and the test part; None where there is no test part (cross-validate it)."""

Content = bytes | memoryview
Contents = Mapping[str, Content]
"""File name -> content, in the order of `DataDescription.files`."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Verified arrays; `test` is None where the data set has no test part of its own (cross-validate it)."""

    name: str
    train: Part
    test: Part | None
    classes: int | None
    """None where the target is a number."""
    sha256: dict[str, str]
    """File name -> SHA-256 of the content, as verified at this load."""


@dataclass(frozen=True)
class FileStatus:
    """One file of a data set as it is on disk now."""

    file: str
    state: Literal["ok", "missing", "damaged"]
    expected: str
    actual: str | None
    """SHA-256 of the content found, None if missing."""
    where: Path

    remedy: str
    """What the user can do about it where it is missing or damaged."""

    def fault(self, dataset: str) -> DataError:
        """The error that says that it is missing or damaged, and what to do."""
        if self.actual is None:
            return DataError(f"{dataset}: expected {self.where}, which is not there; {self.remedy}")
        return DataError(
            f"{dataset}: {self.where} is damaged: its content has SHA-256 {self.actual}, expected {self.expected}; "
            f"{self.remedy}"
        )


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """`array`, copied unless C-contiguous, writable and at a multiple of `ALIGNMENT` (NumPy promises 16 bytes)."""
    if array.flags.c_contiguous and array.flags.writeable and array.ctypes.data % ALIGNMENT == 0:
        return array
    room = np.empty(array.nbytes + ALIGNMENT, dtype=np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
