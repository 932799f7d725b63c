"""Layers that a config may name and Keras does not have: their arguments, in the form of `keras.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from repro.errors import shown

Rows = Mapping[str, Mapping[str, Any]]
"""Argument -> its kind, and its default unless it has to be given."""

_NAME: Rows = {"name": {"kind": "text", "default": None}}
_RATE: Rows = {"rate": {"kind": "number"}}
_KL_WEIGHT: Rows = {"kl_weight": {"kind": "number"}}

OWN_LAYERS: Mapping[str, tuple[str, Rows]] = {
    "MultiplicativeNoise": (
        "",
        {
            **_RATE,
            "noise": {"kind": "text", "default": "bernoulli"},
            "scale": {"kind": "text", "default": "training"},
            "rate_end": {"kind": "number", "default": None},
            "over_updates": {"kind": "whole", "default": None},
            "always": {"kind": "flag", "default": False},
            **_NAME,
        },
    ),
    "VariationalDropout": ("", {**_RATE, **_KL_WEIGHT, "per": {"kind": "text", "default": "layer"}, **_NAME}),
    "VariationalDense": ("Dense", {**_RATE, **_KL_WEIGHT}),
    "StandoutDense": (
        "Dense",
        {"alpha": {"kind": "number", "default": 1.0}, "beta": {"kind": "number", "default": 0.0}},
    ),
    "DropConnectDense": ("Dense", _RATE),
}
"""Layer -> the layer of Keras whose arguments it takes as well, if any, and its own."""


def contradiction(owner: str, arguments: Mapping[str, object]) -> tuple[str, str] | None:
    """The argument that contradicts others of a layer, each right by itself, and what is wrong; None if none does."""
    if owner != "MultiplicativeNoise":
        return None
    noise, scale = arguments.get("noise", "bernoulli"), arguments.get("scale", "training")
    end, updates = arguments.get("rate_end"), arguments.get("over_updates")
    if noise != "bernoulli" and scale != "training":
        return "scale", f"expected training with {noise} noise, whose mean is 1, got {shown(scale)}"
    if (end is None) != (updates is None):
        given = "over_updates" if end is None else "rate_end"
        return given, "rate_end and over_updates belong together: give both or neither"
    if end is not None and scale == "test":
        return "rate_end", f"expected none with scale: test, which knows one rate alone, got {shown(end)}"
    if arguments.get("always") and (end is not None or scale == "test"):
        other = "scale: test" if end is None else "rate_end"
        return "always", f"expected false with {other}, which says what comes after training, got true"
    return None
