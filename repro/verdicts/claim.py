"""Does a claim hold about a weighted sum of experiments, paired by seed: A > B, A < B, A ≈ B, or another contrast?

Every difference is A - B, whatever is claimed. Where the table of verdicts leaves a choice, this is the one made:
- a verdict that Holm's correction does not confirm becomes NO MATERIAL DIFFERENCE where the interval lies inside
  ±margin, else UNDECIDED;
- "equivalent": CLAIM HOLDS if two one-sided tests at alpha put the difference within ±margin, OPPOSITE HOLDS if a
  two-sided test shows that it is beyond it, else UNDECIDED; a pair of runs shows it if it differs by no more than the
  margin;
- "noninferior": the same with the one bound -margin;
- the least favourable of m sums: the claim is about all of them, so its own p-value is that of all (an
  intersection-union test: Berger 1982), while its opposite is one of m that could have been found, so that p-value is
  multiplied by m (Bonferroni). That the largest of m differences is within the margin is not shown by one interval:
  there is no NO MATERIAL DIFFERENCE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repro.verdicts.beyond import standard_error
from repro.verdicts.claim_sentence import sentence_of
from repro.verdicts.intervals import (
    TIE,
    around,
    as_sample,
    half_width,
    inside,
    mean_interval,
    mean_of,
    not_negative,
    sd_of,
    t_quantile,
    two_sided,
    upper_tail,
    wilson,
)
from repro.verdicts.number import judge_number
from repro.verdicts.power import detectable_effect, seeds_to_decide, seeds_to_show_equivalence
from repro.verdicts.types import (
    DIRECTED,
    MIN_SEEDS,
    Beyond,
    ClaimInput,
    ClaimVerdict,
    ClaimWord,
    Direction,
    Floats,
)

USUAL_SHARE = 0.75
"""Share of pairs of runs from which a difference is not "on average only": a rule of thumb. Bouthillier et al. 2021,
section 4, use another one: the share is significantly above one half and not significantly below 0.75."""


def judge_claim(
    a: ArrayLike,
    b: ArrayLike,
    direction: Direction,
    margin: float,
    *,
    correct_a: NDArray[np.bool_] | None = None,
    correct_b: NDArray[np.bool_] | None = None,
) -> ClaimVerdict:
    """Verdict on one claim about `a` against `b`, by itself; `judge_claims` corrects for several.

    `a`, `b`: shape (n,), a[i] and b[i] of the same seed, finite; `margin`: what may differ without changing a
    conclusion, in the same unit. `correct_a`, `correct_b`: (n, N), which rows were predicted right; both or none.
    Raises ValueError for shapes that do not pair, NaN or infinity, a negative margin or an unknown direction.
    """
    x, y = as_sample(a, "a"), as_sample(b, "b")
    if x.size != y.size:
        raise ValueError(f"expected a and b of the same seeds, got {x.size} and {y.size} figures")
    correct = None
    if correct_a is not None and correct_b is not None and correct_a.shape == correct_b.shape:
        correct = np.stack([correct_a, correct_b])
    elif correct_a is not None or correct_b is not None:
        raise ValueError("correct_a and correct_b belong together: give both, of one shape, or none")
    return _judge(ClaimInput(np.stack([x, y]), (1.0, -1.0), direction, margin, correct), 0.05)


def judge_claims(claims: Sequence[ClaimInput], alpha: float = 0.05) -> list[ClaimVerdict]:
    """Verdicts on all claims of one article, each at `alpha` after Holm's correction over those with seeds enough.

    A smaller `alpha` is for looks at growing numbers of seeds, each at its share of the error; intervals on these rows
    are of level 1 - alpha. What is shown beyond these rows is corrected likewise, over the claims that have it.
    Differences up to 1e-7 (rounding) are ties. Raises ValueError for weights, values or rows whose shapes do not
    match, NaN or infinity, a negative margin, an unknown direction or an alpha that is none.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha: expected a number between 0 and 1, got {alpha}")
    alone = [_judge(claim, alpha) for claim in claims]
    tested = [v for v in alone if v.verdict != "TOO FEW SEEDS"]
    corrected = iter(holm([v.p_value for v in tested if v.p_value is not None]))
    elsewhere = iter(holm([v.beyond.p_value for v in tested if v.beyond]))
    judged = []
    for claim, v in zip(claims, alone, strict=True):
        if v.verdict == "TOO FEW SEEDS":
            judged.append(v)
            continue
        judged.append(_judge(claim, alpha, next(corrected), next(elsewhere) if v.beyond else None, len(tested)))
    return judged


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected by Holm's step-down procedure (Holm 1979), in the order given; none for none.

    The i-th smallest of m is multiplied by m - i + 1, is never below its predecessor and never above 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    return [float(value) for value in corrected]


