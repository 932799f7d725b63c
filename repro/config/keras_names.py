"""What a config may name of Keras, as literal tables: so that a misspelt layer is found without importing TensorFlow.

A test compares every table with the installed Keras' own signatures, so the two can't drift apart. Keras still
validates the values of its own arguments; the bounds here catch what it accepts but nobody can mean.
Layers are those that are pure functions of weights, inputs and noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from repro.errors import shown, suggest

Spec = dict[str, dict[str, Any]]
"""One Keras object: `{Class: {argument: value}}`, with exactly one key."""

_DENSE = (
    "units activation use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer "
    "kernel_constraint bias_constraint"
)
_NORMALIZATION = (
    "axis epsilon center scale beta_initializer gamma_initializer beta_regularizer gamma_regularizer "
    "beta_constraint gamma_constraint"
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _table(**rows: str) -> dict[str, tuple[str, ...]]:
    return {name: _words(arguments) for name, arguments in rows.items()}


LAYERS = _table(
    Activation="activation",
    Dense=_DENSE,
    Dropout="rate",
    Flatten="",
    LayerNormalization=_NORMALIZATION,
    LeakyReLU="negative_slope",
    ReLU="max_value negative_slope threshold",
    Rescaling="scale offset",
    Reshape="target_shape",
)
MODELS = _table(fashion_mnist="rate")
"""Subclassed models that a list of layers can't express; built in `repro.models`."""

OPTIMIZERS = _table(
    Adadelta="learning_rate rho epsilon weight_decay",
    Adagrad="learning_rate initial_accumulator_value epsilon weight_decay",
    Adam="learning_rate beta_1 beta_2 epsilon amsgrad weight_decay",
    AdamW="learning_rate weight_decay beta_1 beta_2 epsilon amsgrad",
    Adamax="learning_rate beta_1 beta_2 epsilon weight_decay",
    Lion="learning_rate beta_1 beta_2 weight_decay",
    Nadam="learning_rate beta_1 beta_2 epsilon weight_decay",
    RMSprop="learning_rate rho momentum epsilon centered weight_decay",
    SGD="learning_rate momentum nesterov weight_decay clipvalue",
)
"""Element-wise optimizers. Those that mix the elements of a variable (LAMB, Adafactor, Muon, clipping by norm) would
mix replicas when these are stacked in one variable."""

INITIALIZERS = _table(
    Constant="value",
    GlorotNormal="",
    GlorotUniform="",
    HeNormal="",
    HeUniform="",
    LecunNormal="",
    LecunUniform="",
    Ones="",
    Orthogonal="gain",
    RandomNormal="mean stddev",
    RandomUniform="minval maxval",
    TruncatedNormal="mean stddev",
    VarianceScaling="scale mode distribution",
    Zeros="",
)
CONSTRAINTS = _table(MaxNorm="max_value axis", MinMaxNorm="min_value max_value rate axis", NonNeg="", UnitNorm="axis")
REGULARIZERS = _table(L1="l1", L2="l2", L1L2="l1 l2")
LOSSES = _table(
    BinaryCrossentropy="from_logits label_smoothing",
    SparseCategoricalCrossentropy="from_logits",
)
LOSS_NAMES = {
    "binary_crossentropy": "BinaryCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
}
INITIALIZER_NAMES = _words(
    "glorot_normal glorot_uniform he_normal he_uniform lecun_normal lecun_uniform ones orthogonal random_normal "
    "random_uniform truncated_normal zeros"
)
ACTIVATIONS = _words(
    "elu exponential gelu hard_sigmoid hard_tanh leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu "
    "softmax softplus softsign swish tanh"
)

# Arguments that have to be given, although Keras has a default for some: nobody means those by leaving them out.
_REQUIRED = _table(
    Activation="activation",
    Constant="value",
    Dense="units",
    Dropout="rate",
    L1="l1",
    L1L2="l1 l2",
    L2="l2",
    MaxNorm="max_value",
    Rescaling="scale",
    Reshape="target_shape",
    fashion_mnist="rate",
    **dict.fromkeys(OPTIMIZERS, "learning_rate"),
)

