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

NumberWord = Literal["REPRODUCED", "CONSISTENT", "CLOSE", "NOT REPRODUCED", "TOO FEW SEEDS"]
ClaimWord = Literal[
    "CLAIM HOLDS", "HOLDS ON AVERAGE", "NO MATERIAL DIFFERENCE", "REVERSED", "UNDECIDED", "TOO FEW SEEDS"
]
CheckWord = Literal["UNCHANGED", "CHANGED", "TOO FEW SEEDS"]
Direction = Literal["greater", "less", "equivalent"]


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
    """The article's value against n runs of ours.

    `sd` and the three intervals are None for a single seed, which is TOO FEW SEEDS.
    """

    verdict: NumberWord
    article: float
    n: int
    mean: float
    sd: float | None
    prediction: Interval | None
    """95% interval for one further run, widened by the rounding of the article's value."""
    mean_interval: Interval | None
    """90% interval of the mean: inside article ± (margin + half_width) means equivalent (two one-sided 5% tests)."""
    confidence: Interval | None
    """95% confidence interval of the mean, for tables; no verdict rests on it."""
    margin: float
    half_width: float
    in_prediction: bool
    equivalent: bool
    rank: tuple[int, int]
    """Rank of the article's value among the n+1 values, 1 the lowest: from..to where it ties with ours."""
    sentence: str


@dataclass(frozen=True, eq=False)
class ClaimInput:
    """One claim about `a` against `b`.

    `a`, `b`: shape (n,), a[i] and b[i] of the same seed; `margin`: a difference this small does not matter.
    `folds_a`, `folds_b`: shape (n, k), with `test_fraction` n_test / n_train of one fold; all three in
    cross-validation, otherwise none.
    """

    a: ArrayLike
    b: ArrayLike
    direction: Direction
    margin: float
    folds_a: ArrayLike | None = None
    folds_b: ArrayLike | None = None
    test_fraction: float | None = None


@dataclass(frozen=True)
class ClaimVerdict:
    """A against B over n seeds."""

    verdict: ClaimWord
    direction: Direction
    too_small_to_matter: bool
    """A difference is shown, either way, and yet the whole interval lies inside ±margin."""
    n: int
    difference: float
    """Mean paired difference, positive in the claimed direction (for "equivalent": A - B)."""
    interval: Interval | None
    """95% interval of the mean paired difference, not corrected for several claims."""
    wins: int
    """Paired runs that show what is claimed."""
    losses: int
    ties: int
    share: float
    """(wins + ties/2) / n: how often one paired run shows the claim."""
    wilson: Interval
    """95% interval of the share."""
    p_value: float | None
    """Two-sided paired t test of no difference; for "equivalent" the p-value of the side of ±margin the mean is on."""
    p_holm: float | None
    """The same after Holm's correction over the article's claims; None where no family was given."""
    nadeau_bengio: Interval | None
    """Cross-validation only: 95% interval that allows for other rows of data; more seeds do not shrink it."""
    detectable: float | None
    """Smallest true mean difference found with 80% power."""
    seeds_needed: int | None
    """Seeds, in all, that settle an UNDECIDED or TOO FEW SEEDS; None elsewhere and where no number does."""
    margin: float
    sentence: str


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