def doubt(claim: ClaimInput) -> tuple[float, float]:
    """One-sided p-value of a claim by itself, 1 for a single seed; then by how much its mean falls short of it.

    Of two claims the one with more doubt is the less favourable. Raises ValueError as `judge_claims` does.
    """
    _, _, differences = _matrix(claim)
    n, sd = differences.size, sd_of(differences)
    gap = float(_gap(mean_of(differences), claim.margin, claim.direction))
    return 1.0 if sd is None else upper_tail(gap, sd / float(np.sqrt(n)), n - 1), -gap


def _judge(
    claim: ClaimInput, alpha: float, p_holm: float | None = None, p_beyond: float | None = None, family: int = 1
) -> ClaimVerdict:
    values, weights, differences = _matrix(claim)
    d = float(claim.margin)
    n, mean, sd = differences.size, mean_of(differences), sd_of(differences)
    wins, losses, ties = _count(differences, claim.direction, d)
    error = None if sd is None else sd / float(np.sqrt(n))
    article = claim.article
    v = ClaimVerdict(
        verdict="TOO FEW SEEDS",
        direction=claim.direction,
        small=False,
        on_average_only=False,
        n=n,
        weights=tuple(float(weight) for weight in weights),
        means=tuple(mean_of(row) for row in values),
        difference=mean,
        interval=mean_interval(mean, sd, n, 1 - alpha),
        level=1 - alpha,
        wins=wins,
        losses=losses,
        ties=ties,
        share=(wins + ties / 2) / n,
        wilson=wilson(wins + ties / 2, n),
        p_value=None if error is None else _p_value(mean, error, n - 1, d, claim),
        p_holm=p_holm,
        size=_size(mean, values),
        beyond=None,
        article=None if article is None else judge_number(differences, article, claim.article_half_width, d or None),
        detectable=None if sd is None else detectable_effect(sd, n, alpha / family),
        seeds_needed=MIN_SEEDS * (2 if claim.half else 1),
        margin=d,
        stands_for=claim.stands_for,
        half=claim.half,
        sentence="",
    )
    decided = v
    if sd is not None and n >= MIN_SEEDS:
        decided = _decide(replace(v, beyond=_beyond(v, sd, claim, alpha, p_beyond)), sd, alpha, family)
    return replace(decided, sentence=sentence_of(decided, alpha, claim.of_rows))


