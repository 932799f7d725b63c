"""Defaults of older versions of Keras where today's differ, as a literal table.

An article that writes `optimizer='adadelta'` means the Adadelta of its day. `defaults: keras-2.0` in an experiment
fills in what its model and recipe leave out with what that version took for it; what they name stays as it is.

Each row was read off the class' `__init__` in the release that the table names: `keras/optimizers.py`,
`keras/layers/recurrent.py`, `keras/layers/convolutional_recurrent.py` and `keras/initializations.py` or
`keras/initializers.py`; for tf.keras, `tensorflow/python/keras` of TensorFlow 2.0.0 and `keras` 2.6.0. Every class and
argument that exists in both was compared, and what is the same today is not listed.

Some changes are no argument's, so that no table can undo them:

- `hard_sigmoid` was 0.2 x + 0.5 between -2.5 and 2.5 up to Keras 2.15; today it is x / 6 + 0.5 between -3 and 3. It is
  filled in where it was the default, as it is nearer to the old one than `sigmoid` is.
- `glorot_normal`, `he_normal` and `lecun_normal` were not truncated in Keras 1; in Keras 2.0 and 2.1 they were
  truncated and their deviation not corrected for it, so that it was 0.88 of today's. `VarianceScaling` with `scale` and
  `distribution: untruncated_normal` says the former.
- `clipnorm` was the norm of all gradients together up to Keras 2.3: that is `global_clipnorm` today.
- `decay` of optimizers is `learning_rate: {InverseTimeDecay: {decay_steps: 1, ...}}` today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro.config.vocabulary.names import INITIALIZERS
from repro.config.vocabulary.values import SpecError
from repro.errors import suggest

Filled = Mapping[str, Mapping[str, Any]]
"""Class -> argument -> what it was when it was left out."""


@dataclass(frozen=True)
class Defaults:
    """The defaults of a version: which releases were read, and what differs from today's."""

    read_in: str
    values: Filled


def _each(classes: str, **values: Any) -> Filled:
    return dict.fromkeys(classes.split(), values)


_LEARNING_RATES: Filled = {
    "Adadelta": {"learning_rate": 1.0},
    "Adagrad": {"learning_rate": 0.01, "initial_accumulator_value": 0.0},
    "Adamax": {"learning_rate": 0.002},
    "Nadam": {"learning_rate": 0.002},
}
"""`keras/optimizers.py` of 1.2.2, 2.0.9, 2.1.6, 2.2.5 and 2.3.1; accumulators of Adagrad are `K.zeros`."""

_SMALL_EPSILON = _each("Adadelta Adagrad Adam Adamax Nadam RMSprop", epsilon=1e-8)
"""`keras/optimizers.py` of 1.2.2 and 2.0.9; from 2.1 on it is `K.epsilon()`, 1e-7."""

_HARD_SIGMOID = _each("GRU GRUCell LSTM LSTMCell", recurrent_activation="hard_sigmoid")
"""`keras/layers/recurrent.py` of 1.2.2 (`inner_activation`), 2.0.9, 2.1.6 and 2.2.5; 2.3.1 has `sigmoid`."""

_CONV_LSTM = _each("ConvLSTM1D ConvLSTM2D ConvLSTM3D", recurrent_activation="hard_sigmoid")
"""`keras/layers/convolutional_recurrent.py` of all of them, TensorFlow 2.0.0 and Keras 2.15.0 included."""

_RESET_BEFORE = _each("GRU GRUCell", reset_after=False)
"""`keras/layers/recurrent.py`: up to 2.0 there was no other way; 2.1.6, 2.2.5 and 2.3.1 have it as the default."""

_GAIN: Filled = {
    "Orthogonal": {"gain": 1.1},
    **_each("GRU GRUCell LSTM LSTMCell SimpleRNN SimpleRNNCell", recurrent_initializer={"Orthogonal": {"gain": 1.1}}),
}
"""`orthogonal` in `keras/initializations.py` of 1.2.2, which is recurrent layers' `inner_init` by default."""


def _together(*parts: Filled) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        for name, values in part.items():
            found[name] = {**found.get(name, {}), **values}
    return found


_KERAS_2_1 = _together(_LEARNING_RATES, _HARD_SIGMOID, _CONV_LSTM, _RESET_BEFORE)
DEFAULTS = {
    "keras-1.2": Defaults("Keras 1.2.2", _together(_KERAS_2_1, _SMALL_EPSILON, _GAIN)),
    "keras-2.0": Defaults("Keras 2.0.9", _together(_KERAS_2_1, _SMALL_EPSILON)),
    "keras-2.1": Defaults("Keras 2.1.6 and 2.2.5", _KERAS_2_1),
    "keras-2.3": Defaults("Keras 2.3.1", _together(_LEARNING_RATES, _CONV_LSTM, _RESET_BEFORE)),
    "tf-keras-2": Defaults("TensorFlow 2.0.0 and Keras 2.6.0", _CONV_LSTM),
}
"""By the names that `defaults:` takes. 2.2 has those of 2.1."""


def check_defaults(name: str) -> str:
    """`name` if there are defaults of that name. Raises SpecError."""
    if name not in DEFAULTS:
        raise SpecError(f"unknown defaults {name!r}; {suggest(name, DEFAULTS)}")
    return name


def with_defaults(specs: Any, name: str) -> Any:
    """Checked specs (one, a list of them, or a value in one) with what they leave out filled in by `name`'s defaults.

    Filling in twice changes nothing.
    """
    return _filled(specs, DEFAULTS[name].values)


def _filled(value: Any, old: Filled) -> Any:
    if isinstance(value, list):
        return [_filled(each, old) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _argument(key, each, old) for key, each in value.items()}


def _argument(key: str, value: Any, old: Filled) -> Any:
    """What stands under a key: the arguments of the class `key`, or the value of the argument `key`."""
    if isinstance(value, dict):
        return {**old.get(key, {}), **_filled(value, old)}
    named = isinstance(value, str) and key.endswith("_initializer")
    initializer = INITIALIZERS.names.get(value, "") if named else ""
    return {initializer: dict(old[initializer])} if initializer in old else _filled(value, old)
