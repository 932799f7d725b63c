"""YAML in, plain Python values out, with the place of every key; what YAML 1.1 reads as a surprise is an error.

PyYAML's composer supplies the node graph and its rules for plain scalars. What it would convert silently (`5e-4` to
text, `no` to false, `010` to 8, `12:30:00` to 45000, a repeated key to its last value) is refused here with a hint.
Values are mappings, lists, text, whole numbers, floats, booleans and null, never anything else.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from repro.errors import ConfigError, shown

MAX_BYTES = 256 * 1024
MAX_VALUES = 10_000
"""Values of a file, aliases expanded: bounds time and memory of an alias bomb."""
MAX_DEPTH = 50

KeyPath = tuple[str, ...]
"""From the top level down to a value; list indexes and whole-number keys as text."""

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
_NUMBER = re.compile(r"([-+]?)([0-9]*)\.?([0-9]*)(?:[eE]([-+]?)([0-9]+))?")
_RADIX = re.compile(r"0[oOxXbB][0-9a-fA-F_]+")
_PLAIN_KEY = re.compile(r"[\w-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal obeys instead of showing it; YAML's own escapes can write it."""
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Mark:
    """Where a value was written: a file and line (from 1), or an override and no line."""

    source: str
    line: int | None = None


@dataclass
class Document:
    """A parsed mapping and the mark of every key path in it; `marks[()]` is the top of the file."""

    value: dict[Any, Any]
    marks: dict[KeyPath, Mark] = field(default_factory=dict)

    def mark(self, path: KeyPath) -> Mark:
        """The mark of `path`, or of the nearest key above it that was written down."""
        while path not in self.marks:
            path = path[:-1]
        return self.marks[path]


def dotted(path: KeyPath) -> str:
    """A key path as users write it: `model.1.Dropout.rate`."""
    return ".".join(part if _PLAIN_KEY.fullmatch(part) else json.dumps(part[:64]) for part in path)


def located(mark: Mark, path: KeyPath, message: str) -> str:
    """One line of an error: `FILE:LINE: key.path: message`, or `-S key.path: message`."""
    key = dotted(path)
    place = mark.source if mark.line is None else f"{mark.source}:{mark.line}"
    return f"{place}: {message}" if place == f"-S {key}" or not path else f"{place}: {key}: {message}"


def parse_file(path: Path) -> Document:
    """The mapping in a YAML file.

    Raises ConfigError where file, syntax or a value is not acceptable, OSError where the file can't be read.
    """
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing there"
        raise ConfigError(f"{path}: expected a file, found {found}")
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ConfigError(f"{path}:1: expected at most {MAX_BYTES // 1024} KiB of YAML, got more")
    return parse(content, str(path))


def parse(content: bytes, source: str) -> Document:
    """The mapping that `content` holds; `source` is what messages call it. Raises ConfigError."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{source}:{line}: expected UTF-8 text, got byte 0x{content[error.start]:02x}") from None
    node = _compose(text, Mark(source, 1))
    if node is None:
        raise ConfigError(f"{source}:1: expected a mapping, got an empty file")
    converter = _Converter(source, lines=True)
    value = converter.value(node, ())
    if not isinstance(value, dict):
        raise ConfigError(f"{source}:{node.start_mark.line + 1}: expected a mapping at the top, got {shown(value)}")
    return Document(value, {**converter.marks, (): Mark(source, 1)})


def parse_value(text: str, source: str, path: KeyPath) -> tuple[object, dict[KeyPath, Mark]]:
    """One value by the same rules, to stand at `path`, and the marks of all key paths in it. Raises ConfigError."""
    node = _compose(text, Mark(source))
    if node is None:
        raise ConfigError(f"{source}: expected a value after '=', got none")
    converter = _Converter(source, lines=False)
    value = converter.value(node, path)
    return value, converter.marks


class _Composer(yaml.SafeLoader):
    """PyYAML's composer, which stops at a bound of depth and of size instead of exhausting the machine."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = self.count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        self.count += 1
        if self.depth > MAX_DEPTH or self.count > 2 * MAX_VALUES:  # keys count here, but not below
            limit = f"{MAX_DEPTH} levels" if self.depth > MAX_DEPTH else f"{MAX_VALUES} values"
            raise yaml.MarkedYAMLError(problem=f"more than {limit}", problem_mark=self.get_mark())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str, start: Mark) -> yaml.Node | None:
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise ConfigError(located(Mark(start.source, start.line and line), (), "expected text, got a NUL character"))
    try:
        return _Composer(text).get_single_node()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise ConfigError(located(Mark(start.source, start.line and line), (), _syntax(error))) from None


def _syntax(error: yaml.YAMLError) -> str:
    context, problem = getattr(error, "context", None), getattr(error, "problem", None)
    if problem == "but found another document":
        return "expected one YAML document, found a second one after '---'"
    text = f"{context}, {problem}" if context else problem or getattr(error, "reason", "unreadable")
    return f"not valid YAML: {' '.join(str(text).split())}"


