"""Which experiments the stacked engine can train: no TensorFlow is imported here.

Stacking needs a model that is a pure function of weights, inputs and noise, with operations that have a vectorised
form; an optimizer that treats the elements of a variable one by one; and a recipe that is the same in all replicas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from repro.config.schema import DatasetSpec, Experiment, PythonModel, Training
from repro.config.vocabulary.specs import Spec


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_DENSE = (
    "units activation use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer "
    "kernel_constraint bias_constraint name"
)
_NORMALIZATION = (
    "axis epsilon center scale beta_initializer gamma_initializer beta_regularizer gamma_regularizer "
    "beta_constraint gamma_constraint name"
)
LAYERS: Mapping[str, tuple[str, ...]] = {
    "Activation": _words("activation name"),
    "Dense": _words(_DENSE),
    "DropConnectDense": _words(f"rate {_DENSE}"),
    "Dropout": _words("rate name"),
    "Flatten": _words("name"),
    "LayerNormalization": _words(_NORMALIZATION),
    "LeakyReLU": _words("negative_slope name"),
    "MultiplicativeNoise": _words("rate noise scale rate_end over_updates name"),
    "ReLU": _words("max_value negative_slope threshold name"),
    "Rescaling": _words("scale offset name"),
    "Reshape": _words("target_shape name"),
    "StandoutDense": _words(f"alpha beta {_DENSE}"),
    "VariationalDense": _words(f"rate kl_weight {_DENSE}"),
    "VariationalDropout": _words("rate kl_weight per name"),
}
"""Layers that have been shown to train stacked as they do alone, with the arguments of which this has been shown."""

ACTIVATIONS = _words(
    "elu exponential gelu hard_sigmoid hard_tanh leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu "
    "softmax softplus softsign swish tanh"
)
REGULARIZERS = _words("L1 L2 L1L2")
OPTIMIZERS = _words("Adadelta Adagrad Adam AdamW Adamax Lion Nadam RMSprop SGD")
"""Element-wise ones."""

_MIXERS = _words("Adafactor Lamb Muon")

LOSSES = _words(
    "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalHinge "
    "Huber KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError "
    "MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy"
)
"""Functions of one row's label and output."""

_NORM = "the norm would be that of all replicas together"
_MIXING: Mapping[str, str] = {
    "clipnorm": _NORM,
    "global_clipnorm": _NORM,
    "use_ema": "averages of weights are not kept for each replica",
    "gradient_accumulation_steps": "gradients are applied at each step",
}
_LAYER_REASONS: Mapping[str, str] = {
    "BatchNormalization": "it keeps moving statistics",
    **dict.fromkeys(_words("Bidirectional GRU LSTM RNN SimpleRNN"), "recurrent layers have no stacked form"),
    **dict.fromkeys(_words("AlphaDropout GaussianDropout GaussianNoise"), "its noise is Keras' own"),
    **dict.fromkeys(_words("SpatialDropout1D SpatialDropout2D SpatialDropout3D"), "its noise is Keras' own"),
}
_ARGUMENT_REASONS: Mapping[str, str] = {
    "activity_regularizer": "padded rows of a short batch would count",
    "always": "its evaluation is without noise",
}
_NO_FORM = "it has no stacked form"


def not_stackable(experiment: Experiment) -> str:
    """Why the stacked engine can't train an experiment, in a phrase; empty if it can."""
    reasons = (
        _of_model(experiment.model),
        _of_optimizer(experiment.training.optimizer),
        _of_loss(experiment.training.loss),
        _of_recipe(experiment.training),
        _of_inputs(experiment.dataset),
    )
    return next((reason for reason in reasons if reason), "")


def _of_model(model: list[Spec] | PythonModel) -> str:
    if isinstance(model, PythonModel):
        return "" if model.python.stacked else f"{model.python.file} does not say that its model can be stacked"
    return _first(_of_layer, model)


def _first(check: Callable[[Spec], str], specs: Iterable[Spec]) -> str:
    return next((reason for spec in specs if (reason := check(spec))), "")


def _of_layer(spec: Spec) -> str:
    (name, arguments), *_ = spec.items()
    if name not in LAYERS:
        return f"{name}: {_LAYER_REASONS.get(name, _NO_FORM)}"
    for key, value in arguments.items():
        if reason := _of_argument(name, key, value):
            return f"{name}.{key}: {reason}"
    return ""


def _of_argument(owner: str, key: str, value: Any) -> str:
    if value is None or (key == "always" and not value):
        return ""
    if key in _ARGUMENT_REASONS:
        return _ARGUMENT_REASONS[key]
    if key not in LAYERS[owner]:
        return _NO_FORM
    if key == "activation" and value not in ACTIVATIONS:
        return f"{next(iter(value)) if isinstance(value, dict) else value} has no stacked form"
    if key.endswith("_regularizer") and not set(value) <= set(REGULARIZERS):
        return f"{next(iter(value))} has no stacked form"
    return ""


def _of_optimizer(spec: Spec) -> str:
    (name, arguments), *_ = spec.items()
    if name in _MIXERS:
        return f"{name}: it mixes the elements of a variable, and replicas share their variables"
    if name not in OPTIMIZERS:
        return f"{name}: {_NO_FORM}"
    return next((f"{key}: {reason}" for key, reason in _MIXING.items() if arguments.get(key)), "")


def _of_loss(spec: Spec) -> str:
    (name, arguments), *_ = spec.items()
    if name in ("Hinge", "SquaredHinge"):
        return f"{name}: it looks at all labels of a batch to see whether they are 0 and 1"
    if name not in LOSSES or arguments.get("ignore_class") is not None:
        return f"{name}: {_NO_FORM}"
    return ""


def _of_recipe(training: Training) -> str:
    if training.early_stopping:
        return "early_stopping: replicas would stop at different epochs"
    if training.reduce_lr_on_plateau:
        return "reduce_lr_on_plateau: replicas would have different learning rates"
    return "class_weight: rows weigh differently" if training.class_weight else ""


def _of_inputs(dataset: DatasetSpec) -> str:
    tokens = dataset.maxlen is not None and dataset.one_hot is None and dataset.multi_hot is None
    return "inputs are numbers of words" if tokens else ""
