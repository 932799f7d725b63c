"""Drawings of records: what is in them, that nothing overlaps, and that the same records give the same bytes."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
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
from stored_results import article, provenance_of

from repro.analysis.figures import ExperimentSummary
from repro.analysis.summarize import summarize
from repro.config.schema import Experiment
from repro.config.variation.axes import COLUMNS
from repro.report import plots
from repro.report.plots.schemes import DARK
from repro.report.plots.style import ARTICLE, STYLES, TINT
from repro.report.sections import Member, Section
from repro.results.stored import StoredExperiment

SVG = "{http://www.w3.org/2000/svg}"
STEPS = (0, 500, 1000, 1500, 2000, 4689)
OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}


def row(seed, epoch, step, split, metric, value, fold=0, status="ok"):
    return ["small", seed, fold, epoch, step, split, metric, value, status]


def member(rows, **changes):
    made, runs = experiment(**changes), pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False)
    stored = StoredExperiment(Path(made.name), provenance_of(made, runs), runs, b"")
    return Member(stored, summarize(stored))


def section(*members, about=None):
    return Section("made-up", about, members, ())


def folds(seeds=30, article=83.59, values=None, name="small"):
    """Four folds a seed, evaluated once; the article has accuracies in percent."""
    noise = np.random.default_rng(5).normal(0.84, 0.03, (seeds, 4)) if values is None else values
    rows = [row(s, 300, 3599, "test", "accuracy", v, f) for s, line in enumerate(noise) for f, v in enumerate(line)]
    reported = {"accuracy": {"value": article, "unit": "percent"}} if article else {}
    return member(rows, name=name, reported=reported)


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
    return member(
        rows,
        title="One dropout layer used four times",
        dataset={"name": "fashion-mnist"},
        protocol={"fixed_split": {"evaluate_every_epochs": 1, "validation": {"first": 5, "trained_on": True}}},
        reported={"accuracy": {"value": 0.8812}, "loss": {"value": 0.323, "margin": 0.013, "margin_reason": "as wide"}},
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
    return member(rows, dataset={"name": "mnist"}, protocol=protocol, reported=printed if table else {})


def failed():
    """Two seeds without any figure, as `runs.csv` has them, and one with a fold that is not a number."""
    frame = folds(8).stored.frame
    frame = frame[frame["seed"] >= 2].astype({"fold": float})
    frame.loc[(frame["seed"] == 7) & (frame["fold"] == 3), "value"] = np.nan
    lost = [row(s, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, "failed: out of memory") for s in (0, 1)]
    return member([*lost, *frame.to_numpy().tolist()], reported={"accuracy": {"value": 83.59, "unit": "percent"}})


def outlier():
    values = np.full((30, 1), 0.96) + np.linspace(0, 0.004, 30).reshape(-1, 1)
    values[3] = 0.098
    return folds(article=96.35, values=values)


def crowd():
    """Eight experiments, some far apart, one with the longest name, one without the article's value."""
    names = [f"experiment_{place}" for place in range(6)]
    near = [folds(30, 80 + place, name=name) for place, name in enumerate(names)]
    return [*near, folds(name="a" * 64), folds(article=None, values=np.full((30, 4), 0.5), name="equal")]


CASES = {
    "folds": lambda: [folds()],
    "one seed": lambda: [folds(1)],
    "two seeds": lambda: [folds(2)],
    "article far off": lambda: [folds(article=20.0)],
    "article at the mean": lambda: [folds(2, article=50.0, values=np.array([[0.49] * 4, [0.51] * 4]))],
    "no article": lambda: [folds(article=None)],
    "all equal": lambda: [folds(values=np.full((30, 4), 0.5))],
    "outlier": lambda: [outlier()],
    "failed": lambda: [failed()],
    "crowd": crowd,
    "epochs": lambda: [epochs(10, 30)],
    "epochs, one seed": lambda: [epochs(1, 30)],
    "epochs, some diverged": lambda: [epochs(8, 30, diverged=3)],
    "epochs, all diverged": lambda: [epochs(2, 30, diverged=2)],
    "steps": lambda: [steps()],
    "steps, one seed": lambda: [steps(1)],
    "steps, not in the article": lambda: [steps(table=False)],
}


