"""A against B where their runs can't be paired."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from repro.verdicts.intervals import TIE, around, as_sample, mean_of, sd_of
from repro.verdicts.types import Unpaired


def compare_unpaired(a: ArrayLike, b: ArrayLike) -> Unpaired:
    """Compare (n,) runs of A with (m,) runs of B, with Welch's interval (Welch 1947): variances may differ.

    Raises ValueError for no values, NaN or infinity.
    """
    x, y = as_sample(a, "a"), as_sample(b, "b")
    gaps = x[:, None] - y[None, :]
    share = float(np.mean((gaps > TIE) + 0.5 * (np.abs(gaps) <= TIE)))
    difference = mean_of(x) - mean_of(y)
    sd_x, sd_y = sd_of(x), sd_of(y)
    if sd_x is None or sd_y is None:
        return Unpaired(difference, None, share)
    parts = sd_x**2 / x.size, sd_y**2 / y.size
    if sum(parts) == 0:
        return Unpaired(difference, (difference, difference), share)
    df = sum(parts) ** 2 / (parts[0] ** 2 / (x.size - 1) + parts[1] ** 2 / (y.size - 1))
    return Unpaired(difference, around(difference, float(stdtrit(df, 0.975) * np.sqrt(sum(parts)))), share)
