"""Has anything changed since the committed results? Fresh seeds against the committed ones, in any environment.

A permutation test of the difference of means: it holds its error rate whatever the distribution, where a t test with
one failing run in twenty does not. The rule around it: alpha = 1% for a whole run of the check, divided by the
figures tested (`alpha_each`); FRESH_SEEDS fresh seeds; what fails is tried once more with RETRY_SEEDS other fresh
seeds, at the same alpha, and is a regression only if it fails again.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import chain, combinations
from math import ceil, comb, floor

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repro.verdicts.intervals import TIE, as_sample, mean_of
from repro.verdicts.types import CheckTest, CheckWord, Floats

TOTAL_ALPHA = 0.01
FRESH_SEEDS = 5
RETRY_SEEDS = 10
MIN_REFERENCE = 20
"""Committed seeds below which the test is too coarse to be worth its green."""

PERMUTATIONS = 99_999
SIMULATED = 400
_ROOT = 20_240_607  # any fixed number: the same figures give the same p-value everywhere


def alpha_each(total_alpha: float, figures: int) -> float:
    """Share of the check's alpha that each of `figures` tests gets (Bonferroni).

    Raises ValueError without figures: a check that measured nothing has no error rate and must not look green.
    """
    if figures < 1 or not 0 < total_alpha < 1:
        raise ValueError(f"expected at least one figure and an alpha between 0 and 1, got {figures} and {total_alpha}")
    return total_alpha / figures


def smallest_p(n: int, m: int) -> float:
    """Smallest p-value that m fresh against n reference seeds can give, where all fresh figures lie beyond the others.

    1/C(n+m, m) up to 99,999 arrangements (twice that where m = n: the mirror image is as extreme); beyond, 1/100,000
    or a few times that. With m = 5: 1.9e-5 at n = 20.
    """
    subsets, added = _arrangements(n + m, m, PERMUTATIONS)
    fresh = np.count_nonzero(subsets >= n, axis=0)
    extreme = int(np.count_nonzero(np.abs(fresh * (n + m) - m * m) >= m * n))
    return float((extreme + added) / (subsets.shape[1] + added))


def permutation_p(reference: ArrayLike, fresh: ArrayLike) -> float:
    """Two-sided permutation p-value of the difference of means of (n,) reference and (m,) fresh figures.

    Exact where there are at most 99,999 arrangements; otherwise over 99,999 fixed random ones, the one at hand added
    to both counts (Phipson and Smyth 2010), so that the p-value is never 0 and the error rate is held.
    Raises ValueError for no values, NaN or infinity.
    """
    x, y = as_sample(reference, "reference"), as_sample(fresh, "fresh")
    pooled = np.concatenate([x, y])
    # The difference of means is a rising linear function of the fresh sum, so centred sums are compared instead.
    pooled -= pooled.mean()
    subsets, added = _arrangements(pooled.size, y.size, PERMUTATIONS)
    limit = abs(pooled[x.size :].sum()) - TIE * y.size
    extreme = int(np.count_nonzero(np.abs(pooled[subsets].sum(axis=0)) >= limit))
    return float((extreme + added) / (subsets.shape[1] + added))


def _arrangements(size: int, m: int, at_most: int) -> tuple[NDArray[np.intp], int]:
    """All m-subsets of range(size) and 0, or, if they are more than `at_most`, so many random ones and 1.

    The second figure is what a p-value adds to both of its counts, for the arrangement at hand.
    """
    if comb(size, m) <= at_most:
        return _all_subsets(size, m), 0
    return _random_subsets(size, m, at_most), 1


@lru_cache(maxsize=4)
def _all_subsets(size: int, m: int) -> NDArray[np.intp]:
    """Every m-subset of range(size), one a column: shape (m, C(size, m))."""
    count = comb(size, m)
    flat = np.fromiter(chain.from_iterable(combinations(range(size), m)), dtype=np.intp, count=count * m)
    return np.ascontiguousarray(flat.reshape(count, m).T)


@lru_cache(maxsize=4)
def _random_subsets(size: int, m: int, count: int) -> NDArray[np.intp]:
    """`count` uniform random m-subsets of range(size), one a column, always the same ones: shape (m, count).

    Floyd's algorithm (Bentley and Floyd 1987), all columns at once.
    """
    rng = np.random.default_rng([_ROOT, size, m, count])
    chosen = np.full((m, count), -1, dtype=np.intp)
    for row, last in enumerate(range(size - m, size)):
        candidate = rng.integers(0, last + 1, count)
        taken = (chosen[:row] == candidate).any(axis=0)
        chosen[row] = np.where(taken, last, candidate)
    return chosen


def detectable_shift(reference: ArrayLike, m: int, alpha: float, power: float = 0.8) -> float:
    """Smallest shift of the mean that m fresh seeds find at `alpha` with this power, in the harder direction.

    By simulation, always the same one: 400 times n committed and m fresh seeds are drawn from the reference with
    replacement, and the shift is found from which each of them is CHANGED (over 4,999 or 10/alpha random arrangements,
    or all where they are no more). The 400 draws leave the answer uncertain by 2 or 3%. Without outliers it is near
    the t test's (t(1-alpha/2) + t(power)) s sqrt(1/n + 1/m): 1.7 s for n = 40, m = 5, alpha = 1%. 0 where all
    reference seeds agree: then any shift is found.
    Raises ValueError where no shift can be found because `smallest_p` is above alpha.
    """
    x = as_sample(reference, "reference")
    n = x.size
    if smallest_p(n, m) > alpha:
        raise ValueError(f"{m} fresh against {n} reference seeds never give a p-value of {alpha:.3g} or less")
    if x.max() - x.min() <= TIE:
        return 0.0
    rng = np.random.default_rng([_ROOT, n, m])
    pooled = rng.choice(x, size=(n + m, SIMULATED))
    pooled -= pooled.mean(axis=0)
    subsets, added = _arrangements(n + m, m, min(PERMUTATIONS, max(4_999, ceil(10 / alpha) - 1)))
    allowed = floor(alpha * (subsets.shape[1] + added) + 1e-9) - added
    shifts = np.sort(_critical_shifts(pooled, subsets, allowed), axis=1)[:, ceil(power * SIMULATED) - 1]
    # Drawing from n seeds shrinks their variance by (n-1)/n on average.
    return float(shifts.max() * np.sqrt(n / (n - 1)))


def _critical_shifts(pooled: Floats, subsets: NDArray[np.intp], allowed: int) -> Floats:
    """For each centred column of `pooled` (n+m seeds, simulations): the shift above which its fresh seeds are CHANGED.

    That is where no more than `allowed` arrangements are as extreme as the one at hand. A shift d adds d * e to an
    arrangement's sum s, with e rising with the fresh seeds it holds, and d * E to the sum o at hand, E > |e|. So it is
    as extreme, |s + d e| >= o + d E, up to the larger of (s - o) / (E - e) and (-s - o) / (E + e), and never beyond.
    Among arrangements with as many fresh seeds these rise and fall with s: only their largest and smallest sums count.
    The result has shape (2, simulations): shifts up, and shifts down.
    """
    (m, _), size = subsets.shape, len(pooled)
    fresh = np.count_nonzero(subsets >= size - m, axis=0)
    own = m - m * m / size
    always = np.isclose(np.abs(fresh - m * m / size), own)
    allowed -= int(np.count_nonzero(always))
    alike = [subsets[:, ~always & (fresh == count)] for count in range(m + 1)]
    ends = [_ends(pooled, group, allowed + 1) for group in alike]
    sums = np.concatenate(ends, axis=1)
    entering = np.repeat(np.arange(m + 1), [each.shape[1] for each in ends]) - m * m / size
    observed = pooled[size - m :].sum(axis=0)[:, None]
    position = sums.shape[1] - 1 - allowed
    result = []
    for sign in (1, -1):
        limit = sign * observed - TIE * m
        last = np.maximum((sign * sums - limit) / (own - entering), (-sign * sums - limit) / (own + entering))
        result.append(np.partition(last, position, axis=1)[:, position])
    return np.asarray(result, dtype=np.float64)


def _ends(pooled: Floats, subsets: NDArray[np.intp], count: int) -> Floats:
    """The `count` smallest and largest sums over the subsets, or all: (columns of `pooled`, sums), of each column."""
    columns = np.ascontiguousarray(pooled.T)
    if subsets.shape[1] <= 2 * count:
        return _sums(columns, subsets)
    found = np.empty((len(columns), 2 * count))
    for column, ends in zip(columns, found, strict=True):  # all columns at once would leave the cache
        sums = np.partition(_sums(column, subsets), [count - 1, -count])
        ends[:count], ends[count:] = sums[:count], sums[-count:]
    return found


def _sums(values: Floats, subsets: NDArray[np.intp]) -> Floats:
    """Sums of (..., size) values over each subset: (..., subsets)."""
    sums = np.zeros((*values.shape[:-1], subsets.shape[1]))
    for row in subsets:
        sums += values.take(row, axis=-1, mode="clip")
    return sums


def judge_check(reference: ArrayLike, fresh: ArrayLike, alpha: float) -> CheckTest:
    """Test of one figure of the check: (n,) committed seeds, (m,) fresh ones, tested at `alpha` (see `alpha_each`).

    CHANGED if p <= alpha. TOO FEW SEEDS with fewer than 20 committed seeds or where no p-value that small is possible.
    Raises ValueError for no values, NaN or infinity, or an alpha below 1e-5.
    """
    x, y = as_sample(reference, "reference"), as_sample(fresh, "fresh")
    if not 1 / (PERMUTATIONS + 1) <= alpha < 1:
        raise ValueError(f"alpha: expected {1 / (PERMUTATIONS + 1):.0e} or more, and less than 1, got {alpha:.3g}")
    test = CheckTest(
        verdict="TOO FEW SEEDS",
        reference_n=x.size,
        fresh_n=y.size,
        reference_mean=mean_of(x),
        fresh_mean=mean_of(y),
        shift=mean_of(y) - mean_of(x),
        p_value=None,
        alpha=alpha,
        smallest_p=smallest_p(x.size, y.size),
        detectable=None,
    )
    if test.reference_n >= MIN_REFERENCE and test.smallest_p <= alpha:
        p = permutation_p(x, y)
        verdict: CheckWord = "CHANGED" if p <= alpha else "UNCHANGED"
        test = replace(test, verdict=verdict, p_value=p, detectable=detectable_shift(x, y.size, alpha))
    return test
