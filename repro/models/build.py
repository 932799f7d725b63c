"""Keras objects from the specs of a config."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from repro.config.schema import Experiment, PythonModel
from repro.config.vocabulary.names import INTEGER_LABELS
from repro.config.vocabulary.specs import Spec
from repro.config.vocabulary.tables import GROUPS
from repro.datasets.base import RowType
from repro.errors import ConfigError, ReproError, one_line
from repro.models.dense import PaddedDense
from repro.models.dropout import Dropout, MultiplicativeNoise
from repro.models.noisy.dense import DropConnectDense, StandoutDense
from repro.models.noisy.variational import VariationalDense, VariationalDropout
from repro.models.python_file import python_model
from repro.models.stackable import not_stackable


def build_model(experiment: Experiment, inputs: RowType, folder: Path, padded: bool = False) -> keras.Model:
    """Build the model of an experiment, with its variables created.

    Layers are Keras' own but for those that Keras does not have; and Dropout is repro's where the stacked engine can
    train the experiment: its noise is a function of the seed in every engine.

    Args:
        experiment: whose model.
        inputs: what the model gets of a row.
        folder: where the config is, and a file that it names.
        padded: with PaddedDense layers in the place of Dense ones.

    Raises:
        ConfigError: where Keras refuses an argument's value or the layers don't fit each other or the rows, and what a
            model in Python can do wrong.
        DataError: where the file of a model in Python has changed.
    """
    spec = experiment.model
    if isinstance(spec, PythonModel):
        model = python_model(experiment, spec.python, folder)
        _called(f"{folder / spec.python.file}: the model does not take rows", inputs, model)
        return model
    own = OWN_LAYERS if not_stackable(experiment) else {**OWN_LAYERS, "Dropout": Dropout}
    own = {**own, "Dense": PaddedDense} if padded else own
    layers = [_make(f"model.{index}", item, "layers", own) for index, item in enumerate(spec)]
    try:
        model = keras.Sequential([keras.layers.Input(inputs.shape, dtype=inputs.dtype), *layers])
    except Exception as error:  # layers raise errors of all kinds for shapes that they can't take
        raise ConfigError(f"{_MISFIT}{_rows(inputs)}: {_reason(error)}") from error
    _called(_MISFIT.rstrip(), inputs, model)
    return model


OWN_LAYERS: Mapping[str, Any] = {
    each.__name__: each
    for each in (MultiplicativeNoise, VariationalDropout, VariationalDense, StandoutDense, DropConnectDense)
}
"""The layers that Keras does not have, by the names of `repro.config.vocabulary.own`."""

_MISFIT = "model: the layers don't fit each other, or not rows "


def _called(fault: str, inputs: RowType, model: keras.Model) -> Any:
    """The model's outputs for a row of zeros, which creates its variables."""
    try:
        return model(np.zeros((1, *inputs.shape), inputs.dtype))
    except ReproError:
        raise
    except Exception as error:  # as above
        raise ConfigError(f"{fault} {_rows(inputs)}: {_reason(error)}") from error


def _rows(inputs: RowType) -> str:
    shape = " x ".join(map(str, inputs.shape))
    return f"of {shape}" if inputs.dtype == "float32" else f"of {shape} whole numbers"


def build_loss(spec: Spec) -> keras.losses.Loss:
    """The loss per row (no reduction), so that a padded batch can be weighted."""
    loss: keras.losses.Loss = _make("training.loss", spec, "losses", {}, reduction=None)
    return loss


def build_optimizer(spec: Spec) -> keras.optimizers.Optimizer:
    """A fresh optimizer."""
    optimizer: keras.optimizers.Optimizer = _make("training.optimizer", spec, "optimizers", {})
    return optimizer


def summary(experiment: Experiment, inputs: RowType, folder: Path) -> str:
    """Keras' own summary of the experiment's model, with parameter counts."""
    lines: list[str] = []
    build_model(experiment, inputs, folder).summary(line_length=80, print_fn=lines.append)
    return "\n".join(lines).strip("\n")


def check_outputs(experiment: Experiment, inputs: RowType, folder: Path, classes: int | None) -> None:
    """Raises ConfigError where the model's outputs can't be what its loss compares with the labels of a data set.

    classes: how many there are; None where the target is a number.
    """
    model = build_model(experiment, inputs, folder)
    outputs = _called("model: it does not take rows", inputs, model)
    (loss, _), *_ = experiment.training.loss.items()
    if not hasattr(outputs, "shape"):
        raise ConfigError(f"{experiment.name}: model: expected one output, got {type(outputs).__name__}")
    if fault := _misfit(tuple(outputs.shape[1:]), loss, classes, experiment.dataset.name):
        raise ConfigError(f"{experiment.name}: model: {fault}")


def _misfit(shape: tuple[int, ...], loss: str, classes: int | None, data: str) -> str:
    """What is wrong with outputs of this shape of a row; empty if nothing is."""
    if classes is None:
        return "" if shape == (1,) else f"expected one output unit, as the target of {data} is a number, got {shape}"
    each = f"expected an output unit for each of the {classes} classes of {data}"
    if len(shape) != 1:
        return f"{each}, got {shape}"
    if shape == (1,):
        distribution = "Categorical" in loss or loss == "KLDivergence"
        return f"{each} for {loss}, got {shape}" if distribution or classes > 2 else ""
    fits = shape[0] >= classes if loss in INTEGER_LABELS else shape[0] == classes
    one = " or, of the two, a single one" if classes == 2 and loss not in INTEGER_LABELS else ""
    return "" if fits else f"{each}{one}, got {shape}"


def _make(where: str, spec: Spec, group: str, own: Mapping[str, Any], **more: Any) -> Any:
    """The object of a spec of a group of Keras' tables; `own` are classes in the place of Keras'."""
    (name, arguments), *_ = spec.items()
    cls = own.get(name) or getattr(MODULES[group], name)
    table = GROUPS[group].classes[name]
    made = {key: _argument(f"{where}.{name}.{key}", table[key].kind, value, own) for key, value in arguments.items()}
    try:
        return cls(**made, **more)
    except Exception as error:  # constructors raise errors of all kinds for values that they can't take
        raise ConfigError(f"{where}.{name}: Keras refuses it: {_reason(error)}") from error


def _argument(where: str, kind: str, value: Any, own: Mapping[str, Any]) -> Any:
    """The value of an argument as Keras takes it: objects made of their specs, lists as tuples."""
    group = _GROUP_OF.get(kind)
    if group is not None and isinstance(value, dict):
        return _make(where, value, group, own)
    if group is not None and isinstance(value, list):
        return [_make(f"{where}.{index}", each, group, own) for index, each in enumerate(value)]
    return _tuples(value) if kind in ("sizes", "shape") else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _reason(error: Exception) -> str:
    """What Keras says, without its list of arguments."""
    return one_line(str(error).partition("Arguments received by")[0]) or type(error).__name__


MODULES: dict[str, Any] = {
    "layers": keras.layers,
    "losses": keras.losses,
    "optimizers": keras.optimizers,
    "schedules": keras.optimizers.schedules,
    "initializers": keras.initializers,
    "regularizers": keras.regularizers,
    "constraints": keras.constraints,
}
"""Where Keras has the classes of each group of its tables."""

_GROUP_OF = {
    "activation": "layers",
    "cells": "layers",
    "constraint": "constraints",
    "initializer": "initializers",
    "layer": "layers",
    "layers": "layers",
    "learning_rate": "schedules",
    "regularizer": "regularizers",
}
"""What a spec under an argument of a kind is made of."""