def curves(each):
    """Drawings of one experiment, by name."""
    return plots.drawings(each.summary, each.stored.frame)


def in_svg(content):
    """Elements of a drawing by id."""
    return {element.get("id"): element for element in ET.fromstring(content).iter() if element.get("id")}


def article_svg(*members):
    return in_svg(plots.draw_article(section(*members)))


def curves_svg(each, name="curves"):
    return in_svg(plots.draw(each.summary, each.stored)[name])


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
        (folds, []),
        (lambda: epochs(2, 2), ["curves"]),
        (lambda: epochs(count=1), []),
        (steps, ["steps"]),
        (lambda: steps(table=False), ["curves"]),
        (failed, []),
    ],
)
def test_which_drawings_there_are(make, names):
    assert list(curves(make())) == names


def test_files_are_small_and_opaque_and_have_no_version_or_date():
    each = epochs()
    files = plots.draw(each.summary, each.stored) | {"article": plots.draw_article(section(each))}
    assert list(files) == ["curves", "article"]
    for name, content in files.items():
        assert len(content) < 100_000, name
        assert mpl.__version__.encode() not in content
        assert b"atplotlib v" not in content
        assert b"<dc:date>" not in content
        assert b"<image" not in content
        assert b'style="fill: #ffffff; fill: var(--ffffff, #ffffff)"' in content


def test_every_colour_has_one_for_dark_pages_and_text_too():
    for each in (epochs(5, 12), steps(5), folds()):
        files = [*plots.draw(each.summary, each.stored).values(), plots.draw_article(section(each))]
        for content in map(bytes.decode, files):
            drawn = content.partition("</style>")[2]
            plain = re.sub(r"(fill|stroke): (#[0-9a-f]{6}); \1: var\(--[0-9a-f]{6}, \2\)", "", drawn)
            assert re.findall(r"(?:fill|stroke)(?:: |=\")#[0-9a-f]{3}", plain) == []
            assert content.count("<style") == 1
            (dark,) = re.findall(r"@media \(prefers-color-scheme: dark\) \{ :root \{(.*?)\} \}", content)
            used = set(re.findall(r"var\(--([0-9a-f]{6}), #\1\)", content))
            assert used <= set(re.findall(r"--([0-9a-f]{6}): #", dark))
            assert "text { fill: var(--000000, #000000) }" in content


def test_dark_colours_stand_out_from_the_dark_page():
    for style in [*STYLES.values(), ARTICLE]:
        color = DARK[style.color.lower()]
        assert contrast(color, DARK["#ffffff"]) >= 3, style.label
    assert contrast(DARK["#000000"], DARK["#ffffff"]) >= 7
    assert contrast(DARK["#000000"], DARK[TINT.lower()]) >= 4.5
    assert contrast(DARK["#56b4e9"], DARK["#00456b"]) >= 2, "a point and its edge"


