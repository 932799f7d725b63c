"""The variants of an experiment: a line over one axis with every seed, heat maps of the means over two or more."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from repro.analysis.figures import ExperimentSummary
from repro.report import text
from repro.report.plots.style import (
    ARTICLE,
    GRID,
    LINE,
    MARGIN,
    MEAN,
    POINT_EDGE,
    POINT_FACE,
    SIZE,
    TINT,
    WIDTH,
    axes_at,
    fitted,
    padded,
    seeds_of,
    titled,
    unit_of,
    width_of,
)
from repro.results.stored import StoredExperiment
from repro.verdicts.types import Floats

LINES, CELL = 2.6, 0.34
"""Inches: height of the axes with lines, and of a row of a heat map."""
TITLE, FOOT, UNDER = 0.5, 0.95, 0.6
"""Inches: for the title, and for what stands under the axes, those of a heat map the last."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn: the values of every variant's seeds, in stored units times `scale`."""

    summary: ExperimentSummary
    axes: list[str]
    values: tuple[Floats, ...]
    scale: float
    title: list[str]


def variants_drawing(summary: ExperimentSummary, stored: StoredExperiment) -> Drawing | None:
    """The main figure of every variant; None where none has any."""
    axes = list(summary.variants[0].labels)
    values = [each.values(summary.metric, summary.split) for each in stored.variants]
    if not any(len(each) for each in values):
        return None
    figures = [each.main for each in summary.variants if each.main]
    percent = all(text.as_percent(figure) for figure in figures)
    scale = 100.0 if percent and summary.metric == "accuracy" else 1.0
    name = f"{text.main_name(summary)}{unit_of(summary.metric, percent)}"
    shown = next(each for each in summary.variants if each.main)
    lines = [f"{name}, {seeds_of(shown)}"]
    drawn = Drawn(summary, axes, tuple(scale * each for each in values), scale, lines)
    return _line(drawn) if len(axes) == 1 else _heat_maps(drawn)


def _line(drawn: Drawn) -> Drawing:
    summary, (axis,) = drawn.summary, drawn.axes
    labels = [each.labels[axis] for each in summary.variants]
    height, left = TITLE + LINES + FOOT, 0.55
    drawing = titled(height, f"{summary.experiment}: {summary.title}", drawn.title)
    axes = axes_at(drawing, left, FOOT, WIDTH - left - MARGIN, LINES)
    axes.set_xticks(range(len(labels)), labels, rotation=0 if _narrow(labels, WIDTH - left) else 30, ha="center")
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(axis)
    there = [(place, each) for place, each in enumerate(drawn.values) if len(each)]
    for place, each in there:
        _seeds(axes, drawn, place, each)
    x, means = [place for place, _ in there], [float(each.mean()) for _, each in there]
    joined = "-" if all(_is_number(label) for label in labels) else "none"  # names have no order
    axes.plot(x, means, linestyle=joined, color=MEAN.color, linewidth=1.6, marker="_", markersize=11, gid="means")
    ends, handles = [each for _, each in there], _legend()
    if summary.main and summary.main.reported:
        article = drawn.scale * summary.main.reported.stored
        ends.append(np.array([article]))
        handles.append(axes.axhline(article, **ARTICLE.line | {"marker": ""}, gid="article", label=ARTICLE.label))
    axes.set(xlim=(-0.5, len(labels) - 0.5), ylim=padded(np.concatenate(ends), 0.05))
    drawing.legend(handles=handles, loc="lower left", bbox_to_anchor=(MARGIN / WIDTH, 0.03 / height), **SMALL)
    return drawing


POINT: dict[str, Any] = {
    "markersize": 3.4,
    "markerfacecolor": POINT_FACE,
    "markeredgecolor": POINT_EDGE,
    "markeredgewidth": 0.4,
}


