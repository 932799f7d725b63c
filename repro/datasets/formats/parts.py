"""What all formats share: rows counted, labels and targets checked, training and test part divided."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import DataDescription
from repro.datasets.base import Part, Parts, aligned
from repro.errors import DataError


def divided(description: DataDescription, x: NDArray[Any], y: NDArray[Any], name: str) -> Parts:
    """Training and test part of one table: the last rows are the test part. `name` is what messages call the file."""
    check_rows(description, len(x), description.rows + description.test_rows, name)
    test = slice(description.rows, None)
    train = part(description, x[: description.rows], y[: description.rows], name)
    return train, part(description, x[test], y[test], name) if description.test_rows else None


def part(description: DataDescription, x: NDArray[Any], y: NDArray[Any], name: str) -> Part:
    """Rows with their labels, which are checked and become int32, or with their targets as float32.

    x: (rows, *shape), or (rows,) of arrays. y: (rows,). Raises DataError for a label that is out of range, and for a
    number that is not finite.
    """
    if x.dtype != object:
        if x.shape != (len(y), *description.shape):
            expected = f"rows of shape {description.shape}, as shape of {description.path} says"
            raise DataError(f"{name}: expected {expected}, got {x.shape[1:]}")
        if x.dtype.kind == "f" and not np.isfinite(x).all():
            row = np.flatnonzero(~np.isfinite(x.reshape(len(x), -1)).all(axis=1))[0]
            raise DataError(f"{name}: expected finite numbers, got others in row {row} (from 0)")
        x = aligned(x)
    return Part(x, aligned(_labels(description, y, name)))


def check_rows(description: DataDescription, found: int, expected: int, name: str) -> None:
    """Raises DataError where a file has not as many rows as its description says."""
    if found != expected:
        keys = "rows" if expected == description.rows else "rows and test_rows"
        if expected == description.test_rows:
            keys = "test_rows"
        raise DataError(f"{name}: expected {expected} rows, as {keys} of {description.path} says, got {found}")


def _labels(description: DataDescription, y: NDArray[Any], name: str) -> NDArray[Any]:
    if description.classes is None:
        if y.dtype.kind not in "fiu" or not np.isfinite(y).all():
            raise DataError(f"{name}: expected finite numbers as targets, got others")
        return y.astype(np.float32)
    wrong = (y < 0) | (y >= description.classes) | (y != np.floor(y))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"{name}: expected labels from 0 to {description.classes - 1}, got {y[row]:g} in row {row} (from 0)"
        )
    return y.astype(np.int32)
