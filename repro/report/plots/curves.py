"""An experiment's figures by epoch or step, with the article's points on top."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from repro.analysis.figures import ExperimentSummary
from repro.report import text
from repro.report.plots.style import (
    ARTICLE,
    BAND,
    GREY,
    MARGIN,
    OURS,
    SIZE,
    STYLES,
    TRAINED,
    WIDTH,
    Style,
    axes_at,
    padded,
    possible,
    seeds_of,
    titled,
    unit_of,
)
from repro.verdicts.number import describe
from repro.verdicts.types import Floats, Interval

if TYPE_CHECKING:
    from pandas import DataFrame

POINTS = 60
"""Points drawn of a curve, at most: nobody could tell more of them apart, and files stay small."""


@dataclass(frozen=True)
class Curve:
    """A metric of one split over training: mean over seeds and 95% prediction interval, in stored units.

    Arrays are of shape (points,); the interval is the mean itself at a point that only one seed has reached. `seeds`
    have a finite figure at the last evaluation.
    """

    split: str
    style: Style
    seeds: int
    x: Floats
    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Panel:
    """Curves of one metric, and the article's points as (x, value)."""

    metric: str
    heading: str
    percent: bool
    curves: tuple[Curve, ...]
    article: tuple[tuple[float, float], ...]

    @property
    def scale(self) -> float:
        """Stored units times this are the ones that are drawn."""
        return 100.0 if self.percent else 1.0


def position(frame: DataFrame) -> str:
    """`epoch` where every evaluation is at the end of one, else `step`."""
    updates = (frame["step"] + 1) / frame["epoch"]
    return "epoch" if updates.groupby([frame["seed"], frame["fold"]]).nunique().max() == 1 else "step"


def _curve(frame: DataFrame, metric: str, split: str, at: str, style: Style) -> Curve | None:
    rows = frame[(frame["metric"] == metric) & (frame["split"] == split)]
    if rows.empty:
        return None
    table = rows.pivot(index=[at, "seed"], columns="fold", values="value").mean(axis=1, skipna=False).unstack("seed")
    table = table.iloc[np.unique(np.linspace(0, len(table) - 1, POINTS).round().astype(int))]
    points = []
    for x, line in zip(table.index, table.to_numpy(), strict=True):
        values = line[np.isfinite(line)]
        if len(values):
            over = describe(values)
            points.append((x, over.mean, *possible(over.prediction or (over.mean, over.mean), metric)))
    if not points:
        return None
    return Curve(split, style, int(np.isfinite(table.iloc[-1]).sum()), *np.array(points, dtype=float).T)


def step_panels(summary: ExperimentSummary, frame: DataFrame) -> list[Panel]:
    """What the article prints by step, ours beside it."""
    panels = []
    for figure in summary.figures:
        listed = [each for each in summary.listings if (each.metric, each.split) == (figure.metric, figure.split)]
        curve = _curve(frame, figure.metric, figure.split, "step", OURS) if listed else None
        if curve:
            (listing,) = listed
            points = tuple(zip(listing.steps, (each.article for each in listing.judged.each), strict=True))
            panels.append(Panel(figure.metric, text.name_of(figure), text.as_percent(figure), (curve,), points))
    return panels


def curve_panels(summary: ExperimentSummary, frame: DataFrame, at: str) -> list[Panel]:
    """Every metric of every split; the article's figures stand at the end."""
    panels = []
    styles = STYLES | ({"train": TRAINED} if summary.train_scored else {})
    for metric in dict.fromkeys((summary.metric, *(figure.metric for figure in summary.figures), "loss")):
        curves = [_curve(frame, metric, split, at, style) for split, style in styles.items()]
        shown = [figure for figure in summary.figures if figure.metric == metric]
        points = tuple((frame[at].max(), figure.reported.stored) for figure in shown if figure.reported)
        percent = any(text.as_percent(figure) for figure in shown)
        panels.append(
            Panel(metric, text.metric_name(metric), percent, tuple(curve for curve in curves if curve), points)
        )
    return [panel for panel in panels if panel.curves]


TITLE, LEFT, HEAD, FOOT, LEGEND_ROW = 0.66, 0.62, 0.28, 0.5, 0.19
"""Inches: for the title; for tick labels left of a panel; for its heading; for the axis under it; for a legend row."""
HEIGHT = 1.75
"""Inches: height of a panel over training."""
SMALL, BREAK = 0.28, 0.12
"""Share of a broken panel that shows the first point, inches between its parts."""


