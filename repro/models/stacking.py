"""The variables of all replicas of a model in one, and functions of one replica for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from repro.models.dense import LANES


class StackedVariable:
    """One of a model's variables, of all replicas.

    Held flat where its last axis is no multiple of LANES: XLA:CPU would update it at a quarter of the speed.

    Args:
        like: the model's own, whose constraint each replica keeps.
        replicas: how many.

    Attributes:
        held: what an optimizer updates.
    """

    def __init__(self, like: keras.Variable, replicas: int) -> None:
        self._shape = (replicas, *like.shape)
        shape = (math.prod(self._shape),) if self._shape[-1] % LANES else self._shape
        self.held = keras.Variable(np.zeros(shape, np.float32), name=like.name)
        if like.constraint is not None:
            self.held.constraint = lambda value: tf.reshape(
                each_replica(like.constraint, tf.reshape(value, self._shape)), shape
            )

    @property
    def values(self) -> tf.Tensor:
        """Float32 (replicas, *shape in the model)."""
        return tf.reshape(self.held.value, self._shape)

    def assign(self, values: Sequence[np.ndarray]) -> None:
        """Take the values of each replica, which may lack the last of the last axis: those are zero."""
        lacking = [*[(0, 0)] * values[0].ndim, (0, self._shape[-1] - values[0].shape[-1])]
        self.held.assign(np.pad(np.stack(values), lacking).reshape(self.held.shape))

    def as_held(self, values: tf.Tensor) -> tf.Tensor:
        """Values (replicas, *shape in the model), such as gradients, in the shape in which the variable is held."""
        return tf.reshape(values, self.held.shape)


def each_replica(function: Callable[[Any], Any], stacked: Any) -> Any:
    """A function of one replica, vectorised over the first axis of tensors.

    Raises ValueError for an operation that has no vectorised form: a loop over the replicas would be slow.
    """
    return tf.vectorized_map(function, stacked, fallback_to_while_loop=False)