def test_same_bytes_whatever_the_settings_and_the_process(tmp_path):
    each = epochs(5, 12)
    each.stored.frame.to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "summary.json").write_text(each.summary.model_dump_json())
    (tmp_path / "experiment.json").write_text(each.stored.experiment.model_dump_json())
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.facecolor": "black"}):
        before = dict(mpl.rcParams)
        drawn = plots.draw(each.summary, each.stored) | {"article": plots.draw_article(section(each))}
        ours = {name: hashlib.sha256(data).hexdigest() for name, data in drawn.items()}
        assert dict(mpl.rcParams) == before
    code = f"""
import hashlib, json, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_plots import again
from repro.report import plots
each, section = again(Path())
files = plots.draw(each.summary, each.stored) | {{"article": plots.draw_article(section)}}
assert "matplotlib.pyplot" not in sys.modules
print(json.dumps({{name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONHASHSEED": "77"}, check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout) == ours


def again(folder):
    """An experiment from the files of `test_same_bytes_whatever_the_settings_and_the_process`, and its section."""
    made = Experiment.model_validate_json((folder / "experiment.json").read_text())
    runs = (folder / "runs.csv").read_text()
    summary = ExperimentSummary.model_validate_json((folder / "summary.json").read_text())
    each = Member(StoredExperiment(Path(made.name), provenance_of(made, runs), runs, b""), summary)
    return each, section(each)


@pytest.mark.parametrize("case", CASES)
def test_no_text_overlaps_another_or_a_point_or_leaves_the_drawing(case, monkeypatch):
    members = CASES[case]()
    drawn = {"article": plots.article_figure(section(*members))}
    for each in members:
        drawn |= curves(each)
    for name, drawing in drawn.items():
        texts, page = drawn_texts(drawing, monkeypatch)
        assert len(texts) > 2
        for text, box in texts:
            inside = page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
            assert inside, (name, text)
        for (one, box), (other, second) in itertools.combinations(texts, 2):
            assert not box.overlaps(second), (name, one, other)
        if name == "article":
            assert points_under(drawing, texts) == []


def points_under(drawing, texts):
    """Texts that a seed's point or the marker of a line touches."""
    lines = [line for axes in drawing.axes for line in axes.lines if str(line.get_gid()).endswith(("seeds", "article"))]
    assert len(lines) >= len(drawing.axes)
    found = []
    for line in lines:
        radius = line.get_markersize() / 72 * drawing.dpi / 2
        places = line.get_transform().transform(line.get_xydata())
        found += [text for text, box in texts for x, y in places if box.padded(radius).contains(x, y)]
    return found


def by_id(drawing):
    artists = [artist for axes in drawing.axes for artist in (*axes.lines, *axes.patches)]
    return {artist.get_gid(): artist for artist in artists if artist.get_gid()}


def test_a_title_in_any_script_is_text_and_no_mark_in_it_has_an_effect():
    made = article([], title="深度学习 $x$ <b> &")
    content = plots.draw_article(section(folds(), about=made)).decode()
    assert "深度学习 $x$ &lt;b&gt; &amp;" in content


def test_each_seed_is_one_point_at_its_mean_over_folds():
    each = folds()
    drawing = plots.article_figure(section(each))
    found = by_id(drawing)
    expected = 100 * each.stored.frame.groupby("seed")["value"].mean()
    np.testing.assert_allclose(found["small-test-accuracy-seeds"].get_xdata(), expected)
    assert found["small-test-accuracy-mean"].get_xdata() == pytest.approx([expected.mean()] * 2)
    np.testing.assert_allclose(found["small-test-accuracy-article"].get_xdata(), [83.59])
    band = found["small-test-accuracy-band"]
    ends = [100 * end for end in each.summary.main.prediction]
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx(ends)
    (axes,) = drawing.axes
    assert axes.get_xlabel() == "test accuracy (%)"
    assert [text.get_text() for text in axes.texts] == ["small", f"article 83.59%, ours {expected.mean():.2f}%"]


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
def test_parts_of_an_articles_drawing(make, points, parts):
    found = article_svg(make())
    assert marks(found["small-test-accuracy-seeds"]) == points
    assert {part for part in ("band", "mean", "article") if f"small-test-accuracy-{part}" in found} == parts


def test_all_experiments_of_an_article_share_one_axis_in_the_order_of_the_article():
    members = crowd()
    drawing = plots.article_figure(section(*members))
    (axes,) = drawing.axes
    found = by_id(drawing)
    heights = [found[f"{each.stored.name}-test-accuracy-mean"].get_ydata().mean() for each in members]
    assert heights == sorted(heights, reverse=True)
    assert axes.texts[12].get_text().startswith("aaa")
    assert axes.texts[12].get_text().endswith(" …")


def test_each_figure_that_is_reported_once_has_a_panel_and_those_by_step_have_a_drawing_of_their_own():
    found = article_svg(epochs(count=2))
    for metric in ("accuracy", "loss"):
        assert marks(found[f"small-test-{metric}-seeds"]) == 30
        assert found[f"small-test-{metric}-article"] is not None
    assert not any("batch" in name for name in article_svg(steps()))


