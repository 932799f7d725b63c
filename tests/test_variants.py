"""Experiments with variants: how they are written, named, trained, stored, compared and shown."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from conftest import experiment
from tiny import StandIn, invoke, stand_in, stand_in_cell, write_configs

from repro.analysis.claims import ClaimResult, judge_article
from repro.cli.machine import Machine
from repro.config.catalogue import Catalogue
from repro.config.overrides import split_values
from repro.config.schema import Experiment
from repro.config.variation.references import reference
from repro.config.variation.variants import find_variant, variants_of
from repro.errors import ConfigError
from repro.results.correct import correct_npz, of_variants, read_correct
from repro.results.records import CellResult, Record
from repro.results.stored import by_name, read_stored
from repro.training.environment import environment
from repro.training.worker import Task

RATES = """\
extends: tiny.yaml
title: Rates
grid:
  rate: {keys: [model.1.Dropout.rate], values: [0.0, 0.2, 0.5]}
  recipe:
    slow: {training.optimizer.SGD.learning_rate: 0.01}
    usual: {}
"""


def write_rates(folder: Path, text: str = RATES) -> Path:
    path = write_configs(folder) / "rates.yaml"
    path.write_text(text)
    return path


def refused(folder: Path, grid: str) -> str:
    path = write_rates(folder, f"extends: tiny.yaml\ntitle: Rates\n{grid}\n")
    with pytest.raises(ConfigError) as caught:
        Catalogue().experiment(path)
    return str(caught.value).replace(f"{path}:", "")


def test_a_grid_has_a_variant_for_each_combination_and_one_is_the_file_itself(tmp_path: Path) -> None:
    given = Catalogue().experiment(write_rates(tmp_path))
    found = variants_of(given)
    assert [each.name for each in found] == [
        f"rates[rate={rate}, recipe={recipe}]" for rate in ("0", "0.2", "0.5") for recipe in ("slow", "usual")
    ]
    assert [each.main for each in found] == [False, False, False, True, False, False]
    assert [each.experiment.model[1]["Dropout"]["rate"] for each in found] == [0.0, 0.0, 0.2, 0.2, 0.5, 0.5]
    assert [each.experiment.training.optimizer["SGD"]["learning_rate"] for each in found] == [0.01, 0.05] * 3
    assert [bool(each.experiment.reported) for each in found] == [each.main for each in found]
    assert len({str(each.experiment.trained) for each in found}) == 6
    assert not any(each.experiment.axes for each in found)
    assert Experiment.model_validate_json(given.model_dump_json()) == given
    plain = experiment()
    (alone,) = variants_of(plain)
    assert (alone.experiment, alone.name, alone.main) == (plain, plain.name, True)


def test_readings_of_what_an_article_leaves_open_all_keep_its_figure(tmp_path: Path) -> None:
    path = write_rates(tmp_path, "extends: tiny.yaml\ntitle: R\nunstated: {training.batch_size: [16, 64]}\n")
    found = variants_of(Catalogue().experiment(path))
    assert [(each.label, each.main) for each in found] == [
        ("training.batch_size=16", False),
        ("training.batch_size=64", True),
    ]
    assert all(each.experiment.reported for each in found)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("grid: 3", "3: grid: expected axes, such as model.1.Dropout.rate: [0.0, 0.2], got 3"),
        ("grid: {training.epochs: [3]}", '3: grid."training.epochs": expected at least two values, got 1'),
        (
            "grid: {training.epochs: [3, 3]}",
            '3: grid."training.epochs".1: expected each value once, got 3 a second time',
        ),
        (
            "grid: {training.epochs: [3, 0]}",
            "3: grid: variant training.epochs=0: training.epochs: expected at least 1, got 0",
        ),
        (
            "grid: {training.epoch: [3, 4]}",
            "3: grid: variant training.epoch=3: training.epoch: unknown key 'epoch'; did you mean 'epochs'?",
        ),
        (
            "grid: {seeds: [3, 4]}",
            "3: grid.seeds: expected a key of dataset, model, training or protocol, got 'seeds': it can't vary",
        ),
        ("grid: {dataset.name: [mnist, sonar]}", '3: grid."dataset.name": expected one data set for all variants'),
        ("grid: {model.9.Dropout.rate: [0.1, 0.2]}", "expected an index from 0 to 2 into model, got '9'"),
        ("grid: {x: {a: 3, b: {}}}", "3: grid.x.a: expected {KEY: VALUE}, got 3"),
        ("grid: {'a b': [1, 2]}", "expected a key path or a name of letters, digits"),
        ("grid: {seed: [1, 2]}", "expected a key path or a name of letters, digits"),
        ("grid: {training.loss: [[1], [2]]}", "expected a number or a word, or {LABEL: {KEY: VALUE}}, got [1]"),
        (
            "unstated: {training.batch_size: [16, 32]}",
            "expected the values that the experiment itself has among the readings, found no such reading",
        ),
        (
            "grid: {training.epochs: [1, 2]}\nunstated: {training.batch_size: [16, 64]}",
            "expected grid or unstated, got both",
        ),
    ],
)
def test_what_cannot_vary_is_refused_with_its_line(tmp_path: Path, grid: str, message: str) -> None:
    assert message in refused(tmp_path, grid)


def test_a_grid_that_is_inherited_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_rates(tmp_path)
    child = tmp_path / "child.yaml"
    child.write_text("extends: rates.yaml\ngrid: {training.epochs: [1, 2]}\n")
    assert list(Catalogue().experiment(child).grid) == ["training.epochs"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1,0.2", ["0.1", "0.2"]),
        ("3", ["3"]),
        ("[1, 2]", ["[1, 2]"]),
        ("{SGD: {momentum: 0.9, learning_rate: 1}},adam", ["{SGD: {momentum: 0.9, learning_rate: 1}}", "adam"]),
        ('"a, b"', ['"a, b"']),
    ],
)
def test_values_of_an_override_are_separated_by_commas(text: str, values: list[str]) -> None:
    assert split_values(text) == values


def test_an_override_with_several_values_is_a_grid(tmp_path: Path) -> None:
    path = write_configs(tmp_path) / "tiny.yaml"
    given = Catalogue().experiment(path, ["training.epochs=1,2", "model.1.Dropout.rate=0,0.5"])
    assert [each.label for each in variants_of(given)][:2] == [
        "model.1.Dropout.rate=0, training.epochs=1",
        "model.1.Dropout.rate=0.5, training.epochs=1",
    ]
    with pytest.raises(ConfigError) as caught:
        Catalogue().experiment(path, ["training.epochs=1,0"])
    message = "-S training.epochs: grid: variant training.epochs=0: training.epochs: expected at least 1, got 0"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("rates", "rates"),
        ("rates[rate=0.2,recipe=slow]", "rates[rate=0.2, recipe=slow]"),
        ("rates[recipe=slow, rate=0.2]", "rates[rate=0.2, recipe=slow]"),
    ],
)
def test_a_variant_has_one_name_however_it_is_written(text: str, canonical: str) -> None:
    assert reference(text).canonical == canonical


@pytest.mark.parametrize("text", ["Rates", "rates[]", "rates[rate]", "rates[rate=]", "rates[rate=1", "rates[a=1,a=2]"])
def test_what_names_no_variant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected NAME or NAME"):
        reference(text)


def test_a_variant_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    given = Catalogue().experiment(write_rates(tmp_path))
    assert find_variant(given, {"rate": "0.3", "recipe": "slow"}) == "rates has no rate=0.3; known: 0, 0.2, 0.5"
    assert find_variant(given, {"rate": "0.2"}) == "expected a value of recipe, too, got none"
    assert str(find_variant(given, {"tempo": "1"})).startswith("rates does not vary tempo; ")
    own = find_variant(given, {})
    assert not isinstance(own, str)
    assert own.label == "rate=0.2, recipe=usual"


def run(config: Path, *options: object, machine: Machine | None = None) -> str:
    result = invoke("run", config, *options, machine=machine or stand_in())
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_run_trains_every_variant_once_and_stores_them_in_one_folder(tmp_path: Path) -> None:
    config, out, trained = write_rates(tmp_path / "configs"), tmp_path / "out", list[str]()

    def noted(task: Task) -> CellResult:
        trained.append(f"{task.name} {task.seed}")
        return stand_in_cell(task)

    told = run(config, "-o", out, machine=stand_in(noted))
    assert len(trained) == len(set(trained)) == 6 * 3
    assert "rate=0.5, recipe=slow: test accuracy " in told
    again = run(config, "-o", out, machine=stand_in(noted))
    assert "Nothing to train" in again
    assert len(trained) == 18
    with (out / "rates" / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:4] == ["experiment", "rate", "recipe", "seed"]
    assert len({(row["rate"], row["recipe"], row["seed"]) for row in rows}) == 18
    stored = read_stored(out, "rates")
    assert [each.name for each in stored.variants][:2] == [
        "rates[rate=0, recipe=slow]",
        "rates[rate=0, recipe=usual]",
    ]
    alone = run(config.parent / "tiny.yaml", "-o", out)
    assert "tiny" in alone
    tiny, found = read_stored(out, "tiny"), by_name([stored])
    assert found["rates"] is stored.main
    assert found["rates"].records == tiny.records, "the variant that is as the file has it has that one's records"
    assert np.array_equal(found["rates"].correct_rows.rows, tiny.correct_rows.rows)
    assert found["rates"].values("accuracy").tolist() == tiny.values("accuracy").tolist()


def test_a_run_goes_on_where_another_was_stopped(tmp_path: Path) -> None:
    config, out = write_rates(tmp_path / "configs"), tmp_path / "out"
    run(config, "--seeds", "2", "-o", out)
    cells = sorted(out.glob(".cells/rates/*/*.json"))
    assert len(cells) == 12
    cells[3].write_text("{")
    executor = StandIn()
    machine = Machine(executor=lambda count: executor)
    dry = run(config, "-n", "-o", out, machine=machine)
    assert "rates: 7 seeds of 6 variants to train, 11 stored (these seeds are not there yet; damaged: seed-0000" in dry
    run(config, "-o", out, machine=machine)
    assert len(executor.seeds) == 7
    assert executor.seeds.count(2) == 6


def test_pages_have_a_row_for_every_variant_and_a_drawing(tmp_path: Path) -> None:
    config, out = write_rates(tmp_path / "configs"), tmp_path / "out"
    run(config, "-o", out, "--seeds", "5")
    page = (out / "rates" / "table.md").read_text()
    assert "| rate | recipe | test accuracy |" in page
    assert sum(line.startswith(("| 0 |", "| 0.2 |", "| 0.5 |")) for line in page.splitlines()) == 6
    drawing = (out / "rates" / "variants.svg").read_text()
    assert ">recipe<" in drawing
    assert "variants.svg" in page
    html = (out / "report.html").read_text()
    assert html.count('<td class="num">slow</td>') == 3
    assert "no seed with a finite figure" not in html
    kept = [path for path in out.rglob("*") if path.is_file() and path.name != ".lock"]
    before = {path: path.read_bytes() for path in kept}
    assert invoke("report", "-o", out, machine=stand_in()).exit_code == 0
    assert {path: path.read_bytes() for path in kept} == before


def test_a_line_joins_numbers_and_not_names(tmp_path: Path) -> None:
    text = "extends: tiny.yaml\ntitle: R\nunstated: {training.batch_size: [16, 64]}\nseeds: 5\n"
    out = tmp_path / "out"
    run(write_rates(tmp_path / "configs", text), "-o", out)
    drawing = (out / "rates" / "variants.svg").read_text()
    assert 'id="seeds-1"' in drawing
    assert 'id="article"' in drawing
    page = (out / "rates" / "table.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith("| 16 |"))
    assert row.rstrip(" |").split("| ")[-1] in ("REPRODUCED", "COMPATIBLE", "CLOSE", "NOT REPRODUCED")


def test_two_variants_are_compared_by_name(tmp_path: Path) -> None:
    config, out = write_rates(tmp_path / "configs"), tmp_path / "out"
    run(config, "-o", out, "--seeds", "5")
    both = ("rates[rate=0, recipe=slow]", "rates[recipe=slow,rate=0.5]")
    told = invoke("compare", *both, "-o", out, machine=stand_in())
    assert told.exit_code == 0, told.output
    assert "rates[rate=0.5, recipe=slow]" in told.stdout
    wrong = invoke("compare", "rates[rate=0]", both[1], "-o", out, machine=stand_in())
    assert (wrong.exit_code, "expected a value of recipe, too" in wrong.stderr) == (2, True)


CLAIMS = """\
title: Tiny
source: https://example.org
experiments: [rates]
claims:
  - id: lower
    text: Half of all units dropped is worse.
    a: rates[recipe=slow, rate=0.5]
    b: "rates[rate=0, recipe=slow]"
    direction: less
  - id: gain
    text: The gain is larger with the usual recipe.
    contrast:
      rates[rate=0.5, recipe=usual]: 1
      rates[rate=0, recipe=usual]: -1
      rates[rate=0.5, recipe=slow]: -1
      rates[rate=0, recipe=slow]: 1
    direction: greater
