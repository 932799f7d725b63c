"""Specs of Keras objects checked against its tables, every argument of them, objects within objects included."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from repro.config.vocabulary import names
from repro.config.vocabulary.own import contradiction
from repro.config.vocabulary.tables import ACTIVATIONS, VERSION, Argument, Group
from repro.config.vocabulary.values import SpecError, plain_value
from repro.errors import shown, suggest

__all__ = ["Spec", "SpecError", "check_each", "layer_spec", "loss_spec", "optimizer_spec"]

Spec = dict[str, dict[str, Any]]
"""One Keras object: `{Class: {argument: value}}`, with exactly one key."""

T = TypeVar("T")

SHORT = 40
"""Names that a message lists where none is close; of more than these it says that Keras has no such."""


def check_each(items: Iterable[tuple[str, object]], check: Callable[[str, object], T]) -> dict[str, T]:
    """Check every item before complaining, so that one SpecError tells all that is wrong."""
    checked: dict[str, T] = {}
    faults: list[SpecError] = []
    for key, item in items:
        try:
            checked[key] = check(key, item)
        except SpecError as error:
            faults.extend(error.under(key).faults)
    if faults:
        raise SpecError("; ".join(str(fault) for fault in faults), faults=faults)
    return checked


def layer_spec(value: object) -> Spec:
    """A layer of a model list. Raises SpecError naming the wrong part."""
    return _spec(value, names.LAYERS)


def optimizer_spec(value: object) -> Spec:
    """An optimizer, by the name that Keras takes or as a class. Raises SpecError naming the wrong part."""
    return _spec(value, names.OPTIMIZERS)


def loss_spec(value: object) -> Spec:
    """A loss, by Keras' function name or as a class. Raises SpecError naming the wrong part."""
    return _spec(value, names.LOSSES)


def _spec(value: object, group: Group) -> Spec:
    """Normalise `Class` or `{Class: {argument: value}}` and check every argument, nested specs included."""
    kind = group.word
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        raise SpecError(f"expected one {kind} as {{Class: {{argument: value}}}}, got {shown(value)}")
    (given, arguments), *_ = value.items()
    name = group.names.get(str(given), str(given))
    if name not in group.classes:
        raise SpecError(f"unknown {kind} {given!r}; {_nearest(str(given), group)}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise SpecError(f"expected the arguments of {name} as {{argument: value}}, got {shown(arguments)}", (given,))
    return {name: _arguments(name, str(given), arguments, group)}


def _nearest(word: str, group: Group) -> str:
    """Why a class of Keras is refused or what it is called today, else the nearest name."""
    if word in names.REFUSED:
        return f"Keras has it, but {names.REFUSED[word]}"
    if word in names.RENAMED:
        return f"today it is {names.RENAMED[word]!r}"
    known = group.classes if word[:1].isupper() else {**group.classes, **group.names}
    hint = suggest(word, known)
    return f"Keras {VERSION} has none of that name" if hint.startswith("known") and len(known) > SHORT else hint


def _arguments(owner: str, given_as: str, given: dict[object, object], group: Group) -> dict[str, object]:
    table = group.classes[owner]
    allowed = names.arguments_of(group, owner)

    def check(key: str, value: object) -> object:
        if key not in allowed:
            raise SpecError(f"unknown argument {key!r} of {owner}; {_why_not(owner, key, allowed)}")
        return _value(owner, key, value, table[key])

    needed = (*(name for name, each in table.items() if each.required), *names.REQUIRED.get(owner, ()))
    missing = [key for key in dict.fromkeys(needed) if key not in given]
    fault = f"expected {' and '.join(missing)}, which {owner} has to name"
    faults = [SpecError(fault, (given_as,))] if missing else []
    try:
        checked = check_each(((str(key), value) for key, value in given.items()), check)
        if found := contradiction(owner, checked):
            faults.append(SpecError(found[1], (given_as, found[0])))
    except SpecError as error:
        faults += error.under(given_as).faults
    if faults:
        raise SpecError("; ".join(str(fault) for fault in faults), faults=faults)
    return checked


def _why_not(owner: str, key: str, allowed: Iterable[str]) -> str:
    if reason := names.refused_argument(owner, key):
        return reason
    today = names.RENAMED.get(f"{owner}.{key}", names.RENAMED.get(key, ""))
    return f"today it is {today!r}" if today in allowed else suggest(key, allowed)


def _value(owner: str, key: str, value: object, argument: Argument) -> object:
    if (
        value is None
        and argument.default is None
        and not argument.required
        and key not in names.REQUIRED.get(owner, ())
    ):
        return None
    if argument.kind in _OBJECTS:
        return _OBJECTS[argument.kind](value)
    return plain_value(owner, key, value, argument.kind)


def _initializer(value: object) -> object:
    """A name stays as it is written; classes become specs."""
    if value in ("normal", "uniform"):
        today = f"random_{value}"
        raise SpecError(f"unknown initializer {value!r}; did you mean {today!r}, which is what Keras makes of it?")
    checked = _spec(value, names.INITIALIZERS)
    return value if isinstance(value, str) and value in names.INITIALIZERS.names else checked


def _constraint(value: object) -> Spec:
    if value in ("max_norm", "MaxNorm"):
        raise SpecError("a bare max-norm means 2 in Keras: write {MaxNorm: {max_value: ...}}")
    return _spec(value, names.CONSTRAINTS)


def _regularizer(value: object) -> Spec:
    if value in ("l1", "l2"):
        return {str(value).upper(): {str(value): 0.01}}
    return _spec(value, names.REGULARIZERS)


def _activation(value: object) -> object:
    """The name of a function, or a layer that is one, with its arguments."""
    if isinstance(value, str):
        if value in ACTIVATIONS:
            return value
        known = (*ACTIVATIONS, *names.ACTIVATION_LAYERS.classes)
        if value not in known:
            raise SpecError(f"unknown activation {value!r}; {suggest(value, known)}")
    return _spec(value, names.ACTIVATION_LAYERS)


def _learning_rate(value: object) -> object:
    if isinstance(value, (str, dict)):
        return _spec(value, names.SCHEDULES)
    return plain_value("", "learning_rate", value, "number")


def _layers(value: object) -> list[Spec]:
    if not isinstance(value, list) or not value:
        raise SpecError(f"expected a list of layers, got {shown(value)}")
    return list(
        check_each(((str(index), item) for index, item in enumerate(value)), lambda _, x: layer_spec(x)).values()
    )


def _cells(value: object) -> object:
    if isinstance(value, list):
        cells = check_each(
            ((str(index), item) for index, item in enumerate(value)), lambda _, item: _spec(item, names.CELLS)
        )
        return list(cells.values())
    return _spec(value, names.CELLS)


_OBJECTS: dict[str, Callable[[object], object]] = {
    "activation": _activation,
    "cells": _cells,
    "constraint": _constraint,
    "initializer": _initializer,
    "layer": layer_spec,
    "layers": _layers,
    "learning_rate": _learning_rate,
    "regularizer": _regularizer,
}
"""What checks an argument of a kind that is an object of Keras."""
