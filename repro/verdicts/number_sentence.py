"""The sentences that word verdicts on reported figures."""

from __future__ import annotations

from repro.verdicts.types import ENOUGH_SEEDS, MIN_SEEDS, ListingVerdict, NumberVerdict


def too_few(n: int) -> str:
    """Word TOO FEW SEEDS of n."""
    return f"A verdict needs at least {MIN_SEEDS} seeds and has {n}: run {MIN_SEEDS - n} more."


def sentence_of(v: NumberVerdict) -> str:
    """One plain sentence that words the verdict; `v.sentence` is not read."""
    match v.verdict:
        case "REPRODUCED":
            return "One run could have printed the article's value, and our mean is close to it."
        case "COMPATIBLE":
            return _compatible(v)
        case "CLOSE":
            return (
                f"The article's value lies {_place(v)} the range of 95% of single runs, "
                "yet our mean is close to it: the difference changes no conclusion."
            )
        case "NOT REPRODUCED":
            return (
                f"The article's value lies {_place(v)} the range of 95% of single runs, "
                "and our mean is not shown to be close to it."
            )
        case "NOT JUDGED":
            return (
                f"The article's value lies {_place(v)} the range of 95% of single runs; "
                "without a resolution it is ranked, not judged."
            )
        case "TOO FEW SEEDS":
            return too_few(v.n)


def _place(v: NumberVerdict) -> str:
    if v.in_prediction:
        return "within"
    return "above" if v.article > v.mean else "below"


def _compatible(v: NumberVerdict) -> str:
    if v.close:
        text = (
            "One run could have printed the article's value, and our mean is close to it; "
            f"fewer than {ENOUGH_SEEDS} seeds earn no more"
        )
    else:
        text = "One run could have printed the article's value, though our mean is not shown to be close to it"
    if v.at_edge:
        text += f"; the value is at the edge, among the {'highest' if v.rank[0] > v.n / 2 else 'lowest'} tenth"
    return f"{text}."


def listing_sentence(v: ListingVerdict, n: int) -> str:
    """One plain sentence that words the verdict on figures listed by step; `v.sentence` is not read."""
    if v.verdict == "TOO FEW SEEDS":
        return too_few(n)
    if v.verdict == "NOT REPRODUCED":
        return "More of the listed values lie outside the range of 95% of single runs than chance explains."
    if v.probability is not None and v.probability * (n + 1) < 1.5:
        return (
            "More of the listed values lie outside the range of 95% of single runs than in any run of ours, "
            "but so few runs cannot show that this is more than chance."
        )
    return "No more of the listed values lie outside the range of 95% of single runs than chance explains."
