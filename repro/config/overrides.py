"""`-S key.path=value`: changes to a resolved experiment, by the same strict YAML and the same schema.

`-S key.path=a,b,c` is a grid: one variant for each value. Commas within quotes, brackets and braces separate nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from repro.config.schema import AnyExperiment
from repro.config.strict_yaml import Document, KeyPath, Mark, parse_value
from repro.errors import ConfigError, shown, suggest


def overridden(experiment: AnyExperiment, document: Document, overrides: Sequence[str]) -> Document:
    """The values of `experiment` with `overrides` laid over them, later ones last; `document` lends its marks.

    A key that the schema knows may be set whether or not the file has it; whether the schema knows it, and the type,
    is for validation to say. Raises ConfigError, one line per override that leads nowhere.
    """
    tree = tree_of(experiment)
    marks = dict(document.marks)
    faults: list[str] = []
    for override in overrides:
        key, equals, text = override.partition("=")
        source = f"-S {key}"
        path = tuple(key.split("."))
        try:
            if not equals or not all(path):
                raise ConfigError(f"-S {override}: expected KEY.PATH=VALUE, such as training.epochs=5")
            path, value, new_marks = _parsed(path, text, source)
            set_value(tree, path, value, source)
        except ConfigError as error:
            faults.append(str(error))
        else:
            for length in range(1, len(path)):
                marks.setdefault(path[:length], Mark(source))
            marks |= new_marks
    if faults:
        raise ConfigError("\n".join(faults))
    return Document(tree, marks)


def _parsed(path: KeyPath, text: str, source: str) -> tuple[KeyPath, object, dict[KeyPath, Mark]]:
    """Where an override puts its value, the value and its marks."""
    values = split_values(text)
    if len(values) == 1:
        return path, *parse_value(text, source, path)
    axis = ("grid", ".".join(path))
    return axis, [parse_value(each, source, axis)[0] for each in values], {axis: Mark(source)}


def split_values(text: str) -> list[str]:
    """The values of an override: `0.1,0.2` has two, `[1, 2]` and `"a, b"` have one."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if character == "," and not depth and not quote:
            parts.append("")
            continue
        if character in "\"'":
            quote = "" if character == quote else quote or character
        elif not quote:
            depth += (character in "[{") - (character in "]}")
        parts[-1] += character
    return parts


def tree_of(experiment: AnyExperiment) -> dict[Any, Any]:
    """The values of an experiment as its file could have them."""
    tree: dict[Any, Any] = _lists(experiment.model_dump(exclude={"name", "files"}))
    return tree


def _lists(value: Any) -> Any:
    """Tuples as the lists that they were in YAML."""
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


def set_value(tree: dict[Any, Any], path: KeyPath, value: object, source: str) -> None:
    """Put `value` at `path`, making mappings on the way where there was nothing.

    Raises ConfigError, which `source` begins, for a path that leads nowhere.
    """
    node: Any = tree
    for depth, part in enumerate(path):
        above = ".".join(path[:depth])
        key = _key(node, part, above, source)
        if depth == len(path) - 1:
            node[key] = value
            return
        if isinstance(node, dict) and node.get(key) is None:
            node[key] = {}
        node = node[key]


def _key(node: Any, part: str, above: str, source: str) -> Any:
    """`part` as a key of `node`. Raises ConfigError where it can't be one."""
    if isinstance(node, list):
        if part.isdecimal() and int(part) < len(node):
            return int(part)
        raise ConfigError(f"{source}: expected an index from 0 to {len(node) - 1} into {above}, got {part!r}")
    if not isinstance(node, dict):
        raise ConfigError(f"{source}: expected a key, but {above} is {shown(node)} and has no keys")
    if part in node:
        return part
    if part.isdecimal() and int(part) in node:
        return int(part)
    if len(node) == 1 and str(next(iter(node)))[:1].isupper():  # a class of Keras, where only another spec has others
        raise ConfigError(f"{source}: unknown key {part!r} in {above}; {suggest(part, node)}")
    return part
