"""Stored results of other figures than test accuracies, of other protocols, and of experiments without an article."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import experiment
from stored_results import EBB, HERE, article, build, claim, described, fixed, load, made_cells, store
from tiny import elsewhere, invoke, stand_in

from repro.analysis.audit import audit_experiment
from repro.analysis.claims import ClaimResult, judge_article
from repro.analysis.comparison import compare_experiments
from repro.analysis.summarize import summarize
from repro.config.schema import Experiment
from repro.report.build import build_experiment
from repro.results.records import CellResult, Record

SQUARED, ABSOLUTE = "mean_squared_error", "mean_absolute_error"


def regression(name: str, **changes: Any) -> Experiment:
    """On house prices, in folds."""
    values: dict[str, Any] = {
        "name": name,
        "article": None,
        "title": f"Title of {name}",
        "dataset": {"name": "boston", "standardize": True},
        "model": [{"Dense": {"units": 1}}],
        "training": {"loss": "mean_squared_error", "optimizer": "adam", "batch_size": 5, "epochs": 5},
        "protocol": {"k_fold": {"folds": 2}},
        "figures": [SQUARED, "r2"],
    }
    return experiment(**(values | changes))


def cells(values: Mapping[tuple[str, str], Any], folds: int = 1) -> list[CellResult]:
    """A cell for each value of a (split, metric), the same in all folds; which rows are right is not known."""
    count = len(next(iter(values.values())))
    return [
        CellResult(
            seed,
            1.0,
            HERE,
            tuple(
                Record(fold, 5, 49, split, metric, float(each[seed]))
                for fold in range(folds)
                for (split, metric), each in values.items()
            ),
        )
        for seed in range(count)
    ]


def errors(level: float) -> dict[tuple[str, str], Any]:
    """A regression's figures."""
    squared = level + 100 * EBB
    return {("test", SQUARED): squared, ("test", "r2"): 0.8 + EBB, ("test", "loss"): squared}


HOLD_OUT = {"hold_out": {"test_size": 0.3}}


def held_out(name: str, **changes: Any) -> Experiment:
    """With test rows that every seed draws again."""
    return experiment(**({"name": name, "title": name, "article": "made-up", "protocol": HOLD_OUT} | changes))


def accuracies(level: float, split: str = "test") -> dict[tuple[str, str], Any]:
    """A classification's figures."""
    return {(split, "accuracy"): level + EBB, (split, "loss"): 0.5 + EBB}


def claims(out: Path, *made: dict[str, Any]) -> list[ClaimResult]:
    stored = load(out)
    return list(judge_article(article(made), stored, {name: summarize(each) for name, each in stored.items()}))


def test_a_regression_leads_with_its_own_figure(tmp_path):
    store(tmp_path, regression("mine"), cells(errors(21.5), folds=2))
    summary = summarize(load(tmp_path)["mine"])
    assert [(each.metric, each.split) for each in summary.figures] == [
        *((SQUARED, "test"), ("r2", "test"), ("loss", "test")),
    ]
    assert summary.main is not None
    assert summary.main.over.mean == pytest.approx(21.5)
    assert (summary.variance, summary.at_chance, summary.main.verdict) == ((), (), "NOT REPORTED")
    build_experiment(load(tmp_path)["mine"])
    table = (tmp_path / "mine" / "table.md").read_text()
    assert "| test mean squared error | – | 21.500 ± 0.144 | 30 |" in table
    assert "| test R² | – | 0.8000 ± 0.0014 | 30 |" in table


def test_no_row_of_a_regression_is_right_or_wrong(tmp_path):
    folder = store(tmp_path, regression("mine"), cells(errors(21.5), folds=2))
    stored = load(tmp_path)["mine"]
    assert not stored.knows_rows
    assert stored.correct_rows.rows.shape == (0, 0)
    assert (folder / "correct.npz").stat().st_size < 1000