"""


def test_claims_compare_variants(tmp_path: Path) -> None:
    config, out = write_rates(tmp_path / "configs"), tmp_path / "out"
    (config.parent / "articles").mkdir()
    article = config.parent / "articles" / "tiny.yaml"
    article.write_text(CLAIMS)
    told = run(config, "-o", out, "--seeds", "6")
    assert "Half of all units dropped is worse." in told
    index = (out / "README.md").read_text()
    assert "rates[rate=0.5, recipe=slow]" in index
    values = {each.label: each.values("accuracy") for each in read_stored(out, "rates").variants}
    difference = values["rate=0.5, recipe=slow"].mean() - values["rate=0, recipe=slow"].mean()
    assert f"{100 * abs(difference):.2f} points" in index
    article.write_text(CLAIMS.replace("rates[recipe=slow, rate=0.5]", "rates[recipe=slow, rate=0.4]"))
    wrong = invoke("run", config, "-o", out, machine=stand_in())
    assert wrong.exit_code == 2
    assert "tiny.yaml:7: claims.0.a: rates has no rate=0.4; known: 0, 0.2, 0.5" in wrong.stderr


def test_a_check_trains_the_variant_that_is_as_the_file_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, out, trained = write_rates(tmp_path / "configs"), tmp_path / "out", list[str]()
    run(config, "-o", out)

    def noted(task: Task) -> CellResult:
        trained.append(task.name)
        return stand_in_cell(task)

    told = invoke("check", config, "-o", out, machine=stand_in(noted))
    assert told.exit_code == 0, told.output
    assert trained == ["rates[rate=0.2, recipe=usual]"]
    assert "UNCHANGED (exact)" in told.stdout


def test_which_rows_are_right_is_kept_of_each_variant() -> None:
    def cell(seed: int, rows: list[bool]) -> CellResult:
        return CellResult(seed, 0.0, None, correct=np.packbits(rows).tobytes())

    one, two = [cell(0, [True, False, True]), cell(1, [False] * 3)], [cell(0, [True] * 3)]
    content = correct_npz([one, two], 3)
    assert of_variants(content, 2) == [correct_npz([one], 3), correct_npz([two], 3)]
    assert read_correct(of_variants(content, 2)[1]).rows.tolist() == [[True, True, True]]
    with pytest.raises(ValueError, match="number of a variant below 1"):
        of_variants(content, 1)
    with pytest.raises(ValueError, match="expected the arrays seeds, rows, correct and variants"):
        of_variants(correct_npz([one], 3), 2)


GRID_CLAIMS = """\
title: Tiny
source: https://example.org
experiments: [curve]
claims:
  - id: good
    text: A fifth is a good start.
    among: curve[size=4]
    points: [rate=0.2]
    direction: near_best
    margin: 0.5
    margin_reason: any figure is within it
  - {id: high, text: Too high a rate under-learns., among: "curve[size=4]", points: [rate=0.9], direction: below_best}
  - id: gain
    text: Larger networks gain more.
    trend: {of: {"curve[rate=0]": 1, "curve[rate=0.9]": -1}, over: size, at: [4, 8, 16], per: doubling}
    direction: greater
  - id: speed
    text: It trains faster.
    a: curve[rate=0.2, size=4]
    b: curve[rate=0, size=4]
    until: {level: 0.7, split: train}
    direction: less
  - id: overfitting
    text: The gap is smaller.
    a: curve[rate=0.2, size=4]
    b: curve[rate=0, size=4]
    split: gap
    direction: less
