"""Does a claim hold: A > B, A < B, or A ≈ B, paired by seed?

Every difference is oriented, so "above 0" always means "in the claimed direction".

Where the table of verdicts leaves a choice, this is the one made:
- interval above 0 and share >= 0.75, but Wilson's low end not above 0.5 (fewer than 16 seeds): HOLDS ON AVERAGE, worded
  as a lack of seeds;
- interval below 0 and inside ±margin: NO MATERIAL DIFFERENCE, worded with its direction, as the table's order has it;
- "equivalent": CLAIM HOLDS if the 90% interval lies inside ±margin (two one-sided 5% tests), REVERSED if the 95%
  interval lies wholly outside it, else UNDECIDED; a paired run shows it if it differs by the margin at most;
- a verdict that Holm's correction does not confirm becomes NO MATERIAL DIFFERENCE where the interval lies inside
  ±margin, else UNDECIDED.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from repro.verdicts.claim_sentence import ALPHA, USUAL_SHARE, sentence_of
from repro.verdicts.intervals import (
    TIE,
    as_folds,
    as_sample,
    inside,
    mean_interval,
    mean_of,
    nadeau_bengio,
    not_negative,
    sd_of,
    two_sided,
    upper_tail,
    wilson,
)
from repro.verdicts.power import detectable_effect, seeds_to_decide, seeds_to_show_equivalence
from repro.verdicts.types import MIN_SEEDS, ClaimInput, ClaimVerdict, ClaimWord, Direction, Floats, Interval


def judge_claim(
    a: ArrayLike,
    b: ArrayLike,
    direction: Direction,
    margin: float,
    *,
    folds_a: ArrayLike | None = None,
    folds_b: ArrayLike | None = None,
    test_fraction: float | None = None,
) -> ClaimVerdict:
    """Verdict on one claim about `a` against `b`, by itself; `judge_claims` corrects for several.

    `a`, `b`: shape (n,), a[i] and b[i] of the same seed, finite; `margin`: a difference this small does not matter,
    in the same unit. `folds_a`, `folds_b`: shape (n, k), with `test_fraction` n_test / n_train of one fold; all three
    in cross-validation, otherwise none. Differences up to 1e-7 (rounding) are ties.
    Raises ValueError for shapes that do not pair, NaN or infinity, a negative margin or an unknown direction.
    """
    return _judge(ClaimInput(a, b, direction, margin, folds_a, folds_b, test_fraction))


def judge_claims(claims: Sequence[ClaimInput]) -> list[ClaimVerdict]:
    """Verdicts on all claims of one article: those that Holm's correction does not confirm are taken back.

    Claims with too few seeds are not tested and so are no part of the family.
    """
    alone = [_judge(claim) for claim in claims]
    tested = [v.p_value for v in alone if v.p_value is not None and v.verdict != "TOO FEW SEEDS"]
    corrected = iter(holm(tested))
    return [
        v if v.verdict == "TOO FEW SEEDS" else _judge(claim, next(corrected), len(tested))
        for claim, v in zip(claims, alone, strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected by Holm's step-down procedure (Holm 1979), in the order given; none for none.

    The i-th smallest of m is multiplied by m - i + 1, is never below its predecessor and never above 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    return [float(value) for value in corrected]


def _judge(claim: ClaimInput, p_holm: float | None = None, family: int = 1) -> ClaimVerdict:
    differences = _oriented(as_sample(claim.a, "a"), as_sample(claim.b, "b"), claim.direction)
    d = not_negative(claim.margin, "margin")
    n, mean, sd = differences.size, mean_of(differences), sd_of(differences)
    wins, losses, ties = _count(differences, claim.direction, d)
    base = ClaimVerdict(
        verdict="TOO FEW SEEDS",
        direction=claim.direction,
        too_small_to_matter=False,
        n=n,
        difference=mean,
        interval=mean_interval(mean, sd, n, 1 - ALPHA),
        wins=wins,
        losses=losses,
        ties=ties,
        share=(wins + ties / 2) / n,
        wilson=wilson(wins + ties / 2, n),
        p_value=None if sd is None else _p_value(mean, sd, n, d, claim.direction),
        p_holm=p_holm,
        nadeau_bengio=_across_rows(claim, n),
        detectable=None if sd is None else detectable_effect(sd, n),
        seeds_needed=MIN_SEEDS,
        margin=d,
        sentence="",
    )
    decided = base if sd is None or n < MIN_SEEDS else _decide(base, sd, family)
    return replace(decided, sentence=sentence_of(decided))


def _oriented(a: Floats, b: Floats, direction: Direction) -> Floats:
    if a.size != b.size:
        raise ValueError(f"expected a and b of the same seeds, got {a.size} and {b.size} figures")
    if direction not in ("greater", "less", "equivalent"):
        raise ValueError(f"direction: expected greater, less or equivalent, got {direction!r}")
    differences = b - a if direction == "less" else a - b
    return np.where(np.abs(differences) <= TIE, 0.0, differences)


def _count(differences: Floats, direction: Direction, d: float) -> tuple[int, int, int]:
    """Wins, losses and ties: paired runs that show the claim, its opposite, or neither."""
    if direction == "equivalent":
        wins = int(np.count_nonzero(np.abs(differences) <= d + TIE))
        return wins, differences.size - wins, 0
    wins, losses = int(np.count_nonzero(differences > 0)), int(np.count_nonzero(differences < 0))
    return wins, losses, differences.size - wins - losses


def _p_value(mean: float, sd: float, n: int, d: float, direction: Direction) -> float:
    error, df = sd / float(np.sqrt(n)), n - 1
    if direction != "equivalent":
        return two_sided(mean, error, df)
    # Only one of "within" and "beyond" the margin can be concluded: beyond it, either way, is a two-sided test.
    beyond = abs(mean) - d
    return two_sided(beyond, error, df) if beyond > 0 else upper_tail(-beyond, error, df)


def _across_rows(claim: ClaimInput, n: int) -> Interval | None:
    given = (claim.folds_a, claim.folds_b, claim.test_fraction)
    if all(part is None for part in given):
        return None
    if claim.folds_a is None or claim.folds_b is None or claim.test_fraction is None:
        raise ValueError("folds_a, folds_b and test_fraction belong together: give all three or none")
    a, b = as_folds(claim.folds_a, "folds_a"), as_folds(claim.folds_b, "folds_b")
    if a.shape != b.shape or a.shape[0] != n:
        raise ValueError(f"expected folds of the same {n} seeds, got arrays of shape {a.shape} and {b.shape}")
    return nadeau_bengio(b - a if claim.direction == "less" else a - b, claim.test_fraction)


def _decide(v: ClaimVerdict, sd: float, family: int) -> ClaimVerdict:
    """Give the verdict, once there are seeds enough, and the seeds that would settle an undecided one."""
    if v.direction == "equivalent":
        verdict, small = _equivalence(v), False
        needed = seeds_to_show_equivalence(sd, v.margin, v.n, ALPHA / family)
    else:
        verdict, small = _direction(v)
        needed = seeds_to_decide(sd, v.margin, v.n, ALPHA / family) if verdict == "UNDECIDED" else None
    return replace(
        v, verdict=verdict, too_small_to_matter=small, seeds_needed=needed if verdict == "UNDECIDED" else None
    )


def _confirmed(v: ClaimVerdict) -> bool:
    p = v.p_value if v.p_holm is None else v.p_holm
    return p is not None and p <= ALPHA


def _equivalence(v: ClaimVerdict) -> ClaimWord:
    if not _confirmed(v):
        return "UNDECIDED"
    return "CLAIM HOLDS" if abs(v.difference) <= v.margin else "REVERSED"


def _direction(v: ClaimVerdict) -> tuple[ClaimWord, bool]:
    """Verdict on A > B, and whether a difference is shown that is too small to matter."""
    small = v.interval is not None and inside(v.interval, 0.0, v.margin)
    if _confirmed(v) and v.difference > 0:
        usual = v.share >= USUAL_SHARE and v.wilson[0] > 0.5
        return ("CLAIM HOLDS" if usual else "HOLDS ON AVERAGE"), small
    if small:
        return "NO MATERIAL DIFFERENCE", _confirmed(v)
    return ("REVERSED" if _confirmed(v) else "UNDECIDED"), False
