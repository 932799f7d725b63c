"""Rows of a data set, divided into training and test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repro.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Split:
    """One fold: row indices, int32, ascending. Every row is in exactly one of the two."""

    train: NDArray[np.int32]
    test: NDArray[np.int32]


def stratified_k_fold(y: NDArray[np.int32], folds: int, random_state: int, as_in: str | None = None) -> list[Split]:
    """Shuffled stratified k-fold cross-validation (scikit-learn's `StratifiedKFold`).

    Every row is tested in exactly one fold; folds differ by at most one row in each class, and in all too unless
    `as_in` names a scikit-learn that did not see to that.
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
    if as_in:
        fold_of = _folds_of_scikit_learn_0_18(y, folds, random_state)
        return [
            Split(*(np.flatnonzero(rows).astype(np.int32) for rows in (fold_of != k, fold_of == k)))
            for k in range(folds)
        ]
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(n_splits=folds, shuffle=True, random_state=random_state)
    return [Split(train.astype(np.int32), test.astype(np.int32)) for train, test in splitter.split(y, y)]


def fold_sizes(counts: Sequence[int], folds: int, as_in: str | None = None) -> tuple[int, ...]:
    """Rows of each test fold that `stratified_k_fold` makes, the most first; `counts` are the rows of each class.

    Today's scikit-learn spreads the longer pieces of the classes out, so that only their sum matters.
    """
    classes = counts if as_in else [sum(counts)]
    return tuple(sum(rows // folds + (fold < rows % folds) for rows in classes) for fold in range(folds))


def _folds_of_scikit_learn_0_18(y: NDArray[np.int32], folds: int, random_state: int) -> NDArray[np.intp]:
    """The test fold of each row, (rows,), as scikit-learn 0.18 drew it.

    One generator shuffles the rows of one class after the other, and each class is cut into consecutive pieces, the
    first ones a row longer. So the longer pieces of all classes meet in the first folds: today's scikit-learn spreads
    them out.
    """
    generator = np.random.RandomState(random_state)
    fold_of = np.empty(len(y), np.intp)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        generator.shuffle(order := np.arange(len(rows)))
        for fold, piece in enumerate(np.array_split(order, folds)):
            fold_of[rows[piece]] = fold
    return fold_of
