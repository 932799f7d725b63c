"""Everything derived from stored records: whole pages, when they are built, and the same bytes every time."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from click.testing import CliRunner
from stored_results import EBB, article, claim, crossed, every_verdict, fixed, outcomes, store, write_article

from repro import cli
from repro.compare import compare
from repro.datasets.base import sha256
from repro.errors import MachineError
from repro.report import html, text, words
from repro.report.build import build_experiment, build_index
from repro.training.worker import Outcome
from repro.verdicts import claim_verdict, number

FIVE = np.array([0.01, 0.03, 0.02, 0.04, 0.0])


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def small(root: Path) -> tuple[Path, Path]:
    """Two cross-validated experiments with five seeds, a third that is not run, and their article."""
    out, configs = root / "results", root / "configs"
    folds = np.array([[-0.05, 0.05]])
    base = crossed("base", 80.5, note="No <b>dropout</b>.")
    store(out, base, outcomes(0.8 + folds + np.zeros((5, 1))))
    store(out, crossed("better"), outcomes(0.8 + FIVE[:, None] + folds))
    claims = [
        claim("base", figure_of="base"),
        claim("better", "greater", note="A note.", added=True),
        claim("absent", "less"),
        claim("background", not_tested="Background | of *another* article."),
    ]
    made = article(
        claims,
        experiments=["base", "absent", "better"],
        published="2020",
        summary="What the article does.",
        deviations=["A deviation."],
        slips=["A slip."],
    )
    write_article(configs, made)
    return out, configs


README = """\
# Results

Published figures and claims against ours. Each of our values is a mean over independently seeded runs; what stands \
after a ± is said beside it. The same with plots, in one file: [report.html](report.html); for machines: \
[claims.json](claims.json).

## Numbers

| experiment | figure | verdict | article | ours: mean ± sd over seeds | margin | seeds |
| --- | --- | --- | --- | --- | --- | --- |
| [base](base/table.md) | test accuracy | **CLOSE** | 80.5% | 80.00% ± 0.00% | 5.38 points | 5 |
| [better](better/table.md) | test accuracy | NOT REPORTED | – | 82.00% ± 1.58% | – | 5 |

### How to read a number

{numbers}

## Claims

| article | claim | verdict | outcome |
| --- | --- | --- | --- |
| made-up | Text of base. | **CLOSE** | article 80.5%, ours 80.00% ± 0.00%, 5 seeds |
| made-up | Text of better. (our own question) | **HOLDS ON AVERAGE, TOO SMALL TO MATTER** | \
+2.00 (+0.04 to +3.96) points, 5 pairs |
| made-up | Text of absent. | NOT RUN YET | Not run yet: absent. |

NOT TESTED HERE, each with its reason under its article: 1 more.

### How to read a comparison

{reading}

## A made-up article

Source: <https://example.org/article> (2020)

What the article does.

### Experiments

| experiment | figure | article | ours: mean ± sd over seeds | seeds | 95% of single runs | \
spread over folds (smallest to largest) | verdict |
| --- | --- | --- | --- | --- | --- | --- | --- |
| Title of base ([base](base/table.md)) | test accuracy | 80.5% | 80.00% ± 0.00% | 5 | 79.95 to 80.05% | \
5.00% (5.00 to 5.00%) | **CLOSE** |
| Title of better ([better](better/table.md)) | test accuracy | – | 82.00% ± 1.58% | 5 | 77.19 to 86.81% | \
5.00% (5.00 to 5.00%) | NOT REPORTED |

Not run yet: absent.

### Claims

| claim | verdict | mean difference (its 95% interval) | 95% interval beyond these rows | \
pairs that show it (95% interval) | Holm's p | pairs of seeds | margin |
| --- | --- | --- | --- | --- | --- | --- | --- |
| Text of better. (our own question) `better > base` | **HOLDS ON AVERAGE, TOO SMALL TO MATTER** | \
+2.00 (+0.04 to +3.96) points | \
−1.54 to +5.54 points | 90% (46 to 99%) | 0.0474 | 5 | 5.38 points |

Paired by seed: the same 2 folds and base seed 0. Holm's correction counts 1 comparison.

- Text of base. **CLOSE.** Our mean is within the margin, yet the article's value lies outside the range \
of 95% of single runs.
- Text of better. (our own question) **HOLDS ON AVERAGE, TOO SMALL TO MATTER.** The claim holds on average: \
4 of 5 paired runs show it \
(1 tie), too few seeds to say that a single run usually does; yet the difference is too small to matter: its mean is \
within the margin. Margin 5.38 points: what drawing 208 other test rows would make of the article's 80.5% for base. \
A note.
- Text of absent. **NOT RUN YET.** Not run yet: absent.

