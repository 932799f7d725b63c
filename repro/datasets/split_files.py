"""Splits that come with the data: text files of row numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repro.config.protocol import SplitsFrom
from repro.datasets.splits import Split
from repro.errors import ConfigError
from repro.files import sha256

_NUMBER = re.compile(rb"[0-9]{1,9}|[0-9]\.[0-9]{1,20}e\+0[0-9]")
"""A row number, also as `numpy.savetxt` writes it unless told otherwise: 17 is 1.700000000000000000e+01."""


def given_splits(splits: SplitsFrom, folder: Path, hashes: Mapping[str, str], rows: int) -> list[Split]:
    """The splits that the files in `folder` give of so many rows.

    hashes: file -> SHA-256 of its content when the config was read. Raises ConfigError, with file and line, for a
    file that isn't there or has changed, for what is no row number, for a row that the data hasn't got or that is
    listed twice, and for a row that is both trained on and tested.
    """
    found = []
    for index, name in enumerate(splits.test):
        test = _read(folder, name, hashes, rows)
        left = np.ones(rows, np.bool_)
        left[test] = False
        if splits.train is None:
            train = np.flatnonzero(left).astype(np.int32)
        else:
            train = _read(folder, splits.train[index], hashes, rows)
            both = np.flatnonzero(~left[train])
            if both.size:
                place = f"{folder / splits.train[index]}:{both[0] + 1}"
                fault = f"expected rows that {name} doesn't list, got {train[both[0]]}"
                raise ConfigError(f"splits_from: {place}: {fault}")
        if not train.size:
            raise ConfigError(f"splits_from: {folder / name}: expected rows left to train on, got none of {rows}")
        found.append(Split(train, np.sort(test)))
    return found


def _read(folder: Path, name: str, hashes: Mapping[str, str], rows: int) -> NDArray[np.int32]:
    path = folder / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"splits_from: expected a file, found none at {path}") from None
    if sha256(content) != hashes[name]:
        raise ConfigError(f"splits_from: {path} has changed since the config was read; start again")
    return row_numbers(content, path, rows)


def row_numbers(content: bytes, path: Path, rows: int) -> NDArray[np.int32]:
    """The row numbers of a file, int32, one a line; `path` is what messages call it.

    Raises ConfigError for a line that is none, for one out of range, and for a row that is listed twice.
    """
    first: dict[int, int] = {}
    for line, text in enumerate(content.rstrip().split(b"\n"), start=1):
        number = text.strip()
        shown = repr(number[:20].decode("utf-8", "replace"))
        if not _NUMBER.fullmatch(number) or not float(number).is_integer():
            raise ConfigError(f"splits_from: {path}:{line}: expected a row number, got {shown}")
        row = int(float(number))
        if row >= rows:
            raise ConfigError(f"splits_from: {path}:{line}: expected a row from 0 to {rows - 1}, got {row}")
        if row in first:
            raise ConfigError(f"splits_from: {path}:{line}: expected each row once, got {row} as on line {first[row]}")
        first[row] = line
    return np.fromiter(first, np.int32, len(first))
