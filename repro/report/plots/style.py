"""What all drawings share: colours, sizes, titles, axes placed in inches.

Drawings are narrow and tall, so that their text can be read on a phone: 9 points of 331 are 9 pixels of 331.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
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
TRAINED = Style("#009E73", (0, (6, 1.5, 1, 1.5)), "^", "the training rows, scored as the others")
OURS = Style("#0072B2", "-", "o", "ours: mean over seeds")
MEAN = Style("#0072B2", "-", "|", "our mean")
ARTICLE = Style("#D55E00", (0, (4, 2)), "s", "article")
TINT, GREY, GRID = "#D5E7F2", "#BBBBBB", "#DDDDDD"
POINT_FACE, POINT_EDGE = "#56B4E9", "#00456B"
BAND = "95% of single runs"

WIDTH, SIZE = 4.6, 9.0
"""Width of a drawing in inches, size of labels in points."""
MARGIN, LINE = 0.1, 0.19
"""Inches: margin at the sides, height of a line of the title."""


def titled(height: float, name: str, lines: list[str]) -> Drawing:
    """An empty drawing, `height` inches high, with a name and two lines of title at most, each shortened to fit."""
    drawing = Drawing(figsize=(WIDTH, height))
    for place, line in enumerate([name, *lines]):
        top, weight = 1 - (0.06 + LINE * place) / height, "normal" if place else "bold"
        shown = fitted(line, WIDTH - 2 * MARGIN, weight)
        drawing.text(MARGIN / WIDTH, top, shown, va="top", weight=weight)
    return drawing


def seeds_of(summary: ExperimentSummary) -> str:
    """`n = 30 seeds`, and how many there would be."""
    n = summary.main.over.n if summary.main else 0
    if n < summary.seeds:
        return f"n = {n} of {summary.seeds} seeds, the others failed or diverged"
    return f"n = {n} seed{'s' if n != 1 else ''}"


def width_of(label: str, weight: str = "normal") -> float:
    """Inches that a label takes, with a little space at its ends.

    The font's outlines have points where they reach furthest, so that their curves, slow to follow, needn't be.
    """
    path = TextPath((0, 0), label, size=SIZE, prop=FontProperties(weight=weight))
    x = path.vertices[path.codes != Path.CLOSEPOLY, 0]
    return float(x.max() - x.min()) / 72 + 0.08


def fitted(label: str, room: float, weight: str = "normal") -> str:
    """The label, cut off with an ellipsis where it is wider than `room` inches."""
    if width_of(label, weight) <= room:
        return label
    kept = label
    while kept and width_of(f"{kept} …", weight) > room:
        kept = kept[:-1].rstrip()
    return f"{kept} …"


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
    low, high = np.clip(interval, -np.inf if metric == "r2" else 0, 1 if metric in ("accuracy", "r2") else np.inf)
    return float(low), float(high)


def padded(values: Floats, share: float) -> Interval:
    """Ends of an axis: those of the values, and a share of their distance more on either side."""
    low, high = float(np.min(values)), float(np.max(values))
    pad = share * (high - low) or 0.01 * abs(low) or 0.01
    return low - pad, high + pad
