"""Dense layers in a layout that XLA:CPU compiles into vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

LANES = 32
"""XLA:CPU turns this many float32 of a loop's last axis into vectors at a time; the rest go one by one."""

SMALL_BATCH = 32
"""Up to so many rows a sum of outer products beats a matrix product for the gradient of a kernel."""


class PaddedDense(keras.layers.Dense):  # type: ignore[misc]  # Keras comes without types
    """Keras' Dense layer with unused units, so that a kernel's last axis is a multiple of LANES.

    There are some only where they are at most a quarter of the others. Their weights have to be zero at the start, and
    stay so: their gradient is zero. The kernel's gradient in a small batch is a sum over the rows of outer products,
    which XLA:CPU compiles into one loop with the optimizer's update.
    """

    units: int

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Create the weights, with those of the unused units."""
        units = self.units
        self.units = _padded(units)
        super().build(input_shape)
        self.units = units

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Outputs (rows, ..., units) of `inputs` (rows, ..., features)."""
        kernel = tf.convert_to_tensor(self.kernel)
        small = inputs.shape.rank == 2 and inputs.shape[0] is not None and inputs.shape[0] <= SMALL_BATCH
        if small and self.use_bias and kernel.shape[1] % LANES == 0:
            outputs = _affine(inputs, kernel, tf.convert_to_tensor(self.bias), self.units)
        else:
            outputs = keras.ops.matmul(inputs, kernel)
            outputs = (keras.ops.add(outputs, self.bias) if self.use_bias else outputs)[..., : self.units]
        return outputs if self.activation is None else self.activation(outputs)


def _padded(units: int) -> int:
    whole = -(-units // LANES) * LANES
    return whole if 4 * (whole - units) <= units else units


def _affine(inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, units: int) -> tf.Tensor:
    """inputs @ kernel + bias, without the unused units."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def affine(inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], Any]]:
        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            rows = upstream.shape[0]
            # Zeros that XLA does not know as such: it copies rows, and would look at each index of a padding.
            wide = tf.concat([upstream, tf.tile(kernel[:1, units:], [rows, 1])], axis=1)
            # A product, not a sum, for the bias: XLA computes once what goes into a product.
            of_bias = tf.matmul(tf.ones((1, rows)), wide)[0]
            of_kernel = tf.reduce_sum(inputs[:, :, tf.newaxis] * wide[:, tf.newaxis, :], axis=0)
            return tf.matmul(wide, kernel, transpose_b=True), of_kernel, of_bias

        return (tf.matmul(inputs, kernel) + bias)[:, :units], gradient

    outputs: tf.Tensor = affine(inputs, kernel, bias)
    return outputs
