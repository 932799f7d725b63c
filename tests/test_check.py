"""The check: its rule, what it trains, what it says, and that it is never green for nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checking import REPOSITORY, SEEDS, Make, Silent, drawn, job, made_elsewhere, run_check, store, verdicts
from conftest import experiment
from stored_results import article
from tiny import StandIn, stand_in
from tiny import invoke as invoke_here

from repro import datasets
from repro.analysis.record_diff import compare_records
from repro.cli.print_check import check_page, words
from repro.commands.check import CheckResult, Row
from repro.commands.references import read_references
from repro.commands.run import run
from repro.config.catalogue import Catalogue
from repro.config.data_description import DataDescription
from repro.config.schema import Experiment
from repro.datasets import Dataset
from repro.errors import DataError, ExitCode
from repro.results.provenance import write_provenance
from repro.results.records import CellResult, records_by_seed
from repro.results.stored import read_stored
from repro.training.environment import environment
from repro.training.worker import Task
from repro.verdicts.permutation import FRESH_SEEDS, RETRY_SEEDS, TOTAL_ALPHA
from repro.verdicts.recheck import judge_figures


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectable shift takes a second a figure; what is tested here does not look at it."""
    monkeypatch.setattr("repro.verdicts.permutation.detectable_shift", lambda *arguments: 0.01)


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
    monkeypatch.setattr("repro.verdicts.permutation.detectable_shift", lambda *arguments: shift)
    for _ in range(100):
        fresh, other = (rng.choice(reference, n) + shift for n in (FRESH_SEEDS, RETRY_SEEDS))
        judged = judge_figures({0: reference}, {0: fresh}, lambda keys, other=other: {0: other}, 0.01)[0]
        found += judged.last.verdict == "CHANGED"
    assert found / 100 == pytest.approx(0.78, abs=0.15)


# What is trained, and what is made of it


@pytest.fixture
def out(tmp_path: Path) -> Path:
    store(tmp_path, drawn(), experiment(seeds=SEEDS))
    return tmp_path


def test_one_committed_seed_is_enough_under_the_same_fingerprint(out: Path) -> None:
    result, seeds = run_check(out, drawn(), experiment(seeds=SEEDS))
    assert seeds == [0]
    assert result.rows == (
        Row(
            "small",
            "every record of seed 0",
            "UNCHANGED (exact)",
            "8 records, equal to the last digit; of 208 test rows the same ones are right",
        ),
    )
    assert result.differences == {}


def test_which_rows_are_right_counts_under_the_same_fingerprint(out: Path) -> None:
    def one_row_moved(task: Task) -> CellResult:
        cell = drawn()(task)
        return replace(cell, correct=bytes([cell.correct[0] ^ 1, *cell.correct[1:]]))

    result, _ = run_check(out, one_row_moved, experiment(seeds=SEEDS))
    assert [(row.verdict, row.detail) for row in result.rows] == [
        ("CHANGED", "1 of 208 test rows are right in one of the two only")
    ]


def test_the_last_digit_counts_under_the_same_fingerprint(out: Path) -> None:
    result, _ = run_check(out, drawn(1e-9), experiment(seeds=SEEDS))
    before, after = (drawn(shift)(task_of(experiment(), 0)).records[0].value for shift in (0.0, 1e-9))
    assert [(row.verdict, row.detail) for row in result.rows] == [
        (
            "CHANGED",
            "4 of 8 records differ under the same fingerprint, the first at "
            f"seed 0, fold 0, step 9, test accuracy: {before!r} -> {after!r}",
        )
    ]


def test_elsewhere_fresh_seeds_are_compared(quick: None, out: Path) -> None:
    made_elsewhere(out, "small")
    result, seeds = run_check(out, drawn(), experiment(seeds=SEEDS))
    assert seeds == [20, 21, 22, 23, 24]
    assert verdicts(result) == {"test accuracy": "UNCHANGED", "test loss": "UNCHANGED"}
    (difference,) = result.differences["small"]
    assert difference.startswith("environment.processor 'another' -> ")


