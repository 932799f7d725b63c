"""Numbers as they are printed, everywhere the same way."""

from __future__ import annotations

from collections.abc import Sequence

from repro.analysis.figures import ExperimentSummary, Figure, Listing, printed
from repro.verdicts.types import Interval, NumberVerdict

OWN, OWN_TITLE = "_own", "Experiments of your own"
"""The section of experiments that belong to no article. No article can be called so."""

PLOTS = {
    "variants": "Every variant: its seeds, their mean and its interval; the mean alone where several things vary",
    "steps": "The article's figures step by step, and ours",
    "curves": "Accuracy and loss in the course of training",
}
"""Plots of an experiment, by name; the plot of an article shows the seeds of all its experiments."""

ARTICLE_PLOT = "Every seed of every experiment, our mean, the accepted range, and the article's value"


METRICS = {
    "mean_squared_error": "mean squared error",
    "mean_absolute_error": "mean absolute error",
    "root_mean_squared_error": "root mean squared error",
    "r2": "R²",
}
"""Metrics in words, where their name is not one."""


def as_percent(figure: Figure) -> bool:
    """Accuracies are shown as the article shows them; a percentage where it gives none."""
    return figure.metric == "accuracy" and (figure.reported is None or figure.reported.unit == "percent")


def number(value: float, percent: bool, shown: int) -> str:
    """A value in stored units, as text with so many decimals."""
    return f"{100 * value:.{shown}f}%" if percent else f"{value:.{shown}f}"


def interval(pair: Interval | None, percent: bool, shown: int) -> str:
    """`low to high`, or a dash."""
    if pair is None:
        return "–"
    low, high = (number(value, percent, shown).rstrip("%") for value in pair)
    return f"{low} to {high}{'%' if percent else ''}"


def figure_interval(figure: Figure, pair: Interval | None) -> str:
    """An interval in the form of its figure."""
    return interval(pair, as_percent(figure), decimals_of(figure))


def decimals_of(figure: Figure) -> int:
    """Decimals of our values: `decimals`; as many as the article prints, up to four; of a percentage two at least."""
    if not as_percent(figure):
        printed_too = 0 if figure.reported is None else min(figure.reported.printed_decimals, 4)
        return max(decimals(figure.over.mean), printed_too)
    return 2 if figure.reported is None else min(max(figure.reported.printed_decimals, 2), 4)


def decimals(*values: float) -> int:
    """Decimals of values that are no percentages: four, and one less for each digit more than one before the point."""
    largest = max(map(abs, values))
    return next((4 - power for power in range(4) if largest < 10 ** (power + 1)), 0)


def article_number(figure: Figure) -> str:
    """The article's value alone, with the decimals that it prints, four at most; or a dash."""
    return "–" if figure.reported is None else printed(figure.reported)


def article_value(figure: Figure) -> str:
    """The article's value with its own spread, or a dash."""
    text, shown = article_number(figure), figure.reported
    if shown is not None and shown.spread is not None:
        text += f" (± {printed(shown, shown.spread)} over {shown.spread_over})"
    return text


def our_mean(figure: Figure) -> str:
    """Mean over seeds."""
    return number(figure.over.mean, as_percent(figure), decimals_of(figure))


def our_value(figure: Figure) -> str:
    """Mean and standard deviation over seeds."""
    if figure.over.sd is None:
        return our_mean(figure)
    return f"{our_mean(figure)} ± {number(figure.over.sd, as_percent(figure), decimals_of(figure))}"


def main_name(summary: ExperimentSummary) -> str:
    """What tables lead with: `test accuracy`."""
    return figure_name(summary.metric, summary.split)


def main_value(summary: ExperimentSummary | None) -> str:
    """Our value of it, or that there is none."""
    return our_value(summary.main) if summary and summary.main else "none"


def distance(value: float, pair: Interval | None, points: bool) -> str:
    """A difference in words, with its interval: `1.14 points lower (0.77 to 1.51)`; `points` for accuracies in percent.

    An interval that holds 0 names both its directions: `0.03 points lower (0.67 lower to 0.61 higher)`.
    """
    told = magnitude(value, points) + (_direction(value) if value else "")
    if pair is None:
        return told
    low, high = pair
    if low < 0 < high:
        shown = _decimals(points, low, high)
        return f"{told} ({_bare(low, points, shown)} lower to {_bare(high, points, shown)} higher)"
    return f"{told} ({sizes(pair, points)})"


