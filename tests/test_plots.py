"""Drawings of records: what is in them, that nothing overlaps, and that the same records give the same bytes."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import experiment
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text
from stored_results import provenance_of

from repro.analysis.summarize import summarize
from repro.report import plots
from repro.report.plots.style import ARTICLE, STYLES, TINT
from repro.results.records import COLUMNS
from repro.results.stored import StoredExperiment, runs_frame

SVG = "{http://www.w3.org/2000/svg}"
STEPS = (0, 500, 1000, 1500, 2000, 4689)
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


def row(seed, epoch, step, split, metric, value, fold=0, status="ok"):
    return ["small", seed, fold, epoch, step, split, metric, value, status]


def condensed(rows, **changes):
    made, runs = experiment(**changes), pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False)
    stored = StoredExperiment(Path("small"), provenance_of(made, runs), runs)
    return summarize(stored), stored.frame


def folds(seeds=30, article=83.59, values=None):
    """Four folds a seed, evaluated once; the article has accuracies in percent."""
    noise = np.random.default_rng(5).normal(0.84, 0.03, (seeds, 4)) if values is None else values
    rows = [row(s, 300, 3599, "test", "accuracy", v, f) for s, line in enumerate(noise) for f, v in enumerate(line)]
    reported = {"accuracy": {"value": article, "unit": "percent"}} if article else {}
    return condensed(rows, reported=reported)


def epochs(seeds=30, count=60, diverged=0):
    """Three splits by epoch and both metrics judged; in the first seeds the loss is NaN from epoch 20 on."""
    noise = np.random.default_rng(6)
    rows = []
    for s, e, (split, start) in itertools.product(
        range(seeds), range(1, count + 1), (("train", 0.5), ("validation", 0.3), ("test", 0.3))
    ):
        fall = start * np.exp(-e / 5)
        lost = s < diverged and e >= 20
        accuracy = 0.1 if lost else 0.88 - fall + noise.normal(0, 0.002)
        loss = np.nan if lost else 0.33 + 2 * fall + noise.normal(0, 0.004)
        rows += [row(s, e, 10 * e - 1, split, *pair) for pair in (("accuracy", accuracy), ("loss", loss))]
    return condensed(
        rows,
        title="One dropout layer used four times",
        dataset={"name": "fashion-mnist"},
        protocol={"fixed_split": {"evaluate_every_epochs": 1, "validation_from_train": 5}},
        reported={"accuracy": {"value": 0.8812}, "loss": {"value": 0.323, "margin": 0.013}},
    )


def steps(seeds=30, table=True):
    """Accuracy and batch loss at some steps, the first far from the others, and the article's table of both."""
    noise = np.random.default_rng(7)
    typical = {"accuracy": lambda k: 0.96 - 0.01 / (1 + k / 500), "loss": lambda k: 0.3}
    first = {"accuracy": 0.15, "loss": 2.4}
    rows = []
    for s, k, (metric, split) in itertools.product(range(seeds), STEPS, (("accuracy", "test"), ("loss", "batch"))):
        value = (typical[metric](k) if k else first[metric]) + noise.normal(0, 0.003 if split == "test" else 0.05)
        rows.append(row(s, k // 469 + 1, k, split, metric, value))
    printed = {
        "accuracy": {"value": 0.9635, "steps": dict.fromkeys(STEPS, 0.9635) | {0: 0.2225}},
        "loss": {"value": 0.26, "split": "batch", "steps": dict.fromkeys(STEPS, 0.26) | {0: 2.39}},
    }
    protocol = {"fixed_split": {"evaluate_at_steps": list(STEPS)}}
    return condensed(rows, dataset={"name": "mnist"}, protocol=protocol, reported=printed if table else {})


def failed():
    """Two seeds without any figure, as `runs.csv` has them, and one with a fold that is not a number."""
    _, frame = folds(8)
    frame = frame[frame["seed"] >= 2].astype({"fold": float})
    frame.loc[(frame["seed"] == 7) & (frame["fold"] == 3), "value"] = np.nan
    lost = [row(s, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, "failed: out of memory") for s in (0, 1)]
    return condensed([*lost, *frame.to_numpy().tolist()], reported={"accuracy": {"value": 83.59, "unit": "percent"}})


def outlier():
    values = np.full((30, 1), 0.96) + np.linspace(0, 0.004, 30).reshape(-1, 1)
    values[3] = 0.098
    return folds(article=96.35, values=values)


CASES = {
    "folds": folds,
    "one seed": lambda: folds(1),
    "two seeds": lambda: folds(2),
    "article far off": lambda: folds(article=20.0),
    "article at the mean": lambda: folds(2, article=50.0, values=np.array([[0.49] * 4, [0.51] * 4])),
    "no article": lambda: folds(article=None),
    "all equal": lambda: folds(values=np.full((30, 4), 0.5)),
    "outlier": outlier,
    "failed": failed,
    "epochs": lambda: epochs(10, 30),
    "epochs, one seed": lambda: epochs(1, 30),
    "epochs, some diverged": lambda: epochs(8, 30, diverged=3),
    "epochs, all diverged": lambda: epochs(2, 30, diverged=2),
    "steps": steps,
    "steps, one seed": lambda: steps(1),
    "steps, not in the article": lambda: steps(table=False),
}


def in_svg(summary, frame, name="accuracy"):
    """Elements of a drawing by id."""
    root = ET.fromstring(plots.draw(summary, frame)[name])
    return {element.get("id"): element for element in root.iter() if element.get("id")}


def marks(element):
    return len(list(element.iter(f"{SVG}use")))


def drawn_texts(drawing, monkeypatch):
    """(text, its box in pixels) of all that the drawing shows, and the drawing's own box."""
    shown = []
    draw_text = Text.draw

    def draw(self, *args, **kwargs):
        shown.append(self)
        return draw_text(self, *args, **kwargs)

    canvas = FigureCanvasAgg(drawing)
    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", draw)
        canvas.draw()
    texts = [text for text in shown if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts], drawing.bbox


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (folds, ["accuracy"]),
        (lambda: epochs(2, 2), ["accuracy", "curves"]),
        (lambda: epochs(count=1), ["accuracy"]),
        (steps, ["accuracy", "steps"]),
        (lambda: steps(table=False), ["accuracy", "curves"]),
        (failed, ["accuracy"]),
    ],
)
def test_which_drawings_there_are(make, names):
    assert list(plots.drawings(*make())) == names


