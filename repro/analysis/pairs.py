"""Two experiments matched by seed: the same way for the claims of an article and for any two that are compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repro.config.schema import Experiment
from repro.results.stored import StoredExperiment
from repro.verdicts.types import ClaimInput, Direction, Floats


@dataclass(frozen=True, eq=False)
class Pair:
    """The seeds that both experiments have with a valid figure of every fold, and the figures."""

    seeds: tuple[int, ...]
    left_out: tuple[int, ...]
    """Seeds of either that are not among them."""
    folds_a: Floats
    """Shape (seeds, folds), in stored units; one fold without cross-validation."""
    folds_b: Floats
    shared: str
    """What two runs with one seed share, in words."""

    @property
    def a(self) -> Floats:
        """(n,) values of the first by seed: the mean over folds."""
        return np.asarray(self.folds_a.mean(axis=1), np.float64)

    @property
    def b(self) -> Floats:
        """Those of the second."""
        return np.asarray(self.folds_b.mean(axis=1), np.float64)

    def claim(self, direction: Direction, margin: float) -> ClaimInput:
        """A claim about the first against the second; `margin` in stored units."""
        folds = self.folds_a.shape[1]
        if folds == 1:
            return ClaimInput(self.a, self.b, direction, margin)
        return ClaimInput(self.a, self.b, direction, margin, self.folds_a, self.folds_b, 1 / (folds - 1))


@dataclass(frozen=True)
class NoPair:
    """Why two experiments can't be matched: what of their splits is not the same; else no seed is valid in both."""

    unlike: str


def paired(a: StoredExperiment, b: StoredExperiment, metric: str) -> Pair | NoPair:
    """Match two experiments by a metric on the test data."""
    unlike = _unlike_splits(a.experiment, b.experiment)
    if unlike:
        return NoPair(unlike)
    protocol = a.experiment.protocol
    every_fold = range(protocol.folds)
    of_a, of_b = (each.valid(metric).reindex(columns=every_fold).dropna() for each in (a, b))
    seeds = of_a.index.intersection(of_b.index).sort_values()
    if not len(seeds):
        return NoPair("")
    every = np.union1d(a.frame["seed"].unique(), b.frame["seed"].unique())
    split = f"the same {protocol.folds} folds" if protocol.stratified_k_fold else "the same training and test rows"
    return Pair(
        seeds=tuple(int(seed) for seed in seeds),
        left_out=tuple(int(seed) for seed in every if seed not in seeds),
        folds_a=of_a.loc[seeds].to_numpy(),
        folds_b=of_b.loc[seeds].to_numpy(),
        shared=f"{split} and base seed {a.experiment.base_seed}",
    )


def _unlike_splits(a: Experiment, b: Experiment) -> str:
    """What keeps seed s of one experiment from having the split of seed s of the other; empty if nothing does."""
    folds = [each.protocol.stratified_k_fold for each in (a, b)]
    pairs = {
        "data set": (a.dataset.name, b.dataset.name),
        "split": tuple(split.described if split else "a fixed split" for split in folds),
        "base_seed": (a.base_seed, b.base_seed),
    }
    return "; ".join(f"{what} ({of_a} and {of_b})" for what, (of_a, of_b) in pairs.items() if of_a != of_b)