def sizes(pair: Interval, points: bool) -> str:
    """The sizes in an interval on one side of 0, the smaller first and without a sign: `1.02 to 2.35`."""
    near, far = sorted(abs(end) for end in pair)
    shown = _decimals(points, far)
    return f"{_bare(near, points, shown)} to {_bare(far, points, shown)}"


def magnitude(value: float, points: bool) -> str:
    """The size of a difference, whatever its direction: `1.14 points`, `0.0531`."""
    return _bare(value, points, _decimals(points, value)) + (" points" if points else "")


def _decimals(points: bool, *values: float) -> int:
    return 2 if points else decimals(*values)


def _bare(value: float, points: bool, shown: int) -> str:
    return f"{100 * abs(value) if points else abs(value):.{shown}f}"


def _direction(value: float) -> str:
    return " higher" if value > 0 else " lower"


def distance_of(figure: Figure) -> str:
    """How far our mean is from the article's value, with the 95% interval of it; or a dash."""
    judged = figure.judged
    return "–" if judged is None else distance(judged.difference, judged.difference_interval, as_percent(figure))


def resolution_of(figure: Figure) -> str:
    """What may differ without changing a conclusion: points for an accuracy shown in percent, else its own unit."""
    if figure.judged is None or figure.judged.margin is None:
        return "–"
    return resolution(figure.judged.margin, as_percent(figure))


def resolution(value: float, points: bool) -> str:
    """A resolution: `1.225 points`, `1.00 points`, `0.00695`. Half of a printed difference has one decimal more."""
    exact = f"{100 * value:.3f}" if points else f"{value:.{decimals(value) + 1}f}"
    return exact.removesuffix("0") + (" points" if points else "")


def rank_of(figure: Figure) -> str:
    """Rank of the article's value among ours and it, or a dash."""
    return "–" if figure.judged is None else rank(figure.judged)


def rank(judged: NumberVerdict) -> str:
    """`17 of 31`, or `16 to 18 of 31` where runs of ours would be printed as the same figure."""
    low, high = judged.rank
    return (f"{low}" if low == high else f"{low} to {high}") + f" of {judged.n + 1}"


def folds_spread(figure: Figure) -> str:
    """Mean over seeds of the spread over folds, with the smallest and the largest seed's; or a dash."""
    spread = figure.fold_spread
    if spread is None:
        return "–"
    ends = figure_interval(figure, (spread.minimum, spread.maximum))
    return f"{number(spread.mean, as_percent(figure), decimals_of(figure))} ({ends})"


def name_of(figure: Figure | Listing) -> str:
    """`figure_name` of a figure."""
    return figure_name(figure.metric, figure.split)


def metric_name(metric: str) -> str:
    """A metric in words."""
    return METRICS.get(metric, metric.replace("_", " "))


def figure_name(metric: str, split: str) -> str:
    """`test accuracy`, `accuracy on its own training rows`, `loss of the step's own batch`; `share kept` of draws."""
    name = metric_name(metric)
    match split:
        case "batch":
            return f"{name} of the step's own batch"
        case "train":
            return f"{name} on its own training rows"
        case "gap":
            return f"gap between training and test {name}"
        case "draws":
            return name
    return f"{split} {name}"


def seeds(count: int) -> str:
    """`1 seed`, `30 seeds`."""
    return f"{count} seed{'s' if count != 1 else ''}"


def amount(value: float, metric: str) -> str:
    """A size of differences: `0.53 points` of accuracy, `0.0531` of a loss."""
    return magnitude(value, metric == "accuracy")


def duration(seconds: float) -> str:
    """`1 h 05 min`, `3 min 20 s` or `4.2 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


STEP_COLUMNS = ("step", "article", "ours: mean ± sd over seeds", "accepted range", "rank", "article's value is in it")


def step_rows(listing: Listing) -> Sequence[tuple[str, ...]]:
    """Cells under `STEP_COLUMNS`, one row a step."""
    return [_step(step, judged) for step, judged in zip(listing.steps, listing.judged.each, strict=True)]


def _step(step: int, judged: NumberVerdict) -> tuple[str, ...]:
    ours = f"{judged.mean:.4f}" + ("" if judged.sd is None else f" ± {judged.sd:.4f}")
    inside = "–" if judged.prediction is None else "yes" if judged.in_prediction else "no"
    accepted = interval(judged.prediction, False, 4)
    return str(step), f"{judged.article:.4f}", ours, accepted, rank(judged), inside