def _matrix(claim: ClaimInput) -> tuple[Floats, Floats, Floats]:
    """Return the (k, n) values, the (k,) weights and the (n,) sums of a claim, once it is known to be sound."""
    weights, values = as_sample(claim.weights, "weights"), np.asarray(claim.values, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != weights.size or not weights.any():
        raise ValueError(
            f"values: expected a matrix of experiments by seeds and as many weights, not all 0, as experiments, "
            f"got an array of shape {values.shape} and the weights {claim.weights}"
        )
    if claim.direction not in get_args(Direction):
        raise ValueError(f"direction: expected greater, less, equivalent or noninferior, got {claim.direction!r}")
    if not_negative(claim.margin, "margin") == 0 and claim.direction == "noninferior":
        raise ValueError("margin: expected a number above 0 for noninferior, got 0")
    as_sample(values.ravel(), "values")
    differences = weights @ values - claim.against
    return values, weights, np.where(np.abs(differences) <= TIE, 0.0, differences)


def _gap(mean: ArrayLike, d: float, direction: Direction) -> Floats:
    """How far a difference, or each of several, is on the claimed side; negative on the other."""
    x = np.asarray(mean, dtype=np.float64)
    match direction:
        case "greater":
            return x
        case "less":
            return -x
        case "equivalent":
            return d - np.abs(x)
        case "noninferior":
            return x + d


def _count(differences: Floats, direction: Direction, d: float) -> tuple[int, int, int]:
    """Wins, losses and ties: pairs of runs that show the claim, its opposite, or neither."""
    gaps = _gap(differences, d, direction)
    if direction not in DIRECTED:
        wins = int(np.count_nonzero(gaps >= -TIE))
        return wins, differences.size - wins, 0
    wins, losses = int(np.count_nonzero(gaps > 0)), int(np.count_nonzero(gaps < 0))
    return wins, losses, differences.size - wins - losses


def _p_value(mean: float, error: float, df: float, d: float, claim: ClaimInput) -> float:
    gap = float(_gap(mean, d, claim.direction))
    # Only one of "within" and "beyond" the margin can be concluded: beyond it, either way, is a two-sided test.
    if gap >= 0 and claim.direction not in DIRECTED:
        return upper_tail(gap, error, df)
    p = two_sided(gap, error, df)
    return p if gap >= 0 else min(1.0, p * claim.stands_for)


def _size(mean: float, values: Floats) -> float | None:
    """Return the difference in standard deviations of a single run, their variances averaged over the experiments."""
    spreads = [sd_of(row) for row in values]
    pooled = float(np.sqrt(np.mean([sd**2 for sd in spreads if sd is not None]))) if values.shape[1] > 1 else 0.0
    return mean / pooled if pooled else None


def _beyond(v: ClaimVerdict, sd: float, claim: ClaimInput, alpha: float, p_holm: float | None) -> Beyond | None:
    """Judge the difference for other rows too, never more certain than on these: `v` has what is known of that.

    The standard error is at least that over seeds alone, but its degrees of freedom may be more.
    """
    if claim.correct is None or v.p_value is None:
        return None
    correct, expected = np.asarray(claim.correct), np.shape(claim.values)
    if correct.ndim != 3 or correct.shape[:2] != expected or correct.shape[2] < 2:
        raise ValueError(
            f"correct: expected {expected[0]} experiments by {expected[1]} seeds by two rows or more, "
            f"got an array of shape {correct.shape}"
        )
    error, df = standard_error(np.tensordot(v.weights, correct.astype(np.float64), axes=1))
    p = max(v.p_value, _p_value(v.difference, error, df, v.margin, claim))
    p_holm = p_holm if p_holm is None or v.p_holm is None else max(v.p_holm, p_holm)
    interval = around(v.difference, max(t_quantile(0.975, df) * error, half_width(sd, v.n, 0.95)))
    if (p if p_holm is None else p_holm) > alpha:
        return Beyond("not shown", interval, p, p_holm, correct.shape[2])
    claimed = _gap(v.difference, v.margin, v.direction) >= 0
    return Beyond("shown" if claimed else "opposite shown", interval, p, p_holm, correct.shape[2])


def _decide(v: ClaimVerdict, sd: float, alpha: float, family: int) -> ClaimVerdict:
    """Give the verdict, once there are seeds enough, and the seeds that would settle an undecided one."""
    p = v.p_value if v.p_holm is None else v.p_holm
    directed = v.direction in DIRECTED
    within = v.margin > 0 and v.interval is not None and inside(v.interval, 0.0, v.margin)
    small = directed and within and v.stands_for == 1
    if p is not None and p <= alpha:
        claimed = _gap(v.difference, v.margin, v.direction) >= 0
        word: ClaimWord = "CLAIM HOLDS" if claimed else "OPPOSITE HOLDS"
        rare = (v.share if claimed else 1 - v.share) < USUAL_SHARE
        return replace(v, verdict=word, small=small, on_average_only=directed and rare, seeds_needed=None)
    if small:
        return replace(v, verdict="NO MATERIAL DIFFERENCE", seeds_needed=None)
    return replace(v, verdict="UNDECIDED", seeds_needed=_seeds_needed(v, sd, alpha / family))


def _seeds_needed(v: ClaimVerdict, sd: float, alpha: float) -> int | None:
    if v.direction not in DIRECTED:
        bounds = v.stands_for * (2 if v.direction == "equivalent" else 1)
        needed = seeds_to_show_equivalence(sd, v.margin, v.n, alpha, bounds)
    else:
        needed = seeds_to_decide(sd, v.margin, v.n, alpha) if v.stands_for == 1 else None
    return needed if needed is None or not v.half else 2 * needed
