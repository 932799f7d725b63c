"""What a replica starts from: weights, moving statistics and random states as functions of its seeds.

A variable whose value is what its layer's own initialiser makes of its shape is drawn by that initialiser from a seed
of the replica's own. That can be seen, since Keras' initialisers keep their seed and give the same values at every
call. Any other variable, such as an LSTM's bias or one that a model in Python makes by itself, is a constant where two
builds agree on it, and is taken from a fresh build under seeds of the replica's own where they don't.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

_INITIALIZERS = {
    "recurrent_kernel": "recurrent_initializer",
    "depthwise_kernel": "depthwise_initializer",
    "pointwise_kernel": "pointwise_initializer",
}
"""Attributes of layers that hold a variable's initialiser, where that is not `NAME_initializer`."""


@dataclass(frozen=True, eq=False)
class State:
    """The values of a model's variables: `trained` those that the optimizer moves, `untrained` the others."""

    trained: Sequence[np.ndarray]
    untrained: Sequence[np.ndarray]

    def assign(self, model: keras.Model) -> None:
        """Give a model these values."""
        for variable, value in zip(model.trainable_variables, self.trained, strict=True):
            variable.assign(value)
        for variable, value in zip(model.non_trainable_variables, self.untrained, strict=True):
            variable.assign(value)


class InitialStates:
    """How the replicas of a model begin.

    Args:
        build: builds the model with its variables created; called again where values differ from build to build.

    Attributes:
        model: one that was built.
    """

    def __init__(self, build: Callable[[], keras.Model]) -> None:
        self._build = build
        with seeded(0):
            self.model = build()
        self._initializers = _own_initializers(self.model)
        self._constants = [_values(variables) for variables in _both(self.model)]
        states = {id(state) for state in random_states(self.model)}
        self._random = [id(variable) in states for variable in self.model.non_trainable_variables]
        self._differs = self._differ_by_build()

    @property
    def seeds(self) -> int:
        """How many seeds `draw` takes: one for each trained variable, and one for a fresh build."""
        return len(self._initializers) + 1

    @property
    def generators(self) -> int:
        """How many states of random generators `draw` takes."""
        return sum(self._random)

    def draw(self, seeds: Sequence[int], states: Sequence[int]) -> State:
        """The beginning of one replica.

        Args:
            seeds: `self.seeds` numbers of 31 bits.
            states: `self.generators` numbers of 31 bits, of which each random generator of the model starts.
        """
        *own, fresh = seeds
        built = self._constants
        if self._differs:
            with seeded(fresh):
                built = [_values(variables) for variables in _both(self._build())]
        trained = [
            value if initializer is None else _drawn(initializer, seed, variable)
            for value, initializer, seed, variable in zip(
                built[0], self._initializers, own, self.model.trainable_variables, strict=True
            )
        ]
        rest = iter(states)
        untrained = [
            np.array([next(rest), 0], value.dtype) if random_state else value
            for value, random_state in zip(built[1], self._random, strict=True)
        ]
        return State(trained, untrained)

    def _differ_by_build(self) -> bool:
        """Whether a variable's value is neither drawn by an initialiser, nor a random state, nor always the same."""
        known = [*(each is not None for each in self._initializers), *self._random]
        if all(known):
            return False
        with seeded(1):
            other = [_values(variables) for variables in _both(self._build())]
        pairs = zip(known, [*self._constants[0], *self._constants[1]], [*other[0], *other[1]], strict=True)
        return any(not each and not np.array_equal(one, two, equal_nan=True) for each, one, two in pairs)


def random_states(model: keras.Model) -> list[keras.Variable]:
    """The states of the random generators that a model's layers keep."""
    return [generator.state for layer in _layers(model) for generator in layer._seed_generators]


@contextlib.contextmanager
def undisturbed(model: keras.Model) -> Iterator[None]:
    """Random states are afterwards what they were before: recurrent layers draw masks in evaluations, too.

    So what is trained does not depend on when it is evaluated.
    """
    states = random_states(model)
    before = [state.numpy() for state in states]
    try:
        yield
    finally:
        for state, value in zip(states, before, strict=True):
            state.assign(value)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block Python's and NumPy's global generators, of which Keras draws its seeds, start from `seed`."""
    python, numpy = random.getstate(), np.random.get_state()  # a model in Python may draw from it
    random.seed(seed)
    np.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)


def _own_initializers(model: keras.Model) -> list[keras.initializers.Initializer | None]:
    """Of each trained variable, the initialiser of its layer that drew it; None where none did."""
    owners = {id(variable): layer for layer in _layers(model) for variable in layer._trainable_variables}
    found = []
    for variable in model.trainable_variables:
        name = _INITIALIZERS.get(variable.name, f"{variable.name}_initializer")
        initializer = getattr(owners.get(id(variable)), name, None)
        draws = isinstance(initializer, keras.initializers.Initializer) and "seed" in initializer.get_config()
        found.append(initializer if draws and _makes(initializer, variable) else None)
    return found


def _makes(initializer: keras.initializers.Initializer, variable: keras.Variable) -> bool:
    """Whether the variable has the value that the initialiser makes of its shape."""
    try:
        value = initializer(variable.shape, dtype=variable.dtype)
    except (TypeError, ValueError):  # for a shape that it can't fill
        return False
    return np.array_equal(keras.ops.convert_to_numpy(value), variable.numpy())


def _drawn(initializer: keras.initializers.Initializer, seed: int, variable: keras.Variable) -> np.ndarray:
    settings: Mapping[str, object] = initializer.get_config()
    initializer = type(initializer).from_config({**settings, "seed": seed})
    return np.asarray(keras.ops.convert_to_numpy(initializer(variable.shape, dtype=variable.dtype)))


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    return list(model._flatten_layers(include_self=True))


def _both(model: keras.Model) -> tuple[list[keras.Variable], list[keras.Variable]]:
    return model.trainable_variables, model.non_trainable_variables


def _values(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables]
