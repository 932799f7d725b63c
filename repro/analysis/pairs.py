"""Experiments matched by seed: the same way for the claims of an article and for any two that are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from repro.config.schema import AnyExperiment
from repro.files import digest
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
    """(k, n seeds, rows), which test rows were predicted right; None where it is not known, or not of this figure."""
    shared: str
    """What runs with one seed share, in words."""


@dataclass(frozen=True)
class NotMatched:
    """Why experiments can't be matched: what of their splits is not the same; else no seed is valid in all."""

    unlike: str


def matched(stored: Sequence[StoredExperiment], metric: str, split: str | None = None) -> Matched | NotMatched:
    """Match experiments by a metric on a split, the one that each is judged on unless given."""
    unlike = _unlike_splits(stored)
    if unlike:
        return NotMatched(unlike)
    first = stored[0].experiment
    judged = first.protocol.judged_split
    tables = [each.valid(metric, split).reindex(columns=range(first.protocol.folds)).dropna() for each in stored]
    seeds = reduce(lambda left, right: left.intersection(right), (table.index for table in tables)).sort_values()
    if not len(seeds):
        return NotMatched("")
    every = np.unique(np.concatenate([each.frame["seed"].unique() for each in stored]))
    return Matched(
        seeds=tuple(int(seed) for seed in seeds),
        left_out=tuple(int(seed) for seed in every if seed not in seeds),
        values=np.stack([table.loc[seeds].mean(axis=1).to_numpy(np.float64) for table in tables]),
        correct=_correct(stored, seeds) if metric == "accuracy" and split in (None, judged) else None,
        shared=f"{first.protocol.shared} and base seed {first.base_seed}",
    )


def _correct(stored: Sequence[StoredExperiment], seeds: Sequence[int]) -> NDArray[np.bool_] | None:
    of_each = [each.correct_rows.of(seeds) for each in stored]
    known = [rows for rows in of_each if rows is not None]
    return np.stack(known) if len(known) == len(stored) else None


def _unlike_splits(stored: Sequence[StoredExperiment]) -> str:
    """What keeps seed s of one experiment from having the split of seed s of another; empty if nothing does."""
    experiments = [each.experiment for each in stored]
    values = {
        "data set": [each.data_name for each in experiments],
        "content of the data": [digest(each.provenance.made.data.sha256)[:8] for each in stored],
        "split": [each.protocol.described for each in experiments],
        "files of the splits": [digest(_split_files(each))[:8] for each in experiments],
        "base_seed": [str(each.base_seed) for each in experiments],
    }
    distinct = {what: list(dict.fromkeys(found)) for what, found in values.items()}
    unlike = {what: found for what, found in distinct.items() if len(found) > 1}
    if "data set" in unlike:
        unlike.pop("content of the data", None)
    return "; ".join(f"{what} ({' and '.join(found)})" for what, found in unlike.items())


def _split_files(experiment: AnyExperiment) -> list[str | None]:
    """SHA-256 of each file that names rows, in the order in which the protocol has them."""
    return [experiment.files.get(name) for name in experiment.protocol.split_files]
