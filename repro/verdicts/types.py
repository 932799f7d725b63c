"""What verdicts are made of: plain frozen values, which travel as they are from the test to the last page.

Everything is in the figure's stored unit: an accuracy is a fraction. What a single seed leaves undefined is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Interval = tuple[float, float]

MIN_SEEDS = 5
"""With fewer seeds than this no verdict is given: the t quantiles explode and ranks say nothing."""

ENOUGH_SEEDS = 10
"""With fewer seeds than this a number is COMPATIBLE at most: the interval is wide and the word would be cheap."""

NumberWord = Literal["REPRODUCED", "COMPATIBLE", "CLOSE", "NOT REPRODUCED", "NOT JUDGED", "TOO FEW SEEDS"]
ClaimWord = Literal["CLAIM HOLDS", "OPPOSITE HOLDS", "NO MATERIAL DIFFERENCE", "UNDECIDED", "TOO FEW SEEDS"]
BeyondWord = Literal["shown", "opposite shown", "not shown"]
CheckWord = Literal["UNCHANGED", "CHANGED", "TOO FEW SEEDS"]
Direction = Literal["greater", "less", "equivalent", "noninferior"]
DIRECTED = ("greater", "less")
"""Directions that claim a difference; the others claim that there is none of the size of the margin."""


@dataclass(frozen=True)
class Resolution:
    """What may differ without changing a conclusion, in stored units, and why it is so much."""

    value: float
    reason: str


@dataclass(frozen=True)
class Distribution:
    """One figure of one experiment over n seeds."""

    n: int
    mean: float
    sd: float | None
    minimum: float
    maximum: float
    prediction: Interval | None
    """95% interval for one further run."""
    confidence: Interval | None
    """95% confidence interval of the mean."""


@dataclass(frozen=True)
class NumberVerdict:
    """The article's value against n runs of ours: could one run have printed it, and how far is our mean?

    `sd` and the intervals are None for a single seed, which is TOO FEW SEEDS.
    """

    verdict: NumberWord
    """NOT JUDGED where there is no margin: the value is ranked and no more."""
    at_edge: bool
    """COMPATIBLE, and the article's value is among the outer tenth of the n + 1 values, at either end."""
    article: float
    n: int
    mean: float
    sd: float | None
    prediction: Interval | None
    """The accepted range: 95% interval for one further run, widened by the rounding of the article's value."""
    difference: float
    """Our mean minus the article's value."""
    difference_interval: Interval | None
    """95% interval of `difference` (of our mean: the article's value is taken as printed)."""
    mean_interval: Interval | None
    """90% interval of the mean: inside article ± (margin + half_width) means close (two one-sided 5% tests)."""
    margin: float | None
    half_width: float
    in_prediction: bool
    close: bool
    """False too where there is no margin."""
    rank: tuple[int, int]
    """Rank of the article's value among the n+1 values, 1 the lowest: from..to where it ties with ours."""
    seeds_needed: int | None
    """How many seeds there have to be in all where there are TOO FEW SEEDS; else None."""
    sentence: str


@dataclass(frozen=True)
class ListingVerdict:
    """Figures that an article lists by step, judged together against n runs of ours."""

    verdict: NumberWord
    """COMPATIBLE, NOT REPRODUCED (so many outside in at most 5% of runs) or TOO FEW SEEDS."""
    each: tuple[NumberVerdict, ...]
    """Of each step by itself, without a margin."""
    outside: int
    """How many of the listed values lie outside the 95% interval for one further run."""
    expected: float
    """How many of one of our own runs do, on average, each held against the others."""
    probability: float | None
    """Share of runs, ours and the article's, with at least so many outside; None for TOO FEW SEEDS."""
    sentence: str


@dataclass(frozen=True, eq=False)
class ClaimInput:
    """A claim about a weighted sum of experiments, paired by seed; A against B has the weights 1 and -1.

    `values`: (k experiments, n seeds), finite, column s of one seed. `weights`: k numbers. `direction`: greater or less
    than 0, equivalent to it within `margin`, or noninferior: above -`margin`, which is then not 0. `correct`: of shape
    (k, n, N), whether each of N rows was predicted right; None where that is not known. `article`: the same sum of
    the article's figures, and half of its last digit (summed likewise); None where it does not print them all.
    `against`: what the sum is held against, and less of which all differences are; a figure against a number has the
    weight 1. `of_rows`: whether the figures are of rows of data.
    """

    values: ArrayLike
    weights: tuple[float, ...]
    direction: Direction
    margin: float
    correct: NDArray[np.bool_] | None = None
    article: float | None = None
    article_half_width: float = 0.0
    against: float = 0.0
    of_rows: bool = True
    stands_for: int = 1
    """How many sums, of all of which the same is claimed, this is the least favourable of (`grid.region.all_of`)."""
    half: bool = False
    """These seeds are one half of all: the other half has chosen what is compared (`grid.best`)."""


