"""Verdicts on numbers as they are worded, everywhere the same way, and how all verdicts are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from repro.analysis.figures import ExperimentSummary, Figure, Listing, printed
from repro.config.protocol import DRAWS
from repro.report import text

if TYPE_CHECKING:
    from repro.report.sections import Member

Tone = Literal["holds", "partly", "fails", "open", "none"]

AT_THE_EDGE = "COMPATIBLE, AT THE EDGE"

TONES: dict[str, Tone] = {
    "REPRODUCED": "holds",
    "CLAIM HOLDS": "holds",
    "COMPATIBLE": "partly",
    AT_THE_EDGE: "partly",
    "CLOSE": "partly",
    "NO MATERIAL DIFFERENCE": "partly",
    "NOT REPRODUCED": "fails",
    "OPPOSITE HOLDS": "fails",
    "UNDECIDED": "open",
    "TOO FEW SEEDS": "open",
    "NOT RUN YET": "none",
    "NOT COMPARABLE": "none",
    "NOT JUDGED": "none",
    "NOT REPORTED": "none",
    "NOT TESTED HERE": "none",
}
"""Every verdict, in the order in which pages count them, and the tone of its colour. The word always stands beside."""

OURS = "ours: mean ± sd over seeds"
DISTANCE = "our mean against it (95% interval)"
ACCEPTED = "accepted range (95% of single runs)"


def counted(verdicts: Sequence[str]) -> list[tuple[str, int]]:
    """Verdicts with how often each occurs, in the order of `TONES`."""
    return [(verdict, verdicts.count(verdict)) for verdict in TONES if verdict in verdicts]


def verdict_of(figure: Figure) -> str:
    """The verdict on a number, with its addition."""
    return AT_THE_EDGE if figure.judged and figure.judged.at_edge else figure.verdict


def spread_line(figure: Figure) -> str:
    """The article's spread over folds against ours, with its verdict; empty where it prints none."""
    judged, reported = figure.spread_judged, figure.reported
    if judged is None or reported is None or reported.spread is None:
        return ""
    verdict = AT_THE_EDGE if judged.at_edge else judged.verdict
    theirs = printed(reported, reported.spread)
    percent, decimals = text.as_percent(figure), text.decimals_of(figure)
    prediction = judged.prediction and (max(0.0, judged.prediction[0]), judged.prediction[1])  # no spread is below 0
    accepted = text.interval(prediction, percent, decimals)
    ours = text.number(judged.mean, percent, decimals)
    return (
        f"Spread of the {text.name_of(figure)} over folds: the article prints {theirs}, ours is {ours} on average over "
        f"{text.seeds(judged.n)} (accepted range {accepted}; rank {text.rank(judged)}): {verdict}."
    )


def listing_line(listing: Listing) -> str:
    """Figures by step judged together: how many lie outside, how many are expected, and the probability."""
    judged = listing.judged
    told = f"{judged.outside} of {len(judged.each)} outside"
    if judged.probability is not None:
        told += f", {judged.expected:.1f} expected, probability {judged.probability:.2f}"
    return f"{text.name_of(listing)} by step: {told}: {judged.verdict}."


def resolutions(members: Sequence[Member]) -> list[str]:
    """Each resolution with its reason, and the figures that it is for."""
    found: dict[tuple[str, str], list[str]] = {}
    for member in members:
        for figure in member.summary.judged:
            if figure.margin_reason:
                metric = text.metric_name(figure.metric)
                where = member.name if metric == "accuracy" else f"{member.name} ({metric})"
                found.setdefault((text.resolution_of(figure), figure.margin_reason), []).append(where)
    return [f"{size} ({', '.join(names)}): {reason}" for (size, reason), names in found.items()]


