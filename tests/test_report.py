"""Everything derived from stored records: whole pages, when they are built, and the same bytes every time."""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from stored_results import EBB, HERE, article, build, claim, crossed, every_verdict, fixed, made_cells, store
from tiny import invoke

from repro.commands.compare import compare
from repro.commands.report import rebuild
from repro.config.article import Article
from repro.config.catalogue import Catalogue
from repro.errors import MachineError
from repro.files import digest, sha256
from repro.report import html, text, words
from repro.report.build import Index, build_experiment, current_summary
from repro.report.markdown import code, plain
from repro.report.words import READING_CLAIMS, READING_NUMBERS
from repro.results.records import CellResult, Record
from repro.results.stored import read_stored
from repro.verdicts import types

FIVE = np.array([0.01, 0.03, 0.02, 0.04, 0.0])


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def small(root: Path) -> tuple[Path, Article]:
    """Two cross-validated experiments with five seeds, a third that is not run, and their article."""
    out = root / "results"
    folds = np.array([[-0.05, 0.05]])
    reported = {"value": 80.5, "unit": "percent", "spread": 4.0, "spread_over": "folds", "quote": "80.5% (4.0%)"}
    base = crossed("base", note="No <b>dropout</b>.", reported={"accuracy": reported})
    store(out, base, made_cells(0.8 + folds + np.zeros((5, 1))))
    store(out, crossed("better"), made_cells(0.8 + FIVE[:, None] + folds))
    claims = [
        claim("base", figure_of="base"),
        claim("better", "greater", note="A note."),
        claim("absent", "less"),
        claim("background", not_tested="Background | of *another* article."),
    ]
    made = article(
        claims,
        experiments=["base", "absent", "better"],
        published="2020",
        summary="What the article does.",
        deviations=["A deviation."],
        unsaid=["What it leaves unsaid."],
        slips=["A slip."],
    )
    return out, made


README = """\
# Results

Published figures and claims against ours. Each of our values is a mean over independently seeded runs; what stands \
after a ± is said beside it. The same in one file: [report.html](report.html); for machines: \
[claims.json](claims.json).

**A made-up article** (2020): Over 5 seeds, no ordinary run prints 80.5%, though our mean of 80.00% is close to \
it. The claim “Text of better” holds on these rows, by 2.00 points. One more claim has not been run yet. \
One more claim is not tested here.

## Numbers

| experiment | figure | verdict | article | ours: mean ± sd over seeds | our mean against it (95% interval) | \
accepted range (95% of single runs) | rank | resolution | seeds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| [base](base/table.md) | test accuracy | **CLOSE** | 80.5% | 80.00% ± 0.00% | 0.50 points lower (0.50 to 0.50) | \
79.95 to 80.05% | 6 of 6 | 1.00 points | 5 |
| [better](better/table.md) | test accuracy | NOT REPORTED | – | 82.00% ± 1.58% | – | 77.19 to 86.81% | – | – | 5 |

Resolutions, what may differ without changing a conclusion:

- 1.00 points (base): one point, the region of practical equivalence of Benavoli, Corani, Demsar and Zaffalon \
(2017), since no claim of an article draws a conclusion from two reported accuracies

## Claims

| article | claim | verdict | outcome |
| --- | --- | --- | --- |
| made-up | Text of base. | **CLOSE** | article 80.5%, ours 80.00% ± 0.00%, 5 seeds |
| made-up | Text of better. | **CLAIM HOLDS** | raises accuracy by 2.00 points (0.04 to 3.96): 82.00% against \
80.00%, 5 pairs |
| made-up | Text of absent. | NOT RUN YET | Not run yet: absent. |

NOT TESTED HERE, each with its reason under its article: 1 more.

## A made-up article

Source: <https://example.org/article> (2020)

What the article does.

![Every seed of every experiment, our mean, the accepted range, and the article's value](made-up.svg)

### Claims

Paired by seed: the same 2 folds and base seed 0. Holm's correction counts 1 comparison. Resolution 1.00 points: \
one point, the region of practical equivalence of Benavoli, Corani, Demsar and Zaffalon (2017), since no claim of \
an article draws a conclusion from two reported accuracies.

- Text of base. **CLOSE.** The article's value lies above the range of 95% of single runs, yet our mean is close to \
it: the difference changes no conclusion.
- Text of better. **CLAIM HOLDS.** The claim holds on average on these rows, and at least three pairs of runs in four \
show it (ties count half). A note.
  - `better > base`
  - on these rows (95% interval): raises accuracy by 2.00 points (0.04 to 3.96): 82.00% against 80.00%
  - size, in standard deviations of a run: 1.79
  - pairs that show it (95% interval of the share): 4 of 5 and 1 tie (46 to 99%)
  - resolution: 1.00 points
  - Holm's p: 0.0474
  - pairs: 5
- Text of absent. **NOT RUN YET.** Not run yet: absent.

### Claims not tested here

| claim | why |
| --- | --- |
| Text of background. | Background \\| of \\*another\\* article. |

### Experiments

- [base](base/table.md): Title of base
  - Spread of the test accuracy over folds: the article prints 4.0%, ours is 5.00% on average over 5 seeds \
(accepted range 4.95 to 5.05%; rank 1 of 6): CLOSE.
- [better](better/table.md): Title of better

Not run yet: absent.

### Where the spread of the test accuracy comes from

| experiment | between seeds, of a seed's accuracy | between the folds of one seed | re-drawing 208 test rows \
(binomial) | re-drawing the 104.0 rows of one fold (binomial) |
| --- | --- | --- | --- | --- |
| base | 0.00 points | 7.07 points | 2.77 points | 3.92 points |
| better | 1.58 points | 7.07 points | 2.66 points | 3.77 points |

Each figure is a standard deviation, over what its column says. The sources overlap and do not add up.

### Deviations from the article

- A deviation.

### What the article leaves unsaid, and what is done about it

- What it leaves unsaid.

### Slips of the article

- A slip.

## How to read it

### A number

{numbers}

### A comparison

{claims}
"""

