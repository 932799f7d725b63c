"""A value tree in, a typed object out; every fault pydantic finds becomes one line with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from repro.config.strict import FIGURE, IDENTIFIER, NAME, SHA256
from repro.config.strict_yaml import Document, KeyPath, located
from repro.config.variation.references import PATTERN
from repro.config.vocabulary.specs import SpecError
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
    "less_than": "less than {lt:.12g}",
    "less_than_equal": "at most {le:.12g}",
    "literal_error": "{expected}",
    "model_type": "a mapping",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character(s)",
    "string_type": "text",
    "too_short": "at least {min_length} item(s)",
    "tuple_type": "a list",
}
"""What pydantic's kinds of error mean to somebody who writes YAML."""

_PATTERNS = {
    f"^{NAME.pattern}$": "a name of a-z, 0-9, - and _ that starts with a letter or digit",
    PATTERN: "an experiment, or a variant of one as NAME[AXIS=VALUE, ...]",
    IDENTIFIER: "the name of a function",
    FIGURE: "the name of a figure, of a-z, 0-9 and _",
    SHA256: "a SHA-256, 64 of 0-9 and a-f",
}
_FILLED = {
    "name": "the name is that of the file",
    "files": "repro fills it in, with what it finds in the files that are named elsewhere",
    "folder": "the folder is that of the file",
}
_EXPECTED_GOT = re.compile(r"expected (?P<expected>.*), got (?P<got>.*)", re.DOTALL)


def validated(
    cls: type[Model],
    name: str,
    document: Document,
    extra_keys: tuple[str, ...] = (),
    filled: Mapping[str, object] | None = None,
) -> Model:
    """`document` as a `cls` called `name`.

    `extra_keys` are keys that files may have and `cls` has not: they appear in suggestions. `filled` are fields that
    the loader fills in, and files may not give. Raises ConfigError with one line for each fault.
    """
    tree = dict(document.value)
    filled = {"name": name, **(filled or {})}
    faults = [_line(document, (key,), f"unknown key {key!r}; {_FILLED[key]}") for key in filled if key in tree]
    tree |= filled
    try:
        result = cls.model_validate(tree)
    except ValidationError as error:
        found: dict[KeyPath, list[str]] = {}
        for details in error.errors(include_url=False):
            place = _place(tree, details)
            for path, text in _faults(cls, place, details, {*extra_keys}, {*filled}):
                found.setdefault(path, []).append(text)
        faults += [_line(document, path, text) for path, texts in found.items() for text in _together(texts)]
    if faults:
        raise ConfigError("\n".join(faults))
    return result


def _line(document: Document, path: KeyPath, message: str) -> str:
    return located(document.mark(path), path, message)


def _place(tree: Any, details: Mapping[str, Any]) -> KeyPath:
    """The key path of one of pydantic's errors, without the names that it gives to the members of a union."""
    path: list[str] = []
    for depth, part in enumerate(details["loc"], start=1):
        missing = details["type"] == "missing" and depth == len(details["loc"])
        if isinstance(tree, dict) and (part in tree or missing):
            tree = tree.get(part)
        elif isinstance(tree, (list, tuple)) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            continue
        path.append(str(part))
    return tuple(path)


def _together(texts: Sequence[str]) -> list[str]:
    """Messages of one place; those of the members of a union, each of which expects something else, as one."""
    split = [_EXPECTED_GOT.fullmatch(text) for text in texts]
    if len(texts) < 2 or not all(split) or len({match["got"] for match in split if match}) > 1:
        return list(dict.fromkeys(texts))
    expected = dict.fromkeys(match["expected"] for match in split if match)
    return [f"expected {' or '.join(expected)}, got {next(match['got'] for match in split if match)}"]


def _faults(
    cls: type[BaseModel], path: KeyPath, details: Mapping[str, Any], extra_keys: set[str], filled: set[str]
) -> list[tuple[KeyPath, str]]:
    """Key path and message of each fault in one of pydantic's errors, which is about the value at `path`."""
    match details["type"]:
        case "value_error":
            error = details["ctx"]["error"]
            faults = error.faults if isinstance(error, SpecError) else ()
            return [((*path, *fault.path), str(fault)) for fault in faults] or [(path, str(error))]
        case "too_short" if len(details["input"]) >= details["ctx"]["min_length"]:
            return []  # its items are wrong, and told one by one
        case "missing":
            return [(path, f"expected a value for {path[-1]}, got none")]
        case "extra_forbidden":
            known = _fields(cls, path[:-1]) if len(path) > 1 else {*_fields(cls, ()), *extra_keys} - filled
            return [(path, f"unknown key {path[-1]!r}; {suggest(path[-1], known)}")]
    return [(path, f"{_expectation(details)}, got {shown(details['input'])}")]


def _expectation(details: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says of the value that it is about."""
    kind, context = details["type"], details.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return f"expected {_PATTERNS.get(context['pattern'], 'text that matches ' + context['pattern'])}"
    return f"expected {_EXPECTED[kind].format(**context)}" if kind in _EXPECTED else str(details["msg"])


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
