"""Records drawn: an article's experiments on one axis, and an experiment's figures by epoch or step.

Only the report imports this module, and only when it draws: importing matplotlib takes longer than most commands do.
Drawings are made without pyplot, and matplotlib's settings are put back afterwards. The same records give the same
bytes: labels are text, placed as wide as the font that comes with matplotlib, ids are hashed with a fixed salt, and no
file names a date or a version.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure as Drawing

from repro.analysis.figures import ExperimentSummary
from repro.report.plots.article import article_drawing
from repro.report.plots.curves import curve_panels, curves_drawing, position, step_panels
from repro.report.plots.schemes import with_schemes
from repro.report.plots.style import SIZE
from repro.report.plots.variants import variants_drawing
from repro.results.stored import StoredExperiment

if TYPE_CHECKING:
    from pandas import DataFrame

    from repro.report.sections import Section

LONG_COORDINATES = re.compile(r"([ML] -?\d+\.\d\d)\d* (-?\d+\.\d\d)\d*")
"""Points of a path in an SVG: a hundredth of a point is finer than any screen, and more than that doubles the file."""


def draw_article(section: Section) -> bytes:
    """SVG of the article's experiments; replicas that failed and figures that are not finite are left out."""
    return _saved(article_figure(section), section.title)


def draw(summary: ExperimentSummary, stored: StoredExperiment) -> dict[str, bytes]:
    """Name -> SVG of each drawing of an experiment.

    `variants` where it has variants. Of an experiment that is as its file has it `steps`
    where the article prints a table by step, else `curves` where there is more than one evaluation; of a single
    evaluation none, since its article's drawing shows it all. Replicas that failed and figures that are not finite are
    left out, and the title says how many seeds that leaves.
    """
    drawn = drawings(summary, stored.main.frame) if stored.main and summary.figures else {}
    if summary.variants:
        with _settings():
            of_variants = variants_drawing(summary, stored)
        drawn = drawn | ({"variants": of_variants} if of_variants else {})
    return {name: _saved(drawing, f"{summary.experiment}: {name}") for name, drawing in drawn.items()}


def drawings(summary: ExperimentSummary, frame: DataFrame) -> dict[str, Drawing]:
    """Curves or steps by name; `frame` has the columns of `runs.csv`."""
    if not frame.groupby(["seed", "fold"])["step"].nunique().max() > 1:
        return {}
    with _settings():
        if summary.listings:
            name, at, panels = "steps", "step", step_panels(summary, frame)
        else:
            at = position(frame)
            name, panels = "curves", curve_panels(summary, frame, at)
        return {name: curves_drawing(summary, panels, at)} if panels else {}


def article_figure(section: Section) -> Drawing:
    """What `draw_article` saves."""
    with _settings():
        return article_drawing(section)


@contextmanager
def _settings() -> Iterator[None]:
    """Matplotlib as it comes, whatever the user has configured, with what the same bytes need."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # labels are text: whoever shows them has fonts
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.hashsalt": "repro", "svg.fonttype": "none", "font.size": SIZE})
        mpl.rcParams["text.parse_math"] = False  # a title may hold a dollar sign
        mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
        yield


def _saved(drawing: Drawing, title: str) -> bytes:
    metadata = {**dict.fromkeys(("Date", "Creator", "Format", "Type")), "Title": title}
    with _settings(), io.BytesIO() as file:
        drawing.savefig(file, format="svg", metadata=metadata)
        return with_schemes(LONG_COORDINATES.sub(r"\1 \2", file.getvalue().decode())).encode()
