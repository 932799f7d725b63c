"""The typed shape of an article's file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Set
from typing import Literal

from pydantic import Field, field_validator, model_validator

from repro.config.strict import FIGURE, Name, Strict, as_tuple
from repro.config.variation.claims import Compared, Point, Trend, Until
from repro.config.variation.references import reference
from repro.config.vocabulary.specs import SpecError

ROUNDING = 1e-9
"""What the weights of a contrast may add up to: thirds are written with so many decimals."""


def _check_two(a: str | None, b: str | None) -> None:
    """Raises SpecError where an experiment is compared with itself."""
    if a is not None and a == b:
        raise SpecError(f"expected another experiment than a, got {b!r}", ("b",))


def _check_weights(contrast: Mapping[str, float]) -> None:
    """Raises SpecError where a weighted sum of experiments is no contrast."""
    path = ("contrast",)
    if len(contrast) < 2:
        raise SpecError(f"expected two experiments or more, got {len(contrast)}", path)
    if idle := next((name for name, weight in contrast.items() if not weight), None):
        raise SpecError("expected a weight other than 0, or leave this experiment out", (*path, idle))
    total = math.fsum(contrast.values())
    if abs(total) > ROUNDING:
        raise SpecError(f"expected weights that add up to 0, got a sum of {total:.9g}", path)


class Part(Strict):
    """A part of a comparison that is not about what the claim is about: `a` against `b`, in its own words.

    Of hidden dropout against a baseline with another optimizer: the control against the baseline.
    """

    a: Compared
    b: Compared
    what: str = Field(min_length=1, max_length=200, description='what makes this part: "the optimizer and max-norm"')

    @model_validator(mode="after")
    def _two(self) -> Part:
        _check_two(self.a, self.b)
        return self


class Claim(Strict):
    """A statement of the article: a comparison of stored experiments, a reported figure, or why it is not tested.

    `direction` speaks of `a` against `b`, of `a` against the number `value`, or of a contrast (the weighted sum of
    several experiments) against 0: greater, less, or equivalent within the margin.
    """

    id: Name
    text: str = Field(min_length=1, max_length=500)
    short: str = Field("", max_length=200, description='the claim after "that": "hidden dropout is worse"')
    a: Compared | None = Field(None, description="an experiment, or a variant of one: NAME[AXIS=VALUE, ...]")
    b: Compared | None = None
    value: float | None = Field(None, description="a number that the figure of `a` is held against, in the place of b")
    contrast: dict[Compared, float] | None = Field(None, description="experiment -> weight; the weights add up to 0")
    among: Compared | None = Field(
        None, description="an experiment with variants, or those of them with some values: NAME[AXIS=VALUE]"
    )
    points: tuple[Point, ...] = Field((), description="of those: AXIS=VALUE, near the best of them or below it")
    trend: Trend | None = Field(None, description="the slope of a contrast over an axis, against 0")
    direction: Literal["greater", "less", "equivalent", "near_best", "below_best"] | None = None
    metric: str = Field("accuracy", pattern=FIGURE, description="a figure that the experiments have")
    split: Literal["test", "validation", "train", "gap"] | None = Field(
        None,
        description="the rows that the comparison is about; those of the judged figures unless given. gap: by how much "
        "the training rows fare better than the judged ones",
    )
    until: Until | None = Field(None, description="compare epochs until the figure reaches a level, and not the figure")
    margin: float | None = Field(
        None,
        gt=0,
        description="what may differ without changing a conclusion; of an accuracy as a fraction: 0.01 is one point",
    )
    margin_reason: str = Field("", max_length=300, description="why the margin is so much; needed with a margin")
    part: Part | None = Field(None, description="what of the difference is about something else")
    added: bool = Field(False, description="our own question, not a statement of the article")
    note: str = Field("", max_length=1000)
    not_tested: str | None = Field(None, min_length=1, max_length=500, description="why no verdict is given")
    figure_of: Compared | None = Field(None, description="the claim is the reported figure of this experiment")

    _tuple = field_validator("points", mode="before")(as_tuple)

    @property
    def weights(self) -> dict[str, float]:
        """Experiment -> weight of the sum that the claim is about; none for claims that compare nothing.

        1 and -1 for `a` and `b`, 1 for `a` against a number. None for `among`, of which the records tell what is
        compared.
        """
        if self.contrast:
            return dict(self.contrast)
        if self.trend:
            return self.trend.weights
        if self.a and self.value is not None:
            return {self.a: 1.0}
        return {self.a: 1.0, self.b: -1.0} if self.a and self.b else {}

    @property
    def compared(self) -> frozenset[str]:
        """The experiments that a comparison or contrast is about, whichever of their variants."""
        if self.direction is None:
            return frozenset()
        named = (self.a, self.b, self.among, *(self.contrast or ()), *(self.trend.of if self.trend else ()))
        return frozenset(reference(name).name for name in named if name)

    @property
    def measure(self) -> str:
        """What the comparison is in: a metric, or epochs."""
        return "epochs" if self.until else self.metric

    @property
    def in_points(self) -> bool:
        """Whether differences are points of accuracy."""
        return self.measure == "accuracy"

    @model_validator(mode="after")
    def _kind(self) -> Claim:
        given = [name for name in ("a", "b", "value", "contrast", "among", "trend") if getattr(self, name) is not None]
        of_best = self.direction in ("near_best", "below_best")
        kind = given == ["among"] if of_best else given in (["a", "b"], ["a", "value"], ["contrast"], ["trend"])
        compared = kind and self.direction is not None and of_best == bool(self.points)
        kinds = [compared, self.not_tested is not None, self.figure_of is not None]
        if sum(kinds) != 1 or (not compared and (given or self.direction is not None)):
            raise ValueError(
                "expected either a, b (or value) and direction; or contrast or trend and direction; or among, points "
                "and the direction near_best or below_best; or figure_of; or not_tested with the reason"
            )
        _check_two(self.a, self.b)
        if self.part is not None and self.value is not None:
            raise ValueError("part: expected it with b or contrast, got it with value")
        if self.contrast is not None:
            _check_weights(self.contrast)
        beside = (self.margin, self.part, self.split, self.until)
        if any(each is not None for each in beside) and not compared:
            raise ValueError("margin, part, split and until: expected none, got one: they belong to a comparison")
        if self.until is not None and (self.split is not None or of_best):
            raise ValueError("until: expected it with a and b, contrast or trend, and with no split beside it")
        if (self.margin is None) != (not self.margin_reason):
            raise ValueError("margin and margin_reason belong together: give both or neither")
        if self.in_points and self.margin is not None and self.margin >= 1:
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
    unsaid: tuple[str, ...] = ()
    """What the article leaves open, and what is done about it here."""
    slips: tuple[str, ...] = ()

    _tuple = field_validator("experiments", "claims", "deviations", "unsaid", "slips", mode="before")(as_tuple)

    def speaks_of(self, experiments: Set[str]) -> bool:
        """Whether a claim is about nothing but some experiments, whoever has them."""
        compared = [claim.weights.keys() for claim in self.claims if claim.weights]
        return any(claim.figure_of in experiments for claim in self.claims) or any(
            names <= experiments for names in compared
        )

    @field_validator("experiments")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for index, name in enumerate(value):
            if name in value[:index]:
                raise SpecError(f"expected each experiment once, got {name!r} a second time", (str(index),))
        return value

    @field_validator("claims")
    @classmethod
    def _unique(cls, value: tuple[Claim, ...]) -> tuple[Claim, ...]:
        for (_, first), (index, second) in itertools.combinations(enumerate(value), 2):
            if first.id == second.id:
                raise SpecError(f"expected an id of its own, got {second.id!r} a second time", (str(index), "id"))
        return value
