"""What every data set offers, whatever its format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[str], None]
"""Called with one line of text at a time."""

ALIGNMENT = 64
"""TensorFlow takes a NumPy array without copying (DLPack) at any address, and aborts the process at the first
operation on one whose address is no multiple of this many bytes."""


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of a data set.

    x: (rows, *input_shape), float32, or uint8 for images. y: (rows,), int32 labels from 0. Both are C-contiguous,
    writable and at an address that is a multiple of `ALIGNMENT`, so that TensorFlow can use them in place.
    """

    x: NDArray[Any]
    y: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Verified arrays; `test` is None where the data set has no test part of its own (cross-validate it)."""

    name: str
    train: Part
    test: Part | None
    classes: int
    sha256: dict[str, str]
    """File name -> SHA-256 of the content, as verified at this load."""


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set without reading it."""

    name: str
    title: str
    rows: int
    """Rows of the training part: all rows where there is no test part."""
    test_rows: int
    """Rows of the test part, 0 where there is none."""
    input_shape: tuple[int, ...]
    classes: int
    licence: str
    citation: str
    source: str
    sha256: dict[str, str] = field(hash=False)


@dataclass(frozen=True)
class FileStatus:
    """One file of a data set as it is on disk now."""

    file: str
    state: Literal["ok", "missing", "damaged"]
    expected: str
    actual: str | None
    """SHA-256 of the content found, None if missing."""
    where: Path


class Source(Protocol):
    """One entry of the registry: what `repro.datasets` asks of a data set. Each file format implements it once."""

    @property
    def info(self) -> DatasetInfo:
        """What is known without reading."""

    def load(self) -> Dataset:
        """Read, verify and parse. Raises DataError if missing or damaged; never uses the network."""

    def fetch(self, progress: Progress) -> None:
        """Get what is missing or damaged. Raises DataError if no source has it."""

    def is_present(self) -> bool:
        """Whether the files exist; their content is not read."""

    def verify(self) -> list[FileStatus]:
        """Compare every file's content with its SHA-256."""


def sha256(content: bytes | memoryview) -> str:
    """The SHA-256 of content, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def aligned(array: NDArray[Any]) -> NDArray[Any]:
    """`array`, copied unless C-contiguous, writable and at a multiple of `ALIGNMENT` (NumPy promises 16 bytes)."""
    if array.flags.c_contiguous and array.flags.writeable and array.ctypes.data % ALIGNMENT == 0:
        return array
    room = np.empty(array.nbytes + ALIGNMENT, dtype=np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
