"""What a config may name of Keras: the generated tables, less what cannot work here, and more than Keras checks.

Keras validates the values of its own arguments when a model is built; the bounds and choices here catch, before that,
what it accepts but nobody can mean, and what is most often misspelt.
"""

from __future__ import annotations

from repro.config.vocabulary.tables import GROUPS, Group


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_CODE = "use model: {python: {file: FILE.py, function: build}}"
_SEVERAL = f"it takes several inputs, and a list of layers is one chain; {_CODE}"
_LABELS = "it changes labels along with inputs, and a layer of a list gets the inputs alone"
_FOREIGN = f"it holds a model of another program, which YAML can't; {_CODE}"
_BATCH = "it is one number for a whole batch, and figures are means over rows"
_WRAPS = "it wraps other optimizers, which YAML can't hold"
REFUSED = {
    "Lambda": f"it holds code, which YAML can't; {_CODE}",
    **dict.fromkeys(
        _words(
            "Add AdditiveAttention Attention Average Concatenate Dot GroupQueryAttention HashedCrossing Maximum "
            "Minimum MultiHeadAttention Multiply Subtract"
        ),
        _SEVERAL,
    ),
    **dict.fromkeys(_words("FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper"), _FOREIGN),
    **dict.fromkeys(_words("Input InputLayer"), "the shape of rows is that of the data"),
    **dict.fromkeys(_words("GRUCell LSTMCell SimpleRNNCell StackedRNNCells"), "it is a cell; write RNN: {cell: ...}"),
    **dict.fromkeys(_words("CutMix MixUp MaxNumBoundingBoxes"), _LABELS),
    **dict.fromkeys(_words("StringLookup TextVectorization"), "it takes text, and rows are numbers"),
    "Equalization": "Keras itself cannot put it into a Sequential model (it takes it for a cycle)",
    "CTC": "it compares sequences of labels, and a row has one label",
    "Circle": "it compares the rows of a batch with each other, and figures are means over rows",
    **dict.fromkeys(_words("Dice Tversky"), _BATCH),
    **dict.fromkeys(_words("LossScaleOptimizer MultiOptimizer OptimizerMap"), _WRAPS),
}
"""Classes that Keras has and that cannot work here: the reason."""

_SHAPE = "the shape of rows is that of the data: leave it out"
_FLOAT = "everything is computed in float32: leave it out"
_BATCHES = "it carries state from one batch to the next, and batches are drawn at random"
_FINE_TUNING = "it is for models that have been trained before"
REFUSED_ARGUMENTS = {
    "seed": "random numbers come from the experiment's own seeds: leave it out",
    "dtype": _FLOAT,
    "reverse_dtype": _FLOAT,
    "loss_scale_factor": _FLOAT,
    "reduction": "the loss is the mean over the rows of a batch: leave it out",
    "stateful": _BATCHES,
    "return_state": "the layer would have several outputs, and a list of layers is one chain",
    "sparse": "a layer of a list gets and gives dense rows",
    "weights": "it is an array, which YAML can't hold; use an initializer",
    **dict.fromkeys(_words("lora_rank lora_alpha quantization_config gptq_unpacked_column_size"), _FINE_TUNING),
    **dict.fromkeys(_words("input_shape batch_input_shape batch_shape"), _SHAPE),
    "Dense.input_dim": _SHAPE,
    "Embedding.input_length": f"{_SHAPE}; dataset: {{maxlen: ...}} is how long sequences are",
    "decay": "it is a schedule today: learning_rate: {InverseTimeDecay: {initial_learning_rate: RATE, decay_steps: 1, "
    "decay_rate: DECAY}}",
    **dict.fromkeys(_words("nb_epoch epochs batch_size"), "it belongs under training"),
}
"""Arguments, of an owner or of any class, that cannot work here: the reason."""

RENAMED = {
    "lr": "learning_rate",
    "LeakyReLU.alpha": "negative_slope",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "init": "kernel_initializer",
    "Embedding.init": "embeddings_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "m": "max_value",
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "subsample": "strides",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "cosine_proximity": "cosine_similarity",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
}
"""What older versions of Keras called classes and arguments: today's name."""

_CELLS = _words("GRUCell LSTMCell SimpleRNNCell StackedRNNCells")

