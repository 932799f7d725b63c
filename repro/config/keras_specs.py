"""Specs of Keras objects checked against the tables of `keras_names`, every argument of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from repro.config.keras_names import (
    ANY_NUMBER,
    BOUNDS,
    CHOICES,
    CONSTRAINTS,
    FLAGS,
    INITIALIZER_NAMES,
    INITIALIZERS,
    LAYERS,
    LOSS_NAMES,
    LOSSES,
    MODELS,
    OPTIMIZERS,
    REFUSED,
    REGULARIZERS,
    REQUIRED,
    SHAPES,
    WHOLE,
)
from repro.errors import shown, suggest

Spec = dict[str, dict[str, Any]]
"""One Keras object: `{Class: {argument: value}}`, with exactly one key."""

T = TypeVar("T")


class SpecError(ValueError):
    """A wrong part of a Keras spec; `path` leads from the validated field down to it.

    Where several parts are wrong, `faults` holds one SpecError for each; else it holds the error itself.
    """

    def __init__(self, message: str, path: tuple[str, ...] = (), faults: Iterable[SpecError] = ()) -> None:
        super().__init__(message)
        self.path = path
        self.faults = tuple(faults) or (self,)

    def under(self, *prefix: str) -> SpecError:
        """The same error, seen from further up."""
        if self.faults == (self,):
            return SpecError(str(self), (*prefix, *self.path))
        return SpecError(str(self), faults=[fault.under(*prefix) for fault in self.faults])


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


def _suggest(word: str, known: Iterable[str]) -> str:
    """Why a name of Keras is refused, else what `suggest` says."""
    names = sorted(known)
    if word in REFUSED:
        return f"Keras has it, but {REFUSED[word]}; known: {', '.join(names)}"
    return suggest(word, names)


def layer_spec(value: object) -> Spec:
    """A layer of a model list. Raises SpecError naming the wrong part."""
    return _spec(value, LAYERS, "layer")


def model_spec(value: object) -> Spec:
    """A registered model. Raises SpecError naming the wrong part."""
    if not isinstance(value, (str, dict)):
        raise SpecError(f"expected a list of layers or a registered model, got {shown(value)}")
    return _spec(value, MODELS, "model")


def optimizer_spec(value: object) -> Spec:
    """An optimizer, which has to name its learning rate. Raises SpecError naming the wrong part."""
    return _spec(value, OPTIMIZERS, "optimizer")


def loss_spec(value: object) -> Spec:
    """A loss, by Keras' function name or as a class. Raises SpecError naming the wrong part."""
    if isinstance(value, str) and value not in LOSSES:
        if value not in LOSS_NAMES:
            raise SpecError(f"unknown loss {value!r}; {_suggest(value, [*LOSS_NAMES, *LOSSES])}")
        value = LOSS_NAMES[value]
    return _spec(value, LOSSES, "loss")


def _spec(value: object, table: Mapping[str, tuple[str, ...]], kind: str) -> Spec:
    """Normalise `Class` or `{Class: {argument: value}}` and check every argument, nested specs included."""
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, dict) or len(value) != 1:
        raise SpecError(f"expected one {kind} as {{Class: {{argument: value}}}}, got {shown(value)}")
    (name, arguments), *_ = value.items()
    if name not in table:
        raise SpecError(f"unknown {kind} {name!r}; {_suggest(str(name), table)}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        raise SpecError(f"expected the arguments of {name} as {{argument: value}}, got {shown(arguments)}", (name,))
    return {name: _arguments(name, arguments, table[name])}


def _arguments(owner: str, given: dict[object, object], allowed: tuple[str, ...]) -> dict[str, object]:
    def check(key: str, value: object) -> object:
        if key not in allowed:
            raise SpecError(f"unknown argument {key!r} of {owner}; {_suggest(key, allowed)}")
        return _value(owner, key, value)

    missing = [key for key in REQUIRED.get(owner, ()) if key not in given]
    faults = [SpecError(f"expected {' and '.join(missing)}, which {owner} has to name", (owner,))] if missing else []
    try:
        checked = check_each(((str(key), value) for key, value in given.items()), check)
    except SpecError as error:
        faults += error.under(owner).faults
    if faults:
        raise SpecError("; ".join(str(fault) for fault in faults), faults=faults)
    return checked


def _value(owner: str, key: str, value: object) -> object:
    kind = key.rpartition("_")[2]
    if kind in _NESTED:
        return _NESTED[kind](value)
    if key in CHOICES:
        if value not in CHOICES[key]:
            raise SpecError(f"unknown {key} {shown(value)}; {_suggest(str(value), CHOICES[key])}")
    elif key in FLAGS or f"{owner}.{key}" in FLAGS:
        if not isinstance(value, bool):
            raise SpecError(f"expected true or false, got {shown(value)}")
    else:
        return _whole_numbers(key, value) if key in SHAPES else _number(owner, key, value)
    return value


def _initializer(value: object) -> object:
    if isinstance(value, str):
        if value in INITIALIZER_NAMES:
            return value
        if value == "normal":
            raise SpecError(
                "unknown initializer 'normal'; did you mean 'random_normal', which is what Keras makes of it?"
            )
        if value not in INITIALIZERS:
            raise SpecError(f"unknown initializer {value!r}; {_suggest(value, [*INITIALIZER_NAMES, *INITIALIZERS])}")
    return _spec(value, INITIALIZERS, "initializer")


def _constraint(value: object) -> Spec:
    if isinstance(value, str) and value in ("max_norm", "MaxNorm"):
        raise SpecError("a bare max-norm means 2 in Keras: write {MaxNorm: {max_value: ...}}")
    return _spec(value, CONSTRAINTS, "constraint")


def _regularizer(value: object) -> Spec:
    return _spec(value, REGULARIZERS, "regularizer")


_NESTED: dict[str, Callable[[object], object]] = {
    "constraint": _constraint,
    "initializer": _initializer,
    "regularizer": _regularizer,
}


def _whole_numbers(key: str, value: object) -> object:
    numbers = value if isinstance(value, list) else [value] if key in WHOLE else []
    if not numbers or any(type(number) is not int or abs(number) > 1_000_000 for number in numbers):
        one = "a whole number or " if key in WHOLE else ""
        raise SpecError(f"expected {one}a list of whole numbers, got {shown(value)}")
    return value


def _number(owner: str, key: str, value: object) -> int | float:
    """Check type and range; numbers that may be fractions become floats, so that 3 and 3.0 are one configuration."""
    low, low_in, high, high_in = BOUNDS.get(f"{owner}.{key}", BOUNDS.get(key, ANY_NUMBER))
    whole = key in WHOLE
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise SpecError(f"expected {'a whole number' if whole else 'a number'}, got {shown(value)}")
    above = value >= low if low_in else value > low
    below = value <= high if high_in else value < high
    if not (above and below):
        interval = f"{'[' if low_in else '('}{low:.12g}, {high:.12g}{']' if high_in else ')'}"
        raise SpecError(f"expected {key} in {interval}, got {shown(value)}")
    return value if whole else float(value)