# Ranges by argument name, wherever it stands unless its owner is named: (low, low included, high, high included).
_BOUNDS: dict[str, tuple[float, bool, float, bool]] = {
    "units": (1, True, 1_000_000, True),
    "rate": (0, True, 1, False),
    "MinMaxNorm.rate": (0, True, 1, True),
    "learning_rate": (0, False, 1000, True),
    "momentum": (0, True, 1, True),
    "beta_1": (0, True, 1, False),
    "beta_2": (0, True, 1, False),
    "rho": (0, True, 1, True),
    "epsilon": (0, False, 1, True),
    "weight_decay": (0, True, 1, True),
    "initial_accumulator_value": (0, True, 1e6, True),
    "clipvalue": (0, False, 1e9, True),
    "label_smoothing": (0, True, 1, True),
    "max_value": (0, False, 1e9, True),
    "min_value": (0, True, 1e9, True),
    "negative_slope": (0, True, 1e3, True),
    "threshold": (0, True, 1e6, True),
    "stddev": (0, True, 1e3, True),
    "l1": (0, True, 1e6, True),
    "l2": (0, True, 1e6, True),
}
_ANY = (-1e9, True, 1e9, True)
_FLAGS = _words("use_bias nesterov centered amsgrad from_logits center LayerNormalization.scale")
CHOICES = {
    "activation": ACTIVATIONS,
    "mode": _words("fan_in fan_out fan_avg"),
    "distribution": _words("truncated_normal untruncated_normal uniform"),
}
_WHOLE = _words("units axis")
_SHAPES = _words("axis target_shape")

_STATEFUL = "it carries state from one batch to the next"
_MIXING = "it mixes the elements of a variable, and replicas share their variables"
_UNTRIED = "no experiment needs it yet, and nothing shows that its gradient can be stacked"
REFUSED = {
    "activity_regularizer": "padded rows of a short batch would count",
    "BatchNormalization": f"{_STATEFUL}, and padded rows would count",
    **dict.fromkeys(_words("GRU LSTM SimpleRNN"), _STATEFUL),
    **dict.fromkeys(
        _words("AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D"),
        "its noise is Keras' own and can't be stacked; Dropout is there",
    ),
    **dict.fromkeys(
        _words(
            "AveragePooling2D Conv1D Conv2D DepthwiseConv2D Embedding GlobalAveragePooling2D "
            "GlobalMaxPooling2D MaxPooling2D MultiHeadAttention SeparableConv2D"
        ),
        _UNTRIED,
    ),
    **dict.fromkeys(_words("Adafactor Lamb Muon"), _MIXING),
    **dict.fromkeys(
        _words("clipnorm global_clipnorm"), "the norm would be that of all replicas together; clipvalue is there"
    ),
}
"""What Keras has, people ask for, and this program can't train: the reason."""

T = TypeVar("T")


class SpecError(ValueError):
    """A wrong part of a Keras spec; `path` leads from the validated field down to it.

    Where several parts are wrong, `faults` holds one SpecError for each; else it holds the error itself.
    """

    def __init__(self, message: str, path: tuple[str, ...] = (), faults: Iterable[SpecError] = ()) -> None:
        super().__init__(message)
        self.path = path
        self.faults = tuple(faults) or (self,)

    def under(self, *prefix: str) -> SpecError:
        """The same error, seen from further up."""
        if self.faults == (self,):
            return SpecError(str(self), (*prefix, *self.path))
        return SpecError(str(self), faults=[fault.under(*prefix) for fault in self.faults])


def check_each(items: Iterable[tuple[str, object]], check: Callable[[str, object], T]) -> dict[str, T]:
    """Check every item before complaining, so that one SpecError tells all that is wrong."""
    checked: dict[str, T] = {}
    faults: list[SpecError] = []
    for key, item in items:
        try:
            checked[key] = check(key, item)
        except SpecError as error:
            faults.extend(error.under(key).faults)
    if faults:
        raise SpecError("; ".join(str(fault) for fault in faults), faults=faults)
    return checked


def _suggest(word: str, known: Iterable[str]) -> str:
    """Why a name of Keras is refused, else what `suggest` says."""
    names = sorted(known)
    if word in REFUSED:
        return f"Keras has it, but {REFUSED[word]}; known: {', '.join(names)}"
    return suggest(word, names)


def layer_spec(value: object) -> Spec:
    """A layer of a model list. Raises SpecError naming the wrong part."""
    return _spec(value, LAYERS, "layer")


def model_spec(value: object) -> Spec:
    """A registered model. Raises SpecError naming the wrong part."""
    if not isinstance(value, (str, dict)):
        raise SpecError(f"expected a list of layers or a registered model, got {shown(value)}")
    return _spec(value, MODELS, "model")


def optimizer_spec(value: object) -> Spec:
    """An optimizer, which has to name its learning rate. Raises SpecError naming the wrong part."""
    return _spec(value, OPTIMIZERS, "optimizer")


