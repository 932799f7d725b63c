"""What a reader can repeat of an article, composed from its verdicts and never written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro.analysis.figures import ExperimentSummary, Figure
from repro.config.article import Claim
from repro.config.protocol import DRAWS
from repro.config.strict import METRICS
from repro.config.variation.references import label_of
from repro.report import text
from repro.report.claim_words import claim_text, is_shown, verdict_words
from repro.report.words import verdict_of
from repro.verdicts.types import ClaimVerdict

if TYPE_CHECKING:
    from repro.analysis.claims import ClaimResult
    from repro.report.sections import Member, Section


NUMERALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Answer:
    """What is said of an article: the sentence, and the verdict on each claim that is tested."""

    article: str
    title: str
    sentence: str
    claims: tuple[tuple[str, str], ...]
    """Verdict, with its additions, and claim."""


def answer_of(section: Section) -> Answer:
    """The answer on an article."""
    tested = [row for row in section.claims if row.kind != "not tested" and row.verdict != "NOT RUN YET"]
    claims = tuple((verdict_words(row), " ".join(claim_text(row.claim).split())) for row in tested)
    return Answer(section.name, section.title, answer(section), claims)


def answer(section: Section) -> str:
    """The verdicts on an article: a sentence on its numbers, one on each of its claims, and how many are not tested.

    Trials are not the article's experiments, so nothing is said of them.
    """
    if section.name == text.OWN:
        return " ".join(_lone(member.summary) for member in section.members)
    figures = article_figures(section.members)
    own = [row for row in section.claims if not row.claim.added and not row.trial]
    compared = [row for row in own if row.kind == "comparison" and row.verdict != "NOT RUN YET"]
    told = [part for part in (_numbers(figures), *map(_claim, compared)) if part]
    seeds = [figure.over.n for figure in figures] + [row.judged.n for row in compared if row.judged]
    first, *rest = told or ["nothing that the article reports has been run as it reports it"]
    first = f"over {_range(seeds)}, {first}" if seeds else first
    sentences = [f"{part[0].upper()}{part[1:]}." for part in (first, *rest)]
    if any(figure.split == "train" for figure in figures):
        sentences.append("What is scored on its own training rows says nothing of new data.")
    counts = (
        (sum(row.verdict == "NOT RUN YET" for row in own), "has not been run yet", "have not been run yet"),
        (sum(row.kind == "not tested" for row in own), "is not tested here", "are not tested here"),
    )
    for count, one, several in counts:
        if count:
            more = "more " if told else ""
            noun = f"claim {one}" if count == 1 else f"claims {several}"
            sentences.append(f"{_numeral(count).capitalize()} {more}{noun}.")
    return " ".join(sentences)


def article_figures(members: Sequence[Member]) -> list[Figure]:
    """The figures that an article reports of whole splits, each once: as the first experiment has it.

    An experiment that repeats the article's number under another protocol reports the same figure; a trial is not the
    article's experiment.
    """
    found: dict[tuple[str, float, str], Figure] = {}
    for member in members:
        for figure in member.summary.judged if not member.summary.trial else ():
            reported = figure.reported
            if reported and figure.split != "batch":
                found.setdefault((figure.metric, reported.value, reported.quote), figure)
    return list(found.values())


def _lone(summary: ExperimentSummary) -> str:
    """`my: test accuracy 83.21% ± 1.47% over 30 seeds; reported 83.59%: REPRODUCED.`"""
    if summary.main is None:
        return f"{summary.experiment}: {_range_of_variants(summary)}."
    parts = [f"{text.main_name(summary)} {text.our_value(summary.main)} over {text.seeds(summary.main.over.n)}"]
    for figure in summary.judged:
        name = "" if figure is summary.main else f"{text.name_of(figure)} "
        parts.append(f"{name}reported {text.article_number(figure)}: {verdict_of(figure)}")
    return f"{summary.experiment}: {'; '.join(parts)}."


def _range_of_variants(summary: ExperimentSummary) -> str:
    """`test accuracy from 71.20% (rate=0.9) to 84.32% (rate=0.1) in 8 variants`, or that there are no figures."""
    figures = [(each.main, label_of(each.labels)) for each in summary.variants if each.main]
    if not figures:
        return "no seed has a valid figure"
    low, high = (
        f"{text.our_mean(figure)} ({label})"
        for figure, label in (pick(figures, key=lambda each: each[0].over.mean) for pick in (min, max))
    )
    return f"{text.main_name(summary)} from {low} to {high} in {len(summary.variants)} variants"


def _numbers(figures: Sequence[Figure]) -> str:
    """`all three numbers are reproduced`, or how many are, and the others by their value."""
    if not figures:
        return ""
    odd = [figure for figure in figures if figure.verdict != "REPRODUCED"]
    good, count = len(figures) - len(odd), len(figures)
    if not odd:
        return {1: "its one number is reproduced", 2: "both numbers are reproduced"}.get(
            count, f"all {_numeral(count)} numbers are reproduced"
        )
    named = [_odd(figure) for figure in odd]
    if good:
        named.insert(0, f"{_numeral(good)} of {_numeral(count)} numbers {'is' if good == 1 else 'are'} reproduced")
    return "; ".join(named)


def _odd(figure: Figure) -> str:
    of = (
        ""
        if figure.metric == "accuracy"
        else f"{'an' if figure.metric == 'r2' else 'a'} {text.metric_name(figure.metric)} of "
    )
    where = "" if figure.split == "test" else f" ({text.name_of(figure)})"
    theirs, ours = f"{of}{text.article_number(figure)}{where}", text.our_mean(figure)
    match figure.verdict:
        case "COMPATIBLE":
            judged = figure.judged
            edge = ", which is at the edge of our runs" if judged and judged.at_edge else ""
            mean = f"and our mean of {ours} is close" if judged and judged.close else f"though our mean is {ours}"
            return f"one run may print {theirs}{edge}, {mean}"
        case "CLOSE":
            return f"no ordinary run prints {theirs}, though our mean of {ours} is close to it"
        case "NOT REPRODUCED":
            return f"{theirs} is not reproduced: our mean is {ours}"
        case "NOT JUDGED":
            return f"{theirs} is not judged: it has rank {text.rank_of(figure)}, and our mean is {ours}"
        case _:
            return f"{text.seeds(figure.over.n)} cannot judge {theirs}"


def _claim(row: ClaimResult) -> str:
    """`the claim that hidden dropout is worse holds on these rows, by 1.69 points, of which ...`."""
    subject, judged = _subject(row.claim), row.judged
    if judged is None:
        return f"{subject} could not be judged"
    if is_shown(judged):
        return f"{subject} {_shown(row, judged)}"
    within = _size(judged.margin, row.claim, text.resolution)
    differ = "they differ" if row.claim.value is None else "it differs"
    told = {
        "CLAIM HOLDS": f"holds{_rows(row, judged)}, within {within}",
        "OPPOSITE HOLDS": f"does not hold{_rows(row, judged)}: {differ} by {_size(judged.difference, row.claim)}",
        "NO MATERIAL DIFFERENCE": f"is not shown;{_rows(row, judged)} any difference is within {within}",
        "UNDECIDED": "is not decided",
        "TOO FEW SEEDS": f"needs more than {text.seeds(judged.n)}",
    }
    return f"{subject} {told[judged.verdict]}"


def _subject(claim: Claim) -> str:
    return f"the claim that {claim.short}" if claim.short else f"the claim “{claim.text.rstrip('.')}”"


def _shown(row: ClaimResult, judged: ClaimVerdict) -> str:
    word = "holds" if judged.verdict == "CLAIM HOLDS" else "does not hold: the opposite holds"
    told = f"{word}{_rows(row, judged)}, by {_size(judged.difference, row.claim)}"
    told += ", on average only" if judged.on_average_only else ""
    told += f", which is small (within {_size(judged.margin, row.claim, text.resolution)})" if judged.small else ""
    return told + _part(row, judged)


def _rows(row: ClaimResult, judged: ClaimVerdict) -> str:
    """How far it holds; what is shown beyond these rows is what is shown on them, since it is the same mean.

    Draws of a function are of no rows.
    """
    if row.split == DRAWS:
        return ""
    beyond = judged.beyond is not None and judged.beyond.word != "not shown"
    return " on these rows and beyond them" if beyond else " on these rows"


def _part(row: ClaimResult, judged: ClaimVerdict) -> str:
    part, named = row.part, row.claim.part
    if part is None or named is None or part.interval is None:
        return ""
    low, high = part.interval
    if low <= 0 <= high:
        return f"; how much of that comes from {named.what} is not decided"
    points = row.claim.in_points
    size, ends = text.magnitude(part.difference, points), text.sizes(part.interval, points)
    if (part.difference > 0) != (judged.difference > 0):
        return f"; {size} ({ends}) the other way come from {named.what}"
    if abs(part.difference) > abs(judged.difference):
        return f"; {size} ({ends}) the same way come from {named.what}"
    return f", of which {size.removesuffix(' points')} ({ends}) come from {named.what}"


def _size(value: float, claim: Claim, told: Callable[[float, bool], str] = text.magnitude) -> str:
    size = told(value, claim.in_points)
    if claim.until:
        return f"{abs(value):.1f} epochs"
    named = claim.metric in METRICS and claim.metric != "accuracy"
    per = "" if claim.trend is None else f" per {'doubling' if claim.trend.per == 'doubling' else 'unit'}"
    return (f"{size} of {text.metric_name(claim.metric)}" if named else size) + per


def _range(seeds: Sequence[int]) -> str:
    low, high = min(seeds), max(seeds)
    return text.seeds(low) if low == high else f"{low} to {high} seeds"


def _numeral(count: int) -> str:
    return NUMERALS[count] if count < len(NUMERALS) else str(count)