def test_a_changed_configuration_is_named_and_a_failure_tried_once_more(quick: None, out: Path) -> None:
    values = experiment().training.model_dump() | {"optimizer": {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}}
    result, seeds = run_check(out, drawn(0.1), experiment(seeds=SEEDS, training=values))
    assert seeds == [*range(20, 25), *range(25, 35)]
    assert verdicts(result) == {"test accuracy": "CHANGED", "test loss": "UNCHANGED"}
    assert result.differences == {"small": ("training.optimizer.SGD.learning_rate 0.05 -> 0.1",)}
    (problem,) = result.problems
    assert problem.startswith("changed since the committed results: small (test accuracy). If")
    assert result.exit_code is ExitCode.REGRESSION


def test_seeds_that_the_config_now_asks_for_are_not_fresh(quick: None, out: Path) -> None:
    made_elsewhere(out, "small")
    _, seeds = run_check(out, drawn(), experiment(seeds=40))
    assert seeds == [40, 41, 42, 43, 44]


def test_too_few_committed_seeds_are_refused_before_training(tmp_path: Path) -> None:
    store(tmp_path, drawn(), experiment(seeds=12))
    made_elsewhere(tmp_path, "small")
    result, seeds = run_check(tmp_path, drawn(), experiment(seeds=12))
    assert seeds == []
    assert result.exit_code is ExitCode.NOT_MEASURED
    assert result.problems == [
        "nothing was measured, so nothing is known to be unchanged:\n"
        "  small: too few seeds: needs at least 20 committed seeds and has 12: run and commit 8 more"
    ]


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
    make: Callable[[Task], CellResult], detail: dict[str, str], quick: None, out: Path
) -> None:
    made_elsewhere(out, "small")
    result, _ = run_check(out, make, experiment(seeds=SEEDS))
    failed = {row.figure: row.detail for row in result.rows if row.verdict == "FAILED"}
    assert detail.items() <= failed.items()
    assert result.exit_code is ExitCode.REPLICA
    assert f"small, {next(iter(detail))}: {next(iter(detail.values()))}" in result.problems[0]


def test_without_its_data_an_experiment_is_not_checked(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(data: DataDescription) -> Dataset:
        raise DataError("sonar: gone")

    monkeypatch.setattr(datasets, "load", gone)
    result, seeds = run_check(out, drawn(), experiment(seeds=SEEDS))
    assert (seeds, [(row.verdict, row.detail) for row in result.rows]) == ([], [("NO DATA", "sonar: gone")])


def row(verdict: str) -> Row:
    return Row("name", "figure", verdict, "why")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (["UNCHANGED", "CHANGED", "FAILED", "NO DATA"], ExitCode.REGRESSION),
        (["UNCHANGED", "FAILED", "NO DATA"], ExitCode.REPLICA),
        (["UNCHANGED", "NO DATA", "TOO FEW SEEDS"], ExitCode.DATA),
        (["NO DATA"], ExitCode.NOT_MEASURED),
        (["UNCHANGED (exact)", "TOO FEW SEEDS"], ExitCode.NOT_MEASURED),
        (["UNCHANGED", "NOT STORED"], ExitCode.NOT_MEASURED),
        ([], ExitCode.NOT_MEASURED),
    ],
)
def test_only_what_is_measured_and_unchanged_is_green(found: list[str], code: ExitCode) -> None:
    red = CheckResult(tuple(row(verdict) for verdict in found), {}, 0.01)
    assert red.exit_code is code
    assert red.problems
    green = CheckResult((row("UNCHANGED"), row("UNCHANGED (exact)")), {}, 0.01)
    assert (green.exit_code, green.problems) == (ExitCode.DONE, [])


