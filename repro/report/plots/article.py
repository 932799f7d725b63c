"""All experiments of an article on one axis: every seed a point, our mean, the accepted range, the article's value."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from repro.analysis.figures import Figure
from repro.report import text
from repro.report.plots.style import (
    ARTICLE,
    GRID,
    MARGIN,
    MEAN,
    POINT_EDGE,
    POINT_FACE,
    TINT,
    WIDTH,
    axes_at,
    fitted,
    padded,
    possible,
    titled,
    unit_of,
    width_of,
)
from repro.verdicts.types import Floats

if TYPE_CHECKING:
    from repro.report.sections import Section

ROW, STRIP, LABEL = 0.54, 0.28, 0.12
"""Inches: height of an experiment, of its points, and from its top to the middle of its label."""
TITLE, AXIS, LEGEND, GAP = 0.52, 0.5, 0.42, 0.08
"""Inches: for the title, for the axis under a panel, for the legend, and between two panels."""
POINT = 0.07
"""Inches: diameter of a point."""


@dataclass(frozen=True, eq=False)
class Row:
    """An experiment in a panel: its figure and the values of its seeds, in stored units."""

    name: str
    figure: Figure
    values: Floats


def article_drawing(section: Section) -> Drawing:
    """A panel for the main figures, and one for each other figure that the article reports once."""
    panels = [panel for panel in _panels(section) if panel]
    height = TITLE + LEGEND + sum(AXIS + GAP + ROW * len(panel) for panel in panels)
    drawing = titled(height, section.title, ["one point a seed, the mean over its folds where there are folds"])
    if not panels:
        varied = any(member.summary.variants for member in section.members)
        told = "variants have drawings of their own" if varied else "no seed has a finite figure"
        drawing.text(0.5, 0.35, told, ha="center")
        return drawing
    top = height - TITLE
    for panel in panels:
        bottom = top - ROW * len(panel)
        axes = axes_at(drawing, MARGIN + 0.1, bottom, WIDTH - 2 * MARGIN - 0.2, ROW * len(panel))
        _panel(axes, panel)
        top = bottom - AXIS - GAP
    drawing.legend(
        handles=_legend(), loc="lower left", bbox_to_anchor=(MARGIN / WIDTH, 0.04 / height), ncols=2, **SMALL
    )
    return drawing


SMALL: dict[str, Any] = {
    "frameon": False,
    "borderaxespad": 0,
    "borderpad": 0,
    "labelspacing": 0.4,
    "columnspacing": 1.2,
}


def _panels(section: Section) -> list[list[Row]]:
    """Rows by figure: the main ones first, then what is reported besides; what has steps has a plot of its own."""
    keys = dict.fromkeys((member.summary.metric, member.summary.split) for member in section.members)
    for member in section.members:
        reported = [each for each in member.summary.figures if each.reported and not each.reported.steps]
        keys |= dict.fromkeys((figure.metric, figure.split) for figure in reported)
    panels = []
    for metric, split in keys:
        rows = []
        for member in section.members:
            figure = member.summary.figure(metric, split)
            if figure and (figure.reported or figure is member.summary.main):
                values = member.shown.valid(metric, split).mean(axis=1).to_numpy()
                rows.append(Row(member.name, figure, np.asarray(values, np.float64)))
        panels.append(rows)
    return panels


def _panel(axes: Any, rows: Sequence[Row]) -> None:
    """One axis for all rows, the first on top; y is in inches from the bottom."""
    first = rows[0].figure
    percent = all(text.as_percent(row.figure) for row in rows)
    scale = 100 if first.metric == "accuracy" and percent else 1
    ends = [end for row in rows for end in _extent(row)]
    width, height = WIDTH - 2 * MARGIN - 0.2, ROW * len(rows)
    axes.set(xlim=padded(scale * np.array(ends), 0.03), ylim=(0, height), yticks=[])
    low, high = axes.get_xlim()
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for place, row in enumerate(rows):
        _row(axes, row, scale, height - ROW * place, (low, high, width))
    axes.set_xlabel(f"{text.name_of(first)}{unit_of(first.metric, percent)}")


def _extent(row: Row) -> list[float]:
    figure = row.figure
    ends = [float(row.values.min()), float(row.values.max())]
    ends += possible(figure.prediction, figure.metric) if figure.prediction else []
    return [*ends, figure.reported.stored] if figure.reported else ends


def _row(axes: Any, row: Row, scale: float, top: float, span: tuple[float, float, float]) -> None:
    """The label of an experiment and its strip; `top` in inches from the bottom, `span`: ends of x, inches between."""
    figure, (low, high, width) = row.figure, span
    values = scale * row.values
    inch = (high - low) / width
    middle, name = top - ROW + STRIP / 2 + 0.06, f"{row.name}-{figure.split}-{figure.metric}"
    ours, article = f"ours {text.our_mean(figure)}", text.article_number(figure)
    told = ours if figure.reported is None else f"article {article}, {ours}"
    room = width - width_of(told) - 0.05
    axes.text(low, top - LABEL, fitted(row.name, room, "bold"), va="center", weight="bold")
    axes.text(high, top - LABEL, told, ha="right", va="center")
    if figure.prediction:
        band = scale * np.array(possible(figure.prediction, figure.metric))
        bounds = {"left": band[0], "width": band[1] - band[0], "height": STRIP}
        axes.barh(middle, **bounds, color=TINT, gid=f"{name}-band")
    rows = _swarm(values, POINT * inch)
    step = min(POINT, (STRIP - POINT) / 2 / max(1.0, float(np.abs(rows).max())))
    point = {"markersize": 72 * POINT * 0.9, "markerfacecolor": POINT_FACE, "markeredgecolor": POINT_EDGE}
    axes.plot(values, middle + step * rows, "o", markeredgewidth=0.5, gid=f"{name}-seeds", **point)
    ends = (middle - STRIP / 2, middle + STRIP / 2)
    axes.plot([scale * figure.over.mean] * 2, ends, color=MEAN.color, linewidth=2.2, gid=f"{name}-mean")
    if figure.reported:
        axes.plot([scale * figure.reported.stored], [middle], **_diamond(), gid=f"{name}-article")


def _diamond() -> dict[str, Any]:
    return {
        "marker": "D",
        "markersize": 7.5,
        "color": ARTICLE.color,
        "linestyle": "none",
        "markeredgecolor": "#FFFFFF",
        "markeredgewidth": 0.9,
        "zorder": 5,
    }


def _legend() -> list[Any]:
    point: dict[str, Any] = {"linestyle": "none", "markerfacecolor": POINT_FACE, "markeredgecolor": POINT_EDGE}
    return [
        Line2D([], [], marker="o", markersize=72 * POINT * 0.9, markeredgewidth=0.5, **point, label="a seed of ours"),
        Line2D([], [], color=MEAN.color, linewidth=2.2, label=MEAN.label),
        Line2D([], [], **_diamond(), label="the article's value"),
        Patch(color=TINT, label="accepted range (95% of single runs)"),
    ]


def _swarm(values: Floats, gap: float) -> Floats:
    """Rows 0, 1, -1, 2, ... for points side by side: the first in which a value is `gap` from its left neighbour."""
    last: dict[int, float] = {}
    rows = np.zeros(len(values))
    for index in np.argsort(values, kind="stable"):
        level = next(k for k in itertools.count() if values[index] - last.get(k, -np.inf) >= gap)
        last[level] = values[index]
        rows[index] = (level + 1) // 2 * (-1) ** (level + 1)
    return rows
