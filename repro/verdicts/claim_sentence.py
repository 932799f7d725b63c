"""The sentence that words a verdict on a claim."""

from __future__ import annotations

from repro.verdicts.number_sentence import too_few
from repro.verdicts.types import MIN_SEEDS, ClaimVerdict


def sentence_of(v: ClaimVerdict, alpha: float, of_rows: bool = True) -> str:
    """One plain sentence that words the verdict, decided at `alpha`; `v.sentence` is not read.

    of_rows: whether the figures are of rows of data, so that the verdict is about these rows.
    """
    if v.verdict == "TOO FEW SEEDS":
        more = MIN_SEEDS - v.n
        half = f"A verdict needs at least {MIN_SEEDS} seeds in each half and has {v.n}: run {2 * more} more."
        return half if v.half else too_few(v.n)
    worded = {"equivalent": _equivalence, "noninferior": _noninferiority}.get(v.direction, _direction)(
        v, alpha, " on these rows" if of_rows else ""
    )
    if v.stands_for > 1:
        worded += f" It is the least favourable of {v.stands_for} comparisons, all of which are claimed."
    if v.half:
        worded += " Half of the seeds chose what is compared, the other half judges it."
    return worded


def _equivalence(v: ClaimVerdict, alpha: float, where: str) -> str:
    if v.verdict == "CLAIM HOLDS":
        return f"Whatever mean difference there is{where}, it is within the resolution."
    if v.verdict == "OPPOSITE HOLDS":
        return f"The mean difference{where} is beyond the resolution."
    reason = _not_after_holm(v, alpha) or "Neither closeness nor a difference beyond the resolution is shown"
    if v.seeds_needed is None:
        return f"{reason}; the mean is so near the resolution that no set number of seeds is sure to decide."
    return f"{reason}; about {v.seeds_needed} seeds have 80% power to show closeness if there is no difference at all."


def _noninferiority(v: ClaimVerdict, alpha: float, where: str) -> str:
    if v.verdict == "CLAIM HOLDS":
        return f"Whatever mean difference there is{where}, it is not below 0 by the resolution."
    if v.verdict == "OPPOSITE HOLDS":
        return f"The mean difference{where} is below 0 by more than the resolution."
    reason = _not_after_holm(v, alpha) or "Neither is shown, that it is below 0 by less than the resolution or by more"
    if v.seeds_needed is None:
        return f"{reason}; the mean is so near the resolution that no set number of seeds is sure to decide."
    return f"{reason}; about {v.seeds_needed} seeds have 80% power to show less if there is no difference at all."


def _direction(v: ClaimVerdict, alpha: float, where: str) -> str:
    if v.verdict == "NO MATERIAL DIFFERENCE":
        return f"Whatever mean difference there is{where}, it is within the resolution: it changes no conclusion."
    if v.verdict == "UNDECIDED":
        return _undecided(v, alpha)
    shown = "The claim" if v.verdict == "CLAIM HOLDS" else "The opposite of the claim"
    runs = "pairs of runs" if len(v.weights) == 2 else "seeds"
    count = "yet fewer than" if v.on_average_only else "and at least"
    ties = " (ties count half)" if v.ties else ""
    shown += f" holds on average{where}, {count} three {runs} in four show it{ties}"
    if v.small:
        shown += "; the difference is small: all of its interval is within the resolution"
    return f"{shown}."


def _undecided(v: ClaimVerdict, alpha: float) -> str:
    reason = _not_after_holm(v, alpha) or "Neither the claim nor its opposite is shown, and a difference may matter"
    if v.seeds_needed is None and v.stands_for > 1:
        return f"{reason}; no set number of seeds is sure to decide."
    if v.seeds_needed is None:
        return f"{reason}; without a resolution no set number of seeds is sure to decide."
    return f"{reason}; about {v.seeds_needed} seeds decide."


def _not_after_holm(v: ClaimVerdict, alpha: float) -> str | None:
    if v.p_value is None or v.p_holm is None or not v.p_value <= alpha < v.p_holm:
        return None
    return "Taken alone the claim would be decided; among all claims of its article it is not"
