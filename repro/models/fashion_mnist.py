"""The subclassed model of "Understanding and Implementing Dropout in TensorFlow and Keras" (Alake, 2020)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from repro.models.dropout import Dropout


@keras.saving.register_keras_serializable(package="repro")
class FashionMnist(keras.Model):  # type: ignore[misc]  # Keras comes without types
    """Flatten, Dense 200, 100 and 60 (relu), Dense 10 (softmax), and one Dropout layer applied four times.

    The same layer object follows Flatten and each hidden layer, so all four masks have one rate and are drawn again
    at each application.

    Args:
        rate: drop probability in [0, 1).
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.flatten = keras.layers.Flatten()
        self.hidden = [keras.layers.Dense(units, activation="relu") for units in (200, 100, 60)]
        self.classify = keras.layers.Dense(10, activation="softmax")
        self.dropout = Dropout(rate)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Class probabilities (batch, 10) of images (batch, 28, 28)."""
        x = self.dropout(self.flatten(inputs), training=training)
        for dense in self.hidden:
            x = self.dropout(dense(x), training=training)
        return self.classify(x)

    def get_config(self) -> dict[str, Any]:
        """The model's arguments."""
        return {**super().get_config(), "rate": self.rate}
