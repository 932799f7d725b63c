"""What a replica begins with."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def states_of(build: Any) -> Any:
    from repro.models.state import InitialStates

    return InitialStates(build)


def recurrent() -> Any:
    import keras

    layers = [keras.layers.Input((4, 3)), keras.layers.LSTM(5, dropout=0.1), keras.layers.BatchNormalization()]
    return keras.Sequential([*layers, keras.layers.Dropout(0.5), keras.layers.Dense(2)])


def unconventional() -> Any:
    """A frozen layer, and a layer whose weight no initialiser of its own makes."""
    import keras

    class Scale(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            self.scale = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="scale")

        def call(self, x: Any) -> Any:
            return x * self.scale

    frozen = keras.layers.Dense(4, trainable=False)
    return keras.Sequential([keras.layers.Input((3,)), frozen, Scale(), keras.layers.Dense(1)])


def test_recurrent_layers_begin_as_keras_builds_them_with_weights_of_the_seeds() -> None:
    states = states_of(recurrent)
    assert (states.seeds, states.generators) == (8, 2)
    first, other = (states.draw(range(start, start + 8), [start, start + 1]) for start in (0, 20))
    kernel, recurrent_kernel, bias = first.trained[:3]
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 5))  # the forget gate's is 1
    np.testing.assert_allclose(recurrent_kernel @ recurrent_kernel.T, np.eye(5), atol=1e-5)
    assert np.abs(kernel).max() <= np.sqrt(6 / (3 + 20))  # Glorot's
    for index in (0, 1, 5):
        assert (first.trained[index] != other.trained[index]).all()
    generators = [value for value in other.untrained if value.shape == (2,) and value.dtype == np.int64]
    assert [value.tolist() for value in generators] == [[20, 0], [21, 0]]


def test_values_that_no_initialiser_makes_are_functions_of_the_seeds_too() -> None:
    states = states_of(unconventional)
    random.seed(5)
    expected = random.random()
    random.seed(5)
    first, again, other = (states.draw([1, 2, 3, seed], []) for seed in (7, 7, 8))
    assert random.random() == expected, "the program's own random numbers were disturbed"
    np.testing.assert_array_equal(first.trained[0], again.trained[0])
    np.testing.assert_array_equal(first.untrained[0], again.untrained[0])
    assert (first.trained[0] != other.trained[0]).all()
    assert (first.untrained[0] != other.untrained[0]).all()
    np.testing.assert_array_equal(first.trained[1], other.trained[1])  # of a seed of its own


def test_evaluations_leave_random_states_as_they_are() -> None:
    from repro.models.state import random_states, undisturbed

    model = recurrent()
    with undisturbed(model):
        before = [state.numpy().tolist() for state in random_states(model)]
        for state in random_states(model):
            state.assign([1, 2])
    assert [state.numpy().tolist() for state in random_states(model)] == before
