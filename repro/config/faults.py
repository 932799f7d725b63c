"""A value tree in, a typed object out; every fault pydantic finds becomes one line with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from repro.config.keras_specs import SpecError
from repro.config.strict_yaml import Document, KeyPath, located
from repro.errors import ConfigError, shown, suggest

Model = TypeVar("Model", bound=BaseModel)

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "more than {gt:.12g}",
    "greater_than_equal": "at least {ge:.12g}",
    "int_type": "a whole number",
    "less_than_equal": "at most {le:.12g}",
    "literal_error": "{expected}",
    "model_type": "a mapping",
    "string_pattern_mismatch": "a name of a-z, 0-9, - and _ that starts with a letter or digit",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character(s)",
    "string_type": "text",
    "too_short": "at least {min_length} item(s)",
    "tuple_type": "a list",
}
"""What pydantic's kinds of error mean to somebody who writes YAML."""


def validated(cls: type[Model], name: str, document: Document, extra_keys: tuple[str, ...] = ()) -> Model:
    """`document` as a `cls` called `name`.

    `extra_keys` are keys that files may have and `cls` has not: they appear in suggestions. Raises ConfigError with
    one line for each fault.
    """
    faults: list[str] = []
    tree = dict(document.value)
    if "name" in tree:
        del tree["name"]
        faults.append(_line(document, ("name",), "unknown key 'name'; the name is that of the file"))
    try:
        result = cls.model_validate({**tree, "name": name})
    except ValidationError as error:
        for details in error.errors(include_url=False):
            faults += [_line(document, path, text) for path, text in _faults(cls, details, extra_keys)]
    if faults:
        raise ConfigError("\n".join(faults))
    return result


def _line(document: Document, path: KeyPath, message: str) -> str:
    return located(document.mark(path), path, message)


def _faults(cls: type[BaseModel], details: Mapping[str, Any], extra_keys: tuple[str, ...]) -> list[tuple[KeyPath, str]]:
    """Key path and message of each fault in one of pydantic's errors."""
    path = tuple(str(part) for part in details["loc"] if part != "[key]")
    context = details.get("ctx", {})
    match details["type"]:
        case "value_error":
            error = context["error"]
            if isinstance(error, SpecError):
                return [((*path, *fault.path), str(fault)) for fault in error.faults]
            return [(path, str(error))]
        case "missing":
            return [(path, f"expected a value for {path[-1]}, got none")]
        case "extra_forbidden":
            known = {*_fields(cls, path[:-1]), *(extra_keys if len(path) == 1 else ())} - {"name"}
            return [(path, f"unknown key {path[-1]!r}; {suggest(path[-1], known)}")]
        case kind if kind in _EXPECTED:
            return [(path, f"expected {_EXPECTED[kind].format(**context)}, got {shown(details['input'])}")]
    return [(path, f"{details['msg']}, got {shown(details['input'])}")]


def _fields(cls: type[BaseModel], path: KeyPath) -> set[str]:
    """The keys of the mapping at `path`; parts that are no fields are keys of a dict or indexes of a list."""
    for part in path:
        if part in cls.model_fields:
            cls = _model_in(cls.model_fields[part].annotation) or cls
    return set(cls.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The pydantic class in an annotation such as `dict[str, Reported]` or `FixedSplit | None`."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
