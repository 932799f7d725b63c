"""What `dataset:` makes of inputs: words, vectors of 0 and 1, and the type of row that a model gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro.config.data_description import DataDescription
from repro.config.schema import DatasetSpec
from repro.datasets.base import Dataset, Part, RowType
from repro.datasets.prepare import encoded, padded, row_type, scaled, scaled_as_one
from repro.errors import ConfigError

WORDS = [[1, 14, 22, 16], [1], [], [1, 5, 300, 5, 12, 9, 2000]]


def ragged(rows: list[list[int]] = WORDS) -> np.ndarray:
    found = np.empty(len(rows), object)
    found[:] = [np.array(row, np.int32) for row in rows]
    return found


def dataset(x: np.ndarray, test: np.ndarray | None = None) -> Dataset:
    y = np.zeros(len(x), np.int32)
    return Dataset("words", Part(x, y), None if test is None else Part(test, y[: len(test)]), 2, {})


def prepared(x: np.ndarray, **spec: Any) -> np.ndarray:
    return encoded(DatasetSpec.model_validate({"name": "words"} | spec), dataset(x), with_test=False).train.x


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [1, 4, 9])
def test_sequences_are_padded_as_keras_does_it(padding: Any, truncating: Any, maxlen: int) -> None:
    """Written out after the documentation of `keras.utils.pad_sequences`."""
    expected = []
    for row in WORDS:
        kept = row[-maxlen:] if truncating == "pre" else row[:maxlen]
        zeros = [0] * (maxlen - len(kept))
        expected.append([*zeros, *kept] if padding == "pre" else [*kept, *zeros])
    found = padded(ragged(), maxlen, padding, truncating)
    assert (found.dtype, found.tolist()) == (np.int32, expected)
    assert prepared(ragged(), maxlen=maxlen, padding=padding, truncating=truncating).tolist() == expected


@pytest.mark.slow
def test_sequences_are_padded_as_the_installed_keras_does_it() -> None:
    from keras.utils import pad_sequences

    for arguments in ({}, {"padding": "post"}, {"truncating": "post"}):
        expected = pad_sequences(WORDS, 4, **arguments)
        assert padded(ragged(), 4, **arguments).tolist() == expected.tolist()


def test_words_that_are_left_out_become_2() -> None:
    assert prepared(ragged(), num_words=300, maxlen=7)[3].tolist() == [1, 5, 2, 5, 12, 9, 2]
    assert prepared(ragged(), skip_top=9, maxlen=7)[3].tolist() == [2, 2, 300, 2, 12, 9, 2000]
    assert prepared(ragged(), num_words=300, skip_top=9, maxlen=7)[3].tolist() == [2, 2, 2, 2, 12, 9, 2]


def test_a_vector_has_a_1_for_each_word_that_occurs() -> None:
    found = prepared(ragged(), num_words=20, multi_hot=20)
    assert (found.dtype, found.shape) == (np.uint8, (4, 20))
    assert [np.flatnonzero(row).tolist() for row in found] == [[1, 2, 14, 16], [1], [], [1, 2, 5, 9, 12]]


def test_a_vector_for_each_whole_number() -> None:
    found = prepared(np.array([[0, 2], [1, 1]], np.float32), one_hot=3)
    assert found.dtype == np.uint8
    assert found.tolist() == [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 1, 0]]]
    assert prepared(ragged([[1, 2], [0]]), one_hot=3, maxlen=2).tolist()[1] == [[1, 0, 0], [1, 0, 0]]
    assert prepared(np.array([[0, 2], [1, 1]], np.float32), multi_hot=4).tolist() == [[1, 0, 1, 0], [0, 1, 0, 0]]


@pytest.mark.parametrize(
    ("x", "spec", "message"),
    [
        (np.array([[0, 3]], np.float32), {"one_hot": 3},
         "dataset.one_hot: expected whole numbers from 0 to 2 as inputs, got 3 in words"),
        (np.array([[0, -1]], np.float32), {"one_hot": 3},
         "dataset.one_hot: expected whole numbers from 0 to 2 as inputs, got -1 in words"),
        (np.array([[0, 1.5]], np.float32), {"multi_hot": 3},
         "dataset.multi_hot: expected whole numbers from 0 to 2 as inputs, got 1.5 in words"),
        (ragged(), {"multi_hot": 2000},
         "dataset.multi_hot: expected whole numbers from 0 to 1999 as inputs, got 2000 in words"),
    ],
)  # fmt: skip
def test_other_numbers_are_refused(x: np.ndarray, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        prepared(x, **spec)
    assert str(caught.value) == message


def test_images_stay_as_they_are_and_other_numbers_become_float32() -> None:
    images = np.zeros((3, 4, 4), np.uint8)
    assert prepared(images, divide_by=255.0) is images
    assert prepared(np.zeros((3, 2), np.float32)).dtype == np.float32
    assert prepared(np.array([[1, 2]], np.int32)).dtype == np.float32


def test_a_part_that_is_not_read_is_not_prepared() -> None:
    data = dataset(np.zeros((3, 2), np.float32), np.full((2, 2), 9, np.float32))
    spec = DatasetSpec(name="words", one_hot=3)
    assert encoded(spec, data, with_test=False).test is None
    with pytest.raises(ConfigError, match="got 9 in words"):
        encoded(spec, data, with_test=True)


def test_the_cells_of_an_experiment_share_what_is_prepared() -> None:
    data = dataset(ragged(), ragged())
    first, again = (encoded(DatasetSpec(name="words", maxlen=3), data, with_test=True) for _ in range(2))
    assert first is again
    other = encoded(DatasetSpec(name="words", maxlen=4), data, with_test=True)
    assert other.test is not None
    assert other.test.x.shape == (4, 4)


def test_each_pixel_of_an_image_is_scaled_for_itself() -> None:
    images = np.random.default_rng(3).integers(0, 256, (20, 3, 2), np.uint8)
    table = images.reshape(20, 6).astype(np.float64)
    data = dataset(images, images[:4])
    for spec, rows in (
        (DatasetSpec(name="words", standardize=True), np.arange(10, dtype=np.int32)),
        (DatasetSpec(name="words", standardize=True), np.arange(20, dtype=np.int32)),
    ):
        fitted = table[rows]
        expected = ((table - fitted.mean(axis=0)) / fitted.std(axis=0)).reshape(20, 3, 2)
        found = scaled(spec, data, rows)
        assert found.train.x.dtype == np.float32
        assert np.allclose(found.train.x, expected, atol=1e-6)
        assert found.test is not None
        assert np.array_equal(found.test.x, found.train.x[:4])
    whole = scaled_as_one(DatasetSpec(name="words", min_max=(0.0, 2.0)), data)
    low, high = table.min(axis=0), table.max(axis=0)
    assert np.allclose(whole.train.x.reshape(20, 6), 2 * (table - low) / (high - low), atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "words", "expected"),
    [
        ({}, False, RowType((8, 8), "float32")),
        ({"divide_by": 255.0}, False, RowType((8, 8), "float32")),
        ({"one_hot": 5}, False, RowType((8, 8, 5), "float32")),
        ({"multi_hot": 5}, False, RowType((5,), "float32")),
        ({"maxlen": 7}, True, RowType((7,), "int32")),
        ({"maxlen": 7, "one_hot": 5}, True, RowType((7, 5), "float32")),
        ({"multi_hot": 5}, True, RowType((5,), "float32")),
    ],
)
def test_what_a_model_gets_of_a_row(spec: dict[str, Any], words: bool, expected: RowType) -> None:
    file = {"path": "some.npz", "sha256": "0" * 64}
    kind = {"sequences": file, "shape": ()} if words else {"npz": file, "shape": (8, 8)}
    about = {"name": "some", "title": "Some", "rows": 4, "test_rows": 2, "classes": 2, "folder": Path()}
    description = DataDescription.model_validate(about | kind)
    asked = DatasetSpec.model_validate({"name": "some"} | spec)
    assert row_type(asked, description) == expected
    x = ragged() if words else np.zeros((4, 8, 8), np.float32)
    found = encoded(asked, dataset(x % 5 if not words else ragged([[1, 2], [3], [], [4]])), with_test=False).train.x
    assert found.shape[1:] == expected.shape
    assert (found.dtype == np.int32) == (expected.dtype == "int32")
