"""Does a claim hold about a weighted sum of experiments, paired by seed: A > B, A < B, A ≈ B, or another contrast?

Every difference is A - B, whatever is claimed. Where the table of verdicts leaves a choice, this is the one made:
- a verdict that Holm's correction does not confirm becomes NO MATERIAL DIFFERENCE where the interval lies inside
  ±margin, else UNDECIDED;
- "equivalent": CLAIM HOLDS if two one-sided tests at alpha put the difference within ±margin, OPPOSITE HOLDS if a
  two-sided test shows that it is beyond it, else UNDECIDED; a pair of runs shows it if it differs by no more than the
  margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
from repro.verdicts.types import MIN_SEEDS, Beyond, ClaimInput, ClaimVerdict, ClaimWord, Direction, Floats

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


def _judge(
    claim: ClaimInput, alpha: float, p_holm: float | None = None, p_beyond: float | None = None, family: int = 1
) -> ClaimVerdict:
    values, weights = _matrix(claim)
    differences = weights @ values - claim.against
    differences = np.where(np.abs(differences) <= TIE, 0.0, differences)
    d = not_negative(claim.margin, "margin")
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
        p_value=None if error is None else _p_value(mean, error, n - 1, d, claim.direction),
        p_holm=p_holm,
        size=_size(mean, values),
        beyond=None,
        article=None if article is None else judge_number(differences, article, claim.article_half_width, d or None),
        detectable=None if sd is None else detectable_effect(sd, n, alpha / family),
        seeds_needed=MIN_SEEDS,
        margin=d,
        sentence="",
    )
    decided = v
    if sd is not None and n >= MIN_SEEDS:
        decided = _decide(replace(v, beyond=_beyond(v, sd, claim, alpha, p_beyond)), sd, alpha, family)
    return replace(decided, sentence=sentence_of(decided, alpha, claim.of_rows))


def _matrix(claim: ClaimInput) -> tuple[Floats, Floats]:
    """Return the (k, n) values and the (k,) weights of a claim, once they are known to be sound."""
    weights, values = as_sample(claim.weights, "weights"), np.asarray(claim.values, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] != weights.size or not weights.any():
        raise ValueError(
            f"values: expected a matrix of experiments by seeds and as many weights, not all 0, as experiments, "
            f"got an array of shape {values.shape} and the weights {claim.weights}"
        )
    if claim.direction not in ("greater", "less", "equivalent"):
        raise ValueError(f"direction: expected greater, less or equivalent, got {claim.direction!r}")
    as_sample(values.ravel(), "values")
    return values, weights


def _count(differences: Floats, direction: Direction, d: float) -> tuple[int, int, int]:
    """Wins, losses and ties: pairs of runs that show the claim, its opposite, or neither."""
    if direction == "equivalent":
        wins = int(np.count_nonzero(np.abs(differences) <= d + TIE))
        return wins, differences.size - wins, 0
    above, below = int(np.count_nonzero(differences > 0)), int(np.count_nonzero(differences < 0))
    wins, losses = (above, below) if direction == "greater" else (below, above)
    return wins, losses, differences.size - wins - losses


def _p_value(mean: float, error: float, df: float, d: float, direction: Direction) -> float:
    if direction != "equivalent":
        return two_sided(mean, error, df)
    # Only one of "within" and "beyond" the margin can be concluded: beyond it, either way, is a two-sided test.
    beyond = abs(mean) - d
    return two_sided(beyond, error, df) if beyond > 0 else upper_tail(-beyond, error, df)


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
    p = max(v.p_value, _p_value(v.difference, error, df, v.margin, v.direction))
    p_holm = p_holm if p_holm is None or v.p_holm is None else max(v.p_holm, p_holm)
    interval = around(v.difference, max(t_quantile(0.975, df) * error, half_width(sd, v.n, 0.95)))
    if (p if p_holm is None else p_holm) > alpha:
        return Beyond("not shown", interval, p, p_holm, correct.shape[2])
    claimed = _is_claimed(v.difference, v.margin, v.direction)
    return Beyond("shown" if claimed else "opposite shown", interval, p, p_holm, correct.shape[2])


def _is_claimed(mean: float, margin: float, direction: Direction) -> bool:
    """Whether a difference is on the claimed side."""
    if direction == "equivalent":
        return abs(mean) <= margin
    return mean > 0 if direction == "greater" else mean < 0


def _decide(v: ClaimVerdict, sd: float, alpha: float, family: int) -> ClaimVerdict:
    """Give the verdict, once there are seeds enough, and the seeds that would settle an undecided one."""
    p = v.p_value if v.p_holm is None else v.p_holm
    within = v.margin > 0 and v.interval is not None and inside(v.interval, 0.0, v.margin)
    directed = v.direction != "equivalent"
    if p is not None and p <= alpha:
        claimed = _is_claimed(v.difference, v.margin, v.direction)
        word: ClaimWord = "CLAIM HOLDS" if claimed else "OPPOSITE HOLDS"
        rare = (v.share if claimed else 1 - v.share) < USUAL_SHARE
        return replace(v, verdict=word, small=directed and within, on_average_only=directed and rare, seeds_needed=None)
    if directed and within:
        return replace(v, verdict="NO MATERIAL DIFFERENCE", seeds_needed=None)
    seeds = seeds_to_decide if directed else seeds_to_show_equivalence
    return replace(v, verdict="UNDECIDED", seeds_needed=seeds(sd, v.margin, v.n, alpha / family))
