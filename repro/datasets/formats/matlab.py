"""SVHN's cropped digits: MATLAB files with `X`, (height, width, channels, rows), and `y`, where 10 stands for digit 0.

Source: Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu and A. Y. Ng, "The Street View House Numbers (SVHN) dataset",
format 2.
"""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import DataDescription
from repro.datasets.base import Content, Contents, Part, Parts
from repro.datasets.formats.parts import check_rows, part
from repro.errors import DataError, one_line


def parse(description: DataDescription, contents: Contents) -> Parts:
    """Images as uint8, (rows, height, width, channels), and the digits as labels.

    Raises DataError for a file that is no MATLAB file, and for arrays that are not as described.
    """
    rows = (description.rows, description.test_rows)
    train, test = (_part(description, *file, count) for file, count in zip(contents.items(), rows, strict=True))
    return train, test


def _part(description: DataDescription, file: str, content: Content, rows: int) -> Part:
    name = f"{description.name}/{file}"
    found = _arrays(content, name)
    x, y = (np.asarray(found.get(key)) for key in ("X", "y"))
    if x.ndim != 4 or x.dtype != np.uint8 or y.dtype.kind not in "iu":
        raise DataError(
            f"{name}: expected bytes in four axes as X and whole numbers as y, got {x.dtype} in {x.ndim} axes and "
            f"{y.dtype}"
        )
    check_rows(description, x.shape[-1], rows, name)
    labels = y.ravel().astype(np.int32)
    return part(description, x.transpose(3, 0, 1, 2), np.where(labels == 10, 0, labels), name)


def _arrays(content: Content, name: str) -> dict[str, NDArray[Any]]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        found: dict[str, NDArray[Any]] = loadmat(io.BytesIO(content), variable_names=["X", "y"])
    except (EOFError, MatReadError, NotImplementedError, OSError, TypeError, ValueError, zlib.error) as error:
        raise DataError(f"{name}: expected a MATLAB file of version 5: {one_line(str(error))}") from None
    return found