@pytest.mark.parametrize(
    ("margin", "verdict"), [({}, "NOT JUDGED"), ({"margin": 1.0, "margin_reason": "so much"}, "REPRODUCED")]
)
def test_an_error_is_judged_where_a_margin_is_declared(tmp_path, margin, verdict):
    made = regression("mine", reported={SQUARED: {"value": 21.4, "spread": 3.0, "spread_over": "folds"} | margin})
    store(tmp_path, made, cells(errors(21.5), folds=2))
    (figure,) = summarize(load(tmp_path)["mine"]).judged
    assert figure.verdict == verdict
    assert figure.spread_judged is not None
    assert figure.spread_judged.verdict == "NOT JUDGED"


def test_claims_about_errors(tmp_path):
    for name, level in (("base", 21.5), ("better", 18.25)):
        store(tmp_path, regression(name), cells(errors(level), folds=2))
    (row,) = claims(tmp_path, claim("better", "less", metric=SQUARED))
    assert row.verdict == "CLAIM HOLDS"
    build(tmp_path, article([claim("better", "less", metric=SQUARED)], experiments=["base", "better"]))


def test_a_claims_difference_is_told_in_the_words_of_its_metric(tmp_path):
    for name, level in (("base", 21.5), ("better", 18.25)):
        store(tmp_path, regression(name, article="made-up"), cells(errors(level), folds=2))
    build(tmp_path, article([claim("better", "less", metric=SQUARED, short="it is better")]))
    page = (tmp_path / "README.md").read_text()
    assert "lowers the test mean squared error by 3.2500 (3.2500 to 3.2500): 18.250 against 21.500, 30 pairs" in page
    assert "the claim that it is better holds on these rows, by 3.2500 of mean squared error." in page


def test_experiments_without_an_article_have_a_place(tmp_path):
    reported = {"accuracy": {"value": 0.961, "unit": "fraction"}}
    store(tmp_path, fixed("mine", article=None), made_cells(0.96 + EBB))
    store(tmp_path, fixed("other", article=None, reported=reported), made_cells(0.96 + EBB))
    index = build(tmp_path)
    (answer,) = index.answers
    assert answer.title == "Experiments of your own"
    assert answer.sentence == (
        "mine: test accuracy 96.00% ± 0.14% over 30 seeds. "
        "other: test accuracy 0.9600 ± 0.0014 over 30 seeds; reported 0.961: REPRODUCED."
    )
    page, html = (tmp_path / "README.md").read_text(), (tmp_path / "report.html").read_text()
    assert "| [mine](mine/table.md) | test accuracy | NOT REPORTED | – |" in page
    assert "None" not in page + html
    assert "## Claims" not in page
    assert 'id="claims"' not in html
    assert "### A comparison" not in page
    assert (tmp_path / "_own.svg").is_file()


def test_they_come_after_the_articles(tmp_path):
    store(tmp_path, fixed("mine", article=None), made_cells(0.96 + EBB))
    store(tmp_path, fixed("base"), made_cells(0.96 + EBB))
    store(tmp_path, fixed("lost", article="unknown"), made_cells(0.96 + EBB))
    assert [each.article for each in build(tmp_path, article([])).answers] == ["made-up", "unknown", "_own"]


def test_fresh_rows_in_every_seed_are_said_and_not_kept(tmp_path):
    for name, level in (("base", 0.8), ("better", 0.83)):
        store(tmp_path, held_out(name), cells(accuracies(level)))
    stored = load(tmp_path)["base"]
    assert not stored.knows_rows
    assert stored.correct_rows.seeds == ()
    assert stored.tested_rows == 63
    build(tmp_path, article([claim("better", "greater")]))
    assert "Every seed holds out test rows of its own" in (tmp_path / "base" / "table.md").read_text()
    page = (tmp_path / "README.md").read_text()
    assert "beyond these rows: not known, since seeds are not judged on the same rows, each once" in page
    assert "Paired by seed: the same training and test rows and base seed 0." in page


def test_other_fresh_rows_are_no_pairs(tmp_path):
    store(tmp_path, held_out("base"), cells(accuracies(0.8)))
    store(tmp_path, held_out("better", protocol={"hold_out": {"test_size": 0.2}}), cells(accuracies(0.8)))
    (row,) = claims(tmp_path, claim("better", "greater"))
    assert row.verdict == "NOT COMPARABLE"
    assert "split (a hold-out of 0.2 and a hold-out of 0.3)" in row.sentence


