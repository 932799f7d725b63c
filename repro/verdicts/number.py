"""Is the article's value what this experiment gives?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from repro.verdicts.intervals import (
    as_sample,
    inside,
    mean_interval,
    mean_of,
    not_negative,
    prediction_interval,
    sd_of,
)
from repro.verdicts.types import MIN_SEEDS, Distribution, Floats, NumberVerdict, NumberWord


def accuracy_margin(y: float, n_test: int) -> float:
    """Default margin of an accuracy: 1.96 sqrt(y(1-y)/n_test), what re-drawing the test set would make of it.

    `y` is a fraction; at exactly 0 or 1 the margin is 0 and only the rounding of the article's value is left.
    Raises ValueError for another y, or no test rows.
    """
    if not 0 <= y <= 1 or n_test < 1:
        raise ValueError(f"expected an accuracy between 0 and 1 and at least one test row, got {y} and {n_test}")
    return float(ndtri(0.975) * np.sqrt(y * (1 - y) / n_test))


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


def judge_number(values: ArrayLike, article: float, half_width: float, margin: float) -> NumberVerdict:
    """Verdict on a reported figure.

    `values`: shape (n,), one figure per seed, finite. `article`, `half_width` (half of its last printed digit) and
    `margin` (what counts as the same) in the same unit. By design 5% of true figures fall outside the prediction
    interval. Where all seeds agree to the bit, both intervals have shrunk to the mean and rounding and margin decide.
    Raises ValueError for no values, NaN or infinity anywhere, or a negative margin or half-width.
    """
    x = as_sample(values)
    h, d = not_negative(half_width, "half_width"), not_negative(margin, "margin")
    if not np.isfinite(article):
        raise ValueError(f"article: expected a finite figure, got {article}")
    n, mean, sd = x.size, mean_of(x), sd_of(x)
    prediction = prediction_interval(mean, sd, n, h)
    interval = mean_interval(mean, sd, n, 0.90)
    in_prediction = prediction is not None and prediction[0] <= article <= prediction[1]
    equivalent = interval is not None and inside(interval, article, d + h)
    verdict = _verdict(n, in_prediction, equivalent)
    return NumberVerdict(
        verdict=verdict,
        article=article,
        n=n,
        mean=mean,
        sd=sd,
        prediction=prediction,
        mean_interval=interval,
        confidence=mean_interval(mean, sd, n, 0.95),
        margin=d,
        half_width=h,
        in_prediction=in_prediction,
        equivalent=equivalent,
        rank=_rank(x, article, h),
        sentence=_sentence(verdict, n, "above" if article > mean else "below"),
    )


def _verdict(n: int, in_prediction: bool, equivalent: bool) -> NumberWord:
    if n < MIN_SEEDS:
        return "TOO FEW SEEDS"
    if in_prediction:
        return "REPRODUCED" if equivalent else "CONSISTENT"
    return "CLOSE" if equivalent else "NOT REPRODUCED"


def _rank(x: Floats, article: float, h: float) -> tuple[int, int]:
    """Rank of `article`; a run that would be printed as the same figure ties with it."""
    below, at_most = np.count_nonzero(x < article - h), np.count_nonzero(x <= article + h)
    return int(below) + 1, int(at_most) + 1


def _sentence(verdict: NumberWord, n: int, side: str) -> str:
    match verdict:
        case "REPRODUCED":
            return "Our mean is within the margin, and a run like the article's is an ordinary one."
        case "CONSISTENT":
            return "A run like the article's is plausible, but closeness of the mean is not shown."
        case "CLOSE":
            return (
                "Our mean is within the margin, yet the article's value lies outside the range of 95% of single runs."
            )
        case "NOT REPRODUCED":
            return (
                f"The article's value lies {side} the range of 95% of single runs, "
                "and our mean is not shown to be within the margin."
            )
        case "TOO FEW SEEDS":
            return f"A verdict needs at least {MIN_SEEDS} seeds and has {n}: run {MIN_SEEDS - n} more."