READING_NUMBERS = (
    "A number has two questions: could one run have printed it, and how far is our mean from it?",
    "Accepted range: the 95% prediction interval of one further run, widened by the rounding of the article's value. "
    "The verdict could not have told apart what lies in it. By design 5% of true numbers fall outside.",
    "Rank: the place of the article's value among our runs and it, the lowest first.",
    "Resolution: what may differ without changing a conclusion, and why it is so much. Our mean is close to "
    "the article's value where the 90% interval of the mean lies within the resolution of it.",
    "REPRODUCED: in the accepted range, and our mean is close.",
    "COMPATIBLE: in the accepted range, so a run may print it; that our mean is close is not shown. AT THE EDGE: "
    "among the outer tenth of the ranks. Fewer than ten seeds earn no more than COMPATIBLE.",
    "CLOSE: outside the range of 95% of single runs, yet our mean is close: the difference changes no conclusion.",
    "NOT REPRODUCED: neither. TOO FEW SEEDS: fewer than five. NOT JUDGED: nothing says what may differ, so the "
    "value is shown and ranked. NOT REPORTED: the article gives no figure.",
    "An accuracy is shown as the article prints it, and in percent where it prints none.",
)
"""How to read the verdict on a figure."""

READING_CLAIMS = (
    "A difference is that of the first experiment and the second, over pairs of runs with one seed; “lowers by” and "
    "“raises by” speak of the first. Its interval is for other seeds on these rows of data.",
    "CLAIM HOLDS: a difference in the claimed direction is shown. OPPOSITE HOLDS: one in the other direction is. NO "
    "MATERIAL DIFFERENCE: none is shown, and whatever there is on these rows lies within the resolution. UNDECIDED: "
    "neither; it says how many seeds decide. NOT COMPARABLE: the experiments do not share their splits.",
    "small: the whole interval lies within the resolution. on average only: fewer than three pairs in four show it "
    "(ties count half), a rule of thumb.",
    "beyond these rows: the same difference for other seeds and other rows of data; with a fixed split, for other test "
    "rows and the same training rows. Nothing is shown beyond these rows that is not shown on them, and “not shown” "
    "does not say that there is none. What another training set would change is not in it.",
    "Pairs that show it: those on the side of the claim, with Wilson's 95% interval of their share (ties count half).",
    "A figure may be held against a number in the place of a second experiment: the difference is then from that "
    "number, over single seeds. Of a function’s draws there are no rows, and nothing beyond them.",
    "Size: the difference in standard deviations of a single run.",
    "The article's own difference is a figure like any other: its rank is that among our pairs and it.",
    "Holm's p is corrected for all comparisons of the article; 0.05 decides.",
)
"""How to read a comparison."""

BUDGET_NOTE = "Each figure is a standard deviation, over what its column says. The sources overlap and do not add up."


@dataclass(frozen=True)
class Budget:
    """Sources of variance as columns, and a row of cells for each experiment."""

    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def budget(members: Sequence[Member]) -> Budget:
    """What the spread of each experiment's test accuracy is over; a dash where a source is not one of its own."""
    found = [member for member in members if member.summary.variance or not member.summary.variants]
    parts = [(member.name, {part.label: part.sd for part in member.summary.variance}) for member in found]
    labels = tuple(dict.fromkeys(label for _, each in parts for label in each))
    rows = (
        (name, tuple(text.amount(each[label], "accuracy") if label in each else "–" for label in labels))
        for name, each in parts
    )
    return Budget(labels, tuple(rows))


def together(summary: ExperimentSummary) -> list[str]:
    """The verdicts on what is neither one number nor a claim: spreads over folds, and figures by step."""
    spreads = [line for line in map(spread_line, summary.figures) if line]
    return spreads + [listing_line(listing) for listing in summary.listings]


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
    lines += [
        f"Resolution of the {text.name_of(figure)}, {text.resolution_of(figure)}: {figure.margin_reason}."
        for figure in summary.judged
        if figure.margin_reason
    ]
    if summary.listings:
        lines.append(
            "Steps count from 0: the test accuracy of step k is measured after k + 1 updates, the loss of its batch "
            "before its update."
        )
    if summary.split == DRAWS:
        lines.append(
            "Figures of a function: under each seed it draws from a random stream of its own. Nothing is trained, and "
            "no data are read."
        )
    if summary.split == "train":
        lines.append(
            f"The {text.main_name(summary)}: no row was held out. It says how well the model fits the rows that it was "
            "trained on, and is not its accuracy on new data."
        )
    if summary.fresh_rows:
        lines.append(
            "Every seed holds out test rows of its own, so the spread over seeds has in it which rows were drawn, and "
            "which rows are right is not kept."
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
