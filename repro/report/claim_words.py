"""Claims as they are worded, everywhere the same way: a difference with its direction, never with a sign to explain."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from repro.config.article import Claim
from repro.config.protocol import DRAWS
from repro.config.variation.claims import Trend
from repro.report import text
from repro.report.words import verdict_of
from repro.verdicts.types import DIRECTED, Beyond, ClaimVerdict

if TYPE_CHECKING:
    from repro.analysis.claims import ClaimResult

RELATIONS = {"greater": ">", "less": "<", "equivalent": "≈"}
ROWS_NOT_KNOWN = "not known, since seeds are not judged on the same rows, each once"
SHOWN = ("CLAIM HOLDS", "OPPOSITE HOLDS")


def claim_text(claim: Claim) -> str:
    """The claim, and whether the article makes it."""
    return f"{claim.text} (our own question)" if claim.added else claim.text


def relation(claim: Claim) -> str:
    """`a < b` or `accuracy of a > 0.6`, as claimed; of a contrast the weighted sum, `a − b − c + d < 0`.

    Of a trend the slope of such a sum; of points of a grid, that they are near its best or below it.
    """
    names = list(claim.weights)
    if claim.among:
        where = "near the best" if claim.direction == "near_best" else "below the best"
        return f"{'; '.join(claim.points)} {where} of {claim.among}"
    sign = RELATIONS[claim.direction or "equivalent"]
    if claim.trend:
        of = _weighted(claim.trend.of.values(), list(claim.trend.of))
        return f"slope of {of} {_per(claim.trend)} {sign} 0"
    until = f"epochs until {_level(claim)}: " if claim.until else ""
    if claim.contrast:
        return f"{until}{_weighted(claim.weights.values(), names)} {sign} 0"
    if claim.value is not None:
        return f"{text.metric_name(claim.metric)} of {claim.a} {sign} {claim.value:g}"
    return f"{until}{claim.a} {sign} {claim.b}"


def _per(trend: Trend) -> str:
    return f"per doubling of {trend.over}" if trend.per == "doubling" else f"per unit of {trend.over}"


def _level(claim: Claim) -> str:
    """`95.00% of accuracy on its own training rows`."""
    if claim.until is None:
        return ""
    level = text.number(claim.until.level, claim.metric == "accuracy", 2)
    return f"{level} of {text.figure_name(claim.metric, claim.until.split)}"


def _weighted(weights: Iterable[float], terms: Sequence[str]) -> str:
    """A sum as one writes it: `0.5 × a + b − 1.5 × c`."""
    signed = [
        ("−" if weight < 0 else "+", term if abs(weight) == 1 else f"{abs(weight):g} × {term}")
        for weight, term in zip(weights, terms, strict=True)
    ]
    (sign, first), *rest = signed
    return " ".join([f"−{first}" if sign == "−" else first, *(f"{sign} {term}" for sign, term in rest)])


def additions(row: ClaimResult) -> list[str]:
    """What is added to the word of a verdict: small, on average only."""
    judged = row.judged
    if judged is None:
        return []
    told = (("small", judged.small), ("on average only", judged.on_average_only))
    return [word for word, holds in told if holds]


def verdict(row: ClaimResult) -> str:
    """The verdict on a claim; on one that is a reported figure, that of the figure as numbers have it."""
    return verdict_of(row.figure) if row.figure else row.verdict


def verdict_words(row: ClaimResult) -> str:
    """The verdict with what is added to it."""
    return ", ".join([verdict(row), *additions(row)])


def beyond_words(row: ClaimResult) -> str:
    """`beyond these rows: not shown`, or nothing where it is not known."""
    return f"beyond these rows: {row.judged.beyond.word}" if row.judged and row.judged.beyond else ""


def is_shown(judged: ClaimVerdict) -> bool:
    """Whether a difference from 0 is shown, either way."""
    return judged.verdict in SHOWN and judged.direction in DIRECTED


def difference(row: ClaimResult) -> str:
    """The difference with its interval, and all means: `lowers accuracy by 1.69 points (1.02 to 2.35): ...`."""
    judged, claim = row.judged, row.claim
    if judged is None:
        return ""
    points = claim.in_points
    held = [*judged.means, *([] if claim.value is None else [claim.value])]
    means = [text.number(mean, points, 2 if points else text.decimals(*held)) for mean in held]
    if claim.trend:
        told = _against_zero(text.distance(judged.difference, judged.interval, points))
        return f"slope {_per(claim.trend)} is {told}"
    if claim.contrast:
        terms = [f"{name} ({mean})" for name, mean in zip(row.experiments, means, strict=True)]
        told = _against_zero(text.distance(judged.difference, judged.interval, points))
        return f"{_weighted(judged.weights, terms)} is {told}"
    if is_shown(judged) and claim.value is None and claim.among is None:
        verb = "raises" if judged.difference > 0 else "lowers"
        told = f"{verb} {_metric(row)} by {text.magnitude(judged.difference, points)}"
        told += "" if judged.interval is None else f" ({text.sizes(judged.interval, points)})"
    else:
        told = f"{_metric(row)} is {text.distance(judged.difference, judged.interval, points)}"
    if claim.among:
        means = [f"{mean} of {name}" for mean, name in zip(means, row.experiments, strict=True)]
    return f"{told}: {' against '.join(means)}"


def _metric(row: ClaimResult) -> str:
    metric, split = row.claim.metric, row.split
    if row.claim.until:
        return f"the number of epochs until {_level(row.claim)}"
    if metric != "accuracy":
        return f"the {text.figure_name(metric, split)}"
    named = text.figure_name(metric, split)
    return "accuracy" if split == "test" else f"the {named}" if split == "gap" else named


def _against_zero(told: str) -> str:
    """A difference in the words of a sum: `1.20 points above 0 (0.50 to 1.90)`."""
    return told.replace("higher", "above 0").replace("lower", "below 0")


def outcome(row: ClaimResult) -> str:
    """What an index says of a claim beside its verdict: the difference, or the figure, or why neither."""
    trial = f", a trial with {row.trial}" if row.trial else ""
    if row.judged:
        return f"{difference(row)}, {_runs(row.judged, row.judged.n)}{trial}"
    if row.figure:
        ours = f"{text.our_value(row.figure)}, {text.seeds(row.figure.over.n)}"
        return f"article {text.article_number(row.figure)}, ours {ours}{trial}"
    return row.sentence


def _runs(judged: ClaimVerdict, count: int) -> str:
    """`30 pairs`; `30 seeds` of a contrast, in which more runs than two share a seed, and of a figure by itself."""
    return text.seeds(count) if len(judged.weights) != 2 else f"{count} pair{'s' if count != 1 else ''}"


def share(judged: ClaimVerdict) -> str:
    """`27 of 30`, ties beside them, with Wilson's interval of the share."""
    ties = f" and {judged.ties} tie{'s' if judged.ties > 1 else ''}" if judged.ties else ""
    low, high = (100 * end for end in judged.wilson)
    return f"{judged.wins} of {judged.n}{ties} ({low:.0f} to {high:.0f}%)"


