"""The check: its rule, what it trains, what it says, and that it is never green for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from checking import REPOSITORY, SEEDS, Silent, Trainer, drawn, made_elsewhere, run_check, store, verdicts
from click.testing import CliRunner
from conftest import experiment
from stored_results import article

from repro import cli, datasets, pool
from repro import run as runner
from repro.check import Result, Row, raise_for_verdicts
from repro.committed import compare_records, records_by_seed
from repro.config import load_experiment
from repro.datasets import Dataset
from repro.display.check_page import check_page, words
from repro.errors import DataError, NothingMeasuredError, RegressionError, ReplicaError, ReproError
from repro.references import read_references
from repro.run import Job
from repro.training.worker import Outcome, Task
from repro.verdicts.check import FRESH_SEEDS, RETRY_SEEDS, TOTAL_ALPHA
from repro.verdicts.recheck import judge_figures


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectable shift takes a second a figure; what is tested here does not look at it."""
    monkeypatch.setattr("repro.verdicts.check.detectable_shift", lambda *arguments: 0.01)


# The rule


def test_a_figure_is_changed_only_if_the_retry_fails_as_well(quick: None) -> None:
    reference = 0.85 + 0.02 * np.linspace(-1, 1, 30)
    far, near = reference[:5] + 0.2, reference[10:20]
    asked: list[list[str]] = []

    def train_again(keys: list[str]) -> dict[str, np.ndarray]:
        asked.append(keys)
        return {"back": near, "gone": near + 0.2}

    fresh = {"quiet": reference[12:17], "back": far, "gone": far, "broken": far}
    judged = judge_figures(dict.fromkeys(fresh, reference), fresh, train_again, 0.01)
    assert asked == [["back", "gone", "broken"]]
    assert {key: each.first.verdict for key, each in judged.items()} == {
        "quiet": "UNCHANGED",
        "back": "CHANGED",
        "gone": "CHANGED",
        "broken": "CHANGED",
    }
    assert judged["quiet"].retry is None
    assert (judged["back"].last.verdict, judged["gone"].last.verdict) == ("UNCHANGED", "CHANGED")
    assert judged["broken"].retry is None, "its other seeds could not be had"
    assert {each.first.alpha for each in judged.values()} == {0.01 / 4}
    assert (judged["gone"].last.fresh_n, judged["gone"].last.alpha) == (10, 0.01 / 4)


@pytest.mark.parametrize("failing", [0.0, 0.05])
def test_false_alarms_of_whole_checks_are_rare(failing: float, quick: None) -> None:
    """300 checks of four figures each: the first seeds fail in 1% of them, and next to none ends red."""
    rng = np.random.default_rng(17)
    retried = red = 0

    def draw(n: int) -> np.ndarray:
        values = rng.normal(0.85, 0.02, n)
        return np.where(rng.random(n) < failing, 0.1, values)

    for _ in range(300):
        references = {figure: draw(25) for figure in range(4)}
        fresh = {figure: draw(FRESH_SEEDS) for figure in references}
        judged = judge_figures(references, fresh, lambda keys: {key: draw(RETRY_SEEDS) for key in keys}, TOTAL_ALPHA)
        retried += any(each.retry is not None for each in judged.values())
        red += any(each.last.verdict == "CHANGED" for each in judged.values())
    assert retried <= 9, "P(more than 9 of 300 at 1%) is 0.1%"
    assert red <= 2, "the square of 1% would be expected 0.03 times"


