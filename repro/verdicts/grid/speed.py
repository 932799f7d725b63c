"""Speed of training: epochs (or updates) until a level, where some runs may never reach it.

Two variants are compared by their restricted times, min(time, horizon), whose mean is the time spent below the level
until the horizon (restricted mean survival time: Royston and Parmar 2013, BMC Medical Research Methodology 13:152).
Every run is followed to the same horizon, so that each restricted time is known, censored or not: the difference of two
is a figure like any other, paired by seed, with a margin in epochs and its place in Holm's correction. The means
of the runs that do reach the level would leave out the slow ones. The median of the differences is not known where
both of a pair are censored, and a sign test says nothing of how much; what it counts stands in the verdict anyway, for
the sign of a restricted difference is that of the true one, or a tie: `wins`, `losses`, `ties` and Wilson's interval.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from repro.verdicts.grid.types import Reached
from repro.verdicts.intervals import as_grid, as_sample
from repro.verdicts.types import ClaimInput, Direction


def first_reached(
    curves: ArrayLike, points: ArrayLike, level: float, towards: Literal["higher", "lower"] = "higher"
) -> Reached:
    """When each run first reaches a level, at or beyond it counting.

    `curves`: (n runs, m points), finite, an accuracy ("higher") or a loss ("lower"); `points`: (m,), the epochs or
    updates at which it was measured, in order. A time is known to within the distance of two points, and a curve that
    jumps is early by chance. Raises ValueError for other shapes, figures that are not finite or points out of order.
    """
    y, at = as_grid(curves, "curves"), as_sample(points, "points")
    if at.size != y.shape[1] or (np.diff(at) <= 0).any():
        raise ValueError(f"points: expected {y.shape[1]} rising numbers, got {at.tolist()}")
    if towards not in ("higher", "lower") or not np.isfinite(level):
        raise ValueError(f"expected a finite level towards higher or lower, got {level} towards {towards!r}")
    there = y >= level if towards == "higher" else y <= level
    reached = np.asarray(there.any(axis=1))
    times = np.where(reached, at[there.argmax(axis=1)], at[-1])
    most = 2 * int(reached.sum()) > reached.size
    return Reached(
        level=float(level),
        points=at,
        at=times,
        reached=reached,
        share=float(reached.mean()),
        median=float(np.median(np.where(reached, times, np.inf))) if most else None,
    )


def speed_claim(first: Reached, second: Reached, direction: Direction, margin: float) -> ClaimInput:
    """Claim about the restricted times of two variants, first minus second: "less" where the first trains faster.

    `margin` in the unit of the points. Runs are paired by seed, in order.
    Raises ValueError unless both have the same level, points and number of runs.
    """
    if first.level != second.level or not np.array_equal(first.points, second.points):
        raise ValueError(
            f"expected one level and the same points, got {first.level:g} at {first.points.size} points to "
            f"{first.points[-1]:g} and {second.level:g} at {second.points.size} points to {second.points[-1]:g}"
        )
    if first.at.size != second.at.size:
        raise ValueError(f"expected runs of the same seeds, got {first.at.size} and {second.at.size}")
    return ClaimInput(np.stack([first.at, second.at]), (1.0, -1.0), direction, margin)
