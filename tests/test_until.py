"""More seeds for the claims that need them: the looks, what stops, and what it costs."""

from __future__ import annotations

from pathlib import Path

import checking
import numpy as np
import pytest
from checking import Silent, job
from conftest import experiment
from stored_results import article
from tiny import StandIn, invoke, some_rows, stand_in

from repro.commands.until import UntilResult, planned_looks, run_until_decided
from repro.config.article import Article
from repro.errors import ExitCode, UsageError
from repro.results.records import CellResult, Record
from repro.results.stored import read_stored
from repro.training.environment import environment
from repro.training.worker import Task

SHIFTS = {"base": 0.0, "worse": -0.05, "doubtful": -0.008}
"""What each experiment's mean accuracy differs by from the base's; the spread over seeds is 0.02."""


def drawn(task: Task) -> CellResult:
    name = task.experiment.name
    noise = np.random.default_rng([task.seed, *name.encode()]).normal(0, 0.02)
    value = 0.8 + SHIFTS[name] + float(noise)
    records = tuple(
        Record(fold, 3, 9, "test", metric, value if metric == "accuracy" else 0.4)
        for fold in range(task.experiment.protocol.folds)
        for metric in ("accuracy", "loss")
    )
    return CellResult(task.seed, 2.0, environment(), records, correct=some_rows(task.seed))


def an_article(*names: str) -> Article:
    claims = [{"id": name, "text": f"{name} is worse.", "a": name, "b": "base", "direction": "less"} for name in names]
    return article(claims, name="tests")


def until(out: Path, *names: str, most: int = 240, budget: float | None = None) -> tuple[UntilResult, StandIn, Silent]:
    executor, progress = StandIn(drawn), Silent()
    jobs = [job(experiment(name=name, protocol={"stratified_k_fold": {"folds": 2}})) for name in ("base", *names)]
    clock = iter(range(10_000)).__next__
    result = run_until_decided(
        jobs, {"tests": an_article(*names)}, out, executor, progress, most=most, budget=budget, workers=2, clock=clock
    )
    return result, executor, progress


@pytest.mark.parametrize(
    ("most", "looks"), [(240, (30, 60, 120, 240)), (200, (30, 60, 120, 200)), (30, (30,)), (10, (10,)), (31, (30, 31))]
)
def test_looks_double_up_to_the_most_that_is_allowed(most: int, looks: tuple[int, ...]) -> None:
    assert planned_looks(most) == looks


def test_a_clear_claim_is_decided_at_the_first_look(tmp_path: Path) -> None:
    result, executor, _ = until(tmp_path, "worse")
    (decision,) = result.decisions
    assert (result.stopped, decision.decided, decision.seeds) == ("decided", True, 30)
    assert decision.result.verdict == "CLAIM HOLDS"
    assert sorted(executor.seeds) == sorted([*range(30)] * 2)


def test_each_look_has_its_share_of_the_error_and_what_is_stored_says_so(tmp_path: Path) -> None:
    result, _, _ = until(tmp_path, "worse")
    (decision,) = result.decisions
    assert decision.result.judged is not None
    assert decision.result.judged.level == pytest.approx(1 - 0.05 / 4)
    stored = read_stored(tmp_path, "worse")
    assert (stored.provenance.looks, stored.provenance.overrides, stored.provenance.trial) == (4, ("seeds=30",), "")


def test_what_is_decided_stops_and_the_rest_goes_on(tmp_path: Path) -> None:
    result, _, _ = until(tmp_path, "worse", "doubtful")
    seeds = {name: read_stored(tmp_path, name).experiment.seeds for name in ("base", "worse", "doubtful")}
    assert seeds["worse"] == 30
    assert seeds["doubtful"] == seeds["base"] > 30
    assert {each.result.claim.id: each.seeds for each in result.decisions} == {
        "worse": 30,
        "doubtful": seeds["doubtful"],
    }
    assert result.run.trained == sum(seeds.values()), "no seed is trained twice"


def test_the_most_seeds_end_it_undecided(tmp_path: Path) -> None:
    result, _, _ = until(tmp_path, "doubtful", most=30)
    assert (result.stopped, [each.decided for each in result.decisions]) == ("seeds", [False])