LAYERS = GROUPS["layers"].without(*REFUSED)
CELLS = GROUPS["layers"].only("cell", *_CELLS)
ACTIVATION_LAYERS = GROUPS["layers"].only("activation", *_words("ELU LeakyReLU PReLU ReLU Softmax"))
LOSSES = GROUPS["losses"].without(*REFUSED)
OPTIMIZERS = GROUPS["optimizers"].without(*REFUSED)
SCHEDULES = GROUPS["schedules"]
INITIALIZERS = GROUPS["initializers"]
REGULARIZERS = GROUPS["regularizers"]
CONSTRAINTS = GROUPS["constraints"]


INTEGER_LABELS = ("CategoricalGeneralizedCrossEntropy", "SparseCategoricalCrossentropy")
"""Losses of several units that take labels as whole numbers; the others take vectors with one 1."""


def arguments_of(group: Group, owner: str) -> tuple[str, ...]:
    """The arguments of a class that a config may give."""
    return tuple(name for name in group.classes[owner] if refused_argument(owner, name) is None)


def refused_argument(owner: str, argument: str) -> str | None:
    """Why an argument cannot be given, if so."""
    return REFUSED_ARGUMENTS.get(f"{owner}.{argument}", REFUSED_ARGUMENTS.get(argument))


# Arguments that have to be given, although Keras has a default for some: nobody means those by leaving them out.
REQUIRED: dict[str, tuple[str, ...]] = {
    "Constant": ("value",),
    "Discretization": ("bin_boundaries",),
    "IntegerLookup": ("vocabulary",),
    "CategoryEncoding": ("num_tokens",),
    "L1": ("l1",),
    "L1L2": ("l1", "l2"),
    "L2": ("l2",),
    "MaxNorm": ("max_value",),
    "Normalization": ("mean", "variance"),
}

# Ranges by argument name, wherever it stands unless its owner is named: (low, low included, high, high included).
BOUNDS: dict[str, tuple[float, bool, float, bool]] = {
    "units": (1, True, 1_000_000, True),
    "filters": (1, True, 1_000_000, True),
    "input_dim": (1, True, 100_000_000, True),
    "output_dim": (1, True, 1_000_000, True),
    "groups": (1, True, 1_000_000, True),
    "rate": (0, True, 1, False),
    "dropout": (0, True, 1, False),
    "recurrent_dropout": (0, True, 1, False),
    "MinMaxNorm.rate": (0, True, 1, True),
    "VariationalDense.rate": (0, False, 0.5, True),
    "VariationalDropout.rate": (0, False, 0.5, True),
    "kl_weight": (0, True, 1, True),
    "over_updates": (1, True, 1e12, True),
    "rate_end": (0, True, 1, False),
    "learning_rate": (0, False, 1000, True),
    "initial_learning_rate": (0, True, 1000, True),
    "end_learning_rate": (0, True, 1000, True),
    "decay_steps": (1, True, 1e12, True),
    "decay_rate": (0, True, 1000, True),
    "momentum": (0, True, 1, True),
    "beta_1": (0, True, 1, False),
    "beta_2": (0, True, 1, False),
    "rho": (0, True, 1, True),
    "epsilon": (0, False, 1, True),
    "weight_decay": (0, True, 1, True),
    "initial_accumulator_value": (0, True, 1e6, True),
    "clipvalue": (0, False, 1e9, True),
    "clipnorm": (0, False, 1e9, True),
    "global_clipnorm": (0, False, 1e9, True),
    "ema_momentum": (0, True, 1, True),
    "ema_overwrite_frequency": (1, True, 1e12, True),
    "gradient_accumulation_steps": (2, True, 1e6, True),
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

CHOICES = {
    "padding": _words("valid same"),
    "Conv1D.padding": _words("valid same causal"),
    "data_format": _words("channels_last channels_first"),
    "merge_mode": _words("sum mul concat ave"),
    "MultiplicativeNoise.noise": _words("bernoulli gaussian uniform"),
    "MultiplicativeNoise.scale": _words("training test none"),
    "RandomFlip.mode": _words("horizontal vertical horizontal_and_vertical"),
    "VarianceScaling.mode": _words("fan_in fan_out fan_avg"),
    "VariationalDropout.per": _words("layer unit"),
    "distribution": _words("truncated_normal untruncated_normal uniform"),
}
"""Texts that an argument may be, by its name unless its owner is named."""
