"""Experiments of a function: from its file to figures, verdicts, pages and the check; real draws, no TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stored_results import article, load, write_article
from tiny import StandIn, elsewhere, invoke, stand_in

from repro.analysis.claims import ClaimResult, judge_article
from repro.analysis.summarize import summarize
from repro.cli.machine import Machine
from repro.config.catalogue import Catalogue, find_config
from repro.config.experiment import FunctionExperiment
from repro.errors import ConfigError, DataError
from repro.models.draws import drawn
from repro.report import claim_words
from repro.report.answer import answer
from repro.report.sections import Member, sections_of
from repro.results.provenance import NO_DATA
from repro.results.records import CellResult, Record
from repro.results.stored import read_stored
from repro.training import randomness
from repro.training.worker import CellTrainer, Task

PYTHON = '''\
def coin(rng, draws, heads):
    """The share of heads, and of them against tails."""
    up = (rng.random(draws) < heads).mean()
    return {"share": up, "odds": up / (1 - up)}


def constant(rng, draws, value):
    return {"share": value, "odds": 1.0}
'''
COIN = """\
article: made-up
title: A coin
function:
  python: {file: coins.py, function: coin, arguments: {heads: 0.5}}
  draws: 1000
figures: [share, odds]
seeds: 20
"""
OTHERS = {
    "fair": "extends: coin.yaml\ntitle: Another coin\nbase_seed: 1\n",
    "bent": "extends: coin.yaml\ntitle: A bent coin\nfunction: {python: {arguments: {heads: 0.6}}}\n",
    "sure": (
        "extends: coin.yaml\ntitle: No coin\n"
        "function: {python: {function: constant, arguments: {heads: null, value: 0}}}\n"
    ),
}
MARGIN = {"margin": 0.02, "margin_reason": "set before"}


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """Coins in a folder."""
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "coins.py").write_text(PYTHON)
    (folder / "coin.yaml").write_text(COIN)
    for name, text in OTHERS.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def read(path: Path, *overrides: str) -> FunctionExperiment:
    made = Catalogue().experiment(path, overrides)
    assert isinstance(made, FunctionExperiment)
    return made


def cell(path: Path, seed: int = 0) -> CellResult:
    return CellTrainer().train(Task(read(path), None, path.parent, "function", seed))


def machine(**where: Any) -> Machine:
    """Draws for real, in this process; nothing in it imports TensorFlow."""
    return stand_in(CellTrainer().train, elsewhere(**where) if where else None)


def run(given: Path, *more: object) -> None:
    """A folder of configs or one of them, with results beside the folder."""
    folder = given if given.is_dir() else given.parent
    done = invoke("run", given, "-o", folder.parent / "out", *more, machine=machine())
    assert done.exit_code == 0, done.stderr


class TestTheFile:
    def test_it_is_read_with_the_hash_of_what_it_names(self, configs: Path) -> None:
        made = read(configs / "bent.yaml")
        assert made.function.python.arguments == {"heads": 0.6}
        assert (made.function.draws, made.figures, made.main, made.seeds) == (1000, ("share", "odds"), "share", 20)
        assert set(made.files) == {"coins.py"}
        assert set(made.trained) == {"function", "figures", "files"}

    def test_overrides_change_it(self, configs: Path) -> None:
        made = read(configs / "coin.yaml", "function.draws=7", "function.python.arguments.heads=0.1")
        assert (made.function.draws, made.function.python.arguments) == (7, {"heads": 0.1})

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            (
                "dataset: {name: sonar}",
                "dataset: expected none beside function, with which nothing is trained, got one",
            ),
            ("reported: {share: {value: 1}}", "reported: expected none beside function"),
            ("speed: 1", "speed: unknown key 'speed'; did you mean 'seeds'?"),
            ("seeds: 0", "seeds: expected at least 1, got 0"),
            ("figures: [share, share]", "figures.1: expected each figure once, got share a second time"),
            ("figures: [accuracy]", "figures.0: expected another name than accuracy, which is a figure of a model"),
            ("figures: [Share]", "figures.0: expected the name of a figure, of a-z, 0-9 and _, got 'Share'"),
            ("figures: []", "figures: expected at least 1 item(s), got []"),
            ("function: {draws: 0}", "function.draws: expected at least 1, got 0"),
            ("function: {python: {function: 3}}", "function.python.function: expected text, got 3"),
            ("function: {python: {file: none.py}}", "function.python.file: expected a file, found none at"),
        ],
    )
    def test_a_mistake_has_its_place(self, configs: Path, change: str, fault: str) -> None:
        path = configs / "wrong.yaml"
        path.write_text(f"extends: coin.yaml\n{change}\n")
        with pytest.raises(ConfigError, match=r"wrong\.yaml:2: ") as caught:
            Catalogue().experiment(path)
        assert fault in str(caught.value)

    def test_a_claim_about_a_figure_that_is_not_there_is_a_mistake(self, configs: Path) -> None:
        made = article([stated("c", a="coin", value=0.5, direction="less", metric="shares")], experiments=["coin"])
        path = write_article(configs, made)
        with pytest.raises(ConfigError, match=r"claims\.0\.metric: coin has no shares; did you mean 'share'\?"):
            Catalogue().check_article(path)

    @pytest.mark.parametrize(
        ("given", "fault"),
        [
            ({"a": "coin", "b": "fair", "value": 0.5, "direction": "less"}, "expected either a, b (or value)"),
            ({"value": 0.5, "direction": "less"}, "expected either a, b (or value)"),
            ({"a": "coin", "value": 0.5}, "expected either a, b (or value)"),
            (
                {"a": "x", "value": 0, "direction": "less", "part": {"a": "x", "b": "y", "what": "z"}},
                "part: expected it with b or contrast, got it with value",
            ),
        ],
    )
    def test_a_number_stands_in_the_place_of_b(self, given: dict[str, Any], fault: str) -> None:
        with pytest.raises(ValueError, match=r"claims\.0") as caught:
            article([{"id": "c", "text": "t", **given}])
        assert fault in str(caught.value)

    @pytest.mark.parametrize("engine", ["stacked", "graph", "keras"])
    def test_the_engine_that_is_asked_for_makes_no_difference(self, configs: Path, engine: str) -> None:
        run(configs / "coin.yaml", "--engine", engine)
        provenance = read_stored(configs.parent / "out", "coin").provenance
        assert (provenance.made.engine, provenance.engine) == ("function", "auto")


class TestACell:
    def test_its_records_are_the_figures_after_the_last_draw(self, configs: Path) -> None:
        rng = randomness.draws(0, 3)
        share = float((rng.random(1000) < 0.5).mean())
        assert cell(configs / "coin.yaml", 3).records == (
            Record(0, 1, 999, "draws", "share", float(f"{share:.9g}")),
            Record(0, 1, 999, "draws", "odds", float(f"{share / (1 - share):.9g}")),
        )

    def test_every_seed_draws_from_a_stream_of_its_own(self, configs: Path) -> None:
        first, again, other = (cell(configs / "coin.yaml", seed).records for seed in (0, 0, 1))
        assert first == again != other
        assert cell(configs / "fair.yaml").records != first

    @pytest.mark.parametrize(
        ("body", "fault"),
        [
            ("return 0.5", "coin: expected a dict of figures, got float"),
            ("return {'share': 0.5}", "coin: expected the figures that coin lists (odds, share), got share"),
            ("return {'share': '1', 'odds': 2}", "coin: expected a number for share, got str"),
            ("return {}[1]", "coins.py:2: coin(heads=0.5) raises KeyError: 1"),
        ],
    )
    def test_what_a_function_does_wrong_is_told_with_its_file(self, configs: Path, body: str, fault: str) -> None:
        (configs / "coins.py").write_text(f"def coin(rng, draws, heads):\n    {body}\n")
        with pytest.raises((ConfigError, DataError)) as caught:
            cell(configs / "coin.yaml")
        assert fault in str(caught.value)

    def test_a_figure_that_is_not_finite_is_a_failure_of_its_seed(self, configs: Path) -> None:
        (configs / "coins.py").write_text(
            "def coin(rng, draws, heads):\n    return {'share': 0, 'odds': float('nan')}\n"
        )
        found = cell(configs / "coin.yaml")
        assert found.records == ()
        assert "ValueError: coin has no finite odds: nan" in str(found.error)


class TestARun:
    def test_it_is_stored_with_what_made_it(self, configs: Path) -> None:
        run(configs / "coin.yaml")
        stored = read_stored(configs.parent / "out", "coin")
        made = stored.provenance.made
        assert (made.engine, made.data) == ("function", NO_DATA)
        assert "numpy" in made.environment.packages
        assert stored.experiment == read(configs / "coin.yaml")
        assert len(stored.records) == 20
        assert stored.values("share").mean() == pytest.approx(0.5, abs=0.02)

    def test_a_second_run_draws_nothing_and_changes_nothing(self, configs: Path) -> None:
        run(configs / "coin.yaml")
        out = configs.parent / "out"
        before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and path.suffix != ".lock"}
        executor = StandIn(CellTrainer().train)
        done = invoke("run", configs / "coin.yaml", "-o", out, machine=Machine(executor=lambda count: executor))
        assert (done.exit_code, executor.seeds) == (0, [])
        assert before == {path: path.read_bytes() for path in before}

    def test_what_is_there_of_an_interrupted_run_is_kept(self, configs: Path) -> None:
        run(configs / "coin.yaml", "--seeds", 3)
        executor = StandIn(CellTrainer().train)
        there = Machine(executor=lambda count: executor)
        assert invoke("run", configs / "coin.yaml", "-o", configs.parent / "out", machine=there).exit_code == 0
        assert executor.seeds == [*range(3, 20)]

    def test_a_seed_that_fails_is_shown_and_in_no_verdict(self, configs: Path) -> None:
        (configs / "coins.py").write_text(
            "def coin(rng, draws, heads):\n"
            "    up = rng.random()\n"
            "    return {'share': up, 'odds': 1.0 if up < 0.8 else float('inf')}\n"
        )
        done = invoke("run", configs / "coin.yaml", "-o", configs.parent / "out", machine=machine())
        assert done.exit_code == 5
        assert "ValueError: coin has no finite odds: inf" in done.stderr
        assert 0 < len(read_stored(configs.parent / "out", "coin").values("share")) < 20

    def test_the_report_is_made_again_from_the_records_alone(self, configs: Path) -> None:
        run(configs)
        out = configs.parent / "out"
        before = {path: path.read_bytes() for path in out.glob("*/table.md")} | {out / "README.md": b""}
        before[out / "README.md"] = (out / "README.md").read_bytes()
        for path in before:
            path.unlink()
        assert invoke("report", "-o", out).exit_code == 0
        assert before == {path: path.read_bytes() for path in before}

    def test_tables_speak_of_the_function(self, configs: Path) -> None:
        run(configs / "coin.yaml")
        table = (configs.parent / "out" / "coin" / "table.md").read_text()
        assert "| share | – | 0." in table
        assert "Nothing is trained, and no data are read." in table
        assert "(function engine)" in table

    def test_dry_run_list_show_and_compare(self, configs: Path) -> None:
        dry = invoke("run", configs / "coin.yaml", "-n", "-o", configs.parent / "out", machine=machine())
        assert "coin: 20 seeds to train, 0 stored (nothing is stored yet)" in dry.stdout
        assert "coin: function engine (figures of a function's draws: nothing is trained)" in dry.stdout
        assert "  bent  A bent coin (no figure reported)\n" in invoke("list", configs).stdout
        shown = invoke("show", configs / "coin.yaml", machine=machine()).stdout
        assert "engine: function" in shown
        assert "draws: 1000" in shown
        run(configs)
        told = invoke("compare", "bent", "coin", "-o", configs.parent / "out", "--metric", "odds")
        assert told.exit_code == 0
        assert "odds" in told.stdout

    def test_more_seeds_until_its_claims_are_decided(self, configs: Path) -> None:
        made = stated("coin", a="coin", value=0.5, direction="equivalent", metric="share", **MARGIN)
        write_article(configs, article([made], experiments=["coin"]))
        done = invoke(
            *("run", configs / "coin.yaml", "--until", "decided", "-o", configs.parent / "out"), machine=machine()
        )
        assert "coin: decided with 30 seeds: CLAIM HOLDS" in done.stdout

    def test_an_audit_knows_the_spread_that_is_stored(self, configs: Path) -> None:
        made = stated("coin", a="coin", value=0.5, direction="equivalent", metric="share", **MARGIN)
        write_article(configs, article([made], experiments=["coin"]))
        run(configs / "coin.yaml")
        told = json.loads(invoke("audit", configs / "coin.yaml", "-o", configs.parent / "out", "--json").stdout)
        ((found,), experiments) = told["articles"][0]["claims"], told["experiments"]
        assert experiments == []
        assert found["spread"]["source"] == "20 stored seeds"
        assert found["spread"]["sd"] == pytest.approx(np.sqrt(0.25 / 1000), rel=0.5)


def stated(name: str, **values: Any) -> dict[str, Any]:
    """A claim."""
    return {"id": name, "text": f"Text of {name}."} | values


def results(configs: Path, *claims: dict[str, Any]) -> list[ClaimResult]:
    stored = load(configs.parent / "out")
    summaries = {name: summarize(each) for name, each in stored.items()}
    return list(judge_article(article(claims), stored, summaries))


class TestClaims:
    def test_a_figure_against_a_number(self, configs: Path) -> None:
        run(configs)
        told = {"metric": "share", "direction": "equivalent", **MARGIN}
        holds, fails, greater, exact = results(
            configs,
            stated("holds", a="coin", value=0.5, **told),
            stated("fails", a="bent", value=0.5, **told),
            stated("greater", a="bent", value=0.5, direction="greater", metric="share"),
            stated("exact", a="sure", value=0, **told),
        )
        words = [row.verdict for row in (holds, fails, greater, exact)]
        assert words == ["CLAIM HOLDS", "OPPOSITE HOLDS", "CLAIM HOLDS", "CLAIM HOLDS"]
        assert [row.kind for row in (holds, exact)] == ["comparison", "comparison"]
        assert fails.judged is not None
        assert fails.judged.difference == pytest.approx(fails.judged.means[0] - 0.5)
        assert (fails.judged.weights, fails.split, fails.family) == ((1.0,), "draws", 4)
        assert fails.sentence == "The mean difference is beyond the resolution."
        assert "three seeds in four show it" in greater.sentence
        assert claim_words.relation(holds.claim) == "share of coin ≈ 0.5"

    def test_two_functions_are_compared_in_pairs(self, configs: Path) -> None:
        run(configs)
        (row, unlike) = results(
            configs,
            stated("bent", a="bent", b="coin", direction="greater", metric="share"),
            stated("fair", a="fair", b="coin", direction="equivalent", metric="share", **MARGIN),
        )
        assert row.verdict == "CLAIM HOLDS"
        assert row.shared == "the same random stream and base seed 0"
        assert unlike.verdict == "NOT COMPARABLE"  # of another base seed
        assert "base_seed (1 and 0)" in unlike.sentence

    def test_they_are_worded_without_rows(self, configs: Path) -> None:
        run(configs)
        made = article(
            [
                stated("number", a="bent", value=0.5, direction="greater", metric="share", short="it is bent"),
                stated("same", a="coin", value=0.5, direction="equivalent", metric="share", **MARGIN),
                stated("pair", a="coin", b="bent", direction="less", metric="share", short="bent is more"),
                stated("not", a="bent", value=0.5, direction="equivalent", metric="share", **MARGIN),
            ],
            experiments=["coin", "bent"],
        )
        members = [Member(each, summarize(each)) for each in load(configs.parent / "out").values()]
        (section,) = sections_of(members, {"made-up": made})
        told = answer(section)
        assert "rows" not in told
        assert told.startswith("Over 20 seeds, the claim that it is bent holds, by 0.0")
        assert "The claim “Text of same” holds, within 0.0200." in told
        assert "The claim “Text of not” does not hold: it differs by 0.0" in told
        number, _, pair, _ = section.claims
        assert claim_words.outcome(number).startswith("the share is 0.0")
        assert claim_words.outcome(number).endswith("against 0.5000, 20 seeds")
        assert claim_words.outcome(pair).endswith(", 20 pairs")
        facts = dict(claim_words.facts(number))
        assert "over the draws (95% interval)" in facts
        assert facts["seeds"] == "20"


class TestTheCheck:
    def check(self, configs: Path, **where: Any) -> Any:
        out = configs.parent / "out"
        return invoke("check", configs / "coin.yaml", "-o", out, machine=machine(**where))

    def test_the_same_function_gives_the_same_bits(self, configs: Path) -> None:
        run(configs / "coin.yaml")
        done = self.check(configs)
        assert done.exit_code == 0, done.stderr
        assert "UNCHANGED (exact)" in done.stdout

    def test_elsewhere_fresh_seeds_are_held_against_the_stored_ones(self, configs: Path) -> None:
        run(configs / "coin.yaml")
        done = self.check(configs, processor="another")
        assert done.exit_code == 0, done.stderr
        assert "UNCHANGED" in done.stdout
        assert "loss" not in done.stdout

    def test_a_function_that_draws_otherwise_is_found(self, configs: Path) -> None:
        run(configs / "coin.yaml")
        (configs / "coins.py").write_text(PYTHON.replace("< heads", "< heads + 0.1"))
        done = self.check(configs)
        assert done.exit_code == 1
        assert "changed since the committed results: coin (share)" in done.stderr


class TestTheArticles:
    """The functions that come with repro."""

    @pytest.mark.parametrize(
        ("name", "scale", "ratio"),
        [("", 1 / 0.6, 1.0), ("_scaled_at_test", 1.0, 1.0), ("_not_scaled", 1.0, 0.6)],
    )
    def test_figures_of_the_function_by_hand(self, name: str, scale: float, ratio: float) -> None:
        path = find_config(f"dropout_numpy{name}")
        made = read(path, "function.draws=2000")
        found = drawn(made, path.parent, np.random.default_rng(5))
        kept = np.random.default_rng(5).binomial(1, 0.6, (2000, 10))
        alike = kept[1:] == kept[:-1]
        assert found == pytest.approx(
            {
                "share_kept": kept.mean(),
                "share_off_scale": 0.0,
                "training_to_test_ratio": kept.mean() / 0.6 * ratio,
                "agreement_of_rows": alike.mean(),
                "share_of_changed_outputs": 1 - alike.all(axis=1).mean(),
            }
        )

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("rule", "low", "high"), [("sgd", 0.0, 0.0), ("momentum", 0.9, 1.0), ("adam", 0.9, 1.0), ("l2", 1.0, 1.0)]
    )
    def test_what_an_update_moves(self, rule: str, low: float, high: float) -> None:
        path = find_config(f"dropout_updates_{rule}")
        found = drawn(read(path), path.parent, np.random.default_rng(5))
        assert low <= found["share_of_dropped_units_moved"] <= high
        assert found["share_of_kept_units_moved"] == 1

    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["keras", "repro"])
    def test_the_layers_agree_with_the_function(self, name: str) -> None:
        path = find_config(f"dropout_{name}")
        found = drawn(read(path, "function.draws=20000"), path.parent, np.random.default_rng(5))
        assert found["share_off_scale"] == 0
        assert found["share_kept"] == pytest.approx(0.6, abs=5 * np.sqrt(0.24 / 200_000))
        assert found["agreement_of_rows"] == pytest.approx(0.52, abs=0.01)
        assert found["training_to_test_ratio"] == pytest.approx(1, abs=0.02)

    @pytest.mark.slow
    def test_the_equation_is_a_dense_layer_behind_its_mask(self) -> None:
        path = find_config("dropout_equation")
        found = drawn(read(path, "function.draws=20000"), path.parent, np.random.default_rng(5))
        assert found["share_unlike_keras"] == 0
        assert found["share_kept"] == pytest.approx(0.8, abs=5 * np.sqrt(0.16 / 200_000))
        assert found["share_handed_on"] == pytest.approx(0.8, abs=0.02)

    def test_an_article_without_an_experiment_here_stands_where_a_claim_of_its_is_decided(self, tmp_path: Path) -> None:
        assert invoke("run", "dropout_keras", "-o", tmp_path, machine=stand_in()).exit_code == 0
        index = (tmp_path / "README.md").read_text()
        _, part = index.split("\n## Why Dropout is so Effective in Deep Neural Network\n")
        assert "why-dropout-works.svg" not in index
        assert "Dropout is drawn independently for each training case" in part
        assert "### Experiments" not in part
        assert "Not run yet: dropout_equation" in part
        page = (tmp_path / "report.html").read_text()
        assert 'id="article-why-dropout-works"' in page

    def test_others_do_not(self, tmp_path: Path) -> None:
        assert invoke("run", "sonar_hidden", "-o", tmp_path, "--seeds", 5, machine=stand_in()).exit_code == 0
        index = (tmp_path / "README.md").read_text()
        assert "Why Dropout is so Effective" not in index
        assert "Dropout, by hand" not in index