TABLE = """\
# base: Title of base

No \\<b>dropout\\</b>.

| figure | article | ours: mean ± sd over seeds | seeds | our mean against it (95% interval) | accepted range (95% \
of single runs) | rank | resolution | 95% interval of our mean | spread over folds (smallest to largest) | verdict |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| test accuracy | 80.5% (± 4.0% over folds) | 80.00% ± 0.00% | 5 | 0.50 points lower (0.50 to 0.50) | 79.95 to \
80.05% | 6 of 6 | 1.00 points | 80.00 to 80.00% | 5.00% (5.00 to 5.00%) | CLOSE |
| test loss | – | 0.5000 ± 0.0000 | 5 | – | 0.5000 to 0.5000 | – | – | 0.5000 to 0.5000 | 0.0000 (0.0000 to 0.0000) \
| NOT REPORTED |

**test accuracy: CLOSE.** The article's value lies above the range of 95% of single runs, yet our mean is close to \
it: the difference changes no conclusion.

- Spread of the test accuracy over folds: the article prints 4.0%, ours is 5.00% on average over 5 seeds (accepted \
range 4.95 to 5.05%; rank 1 of 6): CLOSE.

The article prints: test accuracy “80.5% (4.0%)”.

Resolution of the test accuracy, 1.00 points: one point, the region of practical equivalence of Benavoli, Corani, \
Demsar and Zaffalon (2017), since no claim of an article draws a conclusion from two reported accuracies.

A seed's value is the mean over its 2 folds. The spread over folds is the population standard deviation over the \
folds of one run, as articles print it; it is not an error bar of the mean.

## Where the spread of the test accuracy comes from

| source | sd |
| --- | --- |
| between seeds, of a seed's accuracy | 0.00 points |
| between the folds of one seed | 7.07 points |
| re-drawing 208 test rows (binomial) | 2.77 points |
| re-drawing the 104.0 rows of one fold (binomial) | 3.92 points |

## How to read it

{numbers}

Made by `repro run configs/base.yaml` (stacked engine). Raw records: [runs.csv](runs.csv). All results: \
[index](../README.md).
"""


