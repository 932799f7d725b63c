"""Regions of a grid: some points within the margin of the best, or falling from one to the next.

A point p is within the margin d of the best where for *every* other point j its mean is above that of j by more than
-d. Nothing has to be chosen: if each of these comparisons is shown at level alpha, all of them are (an
intersection-union test: Berger 1982, Technometrics 24; for the best of several treatments, the min test of Laska and
Meisner 1989, Biometrics 45). So the claim is that about the least favourable comparison, usually with the point that
looks best over all seeds: to have chosen it from the same seeds counts against the claim and can't flatter it. These
are the lower bounds of multiple comparisons with the best (Edwards and Hsu 1983, JASA 78; Hsu 1984, Annals of
Statistics 12), except for two things: the variance of each paired difference is its own, since dropout changes spreads,
and the critical value is that of one comparison, since the claim names its points and has not found them by looking.
To choose the best on half of the seeds and compare on the other half, as `below_best` does, would be wrong here: where
a lesser point has been chosen, being close to it says nothing of the best. It errs up to twice as often as promised,
and finds little more with 30 seeds and less with 60 (results/error_rates.md). The other way round, to find *some*
point that is better by more than the margin, is one of many comparisons, and has Bonferroni's correction
(`ClaimInput.stands_for`).
Beyond these rows it is the same comparison that is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repro.verdicts.claim import doubt
from repro.verdicts.grid.types import Better, GridClaim
from repro.verdicts.intervals import as_grid
from repro.verdicts.types import ClaimInput, Direction


def all_of(claims: Sequence[GridClaim]) -> GridClaim:
    """The claim that all of these hold, as the least favourable of them; its p-value is that of all.

    Raises ValueError for no claims, and as `judge_claims` does.
    """
    if not claims:
        raise ValueError("claims: expected at least one, got none")
    worst = max(claims, key=lambda claim: doubt(claim.given))
    count = sum(claim.given.stands_for for claim in claims)
    return replace(worst, given=replace(worst.given, stands_for=count))


def within_best(
    values: ArrayLike,
    points: Sequence[int],
    margin: float,
    *,
    better: Better = "higher",
    correct: NDArray[np.bool_] | None = None,
) -> GridClaim:
    """Claim that each of these points is within the margin of the best of the grid (20% to 50% are good rates).

    `values`: (k, n), finite, k >= 2; `points`: different rows of it; `margin`: above 0. `correct`: (k, n, N), as in
    `ClaimInput`. The claim's difference is point minus other, or other minus point where lower is better. A point that
    is itself the best is within the margin of it, so a region may hold the best.
    Raises ValueError for other shapes, figures that are not finite, or no, unknown or repeated points.
    """
    k = len(as_grid(values))
    if not points or not {*points} <= {*range(k)} or len({*points}) != len(points) or k < 2:
        raise ValueError(f"points: expected different rows, 0 to {k - 1}, of two or more, got {list(points)}")
    pairs = [(point, other) for point in points for other in range(k) if other != point]
    ordered = pairs if better == "higher" else [(other, point) for point, other in pairs]
    return all_of([_pair(values, pair, "noninferior", margin, correct) for pair in ordered])


def steps(
    values: ArrayLike,
    points: Sequence[int],
    direction: Direction,
    margin: float,
    *,
    correct: NDArray[np.bool_] | None = None,
) -> GridClaim:
    """Claim about every step from one of these points to the next: "less" where the figure falls from each to the next.

    `points`: two or more rows of (k, n) `values`, in the order in which they are gone through. A step's difference is
    the later minus the earlier point. Raises ValueError for other shapes, fewer points, unknown or repeated ones.
    """
    k = len(as_grid(values))
    if len(points) < 2 or not {*points} <= {*range(k)} or len({*points}) != len(points):
        raise ValueError(f"points: expected two or more different rows, 0 to {k - 1}, got {list(points)}")
    pairs = [(later, earlier) for earlier, later in pairwise(points)]
    return all_of([_pair(values, pair, direction, margin, correct) for pair in pairs])


def _pair(
    values: ArrayLike, pair: tuple[int, int], direction: Direction, margin: float, correct: NDArray[np.bool_] | None
) -> GridClaim:
    rows, known = np.asarray(values)[list(pair)], None if correct is None else np.asarray(correct)[list(pair)]
    return GridClaim(ClaimInput(rows, (1.0, -1.0), direction, margin, known), pair)