def test_a_shift_of_the_printed_size_is_found_four_times_in_five(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    found = 0
    reference = rng.normal(0.85, 0.02, 25)
    shift = judge_figures({0: reference}, {0: reference[:5]}, dict, 0.01)[0].first.detectable
    assert shift is not None
    monkeypatch.setattr("repro.verdicts.check.detectable_shift", lambda *arguments: shift)
    for _ in range(100):
        fresh, other = (rng.choice(reference, n) + shift for n in (FRESH_SEEDS, RETRY_SEEDS))
        judged = judge_figures({0: reference}, {0: fresh}, lambda keys, other=other: {0: other}, 0.01)[0]
        found += judged.last.verdict == "CHANGED"
    assert found / 100 == pytest.approx(0.78, abs=0.15)


# What is trained, and what is made of it


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    store(monkeypatch, tmp_path, drawn(), experiment(seeds=SEEDS))
    return tmp_path


def test_one_committed_seed_is_enough_under_the_same_fingerprint(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, seeds = run_check(monkeypatch, out, drawn(), experiment(seeds=SEEDS))
    assert seeds == [0]
    assert result.rows == (
        Row("small", "every record of seed 0", "UNCHANGED (exact)", "8 records, equal to the last digit"),
    )
    assert result.differences == {}


def test_the_last_digit_counts_under_the_same_fingerprint(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = run_check(monkeypatch, out, drawn(1e-9), experiment(seeds=SEEDS))
    before, after = (drawn(shift)(Task(experiment(), "stacked", 0)).rows[0][5] for shift in (0.0, 1e-9))
    assert [(row.verdict, row.detail) for row in result.rows] == [
        (
            "CHANGED",
            "4 of 8 records differ under the same fingerprint, the first at "
            f"seed 0, fold 0, step 9, test accuracy: {before!r} -> {after!r}",
        )
    ]


def test_elsewhere_fresh_seeds_are_compared(quick: None, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_elsewhere(out, "small")
    result, seeds = run_check(monkeypatch, out, drawn(), experiment(seeds=SEEDS))
    assert seeds == [20, 21, 22, 23, 24]
    assert verdicts(result) == {"test accuracy": "UNCHANGED", "test loss": "UNCHANGED"}
    (difference,) = result.differences["small"]
    assert difference.startswith("environment.processor 'another' -> ")


def test_a_changed_configuration_is_named_and_a_failure_tried_once_more(
    quick: None, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = experiment().training.model_dump() | {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}}
    result, seeds = run_check(monkeypatch, out, drawn(0.1), experiment(seeds=SEEDS, training=values))
    assert seeds == [*range(20, 25), *range(25, 35)]
    assert verdicts(result) == {"test accuracy": "CHANGED", "test loss": "UNCHANGED"}
    assert result.differences == {"small": ("training.optimizer.SGD.learning_rate 0.05 -> 0.1",)}
    with pytest.raises(RegressionError, match=r"^changed since the committed results: small \(test accuracy\)\. If"):
        raise_for_verdicts(result)


def test_seeds_that_the_config_now_asks_for_are_not_fresh(
    quick: None, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_elsewhere(out, "small")
    _, seeds = run_check(monkeypatch, out, drawn(), experiment(seeds=40))
    assert seeds == [40, 41, 42, 43, 44]


def test_too_few_committed_seeds_are_refused_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, tmp_path, drawn(), experiment(seeds=12))
    made_elsewhere(tmp_path, "small")
    result, seeds = run_check(monkeypatch, tmp_path, drawn(), experiment(seeds=12))
    assert seeds == []
    with pytest.raises(NothingMeasuredError) as caught:
        raise_for_verdicts(result)
    assert str(caught.value) == (
        "nothing was measured, so nothing is known to be unchanged:\n"
        "  small: too few seeds: needs at least 20 committed seeds and has 12: run and commit 8 more"
    )


@pytest.mark.parametrize(
    ("make", "detail"),
    [
        (drawn(fail=[22]), {"test accuracy": "seed 22 failed: ValueError: no luck"}),
        (drawn(diverge=[23]), {"test loss": "seed 23, fold 0 diverged: test loss"}),
        (drawn(0.2, fail=[30]), {"test accuracy": "seed 30 failed: ValueError: no luck"}),
    ],
    ids=["failed", "diverged", "failed in the retry"],
)
def test_a_replica_that_fails_gives_no_verdict(
    make: Callable[[Task], Outcome], detail: dict[str, str], quick: None, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_elsewhere(out, "small")
    result, _ = run_check(monkeypatch, out, make, experiment(seeds=SEEDS))
    failed = {row.figure: row.detail for row in result.rows if row.verdict == "FAILED"}
    assert detail.items() <= failed.items()
    with pytest.raises(ReplicaError, match=f"small, {next(iter(detail))}: {next(iter(detail.values()))}"):
        raise_for_verdicts(result)


def test_without_its_data_an_experiment_is_not_checked(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> Dataset:
        raise DataError("sonar: gone")

    monkeypatch.setattr(datasets, "load", gone)
    result, seeds = run_check(monkeypatch, out, drawn(), experiment(seeds=SEEDS))
    assert (seeds, [(row.verdict, row.detail) for row in result.rows]) == ([], [("NO DATA", "sonar: gone")])


def row(verdict: str) -> Row:
    return Row("name", "figure", verdict, "why")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "error"),
    [
        (["UNCHANGED", "CHANGED", "FAILED", "NO DATA"], RegressionError),
        (["UNCHANGED", "FAILED", "NO DATA"], ReplicaError),
        (["UNCHANGED", "NO DATA", "TOO FEW SEEDS"], DataError),
        (["NO DATA"], NothingMeasuredError),
        (["UNCHANGED (exact)", "TOO FEW SEEDS"], NothingMeasuredError),
        (["UNCHANGED", "NOT STORED"], NothingMeasuredError),
        ([], NothingMeasuredError),
    ],
)
def test_only_what_is_measured_and_unchanged_is_green(found: list[str], error: type[ReproError]) -> None:
    with pytest.raises(error):
        raise_for_verdicts(Result(tuple(row(verdict) for verdict in found), {}, 0.01))
    raise_for_verdicts(Result((row("UNCHANGED"), row("UNCHANGED (exact)")), {}, 0.01))


def test_records_that_come_or_go_are_differences() -> None:
    head = "experiment,seed,fold,epoch,step,split,metric,value,status\n"
    old = records_by_seed(head + "x,0,0,1,1,test,loss,0.5,ok\nx,0,0,1,2,test,loss,0.4,ok\n")
    new = records_by_seed(head + "x,0,0,1,1,test,loss,0.5,ok\nx,0,0,1,3,test,loss,0.4,ok\n")
    same = compare_records(old, new)
    assert (same.records, same.differing) == (3, 2)
    assert same.first == "seed 0, fold 0, step 2, test loss: 0.4 -> no record"
    assert records_by_seed(head + "x,4,,,,,,,failed: ValueError\n") == {4: {}}


def test_references_name_the_engine_that_made_them(out: Path) -> None:
    path = out / "small" / "provenance.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"engine": "keras"}))
    ((reference,), _) = read_references(out, [Job(experiment(), "stacked", "repro run it")], everything=False)
    assert (reference.job.engine, reference.job.command) == ("keras", "repro run it --engine keras")


# The command


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of a shipped experiment, its cells drawn; `repro check` finds its config by itself."""
    config = load_experiment(REPOSITORY / "configs" / "sonar_hidden.yaml", [f"seeds={SEEDS}"])
    store(monkeypatch, tmp_path, drawn(), config)
    return tmp_path


def invoke(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_checks_all_that_is_stored(
    quick: None, shipped: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pool, "train", Trainer(drawn()))
    assert invoke("check", "-o", shipped, "-q") == (0, "", "")
    monkeypatch.setattr(pool, "train", Trainer(drawn(0.1)))
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    made_elsewhere(shipped, "sonar_hidden")
    code, shown, errors = invoke("check", "-o", shipped, "--summary", summary)
    assert code == 1
    assert "sonar_hidden, test accuracy: CHANGED\n" in shown
    assert "sonar_hidden, test loss: UNCHANGED\n" in shown
    assert errors.splitlines()[-1].startswith(
        "Error: changed since the committed results: sonar_hidden (test accuracy)"
    )
    written = summary.read_text()
    assert written.startswith("before\n## Check against the committed results\n\n| experiment | figure |")
    assert "1% for the whole check, shared by 2 figures. One that fails is tried once more with 10 other" in written


def test_a_regression_is_told_even_if_nobody_reads_on(
    quick: None, shipped: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def gone(result: Result) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(pool, "train", Trainer(drawn(0.1)))
    monkeypatch.setattr("repro.display.check.print_check", gone)
    monkeypatch.setattr("repro.display.streams.silence", lambda descriptor: None)
    made_elsewhere(shipped, "sonar_hidden")
    summary = tmp_path / "summary.md"
    code, _, errors = invoke("check", "-o", shipped, "--summary", summary)
    assert (code, errors.splitlines()[-1].partition(":")[0]) == (1, "Error")
    assert "CHANGED" in summary.read_text()


def test_nothing_stored_is_not_green(tmp_path: Path) -> None:
    code, _, errors = invoke("check", "-o", tmp_path)
    assert code == 6
    assert errors == (
        f"Error: nothing was measured: expected results of an experiment in {tmp_path}, found none; "
        "`repro run CONFIG` makes them\n"
    )


def test_what_is_not_stored_is_not_green(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "train", Trainer(drawn()))
    code, shown, errors = invoke("check", "sonar_hidden", "sonar_visible", "-o", shipped)
    assert code == 6
    assert "sonar_hidden, every record of seed 0: UNCHANGED (exact)\n" in shown
    assert errors.endswith(
        "Error: not everything was checked, so this is not green:\n"
        "  sonar_visible: not stored: no results of this name; `repro run` makes them\n"
    )
    code, _, errors = invoke("check", "sonar_visible", "-o", shipped, "--update")
    assert (code, errors[:60]) == (
        6,
        f"Error: nothing was measured: expected results of sonar_visible in {shipped}"[:60],
    )


def test_stored_results_without_a_config_are_checked_as_they_were_made(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(drawn())
    monkeypatch.setattr(pool, "train", trainer)
    code, shown, _ = invoke("check", "-o", out)
    assert (code, trainer.seeds) == (0, [0])
    assert "small, every record of seed 0: UNCHANGED (exact)\n" in shown


def test_the_page_says_what_became_of_every_row(quick: None, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_elsewhere(out, "small")
    result, _ = run_check(monkeypatch, out, drawn(0.1), experiment(seeds=SEEDS))
    first = next(row for row in result.rows if row.verdict == "CHANGED")
    assert first.judged is not None
    assert words(first).endswith(
        "1.00 points would be found four times in five; "
        "the first 5 fresh seeds failed (p = 1.9e-05), 10 others failed as well (p = 1e-05)"
    )
    page = check_page(result)
    committed, now = (100 * mean for mean in (first.judged.last.reference_mean, first.judged.last.fresh_mean))
    assert f"| small | test accuracy | {committed:.2f}% (20 seeds) | {now:.2f}% (10 seeds) | +" in page
    assert " points | 1e-05 | 1.00 points | CHANGED |\n" in page
    assert "- small, test accuracy: the first 5 fresh seeds failed" in page
    assert "- small: not as when the results were made: environment.processor 'another' -> " in page


def test_update_shows_old_and_new_and_leaves_no_old_cell(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_experiment(REPOSITORY / "configs" / "sonar_hidden.yaml")
    for module in (pool, runner):
        monkeypatch.setattr(module, "train", Trainer(drawn(0.01)))
    code, shown, _ = invoke("check", "-o", shipped, "--update")
    assert code == 0
    old, new = (
        np.array([make(Task(config, "stacked", seed)).rows[::2] for seed in range(n)])[:, :, 5]
        .astype(float)
        .mean(axis=1)
        for make, n in ((drawn(), SEEDS), (drawn(0.01), config.seeds))
    )
    sides = (f"{100 * v.mean():.2f}% ± {100 * v.std(ddof=1):.2f}% ({v.size} seeds)" for v in (old, new))
    assert shown.splitlines()[:2] == [
        f"sonar_hidden, test accuracy: {' -> '.join(sides)}",
        f"  shift of the mean {100 * (new.mean() - old.mean()):+.2f} points",
    ]
    assert shown.endswith(f"1 of 1 experiments have new results in {shipped}.\n")
    records = records_by_seed((shipped / "sonar_hidden" / "runs.csv").read_text())
    expected = {seed: drawn(0.01)(Task(config, "stacked", seed)).rows[0][5] for seed in range(config.seeds)}
    assert {seed: float(next(iter(found.values()))) for seed, found in records.items()} == expected
    assert not (shipped / ".cells" / ".update").exists()
    tally = runner.run([Job(config, "stacked", "repro run configs/sonar_hidden.yaml")], shipped, 1, False, Silent())
    assert tally.trained == 0, "the new cells are in the cache"
    code, _, errors = invoke("check", "-o", shipped, "--update")
    assert code == 2
    assert errors.endswith("Error: nothing to update: what is stored is what comes out now\n")


def test_a_regression_counts_more_than_a_summary_that_can_not_be_written(
    quick: None, shipped: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pool, "train", Trainer(drawn(0.1)))
    code, _, errors = invoke("check", "-o", shipped, "--summary", tmp_path / "nowhere" / "summary.md")
    assert code == 1
    assert "summary.md: can't be written" in errors
    assert "changed since the committed results" in errors


def test_update_keeps_an_article_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = article([], name="tests", title="An article of one's own")
    monkeypatch.setattr(runner, "train", Trainer(drawn()))
    runner.run([Job(experiment(seeds=SEEDS), "stacked", "repro run it", own)], tmp_path, 1, False, Silent())
    for module in (pool, runner):
        monkeypatch.setattr(module, "train", Trainer(drawn(0.01)))
    assert invoke("check", "-o", tmp_path, "--update")[0] == 0
    assert "## An article of one's own\n" in (tmp_path / "README.md").read_text()


def test_update_keeps_what_could_not_be_made_anew(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (shipped / "sonar_hidden" / "runs.csv").read_bytes()
    for module in (pool, runner):
        monkeypatch.setattr(module, "train", Trainer(drawn(0.01, fail=[3])))
    code, shown, _ = invoke("check", "-o", shipped, "--update")
    assert (code, shown) == (5, f"0 of 1 experiments have new results in {shipped}.\n")
    assert (shipped / "sonar_hidden" / "runs.csv").read_bytes() == before
