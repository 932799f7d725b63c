"""Rows of a data set, divided into training and test rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repro.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Split:
    """One fold: row indices, int32, ascending. Every row is in exactly one of the two."""

    train: NDArray[np.int32]
    test: NDArray[np.int32]


def stratified_k_fold(y: NDArray[np.int32], folds: int, random_state: int) -> list[Split]:
    """Shuffled stratified k-fold cross-validation (scikit-learn's `StratifiedKFold`).

    Every row is tested in exactly one fold; folds differ by at most one row, in all and in each class.
    y: (rows,) labels. random_state: 0 to 2**32 - 1; equal states give equal splits.
    Raises ConfigError if there are more folds than rows in all or in the smallest class.
    """
    if folds > len(y):
        raise ConfigError(f"stratified_k_fold: {folds} folds need at least {folds} rows, but there are {len(y)}")
    labels, counts = np.unique(y, return_counts=True)
    smallest = counts.argmin()
    if folds > counts[smallest]:
        raise ConfigError(
            f"stratified_k_fold: {folds} folds need at least {folds} rows of every class, but class "
            f"{labels[smallest]} has {counts[smallest]}: use at most {counts[smallest]} folds"
        )
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(n_splits=folds, shuffle=True, random_state=random_state)
    return [Split(train.astype(np.int32), test.astype(np.int32)) for train, test in splitter.split(y, y)]
