"""The best point of a grid: chosen on the even seeds, measured and compared on the odd ones.

Whatever is both chosen and measured on the same runs looks better than it is. Two halves of the seeds share nothing but
the data, so an interval on the second half is that of a point named in advance (Cox 1975, A note on data-splitting for
the evaluation of significance levels, Biometrika 62). A seed's number says which half it belongs to, so more seeds move
none of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repro.verdicts.grid.types import BestVerdict, Better, GridClaim
from repro.verdicts.intervals import TIE, as_grid
from repro.verdicts.number import describe
from repro.verdicts.types import MIN_SEEDS, ClaimInput, Direction, Floats

RESAMPLES = 2000
STABLE = 0.95
"""Share of resamples from which a choice counts as settled."""
_ROOT = 1979  # any fixed number: the same figures give the same shares everywhere


def judge_best(values: ArrayLike, seeds: Sequence[int], better: Better = "higher") -> BestVerdict:
    """Choose the best point of a grid on the even seeds, and measure it on the odd ones.

    `values`: (k, n), finite; `seeds`: the n different numbers of the seeds. Of points that tie, the first is chosen.
    `shares` are those of a bootstrap over the seeds, which tells how far a ranking can be trusted (Hall and Miller
    2009, Using the bootstrap to quantify the authority of an empirical ranking, Annals of Statistics 37).
    Raises ValueError for other shapes, figures that are not finite, or a half without seeds.
    """
    x, even = _halves(values, seeds)
    sign = _sign(better)
    point, plain_point = _best(sign * x[:, even]), _best(sign * x)
    over, plain = describe(x[point, ~even]), describe(x[plain_point])
    n = x.shape[1]
    counts = np.random.default_rng([_ROOT, n]).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    means = (sign * counts @ x.T) / n
    first = np.argmax(means >= means.max(axis=1, keepdims=True) - TIE, axis=1)
    shares = tuple(float(count) / RESAMPLES for count in np.bincount(first, minlength=len(x)))
    choosing = int(even.sum())
    settled = point == plain_point and shares[point] >= STABLE
    return BestVerdict(
        better=better,
        point=point,
        choosing=choosing,
        over=over,
        plain_point=plain_point,
        plain=plain,
        flattery=sign * (plain.mean - over.mean),
        shares=shares,
        sentence=_sentence(choosing, over.n, settled),
    )


def compare_best(
    values: ArrayLike,
    seeds: Sequence[int],
    first: Sequence[int],
    second: Sequence[int],
    direction: Direction,
    margin: float,
    *,
    better: Better = "higher",
    correct: NDArray[np.bool_] | None = None,
) -> GridClaim:
    """Claim about the best of some points against the best of others: one at its best rate, the other at its own.

    Both are chosen on the even seeds; the claim, about the first minus the second, is for the odd ones. `values` and
    `seeds` are those of `judge_best`; `first`, `second`: rows of `values`, none in both; a single one is not chosen but
    named. `correct`: (k, n, N), as in `ClaimInput`. The verdict is about the two points that were chosen: that they are
    the best is as uncertain as `BestVerdict.shares` says.
    Raises ValueError as `judge_best` does, and for no points, unknown ones, or one that is on both sides.
    """
    x, even = _halves(values, seeds)
    known = set(range(len(x)))
    if not first or not second or not {*first, *second} <= known or {*first} & {*second}:
        raise ValueError(f"points: expected two groups of rows 0 to {len(x) - 1}, got {list(first)} and {list(second)}")
    picked = _sign(better) * x[:, even]
    pair = [group[_best(picked[list(group)])] for group in (first, second)]
    rows = None if correct is None else np.asarray(correct)[pair][:, ~even]
    return GridClaim(ClaimInput(x[pair][:, ~even], (1.0, -1.0), direction, margin, rows, half=True), tuple(pair))


def below_best(
    values: ArrayLike,
    seeds: Sequence[int],
    point: int,
    margin: float,
    *,
    better: Better = "higher",
    correct: NDArray[np.bool_] | None = None,
) -> GridClaim:
    """Claim that a point is worse than the best of all others (80% under-learns), for the odd seeds.

    If the chosen one is better than the point, then the best is too, whichever it be: choosing badly costs power, not
    truth. OPPOSITE HOLDS is about the chosen one alone: another may still be better (results/error_rates.md), so the
    chosen one has to be named beside it. Arguments and errors are those of `compare_best`.
    """
    others = [other for other in range(len(as_grid(values))) if other != point]
    direction: Direction = "greater" if better == "higher" else "less"
    return compare_best(values, seeds, others, [point], direction, margin, better=better, correct=correct)


def _halves(values: ArrayLike, seeds: Sequence[int]) -> tuple[Floats, NDArray[np.bool_]]:
    """The (k, n) values, and which of the n seeds choose."""
    x, numbers = as_grid(values), np.asarray(seeds)
    if numbers.shape != x.shape[1:] or len({*numbers.tolist()}) != numbers.size:
        raise ValueError(f"seeds: expected {x.shape[1]} different numbers, got {list(seeds)}")
    even = numbers % 2 == 0
    if even.all() or not even.any():
        raise ValueError(f"seeds: expected even ones to choose and odd ones to measure, got {list(seeds)}")
    return x, even


def _sign(better: Better) -> int:
    if better not in ("higher", "lower"):
        raise ValueError(f"better: expected higher or lower, got {better!r}")
    return 1 if better == "higher" else -1


def _best(values: Floats) -> int:
    """Row of the highest mean, the first of those that tie."""
    means = values.mean(axis=1)
    return int(np.argmax(means >= means.max() - TIE))


def _sentence(choosing: int, measuring: int, settled: bool) -> str:
    if min(choosing, measuring) < MIN_SEEDS:
        return (
            f"To choose and to measure take at least {MIN_SEEDS} seeds each; "
            f"{choosing} even and {measuring} odd seeds are too few."
        )
    told = "The even seeds chose the point, the odd ones measured it"
    if settled:
        return f"{told}; all seeds together choose the same, and nearly always other seeds would."
    return f"{told}; which point is the best is not settled: other seeds may choose another."
