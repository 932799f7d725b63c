"""Keras objects from the specs of a config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from repro.config.keras_specs import Spec
from repro.config.schema import Experiment, ModelSpec
from repro.errors import ConfigError, one_line
from repro.models.dropout import Dropout
from repro.models.fashion_mnist import FashionMnist

OWN_LAYERS = {"Dropout": Dropout}
"""Layers that draw random numbers, in the place of Keras' own of that name."""
MODELS = {"fashion_mnist": FashionMnist}
"""Models that a list of layers can't express; `repro.config.keras_names.MODELS` lists their arguments."""


def build_model(spec: ModelSpec, input_shape: Sequence[int]) -> keras.Model:
    """Build the model of a config, with its variables created.

    Args:
        spec: a list of layer specs, or one registered model's.
        input_shape: shape of one row.

    Raises:
        ConfigError: where Keras refuses an argument's value or the layers don't fit each other.
    """
    try:
        model = _model(spec, input_shape)
        model(np.zeros((1, *input_shape), np.float32))
    except ValueError as error:
        shape = " x ".join(map(str, input_shape))
        raise ConfigError(
            f"model: the layers don't fit each other, or not rows of {shape}: {_reason(error)}"
        ) from error
    return model


def _model(spec: ModelSpec, input_shape: Sequence[int]) -> keras.Model:
    if isinstance(spec, dict):
        (name, arguments), *_ = spec.items()
        return _make(f"model.{name}", MODELS[name], arguments)
    layers = [_layer(index, *next(iter(item.items()))) for index, item in enumerate(spec)]
    return keras.Sequential([keras.layers.Input(tuple(input_shape)), *layers])


def build_loss(spec: Spec) -> keras.losses.Loss:
    """The loss per row (no reduction), so that a padded batch can be weighted."""
    (name, arguments), *_ = spec.items()
    loss: keras.losses.Loss = _make("training.loss", getattr(keras.losses, name), {**arguments, "reduction": None})
    return loss


def build_optimizer(spec: Spec) -> keras.optimizers.Optimizer:
    """A fresh optimizer."""
    (name, arguments), *_ = spec.items()
    optimizer: keras.optimizers.Optimizer = _make("training.optimizer", getattr(keras.optimizers, name), arguments)
    return optimizer


def initial_weights(model: keras.Model, seeds: Sequence[int]) -> list[np.ndarray]:
    """Fresh values for the trainable variables, each drawn by its layer's own initialiser from its own seed.

    Raises:
        ConfigError: for a layer that does not follow Keras' convention of a `NAME_initializer` beside a variable NAME.
    """
    owners = {
        id(variable): layer
        for layer in model._flatten_layers(include_self=True)
        for variable in layer._trainable_variables
    }
    values = []
    for variable, seed in zip(model.trainable_variables, seeds, strict=True):
        initializer = getattr(owners[id(variable)], f"{variable.name}_initializer", None)
        if initializer is None:
            raise ConfigError(
                f"model: layer {owners[id(variable)].name!r} has no {variable.name}_initializer: its weights can't be "
                "drawn for each replica"
            )
        settings = initializer.get_config()
        if "seed" in settings:
            initializer = type(initializer).from_config({**settings, "seed": seed})
        values.append(initializer(variable.shape, dtype=variable.dtype).numpy())
    return values


def summary(experiment: Experiment, input_shape: Sequence[int]) -> str:
    """Keras' own summary of the experiment's model, with parameter counts."""
    lines: list[str] = []
    build_model(experiment.model, input_shape).summary(line_length=80, print_fn=lines.append)
    return "\n".join(lines).strip("\n")


def check_outputs(experiment: Experiment, input_shape: Sequence[int], classes: int) -> None:
    """Raises ConfigError where the model's outputs can't be what its loss compares with the labels of a data set."""
    model = build_model(experiment.model, input_shape)
    shape = tuple(model(np.zeros((1, *input_shape), np.float32)).shape[1:])
    binary = "BinaryCrossentropy" in experiment.training.loss
    if binary and shape != (1,):
        raise ConfigError(f"{experiment.name}: model: expected one output unit for BinaryCrossentropy, got {shape}")
    if not binary and (len(shape) != 1 or shape[0] < classes):
        raise ConfigError(
            f"{experiment.name}: model: expected an output unit for each of the {classes} classes of "
            f"{experiment.dataset.name}, got {shape}"
        )


def _layer(index: int, name: str, arguments: dict[str, Any]) -> keras.layers.Layer:
    cls = OWN_LAYERS[name] if name in OWN_LAYERS else getattr(keras.layers, name)
    layer: keras.layers.Layer = _make(f"model.{index}.{name}", cls, arguments)
    return layer


def _make(where: str, cls: Any, arguments: dict[str, Any]) -> Any:
    try:
        return cls(**{key: _nested(key, value) for key, value in arguments.items()})
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{where}: Keras refuses it: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What Keras says, without its list of arguments."""
    return one_line(str(error).partition("Arguments received by")[0])


def _nested(key: str, value: Any) -> Any:
    """An initialiser, constraint or regulariser given as {Class: {argument: value}}; anything else as it is."""
    module = {
        "initializer": keras.initializers,
        "constraint": keras.constraints,
        "regularizer": keras.regularizers,
    }.get(key.rpartition("_")[2])
    if module is None or not isinstance(value, dict):
        return tuple(value) if key == "target_shape" else value
    (name, arguments), *_ = value.items()
    return getattr(module, name)(**arguments)