def test_no_look_is_begun_that_would_not_end_within_the_budget(tmp_path: Path) -> None:
    """A seed takes 2 s, so the look at 60 takes 2 x 30 x 2 s on two workers: more than the minute that there is."""
    result, executor, progress = until(tmp_path, "doubtful", budget=60)
    assert result.stopped == "budget"
    assert len(executor.seeds) == 60
    assert progress.notes[0].endswith(" engine")  # once, and not at each look
    assert progress.notes[1:] == ["the look at 60 seeds would take 1 min 00 s, more than is left of the budget"]


def test_experiments_that_no_claim_compares_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--until decided: expected experiments that a claim .*, got base; name both"):
        until(tmp_path)
    assert not list(tmp_path.iterdir())


def configs(folder: Path) -> Path:
    from tiny import write_configs

    write_configs(folder)
    (folder / "articles").mkdir()
    (folder / "articles" / "tiny.yaml").write_text(
        "title: Tiny\nsource: here\nexperiments: [tiny, other]\n"
        "claims: [{id: better, text: Dropout is better., a: tiny, b: other, direction: greater}]\n"
    )
    return folder


def test_the_command_line_says_what_was_decided_with_how_many_seeds(tmp_path: Path) -> None:
    folder = configs(tmp_path / "configs")
    line = ("run", folder, "--until", "decided", "--max-seeds", "60", "--budget", "1h", "-o", tmp_path / "out")
    result = invoke(*line, machine=stand_in())
    assert result.exit_code == 0, result.output
    end = result.stdout.splitlines()[-4:]
    assert end[0].startswith("Looks planned at 30, 60 seeds, each at its share of the error; ended since ")
    assert end[1].startswith("  better: ")
    assert end[3].endswith(f"seeds trained · {tmp_path / 'out' / 'report.html'}")


def test_claims_that_no_seeds_can_decide_end_it_and_are_not_called_decided(tmp_path: Path) -> None:
    line = ("run", configs(tmp_path / "configs"), "--until", "decided", "-o", tmp_path / "out")
    result = invoke(*line, machine=stand_in(checking.drawn(diverge=range(240))))
    assert result.exit_code == ExitCode.REPLICA
    assert "\ntiny: A tiny network\n  no seed has a valid figure\n" in result.stdout
    assert "; ended since no claim that is not decided can be judged:\n" in result.stdout
    assert "  better: not decided with 30 seeds: NOT COMPARABLE" in result.stdout


def test_claims_of_two_articles_are_told_apart(tmp_path: Path) -> None:
    folder = configs(tmp_path / "configs")
    for name in ("tiny", "other"):
        text = (folder / f"{name}.yaml").read_text().replace("extends: tiny", "extends: second_tiny")
        (folder / f"second_{name}.yaml").write_text(text.replace("article: tiny", "article: second"))
    article_text = (folder / "articles" / "tiny.yaml").read_text().replace("tiny", "second_tiny")
    (folder / "articles" / "second.yaml").write_text(article_text.replace("other", "second_other"))
    line = ("run", folder, "--until", "decided", "--max-seeds", "30", "-o", tmp_path / "out")
    result = invoke(*line, machine=stand_in())
    assert result.exit_code == 0, result.output
    ends = result.stdout.splitlines()[-4:-2]
    assert [end.partition(":")[0] for end in ends] == ["  tiny, better", "  second, better"]


def test_without_an_article_it_says_where_one_belongs(tmp_path: Path) -> None:
    folder = configs(tmp_path / "configs")
    (folder / "articles" / "tiny.yaml").unlink()
    result = invoke("run", folder, "--until", "decided", "-o", tmp_path / "out", machine=stand_in())
    assert result.exit_code == 2
    assert "expected claims about other, tiny, found no articles/NAME.yaml beside the configs" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--until", "decided", "--seeds", "5"], "expected neither --seeds, --force nor --dry-run"),
        (["--until", "decided", "-S", "seeds=5"], "expected neither --seeds, --force nor --dry-run"),
        (["--until", "decided", "-n"], "expected neither --seeds, --force nor --dry-run"),
        (["--max-seeds", "60"], "expected --until decided"),
        (["--budget", "10m"], "expected --until decided"),
        (["--until", "decided", "--budget", "soon"], "expected a time such as 90s, 10m or 1.5h, got 'soon'"),
        (["--until", "decided", "--budget", "-5m"], "expected a time such as"),
        (["--until", "decided", "--budget", ""], "expected a time such as"),
    ],
)
def test_options_that_do_not_go_together(tmp_path: Path, options: list[str], message: str) -> None:
    result = invoke("run", configs(tmp_path / "configs"), *options, "-o", tmp_path / "out", machine=stand_in())
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out").exists()
