"""Numbers as they are printed, everywhere the same way."""

from __future__ import annotations

from collections.abc import Sequence

from repro.analysis.figures import ExperimentSummary, Figure, StepRow, printed
from repro.verdicts.types import Interval

PLOTS = {
    "accuracy": "Every seed, the mean, and the article's figure where it gives one",
    "steps": "The article's figures step by step, and ours",
    "curves": "Accuracy and loss in the course of training",
}


def as_percent(figure: Figure) -> bool:
    """Accuracies are shown as the article shows them; a percentage where it gives none."""
    return figure.metric == "accuracy" and (figure.reported is None or figure.reported.unit == "percent")


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
    return 2 if figure.reported is None else min(max(figure.reported.printed_decimals, 2), 4)


def article_number(figure: Figure) -> str:
    """The article's value alone, with the decimals that it prints, four at most; or a dash."""
    return "–" if figure.reported is None else printed(figure.reported)


def article_value(figure: Figure) -> str:
    """The article's value with its own spread, or a dash."""
    text, shown = article_number(figure), figure.reported
    if shown is not None and shown.spread is not None:
        text += f" (± {printed(shown, shown.spread)} over {shown.spread_over})"
    return text


def our_value(figure: Figure) -> str:
    """Mean and standard deviation over seeds."""
    percent, decimals = as_percent(figure), decimals_of(figure)
    text = number(figure.over.mean, percent, decimals)
    return text if figure.over.sd is None else f"{text} ± {number(figure.over.sd, percent, decimals)}"


def accuracy(summary: ExperimentSummary | None) -> str:
    """Our test accuracy, or that there is none."""
    return our_value(summary.main) if summary and summary.main else "none"


def margin_of(figure: Figure) -> str:
    """What counts as the same: points for an accuracy shown in percent, else the figure's own unit."""
    if figure.judged is None:
        return "–"
    margin = figure.judged.margin
    return amount(margin, figure.metric) if as_percent(figure) else number(margin, False, 4)


def rank_of(figure: Figure) -> str:
    """`17 of 31`, or `16 to 18 of 31` where runs of ours would be printed as the same figure."""
    if figure.judged is None:
        return "–"
    low, high = figure.judged.rank
    return (f"{low}" if low == high else f"{low} to {high}") + f" of {figure.over.n + 1}"


def folds_spread(figure: Figure) -> str:
    """Mean over seeds of the spread over folds, with the smallest and the largest seed's; or a dash."""
    spread = figure.fold_spread
    if spread is None:
        return "–"
    ends = figure_interval(figure, (spread.minimum, spread.maximum))
    return f"{number(spread.mean, as_percent(figure), decimals_of(figure))} ({ends})"


def name_of(figure: Figure) -> str:
    """`test accuracy`, `loss of the step's own batch`."""
    return f"{figure.metric} of the step's own batch" if figure.split == "batch" else f"{figure.split} {figure.metric}"


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
    judged = row.judged
    ours = f"{judged.mean:.4f}" + ("" if judged.sd is None else f" ± {judged.sd:.4f}")
    inside = {True: "yes", False: "no", None: "–"}[row.inside]
    name = f"{row.split} {row.metric}"
    return str(row.step), name, f"{judged.article:.4f}", ours, interval(row.prediction, False, 4), inside
