"""The seeds of an experiment, each a point, against the article's value."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator

from repro.analysis.figures import ExperimentSummary, Figure
from repro.report import text
from repro.report.plots.style import (
    ARTICLE,
    BAND,
    MARGIN,
    MEAN,
    SIZE,
    TINT,
    TITLE,
    WIDTH,
    Style,
    axes_at,
    padded,
    possible,
    titled,
    unit_of,
)
from repro.results.stored import valid_seeds
from repro.verdicts.types import Floats, Interval

if TYPE_CHECKING:
    from pandas import DataFrame

PANEL, STRIP = 1.68, 1.2
"""Inches: height of a panel of `accuracy` with its axis, and of its plot."""
POINT = 0.085
"""Inches: diameter of a point."""
LOW_ROW, MIDDLE, HIGH_ROW = 0.08, 0.53, 0.93
"""Heights in a strip, as shares of it: label of the band, centre of the points, labels of the two lines."""


def seeds_drawing(summary: ExperimentSummary, frame: DataFrame) -> Drawing:
    """One panel a figure, the value from left to right; labels have rows of their own, so that nothing overlaps."""
    main = summary.main
    shown = [figure for figure in summary.figures if figure is main or figure.judged]
    drawing = titled(summary, TITLE + PANEL * max(1, len(shown)), "")
    for place, figure in enumerate(reversed(shown)):
        axes = axes_at(drawing, MARGIN, PANEL * (place + 1) - STRIP, WIDTH - 2 * MARGIN, STRIP)
        values = valid_seeds(frame, figure.metric, figure.split).mean(axis=1).to_numpy()
        _strip(axes, figure, values[np.isfinite(values)])
        folds = f", the mean over its {summary.folds} folds" if summary.folds > 1 else ""
        unit = unit_of(figure.metric, text.as_percent(figure))
        axes.set_xlabel(f"{text.name_of(figure)}{unit}, one point a seed{folds}")
    if not shown:
        drawing.text(0.5, 0.35, "no seed has a finite test accuracy", ha="center")
    return drawing


@dataclass(frozen=True)
class Line:
    """A marked value: where it stands in drawn units, and on which side (1 right, -1 left) its label."""

    part: str
    style: Style
    x: float
    label: str
    side: int


def _strip(axes: Any, figure: Figure, values: Floats) -> None:
    """Draw a figure's seeds, `values` in stored units, over its prediction interval, mean and article's value."""
    percent, decimals = text.as_percent(figure), text.decimals_of(figure)
    scale = 100 if percent else 1
    name, x = f"{figure.split}-{figure.metric}", scale * values
    lines = _marked(figure, scale)
    band = scale * np.array(possible(figure.prediction, figure.metric) if figure.prediction else [])
    width = axes.get_position().width * WIDTH
    room = [(line.x, line.side, _width_of(line.label) / width) for line in lines]
    low, high = _with_room(padded(np.concatenate([x, band, [line.x for line in lines]]), 0.05), room)
    inch = (high - low) / width
    axes.set(xlim=(low, high), ylim=(0, 1), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(8))
    if band.size:
        axes.axvspan(*band, facecolor=TINT, gid=f"{name}-band")
        label = f"{BAND}: {text.interval(figure.prediction, percent, decimals)}"
        half = inch * _width_of(label) / 2
        axes.text(np.clip(band.mean(), low + half, high - half), LOW_ROW, label, ha="center", va="center")
    for line in lines:
        ends = (LOW_ROW + 0.15, HIGH_ROW + 0.05)
        axes.plot((line.x, line.x), ends, **line.style.line, markevery=[0], gid=f"{name}-{line.part}")
        align = "left" if line.side > 0 else "right"
        axes.text(line.x + 0.06 * inch * line.side, HIGH_ROW, line.label, ha=align, va="center")
    rows = _swarm(x, POINT * inch)
    step = min(POINT / STRIP, 0.22 / max(1, np.abs(rows).max()))
    point = {"markersize": 72 * POINT * 0.9, "markerfacecolor": "#56B4E9", "markeredgecolor": "#00456B"}
    axes.plot(x, MIDDLE + step * rows, "o", markeredgewidth=0.6, gid=f"{name}-seeds", **point)


def _marked(figure: Figure, scale: float) -> list[Line]:
    """Our mean, and the article's value if there is one; their labels point away from each other."""
    percent, decimals = text.as_percent(figure), text.decimals_of(figure)
    article = figure.reported.stored if figure.reported else None
    side = 1 if article is None or article < figure.over.mean else -1
    ours = f"mean of {figure.over.n} seeds" if figure.over.n > 1 else "the only seed"
    label = f"{ours}: {text.number(figure.over.mean, percent, decimals)}"
    lines = [Line("mean", MEAN, scale * figure.over.mean, label, side)]
    if article is not None:
        label = f"article: {text.number(article, percent, decimals)}"
        lines.append(Line("article", ARTICLE, scale * article, label, -side))
    return lines


def _width_of(label: str) -> float:
    """Inches that a label takes, with a little space at its ends."""
    return float(TextPath((0, 0), label, size=SIZE).get_extents().width) / 72 + 0.15


def _with_room(limits: Interval, anchors: Sequence[tuple[float, int, float]]) -> Interval:
    """Widen the limits of an axis until each label fits: (x, side, its width as a share of the axis)."""
    low, high = limits
    for _ in range(10):  # room on one side takes from the other, less each time
        for x, side, share in anchors:
            if side < 0:
                low = min(low, (x - share * high) / (1 - share))
            else:
                high = max(high, (x - share * low) / (1 - share))
    return low, high


def _swarm(values: Floats, gap: float) -> Floats:
    """Rows 0, 1, -1, 2, ... for points side by side: the first in which a value is `gap` from its left neighbour."""
    last: dict[int, float] = {}
    rows = np.zeros(len(values))
    for index in np.argsort(values, kind="stable"):
        level = next(k for k in itertools.count() if values[index] - last.get(k, -np.inf) >= gap)
        last[level] = values[index]
        rows[index] = (level + 1) // 2 * (-1) ** (level + 1)
    return rows