"""
CURVE = """\
extends: tiny.yaml
title: Curves
protocol: {stratified_k_fold: {evaluate_every_epochs: 1, evaluate_on_train: true}}
grid:
  rate: {keys: [model.1.Dropout.rate], values: [0.0, 0.2, 0.9]}
  size: {keys: [model.0.Dense.units], values: [4, 8, 16]}
"""
GAINS = {"4": 0.02, "8": 0.05, "16": 0.08}


def curve_cell(task: Task) -> CellResult:
    """Half a point of noise by seed; a rate of 0.9 loses, by size; of 0.2 the level is reached an epoch sooner."""
    labels = dict(part.split("=") for part in task.variant.split(", "))
    rng = np.random.default_rng([task.seed, *map(ord, task.variant)])
    test = 0.8 - (GAINS[labels["size"]] if labels["rate"] == "0.9" else 0) + 0.002 * rng.normal()
    sooner = labels["rate"] == "0.2"
    train = {1: 0.6, 2: 0.75 if sooner else 0.65, 3: 0.85 if sooner else 0.9}
    records = [
        Record(fold, epoch, epoch, split, metric, value)
        for fold in range(3)
        for epoch in (1, 2, 3)
        for split, accuracy in (("test", test), ("train", train[epoch]))
        for metric, value in (("accuracy", accuracy), ("loss", 1 - accuracy))
    ]
    rows = np.packbits(rng.random(208) < test).tobytes()
    return CellResult(task.seed, 0.0, environment(), tuple(records), correct=rows)


def judged_claims(tmp_path: Path, text: str = GRID_CLAIMS) -> dict[str, ClaimResult]:
    config, out = write_configs(tmp_path / "configs") / "curve.yaml", tmp_path / "out"
    config.write_text(CURVE)
    (config.parent / "articles").mkdir()
    path = config.parent / "articles" / "tiny.yaml"
    path.write_text(text)
    run(config, "-o", out, "--seeds", "12", machine=stand_in(curve_cell))
    found = judge_article(Catalogue().article(path), by_name([read_stored(out, "curve")]), {})
    return {each.claim.id: each for each in found}


def test_claims_about_the_points_of_a_grid_a_trend_a_gap_and_the_time_to_a_level(tmp_path: Path) -> None:
    found = judged_claims(tmp_path)
    assert {name: each.verdict for name, each in found.items()} == dict.fromkeys(found, "CLAIM HOLDS")
    assert found["good"].experiments[0] == "curve[rate=0.2, size=4]"
    best, worst = found["high"].experiments
    assert (best in ("curve[rate=0, size=4]", "curve[rate=0.2, size=4]"), worst) == (True, "curve[rate=0.9, size=4]")
    assert found["high"].judged is not None
    assert found["high"].judged.n == 6, "half of the seeds choose"
    slope = found["gain"].judged
    assert slope is not None
    assert slope.difference == pytest.approx(0.03, abs=0.002)
    speed, gap = found["speed"].judged, found["overfitting"].judged
    assert speed is not None
    assert gap is not None
    assert (speed.means, speed.difference) == ((2.0, 3.0), -1.0)
    assert gap.difference == pytest.approx(-0.05, abs=0.005)


def test_pages_word_such_claims(tmp_path: Path) -> None:
    judged_claims(tmp_path)
    index = (tmp_path / "out" / "README.md").read_text()
    assert "`rate=0.2 near the best of curve[size=4]`" in index
    assert "`slope of curve[rate=0] − curve[rate=0.9] per doubling of size > 0`" in index
    assert "epochs until 70.00% of accuracy on its own training rows: curve[rate=0.2, size=4] < curve" in index
    assert "gap between training and test accuracy" in index
    assert (tmp_path / "out" / "report.html").is_file()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "points: [rate=0.9]",
            "points: [rate=0.8]",
            "12: claims.1.points.0: curve has no rate=0.8; known: 0, ",
        ),
        ("at: [4, 8, 16]", "at: [4, 8, 32]", "curve has no size=32; known: 4, 8, 16"),
        ("at: [4, 8, 16]", "at: [0, 8, 16]", "expected different values, above 0 where the slope is per doubling"),
        ("points: [rate=0.2]\n    direction: near_best", "direction: near_best", "expected either a, b (or value)"),
        (
            "until: {level: 0.7, split: train}",
            "until: {level: 0.7}\n    split: test",
            "until: expected it with a and b",
        ),
    ],
)
def test_claims_about_what_is_not_there_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    config = write_configs(tmp_path) / "curve.yaml"
    config.write_text(CURVE)
    (tmp_path / "articles").mkdir()
    path = tmp_path / "articles" / "tiny.yaml"
    assert old in GRID_CLAIMS
    path.write_text(GRID_CLAIMS.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        Catalogue().check_article(path)
    assert message in str(caught.value)


def test_the_best_variant_is_chosen_on_half_of_the_seeds_and_told_with_what_choosing_is_worth(tmp_path: Path) -> None:
    judged_claims(tmp_path)
    page = (tmp_path / "out" / "curve" / "table.md").read_text()
    (line,) = (line for line in page.splitlines() if line.startswith("Best test accuracy of 9 variants: "))
    assert "over the 6 seeds that did not choose it" in line
    assert "The best over all seeds" in line
    assert line in (tmp_path / "out" / "curve" / "table.md").read_text()


def test_readings_are_told_together(tmp_path: Path) -> None:
    text = "extends: tiny.yaml\ntitle: R\nunstated: {training.batch_size: [16, 64]}\nseeds: 6\n"
    out = tmp_path / "out"
    told = run(write_rates(tmp_path / "configs", text), "-o", out)
    page = (out / "rates" / "table.md").read_text()
    (line,) = (line for line in page.splitlines() if "readings of what the article leaves open" in line)
    assert line in told