def curves_drawing(summary: ExperimentSummary, panels: Sequence[Panel], at: str) -> Drawing:
    """Panels one below the other over one legend."""
    handles: dict[str, Any] = {curve.style.label: None for panel in panels for curve in panel.curves}
    below = 0.1 + LEGEND_ROW * (len(handles) + 2)
    height = TITLE + (HEAD + HEIGHT + FOOT) * len(panels) + below
    drawing = titled(height, summary.experiment, [summary.title, f"mean over seeds by {at}, {seeds_of(summary)}"])
    span = np.concatenate([curve.x for panel in panels for curve in panel.curves])
    for index, panel in enumerate(panels):
        ends, label = _ends(panel, at)
        bottom = below + FOOT + (HEAD + HEIGHT + FOOT) * (len(panels) - 1 - index)
        parts = _parts(drawing, ends, (LEFT, bottom, WIDTH - LEFT - MARGIN))
        for axes, (_, share) in zip(parts, ends, strict=True):
            handles |= _lines(axes, panel, whole=share > 0.5)
            axes.set_xlim(padded(span, 0.03))
        parts[0].set_xlabel(label)
        heading = panel.heading + unit_of(panel.metric, panel.percent)
        seeds = min(curve.seeds for curve in panel.curves)
        heading += f", {seeds} of {summary.seeds} seeds at the end" if seeds < summary.seeds else ""
        # At y=1.0, where it would stand anyway, but without measuring all labels first.
        parts[-1].set_title(heading, loc="left", y=1.0, fontsize=SIZE)
    place = (MARGIN / WIDTH, 0.05 / height)
    spacing = {"borderaxespad": 0, "borderpad": 0, "handlelength": 3.5, "labelspacing": 0.3}
    drawing.legend(handles.values(), handles.keys(), loc="lower left", bbox_to_anchor=place, frameon=False, **spacing)
    return drawing


def _ends(panel: Panel, at: str) -> tuple[list[tuple[Interval, float]], str]:
    """Ends of the vertical axis and the label of the other one, made so that the start doesn't flatten what follows.

    By step, a first point far off gets a part of its own: (ends, share of the height) of each part, the lowest first.
    By epoch, the axis fits what comes after the first tenth of the training, and the label says so.
    """
    lines = [np.array([curve.x, y]) for curve in panel.curves for y in (curve.low, curve.high)]
    x, y = np.concatenate([*lines, np.array(panel.article).reshape(-1, 2).T], axis=1)
    y = y * panel.scale
    first, rest, late = y[x == x.min()], y[x > x.min()], y[x > x.max() / 10]
    if at == "step" and rest.size and max(rest.min() - first.max(), first.min() - rest.max()) > 1.5 * np.ptp(rest):
        return sorted([(padded(first, 0.4), SMALL), (padded(rest, 0.08), 1 - SMALL)]), at
    if at == "epoch" and x.max() >= 10 and np.ptp(y) > 2 * np.ptp(late):
        return [
            (padded(late, 0.08), 1.0)
        ], f"epoch (vertical axis fits epochs {x[x > x.max() / 10].min():.0f} to {x.max():.0f})"
    return [(padded(y, 0.06), 1.0)], at


def _parts(drawing: Drawing, ends: list[tuple[Interval, float]], place: tuple[float, float, float]) -> list[Any]:
    """The axes of a panel at (left, bottom, width) inches, the lowest first."""
    left, bottom, width = place
    made = []
    for limits, share in ends:
        height = (HEIGHT - BREAK * (len(ends) - 1)) * share
        axes = axes_at(drawing, left, bottom, width, height)
        axes.set(ylim=limits)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(max(2, round(6 * share))))
        made.append(axes)
        bottom += height + BREAK
    for lower, upper in itertools.pairwise(made):
        upper.spines["bottom"].set_visible(False)
        upper.tick_params(bottom=False, labelbottom=False)
        for axes, end in ((lower, 1), (upper, 0)):
            slash = {"marker": [(-1, -0.6), (1, 0.6)], "markersize": 8, "color": "black", "clip_on": False}
            axes.plot(0, end, transform=axes.transAxes, **slash)
    return made


def _lines(axes: Any, panel: Panel, whole: bool) -> dict[str, Any]:
    """Draw a panel's curves and return what the legend shows.

    The part of a broken panel that is not `whole` shows the first point: its band is a bar, and it has no ids.
    """
    handles: dict[str, Any] = {}
    scale = panel.scale
    for place, curve in enumerate(panel.curves):
        color, name = curve.style.color, f"{curve.split}-{panel.metric}"
        low, high = scale * curve.low, scale * curve.high
        if not whole:
            axes.vlines(curve.x[0], low[0], high[0], color=color, alpha=0.2, linewidth=7)
        elif np.any(high > low):
            axes.fill_between(curve.x, low, high, color=color, alpha=0.2, linewidth=0, gid=f"{name}-band")
            handles[f"{BAND} (prediction interval)"] = Patch(color=GREY)
        every = max(1, len(curve.x) // 8)
        marks = {"markersize": 4, "markevery": (place * every // len(panel.curves), every)}
        ids = {"gid": f"{name}-mean"} if whole else {}
        (handles[curve.style.label],) = axes.plot(curve.x, scale * curve.mean, **curve.style.line, **marks, **ids)
    if panel.article:
        x, y = np.array(panel.article).T
        light = ARTICLE.line | {"linewidth": 1, "markersize": 4.5, "markerfacecolor": "white", "zorder": 4}
        ids = {"gid": f"article-{panel.metric}"} if whole else {}
        (handles[ARTICLE.label],) = axes.plot(x, scale * y, **light, **ids)
        if len(x) == 1:
            axes.axhline(scale * y[0], **light | {"marker": ""})
    return handles
