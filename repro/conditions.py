"""What a trained number depends on but the seed, and what of it differs between two runs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from repro import datasets
from repro.config.schema import Experiment
from repro.environment import environment

LONGEST = 100
"""Characters of a value that are shown."""

_KEYS = ("trained", "engine", "data", "environment")


def conditions(experiment: Experiment, engine: str) -> dict[str, Any]:
    """The conditions here and now, under the keys that provenance keeps them by."""
    data = datasets.info(experiment.dataset.name).sha256
    return dict(zip(_KEYS, (experiment.trained, engine, data, environment()), strict=True))


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs, as `key.path old -> new`; keys of the config are named as they are there."""
    lines = [line for key in _KEYS for line in _differences(old.get(key), new.get(key), key)]
    return tuple(line.removeprefix("trained.") for line in lines)


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        return [line for key in keys for line in _differences(old.get(key), new.get(key), f"{path}.{key}")]
    if isinstance(old, list) and isinstance(new, list):
        if len(old) == len(new):
            pairs = zip(old, new, strict=True)
            return [line for i, (a, b) in enumerate(pairs) for line in _differences(a, b, f"{path}.{i}")]
        begin, end = _common(old, new), _common(old[::-1], new[::-1])
        end = min(end, len(old) - begin, len(new) - begin)
        old, new, path = old[begin : len(old) - end], new[begin : len(new) - end], f"{path}, from {begin} on,"
    return [] if old == new else [f"{path} {_shown(repr(old), repr(new))}"]


def _common(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many items (of a text, characters) two have in common at their beginning."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _shown(old: str, new: str) -> str:
    """`old -> new`; long texts from a little before the place where they begin to differ."""
    begin = max(0, _common(old, new) - 30) if max(len(old), len(new)) > LONGEST else 0
    parts = [text[begin : begin + LONGEST] + "..." * (len(text) > begin + LONGEST) for text in (old, new)]
    return " -> ".join(f"{'...' * (begin > 0)}{part}" for part in parts)
