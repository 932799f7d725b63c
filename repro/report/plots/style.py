"""What all drawings share: colours, sizes, titles, axes placed in inches."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import ScalarFormatter

from repro.analysis.figures import ExperimentSummary
from repro.verdicts.types import Floats, Interval


@dataclass(frozen=True)
class Style:
    """How something is drawn: told apart by colour, by dashes and by marker, so that grey is enough."""

    color: str
    dashes: Any
    marker: str
    label: str

    @property
    def line(self) -> dict[str, Any]:
        """Arguments of `Axes.plot`."""
        return {"color": self.color, "linestyle": self.dashes, "marker": self.marker}


# Colours of Okabe and Ito 2008 that stand out from white (3:1 at least); their orange, yellow and sky blue do not.
STYLES = {
    "test": Style("#0072B2", "-", "o", "test"),
    "validation": Style("#CC79A7", (0, (1, 1)), "D", "validation (rows of the training set)"),
    "train": Style("#009E73", (0, (6, 1.5, 1, 1.5)), "^", "train (averaged while training, with any dropout)"),
    "batch": Style("#000000", (0, (3, 1, 1, 1)), "v", "the step's own batch"),
}
OURS = Style("#0072B2", "-", "o", "ours: mean over seeds")
MEAN = Style("#0072B2", "-", "D", "mean")
ARTICLE = Style("#D55E00", (0, (4, 2)), "s", "article")
TINT = "#D5E7F2"
BAND = "95% of single runs"

WIDTH, SIZE = 7.0, 8.5
"""Width of a drawing in inches, size of labels in points."""
MARGIN, TITLE = 0.2, 0.62
"""Inches: margin at the sides, height of the two title lines."""


def titled(summary: ExperimentSummary, height: float, what: str) -> Drawing:
    """An empty drawing, `height` inches high, with two lines of title: the name, then what it is, of how many seeds."""
    main = summary.main
    n = main.over.n if main else 0
    seeds = f"n = {n} seed{'s' if n != 1 else ''}"
    if n < summary.seeds:
        seeds = f"n = {n} of {summary.seeds} seeds, the others failed or diverged"
    drawing = Drawing(figsize=(WIDTH, height))
    drawing.text(MARGIN / WIDTH, 1 - 0.1 / height, summary.experiment, va="top", weight="bold", size=10.5)
    title = textwrap.shorten(summary.title, 64, placeholder=" …")
    drawing.text(MARGIN / WIDTH, 1 - 0.34 / height, f"{title}{what} ({seeds})", va="top", size=SIZE)
    return drawing


def axes_at(drawing: Drawing, left: float, bottom: float, width: float, height: float) -> Any:
    """Axes at a place given in inches."""
    w, h = drawing.get_size_inches()
    axes = drawing.add_axes((left / w, bottom / h, width / w, height / h))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(ScalarFormatter(useOffset=False))
    return axes


def unit_of(metric: str, percent: bool) -> str:
    """What stands behind the name of a metric on an axis."""
    return "" if metric != "accuracy" else " (%)" if percent else " (fraction)"


def possible(interval: Interval, metric: str) -> Interval:
    """The part of an interval that the metric can take: t intervals of few seeds reach further."""
    low, high = np.clip(interval, 0, 1 if metric == "accuracy" else np.inf)
    return float(low), float(high)


def padded(values: Floats, share: float) -> Interval:
    """Ends of an axis: those of the values, and a share of their distance more on either side."""
    low, high = float(np.min(values)), float(np.max(values))
    pad = share * (high - low) or 0.01 * abs(low) or 0.01
    return low - pad, high + pad
