"""The GRIM test, against arithmetic by hand, every possible table of small folds, and figures of an article."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest

from repro.datasets.splits import fold_sizes, stratified_k_fold
from repro.verdicts.grim import SINGLE_PRECISION, mean_over_folds, whole_rows

FOUR = Fraction(1, 20_000)
"""Half of the last of four decimals."""


def of(printed: str) -> Fraction:
    return Fraction(printed)


@pytest.mark.parametrize(
    ("printed", "half", "rows", "counts"),
    [
        ("0.8155", FOUR, 208, []),  # 169.624 of 208
        ("0.8173", FOUR, 208, [170]),  # 170 / 208 = 0.81731
        ("0.8812", FOUR, 10_000, [8812]),
        ("0.25", Fraction(1, 200), 2, []),  # 0.245 to 0.255
        ("0.25", Fraction(1, 4), 2, [0, 1]),  # 0 to 0.5, both ends included
        ("1", Fraction(1, 200), 10, [10]),
        ("0", Fraction(1, 200), 10, [0]),
        ("0.5", Fraction(1, 20), 30, [14, 15, 16]),  # 13.5 to 16.5
    ],
)
def test_whole_rows(printed, half, rows, counts):
    assert list(whole_rows(of(printed), half, rows)) == counts


@pytest.mark.parametrize("right", [1, 777, 8812, 9999])
def test_whole_rows_know_what_single_precision_makes_of_a_share(right):
    printed = repr(float(np.float32(right / 10_000)))
    assert list(whole_rows(of(printed), Fraction(1, 10**18), 10_000)) == [right]


OLD, TODAY = [22] + [21] * 6 + [20] * 3, [21] * 8 + [20] * 2


@pytest.mark.parametrize(
    ("printed", "old", "today"), [("0.8604", True, False), ("0.8359", True, False), ("0.8352", True, True)]
)
def test_ten_folds_of_208_rows(printed, old, today):
    assert mean_over_folds(of(printed), FOUR, OLD) is old
    assert mean_over_folds(of(printed), FOUR, TODAY) is today


def test_every_table_of_small_folds():
    draw = random.Random(1)
    answers = []
    for _ in range(200):
        sizes = [draw.randint(1, 5) for _ in range(draw.randint(2, 4))]
        tables = itertools.product(*(range(size + 1) for size in sizes))
        means = {sum(map(Fraction, table, sizes)) / len(sizes) for table in tables}
        near = draw.choice(sorted(means)) + draw.choice([0, Fraction(1, 300)])
        value, half = Fraction(round(1000 * near), 1000), Fraction(1, 2000)
        reach = half + value * SINGLE_PRECISION
        possible = any(abs(mean - value) <= reach for mean in means)
        assert mean_over_folds(value, half, sizes) is possible, (sizes, value)
        answers.append(possible)
    assert 20 < sum(answers) < 180


def test_many_folds_of_many_sizes():
    sizes = range(101, 140, 2)
    assert mean_over_folds(of("0.86123456789"), Fraction(0), sizes)
    assert not mean_over_folds(Fraction(1, 10_000), Fraction(1, 100_000), sizes)  # less than one row of the largest
    assert not mean_over_folds(of("0.50005"), Fraction(1, 100_000), [64, 128, 256, 512])  # between two 2048ths


@pytest.mark.parametrize("as_in", [None, "scikit-learn 0.18"])
def test_fold_sizes_are_those_of_the_splits(as_in):
    generator = np.random.default_rng(2)
    for counts in ([111, 97], [7, 12, 9], [23, 24, 25, 26], [40, 5]):
        labels = generator.permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int32)
        for folds in (2, 3, 5):
            sizes = sorted((len(split.test) for split in stratified_k_fold(labels, folds, 4, as_in)), reverse=True)
            assert fold_sizes(counts, folds, as_in) == tuple(sizes)
