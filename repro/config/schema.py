"""The typed shape of an experiment; the JSON Schema for editors is generated from it.

`catalogue.py` is the only caller that constructs these from files. Past it every field is present and valid, so nobody
downstream asks whether a key is there.
"""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from repro.config.keras_specs import Spec, SpecError, check_each, layer_spec, loss_spec, model_spec, optimizer_spec
from repro.errors import shown, suggest

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""Names become parts of paths, so they are a whitelist: no dots, slashes, spaces or upper case."""


class Strict(BaseModel):
    """Unknown keys and silent type conversions are errors; values do not change after loading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Name = Annotated[str, Field(min_length=1, max_length=64), Field(pattern=f"^{NAME.pattern}$")]


class DatasetSpec(Strict):
    """Which data, and how inputs are scaled."""

    name: Name
    standardize: bool = Field(False, description="StandardScaler fitted on the training part of each split")
    divide_by: float = Field(1.0, gt=0, description="inputs are divided by this (255 for 8-bit pixels)")


class Training(Strict):
    """The training recipe, in Keras' own names."""

    loss: Annotated[Spec, Field(description="a Keras loss: a name, or {Class: {argument: value}}")]
    optimizer: Annotated[Spec, Field(description="a Keras optimizer: {Class: {argument: value}}")]
    batch_size: int = Field(ge=1, le=1_000_000)
    epochs: int = Field(ge=1, le=1_000_000)

    @field_validator("loss", mode="before")
    @classmethod
    def _loss(cls, value: object) -> Spec:
        return loss_spec(value)

    @field_validator("optimizer", mode="before")
    @classmethod
    def _optimizer(cls, value: object) -> Spec:
        return optimizer_spec(value)


class StratifiedKFold(Strict):
    """Shuffled stratified k-fold cross-validation; each fold is evaluated once, at the end of its training.

    Every seed draws folds of its own, unless `random_state` names those of an article.
    """

    folds: int = Field(ge=2, le=1000)
    as_in: Literal["scikit-learn 0.18"] | None = Field(
        None, description="divide the rows as this older scikit-learn did; today's makes folds of other sizes"
    )
    random_state: int | None = Field(
        None,
        ge=0,
        le=2**32 - 1,
        description="the folds of StratifiedKFold(shuffle=True, random_state=...), in every seed",
    )

    @property
    def described(self) -> str:
        """The folds in words, for whoever compares two experiments."""
        rule = f" as in {self.as_in}" if self.as_in else ""
        fixed = "" if self.random_state is None else f" with random state {self.random_state}"
        return f"{self.folds} folds{rule}{fixed}"


class FixedSplit(Strict):
    """The data set's own training and test parts.

    At most one of the two `evaluate_*` keys is given; without either, the test set is evaluated once, at the end.
    Steps are counted from 0: step k is evaluated after k+1 updates.
    """

    evaluate_every_epochs: int | None = Field(None, ge=1)
    evaluate_at_steps: tuple[int, ...] | None = Field(None, min_length=1)
    judged_step: int | None = Field(
        None, description="the one of `evaluate_at_steps` that figures and claims are about; the last unless given"
    )
    validation_from_train: int = Field(
        0,
        ge=0,
        description="the first so many TRAINING rows, reported as split 'validation'; they stay in the training set",
    )

    @field_validator("evaluate_at_steps", mode="before")
    @classmethod
    def _steps(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("evaluate_at_steps")
    @classmethod
    def _rising(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None and (value[0] < 0 or any(b <= a for a, b in itertools.pairwise(value))):
            raise ValueError("expected steps from 0 upwards, each larger than the one before")
        return value

    @model_validator(mode="after")
    def _one(self) -> FixedSplit:
        if self.evaluate_every_epochs is not None and self.evaluate_at_steps is not None:
            raise ValueError("evaluate_every_epochs and evaluate_at_steps exclude each other: give one")
        if self.judged_step is not None and self.judged_step not in (self.evaluate_at_steps or ()):
            raise SpecError(f"expected one of evaluate_at_steps, got {self.judged_step}", ("judged_step",))
        return self


class Protocol(Strict):
    """How data is split and when a model is evaluated: exactly one of the two keys."""

    stratified_k_fold: StratifiedKFold | None = None
    fixed_split: FixedSplit | None = None

    @model_validator(mode="after")
    def _one(self) -> Protocol:
        if (self.stratified_k_fold is None) == (self.fixed_split is None):
            raise ValueError("expected exactly one of stratified_k_fold, fixed_split")
        return self

    @property
    def folds(self) -> int:
        """Replicas in a cell: the folds of a cross-validation, or 1."""
        return self.stratified_k_fold.folds if self.stratified_k_fold else 1

    def tested_rows(self, rows: int, test_rows: int) -> int:
        """Rows that a test accuracy is measured on: the test part, or every row once in a cross-validation."""
        return rows if self.stratified_k_fold else test_rows

    @property
    def judged_step(self) -> int | None:
        """The step whose evaluation figures and claims are about; None for the last."""
        return self.fixed_split.judged_step if self.fixed_split else None


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
        if numbers and all(abs(number - abs(self.value)) > 0.51 * 10.0**-self.printed_decimals for number in numbers):
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


ModelSpec = list[Spec] | Spec


def _reported(metric: str, figure: object) -> None:
    assert isinstance(figure, Reported)
    if metric not in ("accuracy", "loss"):
        raise SpecError(f"unknown metric {metric!r}; {suggest(metric, ['accuracy', 'loss'])}")
    if metric == "accuracy" and not 0 <= figure.stored <= 1:
        unit = "0 and 100" if figure.unit == "percent" else "0 and 1 (or unit: percent)"
        raise SpecError(f"expected an accuracy between {unit}, got {shown(figure.value)}", ("value",))


class Experiment(Strict):
    """One YAML file of `configs/`, resolved."""

    name: Name
    article: Name
    title: str = Field(min_length=1, max_length=200)
    note: str = Field("", max_length=2000, description="what a reader of the table has to know")
    dataset: DatasetSpec
    model: ModelSpec = Field(description="a list of Keras layers, or one registered model: {name: {argument: value}}")
    training: Training
    protocol: Protocol
    seeds: int = Field(30, ge=1, le=10_000)
    base_seed: int = Field(0, ge=0, le=2**32 - 1)
    reported: dict[str, Reported] = Field(default_factory=dict)

    @field_validator("model", mode="before")
    @classmethod
    def _model(cls, value: object) -> object:
        if isinstance(value, list):
            if not value:
                raise ValueError("expected at least one layer")
            layers = check_each(
                ((str(index), item) for index, item in enumerate(value)), lambda _, item: layer_spec(item)
            )
            return list(layers.values())
        return model_spec(value)

    @field_validator("reported")
    @classmethod
    def _metrics(cls, value: dict[str, Reported]) -> dict[str, Reported]:
        check_each(value.items(), _reported)
        return value

    def declared_margin(self, metric: str) -> float | None:
        """The margin, in stored units, that is declared with the article's figure on the test data, if any is."""
        figure = self.reported.get(metric)
        if figure is None or figure.split != "test" or figure.margin is None:
            return None
        return figure.margin / figure.scale

    @property
    def trained(self) -> dict[str, Any]:
        """The part of the configuration that training depends on; a change elsewhere re-trains nothing."""
        return self.model_dump(mode="json", include={"dataset", "model", "training", "protocol", "base_seed"})
