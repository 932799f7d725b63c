"""The intervals that the verdicts are made of, and the one place where their input is checked.

scipy.special alone is imported: scipy.stats costs most of a second, and commands on stored results answer faster.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtr, stdtrit

from repro.verdicts.types import Floats, Interval

TIE = 1e-7
"""Figures this close are equal: they were computed in single precision, and a mean over folds adds its rounding."""


def as_sample(values: ArrayLike, what: str = "values") -> Floats:
    """Return `values` as a float64 vector of shape (n,), n >= 1.

    Raises ValueError for another shape, for no values at all and for NaN or infinity: a run that failed has to be
    given its figure, or left out, by the caller, who knows which the configuration asks for.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{what}: expected a vector of one figure per seed, got an array of shape {array.shape}")
    return _finite(array, what)


def as_folds(values: ArrayLike, what: str = "folds") -> Floats:
    """Return `values` as a float64 matrix (n seeds, k >= 2 folds); raises ValueError as `as_sample` does."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] < 2:
        raise ValueError(
            f"{what}: expected a matrix of seeds by two folds or more, got an array of shape {array.shape}"
        )
    return _finite(array, what)


def as_grid(values: ArrayLike, what: str = "values") -> Floats:
    """Return `values` as a float64 matrix (rows, columns), 1 or more of each; raises ValueError as `as_sample` does."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{what}: expected a matrix, got an array of shape {array.shape}")
    return _finite(array, what)


def _finite(array: Floats, what: str) -> Floats:
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise ValueError(f"{what}: expected finite figures, got {bad} of {array.size} that are NaN or infinite")
    return array


def not_negative(value: float, what: str) -> float:
    """Return `value`; raises ValueError if it is negative, NaN or infinite."""
    if not (np.isfinite(value) and value >= 0):
        raise ValueError(f"{what}: expected a number of 0 or more, got {value}")
    return float(value)


def mean_of(sample: Floats) -> float:
    """Mean of a vector, exact where all values are the same (numpy's summation may miss by the last bit)."""
    return float(sample[0]) if sample.min() == sample.max() else float(sample.mean())


def sd_of(sample: Floats) -> float | None:
    """Sample standard deviation (ddof 1): exactly 0 where all values are the same, None for a single value."""
    if sample.size < 2:
        return None
    return 0.0 if sample.min() == sample.max() else float(sample.std(ddof=1))


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t with `df` degrees of freedom, which need not be whole."""
    return float(stdtrit(df, probability))


def upper_tail(difference: float, standard_error: float, df: float) -> float:
    """One-sided p-value, P(T >= difference / standard_error); a standard error of 0 makes it 0, a half or 1."""
    if standard_error == 0:
        return 0.5 if difference == 0 else float(difference < 0)
    return float(stdtr(df, -difference / standard_error))


def two_sided(difference: float, standard_error: float, df: float) -> float:
    """Two-sided p-value of Student's t test that the difference is 0."""
    return min(1.0, 2 * upper_tail(abs(difference), standard_error, df))


def half_width(sd: float, n: int, level: float) -> float:
    """Half the length of the t interval of a mean of n values: t((1+level)/2, n-1) * sd / sqrt(n)."""
    return float(t_quantile((1 + level) / 2, n - 1) * sd / np.sqrt(n))


def around(center: float, half: float) -> Interval:
    """Return center ± half."""
    return center - half, center + half


def mean_interval(mean: float, sd: float | None, n: int, level: float) -> Interval | None:
    """Interval of the mean at `level`; None where a single value leaves it undefined."""
    return None if sd is None else around(mean, half_width(sd, n, level))


def prediction_interval(mean: float, sd: float | None, n: int, rounding: float = 0.0) -> Interval | None:
    """95% interval for one further run, m ± (t(.975, n-1) s sqrt(1 + 1/n) + rounding); None for a single value."""
    return None if sd is None else around(mean, float(t_quantile(0.975, n - 1) * sd * np.sqrt(1 + 1 / n)) + rounding)


def inside(interval: Interval, center: float, half: float) -> bool:
    """Whether the whole interval lies in center ± half, ends (and their rounding) included."""
    low, high = around(center, half + TIE)
    return low <= interval[0] and interval[1] <= high


def wilson(successes: float, n: int) -> Interval:
    """Wilson's 95% score interval of a proportion (Wilson 1927); successes may be halves, where ties are split.

    Raises ValueError unless 0 <= successes <= n and n >= 1.
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"expected 0 <= successes <= n with n >= 1, got {successes} of {n}")
    z2 = float(ndtri(0.975)) ** 2
    p = successes / n
    center = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = float(np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))) / (1 + z2 / n)
    # The ends are exact in theory and miss by a rounding error in practice.
    return 0.0 if successes == 0 else center - half, 1.0 if successes == n else center + half