def loss_spec(value: object) -> Spec:
    """A loss, by Keras' function name or as a class. Raises SpecError naming the wrong part."""
    if isinstance(value, str) and value not in LOSSES:
        if value not in LOSS_NAMES:
            raise SpecError(f"unknown loss {value!r}; {_suggest(value, [*LOSS_NAMES, *LOSSES])}")
        value = LOSS_NAMES[value]
    return _spec(value, LOSSES, "loss")


def _spec(value: object, table: Mapping[str, tuple[str, ...]], kind: str) -> Spec:
    """Normalise `Class` or `{Class: {argument: value}}` and check every argument, nested specs included."""
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        raise SpecError(f"expected one {kind} as {{Class: {{argument: value}}}}, got {shown(value)}")
    (name, arguments), *_ = value.items()
    if name not in table:
        raise SpecError(f"unknown {kind} {name!r}; {_suggest(str(name), table)}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise SpecError(f"expected the arguments of {name} as {{argument: value}}, got {shown(arguments)}", (name,))
    return {name: _arguments(name, arguments, table[name])}


def _arguments(owner: str, given: dict[object, object], allowed: tuple[str, ...]) -> dict[str, object]:
    def check(key: str, value: object) -> object:
        if key not in allowed:
            raise SpecError(f"unknown argument {key!r} of {owner}; {_suggest(key, allowed)}")
        return _value(owner, key, value)

    missing = [key for key in _REQUIRED.get(owner, ()) if key not in given]
    faults = [SpecError(f"expected {' and '.join(missing)}, which {owner} has to name", (owner,))] if missing else []
    try:
        checked = check_each(((str(key), value) for key, value in given.items()), check)
    except SpecError as error:
        faults += error.under(owner).faults
    if faults:
        raise SpecError("; ".join(str(fault) for fault in faults), faults=faults)
    return checked


def _value(owner: str, key: str, value: object) -> object:
    kind = key.rpartition("_")[2]
    if kind in _NESTED:
        return _NESTED[kind](value)
    if key in CHOICES:
        if value not in CHOICES[key]:
            raise SpecError(f"unknown {key} {shown(value)}; {_suggest(str(value), CHOICES[key])}")
    elif key in _FLAGS or f"{owner}.{key}" in _FLAGS:
        if not isinstance(value, bool):
            raise SpecError(f"expected true or false, got {shown(value)}")
    else:
        return _whole_numbers(key, value) if key in _SHAPES else _number(owner, key, value)
    return value


def _initializer(value: object) -> object:
    if isinstance(value, str):
        if value in INITIALIZER_NAMES:
            return value
        if value == "normal":
            raise SpecError(
                "unknown initializer 'normal'; did you mean 'random_normal', which is what Keras makes of it?"
            )
        if value not in INITIALIZERS:
            raise SpecError(f"unknown initializer {value!r}; {_suggest(value, [*INITIALIZER_NAMES, *INITIALIZERS])}")
    return _spec(value, INITIALIZERS, "initializer")


def _constraint(value: object) -> Spec:
    if isinstance(value, str) and value in ("max_norm", "MaxNorm"):
        raise SpecError("a bare max-norm means 2 in Keras: write {MaxNorm: {max_value: ...}}")
    return _spec(value, CONSTRAINTS, "constraint")


def _regularizer(value: object) -> Spec:
    return _spec(value, REGULARIZERS, "regularizer")


_NESTED: dict[str, Callable[[object], object]] = {
    "constraint": _constraint,
    "initializer": _initializer,
    "regularizer": _regularizer,
}


def _whole_numbers(key: str, value: object) -> object:
    numbers = value if isinstance(value, list) else [value] if key in _WHOLE else []
    if not numbers or any(type(number) is not int or abs(number) > 1_000_000 for number in numbers):
        one = "a whole number or " if key in _WHOLE else ""
        raise SpecError(f"expected {one}a list of whole numbers, got {shown(value)}")
    return value


def _number(owner: str, key: str, value: object) -> int | float:
    """Check type and range; numbers that may be fractions become floats, so that 3 and 3.0 are one configuration."""
    low, low_in, high, high_in = _BOUNDS.get(f"{owner}.{key}", _BOUNDS.get(key, _ANY))
    whole = key in _WHOLE
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise SpecError(f"expected {'a whole number' if whole else 'a number'}, got {shown(value)}")
    above = value >= low if low_in else value > low
    below = value <= high if high_in else value < high
    if not (above and below):
        interval = f"{'[' if low_in else '('}{low:.12g}, {high:.12g}{']' if high_in else ')'}"
        raise SpecError(f"expected {key} in {interval}, got {shown(value)}")
    return value if whole else float(value)