@dataclass(frozen=True)
class Beyond:
    """The same difference for other seeds and other rows: crossed random effects of seeds and rows."""

    word: BeyondWord
    """By the p-value after Holm's correction; "not shown" is no verdict of equality."""
    interval: Interval
    """95%, not corrected for several claims, and no shorter than that on these rows."""
    p_value: float
    p_holm: float | None
    rows: int


@dataclass(frozen=True)
class ClaimVerdict:
    """A weighted sum of experiments, A - B for two, over n seeds."""

    verdict: ClaimWord
    direction: Direction
    small: bool
    """A difference is shown, either way, and the whole interval lies within ±margin."""
    on_average_only: bool
    """A difference is shown, either way, and fewer than three pairs of runs in four show it."""
    n: int
    weights: tuple[float, ...]
    means: tuple[float, ...]
    """Of each experiment over the n seeds."""
    difference: float
    """Mean of the sum, less what it is held against: A - B, whatever is claimed."""
    interval: Interval | None
    """Its interval at `level` on these rows of data (other seeds), not corrected for several claims."""
    level: float
    """0.95 unless looks at growing numbers of seeds share the error."""
    wins: int
    """Runs (pairs of runs) that show what is claimed."""
    losses: int
    ties: int
    share: float
    """(wins + ties/2) / n: how often one pair of runs shows the claim."""
    wilson: Interval
    """95% interval of the share."""
    p_value: float | None
    """Two-sided t test of no difference; for "equivalent" and "noninferior" the p-value of the side of the margin that
    the mean is on. Of the least favourable of several sums; against the claim it is multiplied by their number."""
    p_holm: float | None
    """The same after Holm's correction over the article's claims; None where no family was given."""
    size: float | None
    """The difference in standard deviations of a single run (pooled over the experiments); None where that is 0."""
    beyond: Beyond | None
    """None where it is not known which rows were predicted right, and for TOO FEW SEEDS."""
    article: NumberVerdict | None
    """The article's own difference as a figure, against one further pair of runs; None where it prints none."""
    detectable: float | None
    """Smallest true mean difference found with 80% power, whatever becomes of the article's other claims."""
    seeds_needed: int | None
    """Seeds, in all, that settle an UNDECIDED or TOO FEW SEEDS; None elsewhere and where no number does."""
    margin: float
    stands_for: int
    """As in `ClaimInput`; where it is more than 1, nothing is called small or NO MATERIAL DIFFERENCE."""
    half: bool
    """As in `ClaimInput`; `seeds_needed` counts both halves."""
    sentence: str
    """What the verdict means, without figures."""


@dataclass(frozen=True)
class Unpaired:
    """Difference of the means of A and B, its 95% interval, and how often one run of A is above one of B."""

    difference: float
    interval: Interval | None
    """None where one of the two has a single run."""
    share: float
    """Over all pairs of runs, ties counting half: the Mann-Whitney estimate of P(A > B)."""


@dataclass(frozen=True)
class FoldSpread:
    """Spread over folds within a seed: its mean over the seeds, and the smallest and largest seed's."""

    mean: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class VarianceComponent:
    """One source of variance of an accuracy as a standard deviation, and what it is over."""

    name: Literal["seed", "fold", "test_set", "fold_test_set"]
    label: str
    sd: float


@dataclass(frozen=True)
class CheckTest:
    """Fresh seeds of one figure against its reference; `p_value` and `detectable` are None where it was refused."""

    verdict: CheckWord
    reference_n: int
    fresh_n: int
    reference_mean: float
    fresh_mean: float
    shift: float
    """Fresh mean minus reference mean."""
    p_value: float | None
    alpha: float
    smallest_p: float
    """The smallest p-value that this many seeds can give."""
    detectable: float | None
    """Smallest shift of the mean, in the harder direction, that is found with 80% power."""


@dataclass(frozen=True)
class Judged:
    """What became of one figure of a check; `retry` is None where the first seeds passed or no retry could be had."""

    first: CheckTest
    retry: CheckTest | None

    @property
    def last(self) -> CheckTest:
        """The test that decides."""
        return self.retry or self.first
