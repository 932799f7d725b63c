"""Rows of a data set, divided into training and test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repro.config.protocol import HoldOut, KFold, StratifiedKFold
from repro.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Split:
    """Row indices, int32. No row is in both; `test` is ascending, `train` too unless the rows were shuffled.

    The order of the training rows counts where a part of them is taken out, and where training doesn't shuffle.
    """

    train: NDArray[np.int32]
    test: NDArray[np.int32]


def divided(kind: HoldOut | KFold, y: NDArray[Any], state: int) -> list[Split]:
    """The splits of a protocol that divides the rows itself; y: (rows,) labels or targets.

    state: the `random_state` where the protocol names none. Raises ConfigError where the rows don't do.
    """
    if kind.random_state is not None:
        state = kind.random_state
    shuffled = state if kind.shuffle else None
    match kind:
        case StratifiedKFold():
            return stratified_k_fold(y, kind.folds, shuffled, kind.as_in)
        case KFold():
            return k_fold(len(y), kind.folds, shuffled)
    test = kind.test_rows(len(y))
    return [hold_out(y, test, shuffled if kind.train_first is None else None, stratify=kind.stratify)]


def hold_out(y: NDArray[Any], test: int, random_state: int | None, *, stratify: bool = False) -> Split:
    """So many rows held out as scikit-learn's `train_test_split` does it; the last ones without a random state.

    y: (rows,). Raises ConfigError where the classes are too small to be stratified.
    """
    rows = np.arange(len(y), dtype=np.int32)
    if random_state is None:
        return Split(rows[: len(y) - test], rows[len(y) - test :])
    if stratify:
        _check_strata(y, test)
    from sklearn.model_selection import train_test_split

    found = train_test_split(rows, test_size=test, random_state=random_state, stratify=y if stratify else None)
    return Split(found[0], np.sort(found[1]))


def k_fold(rows: int, folds: int, random_state: int | None) -> list[Split]:
    """k-fold cross-validation (scikit-learn's `KFold`), of the rows as they stand without a random state."""
    from sklearn.model_selection import KFold as Splitter

    splitter = Splitter(n_splits=folds, shuffle=random_state is not None, random_state=random_state)
    return [Split(train.astype(np.int32), test.astype(np.int32)) for train, test in splitter.split(np.zeros(rows))]


def stratified_k_fold(
    y: NDArray[np.int32], folds: int, random_state: int | None, as_in: str | None = None
) -> list[Split]:
    """Stratified k-fold cross-validation (scikit-learn's `StratifiedKFold`).

    Every row is tested in exactly one fold; folds differ by at most one row in each class, and in all too unless
    `as_in` names a scikit-learn that did not see to that.
    y: (rows,) labels. random_state: 0 to 2**32 - 1, equal states give equal splits; None doesn't shuffle.
    Raises ConfigError if there are more folds than rows in all or in the smallest class.
    """
    check_folds(y, folds)
    if as_in:
        fold_of = _folds_of_scikit_learn_0_18(y, folds, random_state)
        return [
            Split(*(np.flatnonzero(rows).astype(np.int32) for rows in (fold_of != k, fold_of == k)))
            for k in range(folds)
        ]
    from sklearn.model_selection import StratifiedKFold as Splitter

    splitter = Splitter(n_splits=folds, shuffle=random_state is not None, random_state=random_state)
    return [Split(train.astype(np.int32), test.astype(np.int32)) for train, test in splitter.split(y, y)]


def check_folds(y: NDArray[np.int32], folds: int) -> None:
    """Raises ConfigError if there are more stratified folds than rows in all or in the smallest class."""
    if folds > len(y):
        raise ConfigError(f"stratified_k_fold: {folds} folds need at least {folds} rows, but there are {len(y)}")
    label, count = _smallest(y)
    if folds > count:
        raise ConfigError(
            f"stratified_k_fold: {folds} folds need at least {folds} rows of every class, but class "
            f"{label} has {count}: use at most {count} folds"
        )


def _check_strata(y: NDArray[np.int32], test: int) -> None:
    label, count = _smallest(y)
    if count < 2:
        raise ConfigError(f"hold_out.stratify: expected at least 2 rows of every class, but class {label} has {count}")
    classes = len(np.unique(y))
    if min(test, len(y) - test) < classes:
        raise ConfigError(
            f"hold_out.stratify: expected at least {classes} rows on either side, one of every class, got "
            f"{len(y) - test} for training and {test} for the test"
        )


def _smallest(y: NDArray[np.int32]) -> tuple[int, int]:
    """The label of the smallest class and its rows."""
    labels, counts = np.unique(y, return_counts=True)
    smallest = counts.argmin()
    return int(labels[smallest]), int(counts[smallest])


def fold_sizes(counts: Sequence[int], folds: int, as_in: str | None = None) -> tuple[int, ...]:
    """Rows of each test fold that `stratified_k_fold` makes, the most first; `counts` are the rows of each class.

    Today's scikit-learn spreads the longer pieces of the classes out, so that only their sum matters.
    """
    classes = counts if as_in else [sum(counts)]
    return tuple(sum(rows // folds + (fold < rows % folds) for rows in classes) for fold in range(folds))


def _folds_of_scikit_learn_0_18(y: NDArray[np.int32], folds: int, random_state: int | None) -> NDArray[np.intp]:
    """The test fold of each row, (rows,), as scikit-learn 0.18 drew it, or cut it without a random state.

    One generator shuffles the rows of one class after the other, and each class is cut into consecutive pieces, the
    first ones a row longer. So the longer pieces of all classes meet in the first folds: today's scikit-learn spreads
    them out.
    """
    generator = None if random_state is None else np.random.RandomState(random_state)
    fold_of = np.empty(len(y), np.intp)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        order = np.arange(len(rows))
        if generator is not None:
            generator.shuffle(order)
        for fold, piece in enumerate(np.array_split(order, folds)):
            fold_of[rows[piece]] = fold
    return fold_of