class _Converter:
    """Turns a node graph into values, noting where each key stands."""

    def __init__(self, source: str, *, lines: bool) -> None:
        self.source = source
        self.lines = lines
        self.marks: dict[KeyPath, Mark] = {}
        self.count = 0
        self.resolver: Any = yaml.resolver.Resolver()

    def mark(self, node: yaml.Node) -> Mark:
        return Mark(self.source, node.start_mark.line + 1 if self.lines else None)

    def error(self, node: yaml.Node, path: KeyPath, message: str) -> ConfigError:
        return ConfigError(located(self.mark(node), path, message))

    def value(self, node: yaml.Node, path: KeyPath) -> object:
        """The value of a node, at most MAX_VALUES of them with aliases expanded."""
        self.count += 1
        self.marks.setdefault(path, self.mark(node))
        if self.count > MAX_VALUES:
            raise self.error(node, (), f"expected at most {MAX_VALUES} values, aliases expanded, got more")
        if len(path) > MAX_DEPTH:
            raise self.error(node, (), f"expected at most {MAX_DEPTH} levels, got more: does an alias hold itself?")
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item, (*path, str(index))) for index, item in enumerate(node.value)]
        return self.scalar(node, path)

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Hashable, object]:
        result: dict[Hashable, object] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node, path)
            here = (*path, str(key))
            if key in result:
                first = self.marks[here].line
                raise self.error(key_node, here, f"duplicate key{f', first given on line {first}' if first else ''}")
            self.marks[here] = self.mark(key_node)
            result[key] = self.value(value_node, here)
        return result

    def key(self, node: yaml.Node, path: KeyPath) -> str | int:
        if node.tag == f"{_TAG}merge":
            raise self.error(node, path, "merge keys (<<) are not supported; write 'extends: other.yaml' at the top")
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(node, path, "expected keys that are text or whole numbers, got a mapping or list as key")
        key = self.scalar(node, path)
        if isinstance(key, bool) or not isinstance(key, (str, int)):
            wrong = f"expected keys that are text or whole numbers, got {node.value or 'nothing'}; quote it"
            raise self.error(node, path, wrong)
        return key

    def scalar(self, node: yaml.Node, path: KeyPath) -> object:
        plain = node.style is None if isinstance(node, yaml.ScalarNode) else False
        implicit = self.resolver.resolve(type(node), node.value, (plain, not plain))
        if node.tag != implicit or not isinstance(node, yaml.ScalarNode):
            tag = node.tag.replace(_TAG, "!!")
            raise self.error(node, path, f"tags are not supported, got {tag}; leave it out (and quote text)")
        if control := _CONTROL.search(node.value):
            raise self.error(node, path, f"expected text without control characters, got {control.group()!r}")
        if not plain:
            return node.value
        try:
            return _plain(node.value, node.tag.removeprefix(_TAG))
        except ValueError as error:
            raise self.error(node, path, str(error)) from None


def _plain(text: str, kind: str) -> object:
    """The value of a plain scalar that YAML 1.1 takes to be of `kind`. Raises ValueError with a hint."""
    short = text if len(text) <= 40 else f"{text[:37]}..."
    quote = f'quote it ("{short}") if it is text'
    if kind == "null":
        return None
    if kind == "bool" and text in ("true", "false"):
        return text == "true"
    if kind == "int" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "float" and _FLOAT.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    if kind == "str" and not _looks_like_number(text):
        return text
    raise ValueError(f"{_surprise(short, kind)}{', or' if kind in ('bool', 'str') else ':'} {quote}")


def _surprise(text: str, kind: str) -> str:
    """What YAML 1.1 makes of a plain scalar that is refused, and what to write instead."""
    if kind in ("int", "float") and ":" in text:
        return f"YAML reads {text} as a number in base 60"
    if kind == "str":
        return f"YAML reads {text} as text: write {_rewritten(text)}"
    return {
        "bool": f"YAML reads {text} as a boolean: write true or false",
        "timestamp": f"YAML reads {text} as a date",
        "int": f"expected a decimal whole number without leading zeros and of at most 18 digits, got {text}",
        "float": f"expected a finite decimal number, got {text}",
    }.get(kind, f"YAML gives {text} a meaning of its own")


def _looks_like_number(text: str) -> bool:
    if _RADIX.fullmatch(text):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rewritten(text: str) -> str:
    """`5e-4` as `5.0e-4`: the same digits, with the point and the sign that YAML 1.1 wants."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return "a finite decimal number"
    sign, whole, fraction, exponent_sign, exponent = match.groups(default="")
    whole = whole.lstrip("0") or "0"
    if not fraction and not exponent:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction or '0'}" + (f"e{exponent_sign or '+'}{exponent}" if exponent else "")