### Claims not tested here

| claim | why |
| --- | --- |
| Text of background. | Background \\| of \\*another\\* article. |

### Where the spread of the test accuracy comes from

| experiment | between seeds, of a seed's accuracy | between the folds of one seed | \
re-drawing 208 test rows (binomial) | re-drawing the 104.0 rows of one fold (binomial) |
| --- | --- | --- | --- | --- |
| base | 0.00 points | 7.07 points | 2.77 points | 3.92 points |
| better | 1.58 points | 7.07 points | 2.66 points | 3.77 points |

Each figure is a standard deviation, over what its column says. The sources overlap and do not add up.

### Deviations from the article

- A deviation.

### Slips of the article

- A slip.
"""

TABLE = """\
# base: Title of base

No \\<b>dropout\\</b>.

| figure | article | ours: mean ± sd over seeds | seeds | 95% of single runs | 95% interval of mean | \
spread over folds (smallest to largest) | verdict |
| --- | --- | --- | --- | --- | --- | --- | --- |
| test accuracy | 80.5% | 80.00% ± 0.00% | 5 | 79.95 to 80.05% | 80.00 to 80.00% | 5.00% (5.00 to 5.00%) | CLOSE |
| test loss | – | 0.5000 ± 0.0000 | 5 | 0.5000 to 0.5000 | 0.5000 to 0.5000 | 0.0000 (0.0000 to 0.0000) | NOT REPORTED |

**test accuracy: CLOSE.** Our mean is within the margin, yet the article's value lies outside the range \
of 95% of single runs.

Margin that counts as the same, fixed before the run: test accuracy 5.38 points.

Rank of the article's value among ours and it, the lowest first: test accuracy 6 of 6.

A seed's value is the mean over its 2 folds. The spread over folds is the population standard deviation over the folds \
of one run, as articles print it; it is not an error bar of the mean.

