"""The drawing of a benchmark: what each program takes as a multiple of ours, on a log axis."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.speed.measured import Measured, reference_of
from benchmarks.speed.page import TITLES
from benchmarks.speed.peers import LIMIT, OURS
from benchmarks.speed.work import WORKS
from repro.report.plots.schemes import with_schemes

LINE = 0.19
"""Inches of a row."""
WIDTH, LABELS, RIGHT = 7.0, 2.4, 0.75
COLORS = {"ours": "#0072b2", "peers": "#d55e00", "limit": "#000000"}


def plot(works: Sequence[Sequence[Measured]]) -> str:
    """SVG with colours for light and dark pages; works without an engine of ours are left out."""
    compared = [(work, ours) for work in works if (ours := reference_of(work))]
    rows = sum(len(work) + 2 for work, _ in compared)
    height = rows * LINE + 0.7
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.hashsalt": "repro", "svg.fonttype": "none", "font.size": 9})
        figure = Figure(figsize=(WIDTH, height))
        figure.patch.set_facecolor("#ffffff")
        axes = figure.add_axes((LABELS / WIDTH, 0.5 / height, (WIDTH - LABELS - RIGHT) / WIDTH, 1 - 0.6 / height))
        place = 0
        for work, ours in compared:
            place = _work(axes, work, ours, place)
        axes.set_xscale("log")
        axes.set_ylim(place, -0.5)
        axes.set_yticks([])
        axes.axvline(1, color="#bbbbbb", linewidth=1, zorder=0)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("seconds a seed, as a multiple of ours (log scale); seconds at the right")
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        with io.BytesIO() as file:
            figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Title": "Speed"})
            return with_schemes(file.getvalue().decode())


def _work(axes: mpl.axes.Axes, work: Sequence[Measured], ours: Measured, place: int) -> int:
    """Draw a work's rows from a place on; returns the place after them."""
    beside = axes.get_yaxis_transform()
    title = next(each.title for each in WORKS if each.name == work[0].work)
    axes.text(-0.02, place + 0.3, title, transform=beside, ha="right", va="center", weight="bold")
    for each in sorted(work, key=lambda each: -each.typical):
        place += 1
        kind = "limit" if each.program == LIMIT else "ours" if each.program in OURS else "peers"
        ratios = [seconds / ours.typical for seconds in each.seconds]
        axes.plot([min(ratios), max(ratios)], [place, place], color=COLORS[kind], linewidth=1.5)
        marker = {"ours": "o", "peers": "s", "limit": "|"}[kind]
        axes.plot(each.typical / ours.typical, place, marker, color=COLORS[kind], markersize=6)
        axes.text(-0.02, place, TITLES[each.program], transform=beside, ha="right", va="center")
        axes.text(1.02, place, f"{each.typical:.3g} s", transform=beside, va="center")
    return place + 2