def test_files_are_small_and_opaque_and_have_no_version_or_date():
    files = plots.draw(*epochs())
    assert list(files) == ["accuracy", "curves"]
    for name, content in files.items():
        assert len(content) < 100_000, name
        assert mpl.__version__.encode() not in content
        assert b"atplotlib v" not in content
        assert b"<dc:date>" not in content
        assert b"<image" not in content
        assert b'style="fill: #ffffff"' in content


def test_same_bytes_whatever_the_settings_and_the_process(tmp_path):
    summary, frame = epochs(5, 12)
    frame.to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "summary.json").write_text(summary.model_dump_json())
    frame = runs_frame((tmp_path / "runs.csv").read_text())
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.facecolor": "black"}):
        before = dict(mpl.rcParams)
        ours = {name: hashlib.sha256(data).hexdigest() for name, data in plots.draw(summary, frame).items()}
        assert dict(mpl.rcParams) == before
    code = """
import hashlib, json, sys
from pathlib import Path
from repro.report import plots
from repro.analysis.figures import ExperimentSummary
from repro.results.stored import runs_frame
summary, runs = Path("summary.json").read_text(), Path("runs.csv").read_text()
files = plots.draw(ExperimentSummary.model_validate_json(summary), runs_frame(runs))
assert "matplotlib.pyplot" not in sys.modules
print(json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in files.items()}))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONHASHSEED": "77"}, check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == ours


@pytest.mark.parametrize("case", CASES)
def test_no_text_overlaps_another_or_a_point_or_leaves_the_drawing(case, monkeypatch):
    for name, drawing in plots.drawings(*CASES[case]()).items():
        texts, page = drawn_texts(drawing, monkeypatch)
        assert len(texts) > 2
        for text, box in texts:
            inside = page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
            assert inside, (name, text)
        for (one, box), (other, second) in itertools.combinations(texts, 2):
            assert not box.overlaps(second), (name, one, other)
        if name == "accuracy":
            assert points_under(drawing, texts) == []


def points_under(drawing, texts):
    """Texts that a seed's point or the marker of a line touches."""
    lines = [line for axes in drawing.axes for line in axes.lines]
    assert len(lines) >= 2 * len(drawing.axes)
    found = []
    for line in lines:
        marked = line.get_xydata() if line.get_markevery() is None else line.get_xydata()[:1]
        radius = line.get_markersize() / 72 * drawing.dpi / 2
        places = line.get_transform().transform(marked)
        found += [text for text, box in texts for x, y in places if box.padded(radius).contains(x, y)]
    return found


