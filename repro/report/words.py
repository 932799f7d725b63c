"""Verdicts and claims as they are worded, everywhere the same way."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from repro.analysis.figures import ExperimentSummary
from repro.config.article import Claim
from repro.report import text
from repro.verdicts.types import ClaimVerdict, Interval

if TYPE_CHECKING:
    from repro.analysis.claims import ClaimResult
    from repro.report.sections import Member

Tone = Literal["holds", "partly", "fails", "open", "none"]

TONES: dict[str, Tone] = {
    "REPRODUCED": "holds",
    "CLAIM HOLDS": "holds",
    "CONSISTENT": "partly",
    "CLOSE": "partly",
    "HOLDS ON AVERAGE": "partly",
    "NO MATERIAL DIFFERENCE": "partly",
    "NOT REPRODUCED": "fails",
    "REVERSED": "fails",
    "UNDECIDED": "open",
    "TOO FEW SEEDS": "open",
    "NOT RUN YET": "none",
    "NOT COMPARABLE": "none",
    "NOT JUDGED": "none",
    "NOT REPORTED": "none",
    "NOT TESTED HERE": "none",
}
"""Every verdict, in the order in which pages count them, and the tone of its colour. The word always stands beside."""

RELATIONS = {"greater": ">", "less": "<", "equivalent": "≈"}


def counted(verdicts: list[str]) -> list[tuple[str, int]]:
    """Verdicts with how often each occurs, in the order of `TONES`."""
    return [(verdict, verdicts.count(verdict)) for verdict in TONES if verdict in verdicts]


def _signed(value: float, metric: str) -> str:
    text = f"{100 * value:+.2f}" if metric == "accuracy" else f"{value:+.4f}"
    return text.replace("-", "−")


def difference(value: float, metric: str) -> str:
    """A signed difference with its unit."""
    return _signed(value, metric) + (" points" if metric == "accuracy" else "")


def difference_interval(pair: Interval | None, metric: str) -> str:
    """`+0.12 to +0.94 points`, or a dash."""
    if pair is None:
        return "–"
    return f"{_signed(pair[0], metric)} to {difference(pair[1], metric)}"


def difference_with(row: ClaimResult) -> str:
    """Mean difference with its 95% interval: `+1.91 (+1.20 to +2.61) points`; or a dash."""
    judged, metric = row.judged, row.claim.metric
    if judged is None:
        return "–"
    if judged.interval is None:
        return difference(judged.difference, metric)
    low, high = (_signed(end, metric) for end in judged.interval)
    return f"{_signed(judged.difference, metric)} ({low} to {high})" + (" points" if metric == "accuracy" else "")


def share(judged: ClaimVerdict) -> str:
    """Share of the paired runs that show the claim, with Wilson's interval."""
    return f"{100 * judged.share:.0f}% ({100 * judged.wilson[0]:.0f} to {100 * judged.wilson[1]:.0f}%)"


def p_value(p: float | None) -> str:
    """Four decimals, or a bound."""
    if p is None:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def relation(claim: Claim) -> str:
    """`a < b`, as claimed."""
    return f"{claim.a} {RELATIONS[claim.direction or 'equivalent']} {claim.b}"


def seeds(judged: ClaimVerdict) -> str:
    """Pairs of seeds, and how many seeds it takes where they don't decide."""
    return str(judged.n) if judged.seeds_needed is None else f"{judged.n} of {judged.seeds_needed} needed"


def is_small(row: ClaimResult) -> bool:
    """Whether the verdict needs the addition that the difference, though shown, is too small to matter."""
    small = row.judged is not None and row.judged.too_small_to_matter
    return small and row.verdict != "NO MATERIAL DIFFERENCE"


def claim_text(claim: Claim) -> str:
    """The claim, and whether the article makes it."""
    return f"{claim.text} (our own question)" if claim.added else claim.text


def verdict_words(row: ClaimResult) -> str:
    """The verdict, with that addition."""
    return f"{row.verdict}, TOO SMALL TO MATTER" if is_small(row) else row.verdict


def outcome(row: ClaimResult) -> str:
    """What an index says of a claim beside its verdict: the difference, or the figure, or why neither."""
    trial = f", a trial with {row.trial}" if row.trial else ""
    if row.judged:
        n = row.judged.n
        return f"{difference_with(row)}, {n} pair{'s' if n != 1 else ''}{trial}"
    if row.figure:
        ours = f"{text.our_value(row.figure)}, {text.seeds(row.figure.over.n)}"
        return f"article {text.article_number(row.figure)}, ours {ours}{trial}"
    return row.sentence


def remarks(row: ClaimResult) -> list[str]:
    """What has to be said of a comparison besides its sentence: margin, seeds left out, seeds that are needed."""
    judged, metric = row.judged, row.claim.metric
    if judged is None:
        return []
    lines = [f"Margin {text.amount(judged.margin, metric)}: {row.margin_from}."]
    if row.left_out:
        noun = "seeds" if len(row.left_out) > 1 else "seed"
        lines.append(f"Left out, not finite or not there in both: {noun} {_ranges(row.left_out)}.")
    if row.verdict == "UNDECIDED" and judged.detectable is not None:
        found = text.amount(judged.detectable, metric)
        lines.append(f"Smallest difference that {judged.n} seeds find with 80% power: {found}.")
    return lines


