"""What the installed Keras has, read from the generated `keras.json`, and our own layers; no Keras is imported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro.config.vocabulary.own import OWN_LAYERS

FILE = Path(__file__).with_name("keras.json")
"""Written by `make keras-tables`."""


@dataclass(frozen=True)
class Argument:
    """An argument of a class of Keras.

    kind: what values it takes: flag, whole, number, text, sizes (a whole number or a list of them), shape (a list of
    whole numbers), any; or what object: activation, initializer, regularizer, constraint, layer, layers, cells,
    learning_rate.
    """

    kind: str
    required: bool
    default: Any = None


Arguments = Mapping[str, Argument]
Table = Mapping[str, Arguments]
"""Class -> its arguments."""


@dataclass(frozen=True)
class Group:
    """A kind of Keras' objects: its classes, and other names that Keras takes for them."""

    word: str
    classes: Table
    names: Mapping[str, str]

    def without(self, *words: str) -> Group:
        """The group less some classes."""
        classes = {name: row for name, row in self.classes.items() if name not in words}
        return Group(self.word, classes, {name: cls for name, cls in self.names.items() if cls in classes})

    def only(self, word: str, *words: str) -> Group:
        """Some classes of the group, called `word`."""
        return Group(word, {name: self.classes[name] for name in words}, {})


def _read() -> tuple[str, dict[str, Group], tuple[str, ...]]:
    read = json.loads(FILE.read_text(encoding="utf-8"))
    layers = read["layers"]
    layers |= {name: {**layers.get(like, {}), **rows} for name, (like, rows) in OWN_LAYERS.items()}

    def group(key: str, word: str) -> Group:
        classes = {
            name: {
                argument: Argument(row["kind"], "default" not in row, row.get("default"))
                for argument, row in rows.items()
            }
            for name, rows in read[key].items()
        }
        return Group(word, classes, read[f"{key}_names"])

    words = {
        "layers": "layer",
        "losses": "loss",
        "optimizers": "optimizer",
        "schedules": "learning-rate schedule",
        "initializers": "initializer",
        "regularizers": "regularizer",
        "constraints": "constraint",
    }
    return read["keras"], {key: group(key, word) for key, word in words.items()}, tuple(read["activations"])


VERSION, GROUPS, ACTIVATIONS = _read()
"""Keras' version as x.y; its groups by the name of the module; its activation functions."""
