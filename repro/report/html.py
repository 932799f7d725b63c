"""One HTML page over a whole results folder: no scripts, nothing loaded, light and dark, readable on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from repro.errors import MachineError
from repro.records import canonical
from repro.report import text, words
from repro.report.claims import Comparison
from repro.report.sections import Section
from repro.report.stored import Stored
from repro.report.summary import Figure

TEMPLATES = Path(__file__).parent / "templates"

MARKS: dict[words.Tone, str] = {"holds": "✓", "partly": "≈", "fails": "✗", "open": "?", "none": "–"}
"""Beside a badge's word, so that colour is never alone."""


GLYPH = "DejaVuSans"
"""How matplotlib's names for the outlines of letters begin: equal in all drawings, so they are kept as they are."""


def page(sections: Sequence[Section]) -> str:
    """`results/report.html`. Raises MachineError where a stored plot can't be read."""
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
        marks=MARKS,
        plots=plots,
        figure_line=figure_line,
        forest_line=forest_line,
        figure_verdicts=figure_verdicts,
        claim_verdicts=claim_verdicts,
        provenance_rows=provenance_rows,
    )
    return shared_glyphs(environment.get_template("page.html.jinja").render(sections=sections))


def figure_verdicts(sections: Sequence[Section]) -> list[str]:
    """Verdicts of all figures of the index."""
    members = [member for section in sections for member in section.members]
    return [words.verdict_of(figure) for member in members for figure in text.shown(member.summary)]


def claim_verdicts(sections: Sequence[Section]) -> list[str]:
    """Verdicts of all claims."""
    return [row.verdict for section in sections for row in section.claims]


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
    article = figure.article.stored if figure.article else None
    low, high = figure.prediction
    at = _scale([low, high] if article is None else [low, high, article])
    return FigureLine(at(low), round(at(high) - at(low), 2), at(figure.mean), None if article is None else at(article))


@dataclass(frozen=True)
class ForestLine:
    """Places on a line, in percent of it: interval and mean of a difference, 0, and the zone of ±margin."""

    zone_low: float
    zone_width: float
    zero: float
    low: float
    high: float
    mean: float


def forest_line(c: Comparison, section: Section) -> ForestLine:
    """A comparison on the scale that all those of its article with the same metric share."""
    alike = [row.comparison for row in section.claims if row.comparison and row.comparison.metric == c.metric]
    ends = [0.0, *(end for each in alike for end in (each.margin, -each.margin, *_interval(each)))]
    at = _scale(ends)
    low, high = _interval(c)
    zone = at(-c.margin)
    return ForestLine(zone, round(at(c.margin) - zone, 2), at(0.0), at(low), at(high), at(c.difference))


def _interval(c: Comparison) -> tuple[float, float]:
    return c.interval or (c.difference, c.difference)


def _scale(values: Sequence[float]) -> Callable[[float], float]:
    """From a value to its place in percent; the smallest and largest value are a little away from the ends."""
    low, high = min(values), max(values)
    return lambda value: round(3 + 94 * ((value - low) / (high - low) if high > low else 0.5), 2)


@dataclass(frozen=True)
class Plot:
    """A stored plot, ready to stand in the page."""

    caption: str
    svg: Markup


def plots(member: Stored) -> list[Plot]:
    """The SVG plots of an experiment, their ids made unique by its name. Raises MachineError if one can't be read."""
    drawn = []
    for file in member.summary.plots:
        name, _, kind = file.rpartition(".")
        if kind == "svg":
            caption = text.PLOTS[name]
            drawn.append(Plot(caption, Markup(inlined(_read(member.folder / file), f"{member.name}-{name}-", caption))))
    return drawn


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise MachineError(f"{path}: can't be read ({error}); `repro report` draws it again") from error


def inlined(svg: str, prefix: str, label: str) -> str:
    """The `<svg>` element of a stand-alone file: ids prefixed, metadata left out, named for screen readers.

    Style rules are moved to where they hold for this drawing alone; the files are matplotlib's, so their one rule is
    `*{...}`. Raises MachineError for a file without an `<svg>` element.
    """
    start = svg.find("<svg")
    if start < 0:
        raise MachineError("a stored plot is no SVG file; `repro report` draws it again")
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[start:].strip(), flags=re.DOTALL)
    body = re.sub(r"<title>.*?</title>\s*", "", body, flags=re.DOTALL)
    styles = " ".join(re.findall(r"<style[^>]*>\s*\*\s*\{([^}]*)\}\s*</style>", body))
    body = re.sub(r"\s*<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(rf'(\sid="|href="#|url\(#)(?!{GLYPH})', rf"\g<1>{prefix}", body)
    opening = f'<svg role="img" aria-label="{Markup.escape(label)}" style="{styles.strip()}"'
    return body.replace("<svg", opening, 1)


def shared_glyphs(content: str) -> str:
    """The page with each letter's outline once, where the first drawing that needs it has it: a quarter less to load.

    Raises ValueError if two drawings mean different outlines by one name.
    """
    seen: dict[str, str] = {}

    def first(match: re.Match[str]) -> str:
        outline, name = match["outline"], match["name"]
        if name not in seen:
            seen[name] = outline
            return match[0]
        if seen[name] != outline:
            raise ValueError(f"two outlines are called {name}")
        return ""

    return re.sub(rf'\s*(?P<outline><path id="(?P<name>{GLYPH}[^"]*)"[^>]*/>)', first, content)


def provenance_rows(provenance: dict[str, Any]) -> list[tuple[str, str]]:
    """What a run is known by, as name and text."""
    code = provenance["code"]
    commit = code["commit"] or "unknown: not run from a checkout"
    changed = ", with changes that are not committed" if code["dirty"] else ""
    environment = [(name.replace("_", " "), _shown(value)) for name, value in provenance["environment"].items()]
    return [
        ("command", provenance["command"]),
        ("engine", provenance["engine"]),
        ("repro", provenance["repro"]),
        ("commit", commit + changed),
        *environment,
        ("cores of the machine", str(provenance["cores"])),
        *((f"SHA-256 of {name}", value) for name, value in provenance["data"].items()),
        ("SHA-256 of runs.csv", provenance["runs"]),
        ("fingerprint", provenance["fingerprint"]),
        ("started", provenance["started"]),
        ("duration", f"{text.duration(provenance['wall_seconds'])} from its first seed to its last"),
        ("training time", f"{text.duration(provenance['cell_seconds'])}, all seeds added up"),
    ]


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "none"
    return value if isinstance(value, str) else canonical(value)