def _ranges(numbers: Sequence[int]) -> str:
    """Rising whole numbers as text: `1, 4 to 7`."""
    parts = []
    for _, group in itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        first, *_, last = [number for _, number in group] * 2
        parts.append(str(first) if first == last else f"{first} to {last}")
    return ", ".join(parts)


READING_NUMBERS = (
    "REPRODUCED: our mean is within the margin, and a run like the article's is an ordinary one.",
    "CONSISTENT: a run like the article's is plausible, but closeness of the mean is not shown.",
    "CLOSE: our mean is within the margin, yet the article's value lies outside the range of 95% of single runs.",
    "NOT REPRODUCED: neither. TOO FEW SEEDS: fewer than five. NOT REPORTED: the article gives no figure.",
    "An ordinary run is one inside the 95% prediction interval of a single run, widened by the rounding of the "
    "article's value. By design 5% of true figures fall outside.",
    "Margin: what counts as the same, fixed before the run. For an accuracy, unless declared otherwise, what drawing "
    "another test set of this size would change.",
    "An accuracy is shown as the article prints it, and in percent where it prints none.",
)
"""How to read the verdict on a figure."""

READING = (
    "Pairs are runs of the two experiments with one seed, and so with the same split.",
    "The mean difference is positive in the claimed direction; for ≈ it is the first minus the second. Its 95% "
    "interval is about these rows of data and other seeds.",
    "Pairs that show it: the share of paired runs on the side of the claim, ties counted half, with Wilson's interval.",
    "Holm's p is that of the t test of the paired differences, corrected for all comparisons of the article; "
    "0.05 decides.",
    "Margin: a difference this small does not matter. A claim can hold and be too small to matter. Whether the "
    "interval lies within the margin is not corrected for several comparisons.",
    "HOLDS ON AVERAGE: the mean difference is shown, yet a single pair of runs often shows the opposite.",
    "UNDECIDED says how many seeds decide.",
    "Beyond these rows: Nadeau and Bengio's interval for cross-validation, which allows for other rows of data. More "
    "seeds do not shrink it. No verdict rests on it.",
)
"""How to read a comparison."""


def pairing(rows: Sequence[ClaimResult]) -> str:
    """What the pairs of an article's comparisons share, and how many comparisons there are."""
    compared = [row for row in rows if row.judged]
    shared = " / ".join(dict.fromkeys(row.shared for row in compared))
    family = max(row.family for row in compared)
    counted = f"{family} comparison{'s' if family != 1 else ''}"
    return f"Paired by seed: {shared}. Holm's correction counts {counted}."


BUDGET_NOTE = "Each figure is a standard deviation, over what its column says. The sources overlap and do not add up."


@dataclass(frozen=True)
class Budget:
    """Sources of variance as columns, and a row of cells for each experiment."""

    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def budget(members: Sequence[Member]) -> Budget:
    """What the spread of each experiment's test accuracy is over; a dash where a source is not one of its own."""
    parts = [(member.name, {part.label: part.sd for part in member.summary.variance}) for member in members]
    labels = tuple(dict.fromkeys(label for _, each in parts for label in each))
    rows = (
        (name, tuple(text.amount(each[label], "accuracy") if label in each else "–" for label in labels))
        for name, each in parts
    )
    return Budget(labels, tuple(rows))


def explanations(summary: ExperimentSummary) -> list[str]:
    """What a reader of an experiment's table has to know."""
    lines = []
    quotes = [
        f"{text.name_of(figure)} “{figure.reported.quote}”"
        for figure in summary.figures
        if figure.reported and figure.reported.quote
    ]
    if quotes:
        lines.append(f"The article prints: {'; '.join(quotes)}.")
    if summary.judged:
        margins = "; ".join(f"{text.name_of(figure)} {text.margin_of(figure)}" for figure in summary.judged)
        lines.append(f"Margin that counts as the same, fixed before the run: {margins}.")
        ranks = "; ".join(f"{text.name_of(figure)} {text.rank_of(figure)}" for figure in summary.judged)
        lines.append(f"Rank of the article's value among ours and it, the lowest first: {ranks}.")
    if summary.steps:
        lines.append(
            "Steps count from 0: the test accuracy of step k is measured after k + 1 updates, the loss of its batch "
            "before its update."
        )
    if summary.folds > 1:
        lines.append(
            f"A seed's value is the mean over its {summary.folds} folds. The spread over folds is the population "
            "standard deviation over the folds of one run, as articles print it; it is not an error bar of the mean."
        )
    return lines


def troubles(summary: ExperimentSummary) -> list[tuple[str, tuple[str, ...]]]:
    """What failed, diverged or learnt nothing: a title, and a line for each of the first twenty."""
    kinds = (
        ("replica", "failed: its seed is in no verdict", summary.failed),
        ("replica", "diverged: its seed is in no verdict", summary.diverged),
        ("seed", "no better than guessing, shown and counted", summary.at_chance),
    )
    return [
        (f"{len(lines)} {noun}{'s' if len(lines) > 1 else ''} {kind}", lines[:20])
        for noun, kind, lines in kinds
        if lines
    ]


def left_out(summary: ExperimentSummary) -> str:
    """How many replicas failed or diverged, for an index; empty where none did."""
    counts = [
        (len(lines), word) for word, lines in (("failed", summary.failed), ("diverged", summary.diverged)) if lines
    ]
    return ", ".join(f"{count} replica{'s' if count > 1 else ''} {word}" for count, word in counts)