def p_value(p: float | None) -> str:
    """Four decimals, or a bound."""
    if p is None:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


def seeds(judged: ClaimVerdict) -> str:
    """Pairs of seeds, and how many seeds it takes where they don't decide."""
    return str(judged.n) if judged.seeds_needed is None else f"{judged.n} of {judged.seeds_needed} needed"


def beyond(found: Beyond, metric: str, contrast: bool) -> str:
    """`not shown (1.02 lower to 0.35 higher)`, and over how many rows."""
    points = metric == "accuracy"
    low, high = found.interval
    side = "lower" if high <= 0 else "higher"
    told = f"{text.sizes(found.interval, points)} {side}"
    if low < 0 < high:
        told = f"{text.magnitude(low, points)} lower to {text.magnitude(high, points)} higher"
    elif points:
        told = told.replace(f" {side}", f" points {side}")
    if contrast:
        told = _against_zero(told)
    return f"{found.word}: {told}, as {found.rows:,} rows tell"


def own_difference(row: ClaimResult) -> str:
    """The difference between the article's own figures, judged as a figure; empty where it does not print both."""
    judged = row.judged.article if row.judged else None
    if row.judged is None or judged is None:
        return ""
    points = row.claim.in_points
    theirs, ours = (text.distance(value, None, points) for value in (judged.article, judged.mean))
    if row.claim.contrast:
        theirs, ours = _against_zero(theirs), _against_zero(ours)
    if judged.verdict == "TOO FEW SEEDS":
        return f"{theirs}; ours is {ours} on average"
    runs = "pair" if len(row.judged.weights) == 2 else "seed"
    ordinary = f"an ordinary {runs}" if judged.in_prediction else f"outside the range of 95% of {runs}s"
    ordinary = f"within the range of 95% of {runs}s, at its edge" if judged.at_edge else ordinary
    return f"{theirs}, which is {ordinary} (rank {text.rank(judged)}); ours is {ours} on average"


