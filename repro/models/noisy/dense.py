"""Dense layers with masks of their own: of units that depend on the inputs, and of weights."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from repro.models import noise
from repro.models.dropout import kept
from repro.models.noisy.layer import NoiseLayer, shape_of


@keras.saving.register_keras_serializable(package="repro")
class StandoutDense(NoiseLayer, keras.layers.Dense):  # type: ignore[misc]  # Keras comes without types
    """A Dense layer that keeps a unit with a probability that depends on its inputs.

    Ba & Frey 2013, "Adaptive dropout for training deep neural networks", in their simplification: the network of the
    probabilities shares the weights of the layer, sigmoid(alpha (x W + b) + beta). While training a unit is kept as it
    is or set to 0, and no gradient goes through the probability; otherwise every unit is multiplied by it.

    Args:
        alpha: how much the probability depends on the inputs; with 0 it is sigmoid(beta) everywhere.
        beta: the larger, the more units are kept.
        kwargs: those of Dense.
    """

    def __init__(self, units: int, alpha: float = 1.0, beta: float = 0.0, **kwargs: Any) -> None:
        super().__init__(units=units, **kwargs)
        self.alpha = alpha
        self.beta = beta

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs (rows, ..., units) of `inputs` (rows, ..., features)."""
        sums = keras.ops.matmul(inputs, tf.convert_to_tensor(self.kernel))
        if self.use_bias:
            sums += tf.convert_to_tensor(self.bias)
        outputs = sums if self.activation is None else self.activation(sums)
        keep = tf.sigmoid(self.alpha * sums + self.beta)
        if not training:
            return outputs * keep
        return tf.where(noise.uniform(self.draw(shape_of(sums))) < keep, outputs, tf.zeros_like(outputs))

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return {**super().get_config(), "alpha": self.alpha, "beta": self.beta}


@keras.saving.register_keras_serializable(package="repro")
class DropConnectDense(NoiseLayer, keras.layers.Dense):  # type: ignore[misc]  # Keras comes without types
    """A Dense layer that drops weights (Wan et al. 2013, "Regularization of neural networks using DropConnect").

    Each row of a batch has a mask of its own over the kernel, and the bias is masked too, as in the paper; what is kept
    is not scaled. So a batch takes rows x (inputs + 1) x units numbers: it is for small layers. Otherwise the mean of
    the weights is used, 1 - rate of each; the paper draws the sums of a unit from a normal distribution of their mean
    and variance instead and averages over the activations.

    Args:
        rate: the probability with which a weight is dropped, in [0, 1).
        kwargs: those of Dense.

    Raises ValueError for a rate that is out of range, and for rows that are no vectors.
    """

    def __init__(self, units: int, rate: float, **kwargs: Any) -> None:
        super().__init__(units=units, **kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"DropConnectDense: expected rate in [0, 1), got {rate!r}")
        self.rate = rate

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Create the weights."""
        if len(input_shape) != 2:
            raise ValueError(f"DropConnectDense: expected rows that are vectors, got {tuple(input_shape[1:])}")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs (rows, units) of `inputs` (rows, features)."""
        kernel = tf.convert_to_tensor(self.kernel)
        bias = tf.convert_to_tensor(self.bias) if self.use_bias else tf.zeros(self.units)
        if training and self.rate > 0:
            rows, features = shape_of(inputs)
            drawn = self.draw([rows, features + 1, self.units])
            mask = tf.cast(kept(drawn, self.rate), tf.float32)
            sums = tf.reduce_sum(inputs[:, :, tf.newaxis] * (mask[:, :features] * kernel), axis=1)
            sums += mask[:, features] * bias
        else:
            sums = (keras.ops.matmul(inputs, kernel) + bias) * (1.0 - self.rate)
        return sums if self.activation is None else self.activation(sums)

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return {**super().get_config(), "rate": self.rate}
