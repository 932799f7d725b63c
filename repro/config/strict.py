"""What every class of a config file shares, and the names that it may give."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Names become parts of paths, so they are a whitelist: no dots, slashes, spaces or upper case."""


IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]*$"
SHA256 = r"^[0-9a-f]{64}$"
FIGURE = r"^[a-z][a-z0-9_]{0,39}$"
"""The name of a figure: of a model one of `METRICS`, of a function what that calls it."""


class Strict(BaseModel):
    """Unknown keys and silent type conversions are errors; values do not change after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def as_tuple(value: object) -> object:
    """A list, as YAML and JSON have it, as the tuple that a frozen class holds; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


Name = Annotated[str, Field(min_length=1, max_length=64), Field(pattern=f"^{NAME.pattern}$")]

FileName = Annotated[str, Field(min_length=1, max_length=300)]
"""A file beside the config, relative to its folder, with `/` between folders; the loader checks that it is there."""

Metric = Literal["accuracy", "loss", "mean_squared_error", "mean_absolute_error", "root_mean_squared_error", "r2"]
METRICS: tuple[Metric, ...] = get_args(Metric)
"""Figures of a split. `accuracy` is of classes, the last four of targets that are numbers; `loss` is always kept."""
HIGHER_IS_BETTER: tuple[Metric, ...] = ("accuracy", "r2")
"""Of these a higher value is a better one; of all others a lower one."""
