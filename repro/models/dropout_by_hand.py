"""Dropout in NumPy, as two articles have it: the function of Keras by hand, and a layer behind a mask.

No TensorFlow is imported here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]


def dropout(x: ArrayLike, level: float, rng: np.random.Generator) -> Array:
    """Inverted dropout: what is kept is scaled in training, and nothing is to be done afterwards.

    The function of the article "Dropout, by hand, in NumPy", which takes it from Keras; Srivastava et al. 2014,
    section 10. Unlike the article's it changes no argument, so that it takes whole numbers too.

    Args:
        x: activations of any shape.
        level: probability that a unit is dropped, in [0, 1).

    Returns:
        x * mask / (1 - level), an array of x's shape, with a mask of 0 and 1 from binomial(1, 1 - level). A type of
        floating-point numbers is kept; anything else becomes float64.

    Raises ValueError for another level, in the article's words.
    """
    return dropout_unscaled(x, level, rng) / _keep(level)


def dropout_unscaled(x: ArrayLike, level: float, rng: np.random.Generator) -> Array:
    """Dropout whose compensation is left to test time: x * mask, otherwise as `dropout`.

    Srivastava et al. 2014, section 4. Over masks its mean is p * x + (1 - p) * 0 = p * x, with p = 1 - level.
    """
    values = _floats(x)
    mask = rng.binomial(1, _keep(level), values.shape)
    return values * mask.astype(values.dtype)


def scaled_for_test(weights: ArrayLike, level: float) -> Array:
    """The compensation that belongs to `dropout_unscaled`: weights (or activations) times 1 - level, a new array.

    Srivastava et al. 2014, figure 2. Raises ValueError for a level outside [0, 1).
    """
    return _floats(weights) * _keep(level)


def bernoulli_mask(shape: tuple[int, ...], drop: float, rng: np.random.Generator) -> Array:
    """The mask of "Why Dropout is so Effective in Deep Neural Network": 1.0 * (random(shape) > drop).

    A float64 array of 0 and 1, 0 with probability `drop`.
    """
    return 1.0 * (rng.random(shape) > drop)


def thinned_layer(
    x: ArrayLike, mask: ArrayLike, weights: ArrayLike, bias: ArrayLike, activation: Callable[[Array], Array]
) -> Array:
    """A dense layer behind a mask, in the order of that article: mask, weights, bias, activation; nothing is scaled.

    Args:
        x: inputs (rows, inputs) or (inputs,).
        mask: 0 and 1, (rows, inputs).
        weights: (inputs, units).
        bias: (units,).

    Returns:
        activation((x * mask) @ weights + bias), (rows, units).
    """
    return activation(_floats(x) * np.asarray(mask) @ _floats(weights) + _floats(bias))


def _keep(level: float) -> float:
    if not 0 <= level < 1:  # NaN is refused, too
        raise ValueError("Dropout level must be in interval [0, 1[.")
    return 1.0 - level


def _floats(values: ArrayLike) -> Array:
    """The values as they are, or, where they are no floating-point numbers, as float64."""
    array = np.asarray(values)
    return array if np.issubdtype(array.dtype, np.floating) else array.astype(np.float64)
