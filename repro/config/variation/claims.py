"""What claims about variants are written in: names of variants, points of a grid, trends, times until a level."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from repro.config.strict import Strict, as_tuple
from repro.config.variation.references import PATTERN, label_of, labels_of, reference
from repro.config.vocabulary.specs import SpecError


def _canonical(value: str) -> str:
    return reference(value).canonical


Compared = Annotated[str, Field(min_length=1, max_length=200, pattern=PATTERN), AfterValidator(_canonical)]
"""An experiment, or a variant of one: `NAME[AXIS=VALUE, ...]`, with its axes sorted."""


def _point(value: str) -> str:
    return label_of(labels_of(value))


Point = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_point)]
"""Values of the axes of a grid that are left open: `rate=0.2`."""


class Trend(Strict):
    """The least-squares slope of a weighted sum of variants over the values of an axis, which are numbers."""

    of: dict[Compared, float] = Field(
        min_length=1, description="variant -> weight, without the axis: NAME[rate=0.2]: 1, NAME[rate=0]: -1 for a gain"
    )
    over: str = Field(min_length=1, max_length=100, description="the axis")
    at: tuple[float, ...] = Field(min_length=2, description="its values")
    per: Literal["unit", "doubling"] = Field("unit", description="what the slope is per")

    _tuple = field_validator("at", mode="before")(as_tuple)

    @model_validator(mode="after")
    def _places(self) -> Trend:
        if len(set(self.at)) < len(self.at) or (self.per == "doubling" and min(self.at) <= 0):
            raise SpecError("expected different values, above 0 where the slope is per doubling", ("at",))
        return self

    @property
    def names(self) -> dict[str, list[str]]:
        """For each of the sum, its variants along the axis."""
        return {
            name: [reference(name).extended({self.over: f"{value:g}"}).canonical for value in self.at]
            for name in self.of
        }

    @property
    def weights(self) -> dict[str, float]:
        """Variant -> weight of the sum that is the slope."""
        from repro.verdicts.grid.trend import trend_weights  # imports scipy, which commands that read a config do not

        x = [math.log2(value) for value in self.at] if self.per == "doubling" else list(self.at)
        slope = trend_weights(x)
        return {
            each: weight * self.of[name]
            for name, along in self.names.items()
            for each, weight in zip(along, slope, strict=True)
        }


class Until(Strict):
    """Epochs until a level is reached, in the place of the figure itself; the last epoch where it never is."""

    level: float
    split: Literal["test", "validation", "train"] = "train"
