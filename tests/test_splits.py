from __future__ import annotations

import numpy as np
import pytest

from repro import datasets
from repro.datasets.splits import stratified_k_fold
from repro.errors import ConfigError


@pytest.fixture(scope="module")
def sonar_labels() -> np.ndarray:
    return datasets.load("sonar").train.y


@pytest.mark.parametrize("random_state", [0, 7, 2**32 - 1])
def test_ten_folds_of_sonar_have_20_or_21_rows_and_the_right_mix(sonar_labels: np.ndarray, random_state: int) -> None:
    splits = stratified_k_fold(sonar_labels, 10, random_state)

    assert sorted(len(split.test) for split in splits) == [20] * 2 + [21] * 8
    mines = [int((sonar_labels[split.test] == 0).sum()) for split in splits]
    rocks = [int((sonar_labels[split.test] == 1).sum()) for split in splits]
    assert sorted(mines) == [11] * 9 + [12]
    assert sorted(rocks) == [9] * 3 + [10] * 7


@pytest.mark.parametrize("folds", [2, 3, 7, 10, 97])
def test_fold_sizes_are_floor_or_ceiling(sonar_labels: np.ndarray, folds: int) -> None:
    sizes = [len(split.test) for split in stratified_k_fold(sonar_labels, folds, 3)]

    low, larger = divmod(208, folds)
    assert sorted(sizes) == [low] * (folds - larger) + [low + 1] * larger


def test_every_row_is_tested_once_and_never_trained_on_in_the_same_fold(sonar_labels: np.ndarray) -> None:
    splits = stratified_k_fold(sonar_labels, 10, 7)

    assert np.array_equal(np.sort(np.concatenate([split.test for split in splits])), np.arange(208))
    for split in splits:
        assert np.array_equal(np.sort(np.concatenate([split.train, split.test])), np.arange(208))


def test_indices_are_ascending_int32(sonar_labels: np.ndarray) -> None:
    for split in stratified_k_fold(sonar_labels, 10, 7):
        for rows in (split.train, split.test):
            assert rows.dtype == np.int32
            assert (np.diff(rows) > 0).all()


def test_equal_states_give_equal_splits_and_others_do_not(sonar_labels: np.ndarray) -> None:
    first, again, other = (stratified_k_fold(sonar_labels, 10, state) for state in (7, 7, 8))

    assert all(np.array_equal(a.test, b.test) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a.test, b.test) for a, b in zip(first, other, strict=True))


def test_more_folds_than_rows_are_refused() -> None:
    with pytest.raises(ConfigError) as raised:
        stratified_k_fold(np.array([0, 1, 0, 1], dtype=np.int32), 5, 0)
    assert str(raised.value) == "stratified_k_fold: 5 folds need at least 5 rows, but there are 4"


def test_more_folds_than_rows_of_a_class_are_refused() -> None:
    with pytest.raises(ConfigError) as raised:
        stratified_k_fold(np.array([0] * 9 + [4] * 3, dtype=np.int32), 4, 0)
    assert str(raised.value) == (
        "stratified_k_fold: 4 folds need at least 4 rows of every class, but class 4 has 3: use at most 3 folds"
    )


def test_as_many_folds_as_rows_of_the_smallest_class_are_allowed() -> None:
    y = np.array([0] * 9 + [4] * 3, dtype=np.int32)

    assert [int((y[split.test] == 4).sum()) for split in stratified_k_fold(y, 3, 0)] == [1, 1, 1]
