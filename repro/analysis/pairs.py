"""Experiments matched by seed: the same way for the claims of an article and for any two that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from repro.config.schema import Experiment
from repro.results.stored import StoredExperiment
from repro.verdicts.types import Floats


@dataclass(frozen=True, eq=False)
class Matched:
    """The seeds that k experiments all have with a valid figure of every fold, and what they came to."""

    seeds: tuple[int, ...]
    left_out: tuple[int, ...]
    """Seeds of any of them that are not among these."""
    values: Floats
    """(k, n seeds) in stored units: the mean over folds."""
    correct: NDArray[np.bool_] | None
    """(k, n seeds, rows), which test rows were predicted right; None where it is not known, or not of this metric."""
    shared: str
    """What runs with one seed share, in words."""


@dataclass(frozen=True)
class NotMatched:
    """Why experiments can't be matched: what of their splits is not the same; else no seed is valid in all."""

    unlike: str


def matched(stored: Sequence[StoredExperiment], metric: str) -> Matched | NotMatched:
    """Match experiments by a metric on the test data."""
    unlike = _unlike_splits([each.experiment for each in stored])
    if unlike:
        return NotMatched(unlike)
    first = stored[0].experiment
    tables = [each.valid(metric).reindex(columns=range(first.protocol.folds)).dropna() for each in stored]
    seeds = reduce(lambda left, right: left.intersection(right), (table.index for table in tables)).sort_values()
    if not len(seeds):
        return NotMatched("")
    every = np.unique(np.concatenate([each.frame["seed"].unique() for each in stored]))
    folds = first.protocol.stratified_k_fold
    split = f"the same {folds.folds} folds" if folds else "the same training and test rows"
    return Matched(
        seeds=tuple(int(seed) for seed in seeds),
        left_out=tuple(int(seed) for seed in every if seed not in seeds),
        values=np.stack([table.loc[seeds].mean(axis=1).to_numpy(np.float64) for table in tables]),
        correct=_correct(stored, seeds) if metric == "accuracy" else None,
        shared=f"{split} and base seed {first.base_seed}",
    )


def _correct(stored: Sequence[StoredExperiment], seeds: Sequence[int]) -> NDArray[np.bool_] | None:
    of_each = [each.correct_rows.of(seeds) for each in stored]
    known = [rows for rows in of_each if rows is not None]
    return np.stack(known) if len(known) == len(stored) else None


def _unlike_splits(experiments: Sequence[Experiment]) -> str:
    """What keeps seed s of one experiment from having the split of seed s of another; empty if nothing does."""
    folds = [each.protocol.stratified_k_fold for each in experiments]
    values = {
        "data set": [each.dataset.name for each in experiments],
        "split": [split.described if split else "a fixed split" for split in folds],
        "base_seed": [str(each.base_seed) for each in experiments],
    }
    distinct = {what: list(dict.fromkeys(found)) for what, found in values.items()}
    return "; ".join(f"{what} ({' and '.join(found)})" for what, found in distinct.items() if len(found) > 1)
