"""Can a printed accuracy be what so many test rows give? The GRIM test.

N. J. L. Brown and J. A. J. Heathers (2017): The GRIM test. Social Psychological and Personality Science 8(4), 363-369.
An accuracy is a whole number of rows out of n, and a mean over folds a sum of such shares; of the values that could be
printed only some are. All arithmetic is exact.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

SINGLE_PRECISION = Fraction(1, 2**23)
"""Relative: Keras computes an accuracy in float32, and an article may print all digits of it."""


def whole_rows(value: Fraction, half_width: Fraction, rows: int) -> range:
    """How many of `rows` may have been right where their share is printed as value ± half_width, both ends included."""
    low, high = _ends(value, half_width)
    return range(max(0, math.ceil(low * rows)), min(rows, math.floor(high * rows)) + 1)


def mean_over_folds(value: Fraction, half_width: Fraction, sizes: Sequence[int]) -> bool:
    """Whether folds of these sizes can have a mean accuracy within value ± half_width, both ends included.

    A mean over k folds is sum(c_g / s_g) / k over the groups g of folds of s_g rows each, of which c_g in all were
    right. Few sizes have few combinations; with many sizes nearly every value is possible, and one is found soon.
    """
    low, high = _ends(value, half_width)
    unit = math.lcm(*sizes)
    groups = sorted(((unit // size, size * folds) for size, folds in Counter(sizes).items()), key=lambda each: each[1])
    scale = len(sizes) * unit
    return _reaches(groups, math.ceil(low * scale), math.floor(high * scale))


def _ends(value: Fraction, half_width: Fraction) -> tuple[Fraction, Fraction]:
    half = half_width + abs(value) * SINGLE_PRECISION
    return value - half, value + half


def _reaches(groups: Sequence[tuple[int, int]], low: int, high: int) -> bool:
    """Whether a sum of weight * count lies from low to high; `groups` are (weight, largest count).

    The counts of the last and largest group are computed and not tried.
    """
    if low > high:
        return False
    (weight, most), rest = groups[0], groups[1:]
    beyond = sum(each * count for each, count in rest)
    counts = range(max(0, -((beyond - low) // weight)), min(most, high // weight) + 1)
    if not rest:
        return len(counts) > 0
    return any(_reaches(rest, low - weight * count, high - weight * count) for count in counts)