def test_each_seed_is_one_point_at_its_mean_over_folds():
    summary, frame = folds()
    (axes,) = plots.drawings(summary, frame)["accuracy"].axes
    (points,) = [line for line in axes.lines if line.get_gid() == "test-accuracy-seeds"]
    expected = 100 * frame.groupby("seed")["value"].mean()
    np.testing.assert_allclose(points.get_xdata(), expected)
    (mean,) = [line for line in axes.lines if line.get_gid() == "test-accuracy-mean"]
    assert mean.get_xdata() == pytest.approx([expected.mean()] * 2)
    (band,) = [patch for patch in axes.patches if patch.get_gid() == "test-accuracy-band"]
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx(
        [100 * end for end in summary.figures[0].prediction]
    )
    assert axes.get_xlabel() == "test accuracy (%), one point a seed, the mean over its 4 folds"
    assert [text.get_text() for text in axes.texts] == [
        f"95% of single runs: {100 * band_end(summary, 0):.2f} to {100 * band_end(summary, 1):.2f}%",
        f"mean of 30 seeds: {expected.mean():.2f}%",
        "article: 83.59%",
    ]


def band_end(summary, end):
    return summary.figures[0].prediction[end]


@pytest.mark.parametrize(
    ("make", "points", "parts"),
    [
        (folds, 30, {"band", "mean", "article"}),
        (lambda: folds(1), 1, {"mean", "article"}),
        (lambda: folds(article=None), 30, {"band", "mean"}),
        (lambda: folds(values=np.full((30, 4), 0.5)), 30, {"band", "mean", "article"}),
        (failed, 5, {"band", "mean", "article"}),
    ],
)
def test_parts_of_the_accuracy_drawing(make, points, parts):
    found = in_svg(*make())
    assert marks(found["test-accuracy-seeds"]) == points
    assert {part for part in ("band", "mean", "article") if f"test-accuracy-{part}" in found} == parts


def test_each_judged_figure_has_a_panel():
    found = in_svg(*epochs(count=2))
    for metric in ("accuracy", "loss"):
        assert marks(found[f"test-{metric}-seeds"]) == 30
        assert found[f"test-{metric}-article"] is not None


def test_curves_have_a_line_and_a_band_for_each_split_and_the_article_at_the_end():
    summary, frame = epochs(6)
    found = in_svg(summary, frame, "curves")
    for split, metric in itertools.product(("train", "validation", "test"), ("accuracy", "loss")):
        assert {f"{split}-{metric}-mean", f"{split}-{metric}-band"} <= found.keys()
    drawing = plots.drawings(summary, frame)["curves"]
    accuracy, loss = drawing.axes
    (line,) = [line for line in accuracy.lines if line.get_gid() == "test-accuracy-mean"]
    rows = frame[(frame["metric"] == "accuracy") & (frame["split"] == "test")]
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 61))
    np.testing.assert_allclose(line.get_ydata(), rows.groupby("epoch")["value"].mean())
    (article,) = [line for line in loss.lines if line.get_gid() == "article-loss"]
    np.testing.assert_array_equal(article.get_xydata(), [[60, 0.323]])
    assert accuracy.get_xlabel() == "epoch (vertical axis fits epochs 7 to 60)"
    (legend,) = drawing.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "test",
        "validation (rows of the training set)",
        "train (averaged while training, with any dropout)",
        "95% of single runs (prediction interval)",
        "article",
    ]


