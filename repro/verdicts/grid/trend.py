"""A trend over a grid as a contrast: weights for `ClaimInput`."""

from __future__ import annotations

from numpy.typing import ArrayLike

from repro.verdicts.intervals import as_sample


def trend_weights(x: ArrayLike) -> tuple[float, ...]:
    """Weights of k points at `x` whose sum is the least-squares slope per unit of `x`.

    (x_i - mean) / sum of (x_j - mean)^2: of a line through one seed's figures. `x`: (k,), finite, not all the same; the
    log2 of widths makes the unit a doubling. The weights add up to 0, so the slope is the same whatever is added to
    every point, and its standard error is that of the slopes over the seeds: points of one seed may have their
    variation in common, and each point its own spread. A slope is no statement of straightness.
    For the trend of a gain, the points with it have these weights and those without have them with the other sign.
    Raises ValueError for another shape, NaN or infinity, or a single value.
    """
    at = as_sample(x, "x")
    if at.min() == at.max():
        raise ValueError(f"x: expected two different values or more, got {at.tolist()}")
    centred = at - at.mean()
    return tuple(float(weight) for weight in centred / (centred @ centred))