@pytest.fixture(scope="session")
def small_once(tmp_path_factory):
    root = tmp_path_factory.mktemp("small")
    out, made = small(root)
    build(out, made)
    return root, made


@pytest.fixture
def small_built(small_once, tmp_path):
    """A copy of the small results folder, built, and its article."""
    root, made = small_once
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    return tmp_path / "results", made


def test_whole_pages(small_built):
    out, made = small_built
    index = build(out, made)
    assert [summary.experiment for summary in index.summaries] == ["base", "better"]
    (told,) = index.answers
    assert (told.article, told.title) == ("made-up", "A made-up article")
    assert told.sentence in (out / "README.md").read_text()
    assert told.claims == (("CLOSE", "Text of base."), ("CLAIM HOLDS", "Text of better."))
    numbers, claims = ("\n".join(f"- {line}" for line in lines) for lines in (READING_NUMBERS, READING_CLAIMS))
    assert (out / "README.md").read_text() == README.format(numbers=numbers, claims=claims)
    assert (out / "base" / "table.md").read_text() == TABLE.format(numbers=numbers)
    stored = json.loads((out / "claims.json").read_text())
    rows = stored["content"]["claims"]["made-up"]
    assert [(row["claim"]["id"], row["verdict"]) for row in rows] == [
        ("base", "CLOSE"),
        ("better", "CLAIM HOLDS"),
        ("absent", "NOT RUN YET"),
        ("background", "NOT TESTED HERE"),
    ]
    assert sorted(stored["files"]) == ["README.md", "made-up.svg", "report.html"]
    assert rows[1]["judged"]["interval"] == pytest.approx([0.02 - 0.0196324, 0.02 + 0.0196324], abs=1e-6)
    assert sorted(files(out / "base")) == [
        *("correct.npz", "provenance.json", "runs.csv", "summary.json", "table.md"),
    ]


@pytest.fixture(scope="session")
def every(tmp_path_factory):
    """A built results folder in which every verdict occurs, and its article."""
    root = tmp_path_factory.mktemp("every")
    made = every_verdict(root / "results")
    build(root / "results", made)
    return root / "results", made


@pytest.mark.parametrize("name", ["README.md", "report.html"])
def test_every_verdict_is_worded_and_has_a_colour(every, name):
    content = (every[0] / name).read_text()
    for verdict in (*words.TONES, "small", "on average only", "beyond these rows: opposite shown"):
        assert verdict in content, verdict
    assert set(words.TONES) > {*get_args(types.NumberWord), *get_args(types.ClaimWord)}
    assert set(html.MARKS) == set(get_args(words.Tone))


def test_a_forced_build_gives_the_same_bytes_from_the_records_alone(every, tmp_path):
    built = files(every[0])
    for name in built:
        if name.endswith(("runs.csv", "correct.npz", "provenance.json")):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(built[name])
    build(tmp_path, every[1], force=True)
    assert files(tmp_path) == built


@pytest.mark.parametrize(
    "name", ["README.md", "report.html", "claims.json", "made-up.svg", "base/table.md", "base/summary.json"]
)
def test_what_was_edited_is_built_again(small_built, name):
    """A digit changed in what is derived would otherwise be printed, and enter the pages over all experiments."""
    out, made = small_built
    built = files(out)
    path = out / name
    edited = re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 1) % 10), path.read_text(), count=1)
    assert edited != path.read_text()
    path.write_text(edited)
    build(out, made)
    assert files(out) == built


def test_a_summary_that_somebody_else_has_sealed_is_no_summary(small_built):
    out, made = small_built
    path = out / "base" / "summary.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"content": [], "checksum": digest([[], {}])}))
    assert current_summary(read_stored(out, "base")) is None
    assert build(out, made)


