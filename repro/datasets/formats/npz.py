"""NumPy's archives of arrays: without objects, so that nothing is unpickled."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import DataDescription
from repro.datasets.base import Contents, Parts
from repro.datasets.formats.parts import check_rows, divided, part
from repro.errors import DataError, one_line, suggest


def parse(description: DataDescription, contents: Contents) -> Parts:
    """Inputs as they are stored if they are uint8, other whole numbers as int32, and all others as float32.

    Raises DataError for an array that isn't there, is pickled, or is not as described.
    """
    assert description.npz is not None
    ((file, content),) = contents.items()
    name, source = f"{description.name}/{file}", description.npz
    wanted = [each for each in (source.x, source.y, source.x_test, source.y_test) if each is not None]
    arrays = _arrays(bytes(content), wanted, name)
    x, y, *test = (_numbers(array, f"{name}, {key}") for key, array in zip(wanted, arrays, strict=True))
    if len(x) != len(_column(y)):
        raise DataError(f"{name}: expected as many rows of {source.y} as of {source.x}, {len(x)}, got {len(y)}")
    if not test:
        return divided(description, x, _column(y), name)
    check_rows(description, len(x), description.rows, f"{name}, {source.x}")
    check_rows(description, len(test[0]), description.test_rows, f"{name}, {source.x_test}")
    return part(description, x, _column(y), name), part(description, test[0], _column(test[1]), name)


def _arrays(content: bytes, wanted: list[str], name: str) -> list[NDArray[Any]]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("not an archive")
            for key in wanted:
                if key not in archive:
                    raise DataError(f"{name}: expected an array {key!r}; {suggest(key, archive)}")
            return [archive[key] for key in wanted]
    except (EOFError, MemoryError, OSError, TypeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{name}: expected an npz of arrays of numbers: {one_line(str(error))}") from None


def _numbers(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name}: expected numbers, got {array.dtype}")
    if array.dtype == np.uint8:
        return array
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int32)


def _column(y: NDArray[Any]) -> NDArray[Any]:
    """Labels (rows,), also of a column (rows, 1) as in keras.datasets.cifar10."""
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
