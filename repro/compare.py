"""A against B, from stored records alone: two experiments, or one before and after an upgrade."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from repro.committed import Committed, Sameness, compare_records, read_committed
from repro.conditions import changes
from repro.config.schema import Experiment
from repro.errors import UsageError, suggest
from repro.report.claims import unlike_splits
from repro.report.stored import stored_experiments
from repro.report.summary import finite_seeds
from repro.verdicts.claim import ClaimVerdict, judge_claim
from repro.verdicts.intervals import Floats
from repro.verdicts.unpaired import Unpaired, compare_unpaired

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Comparison:
    """A metric of A and B on the test data: (n,) values by seed of each, and what they say about each other."""

    a: str
    b: str
    metric: str
    values_a: Floats
    values_b: Floats
    paired: ClaimVerdict | None
    """A - B seed by seed; None where the runs can't be paired."""
    unpaired: Unpaired | None
    why: str
    """Why they are paired, or not."""
    same: Sameness | None
    """Records of A and B to the last digit, where both are the same experiment."""
    differences: tuple[str, ...]
    """What of configuration, engine, data and environment is not the same."""


@dataclass(frozen=True)
class Folders:
    """Two results folders held against each other."""

    comparisons: tuple[Comparison, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def compare(a: str, b: str, out: Path, metric: str) -> Comparison | Folders:
    """Compare two experiments, or two results folders experiment by experiment.

    `a` and `b` name experiments stored in `out`, folders of stored experiments, or results folders. Raises UsageError
    for anything else, and where nothing can be compared.
    """
    first, second = _experiment(a, out), _experiment(b, out)
    if first and second:
        return _compare(a, b, read_committed(*first), read_committed(*second), metric)
    if first is None and second is None and stored_experiments(Path(a)) and stored_experiments(Path(b)):
        return _folders(Path(a), Path(b), metric)
    for given, found in ((a, first), (b, second)):
        if found is None and not stored_experiments(Path(given)):
            there = stored_experiments(out)
            hint = suggest(given, there) if there else f"nothing is stored in {out}"
            raise UsageError(f"expected an experiment stored in {out} or a results folder, got {given!r}; {hint}")
    raise UsageError(f"expected two experiments or two results folders, got one of each: {a} and {b}")


def _experiment(given: str, out: Path) -> tuple[Path, str] | None:
    """Results folder and name, where an experiment is meant."""
    for folder in (out / given, Path(given)):
        if (folder / "runs.csv").is_file():
            return folder.parent, folder.name
    return None


def _folders(a: Path, b: Path, metric: str) -> Folders:
    in_a, in_b = stored_experiments(a), stored_experiments(b)
    both = [name for name in in_a if name in in_b]
    if not both:
        raise UsageError(f"expected an experiment that is in both {a} and {b}, found none")
    comparisons = (
        _compare(f"{a}/{name}", f"{b}/{name}", read_committed(a, name), read_committed(b, name), metric)
        for name in both
    )
    only_a = tuple(name for name in in_a if name not in in_b)
    return Folders(tuple(comparisons), only_a, tuple(name for name in in_b if name not in in_a))


def _compare(name_a: str, name_b: str, a: Committed, b: Committed, metric: str) -> Comparison:
    tables = [finite_seeds(each.frame, metric, "test") for each in (a, b)]
    for name, table in zip((name_a, name_b), tables, strict=True):
        if not len(table):
            raise UsageError(f"{name}: no seed has a finite test {metric}, so there is nothing to compare")
    obstacle = _not_pairable(a.experiment, b.experiment, *tables)
    if obstacle:
        values_a, values_b = (_by_seed(table) for table in tables)
        paired, unpaired, why = None, compare_unpaired(values_a, values_b), f"not paired: {obstacle}"
    else:
        common = tables[0].index.intersection(tables[1].index)
        values_a, values_b = (_by_seed(table.loc[common]) for table in tables)
        paired, unpaired = _judge(*(table.loc[common] for table in tables)), None
        left_out = len(tables[0].index.union(tables[1].index)) - len(common)
        why = "paired by seed: same data, split and order"
        why += f"; {left_out} seeds that only one of them has are left out" if left_out else ""
    same = compare_records(a.records, b.records) if a.experiment.name == b.experiment.name else None
    differences = changes(a.provenance, b.provenance)
    return Comparison(name_a, name_b, metric, values_a, values_b, paired, unpaired, why, same, differences)


def _by_seed(folds: DataFrame) -> Floats:
    return np.asarray(folds.mean(axis=1), np.float64)


def _not_pairable(a: Experiment, b: Experiment, folds_a: DataFrame, folds_b: DataFrame) -> str:
    """Why runs of the same seed don't share data, split and order; empty where they do."""
    unlike = unlike_splits(a, b)
    if unlike:
        return f"they differ in {unlike}"
    return "" if len(folds_a.index.intersection(folds_b.index)) else "they have no seed in common"


def _judge(folds_a: DataFrame, folds_b: DataFrame) -> ClaimVerdict:
    """A > B with no margin: its numbers are wanted, not its verdict."""
    values_a, values_b, folds = _by_seed(folds_a), _by_seed(folds_b), folds_a.shape[1]
    if folds == 1:
        return judge_claim(values_a, values_b, "greater", 0.0)
    return judge_claim(
        values_a,
        values_b,
        "greater",
        0.0,
        folds_a=folds_a.to_numpy(),
        folds_b=folds_b.to_numpy(),
        test_fraction=1 / (folds - 1),
    )
