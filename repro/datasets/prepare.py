"""What `dataset:` of an experiment makes of the arrays of a data set, and what a model gets of a row."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import DataDescription
from repro.config.schema import DatasetSpec
from repro.datasets.base import Dataset, Part, RowType
from repro.errors import ConfigError

KEPT = 2
"""Prepared data sets that a process keeps, since the cells of an experiment ask for the same."""

OUT_OF_VOCABULARY = 2
"""The number of a word that is left out, as in `keras.datasets.imdb` and `reuters`."""


def row_type(spec: DatasetSpec, description: DataDescription) -> RowType:
    """What a model gets of a row; what is asked for fits the data (`check_plan`)."""
    if spec.multi_hot is not None:
        return RowType((spec.multi_hot,), "float32")
    words = description.sequences is not None
    shape = (spec.maxlen,) if words and spec.maxlen is not None else description.shape
    if spec.one_hot is not None:
        return RowType((*shape, spec.one_hot), "float32")
    return RowType(shape, "int32" if words else "float32")


@lru_cache(maxsize=KEPT)
def encoded(spec: DatasetSpec, dataset: Dataset, *, with_test: bool) -> Dataset:
    """The data set with sequences as arrays and whole numbers as vectors: all that doesn't depend on a split.

    Inputs are then float32, int32 (words) or uint8 (images and vectors of 0 and 1). with_test: whether the test part is
    wanted. Raises ConfigError for an input that is no whole number in range.
    """

    def part(given: Part) -> Part:
        return Part(_encoded(spec, given.x, dataset.name), given.y)

    test = part(dataset.test) if dataset.test is not None and with_test else None
    return replace(dataset, train=part(dataset.train), test=test)


@lru_cache(maxsize=KEPT)
def scaled_as_one(spec: DatasetSpec, dataset: Dataset) -> Dataset:
    """All inputs scaled by one scaler for all splits, fitted on the training part or on all rows, as `spec` says."""
    fitted = dataset.train.x
    if spec.fit_scaler_on == "all" and dataset.test is not None:
        fitted = np.concatenate([fitted, dataset.test.x])
    return _scaled(spec, dataset, fitted)


def scaled(spec: DatasetSpec, dataset: Dataset, rows: NDArray[np.int32]) -> Dataset:
    """All inputs scaled by a scaler that is fitted on these rows of the training part."""
    return _scaled(spec, dataset, dataset.train.x[rows])


def _scaled(spec: DatasetSpec, dataset: Dataset, fitted: NDArray[Any]) -> Dataset:
    """Inputs as float32, scaled in float64 as a scikit-learn pipeline does it: each element of a row for itself."""
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    scaler = MinMaxScaler(spec.min_max) if spec.min_max is not None else StandardScaler()
    scaler.fit(_table(fitted))

    def transformed(part: Part) -> Part:
        x = np.asarray(scaler.transform(_table(part.x)), np.float32)
        return Part(x.reshape(part.x.shape), part.y)

    return replace(dataset, train=transformed(dataset.train), test=dataset.test and transformed(dataset.test))


def padded(
    sequences: NDArray[Any],
    maxlen: int,
    padding: Literal["pre", "post"] = "pre",
    truncating: Literal["pre", "post"] = "pre",
) -> NDArray[np.int32]:
    """Sequences (rows,) of int32 arrays as int32 (rows, maxlen), filled up with 0 (`keras.utils.pad_sequences`)."""
    found = np.zeros((len(sequences), maxlen), np.int32)
    for row, sequence in zip(found, sequences, strict=True):
        kept = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
        if len(kept):
            row[slice(-len(kept), None) if padding == "pre" else slice(len(kept))] = kept
    return found


def _table(x: NDArray[Any]) -> NDArray[np.float64]:
    return x.reshape(len(x), -1).astype(np.float64)


def _encoded(spec: DatasetSpec, x: NDArray[Any], name: str) -> NDArray[Any]:
    if x.dtype == object:
        x = _chosen(spec, x)
        if spec.maxlen is not None:
            x = padded(x, spec.maxlen, spec.padding, spec.truncating)
    elif spec.one_hot is None and spec.multi_hot is None:
        return x if x.dtype in (np.uint8, np.float32) else x.astype(np.float32)
    if spec.multi_hot is not None:
        return _multi_hot(x, spec.multi_hot, name)
    return x if spec.one_hot is None else _one_hot(x, spec.one_hot, name)


def _chosen(spec: DatasetSpec, sequences: NDArray[Any]) -> NDArray[Any]:
    """The sequences with 2 for each word that `num_words` and `skip_top` leave out, as `imdb.load_data` does it."""
    if spec.num_words is None and not spec.skip_top:
        return sequences
    found = np.empty(len(sequences), object)
    for index, words in enumerate(sequences):
        kept = words >= spec.skip_top
        if spec.num_words is not None:
            kept &= words < spec.num_words
        found[index] = np.where(kept, words, OUT_OF_VOCABULARY).astype(np.int32)
    return found


def _one_hot(x: NDArray[Any], values: int, name: str) -> NDArray[np.uint8]:
    """(*shape, values), uint8, of an array of whole numbers below `values`."""
    _check_whole(x, values, "one_hot", name)
    found = np.zeros((*x.shape, values), np.uint8)
    np.put_along_axis(found, x.astype(np.intp)[..., np.newaxis], 1, axis=-1)
    return found


def _multi_hot(x: NDArray[Any], values: int, name: str) -> NDArray[np.uint8]:
    """(rows, values), uint8: 1 for each number that occurs in a row, of an array or of sequences."""
    found = np.zeros((len(x), values), np.uint8)
    for row, numbers in zip(found, x, strict=True):
        _check_whole(numbers, values, "multi_hot", name)
        row[np.ravel(numbers).astype(np.intp)] = 1
    return found


def _check_whole(x: NDArray[Any], values: int, key: str, name: str) -> None:
    wrong = (x < 0) | (x >= values) | (x != np.floor(x))
    if wrong.any():
        raise ConfigError(
            f"dataset.{key}: expected whole numbers from 0 to {values - 1} as inputs, got {x[wrong][0]:g} in {name}"
        )
