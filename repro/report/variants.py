"""The variants of an experiment as a table, everywhere the same way."""

from __future__ import annotations

from repro.analysis.figures import ExperimentSummary, Figure
from repro.report import text, words

INTERVAL = "95% interval of our mean"


def axes_of(summary: ExperimentSummary) -> list[str]:
    """What varies."""
    return list(summary.variants[0].labels)


def header(summary: ExperimentSummary) -> list[str]:
    """The axes, then what is shown of each variant."""
    shown = [text.name_of(figure) for figure in _shown(summary.variants[0])] or [text.main_name(summary)]
    columns = [column for name in shown for column in (name, INTERVAL)]
    return [*axes_of(summary), *columns, "seeds", *(["verdict"] if _judged(summary) else [])]


def rows(summary: ExperimentSummary) -> list[list[str]]:
    """A row for each variant, in the order of the file."""
    return [_row(variant, _judged(summary)) for variant in summary.variants]


def _row(variant: ExperimentSummary, judged: bool) -> list[str]:
    figures = _shown(variant)
    cells = [cell for figure in figures for cell in (text.our_value(figure), _interval(figure))] or ["–", "–"]
    lost = words.left_out(variant)
    seeds = str(variant.main.over.n if variant.main else 0) + (f" ({lost})" if lost else "")
    verdict = [words.verdict_of(variant.main) if variant.main else "NOT JUDGED"] if judged else []
    return [*variant.labels.values(), *cells, seeds, *verdict]


def _interval(figure: Figure) -> str:
    return text.figure_interval(figure, figure.confidence)


def _shown(variant: ExperimentSummary) -> list[Figure]:
    """The main figure, and the loss."""
    both = (variant.main, variant.figure("loss", variant.split) if variant.metric != "loss" else None)
    return [figure for figure in both if figure]


def _judged(summary: ExperimentSummary) -> bool:
    """Whether the article's figure is judged for more than one variant: readings of what it leaves open."""
    return sum(bool(variant.judged) for variant in summary.variants) > 1
