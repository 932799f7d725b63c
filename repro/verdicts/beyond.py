"""A difference beyond the rows at hand: other seeds and other rows, from which rows each seed predicted right."""

from __future__ import annotations

import numpy as np

from repro.verdicts.types import Floats


def standard_error(rows: Floats) -> tuple[float, float]:
    """Standard error of the mean of a difference over new seeds and new rows, and its degrees of freedom.

    `rows`: (n >= 2 seeds, N >= 2 rows), what row i under seed s adds to the difference: for A - B, 1 where only A
    predicted it right, -1 where only B did, else 0. Both seeds and rows are drawn at random and crossed, one figure a
    cell, so Var = (MS_seeds + MS_rows - MS_residual) / (n N), with the degrees of freedom of Satterthwaite 1946
    (the model: Searle, Casella and McCulloch 1992, Variance Components).
    What another *training* set would change moves the rows together, and which were right does not show it: no
    estimator of that part is unbiased in cross-validation (Bengio and Grandvalet 2004), and for a fixed split the error
    is that of other test rows. The two-way bootstrap of Sellam et al. 2022 does not see it either, and counts the
    residual three times (compared in benchmarks/beyond_rates.py).
    A component of variance that comes out negative is set to 0: Var is never below MS_seeds / (n N) or
    MS_rows / (n N): to draw seeds *and* rows is never more certain than to draw only one.
    """
    n, size = rows.shape
    by_seed, by_row, mean = rows.mean(axis=1), rows.mean(axis=0), rows.mean()
    residual = rows - by_seed[:, None] - by_row[None, :] + mean
    seeds = float(by_seed.var(ddof=1)) / n
    data = float(by_row.var(ddof=1)) / size
    rest = float((residual**2).sum()) / ((n - 1) * (size - 1)) / (n * size)
    if rest >= min(seeds, data):
        return (float(np.sqrt(seeds)), n - 1) if seeds >= data else (float(np.sqrt(data)), size - 1)
    variance = seeds + data - rest
    df = variance**2 / (seeds**2 / (n - 1) + data**2 / (size - 1) + rest**2 / ((n - 1) * (size - 1)))
    return float(np.sqrt(variance)), df
