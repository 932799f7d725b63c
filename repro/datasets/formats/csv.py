"""Comma-separated numbers from 0 to 1, the label last, in one file without a header."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from repro.datasets.base import Contents, DatasetInfo, Part, Parts, aligned
from repro.errors import DataError


def parse(info: DatasetInfo, contents: Contents, labels: Sequence[str], label_counts: Sequence[int]) -> Parts:
    """Inputs as float32, (rows, columns); `labels` are the names of 0, 1, ..., of which there are `label_counts` rows.

    Raises DataError naming the line that is not as expected.
    """
    ((file, content),) = contents.items()
    lines = bytes(content).decode("ascii", errors="replace").splitlines()
    x = np.empty((len(lines), *info.input_shape), dtype=np.float32)
    y = np.empty(len(lines), dtype=np.int32)
    for row, line in enumerate(lines):
        *values, label = line.split(",")
        if len(values) != x.shape[1] or label not in labels:
            raise DataError(
                f"{file}, line {row + 1}: expected {x.shape[1]} numbers and a label of {', '.join(labels)}, "
                f"got {len(values)} and {label!r}"
            )
        x[row] = [_number(value, f"{file}, line {row + 1}") for value in values]
        y[row] = labels.index(label)
    counts = tuple(np.bincount(y, minlength=len(labels)).tolist())
    if counts != tuple(label_counts):
        raise DataError(f"{file}: expected {label_counts} rows of {labels}, got {counts}")
    return Part(aligned(x), aligned(y)), None


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise DataError(f"{where}: expected a number from 0 to 1, got {text!r}")
    return value
