"""JSON Schemas of experiment and article files, for editors; generated from the same classes and tables.

That of an experiment has the keys of both kinds, and is looser than the loader: numbers have no bounds here, and sizes
no types; and since a file that extends another may leave out anything, and null removes what it inherits, no key is
required and every key may be null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from repro.config.article import Article
from repro.config.experiment import FunctionExperiment
from repro.config.schema import Experiment
from repro.config.strict import FIGURE
from repro.config.vocabulary import names
from repro.config.vocabulary.defaults import DEFAULTS
from repro.config.vocabulary.tables import ACTIVATIONS, Group

GROUPS = (
    *(names.LAYERS, names.CELLS, names.ACTIVATION_LAYERS, names.LOSSES, names.OPTIMIZERS, names.SCHEDULES),
    *(names.INITIALIZERS, names.REGULARIZERS, names.CONSTRAINTS),
)
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def article_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an article's YAML file; `name` is the file's own."""
    schema = Article.model_json_schema()
    del schema["properties"]["name"]
    schema["required"].remove("name")
    return {**schema, "$schema": DRAFT, "title": "repro article"}


def experiment_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of an experiment's YAML file, `extends` included; `name` is the file's own."""
    schema = Experiment.model_json_schema()
    properties = schema["properties"]
    for filled in ("name", "files"):
        del properties[filled]
    of_function = FunctionExperiment.model_json_schema()
    properties["function"] = of_function["properties"]["function"]
    properties["figures"]["items"] = {"anyOf": [properties["figures"]["items"], {"type": "string", "pattern": FIGURE}]}
    schema["$defs"] |= {name: of_function["$defs"][name] for name in ("DrawnFunction", "PythonCall")}
    properties["extends"] = {"type": "string", "description": "a file in this folder whose values this one takes"}
    layers = {"type": "array", "minItems": 1, "items": _ref("layer")}
    _narrow(properties["model"], {"anyOf": [layers, {"$ref": "#/$defs/PythonModel"}]})
    training = schema["$defs"]["Training"]["properties"]
    _narrow(training["loss"], _ref("loss"))
    _narrow(training["optimizer"], _ref("optimizer"))
    known = [{"const": name, "description": f"as read in {each.read_in}"} for name, each in DEFAULTS.items()]
    _narrow(properties["defaults"], {"oneOf": known})
    schema["$schema"] = DRAFT
    schema["title"] = "repro experiment"
    for part in (schema, *schema["$defs"].values()):
        part.pop("required", None)
        part["properties"] = {key: _or_null(value) for key, value in sorted(part["properties"].items())}
    schema["$defs"] |= {_key(group.word): _group(group) for group in GROUPS}
    schema["$defs"][_key("activation name")] = {"enum": list(ACTIVATIONS)}
    return schema


def _narrow(field: dict[str, Any], to: dict[str, Any]) -> None:
    """Replace what pydantic says of a field, which is only `Any`, and keep its description."""
    description = field["description"]
    field.clear()
    field.update(to, description=description)


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {key: field.pop(key) for key in ("description", "default") if key in field}
    return {"anyOf": [field, {"type": "null"}], **about}


def _key(word: str) -> str:
    """Where a kind of Keras' objects stands in the schema: `learning-rate schedule` is in KerasLearningRateSchedule."""
    return "Keras" + "".join(part.capitalize() for part in word.replace("-", " ").split())


def _ref(word: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{_key(word)}"}


def _group(group: Group) -> dict[str, Any]:
    """One Keras object: a name, or `{Class: {argument: value}}` with exactly one class."""
    classes = {
        name: {
            "type": ["object", "null"],
            "properties": {key: _argument(group, name, key) for key in names.arguments_of(group, name)},
            "additionalProperties": False,
        }
        for name in group.classes
    }
    others = {
        other: {"$ref": f"#/$defs/{_key(group.word)}/anyOf/1/properties/{cls}"} for other, cls in group.names.items()
    }
    one = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {**classes, **others},
        "additionalProperties": False,
    }
    return {"anyOf": [{"enum": sorted([*classes, *others])}, one]}


def _argument(group: Group, owner: str, name: str) -> dict[str, Any]:
    kind = group.classes[owner][name].kind
    if kind == "text":
        choices = names.CHOICES.get(f"{owner}.{name}", names.CHOICES.get(name))
        return {"enum": list(choices)} if choices else {}
    return _KINDS.get(kind, {})


_KINDS: Mapping[str, dict[str, Any]] = {
    "activation": {"anyOf": [_ref("activation name"), _ref("activation"), {"type": "null"}]},
    "cells": {"anyOf": [_ref("cell"), {"type": "array", "items": _ref("cell")}]},
    "constraint": {"anyOf": [_ref("constraint"), {"type": "null"}]},
    "flag": {"type": "boolean"},
    "initializer": _ref("initializer"),
    "layer": _ref("layer"),
    "layers": {"type": "array", "items": _ref("layer")},
    "learning_rate": {"anyOf": [{"type": "number"}, _ref("learning-rate schedule")]},
    "regularizer": {"anyOf": [_ref("regularizer"), {"type": "null"}]},
}
"""What an argument of a kind may be, where that can be said in a schema."""
