"""What a config may name of Keras, as literal tables: so that a misspelt layer is found without importing TensorFlow.

A test compares every table with the installed Keras' own signatures, so the two can't drift apart. Keras still
validates the values of its own arguments; the bounds here catch what it accepts but nobody can mean.
Layers are those that are pure functions of weights, inputs and noise.
"""

from __future__ import annotations

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
REQUIRED = _table(
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
BOUNDS: dict[str, tuple[float, bool, float, bool]] = {
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
ANY_NUMBER = (-1e9, True, 1e9, True)
FLAGS = _words("use_bias nesterov centered amsgrad from_logits center LayerNormalization.scale")
CHOICES = {
    "activation": ACTIVATIONS,
    "mode": _words("fan_in fan_out fan_avg"),
    "distribution": _words("truncated_normal untruncated_normal uniform"),
}
WHOLE = _words("units axis")
SHAPES = _words("axis target_shape")

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
