"""Dropout as a function of its input and a noise tensor."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from repro.models import noise


@keras.saving.register_keras_serializable(package="repro")
class Dropout(keras.layers.Layer):  # type: ignore[misc]  # Keras comes without types
    """Inverted Bernoulli dropout (Srivastava et al. 2014, section 10: scaled while training, untouched afterwards).

    Each unit is set to 0 with probability `rate` and multiplied by 1 / (1 - rate) otherwise, as `keras.layers.Dropout`
    does. The stock layer can't be stacked (its random operations have no vectorised form); this one takes its noise
    from `repro.models.noise` and is a pure function of it.

    Args:
        rate: drop probability in [0, 1).
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: expected rate in [0, 1), got {rate!r}")
        self.rate = rate
        self.supports_masking = True
        self._own = keras.random.SeedGenerator()
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Drop units of `inputs` (batch, ...) while training; the identity otherwise."""
        if not training or self.rate == 0:
            return inputs
        shape = [size if size is not None else tf.shape(inputs)[axis] for axis, size in enumerate(inputs.shape)]
        source = noise.current_source()
        return apply_dropout(inputs, self._draw(shape) if source is None else source.draw(shape), self.rate)

    def _draw(self, shape: list[Any]) -> tf.Tensor:
        seed = tf.cast(self._own.next(), tf.int32)
        return tf.random.stateless_uniform(shape, seed, maxval=noise.LEVELS, dtype=tf.int32, alg="philox")

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return {**super().get_config(), "rate": self.rate}


def apply_dropout(inputs: tf.Tensor, drawn: tf.Tensor, rate: float) -> tf.Tensor:
    """Keep units whose noise is at least rate * 65536, scaled by 1 / (1 - rate); the rate is met to 2^-17.

    `drawn` is int32 in [0, 65536), of the shape of `inputs`.
    """
    keep = drawn >= round(rate * noise.LEVELS)
    return tf.where(keep, inputs * (1.0 / (1.0 - rate)), tf.zeros_like(inputs))
