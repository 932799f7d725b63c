"""A figure that an article prints, as it prints it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from repro.config.strict import Strict
from repro.errors import shown


class Reported(Strict):
    """A figure that the article prints, as it prints it."""

    value: float
    unit: Literal["fraction", "percent", "none"] = "none"
    decimals: int | None = Field(None, ge=0, le=20, description="decimals printed, where trailing zeros matter")
    split: Literal["test", "validation", "train", "batch"] = "test"
    spread: float | None = Field(None, ge=0, description="the article's own ± figure")
    spread_over: Literal["folds", "seeds"] | None = None
    margin: float | None = Field(
        None,
        gt=0,
        description="what may differ without changing a conclusion, in the figure's unit; accuracies have a default",
    )
    margin_reason: str = Field("", max_length=300, description="why the margin is so much; needed with a margin")
    quote: str = Field("", max_length=500)
    steps: dict[int, float] | None = Field(None, description="the figure at each evaluated step")

    @model_validator(mode="after")
    def _spread(self) -> Reported:
        if (self.spread is None) != (self.spread_over is None):
            raise ValueError("spread and spread_over belong together: give both or neither")
        return self

    @model_validator(mode="after")
    def _margin(self) -> Reported:
        if (self.margin is None) != (not self.margin_reason):
            raise ValueError("margin and margin_reason belong together: give both or neither")
        return self

    @model_validator(mode="after")
    def _quoted(self) -> Reported:
        """Most slips of the pen, percent for fraction among them, show in the article's own words."""
        told = f"{self.quote} {self.quote.replace(',', '.')}"  # some write 83,59%
        numbers = [float(number) for number in re.findall(r"\d*\.?\d+(?:[eE][-+]?\d+)?", told)]
        meant = [abs(self.value)]
        if self.unit != "none":  # articles print an error where a config has the accuracy
            meant.append(self.scale - self.value)
        slack = 0.51 * 10.0**-self.printed_decimals
        if numbers and all(abs(number - value) > slack for number in numbers for value in meant):
            raise ValueError(f"expected a value that its quote has, got {self.value:g} and {shown(self.quote)}")
        return self

    @property
    def scale(self) -> float:
        """Divide a printed figure by this to get the stored one (accuracies are stored as fractions)."""
        return 100.0 if self.unit == "percent" else 1.0

    @property
    def stored(self) -> float:
        """The figure in stored units."""
        return self.value / self.scale

    def written(self, value: float | None = None) -> str:
        """The figure, or another one in its unit, with all decimals that the article prints."""
        exact = Decimal(repr(self.value if value is None else value))
        return f"{exact:.{self.printed_decimals}f}" + "%" * (self.unit == "percent")

    @property
    def exact(self) -> Decimal:
        """The figure in stored units, to the digit as it is written in the config."""
        return Decimal(repr(self.value)) / int(self.scale)

    @property
    def printed_decimals(self) -> int:
        """Decimals in the article's own unit: as declared, else those of the shortest form of `value`."""
        if self.decimals is not None:
            return self.decimals
        exponent = Decimal(repr(self.value)).normalize().as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0

    @property
    def half_width(self) -> float:
        """Half of the last printed digit, in stored units: 0.5 * 10^-r."""
        return 0.5 * 10.0**-self.printed_decimals / self.scale
