"""The shape of `grid` and `unstated`: what varies in an experiment, and the values that it takes.

An axis is written as a key path with a list of values, as several keys that take each value together, or as names of
one's own for sets of values:

    grid:
      model.1.Dropout.rate: [0.0, 0.2, 0.5]
      rate: {keys: [model.1.Dropout.rate, model.3.Dropout.rate], values: [0.0, 0.2, 0.5]}
      optimizer: {slow: {training.optimizer.SGD.learning_rate: 0.01}, fast: {training.optimizer.SGD.learning_rate: 0.1}}

The last is what the other two become: label -> key path -> value. Variants are named by their labels.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from repro.config.vocabulary.specs import SpecError, check_each
from repro.errors import shown

MAX_VARIANTS = 500
"""Of one experiment."""

Axes = dict[str, dict[str, dict[str, Any]]]
"""Axis -> label -> key path -> value."""

_AXIS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
LABEL = re.compile(r"[A-Za-z0-9_+.-][A-Za-z0-9_+. /-]{0,39}")
"""Labels stand in names of variants (`[rate=0.2, width=60]`) and in a column of `runs.csv`."""

COLUMNS = ("experiment", "seed", "fold", "epoch", "step", "split", "metric", "value", "status")
"""Of `runs.csv` without an axis."""

FIXED = ("name", "article", "title", "note", "grid", "unstated", "seeds", "base_seed", "reported", "figures", "extends")
"""Keys that are the same in all variants: seeds, so that they pair, and what is said of the whole."""


def _axes(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError(f"expected axes, such as model.1.Dropout.rate: [0.0, 0.2], got {shown(value)}")
    axes = check_each(((str(name), axis) for name, axis in value.items()), _axis)
    count = 1
    for axis in axes.values():
        count *= len(axis)
    if count > MAX_VARIANTS:
        raise ValueError(f"expected at most {MAX_VARIANTS} variants, got {count}")
    return axes


def _axis(name: str, value: object) -> dict[str, dict[str, Any]]:
    if not _AXIS.fullmatch(name) or name in COLUMNS:
        raise SpecError(f"expected a key path or a name of letters, digits, '.', '_' and '-', got {shown(name)}")
    if isinstance(value, list):
        axis = _of_values([name], value)
    elif isinstance(value, dict) and isinstance(value.get("keys"), list) and value.keys() == {"keys", "values"}:
        axis = _of_values([str(key) for key in value["keys"]], value["values"])
    elif isinstance(value, dict):
        axis = check_each(((str(label), each) for label, each in value.items()), _named)
    else:
        raise SpecError(
            "expected a list of values, {keys: [KEY, ...], values: [...]} or {LABEL: {KEY: VALUE}}, "
            f"got {shown(value)}"
        )
    if len(axis) < 2:
        raise SpecError(f"expected at least two values, got {len(axis)}")
    return axis


def _of_values(keys: list[str], values: object) -> dict[str, dict[str, Any]]:
    if not isinstance(values, list) or not keys:
        raise SpecError(f"expected keys and a list of values, got {shown(values)}")
    for key in keys:
        _check_key(key)
    axis: dict[str, dict[str, Any]] = {}
    for index, value in enumerate(values):
        label = _label(value)
        if label is None or not LABEL.fullmatch(label):
            raise SpecError(
                f"expected a number or a word, or {{LABEL: {{KEY: VALUE}}}}, got {shown(value)}", (str(index),)
            )
        if label in axis:
            raise SpecError(f"expected each value once, got {label} a second time", (str(index),))
        axis[label] = dict.fromkeys(keys, value)
    return axis


def _label(value: object) -> str | None:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value) if isinstance(value, int | str) else None


def _named(label: str, value: object) -> dict[str, Any]:
    if not LABEL.fullmatch(label):
        raise SpecError(f"expected a label of at most 40 letters, digits and -+._/, got {shown(label)}")
    if not isinstance(value, dict):
        raise SpecError(f"expected {{KEY: VALUE}}, got {shown(value)}")
    for key in value:
        _check_key(str(key))
    return {str(key): each for key, each in value.items()}


def _check_key(key: str) -> None:
    first = key.partition(".")[0]
    if first in FIXED:
        raise SpecError(f"expected a key of dataset, model, training or protocol, got {shown(key)}: it can't vary")
    if key.startswith("dataset.name"):
        raise SpecError("expected one data set for all variants, got dataset.name: make it another experiment")


_WRITTEN = {"type": "object", "additionalProperties": {"anyOf": [{"type": "array", "minItems": 2}, {"type": "object"}]}}
AxesField = Annotated[Axes, BeforeValidator(_axes), Field(default_factory=dict), WithJsonSchema(_WRITTEN)]
