from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from sklearn.model_selection import KFold, train_test_split

from repro.datasets.splits import Split, hold_out, k_fold, stratified_k_fold
from repro.errors import ConfigError
from repro.files import shipped


@pytest.fixture(scope="module")
def sonar_labels() -> np.ndarray:
    lines = (shipped("data") / "sonar.csv").read_text().split()
    return np.array(["MR".index(line[-1]) for line in lines], np.int32)


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


@pytest.fixture(scope="module")
def folds_of_the_article(sonar_labels: np.ndarray) -> list[Split]:
    return stratified_k_fold(sonar_labels, 10, 7, "scikit-learn 0.18")


def test_scikit_learn_0_18_put_the_longer_pieces_of_both_classes_into_the_first_folds(
    sonar_labels: np.ndarray, folds_of_the_article: list[Split]
) -> None:
    assert [len(split.test) for split in folds_of_the_article] == [22, *[21] * 6, *[20] * 3]
    assert [int((sonar_labels[split.test] == 0).sum()) for split in folds_of_the_article] == [12, *[11] * 9]


def test_its_folds_divide_the_rows(folds_of_the_article: list[Split]) -> None:
    assert np.array_equal(np.sort(np.concatenate([split.test for split in folds_of_the_article])), np.arange(208))
    for split in folds_of_the_article:
        assert np.array_equal(np.sort(np.concatenate([split.train, split.test])), np.arange(208))
        assert split.test.dtype == split.train.dtype == np.int32


def test_its_generator_goes_on_from_one_class_to_the_next() -> None:
    """Computed by hand: RandomState(7).shuffle of 0..3, and then of 0..2, each cut into two pieces."""
    generator = np.random.RandomState(7)
    first, second = np.arange(4), np.arange(3)
    generator.shuffle(first)
    generator.shuffle(second)
    y = np.array([1, 0, 0, 1, 0, 1, 0], dtype=np.int32)
    zeros, ones = np.array([1, 2, 4, 6]), np.array([0, 3, 5])
    splits = stratified_k_fold(y, 2, 7, "scikit-learn 0.18")
    assert splits[0].test.tolist() == sorted([*zeros[first[:2]], *ones[second[:2]]])
    assert splits[1].test.tolist() == sorted([*zeros[first[2:]], *ones[second[2:]]])


def test_without_shuffling_it_cut_each_class_as_it_stood() -> None:
    y = np.array([1, 0, 0, 1, 0, 1, 0, 0, 1], dtype=np.int32)
    splits = stratified_k_fold(y, 3, None, "scikit-learn 0.18")
    assert [split.test.tolist() for split in splits] == [[0, 1, 2, 3], [4, 5, 6], [7, 8]]


@pytest.mark.parametrize("state", [None, 7])
def test_unstratified_folds_are_scikit_learns(state: int | None) -> None:
    expected = KFold(4, shuffle=state is not None, random_state=state).split(np.zeros(30))
    for split, (train, test) in zip(k_fold(30, 4, state), expected, strict=True):
        assert (split.train.dtype, split.train.tolist()) == (np.int32, train.tolist())
        assert (split.test.dtype, split.test.tolist()) == (np.int32, test.tolist())


def test_a_hold_out_keeps_the_training_rows_in_the_order_of_train_test_split(sonar_labels: np.ndarray) -> None:
    for stratify in (False, True):
        split = hold_out(sonar_labels, 69, 3, stratify=stratify)
        train, test = train_test_split(
            np.arange(208), test_size=0.33, random_state=3, stratify=sonar_labels if stratify else None
        )
        assert (split.train.dtype, split.train.tolist()) == (np.int32, train.tolist())
        assert (split.test.dtype, split.test.tolist()) == (np.int32, sorted(test))


def test_a_hold_out_without_a_state_takes_the_last_rows() -> None:
    split = hold_out(np.zeros(10), 3, None)
    assert (split.train.tolist(), split.test.tolist()) == ([*range(7)], [7, 8, 9])


def possible_means(sizes: list[int]) -> set[str]:
    """Every mean of fold accuracies, each of whole rows right, as an article prints it: in percent to two decimals."""
    sums = {Fraction(0)}
    for size in sizes:
        sums = {total + Fraction(right, size) for total in sums for right in range(size + 1)}
    return {f"{float(100 * total / len(sizes)):.2f}" for total in sums}


def test_the_articles_means_are_possible_with_these_folds_and_two_of_them_are_not_with_todays(
    sonar_labels: np.ndarray, folds_of_the_article: list[Split]
) -> None:
    then = possible_means([len(split.test) for split in folds_of_the_article])
    today = possible_means([len(split.test) for split in stratified_k_fold(sonar_labels, 10, 7)])
    assert {"86.04", "83.52", "83.59"} <= then
    assert {"86.04", "83.52", "83.59"} & today == {"83.52"}
