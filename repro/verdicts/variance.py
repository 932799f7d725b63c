"""Where the spread of an accuracy comes from, each part said with what it is over."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from repro.verdicts.intervals import as_folds, as_sample, mean_of, sd_of
from repro.verdicts.types import Floats, FoldSpread, VarianceComponent


def fold_spreads(folds: ArrayLike) -> Floats:
    """Population standard deviation (ddof 0) over the folds of each seed: shape (n seeds, k folds) in, (n,) out.

    This is what an article's "± over folds" is compared with (`judge_number`); it is not an error bar of the mean.
    Raises ValueError for fewer than two folds or for figures that are not finite.
    """
    return np.asarray(as_folds(folds).std(axis=1, ddof=0), dtype=np.float64)


def fold_spread(folds: ArrayLike) -> FoldSpread:
    """Describe the `fold_spreads` of (n seeds, k folds); raises ValueError as it does."""
    spreads = fold_spreads(folds)
    return FoldSpread(float(spreads.mean()), float(spreads.min()), float(spreads.max()))


def variance_budget(
    values: ArrayLike, n_test: int | None, folds: ArrayLike | None = None
) -> tuple[VarianceComponent, ...]:
    """Budget of variance of one experiment's accuracy.

    `values`: shape (n,), the accuracy of each seed (the mean over folds in cross-validation), in [0, 1].
    `n_test`: rows that a seed's accuracy is counted on (all rows of the data set in cross-validation); None where that
    is not known, which leaves the binomial parts out.
    `folds`: shape (n, k) in cross-validation, else None.
    The parts are not disjoint: the spread over folds contains the binomial noise of a fold's few rows. The seed's part
    is left out for a single seed. Raises ValueError for accuracies outside [0, 1], n_test < 1, or folds of other seeds.
    """
    x = as_sample(values)
    if x.min() < 0 or x.max() > 1 or (n_test is not None and n_test < 1):
        raise ValueError("a budget of variance needs accuracies between 0 and 1 and at least one test row")
    mean, sd = mean_of(x), sd_of(x)
    budget = [] if sd is None else [VarianceComponent("seed", "between seeds, of a seed's accuracy", sd)]
    if folds is not None:
        budget.append(VarianceComponent("fold", "between the folds of one seed", _pooled(_folds_of(folds, x))))
    if n_test is None:
        return tuple(budget)
    budget.append(VarianceComponent("test_set", f"re-drawing {n_test} test rows (binomial)", _binomial(mean, n_test)))
    if folds is not None:
        rows = n_test / np.shape(folds)[1]
        budget.append(
            VarianceComponent(
                "fold_test_set", f"re-drawing the {rows:.1f} rows of one fold (binomial)", _binomial(mean, rows)
            )
        )
    return tuple(budget)


def _folds_of(folds: ArrayLike, values: Floats) -> Floats:
    matrix = as_folds(folds)
    if matrix.shape[0] != values.size:
        raise ValueError(f"expected the folds of {values.size} seeds, got those of {matrix.shape[0]}")
    return matrix


def _pooled(matrix: Floats) -> float:
    """Root of the mean over seeds of the variance (ddof 1) over folds."""
    return float(np.sqrt(matrix.var(axis=1, ddof=1).mean()))


def _binomial(mean: float, rows: float) -> float:
    return float(np.sqrt(mean * (1 - mean) / rows))