@pytest.mark.parametrize("content", [[], {}, {"answers": 1}, {"answers": [{"article": "made-up"}]}])
def test_claims_that_somebody_else_has_sealed_are_built_again(small_built, content):
    out, made = small_built
    path, built = out / "claims.json", files(out)
    stored = json.loads(path.read_text())
    seal = {key: stored[key] for key in ("made_from", "files")}
    path.write_text(json.dumps({"content": content, **seal, "checksum": digest([content, seal])}))
    build(out, made)
    assert files(out) == built


def test_nothing_is_built_and_little_imported_where_nothing_has_changed(every):
    code = f"""
import sys
from pathlib import Path
from repro.config.article import Article
from repro.report.build import current_index
from repro.results.stored import read_stored, stored_names
out, made = Path({str(every[0])!r}), Article.model_validate_json({every[1].model_dump_json()!r})
stored = [read_stored(out, name) for name in stored_names(out)]
assert len(current_index(out, stored, {{made.name: made}}).summaries) == 13
print(sorted({{"pandas", "scipy", "matplotlib", "jinja2", "tensorflow", "repro.report.html"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def changed_by(out, made, act=lambda: None):
    """Names of the files that differ after `act` and another build."""
    before = files(out)
    act()
    build(out, made)
    after = files(out)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


PAGES = {"README.md", "report.html", "claims.json"}


def test_an_edited_article_rebuilds_the_pages(small_built):
    out, made = small_built
    more = made.model_copy(update={"slips": (*made.slips, "One more.")})
    assert changed_by(out, more) == PAGES
    assert "- One more." in (out / "README.md").read_text()


def test_new_provenance_rebuilds_the_page(small_built):
    out, made = small_built
    path = out / "base" / "provenance.json"
    edit = path.read_text().replace("c" * 40, "a" * 40)
    changed = changed_by(out, made, lambda: path.write_text(edit))
    assert changed == {"report.html", "claims.json", "base/provenance.json"}
    assert "a" * 40 in (out / "report.html").read_text()


def test_new_records_rebuild_everything_that_rests_on_them(small_built):
    out, made = small_built
    cells = made_cells(0.75 + np.zeros((6, 2)))
    changed = changed_by(out, made, lambda: store(out, crossed("better"), cells))
    derived = {f"better/{name}" for name in ("summary.json", "table.md")}
    assert changed == PAGES | derived | {"made-up.svg", "better/runs.csv", "better/provenance.json"}


@pytest.mark.parametrize("name", ["README.md", "report.html", "claims.json", "made-up.svg", "base/table.md"])
def test_a_missing_file_comes_back(small_built, name):
    out, made = small_built
    assert changed_by(out, made, (out / name).unlink) == set()
    assert (out / name).is_file()


def test_a_plot_that_is_no_longer_drawn_goes_unless_somebody_has_edited_it(tmp_path):
    out = tmp_path / "results"
    for edit in ("", "<!-- mine -->"):
        store(out, fixed("base"), made_cells(0.8 + EBB, epochs=3))
        build_experiment(read_stored(out, "base"))
        plot = out / "base" / "curves.svg"
        plot.write_text(plot.read_text() + edit)
        store(out, fixed("base"), made_cells(0.8 + EBB))
        build_experiment(read_stored(out, "base"))
        assert plot.exists() == bool(edit)


def test_the_plot_of_an_article_without_experiments_goes(small_built):
    out, made = small_built
    shutil.rmtree(out / "better")
    store(out, crossed("base", 80.5, article="other"), made_cells(0.8 + np.zeros((5, 2))))
    build(out, made)
    assert not (out / "made-up.svg").exists()
    assert (out / "other.svg").exists()


def test_only_files_that_are_ours_are_removed(tmp_path):
    """A stored summary may name any file as its plot; somebody may have written it."""
    out, precious, drawing = tmp_path / "results", tmp_path / "precious.txt", tmp_path / "precious.svg"
    store(out, fixed("base"), made_cells(0.8 + EBB))
    build_experiment(read_stored(out, "base"))
    for mine in (precious, drawing):
        mine.write_text("mine")
    path = out / "base" / "summary.json"
    stored = json.loads(path.read_text())
    sha = sha256(b"mine")
    named = {"../../precious.txt": sha, "../../precious.svg": sha, str(drawing): sha, "runs.csv": "0"}
    path.write_text(json.dumps(stored | {"files": named}))
    build_experiment(read_stored(out, "base"))
    assert precious.read_text() == drawing.read_text() == "mine"
    assert (out / "base" / "runs.csv").is_file()


def test_the_page_shows_no_plot_that_nothing_vouches_for(tmp_path):
    out = tmp_path / "results"
    store(out, fixed("base"), made_cells(0.8 + EBB, epochs=3))
    store(out, fixed("single"), made_cells(0.8 + EBB))
    (out / "single" / "curves.svg").write_text("<svg>not ours</svg>")
    build(out)
    page = (out / "report.html").read_text()
    assert page.count("<img ") == 2, "the article's, and the curves of base"
    assert base64.b64encode(b"<svg>not ours</svg>").decode() not in page


def test_no_verdict_rests_on_replicas_that_diverged(tmp_path):
    """Their accuracy is the share of the majority class, which an article may well print."""
    out = tmp_path / "results"
    records = (Record(0, 1, 9, "test", "accuracy", 0.5), Record(0, 1, 9, "test", "loss", float("nan")))
    nan = [CellResult(seed, 1.0, HERE, records, {0: "diverged"}) for seed in range(12)]
    store(out, fixed("base", 0.5), nan)
    (summary,) = build(out).summaries
    assert summary.figures == ()
    index = (out / "README.md").read_text()
    assert (
        "| [base](base/table.md) | test accuracy | NOT JUDGED | – | – | – | – | – | – | 0 (12 replicas diverged) |"
        in index
    )
    assert "REPRODUCED**" not in index
    assert "12 replicas diverged" in (out / "report.html").read_text()


def test_replicas_in_trouble_are_shown(tmp_path):
    out = tmp_path / "results"
    cells = made_cells(0.8 + EBB)
    cells[3] = CellResult(3, 1.0, HERE, error="ValueError: expected <a> & *b*")
    cells[4] = CellResult(4, 1.0, HERE, (Record(0, 1, 9, "test", "accuracy", 0.1),), {0: "diverged: loss is NaN"})
    cells[5] = CellResult(5, 1.0, HERE, (Record(0, 1, 9, "test", "accuracy", 0.1),))
    store(out, fixed("base"), cells)
    build(out)
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
    cells = made_cells(np.full((6, 2), 0.8))
    cells[0] = CellResult(0, 1.0, HERE, (*cells[0].records[:3], Record(1, 1, 9, "test", "loss", float("inf"))))
    store(out, crossed("base"), cells)
    figures = {figure.metric: figure.over.n for figure in build_experiment(read_stored(out, "base")).figures}
    assert figures == {"accuracy": 6, "loss": 5}


def test_records_without_provenance_are_refused(small_built):
    out, made = small_built
    path = out / "base" / "provenance.json"
    path.write_text('{"experiment": {}, "engine": "stacked"}')
    with pytest.raises(MachineError, match=r"not written by this version of repro; run the experiment again$"):
        build(out, made)
    path.unlink()
    with pytest.raises(MachineError) as error:
        build(out, made)
    assert str(error.value) == f"{path}: missing; run the experiment again"


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000, '{"version": 1}', "null"])
def test_provenance_that_is_none_of_ours_is_refused_whatever_it_is(small_built, content):
    out, made = small_built
    (out / "base" / "provenance.json").write_text(content)
    with pytest.raises(MachineError, match=r"base/provenance\.json: .*run the experiment again$"):
        build(out, made)


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
    out, made = small_built
    path = out / "base" / "runs.csv"
    written = path.read_text()
    path.write_text(damage(written))
    assert path.read_text() != written
    message = (
        f"{path}: not as it was written (expected SHA-256 {sha256(written.encode())}, "
        f"got {sha256(path.read_bytes())}); `repro run configs/base.yaml -o {out}` makes it again"
    )
    for act in (
        lambda: build(out, made),
        lambda: build(out, made, force=True),
        lambda: compare("base", "better", out, "accuracy"),
    ):
        with pytest.raises(MachineError) as caught:
            act()
        assert str(caught.value) == message


def test_an_empty_folder_says_so(tmp_path):
    assert build(tmp_path) == Index((), ())
    assert (tmp_path / "README.md").read_text().endswith("\n\nNo experiment is stored here yet.\n")
    assert "<p>No experiment is stored here yet.</p>" in (tmp_path / "report.html").read_text()


def test_the_command_builds_from_records_alone(tmp_path):
    """Of an article that repro does not know, experiments are still shown."""
    out, _ = small(tmp_path)
    done = invoke("report", "-o", out)
    assert (done.exit_code, done.output) == (0, f"Built the tables of 2 experiments in {out}.\n")
    assert "## made-up\n\n![" in (out / "README.md").read_text()
    assert not (out / ".cells").exists()


VOID = {"meta", "br", "img"}


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
    loading = {"script", "link", "iframe", "object", "embed", "base", "form", "source", "video", "audio"}
    assert loading.isdisjoint(tag for tag, _ in page.tags)
    assert {source.partition(",")[0] for source in page.values("src")} == {"data:image/svg+xml;base64"}
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
        "Unsaid.",
        "A slip.",
        "c" * 40,
        "d" * 64,
        "keras 3.15.1, numpy 2.4.6",
        "2024-05-06T07:08:09+00:00",
        "1 h 02 min from its first seed to its last",
        "59.9 s, all seeds added up",
        "between seeds, of a seed&#39;s accuracy",
    ):
        assert shown in content, shown
    assert content.count('<img src="data:image/svg+xml;base64,') == 1


def test_step_tables_stand_on_the_page(tmp_path):
    out = tmp_path / "results"
    reported = {"accuracy": {"value": 0.8, "unit": "fraction", "steps": {9: 0.41, 19: 0.8}}}
    store(out, fixed("base", reported=reported), made_cells(0.8 + EBB, epochs=2))
    build(out)
    content = (out / "report.html").read_text()
    stored = read_stored(out, "base")
    assert build_experiment(stored) == build_experiment(stored, force=True), "as stored, and as made again"
    assert "<summary>Test accuracy by step</summary>" in content
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


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (3599.6, "1 h 00 min"), (7384, "2 h 03 min")],
)
def test_duration(seconds, shown):
    assert text.duration(seconds) == shown


def test_an_article_kept_with_the_results_counts_more_than_one_of_that_name_that_comes_with_repro(tmp_path):
    out, name = tmp_path / "results", "keras-sonar"
    cells = made_cells(0.8 + EBB[:, None] + [[-0.05, 0.05]])
    store(out, crossed("base", 80.5, article=name), cells)
    rebuild(out, Catalogue())
    assert "Dropout Regularization" in (out / "README.md").read_text()
    mine = article([claim("base", figure_of="base")], name=name, title="One's own", slips=["A slip of mine."])
    store(out, crossed("base", 80.5, article=name), cells, article=mine)
    rebuild(out, Catalogue())
    page = (out / "README.md").read_text()
    assert "## One's own\n" in page
    assert "- A slip of mine.\n" in page
    assert f"| {name} | Text of base. | " in page
    assert "Dropout Regularization" not in page


def test_what_an_article_says_of_itself_has_no_effect_as_markdown(tmp_path):
    out = tmp_path / "results"
    store(out, fixed("base"), made_cells(0.8 + EBB))
    told = article([], source="https://example.org/> <script>x</script>", published="[2020](javascript:x) <b>")
    build(out, told)
    page = (out / "README.md").read_text()
    assert "Source: https://example.org/> \\<script>x\\</script> (\\[2020\\](javascript:x) \\<b>)" in page


MARKED = "# 1 *b* _i_ ~~s~~ `c` [l](x) <b> &lt; | <!-- results -->"


def test_given_text_has_no_effect_as_markdown_or_html(tmp_path):
    out = tmp_path / "results"
    reported = {"accuracy": {"value": 0.8, "unit": "fraction", "quote": f"0.8 {MARKED}"}}
    base = fixed("base", reported=reported, title=MARKED, note=MARKED)
    store(out, base, made_cells(0.8 + EBB), overrides=("training.epochs=`2` <b>",))
    store(out, fixed("better"), made_cells(0.81 + EBB), overrides=("training.epochs=`2` <b>",))
    part = {"a": "base", "b": "better", "what": MARKED}
    claims = [
        claim("better", "greater", text=MARKED, short=MARKED, note=MARKED, part=part, margin=0.1, margin_reason=MARKED),
        claim("y", not_tested=MARKED),
    ]
    lines = {key: [MARKED] for key in ("deviations", "unsaid", "slips")}
    build(out, article(claims, title=MARKED, summary=MARKED, published=MARKED, source=MARKED, **lines))
    escaped = "\\# 1 \\*b\\* \\_i\\_ \\~\\~s\\~\\~ \\`c\\` \\[l\\](x) \\<b> \\&lt; "
    for page in ("README.md", "base/table.md"):
        content = (out / page).read_text()
        assert escaped[1:] in content
        bare = re.sub(r"``.*?``|\\.", "", content)
        assert re.findall(r"<(?!https)[^ ]|&lt;|\*b\*|~~|`c`|\[l\]", bare) == [], page
    page = Page((out / "report.html").read_text())
    assert {tag for tag, _ in page.tags}.isdisjoint({"b", "i", "script"})
    assert "training.epochs=`2` &lt;b&gt;" in (out / "report.html").read_text()


@pytest.mark.parametrize(
    ("given", "escaped"),
    [
        ("- a", "\\- a"),
        ("+ a", "\\+ a"),
        ("# a", "\\# a"),
        ("> a", "\\> a"),
        ("1. a", "1\\. a"),
        ("---", "\\---"),
        ("snake_case - 5 > 3 & 2", "snake_case - 5 > 3 & 2"),
        ("line\nbreak", "line break"),
    ],
)
def test_plain_text(given, escaped):
    assert plain(given) == escaped


@pytest.mark.parametrize(
    ("given", "span"), [("a b", "`a b`"), ("a `b` c", "``a `b` c``"), ("`b`", "`` `b` ``"), ("a\nb", "`a b`")]
)
def test_code(given, span):
    assert code(given) == span


def test_articles_come_by_when_they_were_published_and_the_unknown_last(tmp_path):
    out = tmp_path / "results"
    published = {"a-later": "2020", "b-sooner": "2016, updated 2020", "c-unknown": "", "d-later": "2020"}
    for place, name in enumerate(published):
        store(out, fixed(f"e{place}", article=name), made_cells(0.8 + EBB))
    build(out, *(article([], name=name, title=f"Title {name}", published=year) for name, year in published.items()))
    titles = re.findall(r"^## Title (.*)$", (out / "README.md").read_text(), re.MULTILINE)
    assert titles == ["b-sooner", "a-later", "d-later", "c-unknown"]


def test_results_under_another_name_are_refused(small_built):
    out, made = small_built
    shutil.copytree(out / "base", out / "copy")
    with pytest.raises(MachineError) as caught:
        build(out, made)
    path = out / "copy" / "provenance.json"
    assert str(caught.value) == f"{path}: expected copy, the name of its folder, got base; keep copies elsewhere"


def test_provenance_of_another_version_is_refused(small_built):
    out, made = small_built
    path = out / "base" / "provenance.json"
    provenance = json.loads(path.read_text())
    provenance["experiment"]["colour"] = "blue"
    path.write_text(json.dumps(provenance))
    with pytest.raises(MachineError) as caught:
        build(out, made)
    assert str(caught.value) == (
        f"{path}: experiment.colour: Extra inputs are not permitted: not written by this version of repro; "
        "run the experiment again"
    )
