"""On which rows a model is evaluated besides the judged ones, and when."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from repro.config.strict import Strict, as_tuple
from repro.config.vocabulary.specs import SpecError
from repro.errors import shown


def _rows_or_fraction(value: object) -> object:
    """Raises ValueError for what is neither: one message, where pydantic would have one for each of the two."""
    if (type(value) is int and value >= 1) or (type(value) is float and 0 < value < 1):
        return value
    raise ValueError(f"expected a number of rows, or a fraction above 0 and below 1, got {shown(value)}")


Fraction = Annotated[float, Field(gt=0, lt=1)]
RowsOrFraction = Annotated[Annotated[int, Field(ge=1)] | Fraction, BeforeValidator(_rows_or_fraction)]


class Validation(Strict):
    """Rows that split `validation` of the records is about, and that callbacks watch: a piece of the training rows.

    Exactly one of the first four keys is given. The training rows are counted in their own order: as they stand in the
    data, except for a shuffled hold-out, which has the order of `train_test_split`. `same_as: test` records nothing of
    its own.
    """

    first: RowsOrFraction | None = Field(None, description="so many rows from the beginning, or this fraction")
    last: RowsOrFraction | None = Field(None, description="so many rows from the end, or this fraction")
    split: Fraction | None = Field(None, description="Keras' validation_split: the last rows, counted as fit does")
    same_as: Literal["test"] | None = Field(
        None, description="the test rows, as articles do that hand them to fit as validation_data"
    )
    trained_on: bool = Field(False, description="the rows stay in the training set too")

    @model_validator(mode="after")
    def _one(self) -> Validation:
        if sum(part is not None for part in (self.first, self.last, self.split, self.same_as)) != 1:
            raise ValueError("expected exactly one of first, last, split, same_as")
        if self.trained_on and self.same_as:
            raise ValueError("expected trained_on with first, last or split, got it with same_as")
        return self

    def rows(self, training: int) -> slice:
        """Which of so many training rows it is; none of them for `same_as`."""
        if self.same_as:
            return slice(0, 0)
        if self.split is not None:
            return slice(math.floor(training * (1 - self.split)), training)
        given = self.first if self.first is not None else self.last
        assert given is not None
        count = given if isinstance(given, int) else round(given * training)
        return slice(0, min(count, training)) if self.first is not None else slice(max(0, training - count), training)


class Evaluated(Strict):
    """When a model is evaluated: once, at the end of its training, unless a key says more.

    Each evaluation is of the judged split, of `validation` where there is one, and of the rows that were trained on
    with `evaluate_on_train`.
    """

    validation: Validation | None = Field(None, description="rows to watch; taken out of the training rows by default")
    evaluate_every_epochs: int | None = Field(
        None,
        ge=1,
        description="evaluate after so many epochs each; records what fit's progress bar shows as split train, too",
    )
    evaluate_on_train: bool = Field(
        False,
        description="evaluate on the trained rows, too, without dropout: split train, in place of the progress bar's",
    )

    @property
    def described(self) -> str:
        """The split in words, for whoever compares two experiments."""
        raise NotImplementedError

    @property
    def records_validation(self) -> bool:
        """Whether there is a split `validation` in the records."""
        return self.validation is not None and not self.validation.same_as


class EvaluatedAtSteps(Evaluated):
    """Of protocols with a single split. At most one of the two `evaluate_*` keys is given.

    Steps are counted from 0: step k is evaluated after k+1 updates.
    """

    evaluate_at_steps: tuple[int, ...] | None = Field(
        None, min_length=1, description="evaluate after these steps; records the loss of the step's own batch, too"
    )
    judged_step: int | None = Field(
        None, description="the one of `evaluate_at_steps` that figures and claims are about; the last unless given"
    )

    _steps = field_validator("evaluate_at_steps", mode="before")(as_tuple)

    @field_validator("evaluate_at_steps")
    @classmethod
    def _rising(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if value is not None and (value[0] < 0 or any(b <= a for a, b in itertools.pairwise(value))):
            raise ValueError("expected steps from 0 upwards, each larger than the one before")
        return value

    @model_validator(mode="after")
    def _one_rule(self) -> EvaluatedAtSteps:
        if self.evaluate_every_epochs is not None and self.evaluate_at_steps is not None:
            raise ValueError("evaluate_every_epochs and evaluate_at_steps exclude each other: give one")
        if self.judged_step is not None and self.judged_step not in (self.evaluate_at_steps or ()):
            raise SpecError(f"expected one of evaluate_at_steps, got {self.judged_step}", ("judged_step",))
        return self