![Every seed, the mean, and the article's figure where it gives one](accuracy.svg)

## Where the spread of the test accuracy comes from

| source | sd |
| --- | --- |
| between seeds, of a seed's accuracy | 0.00 points |
| between the folds of one seed | 7.07 points |
| re-drawing 208 test rows (binomial) | 2.77 points |
| re-drawing the 104.0 rows of one fold (binomial) | 3.92 points |

Made by `repro run configs/base.yaml` (stacked engine). Raw records: [runs.csv](runs.csv). All results: \
[index](../README.md).
"""


@pytest.fixture(scope="session")
def small_once(tmp_path_factory):
    root = tmp_path_factory.mktemp("small")
    build_index(*small(root))
    return root


@pytest.fixture
def small_built(small_once, tmp_path):
    """A copy of the small results folder, built, and its configs folder."""
    shutil.copytree(small_once, tmp_path, dirs_exist_ok=True)
    return tmp_path / "results", tmp_path / "configs"


def test_whole_pages(small_built):
    out, configs = small_built
    assert [summary.experiment for summary in build_index(out, configs)] == ["base", "better"]
    reading = "\n".join(f"- {line}" for line in words.READING)
    numbers = "\n".join(f"- {line}" for line in words.READING_NUMBERS)
    assert (out / "README.md").read_text() == README.format(reading=reading, numbers=numbers)
    assert (out / "base" / "table.md").read_text() == TABLE
    stored = json.loads((out / "claims.json").read_text())
    rows = stored["claims"]["made-up"]
    assert [(row["id"], row["kind"], row["verdict"]) for row in rows] == [
        ("base", "figure", "CLOSE"),
        ("better", "comparison", "HOLDS ON AVERAGE"),
        ("absent", "comparison", "NOT RUN YET"),
        ("background", "not tested", "NOT TESTED HERE"),
    ]
    # Ten differences, each of FIVE twice: variance .002 / 9; t(.975, 9) sqrt((1/10 + 1) .002 / 9) = 2.26216 * .0156347.
    assert rows[1]["comparison"]["beyond_rows"] == pytest.approx([0.02 - 0.0353682, 0.02 + 0.0353682], abs=1e-7)
    assert sorted(files(out / "base")) == [
        *("accuracy.png", "accuracy.svg", "provenance.json", "runs.csv", "summary.json", "table.md")
    ]


@pytest.fixture(scope="session")
def every(tmp_path_factory):
    """A built results folder in which every verdict occurs, and its configs folder."""
    root = tmp_path_factory.mktemp("every")
    write_article(root / "configs", every_verdict(root / "results"))
    build_index(root / "results", root / "configs")
    return root / "results", root / "configs"


@pytest.mark.parametrize("name", ["README.md", "report.html"])
def test_every_verdict_is_worded_and_has_a_colour(every, name):
    content = (every[0] / name).read_text()
    for verdict in (*words.TONES, "TOO SMALL TO MATTER"):
        assert verdict in content, verdict
    assert set(words.TONES) > {*get_args(number.Verdict), *get_args(claim_verdict.Verdict)}
    assert set(html.MARKS) == set(get_args(words.Tone))


def test_a_forced_build_gives_the_same_bytes_from_the_records_alone(every, tmp_path):
    built = files(every[0])
    for name in built:
        if name.endswith(("runs.csv", "provenance.json")):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(built[name])
    build_index(tmp_path, every[1], force=True)
    assert files(tmp_path) == built


def test_force_mends_what_was_edited(small_built):
    out, configs = small_built
    built = files(out)
    for name in ("README.md", "report.html", "base/table.md", "base/accuracy.svg"):
        (out / name).write_text("edited")
    build_index(out, configs)
    assert (out / "README.md").read_text() == "edited"
    build_index(out, configs, force=True)
    assert files(out) == built


def test_nothing_is_built_and_little_imported_where_nothing_has_changed(every):
    code = f"""
import sys
from pathlib import Path
from repro.report.build import build_index
assert len(build_index(Path({str(every[0])!r}), Path({str(every[1])!r}))) == 11
print(sorted({{"pandas", "scipy", "matplotlib", "jinja2", "tensorflow", "repro.report.html"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def changed_by(out, configs, act):
    """Names of the files that differ after `act` and another build."""
    before = files(out)
    act()
    build_index(out, configs)
    after = files(out)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


PAGES = {"README.md", "report.html", "claims.json"}


def test_an_edited_article_rebuilds_the_pages(small_built):
    out, configs = small_built
    path = configs / "articles" / "made-up.yaml"
    assert changed_by(out, configs, lambda: path.write_text(path.read_text() + "  - One more.\n")) == PAGES
    assert "- One more." in (out / "README.md").read_text()


def test_new_provenance_rebuilds_the_page(small_built):
    out, configs = small_built
    path = out / "base" / "provenance.json"
    edit = path.read_text().replace("c" * 40, "a" * 40)
    changed = changed_by(out, configs, lambda: path.write_text(edit))
    assert changed == {"report.html", "claims.json", "base/provenance.json"}
    assert "a" * 40 in (out / "report.html").read_text()


def test_new_records_rebuild_everything_that_rests_on_them(small_built):
    out, configs = small_built
    cells = outcomes(0.75 + np.zeros((6, 2)))
    changed = changed_by(out, configs, lambda: store(out, crossed("better"), cells))
    derived = {f"better/{name}" for name in ("summary.json", "table.md", "accuracy.svg", "accuracy.png")}
    assert changed == PAGES | derived | {"better/runs.csv", "better/provenance.json"}


@pytest.mark.parametrize("name", ["README.md", "report.html", "claims.json", "base/table.md", "base/accuracy.svg"])
def test_a_missing_file_comes_back(small_built, name):
    out, configs = small_built
    assert changed_by(out, configs, (out / name).unlink) == set()
    assert (out / name).is_file()


def test_a_plot_that_is_no_longer_drawn_goes(tmp_path):
    out = tmp_path / "results"
    store(out, fixed("base"), outcomes(0.8 + EBB, epochs=3))
    assert build_experiment(out, "base").plots == ("accuracy.png", "accuracy.svg", "curves.png", "curves.svg")
    store(out, fixed("base"), outcomes(0.8 + EBB))
    assert build_experiment(out, "base").plots == ("accuracy.png", "accuracy.svg")
    assert not (out / "base" / "curves.svg").exists()


def test_only_files_that_are_ours_are_removed(tmp_path):
    """A stored summary may name any file as its plot; somebody may have written it."""
    out, precious = tmp_path / "results", tmp_path / "precious.txt"
    store(out, fixed("base"), outcomes(0.8 + EBB))
    build_experiment(out, "base")
    precious.write_text("mine")
    path = out / "base" / "summary.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"plots": ["../../precious.txt", str(precious)], "made_from": "x"}))
    build_experiment(out, "base")
    assert precious.read_text() == "mine"


def test_no_verdict_rests_on_replicas_that_diverged(tmp_path):
    """Their accuracy is the share of the majority class, which an article may well print."""
    out = tmp_path / "results"
    nan = [
        Outcome(
            seed, 1.0, ((0, 1, 9, "test", "accuracy", 0.5), (0, 1, 9, "test", "loss", float("nan"))), {0: "diverged"}
        )
        for seed in range(12)
    ]
    store(out, fixed("base", 0.5), nan)
    (summary,) = build_index(out, tmp_path)
    assert summary.figures == ()
    index = (out / "README.md").read_text()
    assert "| [base](base/table.md) | test accuracy | NOT JUDGED | – | – | – | 0 (12 replicas diverged) |" in index
    assert "REPRODUCED**" not in index
    assert "12 replicas diverged" in (out / "report.html").read_text()


def test_replicas_in_trouble_are_shown(tmp_path):
    out = tmp_path / "results"
    cells = outcomes(0.8 + EBB)
    cells[3] = Outcome(3, 1.0, error="ValueError: expected <a> & *b*")
    cells[4] = Outcome(4, 1.0, ((0, 1, 9, "test", "accuracy", 0.1),), {0: "diverged: loss is NaN"})
    cells[5] = Outcome(5, 1.0, ((0, 1, 9, "test", "accuracy", 0.1),))
    store(out, fixed("base"), cells)
    build_index(out, tmp_path)
    table = (out / "base" / "table.md").read_text()
    failed = "1 replica failed: its seed is in no verdict:\n\n- seed 3: failed: ValueError: expected \\<a> & \\*b\\*"
    assert failed in table
    assert "1 replica diverged: its seed is in no verdict:\n\n- seed 4, fold 0: diverged: loss is NaN" in table
    assert "1 seed no better than guessing, shown and counted:\n\n- seed 5: test accuracy 10.00%" in table
    index = (out / "README.md").read_text()
    assert "| 28 (1 replica failed, 1 replica diverged) |" in index
    page = (out / "report.html").read_text()
    assert "<li>seed 3: failed: ValueError: expected &lt;a&gt; &amp; *b*</li>" in page


def test_a_loss_that_is_infinite_is_left_out(tmp_path):
    out = tmp_path / "results"
    cells = outcomes(np.full((6, 2), 0.8))
    cells[0] = Outcome(0, 1.0, (*cells[0].rows[:3], (1, 1, 9, "test", "loss", float("inf"))))
    store(out, crossed("base"), cells)
    figures = {figure.metric: figure.n for figure in build_experiment(out, "base").figures}
    assert figures == {"accuracy": 6, "loss": 5}


def test_records_without_provenance_are_refused(small_built):
    out, configs = small_built
    path = out / "base" / "provenance.json"
    path.write_text('{"experiment": {}, "engine": "stacked"}')
    with pytest.raises(MachineError) as error:
        build_index(out, configs)
    assert str(error.value) == f"{path}: missing or incomplete; run the experiment again"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "\n".join(text.splitlines()[:-1]) + "\n",
        lambda text: text.replace("0.75", "0.76", 1),
        lambda text: f"<<<<<<< HEAD\n{text}",
        lambda text: "",
    ],
    ids=["cut off", "a line less", "edited", "merge conflict", "empty"],
)
def test_records_that_are_not_as_they_were_written_are_never_used(small_built, damage):
    out, configs = small_built
    path = out / "base" / "runs.csv"
    written = path.read_text()
    path.write_text(damage(written))
    assert path.read_text() != written
    message = (
        f"{path}: not as it was written (expected SHA-256 {sha256(written.encode())}, "
        f"got {sha256(path.read_bytes())}); `repro run configs/base.yaml -o {out}` makes it again"
    )
    for act in (
        lambda: build_index(out, configs),
        lambda: build_index(out, configs, force=True),
        lambda: compare("base", "better", out, "accuracy"),
    ):
        with pytest.raises(MachineError) as caught:
            act()
        assert str(caught.value) == message


def test_an_empty_folder_says_so(tmp_path):
    assert build_index(tmp_path, tmp_path) == []
    assert (tmp_path / "README.md").read_text().endswith("\n\nNo experiment is stored here yet.\n")
    assert "<p>No experiment is stored here yet.</p>" in (tmp_path / "report.html").read_text()


def test_the_command_builds_from_records_alone(tmp_path):
    """Of an article that repro does not know, experiments are still shown."""
    out, _ = small(tmp_path)
    done = CliRunner().invoke(cli.report, ["-o", str(out)])
    assert (done.exit_code, done.output) == (0, f"Built the tables of 2 experiments in {out}.\n")
    assert "## made-up\n\n### Experiments\n" in (out / "README.md").read_text()
    assert not (out / ".cells").exists()


VOID = {"meta", "br"}


class Page(HTMLParser):
    """Checks that elements are closed in order, and collects what tests ask about."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def values(self, key: str) -> list[str]:
        return [attributes[key] for _, attributes in self.tags if attributes.get(key) is not None]


@pytest.fixture(scope="module")
def page(every):
    return Page((every[0] / "report.html").read_text())


def test_page_is_well_formed(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for target in (*page.values("href"), *page.values("xlink:href")):
        assert not target.startswith("#") or target[1:] in ids, target
    for labels in page.values("aria-labelledby"):
        assert labels in ids
    assert {"header", "nav", "main", "footer", "title", "h1"} <= {tag for tag, _ in page.tags}
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))


def test_page_loads_nothing(every, page):
    loading = {"script", "link", "img", "iframe", "object", "embed", "base", "form", "source", "video", "audio"}
    assert loading.isdisjoint(tag for tag, _ in page.tags)
    assert page.values("src") == []
    links = {(tag, attributes["href"]) for tag, attributes in page.tags if "href" in attributes}
    assert {link for link in links if "//" in link[1]} == {("a", "https://example.org/article")}
    content = (every[0] / "report.html").read_text()
    assert "@import" not in content
    assert set(re.findall(r"url\((.)", content)) <= {"#"}
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policy in page.values("content")


def test_page_has_everything(every):
    content = (every[0] / "report.html").read_text()
    for shown in (
        "A note with &lt;b&gt;marks&lt;/b&gt; &amp; a | bar.",
        "<code>repro run configs/base.yaml</code>",
        "Not run yet: absent.",
        "Background of the article.",
        "A deviation.",
        "A slip.",
        "c" * 40,
        "f" * 64,
        "d" * 64,
        "keras 3.15.1, numpy 2.4.6",
        "2024-05-06T07:08:09+00:00",
        "1 h 02 min from its first seed to its last",
        "59.9 s, all seeds added up",
        "between seeds, of a seed&#39;s accuracy",
    ):
        assert shown in content, shown
    assert content.count('<svg role="img"') == 11


def test_step_tables_stand_on_the_page(tmp_path):
    out = tmp_path / "results"
    reported = {"accuracy": {"value": 0.8, "unit": "fraction", "steps": {9: 0.41, 19: 0.8}}}
    store(out, fixed("base", reported=reported), outcomes(0.8 + EBB, epochs=2))
    build_index(out, tmp_path)
    content = (out / "report.html").read_text()
    assert build_experiment(out, "base") == build_experiment(out, "base", force=True), "as stored, and as made anew"
    assert "<summary>Step by step, as the article prints it</summary>" in content
    assert re.search(r"<td[^>]*>0\.4100</td><td[^>]*>0\.4000 ± 0\.0007</td><td[^>]*>0\.3485 to 0\.4515</td>", content)


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_of_text_meets_aa(scheme):
    css = (html.TEMPLATES / "style.css.jinja").read_text()
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css.split(":root {")[scheme + 1].split("}")[0]))
    pairs = [(ink, page) for ink in ("ink", "soft", "link") for page in ("page", "card")]
    pairs += [(f"{tone}-ink", f"{tone}-page") for tone in get_args(words.Tone)]
    for ink, paper in pairs:
        dark, light = sorted(luminance(colors[name]) for name in (ink, paper))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_a_drawing_is_inlined_with_ids_of_its_own():
    drawn = """<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "x" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg"><title>t</title><metadata><a href="http://x.org"/></metadata>
 <defs><style type="text/css">*{stroke-linecap: butt}</style></defs>
 <g id="a" clip-path="url(#b)"><use xlink:href="#a"/></g></svg>
"""
    assert html.inlined(drawn, "p-", "A & B") == (
        '<svg role="img" aria-label="A &amp; B" style="stroke-linecap: butt" xmlns="http://www.w3.org/2000/svg">'
        '<defs></defs>\n <g id="p-a" clip-path="url(#p-b)"><use xlink:href="#p-a"/></g></svg>'
    )
    with pytest.raises(MachineError, match="no SVG file"):
        html.inlined("<html>", "p-", "A")


def test_letters_are_outlined_once_on_a_page():
    def drawing(outline):
        letter = f'<defs>\n  <path id="DejaVuSans-41" d="{outline}" transform="scale(1)"/>\n</defs>'
        return html.inlined(f'<svg>{letter}<g id="a"><use xlink:href="#DejaVuSans-41"/></g></svg>', "p-", "A")

    once = html.shared_glyphs(drawing("M 0 0") + drawing("M 0 0"))
    assert once.count('id="DejaVuSans-41"') == 1
    assert once.count('href="#DejaVuSans-41"') == 2
    assert once.index('id="DejaVuSans-41"') < once.index('href="#DejaVuSans-41"')
    with pytest.raises(ValueError, match="two outlines are called DejaVuSans-41"):
        html.shared_glyphs(drawing("M 0 0") + drawing("M 9 9"))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (3599.6, "1 h 00 min"), (7384, "2 h 03 min")],
)
def test_duration(seconds, shown):
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(("split", "rows"), [("test", 10_000), ("validation", 100), ("train", 60_000)])
def test_the_default_margin_is_that_of_the_rows_of_the_figures_split(tmp_path, split, rows):
    reported = {"accuracy": {"value": 0.9, "unit": "fraction", "split": split}}
    protocol = {"fixed_split": {"evaluate_every_epochs": 1, "validation_from_train": 100}}
    made = fixed("base", reported=reported, protocol=protocol)
    cells = [
        replace(cell, rows=(*cell.rows, *((0, 1, 9, split, "accuracy", 0.9),) * (split != "test")))
        for cell in outcomes(0.9 + EBB)
    ]
    store(tmp_path, made, cells)
    summary = build_experiment(tmp_path, "base")
    (margin,) = [figure.margin for figure in summary.figures if figure.split == split and figure.metric == "accuracy"]
    assert margin == pytest.approx(1.96 * (0.9 * 0.1 / rows) ** 0.5, rel=1e-4)


def test_a_cross_validation_measures_on_its_training_rows_whether_there_are_test_rows_or_not(tmp_path):
    made = crossed("base", 90, dataset={"name": "digits", "divide_by": 16})
    store(tmp_path, made, outcomes(0.9 + np.zeros((5, 2))))
    summary = build_experiment(tmp_path, "base")
    assert summary.figures[0].margin == pytest.approx(1.96 * (0.9 * 0.1 / 1437) ** 0.5, rel=1e-4)


def test_an_article_kept_with_the_results_counts_more_than_one_of_that_name_that_comes_with_repro(tmp_path):
    out, configs = small(tmp_path)
    path = out / "base" / "provenance.json"
    own = article([claim("better", "less")], title="A made-up article of one's own")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"article": own.model_dump(mode="json")}))
    build_index(out, configs)
    page = (out / "README.md").read_text()
    assert "## A made-up article of one's own\n" in page
    assert "NOT TESTED HERE" not in page


def test_an_article_that_does_not_come_with_repro_is_kept_with_its_results(tmp_path):
    out = tmp_path / "results"
    folder = store(out, crossed("base", 80.5), outcomes(0.8 + EBB[:, None] + [[-0.05, 0.05]]))
    provenance = json.loads((folder / "provenance.json").read_text())
    mine = article([claim("base", figure_of="base")], experiments=["base"], slips=["A slip of mine."])
    provenance["article"] = mine.model_dump(mode="json")
    (folder / "provenance.json").write_text(json.dumps(provenance))
    build_index(out, tmp_path / "configs without it")
    page = (out / "README.md").read_text()
    assert "## A made-up article\n" in page
    assert "- A slip of mine.\n" in page
    assert "| made-up | Text of base. | " in page


def test_results_under_another_name_are_refused(small_built):
    out, configs = small_built
    shutil.copytree(out / "base", out / "copy")
    with pytest.raises(MachineError) as caught:
        build_index(out, configs)
    path = out / "copy" / "provenance.json"
    assert str(caught.value) == f"{path}: expected copy, the name of its folder, got base; keep copies elsewhere"


def test_provenance_of_another_version_is_refused(small_built):
    out, configs = small_built
    path = out / "base" / "provenance.json"
    provenance = json.loads(path.read_text())
    provenance["experiment"]["colour"] = "blue"
    path.write_text(json.dumps(provenance))
    with pytest.raises(MachineError) as caught:
        build_index(out, configs)
    assert str(caught.value) == (
        f"{path}: colour: Extra inputs are not permitted: not written by this version of repro; "
        "run the experiment again"
    )
