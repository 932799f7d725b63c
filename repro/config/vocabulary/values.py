"""Values of Keras' arguments that are no objects of Keras: numbers, texts, sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from repro.config.vocabulary.names import ANY_NUMBER, BOUNDS, CHOICES
from repro.errors import shown, suggest

LARGEST = 1_000_000_000
"""Of whole numbers in lists."""


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


def plain_value(owner: str, key: str, value: object, kind: str) -> object:
    """Check a value of the argument `key` of `owner`; numbers that may be fractions become floats.

    kind: flag, whole, number, text, sizes, shape or any. Raises SpecError.
    """
    match kind:
        case "flag":
            if not isinstance(value, bool):
                raise SpecError(f"expected true or false, got {shown(value)}")
            return value
        case "text":
            return _text(owner, key, value)
        case "whole" | "number":
            return _number(owner, key, value, whole=kind == "whole")
        case "sizes" | "shape":
            return _whole_numbers(value, alone=kind == "sizes")
    if any(isinstance(each, dict) for each in _flat(value)):
        raise SpecError(f"expected a number, text or list, got {shown(value)}")
    return value


def _text(owner: str, key: str, value: object) -> object:
    choices = CHOICES.get(f"{owner}.{key}", CHOICES.get(key))
    if choices is not None and value not in choices:
        raise SpecError(f"unknown {key} {shown(value)}; {suggest(str(value), choices)}")
    if key == "use_cudnn" and isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise SpecError(f"expected text, got {shown(value)}")
    return value


def _whole_numbers(value: object, alone: bool) -> object:
    numbers = list(_flat(value)) if isinstance(value, list) or alone else []
    if not numbers or any(type(number) is not int or abs(number) > LARGEST for number in numbers):
        one = "a whole number or " if alone else ""
        raise SpecError(f"expected {one}a list of whole numbers, got {shown(value)}")
    return value


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _number(owner: str, key: str, value: object, whole: bool) -> int | float:
    """Check type and range; numbers that may be fractions become floats, so that 3 and 3.0 are one configuration."""
    low, low_in, high, high_in = BOUNDS.get(f"{owner}.{key}", BOUNDS.get(key, ANY_NUMBER))
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise SpecError(f"expected {'a whole number' if whole else 'a number'}, got {shown(value)}")
    above = value >= low if low_in else value > low
    below = value <= high if high_in else value < high
    if not (above and below):
        interval = f"{'[' if low_in else '('}{low:.12g}, {high:.12g}{']' if high_in else ')'}"
        raise SpecError(f"expected {key} in {interval}, got {shown(value)}")
    return value if whole else float(value)
