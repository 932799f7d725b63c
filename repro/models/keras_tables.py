"""Writes `repro/config/vocabulary/keras.json`: what the installed Keras has, argument by argument.

    python -m repro.models.keras_tables

Kinds of values are read off signatures and docstrings as far as these tell; where they don't, the kind is `any` and
Keras itself says what it thinks of a value when the model is built.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import keras
from keras.src import activations, constraints, initializers, losses, optimizers, regularizers

from repro.config.vocabulary.tables import FILE
from repro.models.build import MODULES

ABSTRACT = {
    *("Constraint", "Initializer", "InputSpec", "Layer", "LearningRateSchedule", "Loss", "Optimizer", "Regularizer"),
    "Wrapper",
}
STRINGS = {
    "losses": losses,
    "optimizers": optimizers,
    "initializers": initializers,
    "regularizers": regularizers,
    "constraints": constraints,
}
"""Modules whose `get` takes strings."""

BY_NAME = {
    **dict.fromkeys(("activation", "recurrent_activation"), "activation"),
    **dict.fromkeys(("layer", "backward_layer"), "layer"),
    "layers": "layers",
    **dict.fromkeys(("cell", "cells"), "cells"),
    **dict.fromkeys(("axis", "cropping", "dilation_rate", "kernel_size", "output_size", "padding", "size"), "sizes"),
    **dict.fromkeys(("pool_size", "strides"), "sizes"),
    **dict.fromkeys(("decay_rate", "initial_learning_rate", "label_smoothing", "max_value", "weight_decay"), "number"),
    **dict.fromkeys(("decay_steps", "first_decay_steps", "num_bins", "num_tokens"), "whole"),
    **dict.fromkeys(("target_shape", "dims"), "shape"),
    "weights": "any",
}
"""Kinds of arguments that their names tell better than their docstrings."""


def tables() -> dict[str, Any]:
    """The tables, as they are written."""
    made: dict[str, Any] = {"keras": ".".join(keras.__version__.split(".")[:2])}
    for group, module in MODULES.items():
        classes = dict(_classes(module))
        own = {name: cls for name, cls in classes.items() if name == cls.__name__ or cls.__name__ not in classes}
        made[group] = {name: _arguments(group, cls) for name, cls in own.items()}
        aliases = {name: cls.__name__ for name, cls in classes.items() if name not in own}
        made[f"{group}_names"] = dict(sorted((aliases | _strings(group)).items()))
    made["activations"] = sorted(name for name, each in activations.ALL_OBJECTS_DICT.items() if _of_one_tensor(each))
    return made


def text() -> str:
    """The content of the file: one class a line, so that a change of Keras is a readable difference."""
    parts = []
    for key, value in tables().items():
        if isinstance(value, dict):
            rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in value.items())
            parts.append(f"{json.dumps(key)}: {{\n{rows}\n}}")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _classes(module: Any) -> Iterator[tuple[str, type]]:
    for name in sorted(dir(module)):
        cls = getattr(module, name)
        if inspect.isclass(cls) and cls.__name__ not in ABSTRACT:
            yield name, cls


def _strings(group: str) -> dict[str, str]:
    """What `get` of the module takes besides the names of classes: name -> class."""
    if group not in STRINGS:
        return {}
    known = STRINGS[group].ALL_OBJECTS_DICT
    if group == "losses":
        by_function = {cls().fn: cls for _, cls in _classes(keras.losses)}
        known = {name: by_function[each] for name, each in known.items() if each in by_function}
    return {name: cls.__name__ for name, cls in known.items() if cls.__name__ not in ABSTRACT and name != cls.__name__}


def _arguments(group: str, cls: Any) -> dict[str, dict[str, Any]]:
    """Argument -> kind and default; without a default where it has to be given."""
    parameters = inspect.signature(cls.__init__).parameters.values()
    doc = inspect.getdoc(cls) or ""
    made = {}
    for each in parameters:
        if each.name == "self" or each.kind in (each.VAR_KEYWORD, each.VAR_POSITIONAL):
            continue
        row: dict[str, Any] = {"kind": _kind(group, each.name, each.default, _described(doc, each.name))}
        if each.default is not each.empty:
            row["default"] = each.default
        made[each.name] = row
    if group == "layers":
        for name, kind, default in (
            ("activity_regularizer", "regularizer", None),
            ("name", "text", None),
            ("trainable", "flag", True),
            ("dtype", "text", None),
        ):  # of every layer, by its base class
            made.setdefault(name, {"kind": kind, "default": default})
    return made


def _of_one_tensor(function: Any) -> bool:
    required = [each for each in inspect.signature(function).parameters.values() if each.default is each.empty]
    return len(required) == 1


def _described(doc: str, name: str) -> str:
    """The first words of an argument's description."""
    found = re.search(rf"^\s+`?{name}`?: (.*)$", doc, re.MULTILINE)
    return found.group(1).lower().removeprefix("(optional)").strip() if found else ""


def _kind(group: str, name: str, default: Any, described: str) -> str:
    suffix = name.rpartition("_")[2]
    if suffix in ("initializer", "regularizer", "constraint"):
        return suffix
    if group == "optimizers" and name == "learning_rate":
        return "learning_rate"
    if name in BY_NAME and not (name == "padding" and isinstance(default, str)):
        return BY_NAME[name]
    if isinstance(default, bool):
        return "flag"
    if isinstance(default, str):
        return "text"
    return _number_kind(default, described)


def _number_kind(default: Any, described: str) -> str:
    if re.search(r"tuple|list|array|range", described) or isinstance(default, tuple):
        floats = re.search(r"float", described) is not None
        whole = re.search(r"\bint", described) is not None
        return "sizes" if whole and not floats and "dictionary" not in described else "any"
    if re.match(r"(optional )?(positive |non-negative |unsigned )?(a )?float|floating", described):
        return "number"
    if isinstance(default, float):
        return "number" if described else "any"
    if isinstance(default, int) or re.match(r"(a |an )?(optional )?(positive )?int(eger)?\b", described):
        return "whole"
    if re.match(r"(a |an )?(optional )?str(ing)?\b", described):
        return "text"
    return "any"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
