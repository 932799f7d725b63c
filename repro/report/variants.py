"""The variants of an experiment as a table, everywhere the same way."""

from __future__ import annotations

from repro.analysis.figures import ExperimentSummary, Figure
from repro.config.variation.references import label_of
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


def lines(summary: ExperimentSummary) -> list[str]:
    """What is said of all variants together: the best of a grid, the readings of what an article leaves open."""
    told = []
    best = summary.best
    if best:
        chosen, plain = (summary.variants[place] for place in (best.point, best.plain_point))
        ours, looks = (_value(variant, each.mean) for variant, each in ((chosen, best.over), (plain, best.plain)))
        low_high = text.interval(best.over.confidence, *_form(chosen))
        at = "" if plain is chosen else f", {label_of(plain.labels)},"
        points = summary.metric == "accuracy"
        better = "better" if best.flattery >= 0 else "worse"
        told.append(
            f"Best {text.main_name(summary)} of {len(summary.variants)} variants: {label_of(chosen.labels)}, "
            f"{ours} ({low_high}) over the {best.over.n} seeds that did not choose it. The best over all seeds{at} has "
            f"{looks}, which looks {text.magnitude(best.flattery, points)} {better}. {best.sentence}"
        )
    if summary.readings:
        told.append(f"{text.main_name(summary)[0].upper()}{text.main_name(summary)[1:]}: {summary.readings.sentence}")
    return told


def _form(variant: ExperimentSummary) -> tuple[bool, int]:
    """Whether the main figure is a percentage, and its decimals."""
    return (text.as_percent(variant.main), text.decimals_of(variant.main)) if variant.main else (False, 4)


def _value(variant: ExperimentSummary, value: float) -> str:
    return text.number(value, *_form(variant))


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