def test_records_that_come_or_go_are_differences() -> None:
    head = "experiment,seed,fold,epoch,step,split,metric,value,status\n"
    old = records_by_seed(head + "x,0,0,1,1,test,loss,0.5,ok\nx,0,0,1,2,test,loss,0.4,ok\n")
    new = records_by_seed(head + "x,0,0,1,1,test,loss,0.5,ok\nx,0,0,1,3,test,loss,0.4,ok\n")
    same = compare_records(old, new)
    assert (same.records, same.differing) == (3, 2)
    assert same.first == "seed 0, fold 0, step 2, test loss: 0.4 -> no record"
    assert records_by_seed(head + "x,4,,,,,,,failed: ValueError\n") == {4: {}}


def test_references_name_the_engine_that_made_them(out: Path) -> None:
    stored = read_stored(out, "small")
    made = stored.provenance.made.model_copy(update={"engine": "keras"})
    write_provenance(stored.folder, stored.provenance.model_copy(update={"made": made}))
    ((reference,), _) = read_references(out, [job(experiment())], environment(), Catalogue(), everything=False)
    assert reference.job.engine == "keras"


# The command


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Results of a shipped experiment, its cells drawn; `repro check` finds its config by itself."""
    store(tmp_path, drawn(), sonar_hidden(f"seeds={SEEDS}"))
    return tmp_path


def sonar_hidden(*overrides: str) -> Experiment:
    return Catalogue().experiment(REPOSITORY / "configs" / "sonar_hidden.yaml", overrides)


def invoke(make: Make, *arguments: object) -> tuple[int, str, str]:
    done = invoke_here(*arguments, machine=stand_in(make))
    return done.exit_code, done.stdout, done.stderr


def test_the_command_checks_all_that_is_stored(quick: None, shipped: Path, tmp_path: Path) -> None:
    assert invoke(drawn(), "check", "-o", shipped, "-q") == (0, "", "")
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    made_elsewhere(shipped, "sonar_hidden")
    code, shown, errors = invoke(drawn(0.1), "check", "-o", shipped, "--summary", summary)
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
    def gone(result: CheckResult) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("repro.cli.print_check.print_check", gone)
    monkeypatch.setattr("repro.cli.streams.silence", lambda descriptor: None)
    made_elsewhere(shipped, "sonar_hidden")
    summary = tmp_path / "summary.md"
    code, _, errors = invoke(drawn(0.1), "check", "-o", shipped, "--summary", summary)
    assert (code, errors.splitlines()[-1].partition(":")[0]) == (1, "Error")
    assert "CHANGED" in summary.read_text()


def test_nothing_stored_is_not_green(tmp_path: Path) -> None:
    code, _, errors = invoke(drawn(), "check", "-o", tmp_path)
    assert code == 6
    assert errors == (
        f"Error: nothing was measured: expected results of an experiment in {tmp_path}, found none; "
        "`repro run CONFIG` makes them\n"
    )


def test_what_is_not_stored_is_not_green(shipped: Path) -> None:
    code, shown, errors = invoke(drawn(), "check", "sonar_hidden", "sonar_visible", "-o", shipped)
    assert code == 6
    assert "sonar_hidden, every record of seed 0: UNCHANGED (exact)\n" in shown
    assert errors.endswith(
        "Error: not everything was checked, so this is not green:\n"
        "  sonar_visible: not stored: no results of this name; `repro run` makes them\n"
    )
    code, _, errors = invoke(drawn(), "check", "sonar_visible", "-o", shipped, "--update")
    assert (code, errors[:60]) == (
        6,
        f"Error: nothing was measured: expected results of sonar_visible in {shipped}"[:60],
    )


def test_stored_results_without_a_config_are_checked_as_they_were_made(out: Path) -> None:
    code, shown, _ = invoke(drawn(), "check", "-o", out)
    assert code == 0
    assert "small, every record of seed 0: UNCHANGED (exact)\n" in shown


def test_the_page_says_what_became_of_every_row(quick: None, out: Path) -> None:
    made_elsewhere(out, "small")
    result, _ = run_check(out, drawn(0.1), experiment(seeds=SEEDS))
    first = next(row for row in result.rows if row.verdict == "CHANGED")
    assert first.judged is not None
    assert words(first).endswith(
        "80% power to find 1.00 points; "
        "the first 5 fresh seeds failed (p = 1.9e-05), 10 others failed as well (p = 1e-05)"
    )
    page = check_page(result)
    committed, now = (100 * mean for mean in (first.judged.last.reference_mean, first.judged.last.fresh_mean))
    assert f"| small | test accuracy | {committed:.2f}% (20 seeds) | {now:.2f}% (10 seeds) | +" in page
    assert " points | 1e-05 | 1.00 points | CHANGED |\n" in page
    assert "- small, test accuracy: the first 5 fresh seeds failed" in page
    assert "- small: not as when the results were made: environment.processor 'another' -> " in page


def task_of(given: Experiment, seed: int) -> Task:
    asked = job(given)
    return asked.task(asked.variants[0], seed)


def accuracies(cell: CellResult) -> list[float]:
    return [record.value for record in cell.records if record.metric == "accuracy"]


def test_update_shows_old_and_new_and_leaves_no_old_cell(shipped: Path) -> None:
    config = sonar_hidden()
    code, shown, _ = invoke(drawn(0.01), "check", "-o", shipped, "--update")
    assert code == 0
    old, new = (
        np.array([[r.value for r in make(task_of(config, seed)).records[::2]] for seed in range(n)]).mean(axis=1)
        for make, n in ((drawn(), SEEDS), (drawn(0.01), config.seeds))
    )
    sides = (f"{100 * v.mean():.2f}% ± {100 * v.std(ddof=1):.2f}% ({v.size} seeds)" for v in (old, new))
    assert shown.splitlines()[:2] == [
        f"sonar_hidden, test accuracy: {' -> '.join(sides)}",
        f"  shift of the mean {100 * (new.mean() - old.mean()):+.2f} points",
    ]
    assert shown.endswith(f"1 of 1 experiments have new results in {shipped}.\n")
    records = records_by_seed((shipped / "sonar_hidden" / "runs.csv").read_text())
    expected = {seed: drawn(0.01)(task_of(config, seed)).records[0].value for seed in range(config.seeds)}
    assert {seed: float(next(iter(found.values()))) for seed, found in records.items()} == expected
    assert not (shipped / ".cells" / ".update").exists()
    again = run([job(config)], shipped, StandIn(), Silent())
    assert again.trained == 0, "the new cells are in the cache"
    code, _, errors = invoke(drawn(0.01), "check", "-o", shipped, "--update")
    assert code == 2
    assert errors.endswith("Error: nothing to update: what is stored is what comes out now\n")


def test_a_regression_counts_more_than_a_summary_that_can_not_be_written(
    quick: None, shipped: Path, tmp_path: Path
) -> None:
    code, _, errors = invoke(drawn(0.1), "check", "-o", shipped, "--summary", tmp_path / "nowhere" / "summary.md")
    assert code == 1
    assert "nowhere/summary.md: No such file or directory" in errors
    assert "changed since the committed results" in errors


def test_update_keeps_an_article_of_ones_own(tmp_path: Path) -> None:
    own = article([], name="tests", title="An article of one's own")
    run([replace(job(experiment(seeds=SEEDS)), article=own)], tmp_path, StandIn(drawn()), Silent())
    assert invoke(drawn(0.01), "check", "-o", tmp_path, "--update")[0] == 0
    assert "## An article of one's own\n" in (tmp_path / "README.md").read_text()


def test_update_keeps_what_could_not_be_made_again(shipped: Path) -> None:
    before = (shipped / "sonar_hidden" / "runs.csv").read_bytes()
    code, shown, _ = invoke(drawn(0.01, fail=[3]), "check", "-o", shipped, "--update")
    assert (code, shown) == (5, f"0 of 1 experiments have new results in {shipped}.\n")
    assert (shipped / "sonar_hidden" / "runs.csv").read_bytes() == before
