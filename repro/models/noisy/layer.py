"""What layers that draw random numbers share."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from repro.models import noise


class NoiseLayer(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """A layer whose training is a pure function of inputs, weights and drawn numbers.

    Keras' own random layers can't be stacked: their random operations have no vectorised form. This one takes its
    numbers from `repro.models.noise`, or, outside of a source, from a generator of its own as any Keras layer does.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._own = keras.random.SeedGenerator()

    def draw(self, shape: Any) -> tf.Tensor:
        """Int32 numbers in [0, 65536) of `shape` (rows first): the same number of them for each row."""
        source = noise.current_source()
        if source is not None:
            return source.draw(shape)
        seed = tf.cast(self._own.next(), tf.int32)
        return tf.random.stateless_uniform(shape, seed, maxval=noise.LEVELS, dtype=tf.int32, alg="philox")


def shape_of(tensor: tf.Tensor) -> list[Any]:
    """The sizes of a tensor: numbers where they are known, tensors where they are not."""
    return [size if size is not None else tf.shape(tensor)[axis] for axis, size in enumerate(tensor.shape)]
