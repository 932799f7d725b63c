"""Data that scikit-learn carries or generates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from repro.config.data_description.files import HashedFile, Sha256
from repro.config.strict import Strict
from repro.config.vocabulary.specs import SpecError
from repro.errors import shown, suggest

SCIKIT_LEARN: Mapping[str, tuple[str, ...]] = {
    "load_breast_cancer": (),
    "load_diabetes": ("scaled",),
    "load_digits": ("n_class",),
    "load_iris": (),
    "load_wine": (),
    "make_blobs": ("n_samples", "n_features", "centers", "cluster_std", "center_box", "shuffle", "random_state"),
    "make_circles": ("n_samples", "shuffle", "noise", "random_state", "factor"),
    "make_classification": (
        *("n_samples", "n_features", "n_informative", "n_redundant", "n_repeated", "n_classes"),
        *("n_clusters_per_class", "weights", "flip_y", "class_sep", "hypercube", "shift", "scale", "shuffle"),
        "random_state",
    ),
    "make_friedman1": ("n_samples", "n_features", "noise", "random_state"),
    "make_friedman2": ("n_samples", "noise", "random_state"),
    "make_friedman3": ("n_samples", "noise", "random_state"),
    "make_gaussian_quantiles": ("mean", "cov", "n_samples", "n_features", "n_classes", "shuffle", "random_state"),
    "make_moons": ("n_samples", "shuffle", "noise", "random_state"),
    "make_regression": (
        *("n_samples", "n_features", "n_informative", "bias", "effective_rank", "tail_strength", "noise"),
        *("shuffle", "random_state"),
    ),
    "make_s_curve": ("n_samples", "noise", "random_state"),
    "make_swiss_roll": ("n_samples", "noise", "random_state", "hole"),
}
"""Loaders and generators of `sklearn.datasets` that give one table and one label or target, and their arguments."""


class Synthetic(Strict):
    """A loader or generator of scikit-learn: `call: {make_circles: {n_samples: 100, ...}}`."""

    call: dict[str, dict[str, Any]]
    sha256: Sha256 = Field(description="of inputs and label, row by row, as `dtype`")
    dtype: Literal["float32", "uint8"] = Field("float32", description="uint8 for pixels")

    @field_validator("call", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        if not isinstance(value, dict) or len(value) != 1:
            raise ValueError(f"expected one function with its arguments, {{make_moons: {{...}}}}, got {shown(value)}")
        ((function, arguments),) = value.items()
        if function not in SCIKIT_LEARN:
            raise ValueError(f"unknown function {function!r}; {suggest(str(function), SCIKIT_LEARN)}")
        if not isinstance(arguments, dict):
            raise SpecError(f"expected a mapping of arguments, got {shown(arguments)}", (function,))
        known = SCIKIT_LEARN[function]
        for argument in arguments:
            if argument not in known:
                fault = f"unknown argument {argument!r}; {suggest(str(argument), known)}"
                raise SpecError(fault, (function, str(argument)))
        if "random_state" in known and type(arguments.get("random_state")) is not int:
            raise SpecError("expected a whole number as random_state: without one, no two calls agree", (function,))
        return value

    @property
    def function(self) -> str:
        """Its name in `sklearn.datasets`."""
        return next(iter(self.call))

    @property
    def urls(self) -> tuple[str, ...]:
        """It can't be fetched."""
        return ()

    @property
    def parts(self) -> tuple[HashedFile, ...]:
        """The data, under the function's name without its verb: digits of `load_digits`."""
        return (HashedFile(path=self.function.partition("_")[2], sha256=self.sha256),)
