"""What is said about a claim: the verdict with its figures, and the sentence that words it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from repro.verdicts.intervals import MIN_SEEDS, Interval

Direction = Literal["greater", "less", "equivalent"]
Verdict = Literal["CLAIM HOLDS", "HOLDS ON AVERAGE", "NO MATERIAL DIFFERENCE", "REVERSED", "UNDECIDED", "TOO FEW SEEDS"]

ALPHA = 0.05
"""Of every test of a claim; its intervals are of level 1 - ALPHA."""

USUAL_SHARE = 0.75
"""P(A > B) from which a single paired run usually shows the claim (Bouthillier et al. 2021, section 4)."""


@dataclass(frozen=True)
class ClaimVerdict:
    """A against B over n seeds, in the figure's stored unit; what a single seed leaves undefined is None."""

    verdict: Verdict
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
    """Smallest true mean difference that this many seeds find with 80% power."""
    seeds_needed: int | None
    """Seeds, in all, that settle an UNDECIDED or TOO FEW SEEDS; None elsewhere and where no number does."""
    margin: float
    sentence: str


def sentence_of(v: ClaimVerdict) -> str:
    """One plain sentence that words the verdict; `v.sentence` is not read."""
    if v.verdict == "TOO FEW SEEDS":
        return f"A verdict needs at least {MIN_SEEDS} seeds and has {v.n}: run {MIN_SEEDS - v.n} more."
    return _equivalence(v) if v.direction == "equivalent" else _direction(v)


def _equivalence(v: ClaimVerdict) -> str:
    within = f"{v.wins} of {v.n} paired runs"
    if v.verdict == "CLAIM HOLDS":
        return f"Whatever mean difference there is, it is within the margin; so is that of {within}."
    if v.verdict == "REVERSED":
        return f"The two differ by more than the margin on average; {within} are within it."
    reason = _not_after_holm(v) or "Neither closeness nor a difference beyond the margin is shown"
    if v.seeds_needed is None:
        return f"{reason}; the mean is so near the margin that no set number of seeds decides."
    return f"{reason}; {v.seeds_needed} seeds would show it four times in five if there were no difference at all."


def _direction(v: ClaimVerdict) -> str:
    match v.verdict:
        case "NO MATERIAL DIFFERENCE" if v.too_small_to_matter:
            return "The mean difference is opposite to the claim, but within the margin: it does not matter."
        case "NO MATERIAL DIFFERENCE":
            return "Whatever mean difference there is, it is within the margin and does not matter."
        case "REVERSED":
            return f"The mean difference is opposite to the claim: {_shown(v)}."
        case "UNDECIDED":
            return _undecided(v)
        case _:
            return _holds(v)


def _shown(v: ClaimVerdict) -> str:
    ties = f" ({v.ties} {'tie' if v.ties == 1 else 'ties'})" if v.ties else ""
    return f"{v.wins} of {v.n} paired runs show it{ties}"


def _holds(v: ClaimVerdict) -> str:
    if v.verdict == "CLAIM HOLDS":
        text = f"The claim holds on average and in a usual single run: {_shown(v)}"
    elif v.share < USUAL_SHARE:
        text = f"The claim holds on average, yet a single run often shows the opposite: {_shown(v)}"
    else:
        text = f"The claim holds on average: {_shown(v)}, too few seeds to say that a single run usually does"
    if v.too_small_to_matter:
        text += "; yet the difference is too small to matter: its mean is within the margin"
    return f"{text}."


def _undecided(v: ClaimVerdict) -> str:
    reason = _not_after_holm(v) or f"{v.n} seeds find a difference of {v.detectable:.2g} four times in five"
    if v.seeds_needed is None:
        return f"{reason}; with a margin of 0 no set number of seeds decides."
    return f"{reason}; about {v.seeds_needed} seeds decide."


def _not_after_holm(v: ClaimVerdict) -> str | None:
    if v.p_value is None or v.p_holm is None or not v.p_value <= ALPHA < v.p_holm:
        return None
    return (
        f"Alone the claim would be decided (p = {v.p_value:.2g}), "
        f"not among all claims of its article (Holm's p = {v.p_holm:.2g})"
    )
