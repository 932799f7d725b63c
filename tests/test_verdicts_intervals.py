"""The intervals against tables, published examples and hand computation."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from repro.verdicts import intervals
from repro.verdicts.intervals import inside, t_quantile, two_sided, upper_tail, wilson


@pytest.mark.parametrize(
    ("probability", "df", "table"),
    [(0.975, 4, 2.776), (0.95, 4, 2.132), (0.975, 29, 2.045), (0.95, 29, 1.699), (0.995, 9, 3.250), (0.5, 3, 0.0)],
)
def test_t_quantiles_are_those_of_the_printed_table(probability, df, table):
    assert t_quantile(probability, df) == pytest.approx(table, abs=5e-4)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(successes, n, low, high):
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_ends_exactly_at_0_and_1_and_splits_ties():
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0
    # p = .9, z² = 3.841459: centre (.9 + .384146) / 1.768292 = .726207,
    # half sqrt(3.841459 (.09/5 + 3.841459/100)) / 1.768292 = .465526 / 1.768292 = .263263
    assert wilson(4.5, 5) == pytest.approx((0.462944, 0.989470), abs=2e-6)


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5), (float("nan"), 5)])
def test_wilson_refuses_what_is_no_proportion(successes, n):
    with pytest.raises(ValueError, match=r"^expected 0 <= successes <= n with n >= 1, got .+ of \d$"):
        wilson(successes, n)


def test_tails_of_t_and_of_a_zero_standard_error():
    # t(.975, 4) = 2.7764451, so a difference of that many standard errors has a tail of .025
    assert upper_tail(2.7764451, 1.0, 4) == pytest.approx(0.025)
    assert two_sided(-2.7764451, 1.0, 4) == pytest.approx(0.05)
    assert [upper_tail(difference, 0.0, 4) for difference in (0.1, 0.0, -0.1)] == [0.0, 0.5, 1.0]
    assert [two_sided(difference, 0.0, 4) for difference in (0.1, 0.0, -0.1)] == [0.0, 1.0, 0.0]


def test_degrees_of_freedom_need_not_be_whole():
    # Between t(.975, 4) = 2.7764 and t(.975, 5) = 2.5706
    assert 2.5706 < t_quantile(0.975, 4.5) < 2.7764


@pytest.mark.parametrize(("interval", "within"), [((0.9, 1.1), True), ((0.89, 1.1), False), ((0.9, 1.11), False)])
def test_an_interval_may_reach_the_ends(interval, within):
    assert inside(interval, 1.0, 0.1) is within


def test_equal_values_have_exactly_their_mean_and_no_spread():
    same = np.full(10, 0.1)
    assert intervals.mean_of(same) == 0.1
    assert intervals.sd_of(same) == 0.0
    assert intervals.sd_of(same[:1]) is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "x: expected a vector of one figure per seed, got an array of shape (0,)"),
        ([[0.1]], "x: expected a vector of one figure per seed, got an array of shape (1, 1)"),
        ([0.1, float("nan"), float("inf")], "x: expected finite figures, got 2 of 3 that are NaN or infinite"),
    ],
)
def test_a_sample_is_a_vector_of_finite_figures(values, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        intervals.as_sample(values, "x")
    assert str(caught.value) == message


def test_verdicts_import_neither_tensorflow_nor_scipy_stats():
    script = (
        "import sys, repro.verdicts.permutation, repro.verdicts.claim, repro.verdicts.number, repro.verdicts.variance;"
        "print([name for name in ('tensorflow', 'keras', 'pandas', 'scipy.stats') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
