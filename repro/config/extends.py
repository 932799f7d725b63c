"""`extends: other.yaml`: a file takes another's values and lists only what differs.

Mappings merge key by key, lists and scalars replace, null removes what was inherited. A mapping that holds one of
several alternatives (an optimizer, its schedule, a loss, a protocol) is replaced when the alternative changes; a
reported figure when it has a value of its own: nothing else that was said of another figure is true of it. What varies
is replaced as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from repro.config.strict_yaml import Document, KeyPath, Mark, located
from repro.errors import ConfigError, shown

Marks = dict[KeyPath, Mark]

_ALTERNATIVES = {("model",), ("training", "loss"), ("training", "optimizer"), ("protocol",)}


def resolved(path: Path, read: Callable[[Path], Document]) -> Document:
    """The values of a file, those that it extends included; each keeps the mark of the file it comes from.

    read: the values of a file as it stands there; what it returns is not changed.
    Raises ConfigError for what `read` refuses, for a circle, and for a file outside the folder of the one that
    extends it.
    """
    return _resolved(path, read, ())


def _resolved(path: Path, read: Callable[[Path], Document], seen: tuple[Path, ...]) -> Document:
    document = read(path)
    if "extends" not in document.value:
        return document
    mark = document.marks[("extends",)]
    target = _target(path, document.value["extends"])
    if isinstance(target, str):
        raise ConfigError(located(mark, ("extends",), target))
    seen = (*seen, path.resolve())
    if target.resolve() in seen:
        circle = " -> ".join(each.name for each in (*seen, target))
        raise ConfigError(located(mark, ("extends",), f"expected files that end somewhere, got a circle: {circle}"))
    base = _resolved(target, read, seen)
    own = {key: value for key, value in document.value.items() if key != "extends"}
    merged = Document({}, {(): document.marks[()]})
    merged.value = _merge(base, base.value, document, own, (), marks=merged.marks)
    return merged


def _target(path: Path, given: object) -> Path | str:
    """The file that `given` names, or what is wrong with it."""
    if not isinstance(given, str) or not given:
        return f"expected the name of a file, got {shown(given)}"
    target = path.parent / given
    try:
        inside = target.resolve().is_relative_to(path.parent.resolve())
        exists = target.is_file()
    except (OSError, ValueError):
        return f"expected the name of a file, got {shown(given)}"
    if not inside:
        return f"expected a file in the same folder or below, got {shown(given)}"
    return target if exists else f"expected a file, found none at {target}"


def _merge(
    base: Document, old: dict[Any, Any], document: Document, new: dict[Any, Any], path: KeyPath, *, marks: Marks
) -> dict[Any, Any]:
    """`new`, which stands at `path` of `document`, laid over `old`, which stands there in `base`; fills `marks`."""
    merged: dict[Any, Any] = {}
    for key in {**old, **new}:
        here = (*path, str(key))
        if key not in new:
            merged[key] = _kept(base, old[key], here, marks)
        elif key in old and _mergeable(here, old[key], new[key]):
            marks[here] = document.marks[here]
            merged[key] = _merge(base, old[key], document, new[key], here, marks=marks)
        elif new[key] is not None or key not in old:
            merged[key] = _kept(document, new[key], here, marks)
    return merged


def _mergeable(path: KeyPath, old: object, new: object) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    if path in (("grid",), ("unstated",)) or (len(path) == 2 and path[0] == "reported" and "value" in new):
        return False
    alternatives = path in _ALTERNATIVES or (path[:2] == ("training", "optimizer") and path[-1] == "learning_rate")
    return not alternatives or not len(old) == len(new) == 1 or old.keys() == new.keys()


def _kept(document: Document, value: Any, path: KeyPath, marks: Marks) -> Any:
    """`value` as it is; the marks of all that is in it go from `document` to `marks`."""
    marks[path] = document.marks[path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        _kept(document, item, (*path, str(key)), marks)
    return value
