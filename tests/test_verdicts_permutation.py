"""The check against committed results: its p-values by hand and by enumeration, its errors by simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.special import ndtri

from repro.verdicts.permutation import alpha_each, detectable_shift, judge_check, permutation_p, smallest_p

NORMAL = 0.85 + 0.02 * ndtri((np.arange(40) + 0.5) / 40)  # forty evenly spaced quantiles


@pytest.mark.parametrize(
    ("reference", "fresh", "p"),
    [
        ([1, 2, 3], [10], 1 / 4),  # distances of each from the mean 4: 3, 2, 1, 6
        ([1, 2, 10], [3], 4 / 4),  # 3, 2, 6 and the smallest, 1
        ([1, 2], [3, 4], 2 / 6),  # sums 7 and 3 are as far from 5 as each other
        ([1, 1, 2, 2], [2, 2], 7 / 15),  # ties: 6 of 15 pairs are {2, 2}, and {1, 1} is farther from 10/3 still
        ([0.5, 0.5], [0.5, 0.5], 1.0),
    ],
)
def test_p_value_by_hand(reference, fresh, p):
    assert permutation_p(reference, fresh) == pytest.approx(p)


def enumerated_p(reference, fresh):
    pooled = np.concatenate([reference, fresh])
    rest = pooled.size - fresh.size
    sums = np.array([sum(chosen) for chosen in combinations(pooled, fresh.size)])
    gaps = np.abs(sums / fresh.size - (pooled.sum() - sums) / rest)
    return np.mean(gaps >= abs(fresh.mean() - reference.mean()) - 1e-7)


def test_exact_p_value_is_that_of_a_plain_enumeration():
    rng = np.random.default_rng(1)
    reference, fresh = rng.normal(0.85, 0.02, 20), rng.normal(0.865, 0.02, 3)
    assert permutation_p(reference, fresh) == pytest.approx(enumerated_p(reference, fresh), abs=1e-12)


def test_random_permutations_are_near_the_enumeration_and_always_the_same():
    rng = np.random.default_rng(2)
    reference, fresh = rng.normal(0.85, 0.02, 30), rng.normal(0.86, 0.02, 5)  # 324,632 arrangements
    exact = enumerated_p(reference, fresh)
    assert permutation_p(reference, fresh) == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 99_999))
    assert permutation_p(reference, fresh) == permutation_p(reference, fresh)


def test_single_precision_rounding_changes_no_p_value():
    reference, fresh = np.round(NORMAL, 3), np.round(NORMAL[:5], 3)
    assert permutation_p(reference.astype(np.float32), fresh.astype(np.float32)) == permutation_p(reference, fresh)


@pytest.mark.parametrize(
    ("n", "m", "smallest"),
    [(3, 1, 1 / 4), (2, 2, 2 / 6), (20, 2, 1 / 231), (20, 5, 1 / 53_130), (30, 5, 1e-5), (40, 10, 1e-5)],
)
def test_smallest_p_value_is_reached_by_the_farthest_figures(n, m, smallest):
    assert smallest_p(n, m) == pytest.approx(smallest)
    assert permutation_p(np.arange(n), 1000.0 + np.arange(m)) == smallest_p(n, m)


def test_alpha_is_shared_by_the_figures():
    assert alpha_each(0.01, 10) == pytest.approx(0.001)


@pytest.mark.parametrize(("total", "figures"), [(0.01, 0), (0.0, 3), (1.0, 3)])
def test_a_check_of_nothing_has_no_alpha(total, figures):
    with pytest.raises(
        ValueError, match=f"at least one figure and an alpha between 0 and 1, got {figures} and {total}"
    ):
        alpha_each(total, figures)


def test_detectable_shift_is_that_of_the_t_test_without_outliers():
    # (t(.995, 43) + t(.8, 43)) sqrt(1/40 + 1/5) = (2.6951 + .8504) * .47434 = 1.682 standard deviations
    assert detectable_shift(NORMAL, 5, 0.01) / NORMAL.std(ddof=1) == pytest.approx(1.682, rel=0.05)


def test_detectable_shift_is_found_four_times_in_five_in_the_harder_direction():
    rng = np.random.default_rng(3)
    skewed = 0.9 - rng.gamma(1.0, 0.02, 30)
    shift = detectable_shift(skewed, 5, 0.01)
    found = {
        sign: np.mean([permutation_p(skewed, rng.choice(skewed, 5) + sign * shift) <= 0.01 for _ in range(400)])
        for sign in (1, -1)
    }
    assert min(found.values()) == pytest.approx(0.8, abs=4 * np.sqrt(2 * 0.8 * 0.2 / 400))
    assert detectable_shift(skewed, 10, 0.01) < shift < detectable_shift(skewed, 5, 0.001)


def test_any_shift_is_detectable_where_all_seeds_agree():
    assert detectable_shift(np.full(20, 0.9), 5, 0.01) == 0.0
    row = judge_check(np.full(20, 0.9), np.full(5, 0.9001), 0.01)
    assert (row.verdict, row.p_value) == ("CHANGED", pytest.approx(1 / 53_130))


def test_no_shift_is_detectable_below_the_smallest_p_value():
    with pytest.raises(ValueError, match=r"^1 fresh against 20 reference seeds never give a p-value of 0.01 or less$"):
        detectable_shift(NORMAL[:20], 1, 0.01)


def test_unchanged():
    row = judge_check(NORMAL, NORMAL[[3, 11, 20, 28, 36]], 0.01)
    assert (row.verdict, row.reference_n, row.fresh_n, row.alpha, row.smallest_p) == ("UNCHANGED", 40, 5, 0.01, 1e-5)
    assert row.shift == pytest.approx(row.fresh_mean - row.reference_mean)
    assert row.p_value > 0.5
    assert row.detectable == detectable_shift(NORMAL, 5, 0.01)


@pytest.mark.parametrize("shift", [0.5, -0.5])
def test_changed(shift):
    row = judge_check(NORMAL, np.full(5, 0.85 + shift), 0.001)
    assert (row.verdict, row.p_value) == ("CHANGED", 1e-5)
    assert row.shift == pytest.approx(0.85 + shift - NORMAL.mean())


def test_too_few_committed_seeds():
    row = judge_check(NORMAL[:12], NORMAL[:5], 0.01)
    assert (row.verdict, row.p_value, row.detectable) == ("TOO FEW SEEDS", None, None)


def test_too_few_fresh_seeds():
    # 1/21 = .048 and 1/231 = .0043 are above .001, 1/1771 = .00056 is not
    row = judge_check(NORMAL[:20], NORMAL[:1], 0.001)
    assert (row.verdict, row.p_value, row.smallest_p) == ("TOO FEW SEEDS", None, pytest.approx(1 / 21))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((NORMAL, [np.nan], 0.01), "fresh: expected finite figures, got 1 of 1 that are NaN or infinite"),
        ((NORMAL, [], 0.01), "fresh: expected a vector of one figure per seed, got an array of shape (0,)"),
        ((NORMAL, [0.8], 1e-6), "alpha: expected 1e-05 or more, and less than 1, got 1e-06"),
    ],
)
def test_bad_figures_are_refused(arguments, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        judge_check(*arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize("failing", [0.0, 0.05])
def test_false_alarms_are_as_rare_as_alpha_even_with_failing_runs(failing):
    rng = np.random.default_rng(4)
    draws = rng.normal(0.85, 0.02, size=(1500, 35))
    draws[rng.random(draws.shape) < failing] = 0.1
    alarms = np.mean([permutation_p(x[:30], x[30:]) <= 0.02 for x in draws])
    assert alarms == pytest.approx(0.02, abs=4 * np.sqrt(0.02 * 0.98 / 1500))
