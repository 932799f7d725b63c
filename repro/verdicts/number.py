"""A reported figure: could one run have printed it, and how far from it is the experiment's mean?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from repro.verdicts.intervals import (
    TIE,
    around,
    as_sample,
    inside,
    mean_interval,
    mean_of,
    not_negative,
    prediction_interval,
    sd_of,
    t_quantile,
)
from repro.verdicts.number_sentence import listing_sentence, sentence_of
from repro.verdicts.types import (
    ENOUGH_SEEDS,
    MIN_SEEDS,
    Distribution,
    Floats,
    ListingVerdict,
    NumberVerdict,
    NumberWord,
)

LISTING_LEVEL = 0.05
"""Listed figures are NOT REPRODUCED where at most this share of runs has so many outside: never below 19 seeds."""


def describe(values: ArrayLike) -> Distribution:
    """Distribution of a figure that the article does not print; `values` has shape (n,), n >= 1, all finite."""
    x = as_sample(values)
    n, mean, sd = x.size, mean_of(x), sd_of(x)
    return Distribution(
        n=n,
        mean=mean,
        sd=sd,
        minimum=float(x.min()),
        maximum=float(x.max()),
        prediction=prediction_interval(mean, sd, n),
        confidence=mean_interval(mean, sd, n, 0.95),
    )


def judge_number(values: ArrayLike, article: float, half_width: float, margin: float | None) -> NumberVerdict:
    """Verdict on a reported figure.

    `values`: shape (n,), one figure per seed, finite. `article`, `half_width` (half of its last printed digit) and
    `margin` (what may differ without changing a conclusion; None where nothing says so) in the same unit. By design 5%
    of true figures fall outside the prediction interval. Where all seeds agree to the bit, both intervals have shrunk
    to the mean, and rounding and margin decide.
    Raises ValueError for no values, NaN or infinity anywhere, or a negative margin or half-width.
    """
    x = as_sample(values)
    h, d = not_negative(half_width, "half_width"), None if margin is None else not_negative(margin, "margin")
    if not np.isfinite(article):
        raise ValueError(f"article: expected a finite figure, got {article}")
    n, mean, sd = x.size, mean_of(x), sd_of(x)
    prediction = prediction_interval(mean, sd, n, h)
    ninety, confidence = mean_interval(mean, sd, n, 0.90), mean_interval(mean, sd, n, 0.95)
    in_prediction = prediction is not None and prediction[0] - TIE <= article <= prediction[1] + TIE
    close = ninety is not None and d is not None and inside(ninety, article, d + h)
    verdict, rank = _verdict(n, in_prediction, close, d), _rank(x, article, h)
    judged = NumberVerdict(
        verdict=verdict,
        at_edge=verdict == "COMPATIBLE" and _in_outer_tenth(rank, n),
        article=article,
        n=n,
        mean=mean,
        sd=sd,
        prediction=prediction,
        difference=mean - article,
        difference_interval=None if confidence is None else (confidence[0] - article, confidence[1] - article),
        mean_interval=ninety,
        margin=d,
        half_width=h,
        in_prediction=in_prediction,
        close=close,
        rank=rank,
        seeds_needed=MIN_SEEDS if verdict == "TOO FEW SEEDS" else None,
        sentence="",
    )
    return replace(judged, sentence=sentence_of(judged))


def judge_listing(values: ArrayLike, article: ArrayLike, half_width: float) -> ListingVerdict:
    """Verdict on an article's figures of several steps.

    `values`: (n seeds, k steps), finite; `article`: (k,), what is printed of the same steps, each rounded to
    ± `half_width`. The article's count of figures outside the 95% prediction intervals is ranked among the counts of
    our own runs, each held against the other n - 1, so it does not matter how much the steps of one run have in common.
    Raises ValueError for other shapes, no values, NaN, infinity or a negative half-width.
    """
    x = np.asarray(values, dtype=np.float64)
    y = as_sample(article, "article")
    if x.ndim != 2 or x.shape[0] == 0 or x.shape[1] != y.size:
        raise ValueError(f"values: expected a matrix of seeds by {y.size} steps, got an array of shape {x.shape}")
    n = x.shape[0]
    each = tuple(judge_number(column, float(figure), half_width, None) for column, figure in zip(x.T, y, strict=True))
    outside = sum(v.prediction is not None and not v.in_prediction for v in each)
    ours = np.asarray([_outside(x[i], np.delete(x, i, axis=0), half_width) for i in range(n)])
    probability = None if n < MIN_SEEDS else (1 + int(np.count_nonzero(ours >= outside))) / (n + 1)
    verdict: NumberWord = "TOO FEW SEEDS"
    if probability is not None:
        verdict = "COMPATIBLE" if probability > LISTING_LEVEL else "NOT REPRODUCED"
    judged = ListingVerdict(verdict, each, outside, float(ours.mean()), probability, sentence="")
    return replace(judged, sentence=listing_sentence(judged, n))


def _verdict(n: int, in_prediction: bool, close: bool, margin: float | None) -> NumberWord:
    if n < MIN_SEEDS:
        return "TOO FEW SEEDS"
    if margin is None:
        return "NOT JUDGED"
    if in_prediction:
        return "REPRODUCED" if close and n >= ENOUGH_SEEDS else "COMPATIBLE"
    return "CLOSE" if close else "NOT REPRODUCED"


def _rank(x: Floats, article: float, h: float) -> tuple[int, int]:
    """Rank of `article`; a run that would be printed as the same figure ties with it."""
    low, high = around(article, h + TIE)
    return int(np.count_nonzero(x < low)) + 1, int(np.count_nonzero(x <= high)) + 1


def _in_outer_tenth(rank: tuple[int, int], n: int) -> bool:
    """Whether every rank that the value may have is among the lowest, or among the highest, tenth of n + 1."""
    low, high = rank
    return 10 * high <= n + 1 or 10 * (n + 2 - low) <= n + 1


def _outside(run: Floats, others: Floats, rounding: float) -> int:
    """How many of a run's (k,) figures lie outside the prediction intervals of the (m, k) others; none for m < 2."""
    m = others.shape[0]
    if m < 2:
        return 0
    half = t_quantile(0.975, m - 1) * others.std(axis=0, ddof=1) * np.sqrt(1 + 1 / m) + rounding + TIE
    return int(np.count_nonzero(np.abs(run - others.mean(axis=0)) > half))
