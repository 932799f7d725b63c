"""The typed shape of an article's file."""

from __future__ import annotations

import itertools
from typing import Literal

from pydantic import Field, field_validator, model_validator

from repro.config.keras_specs import SpecError
from repro.config.schema import Name, Strict


class Claim(Strict):
    """A statement of the article: a comparison of two stored experiments, or one that is not tested here and why.

    `direction` speaks of `a` against `b`: greater, less, or equivalent within the margin.
    """

    id: Name
    text: str = Field(min_length=1, max_length=500)
    a: Name | None = None
    b: Name | None = None
    direction: Literal["greater", "less", "equivalent"] | None = None
    metric: Literal["accuracy", "loss"] = "accuracy"
    margin: float | None = Field(
        None,
        gt=0,
        description="a difference this small does not matter; of an accuracy as a fraction: 0.01 is one point",
    )
    added: bool = Field(False, description="our own question, not a statement of the article")
    note: str = Field("", max_length=1000)
    not_tested: str | None = Field(None, min_length=1, max_length=500, description="why no verdict is given")
    figure_of: Name | None = Field(None, description="the claim is the reported figure of this experiment")

    @model_validator(mode="after")
    def _kind(self) -> Claim:
        comparison = (self.a, self.b, self.direction)
        kinds = [all(part is not None for part in comparison), self.not_tested is not None, self.figure_of is not None]
        if sum(kinds) != 1 or (not kinds[0] and any(part is not None for part in comparison)):
            raise ValueError("expected either a, b and direction; or figure_of; or not_tested with the reason")
        if self.margin is not None and not kinds[0]:
            raise ValueError("margin: expected none, got one: it belongs to a comparison of a and b")
        if self.metric == "accuracy" and self.margin is not None and self.margin >= 1:
            raise ValueError(f"expected a margin below 1 (0.01 is one point of accuracy), got {self.margin:g}")
        return self


class Article(Strict):
    """One YAML file of `configs/articles/`: source, experiments, claims, deviations and slips."""

    name: Name
    title: str
    source: str
    published: str = ""
    summary: str = ""
    experiments: tuple[Name, ...] = ()
    claims: tuple[Claim, ...] = ()
    deviations: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()

    @field_validator("experiments", "claims", "deviations", "slips", mode="before")
    @classmethod
    def _tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("claims")
    @classmethod
    def _unique(cls, value: tuple[Claim, ...]) -> tuple[Claim, ...]:
        for (_, first), (index, second) in itertools.combinations(enumerate(value), 2):
            if first.id == second.id:
                raise SpecError(f"expected an id of its own, got {second.id!r} a second time", (str(index), "id"))
        return value
