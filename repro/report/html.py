"""One HTML page over a whole results folder: no scripts, nothing loaded, light and dark, readable on a phone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from repro.analysis.figures import Figure
from repro.files import canonical
from repro.report import claim_words, text, variants, words
from repro.report.answer import answer
from repro.report.seal import vouched_plots
from repro.report.sections import Member, Section
from repro.results.provenance import Provenance
from repro.verdicts.types import ClaimVerdict, Interval

TEMPLATES = Path(__file__).parent / "templates"

MARKS: dict[words.Tone, str] = {"holds": "✓", "partly": "≈", "fails": "✗", "open": "?", "none": "–"}
"""Beside a badge's word, so that colour is never alone."""


def page(sections: Sequence[Section], drawn: Mapping[str, bytes]) -> str:
    """`results/report.html`; `drawn`: the plot of each article as SVG, by its name.

    Of an experiment's plots those stand on the page that its `summary.json` vouches for.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        text=text,
        words=words,
        variants=variants,
        claim_words=claim_words,
        answer=answer,
        marks=MARKS,
        article_plot=lambda section: Plot(text.ARTICLE_PLOT, _source(drawn[section.name])),
        plots=plots,
        figure_line=figure_line,
        forest_line=forest_line,
        figure_verdicts=figure_verdicts,
        claim_verdicts=claim_verdicts,
        provenance_rows=provenance_rows,
    )
    return environment.get_template("page.html.jinja").render(sections=sections)


def figure_verdicts(sections: Sequence[Section]) -> list[str]:
    """Verdicts of all figures of the index."""
    members = [member for section in sections for member in section.members]
    return [words.verdict_of(figure) for member in members for figure in member.summary.shown]


def claim_verdicts(sections: Sequence[Section]) -> list[str]:
    """Verdicts of all claims."""
    return [claim_words.verdict(row) for section in sections for row in section.claims]


@dataclass(frozen=True)
class FigureLine:
    """Places on a line, in percent of it: range of single runs, our mean, the article's value."""

    low: float
    width: float
    mean: float
    article: float | None


def figure_line(figure: Figure) -> FigureLine | None:
    """A figure on a line of its own scale; None where a single seed gives no range."""
    if figure.prediction is None:
        return None
    article = figure.reported.stored if figure.reported else None
    low, high = figure.prediction
    at = _scale([low, high] if article is None else [low, high, article])
    mean = at(figure.over.mean)
    return FigureLine(at(low), round(at(high) - at(low), 2), mean, None if article is None else at(article))


@dataclass(frozen=True)
class ForestLine:
    """Places on a line, in percent of it: a difference, its two intervals, 0, and the zone of ±resolution."""

    zone_low: float
    zone_width: float
    zero: float
    low: float
    high: float
    mean: float
    beyond: Interval | None
    """The interval for other rows too."""


def forest_line(judged: ClaimVerdict, metric: str, section: Section) -> ForestLine:
    """A comparison on the scale that all those of its article with the same metric share."""
    alike = [row.judged for row in section.claims if row.judged and row.claim.measure == metric]
    at = _scale([0.0, *(end for each in alike for end in (each.margin, -each.margin, *_ends(each)))])
    low, high = judged.interval or (judged.difference, judged.difference)
    zone = at(-judged.margin)
    beyond = (at(judged.beyond.interval[0]), at(judged.beyond.interval[1])) if judged.beyond else None
    width = round(at(judged.margin) - zone, 2)
    return ForestLine(zone, width, at(0.0), at(low), at(high), at(judged.difference), beyond)


def _ends(judged: ClaimVerdict) -> tuple[float, ...]:
    beyond = judged.beyond.interval if judged.beyond else ()
    return (judged.difference, *(judged.interval or ()), *beyond)


def _scale(values: Sequence[float]) -> Callable[[float], float]:
    """From a value to its place in percent; the smallest and largest value are a little away from the ends."""
    low, high = min(values), max(values)
    return lambda value: round(3 + 94 * ((value - low) / (high - low) if high > low else 0.5), 2)


@dataclass(frozen=True)
class Plot:
    """A drawn plot, ready to stand in the page as an image that is loaded from nowhere."""

    caption: str
    source: str


def plots(member: Member) -> list[Plot]:
    """The plots of an experiment, in the order of `text.PLOTS`."""
    drawn = vouched_plots(member.stored.folder / "summary.json")
    return [Plot(caption, _source(drawn[name])) for name, caption in text.PLOTS.items() if name in drawn]


def _source(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def provenance_rows(provenance: Provenance) -> list[tuple[str, str]]:
    """What a run is known by, as name and text."""
    made = provenance.made
    commit = made.code.commit or "unknown: not run from a checkout"
    changed = ", with changes that are not committed" if made.code.dirty else ""
    environment = [(name.replace("_", " "), _shown(value)) for name, value in made.environment]
    return [
        ("command", provenance.command),
        ("engine", made.engine),
        ("repro", made.repro),
        ("commit", commit + changed),
        *environment,
        ("cores of the machine", str(made.cores)),
        *((f"SHA-256 of {name}", value) for name, value in made.data.sha256.items()),
        ("SHA-256 of runs.csv", provenance.runs),
        ("SHA-256 of correct.npz", provenance.correct),
        ("fingerprint", provenance.conditions.fingerprint),
        ("started", made.started),
        ("duration", f"{text.duration(made.wall_seconds)} from its first seed to its last"),
        ("training time", f"{text.duration(made.cell_seconds)}, all seeds added up"),
    ]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "none"
    return value if isinstance(value, str) else canonical(value)
