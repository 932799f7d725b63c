"""What a trained number depends on but the seed, and what of it differs between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from repro import datasets
from repro.config.schema import Experiment
from repro.environment import environment

_KEYS = ("trained", "engine", "data", "environment")


def conditions(experiment: Experiment, engine: str) -> dict[str, Any]:
    """The conditions here and now, under the keys that provenance keeps them by."""
    return {
        "trained": experiment.trained,
        "engine": engine,
        "data": datasets.info(experiment.dataset.name).sha256,
        "environment": environment(),
    }


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs, as `key.path old -> new`; keys of the config are named as they are there."""
    lines = [line for key in _KEYS for line in _differences(old.get(key), new.get(key), key)]
    return tuple(line.removeprefix("trained.") for line in lines)


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        return [line for key in keys for line in _differences(old.get(key), new.get(key), f"{path}.{key}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = zip(old, new, strict=True)
        return [line for i, (a, b) in enumerate(pairs) for line in _differences(a, b, f"{path}.{i}")]
    return [] if old == new else [f"{path} {_shown(old)} -> {_shown(new)}"]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