def test_given_splits_are_told_apart_by_their_files(tmp_path):
    for name, sha in (("base", "a"), ("better", "b")):
        made = held_out(name, protocol={"splits_from": {"test": ["rows.txt"]}}, files={"rows.txt": sha * 64})
        store(tmp_path, made, cells(accuracies(0.8)))
    stored = load(tmp_path)
    assert [each.tested_rows for each in stored.values()] == [0, 0]
    assert [part.name for part in summarize(stored["base"]).variance] == ["seed"]
    (row,) = claims(tmp_path, claim("better", "greater"))
    assert "files of the splits" in row.sentence


def test_a_score_on_the_training_rows_is_called_that(tmp_path):
    reported = {"accuracy": {"value": 85.9, "unit": "percent", "split": "train"}}
    made = held_out("fitted", protocol={"no_split": {}}, reported=reported)
    store(tmp_path, made, cells(accuracies(0.8, "train")))
    summary = summarize(load(tmp_path)["fitted"])
    assert summary.main is not None
    assert (summary.main.verdict, summary.variance) == ("NOT REPRODUCED", ())
    (answer,) = build(tmp_path, article([])).answers
    assert "85.9% (accuracy on its own training rows) is not reproduced" in answer.sentence
    assert "What is scored on its own training rows says nothing of new data." in answer.sentence
    table = (tmp_path / "fitted" / "table.md").read_text()
    assert "| accuracy on its own training rows | 85.9% | 80.00% ± 0.14% |" in table
    assert "is not its accuracy on new data" in table


def test_a_claim_about_validation_accuracies(tmp_path):
    for name, level in (("base", 0.8), ("better", 0.85)):
        values = accuracies(0.7) | {("validation", "accuracy"): level + EBB}
        store(tmp_path, fixed(name), cells(values))
    (row,) = claims(tmp_path, claim("better", "greater", split="validation"))
    assert row.verdict == "CLAIM HOLDS"
    assert row.judged is not None
    assert (row.split, row.judged.beyond) == ("validation", None)
    assert row.judged.difference == pytest.approx(0.05)


def test_two_experiments_are_compared_by_what_they_are_judged_on(tmp_path):
    for name, level in (("a", 21.5), ("b", 18.25)):
        store(tmp_path, regression(name), cells(errors(level), folds=2))
    stored = load(tmp_path)
    found = compare_experiments(stored["a"], stored["b"], SQUARED)
    assert (found.split, found.paired is not None) == ("test", True)


def test_values_of_given_splits_are_not_checked_for_whole_rows():
    made = held_out(
        "given",
        protocol={"splits_from": {"test": ["rows.txt"]}},
        reported={"accuracy": {"value": 0.8, "unit": "fraction"}},
    )
    found = audit_experiment(made, described("sonar"), None, None)
    assert found is not None
    assert (found.values[0].possible, found.spread, found.precision) == (None, None, ())
    assert found.unchecked == "how many rows are tested is known from the files of the splits alone"


@pytest.mark.parametrize(
    ("protocol", "rows"),
    [
        ({"hold_out": {"test_size": 0.3}}, (63,)),
        ({"hold_out": {"train_first": 100}}, (108,)),
        ({"no_split": {}}, (208,)),
        ({"k_fold": {"folds": 3}}, (70, 69, 69)),
    ],
)
def test_rows_that_a_printed_accuracy_is_a_share_of(protocol, rows):
    split = "train" if "no_split" in protocol else "test"
    reported = {"accuracy": {"value": 0.8, "unit": "fraction", "split": split}}
    found = audit_experiment(held_out("one", protocol=protocol, reported=reported), described("sonar"), None, None)
    assert found is not None
    assert [way.rows for way in found.values[0].ways] == [rows]


def many(out: Path, count: int) -> list[Any]:
    articles = []
    for index in range(count):
        name = f"article-{index}"
        for which in ("a", "b"):
            store(out, fixed(f"{which}{index}", 0.961, article=name), made_cells(0.96 + EBB))
        text = {"id": "c", "text": "A claim.", "a": f"a{index}", "b": f"b{index}", "direction": "greater"}
        articles.append(article([text], name=name, title=f"Title {index}", published=str(2010 + index)))
    return articles


