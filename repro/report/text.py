"""Numbers as they are printed, everywhere the same way."""

from __future__ import annotations

from collections.abc import Sequence

from repro.config.schema import Reported
from repro.report.summary import Figure, Interval, StepRow, Summary

PLOTS = {
    "accuracy": "Every seed, the mean, and the article's figure where it gives one",
    "steps": "The article's figures step by step, and ours",
    "curves": "Accuracy and loss in the course of training",
}


def as_percent(figure: Figure) -> bool:
    """Accuracies are shown as the article shows them; a percentage where it gives none."""
    return figure.metric == "accuracy" and (figure.article is None or figure.article.unit == "percent")


def number(value: float, percent: bool, decimals: int) -> str:
    """A value in stored units, as text."""
    return f"{100 * value:.{decimals}f}%" if percent else f"{value:.{decimals}f}"


def interval(pair: Interval | None, percent: bool, decimals: int) -> str:
    """`low to high`, or a dash."""
    if pair is None:
        return "–"
    low, high = (number(value, percent, decimals).rstrip("%") for value in pair)
    return f"{low} to {high}{'%' if percent else ''}"


def figure_interval(figure: Figure, pair: Interval | None) -> str:
    """An interval in the form of its figure."""
    return interval(pair, as_percent(figure), decimals_of(figure))


def decimals_of(figure: Figure) -> int:
    """Decimals of our values: four; of a percentage as many as the article prints, but two to four."""
    if not as_percent(figure):
        return 4
    return 2 if figure.article is None else min(max(figure.article.printed_decimals, 2), 4)


def article_number(figure: Figure) -> str:
    """The article's value alone, with the decimals that it prints, four at most; or a dash."""
    return "–" if figure.article is None else _as_printed(figure.article, figure.article.stored)


def article_value(figure: Figure) -> str:
    """The article's value with its own spread, or a dash."""
    text, shown = article_number(figure), figure.article
    if shown is not None and shown.spread is not None:
        text += f" (± {_as_printed(shown, shown.spread / shown.scale)} over {shown.spread_over})"
    return text


def _as_printed(article: Reported, stored: float) -> str:
    return number(stored, article.unit == "percent", min(article.printed_decimals, 4))


def our_value(figure: Figure) -> str:
    """Mean and standard deviation over seeds."""
    percent, decimals = as_percent(figure), decimals_of(figure)
    text = number(figure.mean, percent, decimals)
    return text if figure.sd is None else f"{text} ± {number(figure.sd, percent, decimals)}"


def margin_of(figure: Figure) -> str:
    """What counts as the same: points for an accuracy shown in percent, else the figure's own unit."""
    if figure.margin is None:
        return "–"
    return amount(figure.margin, figure.metric) if as_percent(figure) else number(figure.margin, False, 4)


def rank_of(figure: Figure) -> str:
    """`17 of 31`, or `16 to 18 of 31` where runs of ours would be printed as the same figure."""
    if figure.rank is None:
        return "–"
    low, high = figure.rank
    return (f"{low}" if low == high else f"{low} to {high}") + f" of {figure.n + 1}"


def folds_spread(figure: Figure) -> str:
    """Mean over seeds of the spread over folds, with the smallest and the largest seed's; or a dash."""
    if figure.fold_spread is None:
        return "–"
    mean, low, high = figure.fold_spread
    return f"{number(mean, as_percent(figure), decimals_of(figure))} ({figure_interval(figure, (low, high))})"


def name_of(figure: Figure) -> str:
    """`test accuracy`, `loss of the step's own batch`."""
    return f"{figure.metric} of the step's own batch" if figure.split == "batch" else f"{figure.split} {figure.metric}"


def main_figure(summary: Summary) -> Figure | None:
    """The figure that an index shows: the test accuracy."""
    return next((figure for figure in summary.figures if (figure.metric, figure.split) == ("accuracy", "test")), None)


def judged(summary: Summary) -> list[Figure]:
    """The figures with a verdict."""
    return [figure for figure in summary.figures if figure.verdict]


def shown(summary: Summary) -> list[Figure]:
    """The figures for an index: those with a verdict, or the test accuracy where there is none."""
    main = main_figure(summary)
    return judged(summary) or ([main] if main else [])


def seeds(count: int) -> str:
    """`1 seed`, `30 seeds`."""
    return f"{count} seed{'s' if count != 1 else ''}"


def amount(value: float, metric: str) -> str:
    """A size of differences: `0.53 points` of accuracy, four decimals of a loss."""
    return f"{100 * value:.2f} points" if metric == "accuracy" else f"{value:.4f}"


def duration(seconds: float) -> str:
    """`1 h 05 min`, `3 min 20 s` or `4.2 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def steps_in_order(steps: Sequence[StepRow]) -> list[StepRow]:
    """Rows of the article's table by step, figure by figure."""
    return sorted(steps, key=lambda row: (row.metric, row.step))


def step_cells(row: StepRow) -> tuple[str, str, str, str, str, str]:
    """Step, figure, article, ours, 95% of single runs, and whether the article's is among them."""
    ours = f"{row.mean:.4f}" + ("" if row.sd is None else f" ± {row.sd:.4f}")
    inside = {True: "yes", False: "no", None: "–"}[row.inside]
    name = f"{row.split} {row.metric}"
    return str(row.step), name, f"{row.article:.4f}", ours, interval(row.prediction, False, 4), inside
