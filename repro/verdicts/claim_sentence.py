"""The sentence that words a verdict on a claim."""

from __future__ import annotations

from repro.verdicts.types import MIN_SEEDS, ClaimVerdict

ALPHA = 0.05
"""Of every test of a claim; its intervals are of level 1 - ALPHA."""

USUAL_SHARE = 0.75
"""P(A > B) from which a single paired run usually shows the claim (Bouthillier et al. 2021, section 4)."""


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
    return f"{reason}; {v.seeds_needed} seeds would have 80% power to show it if there were no difference at all."


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
    reason = _not_after_holm(v) or f"{v.n} seeds have 80% power to find a difference of {v.detectable:.2g}"
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