def _seeds(axes: Any, drawn: Drawn, place: int, values: Floats) -> None:
    """A variant's seeds side by side, and behind them the interval of their mean."""
    beside = place + np.linspace(-0.2, 0.2, len(values)) if len(values) > 1 else np.array([float(place)])
    axes.plot(beside, values, "o", gid=f"seeds-{place}", **POINT)
    figure = drawn.summary.variants[place].main
    if figure and figure.confidence:
        low, high = (end * drawn.scale for end in figure.confidence)
        axes.bar(place, high - low, 0.62, low, color=TINT, zorder=0.5, gid=f"interval-{place}")


SMALL: dict[str, Any] = {"frameon": False, "borderaxespad": 0, "borderpad": 0, "ncols": 2, "columnspacing": 1.0}


def _legend() -> list[Any]:
    return [
        Line2D([], [], marker="o", linestyle="none", **POINT, label="a seed of ours"),
        Line2D([], [], color=MEAN.color, linewidth=1.6, label=MEAN.label),
        Patch(color=TINT, label="95% interval of it"),
    ]


def _is_number(label: str) -> bool:
    with contextlib.suppress(ValueError):
        return math.isfinite(float(label))
    return False


def _narrow(labels: Sequence[str], room: float) -> bool:
    return max(width_of(label) for label in labels) < room / len(labels)


def _heat_maps(drawn: Drawn) -> Drawing:
    """One for each value of what varies besides the last two axes."""
    summary, names = drawn.summary, drawn.axes
    *others, down, across = ([*dict.fromkeys(each.labels[axis] for each in summary.variants)] for axis in names)
    panels = list(itertools.product(*others))
    means = np.array([each.mean() if len(each) else np.nan for each in drawn.values])
    ends = float(np.nanmin(means)), float(np.nanmax(means))
    tall = CELL * len(down) + UNDER
    height = TITLE + sum(tall + (LINE if others else 0) for _ in panels)
    title = [f"{drawn.title[0]}: means"]
    drawing = titled(height, f"{summary.experiment}: {summary.title}", title)
    left = min(1.5, 0.35 + max(width_of(label) for label in [*down, names[-2]]))
    top = height - TITLE
    for panel, table in zip(panels, means.reshape(len(panels), len(down), len(across)), strict=True):
        if others:
            label = ", ".join(f"{axis} {value}" for axis, value in zip(names, panel, strict=False))
            drawing.text(left / WIDTH, (top - 0.02) / height, label, va="top", weight="bold")
            top -= LINE
        axes = axes_at(drawing, left, top - CELL * len(down), WIDTH - left - MARGIN, CELL * len(down))
        _cells(axes, table, ends, (WIDTH - left - MARGIN) / len(across))
        axes.set_xticks(range(len(across)), across, rotation=0 if _narrow(across, WIDTH - left) else 30)
        axes.set_yticks(range(len(down)), [fitted(label, left - 0.35) for label in down])
        axes.set_xlabel(names[-1])
        axes.set_ylabel(names[-2])
        top -= tall
    return drawing


def _cells(axes: Any, means: Floats, ends: tuple[float, float], room: float) -> None:
    """A box for each mean, the darker the higher, with its figure in it; `room`: inches for that."""
    low, high = ends
    for row, column in np.ndindex(means.shape):
        mean = means[row, column]
        share = 0.0 if np.isnan(mean) or high == low else (mean - low) / (high - low)
        box: dict[str, Any] = {"facecolor": MEAN.color, "alpha": 0.08 + 0.5 * share, "edgecolor": "#FFFFFF"}
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, linewidth=0.8, **box))
        told = "–" if np.isnan(mean) else f"{mean:.{text.decimals(high) if high <= 1 else 1}f}"
        axes.text(column, row, fitted(told, room), ha="center", va="center", size=SIZE)
    axes.set(xlim=(-0.5, means.shape[1] - 0.5), ylim=(means.shape[0] - 0.5, -0.5))
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
