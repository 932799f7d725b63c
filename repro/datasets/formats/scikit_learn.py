"""Loaders and generators of scikit-learn: a table of float32 or bytes, in each row the inputs and the label.

Generated numbers are made of sines, logarithms and roots, whose last bit differs between processors and C libraries in
float64; in float32, as models get them, it doesn't show.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from repro.config.data_description import DataDescription
from repro.datasets.base import Contents, Parts
from repro.datasets.formats.parts import divided
from repro.errors import DataError, one_line

_TUPLES = ("n_samples", "center_box")
"""Arguments that scikit-learn wants as a tuple where they are a list in YAML."""

_DTYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "uint8": np.dtype(np.uint8)}


def read(description: DataDescription) -> bytes:
    """What the scikit-learn that is installed makes: the bytes that the checksum is of, little-endian, row by row.

    Raises DataError where it refuses the arguments, or where a value is no byte and bytes are asked for.
    """
    from sklearn import datasets

    source = description.scikit_learn
    assert source is not None
    call: dict[str, Any] = source.call[source.function]
    given = {key: tuple(value) if key in _TUPLES and isinstance(value, list) else value for key, value in call.items()}
    if source.function.startswith("load_"):
        given["return_X_y"] = True
    try:
        x, y = getattr(datasets, source.function)(**given)
    except (TypeError, ValueError) as error:
        raise DataError(f"{description.path}: {source.function}: {one_line(str(error))}") from None
    table = np.column_stack([x.reshape(len(x), -1), y])
    if source.dtype == "uint8" and not np.array_equal(table, table.astype(np.uint8)):
        raise DataError(f"{description.path}: {source.function}: expected whole numbers from 0 to 255 for dtype uint8")
    content: bytes = table.astype(_DTYPES[source.dtype]).tobytes()
    return content


def parse(description: DataDescription, contents: Contents) -> Parts:
    """Inputs as float32, or as uint8, in the shape that is described; the last `test_rows` rows are the test part.

    Raises DataError where rows, shape or labels are not as described.
    """
    assert description.scikit_learn is not None
    ((file, content),) = contents.items()
    name = f"{description.name}/{file}"
    dtype = _DTYPES[description.scikit_learn.dtype]
    count, width = description.rows + description.test_rows, math.prod(description.shape) + 1
    if len(content) != count * width * dtype.itemsize:
        raise DataError(
            f"{name}: expected {count} rows of {width} numbers, as rows, test_rows and shape of {description.path} "
            f"say, got {len(content) // dtype.itemsize} numbers"
        )
    table = np.frombuffer(content, dtype).reshape(count, width)
    x = table[:, :-1].reshape(count, *description.shape)
    return divided(description, x, table[:, -1], name)
