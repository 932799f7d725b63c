"""JSON Schemas of experiment and article files, for editors; generated from the same classes and tables.

That of an experiment is looser than the loader: arguments of layers have no types and bounds here; and since a file
that extends another may leave out anything, and null removes what it inherits, no key is required and every key may be
null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from repro.config import keras_names as names
from repro.config.article import Article
from repro.config.schema import Experiment

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
    del properties["name"]
    properties["extends"] = {"type": "string", "description": "a file in this folder whose values this one takes"}
    _narrow(properties["model"], _model())
    training = schema["$defs"]["Training"]["properties"]
    _narrow(training["loss"], _spec(names.LOSSES, names.LOSS_NAMES))
    _narrow(training["optimizer"], _spec(names.OPTIMIZERS))
    schema["$schema"] = DRAFT
    schema["title"] = "repro experiment"
    for part in (schema, *schema["$defs"].values()):
        part.pop("required", None)
        part["properties"] = {key: _or_null(value) for key, value in sorted(part["properties"].items())}
    return schema


def _narrow(field: dict[str, Any], to: dict[str, Any]) -> None:
    """Replace what pydantic says of a field, which is only `Any`, and keep its description."""
    description = field["description"]
    field.clear()
    field.update(to, description=description)


def _or_null(field: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {key: field.pop(key) for key in ("description", "default") if key in field}
    return {"anyOf": [field, {"type": "null"}], **about}


def _model() -> dict[str, Any]:
    return {"anyOf": [{"type": "array", "minItems": 1, "items": _spec(names.LAYERS)}, _spec(names.MODELS)]}


def _spec(table: Mapping[str, tuple[str, ...]], extra_names: Iterable[str] = ()) -> dict[str, Any]:
    """One Keras object: a name, or `{Class: {argument: value}}` with exactly one class."""
    classes = {
        name: {
            "type": ["object", "null"],
            "properties": {argument: _argument(argument) for argument in arguments},
            "additionalProperties": False,
        }
        for name, arguments in table.items()
    }
    one = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": classes,
        "additionalProperties": False,
    }
    return {"anyOf": [{"enum": sorted([*table, *extra_names])}, one]}


def _argument(name: str) -> dict[str, Any]:
    if name == "activation":
        return {"enum": list(names.ACTIVATIONS)}
    match name.rpartition("_")[2]:
        case "initializer":
            return _spec(names.INITIALIZERS, names.INITIALIZER_NAMES)
        case "constraint":
            return _spec(names.CONSTRAINTS)
        case "regularizer":
            return _spec(names.REGULARIZERS)
    return {}
