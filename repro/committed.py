"""Stored results of one experiment as `check` and `compare` read them: values by seed, and records as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from repro.config.schema import Article, Experiment
from repro.report.stored import read_provenance, read_runs, stored_article, stored_experiment
from repro.report.summary import finite_seeds, runs_frame
from repro.training.worker import Outcome
from repro.verdicts.intervals import Floats

if TYPE_CHECKING:
    from pandas import DataFrame

SeedRecords = dict[tuple[str, ...], str]
"""The records of one seed: (fold, epoch, step, split, metric) -> value, all as they are written."""


@dataclass(frozen=True, eq=False)
class Committed:
    """One experiment in a results folder."""

    experiment: Experiment
    """As it was run."""
    article: Article | None
    """Its article, where that is not one that comes with repro."""
    provenance: dict[str, Any]
    frame: DataFrame
    records: dict[int, SeedRecords]

    @property
    def seconds(self) -> float:
        """Training time of one seed, on average."""
        return float(self.provenance["cell_seconds"] / self.frame["seed"].nunique())


def read_committed(out: Path, name: str) -> Committed:
    """The stored results of an experiment. Raises MachineError where files are missing, damaged or not ours."""
    provenance = read_provenance(out, name)
    runs = read_runs(out / name, provenance)
    experiment, article = stored_experiment(provenance, out / name), stored_article(provenance, out / name)
    return Committed(experiment, article, provenance, runs_frame(runs), records_by_seed(runs))


def records_by_seed(runs_csv: str) -> dict[int, SeedRecords]:
    """The records in the text of a `runs.csv`, in its order; a seed that failed has none."""
    found: dict[int, SeedRecords] = {}
    for row in csv.DictReader(io.StringIO(runs_csv)):
        seed = found.setdefault(int(row["seed"]), {})
        if not row["status"].startswith("failed"):
            seed[tuple(row[key] for key in ("fold", "epoch", "step", "split", "metric"))] = row["value"]
    return found


def seed_values(frame: DataFrame, metric: str) -> Floats:
    """(n,) values on the test data, one of each seed that has a finite one: the mean over its folds."""
    return np.asarray(finite_seeds(frame, metric, "test").mean(axis=1), np.float64)


def outcomes_frame(outcomes: Iterable[Outcome]) -> DataFrame:
    """Freshly trained cells in the columns that values are read from."""
    import pandas as pd

    rows = [(outcome.seed, *row, outcome.diverged.get(row[0], "ok")) for outcome in outcomes for row in outcome.rows]
    return pd.DataFrame(rows, columns=["seed", "fold", "epoch", "step", "split", "metric", "value", "status"])


@dataclass(frozen=True)
class Sameness:
    """Records of the same seeds held against each other, to the last digit."""

    records: int
    differing: int
    first: str
    """The first record that differs, and how; empty where none does."""


def compare_records(old: Mapping[int, SeedRecords], new: Mapping[int, SeedRecords]) -> Sameness:
    """Compare every record of every seed that is in both."""
    count, differing = 0, []
    for seed in sorted(old.keys() & new.keys()):
        for key in dict.fromkeys([*old[seed], *new[seed]]):
            count += 1
            values = old[seed].get(key), new[seed].get(key)
            if values[0] != values[1]:
                differing.append((seed, key, values))
    return Sameness(count, len(differing), _named(*differing[0]) if differing else "")


def _named(seed: int, key: tuple[str, ...], values: tuple[str | None, str | None]) -> str:
    fold, _, step, split, metric = key
    shown = [value if value is not None else "no record" for value in values]
    return f"seed {seed}, fold {fold}, step {step}, {split} {metric}: {shown[0]} -> {shown[1]}"
