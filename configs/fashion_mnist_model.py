"""The subclassed model of "Understanding and Implementing Dropout in TensorFlow and Keras" (Alake, 2020)."""

import keras

from repro.models.dropout import Dropout


@keras.saving.register_keras_serializable(package="fashion_mnist")
class FashionMnist(keras.Model):
    """Flatten, Dense 200, 100 and 60 (relu), Dense 10 (softmax), and one Dropout layer applied four times.

    The same layer object follows Flatten and each hidden layer, so all four masks have one rate and are drawn again
    at each application.
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.flatten = keras.layers.Flatten()
        self.hidden = [keras.layers.Dense(units, activation="relu") for units in (200, 100, 60)]
        self.classify = keras.layers.Dense(10, activation="softmax")
        self.dropout = Dropout(rate)

    def call(self, inputs, training=False):
        """Class probabilities (batch, 10) of images (batch, 28, 28)."""
        x = self.dropout(self.flatten(inputs), training=training)
        for dense in self.hidden:
            x = self.dropout(dense(x), training=training)
        return self.classify(x)

    def get_config(self):
        """The model's arguments."""
        return {**super().get_config(), "rate": self.rate}


def build(rate):
    """The model with this drop probability."""
    return FashionMnist(rate)
