"""Gaussian dropout whose rates are learnt (Kingma, Salimans & Welling 2015).

"Variational dropout and the local reparameterization trick". Noise of variance alpha multiplies units or weights, and
log(alpha) is a weight of the model, which an optimizer's own `weight_decay` moves as well. The loss gets what the noise
costs: the divergence of the approximate posterior from the log-uniform prior. Alpha, rate / (1 - rate) of a rate up to
one half, is held at 1 at most, as in their section 3.4. Evaluation is without noise, by the means of the weights.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from repro.models import noise
from repro.models.noisy.layer import NoiseLayer, shape_of

C1, C2, C3 = 1.16145124, -1.50204118, 0.58629921
"""Of the polynomial in their appendix C, which holds for alpha up to 1."""

TINY = 1e-12
"""Added to a variance: the slope of a root is infinite at 0, where a row is 0 or the weights of a unit are."""


class Divergence(keras.regularizers.Regularizer):  # type: ignore[misc]  # Keras comes without types
    """`weight` times the divergence from the prior, less its constant, of the noise whose log(alpha) is given.

    For each number of `log_alpha` it is -(log(alpha) / 2 + C1 alpha + C2 alpha^2 + C3 alpha^3), `noises` times.
    It is added to the loss, so that a mean over rows needs the weight 1 / (training rows). For alpha from 0.1 to 1 it
    differs from the divergence by a constant to within 0.005; towards 0 by up to 0.036 more.
    """

    def __init__(self, weight: float, noises: int = 1) -> None:
        self.weight = weight
        self.noises = noises

    def __call__(self, log_alpha: tf.Tensor) -> tf.Tensor:
        """A float32 scalar."""
        log_alpha = tf.convert_to_tensor(log_alpha)
        alpha = tf.exp(log_alpha)
        each = 0.5 * log_alpha + alpha * (C1 + alpha * (C2 + alpha * C3))
        return -self.weight * self.noises * tf.reduce_sum(each)


class AtMostOne(keras.constraints.Constraint):  # type: ignore[misc]  # Keras comes without types
    """Alpha is 1 at most: its logarithm is put back to 0 after an update, from where it can fall again."""

    def __call__(self, log_alpha: tf.Tensor) -> tf.Tensor:
        """Numbers of the shape of `log_alpha`."""
        return tf.minimum(tf.convert_to_tensor(log_alpha), 0.0)


class _Learnt(NoiseLayer):
    """What both layers have: the rate at the start, and the weight of the divergence."""

    def __init__(self, rate: float, kl_weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 < rate <= 0.5:
            raise ValueError(f"{type(self).__name__}: expected rate in (0, 0.5], got {rate!r}")
        if not kl_weight >= 0:
            raise ValueError(f"{type(self).__name__}: expected kl_weight of 0 or more, got {kl_weight!r}")
        self.rate = rate
        self.kl_weight = kl_weight

    def add_log_alpha(self, shape: tuple[int, ...], noises: int = 1) -> None:
        """Create the weight `log_alpha`, each number of which is for so many noises."""
        start = math.log(self.rate / (1 - self.rate))
        self.log_alpha = self.add_weight(
            name="log_alpha",
            shape=shape,
            initializer=keras.initializers.Constant(start),
            regularizer=Divergence(self.kl_weight, noises),
            constraint=AtMostOne(),
        )

    def alpha(self) -> tf.Tensor:
        """The variances, float32."""
        return tf.exp(tf.convert_to_tensor(self.log_alpha))

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return {**super().get_config(), "rate": self.rate, "kl_weight": self.kl_weight}


@keras.saving.register_keras_serializable(package="repro")
class VariationalDropout(_Learnt):
    """Units times noise of mean 1 and a learnt variance (their section 3.2: weights that leave a unit share its noise).

    Args:
        rate: of the start, in (0, 0.5].
        kl_weight: of the divergence, a term for each unit of a row; 1 / (training rows) in the paper.
        per: `layer` for one variance, `unit` for one of each unit.

    Raises ValueError for arguments that are out of range.
    """

    def __init__(self, rate: float, kl_weight: float, per: str = "layer", **kwargs: Any) -> None:
        super().__init__(rate, kl_weight, **kwargs)
        if per not in ("layer", "unit"):
            raise ValueError(f"VariationalDropout: expected layer or unit for per, got {per!r}")
        self.per = per
        self.supports_masking = True

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Create the variances."""
        shape = tuple(input_shape[1:])
        if self.per == "unit":
            self.add_log_alpha(shape)
        else:
            self.add_log_alpha((1,), math.prod(shape))

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """`inputs` (batch, ...) times their noise while training; the identity otherwise."""
        if not training:
            return inputs
        return inputs * (1.0 + tf.sqrt(self.alpha()) * noise.normal(self.draw(shape_of(inputs))))

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments."""
        return {**super().get_config(), "per": self.per}


@keras.saving.register_keras_serializable(package="repro")
class VariationalDense(_Learnt, keras.layers.Dense):  # type: ignore[misc]  # Keras comes without types
    """A Dense layer whose kernel has independent noise, weight by weight, of a learnt variance (their section 3.1).

    By local reparameterisation (their section 2.3) the noise is drawn of the outputs, a number for each unit of each
    row: x W + sqrt(x^2 (alpha W^2)) z. The bias has none.

    Args:
        rate: of the start, in (0, 0.5], of every weight.
        kl_weight: of the divergence, a term for each weight of the kernel; 1 / (training rows) in the paper.
        kwargs: those of Dense.

    Raises ValueError for arguments that are out of range.
    """

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Create the weights and their variances."""
        super().build(input_shape)
        self.add_log_alpha((input_shape[-1], self.units))

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Outputs (rows, ..., units) of `inputs` (rows, ..., features)."""
        kernel = tf.convert_to_tensor(self.kernel)
        outputs = keras.ops.matmul(inputs, kernel)
        if training:
            variance = keras.ops.matmul(tf.square(inputs), self.alpha() * tf.square(kernel))
            outputs += tf.sqrt(variance + TINY) * noise.normal(self.draw(shape_of(outputs)))
        if self.use_bias:
            outputs += tf.convert_to_tensor(self.bias)
        return outputs if self.activation is None else self.activation(outputs)