def test_a_long_curve_is_thinned_between_its_ends():
    (axes, _) = plots.drawings(*epochs(2, 301))["curves"].axes
    (line,) = [line for line in axes.lines if line.get_gid() == "test-accuracy-mean"]
    x = line.get_xdata()
    assert (len(x), x[0], x[-1]) == (60, 1, 301)
    assert set(np.diff(x)) == {5, 6}


def test_one_seed_has_curves_without_bands():
    found = in_svg(*epochs(1), "curves")
    assert "test-accuracy-mean" in found
    assert [name for name in found if name.endswith("band")] == []


def test_seeds_that_diverged_or_failed_are_counted():
    accuracy, loss = plots.drawings(*epochs(8, 30, diverged=3))["curves"].axes
    assert accuracy.get_title(loc="left") == "accuracy (fraction)"
    assert loss.get_title(loc="left") == "loss, 5 of 8 seeds at the end"
    name, title = plots.drawings(*failed())["accuracy"].texts
    assert name.get_text() == "small"
    assert title.get_text() == "A small experiment (n = 5 of 8 seeds, the others failed or diverged)"


def test_records_without_any_figure_still_give_a_drawing():
    rows = [row(s, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, "failed: out of memory") for s in (0, 1)]
    files = plots.draw(*condensed(rows))
    assert list(files) == ["accuracy"]
    assert b"no seed has a finite test accuracy" in files["accuracy"]


def test_steps_show_the_first_point_apart_and_the_others_in_close_up():
    summary, frame = steps()
    low, high, loss, top = plots.drawings(summary, frame)["steps"].axes
    ends = [axes.get_ylim() for axes in (low, high, loss, top)]
    assert ends == [pytest.approx(pair, abs=0.02) for pair in ((0.11, 0.26), (0.94, 0.97), (0.15, 0.45), (2.22, 2.56))]
    assert [axes.get_title(loc="left") for axes in (high, top)] == [
        "test accuracy (fraction)",
        "loss of the step's own batch",
    ]
    (article,) = [line for line in high.lines if line.get_gid() == "article-accuracy"]
    np.testing.assert_array_equal(article.get_xdata(), STEPS)
    found = in_svg(summary, frame, "steps")
    assert {"test-accuracy-mean", "test-accuracy-band", "batch-loss-mean", "article-loss"} <= found.keys()


def test_a_first_step_near_the_others_breaks_no_axis():
    summary, frame = steps()
    near = frame.assign(value=frame["value"].where(frame["step"] > 0, 0.5))
    near_rows = tuple(replace(row, judged=replace(row.judged, article=0.5)) for row in summary.steps)
    assert len(plots.drawings(summary.model_copy(update={"steps": near_rows}), near)["steps"].axes) == 2


def luminance(color):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def test_styles_stand_out_from_white_and_differ_without_colour():
    styles = [*STYLES.values(), ARTICLE]
    for style in styles:
        assert style.color in OKABE_ITO
        assert 1.05 / (luminance(style.color) + 0.05) >= 3  # WCAG 2.1, 1.4.11: graphical objects
    for what in ("color", "dashes", "marker"):
        assert len({str(getattr(style, what)) for style in styles}) == len(styles)


def test_text_is_black_also_over_the_band():
    drawing = plots.drawings(*folds())["accuracy"]
    texts = [*drawing.texts, *drawing.axes[0].texts]
    assert {to_hex(text.get_color()) for text in texts} == {"#000000"}
    assert (luminance(TINT) + 0.05) / 0.05 >= 7  # WCAG 2.1, 1.4.6
