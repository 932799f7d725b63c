"""The IDX format of MNIST and its relatives: big-endian header (magic, one 32-bit length per axis), then bytes.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section on file formats.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repro.errors import DataError

_UINT8 = 0x08


@dataclass(frozen=True)
class IdxFile:
    """One IDX file of unsigned bytes, as it has to be. `sha256` is of the uncompressed content, header included."""

    name: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def header_size(self) -> int:
        """Bytes before the first element."""
        return 4 + 4 * len(self.shape)

    @property
    def size(self) -> int:
        """Bytes of the uncompressed content."""
        return self.header_size + math.prod(self.shape)


def header(shape: tuple[int, ...]) -> bytes:
    """The IDX header of an array of unsigned bytes."""
    return struct.pack(f">HBB{len(shape)}I", 0, _UINT8, len(shape), *shape)


def encode(array: NDArray[np.uint8]) -> bytes:
    """The IDX file of an array of unsigned bytes."""
    return header(array.shape) + np.ascontiguousarray(array).tobytes()


def parse(content: bytes | memoryview, file: IdxFile, where: str) -> NDArray[np.uint8]:
    """The array in `content`, not copied (so it is writable if `content` is). Shape: `file.shape`.

    Raises DataError, naming `where`, if the header is not that of `file` or the length does not fit it.
    """
    expected = header(file.shape)
    came = bytes(content[: len(expected)])
    if came != expected:
        raise DataError(
            f"{where}: expected an IDX header of unsigned bytes in shape {file.shape} ({expected.hex()}), "
            f"got {came.hex() or 'nothing'}"
        )
    if len(content) != file.size:
        raise DataError(f"{where}: expected {file.size} bytes for shape {file.shape}, got {len(content)}")
    return np.frombuffer(content, dtype=np.uint8, offset=len(expected)).reshape(file.shape)