def test_text_is_nine_pixels_high_or_more_on_a_page_of_350():
    for each in (epochs(5, 12), steps(5), folds()):
        for drawing in [*curves(each).values(), plots.article_figure(section(each))]:
            sizes = {text.get_fontsize() for text in drawing.findobj(Text) if text.get_text()}
            assert min(sizes) * 350 / (72 * drawing.get_figwidth()) >= 9


def test_curves_have_a_line_and_a_band_for_each_split_and_the_article_at_the_end():
    each = epochs(6)
    frame, found = each.stored.frame, curves_svg(each)
    for split, metric in itertools.product(("train", "validation", "test"), ("accuracy", "loss")):
        assert {f"{split}-{metric}-mean", f"{split}-{metric}-band"} <= found.keys()
    drawing = curves(each)["curves"]
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
    (axes, _) = curves(epochs(2, 301))["curves"].axes
    (line,) = [line for line in axes.lines if line.get_gid() == "test-accuracy-mean"]
    x = line.get_xdata()
    assert (len(x), x[0], x[-1]) == (60, 1, 301)
    assert set(np.diff(x)) == {5, 6}


def test_one_seed_has_curves_without_bands():
    found = curves_svg(epochs(1))
    assert "test-accuracy-mean" in found
    assert [name for name in found if name.endswith("band")] == []


def test_seeds_that_diverged_or_failed_are_counted():
    drawing = curves(epochs(8, 30, diverged=3))["curves"]
    accuracy, loss = drawing.axes
    assert accuracy.get_title(loc="left") == "accuracy (fraction)"
    assert loss.get_title(loc="left") == "loss, 5 of 8 seeds at the end"
    assert [text.get_text() for text in drawing.texts] == [
        "small",
        "One dropout layer used four times",
        "mean over seeds by epoch, n = 8 seeds",
    ]


def test_records_without_any_figure_still_give_a_drawing():
    rows = [row(s, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, "failed: out of memory") for s in (0, 1)]
    each = member(rows)
    assert curves(each) == {}
    assert b"no seed has a finite figure" in plots.draw_article(section(each))


def test_steps_show_the_first_point_apart_and_the_others_in_close_up():
    each = steps()
    low, high, loss, top = curves(each)["steps"].axes
    ends = [axes.get_ylim() for axes in (low, high, loss, top)]
    assert ends == [pytest.approx(pair, abs=0.02) for pair in ((0.11, 0.26), (0.94, 0.97), (0.15, 0.45), (2.22, 2.56))]
    assert [axes.get_title(loc="left") for axes in (high, top)] == [
        "test accuracy (fraction)",
        "loss of the step's own batch",
    ]
    (article,) = [line for line in high.lines if line.get_gid() == "article-accuracy"]
    np.testing.assert_array_equal(article.get_xdata(), STEPS)
    found = curves_svg(each, "steps")
    assert {"test-accuracy-mean", "test-accuracy-band", "batch-loss-mean", "article-loss"} <= found.keys()


def test_a_first_step_near_the_others_breaks_no_axis():
    each = steps()
    frame = each.stored.frame
    near = frame.assign(value=frame["value"].where(frame["step"] > 0, 0.5))
    listings = tuple(
        replace(
            listing,
            judged=replace(listing.judged, each=tuple(replace(one, article=0.5) for one in listing.judged.each)),
        )
        for listing in each.summary.listings
    )
    assert len(plots.drawings(each.summary.model_copy(update={"listings": listings}), near)["steps"].axes) == 2


def luminance(color):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def contrast(one, other):
    """WCAG 2.1: 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_styles_stand_out_from_white_and_differ_without_colour():
    styles = [*STYLES.values(), ARTICLE]
    for style in styles:
        assert style.color in OKABE_ITO
        assert contrast(style.color, "#FFFFFF") >= 3  # WCAG 2.1, 1.4.11: graphical objects
    for what in ("color", "dashes", "marker"):
        assert len({str(getattr(style, what)) for style in styles}) == len(styles)


def test_text_is_black_also_over_the_band():
    drawing = plots.article_figure(section(folds()))
    texts = [*drawing.texts, *drawing.axes[0].texts]
    assert {to_hex(text.get_color()) for text in texts} == {"#000000"}
    assert contrast(TINT, "#000000") >= 7  # WCAG 2.1, 1.4.6