def _part(row: ClaimResult) -> list[tuple[str, str]]:
    """What of the difference is about something else, with its interval; none where no part is named."""
    if row.part is None or row.claim.part is None:
        return []
    told = text.distance(row.part.difference, row.part.interval, row.claim.in_points)
    return [(f"from {row.claim.part.what} alone", f"{told}: {row.claim.part.a} against {row.claim.part.b}")]


def facts(row: ClaimResult) -> list[tuple[str, str]]:
    """What a comparison has come to, as name and value."""
    judged, claim = row.judged, row.claim
    if judged is None:
        return []
    metric, points = claim.measure, claim.in_points
    level = f"{100 * judged.level:g}% interval"
    where = "over the draws" if row.split == DRAWS else "on these rows"
    lines = [(f"{where} ({level})", difference(row))]
    if judged.beyond:
        lines.append(
            ("beyond these rows (95% interval)", beyond(judged.beyond, metric, claim.a is None and claim.among is None))
        )
    elif not row.knows_rows:
        lines.append(("beyond these rows", ROWS_NOT_KNOWN))
    if judged.size is not None:
        lines.append(("size, in standard deviations of a run", f"{abs(judged.size):.2f}"))
    runs = "pairs" if len(judged.weights) == 2 else "seeds"
    lines.append((f"{runs} that show it (95% interval of the share)", share(judged)))
    lines += [("the article's own difference", own)] if (own := own_difference(row)) else []
    lines += [*_part(row), *([("resolution", text.resolution(judged.margin, points))] if judged.margin else [])]
    lines += [("Holm's p", p_value(judged.p_holm)), (runs, seeds(judged))]
    return lines


def remarks(row: ClaimResult) -> list[str]:
    """What has to be said of a comparison besides its facts: seeds left out, what so many seeds could find."""
    judged = row.judged
    if judged is None:
        return []
    lines = []
    if row.left_out:
        noun = "seeds" if len(row.left_out) > 1 else "seed"
        where = "" if len(judged.weights) == 1 else " or not there in both"
        lines.append(f"Left out, not finite{where}: {noun} {_ranges(row.left_out)}.")
    if row.verdict == "UNDECIDED" and judged.detectable is not None:
        found = text.amount(judged.detectable, row.claim.measure)
        among = f" among {row.family} comparisons" if row.family > 1 else ""
        lines.append(f"Smallest difference that {judged.n} seeds find with 80% power{among}: {found}.")
    return lines


def _ranges(numbers: Sequence[int]) -> str:
    """Rising whole numbers as text: `1, 4 to 7`."""
    parts = []
    for _, group in itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        first, *_, last = [number for _, number in group] * 2
        parts.append(str(first) if first == last else f"{first} to {last}")
    return ", ".join(parts)


def pairing(rows: Sequence[ClaimResult]) -> str:
    """What the pairs of an article's comparisons share, how many comparisons there are, and their resolutions."""
    compared = [(row, row.judged) for row in rows if row.judged]
    shared = " / ".join(dict.fromkeys(row.shared for row, _ in compared))
    family = max(row.family for row, _ in compared)
    counted = f"{family} comparison{'s' if family != 1 else ''}"
    found = dict.fromkeys(_resolution(row, judged.margin) for row, judged in compared)
    return " ".join([f"Paired by seed: {shared}. Holm's correction counts {counted}.", *found])


def _resolution(row: ClaimResult, margin: float) -> str:
    metric = _metric(row)
    if not margin:
        return f"{metric[0].upper()}{metric[1:]} has no resolution: {row.margin_from}."
    return f"Resolution {text.resolution(margin, row.claim.in_points)}: {row.margin_from}."
