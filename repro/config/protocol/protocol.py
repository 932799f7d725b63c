"""The key `protocol` of an experiment: one of the ways to divide the rows."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from repro.config.protocol.evaluation import EvaluatedAtSteps, Validation
from repro.config.protocol.kinds import FixedSplit, HoldOut, KFold, NoSplit, SplitsFrom, StratifiedKFold
from repro.config.strict import Strict


class Protocol(Strict):
    """How data is split and when a model is evaluated: exactly one of the keys."""

    fixed_split: FixedSplit | None = None
    hold_out: HoldOut | None = None
    k_fold: KFold | None = None
    stratified_k_fold: StratifiedKFold | None = None
    splits_from: SplitsFrom | None = None
    no_split: NoSplit | None = None

    @model_validator(mode="after")
    def _one(self) -> Protocol:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def key(self) -> str:
        """The key that is given."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def kind(self) -> FixedSplit | HoldOut | KFold | SplitsFrom | NoSplit:
        """What is given under it."""
        found: FixedSplit | HoldOut | KFold | SplitsFrom | NoSplit = getattr(self, self.key)
        return found

    @property
    def cross_validation(self) -> KFold | None:
        """The cross-validation, stratified or not, if it is one."""
        return self.k_fold or self.stratified_k_fold

    @property
    def described(self) -> str:
        """The split in words, for whoever compares two experiments."""
        return self.kind.described

    @property
    def shared(self) -> str:
        """The rows that runs with one seed share, in words."""
        if self.no_split:
            return "the same training rows"
        if self.folds == 1:
            return "the same training and test rows"
        return f"the same {self.folds} {'folds' if self.cross_validation else 'splits'}"

    @property
    def split_files(self) -> tuple[str, ...]:
        """The files that name the rows of the splits, in the order in which they are given."""
        given = self.splits_from
        return (*given.test, *(given.train or ())) if given else ()

    @property
    def folds(self) -> int:
        """Replicas in a cell: the folds of a cross-validation, the given splits, or 1."""
        kind = self.kind
        return kind.folds if isinstance(kind, KFold) else len(kind.test) if isinstance(kind, SplitsFrom) else 1

    @property
    def judged_split(self) -> str:
        """The split that figures and claims are about: `test`, or `train` where nothing is held out."""
        return "train" if self.no_split else "test"

    @property
    def evaluated(self) -> tuple[str, ...]:
        """The splits of each evaluation, the judged one first."""
        validation = ("validation",) if self.kind.records_validation else ()
        return (self.judged_split, *validation, *(("train",) if self.kind.evaluate_on_train else ()))

    @property
    def tracked(self) -> Literal["train", "batch"] | None:
        """Which figures of the training batches themselves are recorded with each evaluation, dropout included.

        `train`: the mean over the batches since the last evaluation, as fit's progress bar shows it. `batch`: those of
        the step's own batch.
        """
        if self.evaluate_at_steps:
            return "batch"
        return "train" if self.kind.evaluate_every_epochs and "train" not in self.evaluated else None

    @property
    def same_rows(self) -> bool:
        """Whether every seed is judged on each of the same rows once: not on given splits, nor on fresh hold-outs."""
        return not self.splits_from and not self.fresh_rows

    @property
    def fresh_rows(self) -> bool:
        """Whether every seed holds out rows of its own."""
        return self.hold_out is not None and self.hold_out.redrawn

    def training_rows(self, rows: int) -> int | None:
        """Rows of the training part of a split, those for validation among them: the fewest. None for given splits."""
        match self.kind:
            case SplitsFrom():
                return None
            case FixedSplit() as fixed:
                return fixed.training_rows(rows)
            case HoldOut() as hold_out:
                return rows - hold_out.test_rows(rows)
            case KFold(folds=folds):
                return rows - -(-rows // folds)
        return rows

    def tested_rows(self, rows: int, test_rows: int) -> int:
        """Rows that the judged figure of a seed is measured on, of a data set with so many rows and test rows.

        0 for given splits, which only their files tell.
        """
        match self.kind:
            case FixedSplit():
                return test_rows
            case HoldOut() as hold_out:
                return hold_out.test_rows(rows)
            case SplitsFrom():
                return 0
            case NoSplit(validation=Validation(trained_on=False) as validation):
                return rows - len(range(rows)[validation.rows(rows)])
        return rows

    @property
    def judged_step(self) -> int | None:
        """The step whose evaluation figures and claims are about; None for the last."""
        kind = self.kind
        return kind.judged_step if isinstance(kind, EvaluatedAtSteps) else None

    @property
    def evaluate_at_steps(self) -> tuple[int, ...] | None:
        """The steps after which the model is evaluated, where the protocol lists them."""
        kind = self.kind
        return kind.evaluate_at_steps if isinstance(kind, EvaluatedAtSteps) else None
