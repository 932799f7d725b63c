"""The IDX format of MNIST and its relatives: big-endian header (magic, one 32-bit length per axis), then bytes.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits", section on file formats.
"""

from __future__ import annotations

import math
import struct

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import DataDescription
from repro.datasets.base import Content, Contents, Parts
from repro.datasets.formats.parts import part
from repro.errors import DataError

_UINT8 = 0x08


def shapes(description: DataDescription) -> dict[str, tuple[int, ...]]:
    """The shape of each of the four files: images and labels for training, images and labels for test."""
    counts = (description.rows, description.test_rows)
    of_parts = [shape for rows in counts for shape in ((rows, *description.shape), (rows,))]
    return dict(zip(description.files, of_parts, strict=True))


def sizes(description: DataDescription) -> dict[str, int]:
    """The bytes of each of the four files, uncompressed."""
    return {file: len(header(shape)) + math.prod(shape) for file, shape in shapes(description).items()}


def header(shape: tuple[int, ...]) -> bytes:
    """The IDX header of an array of unsigned bytes."""
    return struct.pack(f">HBB{len(shape)}I", 0, _UINT8, len(shape), *shape)


def encode(array: NDArray[np.uint8]) -> bytes:
    """The IDX file of an array of unsigned bytes."""
    return header(array.shape) + np.ascontiguousarray(array).tobytes()


def parse(description: DataDescription, contents: Contents) -> Parts:
    """Images as uint8, (rows, height, width), in place: they are writable if their content is.

    Raises DataError where a header, a length or a label is not as expected.
    """
    names = [f"{description.name}/{file}" for file in contents]
    arrays = [
        decode(content, shape, name)
        for content, shape, name in zip(contents.values(), shapes(description).values(), names, strict=True)
    ]
    train, test = (
        part(description, images, labels, name)
        for images, labels, name in zip(arrays[::2], arrays[1::2], names[1::2], strict=True)
    )
    return train, test


def decode(content: Content, shape: tuple[int, ...], name: str) -> NDArray[np.uint8]:
    """The array of `shape` in the content of a file, not copied.

    Raises DataError, naming the file, if the header is not that of `shape` or the length does not fit it.
    """
    expected = header(shape)
    came = bytes(content[: len(expected)])
    if came != expected:
        raise DataError(
            f"{name}: expected an IDX header of unsigned bytes in shape {shape} ({expected.hex()}), "
            f"got {came.hex() or 'nothing'}"
        )
    size = len(expected) + math.prod(shape)
    if len(content) != size:
        raise DataError(f"{name}: expected {size} bytes for shape {shape}, got {len(content)}")
    return np.frombuffer(content, dtype=np.uint8, offset=len(expected)).reshape(shape)
