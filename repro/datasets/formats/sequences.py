"""Keras' imdb.npz and reuters.npz: word numbers by frequency, pickled arrays of lists.

The rows are shuffled and the words renumbered as `keras.datasets.imdb.load_data` and `reuters.load_data` do it by
default (keras/src/datasets/imdb.py and reuters.py of Keras 3): 0 is padding, 1 starts a sequence, 2 stands for words
that are left out, and the most frequent word is 4.
"""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import DataDescription
from repro.datasets.base import Contents, Parts
from repro.datasets.formats.parts import check_rows, divided, part
from repro.errors import DataError, one_line, suggest

SHUFFLE = 113
START, INDEX_FROM = 1, 3

_ALLOWED = {
    *(("numpy", name) for name in ("ndarray", "dtype")),
    *((module, "_reconstruct") for module in ("numpy.core.multiarray", "numpy._core.multiarray")),
}
"""What unpickling may call: what rebuilds an array."""


def parse(description: DataDescription, contents: Contents) -> Parts:
    """Rows as an object array (rows,) of int32 arrays; `x` and `y` alone are divided: the last rows are the test part.

    Raises DataError for an archive that is damaged or pickles anything but arrays and lists, and for rows that are
    not as described.
    """
    ((file, content),) = contents.items()
    name = f"{description.name}/{file}"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            keys = {member.removesuffix(".npy") for member in archive.namelist()}
            pairs = [("x_train", "y_train"), ("x_test", "y_test")] if "x_train" in keys else [("x", "y")]
            if missing := [key for pair in pairs for key in pair if key not in keys]:
                raise DataError(f"{name}: expected an array {missing[0]!r}; {suggest(missing[0], keys)}")
            tables = [tuple(_array(archive.read(f"{key}.npy"), f"{name}, {key}") for key in pair) for pair in pairs]
    except (EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{name}: expected an npz: {one_line(str(error))}") from None
    generator = np.random.RandomState(SHUFFLE)
    shuffled = [_shuffled(generator, x, y, name) for x, y in tables]
    if len(shuffled) == 1:
        return divided(description, *shuffled[0], name)
    for (x, _), rows in zip(shuffled, (description.rows, description.test_rows), strict=True):
        check_rows(description, len(x), rows, name)
    train, test = (part(description, x, y, name) for x, y in shuffled)
    return train, test


def _shuffled(
    generator: np.random.RandomState, x: NDArray[Any], y: NDArray[Any], name: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The rows in Keras' order, each as int32 words in Keras' numbers."""
    if x.ndim != 1 or y.shape != x.shape:
        raise DataError(f"{name}: expected as many labels as sequences, {x.shape}, got {y.shape}")
    order = np.arange(len(x))
    generator.shuffle(order)
    found = np.empty(len(x), object)
    for place, row in enumerate(order):
        words = np.asarray(x[row], np.int32 if len(x[row]) == 0 else None)
        if words.ndim != 1 or words.dtype.kind not in "iu":
            raise DataError(f"{name}: expected lists of whole numbers, got {words.dtype} in row {row} (from 0)")
        found[place] = np.concatenate([[START], words + INDEX_FROM]).astype(np.int32)
    return found, y[order]


def _array(content: bytes, name: str) -> NDArray[Any]:
    """The array in an npy file, its objects unpickled with what `_ALLOWED` lists and nothing else."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        if not dtype.hasobject:
            return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
        found = _Unpickler(stream, encoding="latin1").load()
        if not isinstance(found, np.ndarray):
            raise pickle.UnpicklingError(f"expected an array, got {type(found).__name__}")
        array: NDArray[Any] = found.reshape(shape)
        return array
    except Exception as error:  # a pickle that is damaged can raise anything
        raise DataError(f"{name}: expected an array of lists: {one_line(str(error))}") from None


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not loaded from a file")
        return super().find_class(module, name)