def test_an_index_of_many_articles_has_a_line_for_each_and_their_pages(tmp_path):
    build(tmp_path, *many(tmp_path, 6))
    page = (tmp_path / "README.md").read_text()
    assert "| [Title 3](article-3.md) | 2013 | 2 | 0.961 | 1 REPRODUCED | 1 NO MATERIAL DIFFERENCE |" in page
    assert "a3/table.md" not in page
    one = (tmp_path / "article-3.md").read_text()
    assert one.startswith("# Title 3\n\n**Title 3** (2013): Over 30 seeds, ")
    assert "| [a3](a3/table.md) | test accuracy | **REPRODUCED** |" in one
    assert "a2/table.md" not in one


def test_pages_of_articles_go_with_them(tmp_path):
    made = many(tmp_path, 6)
    build(tmp_path, *made)
    for which in ("a5", "b5"):
        (tmp_path / which / "runs.csv").unlink()
    build(tmp_path, *made)
    assert not list(tmp_path.glob("article-*.md"))
    assert "[a3](a3/table.md)" in (tmp_path / "README.md").read_text()


REGRESSION = """\
title: House prices
dataset: {name: boston, standardize: true}
model: [{Dense: {units: 1}}]
training: {loss: mean_squared_error, optimizer: adam, batch_size: 50, epochs: 3}
protocol: {k_fold: {folds: 2}}
figures: [mean_squared_error]
seeds: 3
"""


def test_a_lone_experiment_is_run_checked_listed_and_audited(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.yaml").write_text(REGRESSION)
    machine = stand_in()
    done = invoke("run", "prices.yaml", machine=machine)
    assert done.exit_code == 0
    assert "\n  test mean squared error: ours 0." in done.stdout
    assert "prices: stacked engine (" in done.stderr
    assert invoke("run", "prices.yaml", machine=machine).stdout.splitlines()[-1].startswith("Nothing to train")
    checked = invoke("check", machine=machine)
    assert (checked.exit_code, "UNCHANGED (exact)\n  4 records, equal" in checked.stdout) == (0, True)
    moved = invoke("check", machine=stand_in(where=elsewhere()))
    assert "prices, –: TOO FEW SEEDS" in moved.stdout
    assert invoke("compare", "prices", "prices").stdout.startswith("\ntest mean squared error, paired by seed")
    assert invoke("list", ".").stdout == "of no article\n  prices  House prices (no figure reported)\n"
    assert "nothing can be known of these before a run" in invoke("audit", "prices.yaml").stdout
    assert invoke("report").exit_code == 0


def test_fresh_seeds_are_held_against_the_main_figure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.yaml").write_text(REGRESSION.replace("seeds: 3", "seeds: 20"))
    invoke("run", "prices.yaml", machine=stand_in())
    checked = invoke("check", "prices.yaml", machine=stand_in(where=elsewhere()))
    assert "prices, test mean squared error: UNCHANGED" in checked.stdout
    assert "prices, test loss: UNCHANGED" in checked.stdout


def test_the_engine_is_named_where_it_is_not_the_one_that_is_chosen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prices.yaml").write_text(REGRESSION)
    for options, told in ((["--engine", "graph"], " --engine graph"), (["--engine", "stacked"], ""), ([], "")):
        invoke("run", "prices.yaml", *options, "-o", "out", "-f", machine=stand_in())
        assert load(tmp_path / "out")["prices"].provenance.command == f"repro run prices.yaml{told}"


def test_a_folder_without_experiments_stands_for_those_in_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / f"{name}.yaml").write_text(REGRESSION)
    assert [line.split(":")[0] for line in invoke("run", "-n", "all").stdout.splitlines()] == ["one", "two", "one, two"]
    (tmp_path / "all" / "own.yaml").write_text(REGRESSION)
    assert [line.split(":")[0] for line in invoke("run", "-n", "all").stdout.splitlines()] == ["own", "own"]
