"""An experiment's records drawn: its seeds against the article's value, and its figures by epoch or step.

Only the report imports this module, and only when it draws: importing matplotlib takes longer than most commands do.
Drawings are made without pyplot, and matplotlib's settings are put back afterwards. The same records give the same
bytes: labels are drawn as outlines of the font that comes with matplotlib, ids are hashed with a fixed salt, and no
file names a date or a version.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

from repro.report.plots.curves import curve_panels, curves_drawing, position, step_panels
from repro.report.plots.seeds import seeds_drawing
from repro.report.plots.style import DPI, SIZE
from repro.report.summary import Summary

if TYPE_CHECKING:
    from pandas import DataFrame

LONG_COORDINATES = re.compile(rb"([ML] -?\d+\.\d\d)\d* (-?\d+\.\d\d)\d*")
"""Points of a path in an SVG: a hundredth of a point is finer than any screen, and more than that doubles the file."""


def draw(summary: Summary, frame: DataFrame) -> dict[str, bytes]:
    """File name -> content, each drawing as SVG and as PNG.

    `accuracy` always; `steps` where the article prints a table by step, else `curves` where there is more than one
    evaluation. `frame` has the columns of `runs.csv`; replicas that failed and figures that are not finite are left
    out, and the title says how many seeds that leaves.
    """
    files = {}
    for name, drawing in drawings(summary, frame).items():
        files[f"{name}.svg"] = _saved(drawing, "svg", {"Title": f"{summary.experiment}: {name}"})
        files[f"{name}.png"] = _saved(drawing, "png", {})
    return files


def drawings(summary: Summary, frame: DataFrame) -> dict[str, Drawing]:
    """What `draw` saves, by name."""
    with _settings():
        made = {"accuracy": seeds_drawing(summary, frame)}
        if summary.steps:
            name, at, panels = "steps", "step", step_panels(summary, frame)
        else:
            at = position(frame)
            name, panels = "curves", curve_panels(summary, frame, at)
        if panels and frame.groupby(["seed", "fold"])["step"].nunique().max() > 1:
            made[name] = curves_drawing(summary, panels, at)
        return made


@contextmanager
def _settings() -> Iterator[None]:
    """Matplotlib as it comes, whatever the user has configured, with what the same bytes need."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.hashsalt": "repro", "svg.fonttype": "path", "font.size": SIZE})
        mpl.rcParams["text.parse_math"] = False  # a title may hold a dollar sign
        mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
        yield


def _saved(drawing: Drawing, kind: str, metadata: dict[str, str]) -> bytes:
    left_out = {"svg": ("Date", "Creator", "Format", "Type"), "png": ("Software",)}[kind]
    with _settings(), io.BytesIO() as file:
        drawing.savefig(file, format=kind, dpi=DPI, metadata=dict.fromkeys(left_out) | metadata)
        content = file.getvalue()
    return LONG_COORDINATES.sub(rb"\1 \2", content) if kind == "svg" else content
