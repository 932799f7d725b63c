"""Which rows are predicted right, as Keras' metric "accuracy" counts them."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf


def accuracy_of(loss: keras.losses.Loss) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The accuracy that goes with a loss.

    Returns a function of labels (rows,) and outputs (rows, units) to float32 (rows,): 1 where right. One output unit
    is right on its side of a probability of 0.5 (Keras compares logits with 0.5 too; here a logit is compared with
    0), several by the largest.
    """
    threshold = 0.0 if loss.get_config().get("from_logits") else 0.5

    def right(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        if outputs.shape[-1] == 1:
            predicted = tf.cast(outputs[:, 0] > threshold, tf.int32)
        else:
            predicted = tf.argmax(outputs, axis=-1, output_type=tf.int32)
        return tf.cast(predicted == tf.cast(labels, tf.int32), tf.float32)

    return right
