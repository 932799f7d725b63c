"""A against B from stored records: numbers by hand, pairing, folders, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from checking import job
from conftest import experiment
from scipy import stats
from stored_results import store as store_cells
from tiny import elsewhere, invoke, some_rows

from repro.analysis.comparison import Comparison
from repro.commands.compare import Folders, compare
from repro.config.schema import Experiment
from repro.errors import UsageError
from repro.results.provenance import changes, write_provenance
from repro.results.records import CellResult, Record
from repro.results.stored import read_stored
from repro.training.environment import environment
from repro.verdicts.beyond import standard_error
from repro.verdicts.unpaired import compare_unpaired


def store(out: Path, config: Experiment, folds: Sequence[Sequence[float]], first_seed: int = 0) -> None:
    """Stored results with these test accuracies, one row a seed and one column a fold; losses are 1 - accuracy."""
    cells = [
        CellResult(
            seed,
            1.0,
            environment(),
            tuple(
                Record(fold, 3, 9, "test", metric, each)
                for fold, value in enumerate(values)
                for metric, each in (("accuracy", value), ("loss", round(1 - value, 9)))
            ),
            correct=some_rows(ord(config.name[0]) + 1000 * seed) if config.dataset.name == "sonar" else b"",
        )
        for seed, values in enumerate(folds, first_seed)
    ]
    store_cells(out, config, cells)


def named(name: str, **changes: object) -> Experiment:
    return experiment(name=name, **{"protocol": {"stratified_k_fold": {"folds": 2}}} | changes)


A = [[0.80, 0.84], [0.82, 0.84], [0.81, 0.81], [0.90, 0.84], [0.83, 0.85]]
B = [[0.78, 0.82], [0.82, 0.82], [0.81, 0.81], [0.80, 0.84], [0.84, 0.86]]


def compared(out: Path, metric: str = "accuracy") -> Comparison:
    found = compare("a", "b", out, metric)
    assert isinstance(found, Comparison)
    return found


def test_pairs_by_hand(tmp_path: Path) -> None:
    store(tmp_path, named("a"), A)
    store(tmp_path, named("b"), B)
    found = compared(tmp_path)
    paired = found.paired
    assert paired is not None
    assert found.why == "paired by seed: same data, split and order"
    gaps = np.array([0.02, 0.01, 0.0, 0.05, -0.01])
    assert found.values_a == pytest.approx([0.82, 0.83, 0.81, 0.87, 0.84])
    assert (paired.difference, paired.wins, paired.losses, paired.ties) == (pytest.approx(0.014), 3, 1, 1)
    half = 2.776445 * gaps.std(ddof=1) / np.sqrt(5)
    assert paired.interval == pytest.approx((0.014 - half, 0.014 + half), abs=1e-7)
    a, b = (each.correct_rows.rows.astype(float) for each in (found.a, found.b))
    error, df = standard_error(a - b)
    assert paired.beyond is not None
    assert paired.beyond.rows == 208
    assert paired.beyond.interval == pytest.approx(
        (0.014 - stats.t.ppf(0.975, df) * error, 0.014 + stats.t.ppf(0.975, df) * error)
    )
    assert found.records is None
    of_loss = compared(tmp_path, "loss").paired
    assert of_loss is not None
    assert of_loss.difference == pytest.approx(-0.014)
    assert of_loss.beyond is None, "which rows are right says nothing of a loss"


@pytest.mark.parametrize(
    ("changes", "first_seed", "why"),
    [
        ({"base_seed": 5}, 0, "they differ in base_seed (0 and 5)"),
        ({"protocol": {"stratified_k_fold": {"folds": 3}}}, 0, "they differ in split (2 folds and 3 folds)"),
        ({"dataset": {"name": "digits"}}, 0, "they differ in data set (sonar and digits)"),
        ({}, 9, "they have no seed in common"),
    ],
)
def test_what_shares_no_split_and_order_is_not_paired(
    changes: dict[str, object], first_seed: int, why: str, tmp_path: Path
) -> None:
    store(tmp_path, named("a"), A)
    store(tmp_path, named("b", **changes), B, first_seed)
    found = compared(tmp_path)
    assert (found.paired, found.why) == (None, f"not paired: {why}")
    assert found.unpaired is not None
    assert found.unpaired.difference == pytest.approx(0.014)


def test_seeds_that_only_one_has_are_left_out(tmp_path: Path) -> None:
    store(tmp_path, named("a"), A)
    store(tmp_path, named("b"), B, first_seed=2)
    found = compared(tmp_path)
    assert found.paired is not None
    assert found.paired.n == 3
    assert found.why.startswith("paired by seed: same data, split and order; 4 seeds are left out")


def test_welch_is_scipys() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.85, 0.02, 12), rng.normal(0.84, 0.05, 7)
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    found = compare_unpaired(a, b)
    assert found.interval == pytest.approx(tuple(expected))
    assert found.share == pytest.approx(stats.mannwhitneyu(a, b).statistic / (12 * 7))


@pytest.mark.parametrize(
    ("a", "b", "interval", "share"),
    [([0.5], [0.4, 0.4], None, 1.0), ([0.5, 0.5], [0.4, 0.4], (0.1, 0.1), 1.0), ([0.4, 0.4], [0.4], None, 0.5)],
)
def test_unpaired_without_spread(a: list[float], b: list[float], interval: object, share: float) -> None:
    found = compare_unpaired(a, b)
    assert found.interval == (interval and pytest.approx(interval))
    assert found.share == share


def upgraded(out: Path, name: str) -> None:
    """Let results look like those of another Keras."""
    stored = read_stored(out, name)
    packages = {**stored.provenance.made.environment.packages, "keras": "9.9"}
    where = stored.provenance.made.environment.model_copy(update={"packages": packages})
    made = stored.provenance.made.model_copy(update={"environment": where})
    write_provenance(stored.folder, stored.provenance.model_copy(update={"made": made}))


def test_folders_before_and_after_an_upgrade(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for out, b in ((before, B), (after, [[0.79, 0.82], *B[1:]])):
        store(out, named("a"), A)
        store(out, named("b"), b)
    store(before, named("gone"), A)
    upgraded(after, "a")
    found = compare(str(before), str(after), tmp_path, "accuracy")
    assert isinstance(found, Folders)
    assert (found.only_a, found.only_b) == (("gone",), ())
    same, other = (comparison.records for comparison in found.comparisons)
    assert same is not None
    assert (same.records, same.differing) == (20, 0)
    assert other is not None
    assert (other.records, other.differing) == (20, 2)
    assert other.first == "seed 0, fold 0, step 9, test accuracy: 0.78 -> 0.79"
    version = read_stored(before, "a").provenance.made.environment.packages["keras"]
    assert [comparison.differences for comparison in found.comparisons] == [
        (f"environment.packages.keras {version!r} -> '9.9'",),
        (),
    ]


def lines(old: dict[str, object], new: dict[str, object]) -> tuple[str, ...]:
    """What differs between two runs of which only the trained part of the configuration is another."""
    here = job(experiment()).conditions
    return changes(*(here.model_copy(update={"trained": trained}) for trained in (old, new)))


def test_lists_of_different_length_are_shown_from_where_they_differ_to_where_they_do_not() -> None:
    dense = [{"Dense": {"units": units, "activation": "relu", "name": "x" * 80}} for units in (60, 30, 1)]
    old, new = ({"model": model} for model in (dense, [dense[0], {"Dropout": {"rate": 0.2}}, *dense[1:]]))
    assert lines(old, new) == ("model, from 1 on, [] -> [{'Dropout': {'rate': 0.2}}]",)
    assert lines(new, old) == ("model, from 1 on, [{'Dropout': {'rate': 0.2}}] -> []",)
    long = [{"model": [{"Dense": {"name": "x" * 200, "units": units}}]} for units in ("2" * 150, "3" * 150)]
    (line,) = lines(*long)
    assert line == f"model.0.Dense.units '{'2' * 99}... -> '{'3' * 99}..."
    (line,) = lines({"note": "x" * 200 + "y"}, {"note": "x" * 200 + "z"})
    assert line == f"note ...{'x' * 30}y' -> ...{'x' * 30}z'"
    repeated = [{"model": [1] * count} for count in (2, 3)]
    assert lines(*repeated) == ("model, from 2 on, [] -> [1]",)


def test_conditions_are_what_changes_are_looked_for_in() -> None:
    here = job(experiment()).conditions
    others = {
        "trained": {"another": 1} | here.trained,
        "engine": "keras",
        "data": here.data.model_copy(update={"sha256": {"sonar.csv": "0"}}),
        "environment": elsewhere(),
    }
    assert set(others) == set(type(here).model_fields)
    for key, other in others.items():
        there = here.model_copy(update={key: other})
        assert len(changes(here, there)) == 1
        assert there.fingerprint != here.fingerprint


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("a", "bb", "expected an experiment stored in {out} or a results folder, got 'bb'; "),
        ("a", "{out}", "expected two experiments or two results folders, got one of each: a and {out}"),
        ("{out}", "{out}/b", "expected two experiments or two results folders, got one of each: {out} and {out}/b"),
    ],
)
def test_what_cannot_be_compared_is_refused(a: str, b: str, message: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        store(tmp_path, named(name), A)
    with pytest.raises(UsageError) as caught:
        compare(a.format(out=tmp_path), b.format(out=tmp_path), tmp_path, "accuracy")
    assert str(caught.value).startswith(message.format(out=tmp_path))


def test_figures_that_are_not_finite_leave_nothing_to_compare(tmp_path: Path) -> None:
    store(tmp_path, named("a"), [[float("nan"), 0.8]])
    store(tmp_path, named("b"), B)
    with pytest.raises(UsageError, match=r"/a: no seed has a valid test accuracy, so there is nothing to compare$"):
        compare("a", "b", tmp_path, "accuracy")


def test_the_command_prints_both_their_difference_and_one_sentence(tmp_path: Path) -> None:
    store(tmp_path, named("a"), A)
    store(tmp_path, named("b"), B)
    done = invoke("compare", "a", "b", "-o", tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1:] == [
        "test accuracy, paired by seed: same data, split and order",
        "  A                 a: 83.40% ± 2.30% (5 seeds)",
        "  B                 b: 82.00% ± 1.87% (5 seeds)",
        "  A - B             +1.40 points, 95% interval -1.46 to +4.26 points",
        "  share of pairs    A is above B in 3 of 5 (1 tie): 70%, 95% interval 30 to 93%",
        "  beyond these rows 95% interval -3.01 to +5.81 points, other seeds and other rows of data",
        "  No difference of the means is shown: the 95% interval holds 0; "
        "5 seeds have 80% power to find a difference of 3.83 points.",
    ]


@pytest.mark.parametrize(
    ("a", "sentence"),
    [
        (A, "A and B have the same value in every seed."),
        (
            [[x + 0.1 for x in seed] for seed in B],
            "The mean of A is higher than that of B: the 95% interval leaves out 0.",
        ),
        (A[:1], "A single seed says nothing about a difference of the means."),
    ],
)
def test_the_sentence(a: list[list[float]], sentence: str, tmp_path: Path) -> None:
    store(tmp_path, named("a"), a)
    store(tmp_path, named("b"), A if a is A else B)
    done = invoke("compare", "a", "b", "-o", tmp_path)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"  {sentence}")


def test_folders_are_printed_with_what_differs(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for out in (before, after):
        store(out, named("a"), A)
    store(after, named("new"), A)
    done = invoke("compare", before, after)
    assert done.stdout == (
        "only in B: new\n\n"
        "test accuracy, paired by seed: same data, split and order\n"
        f"  A                 {before}/a: 83.40% ± 2.30% (5 seeds)\n"
        f"  B                 {after}/a: 83.40% ± 2.30% (5 seeds)\n"
        "  Every value of every seed that both have is the same, to the last digit (20 records).\n"
    )


def test_stored_records_are_compared_without_tensorflow(tmp_path: Path) -> None:
    for name in ("a", "b"):
        store(tmp_path, named(name), A)
    script = f"""
import sys
from pathlib import Path
from repro.cli import print_compare
from repro.commands import check, update
from repro.commands.compare import compare
compare("a", "b", Path({str(tmp_path)!r}), "accuracy")
assert not {{"tensorflow", "keras", "matplotlib"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", script], check=True)
