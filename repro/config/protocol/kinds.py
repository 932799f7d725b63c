"""The ways to divide the rows of a data set."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from repro.config.protocol.evaluation import Evaluated, EvaluatedAtSteps, RowsOrFraction
from repro.config.strict import FileName, as_tuple
from repro.config.vocabulary.specs import SpecError

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Older = Literal["scikit-learn 0.18"]


class FixedSplit(EvaluatedAtSteps):
    """The data set's own training and test parts; every other protocol leaves its test part unread."""

    train_rows: int | None = Field(
        None, ge=1, description="train on so many rows of the training part only, drawn anew in every seed"
    )

    def training_rows(self, rows: int) -> int:
        """How many of so many rows of the training part are used."""
        return rows if self.train_rows is None else min(rows, self.train_rows)

    @property
    def described(self) -> str:
        """The split in words."""
        return "a fixed split"


class HoldOut(EvaluatedAtSteps):
    """Some rows are held out for the test.

    Exactly one of `train_first` and `test_size` is given. `train_first` takes the rows as they stand in the data;
    `test_size` divides them as scikit-learn's `train_test_split` does, freshly in every seed unless `random_state`
    names those of an article.
    """

    train_first: RowsOrFraction | None = Field(None, description="train on so many first rows, test on the others")
    test_size: RowsOrFraction | None = Field(None, description="rows of the test part, or a fraction, rounded up")
    shuffle: bool = Field(True, description="with test_size: false takes the last rows for the test")
    stratify: bool = Field(False, description="with test_size: classes in the same proportions on both sides")
    random_state: Seed | None = Field(None, description="the rows of train_test_split(random_state=...), in every seed")

    @model_validator(mode="after")
    def _one_way(self) -> HoldOut:
        if (self.train_first is None) == (self.test_size is None):
            raise ValueError("expected exactly one of train_first, test_size")
        drawn = self.stratify or self.random_state is not None or not self.shuffle
        if self.train_first is not None and drawn:
            raise ValueError("shuffle, stratify and random_state: expected none with train_first, which draws no rows")
        if not self.shuffle and (self.stratify or self.random_state is not None):
            raise ValueError("stratify and random_state: expected neither with shuffle: false, got one")
        return self

    @property
    def redrawn(self) -> bool:
        """Whether every seed holds out rows of its own."""
        return self.test_size is not None and self.shuffle and self.random_state is None

    def test_rows(self, rows: int) -> int:
        """How many of so many rows are held out."""
        if self.train_first is not None:
            first = self.train_first if isinstance(self.train_first, int) else math.floor(self.train_first * rows)
            return max(0, rows - first)
        assert self.test_size is not None
        return self.test_size if isinstance(self.test_size, int) else math.ceil(self.test_size * rows)

    @property
    def described(self) -> str:
        """The split in words."""
        if self.train_first is not None:
            return f"the first {self.train_first:g} of the rows for training"
        how = "" if self.shuffle else ", the last ones"
        how += ", stratified" if self.stratify else ""
        how += "" if self.random_state is None else f", random state {self.random_state}"
        return f"a hold-out of {self.test_size:g}{how}"


class KFold(Evaluated):
    """k-fold cross-validation as scikit-learn's `KFold` does it: every row is tested in exactly one fold.

    Every seed draws folds of its own, unless `random_state` names those of an article, or `shuffle` is false.
    """

    folds: int = Field(ge=2, le=1000)
    shuffle: bool = Field(True, description="false cuts the rows as they stand in the data")
    random_state: Seed | None = Field(
        None, description="the folds of KFold(shuffle=True, random_state=...), in every seed"
    )

    @model_validator(mode="after")
    def _drawn(self) -> KFold:
        if not self.shuffle and self.random_state is not None:
            raise ValueError("random_state: expected none with shuffle: false, which draws nothing")
        return self

    @property
    def redrawn(self) -> bool:
        """Whether every seed draws folds of its own."""
        return self.shuffle and self.random_state is None

    @property
    def described(self) -> str:
        """The folds in words."""
        return f"{self.folds} folds that are not stratified{self._drawn_how}"

    @property
    def _drawn_how(self) -> str:
        if not self.shuffle:
            return " of rows as they stand"
        return "" if self.random_state is None else f" with random state {self.random_state}"


class StratifiedKFold(KFold):
    """Stratified k-fold cross-validation as scikit-learn's `StratifiedKFold` does it."""

    as_in: Older | None = Field(
        None, description="divide the rows as this older scikit-learn did; today's makes folds of other sizes"
    )
    random_state: Seed | None = Field(
        None, description="the folds of StratifiedKFold(shuffle=True, random_state=...), in every seed"
    )

    @property
    def described(self) -> str:
        """The folds in words."""
        rule = f" as in {self.as_in}" if self.as_in else ""
        return f"{self.folds} folds{rule}{self._drawn_how}"


class SplitsFrom(Evaluated):
    """Splits that come with the data: text files of row numbers from 0, one file a split.

    Rows that a split's test file doesn't list are trained on, unless `train` lists the training rows.
    """

    test: tuple[FileName, ...] = Field(min_length=1, description="files of test rows, one a split")
    train: tuple[FileName, ...] | None = Field(None, description="files of training rows, in the order of the test's")

    _tuple = field_validator("test", "train", mode="before")(as_tuple)

    @model_validator(mode="after")
    def _pairs(self) -> SplitsFrom:
        if self.train is not None and len(self.train) != len(self.test):
            raise SpecError(f"expected {len(self.test)} files, one for each of test, got {len(self.train)}", ("train",))
        return self

    @property
    def described(self) -> str:
        """The splits in words."""
        return f"{len(self.test)} given split{'s' * (len(self.test) > 1)}"


class NoSplit(EvaluatedAtSteps):
    """Every row is trained on, and the model is scored on the rows that it was trained on, as some articles do.

    Its figures are of split `train`: they say how well the model fits, not how well it predicts.
    """

    @model_validator(mode="after")
    def _trained(self) -> NoSplit:
        if self.evaluate_on_train:
            raise SpecError(
                "expected it with a protocol that has test rows: no_split does so anyway", ("evaluate_on_train",)
            )
        if self.validation is not None and self.validation.same_as:
            raise SpecError("expected first, last or split, got same_as: there are no test rows", ("validation",))
        return self

    @property
    def described(self) -> str:
        """The split in words."""
        return "no split: scored on the training rows"
