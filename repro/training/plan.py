"""What a cell is going to do, in NumPy: rows, batches, evaluation points. Both engines carry out the same plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repro.config.schema import Experiment, StratifiedKFold
from repro.datasets import Dataset, DatasetInfo, Part
from repro.datasets.splits import stratified_k_fold
from repro.errors import ConfigError
from repro.training import randomness


@dataclass(frozen=True)
class Point:
    """An evaluation after `updates` updates; in the records steps count from 0 and epochs from 1."""

    updates: int
    step: int
    epoch: int
    judged: bool
    """Whether figures and claims are about this evaluation."""


@dataclass(frozen=True)
class Replica:
    """One training of one model.

    `batches` is int32 (steps, batch size): indices into the plan's `x` and `y`, -1 where the last batch of an epoch
    is short. `evaluated` maps the name of a split in the records to the part of the plan and the rows of it.
    """

    fold: int
    batches: np.ndarray
    evaluated: dict[str, tuple[str, np.ndarray]]
    steps_per_epoch: int


@dataclass(frozen=True)
class Plan:
    """One cell: all replicas of one seed.

    `parts` holds the arrays that are read: "train", which batches index, and "test" where the data set has one; inputs
    are uint8 or float32, to be divided by `divide_by`. With standardisation "train" has a copy of all rows for each
    replica, since each split has its own scaler.
    """

    seed: int
    base_seed: int
    parts: dict[str, Part]
    divide_by: float
    tested: int
    """Rows that the cell is tested on: the test part, or in a cross-validation every row of the data set once."""
    replicas: tuple[Replica, ...]
    tracked: (
        str | None
    )  # which figures of the training batches are recorded: None, "train" (means) or "batch" (the last)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one row."""
        return self.parts["train"].x.shape[1:]

    def tested_rows(self, replica: Replica) -> np.ndarray:
        """Which of the `tested` rows a replica is tested on, in the order in which it is."""
        return replica.evaluated["test"][1] % self.tested


def evaluation_points(experiment: Experiment, steps_per_epoch: int) -> list[Point]:
    """Evaluation points of a training with so many steps an epoch. Raises ConfigError where the last is not the end."""
    total = steps_per_epoch * experiment.training.epochs
    fixed = experiment.protocol.fixed_split
    if fixed and fixed.evaluate_at_steps:
        if fixed.evaluate_at_steps[-1] != total - 1:
            raise ConfigError(
                f"protocol.fixed_split.evaluate_at_steps: expected {total - 1} as the last step "
                f"({experiment.training.epochs} epochs of {steps_per_epoch} steps, counted from 0), "
                f"got {fixed.evaluate_at_steps[-1]}"
            )
        updates = [step + 1 for step in fixed.evaluate_at_steps]
    elif fixed and fixed.evaluate_every_epochs:
        every = steps_per_epoch * fixed.evaluate_every_epochs
        updates = [*range(every, total, every), total]
    else:
        updates = [total]
    judged = total if experiment.protocol.judged_step is None else experiment.protocol.judged_step + 1
    return [Point(count, count - 1, -(-count // steps_per_epoch), count == judged) for count in updates]


def check_plan(experiment: Experiment, info: DatasetInfo) -> None:
    """Raises ConfigError where the protocol asks for what the data set hasn't got, without reading the data."""
    fixed, k_fold = experiment.protocol.fixed_split, experiment.protocol.stratified_k_fold
    if k_fold and k_fold.folds > info.rows:
        raise ConfigError(
            f"protocol.stratified_k_fold.folds: expected at most {info.rows} (the rows of "
            f"{info.name}), got {k_fold.folds}"
        )
    if "BinaryCrossentropy" in experiment.training.loss and info.classes != 2:
        raise ConfigError(
            f"training.loss: expected sparse_categorical_crossentropy for the {info.classes} classes of {info.name}, "
            "got BinaryCrossentropy"
        )
    if experiment.dataset.standardize and len(info.input_shape) != 1:
        raise ConfigError(
            f"dataset.standardize: expected a data set of tables, got {info.name}, whose rows are "
            f"{' x '.join(map(str, info.input_shape))}"
        )
    if experiment.dataset.standardize and experiment.dataset.divide_by != 1:
        raise ConfigError("dataset: expected standardize or divide_by, got both: standardized inputs need no scale")
    if fixed is None:
        return
    if not info.test_rows:
        raise ConfigError(
            f"protocol: expected stratified_k_fold, got fixed_split: data set {info.name!r} has no test part of its own"
        )
    if fixed.validation_from_train > info.rows:
        raise ConfigError(
            f"protocol.fixed_split.validation_from_train: expected at most {info.rows} (the "
            f"training rows of {info.name}), got {fixed.validation_from_train}"
        )
    if experiment.dataset.standardize:
        raise ConfigError("dataset.standardize: expected stratified_k_fold, got fixed_split")
    evaluation_points(experiment, -(-info.rows // experiment.training.batch_size))


def check_reported(experiment: Experiment, info: DatasetInfo) -> None:
    """Raises ConfigError where the article's figure is of a split or step that the protocol doesn't record."""
    fixed = experiment.protocol.fixed_split
    splits = ["test"]
    if fixed:
        splits += ["validation"] * bool(fixed.validation_from_train) + ["train"] * bool(fixed.evaluate_every_epochs)
    for metric, figure in experiment.reported.items():
        recorded = [*splits, "batch"] if fixed and fixed.evaluate_at_steps and metric == "loss" else splits
        if figure.split not in recorded:
            raise ConfigError(
                f"reported.{metric}.split: expected {' or '.join(recorded)}, which this protocol records, "
                f"got {figure.split}"
            )
        if figure.spread_over == "folds" and fixed:
            raise ConfigError(f"reported.{metric}.spread_over: expected seeds, got folds: fixed_split has none")
        if figure.steps and fixed is None:
            raise ConfigError(f"reported.{metric}.steps: expected fixed_split, got stratified_k_fold")
        if figure.steps:
            points = evaluation_points(experiment, -(-info.rows // experiment.training.batch_size))
            unknown = sorted(set(figure.steps) - {point.step for point in points})
            if unknown:
                raise ConfigError(f"reported.{metric}.steps: expected steps that are evaluated, got {unknown[0]}")


def check_labels(experiment: Experiment, labels: np.ndarray) -> None:
    """Raises ConfigError where there are more folds than rows of a class."""
    k_fold = experiment.protocol.stratified_k_fold
    if k_fold and k_fold.folds > np.bincount(labels).min():
        stratified_k_fold(labels, k_fold.folds, 0)  # it says what is wrong; importing scikit-learn is left to workers


def make_plan(experiment: Experiment, dataset: Dataset, seed: int) -> Plan:
    """Lay out the cell of `seed`. The protocol fits the data set (`check_plan`)."""
    if experiment.protocol.stratified_k_fold:
        return _cross_validation(experiment, dataset, seed, experiment.protocol.stratified_k_fold)
    return _fixed_split(experiment, dataset, seed)


def _cross_validation(experiment: Experiment, dataset: Dataset, seed: int, k_fold: StratifiedKFold) -> Plan:
    state = k_fold.random_state
    if state is None:
        state = randomness.split_state(experiment.base_seed, seed)
    splits = stratified_k_fold(dataset.train.y, k_fold.folds, state, k_fold.as_in)
    rows = len(dataset.train.y)
    x, y = [], []
    replicas = []
    for fold, split in enumerate(splits):
        offset = fold * rows if experiment.dataset.standardize else 0
        if experiment.dataset.standardize:
            x.append(_standardized(dataset.train.x, split.train))
            y.append(dataset.train.y)
        batches, steps = _batches(experiment, seed, fold, split.train + offset)
        test = (split.test + offset).astype(np.int32)
        replicas.append(Replica(fold, batches, {"test": ("train", test)}, steps))
    return Plan(
        seed=seed,
        base_seed=experiment.base_seed,
        parts={"train": Part(np.concatenate(x), np.concatenate(y)) if x else dataset.train},
        divide_by=experiment.dataset.divide_by,
        tested=rows,
        replicas=tuple(replicas),
        tracked=None,
    )


def _fixed_split(experiment: Experiment, dataset: Dataset, seed: int) -> Plan:
    fixed = experiment.protocol.fixed_split
    assert fixed is not None
    assert dataset.test is not None
    rows = len(dataset.train.y)
    train_rows = np.arange(rows, dtype=np.int32)
    batches, steps = _batches(experiment, seed, 0, train_rows)
    evaluated = {"test": ("test", np.arange(len(dataset.test.y), dtype=np.int32))}
    if fixed.validation_from_train:
        evaluated["validation"] = ("train", train_rows[: fixed.validation_from_train])
    return Plan(
        seed=seed,
        base_seed=experiment.base_seed,
        parts={"train": dataset.train, "test": dataset.test},
        divide_by=experiment.dataset.divide_by,
        tested=len(dataset.test.y),
        replicas=(Replica(0, batches, evaluated, steps),),
        tracked="batch" if fixed.evaluate_at_steps else "train" if fixed.evaluate_every_epochs else None,
    )


def _standardized(x: np.ndarray, train: np.ndarray) -> np.ndarray:
    """All rows scaled by the mean and deviation of the training rows, as a pipeline with StandardScaler does."""
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(x[train].astype(np.float64))
    return np.asarray(scaler.transform(x.astype(np.float64)), np.float32)


def _batches(experiment: Experiment, seed: int, fold: int, rows: np.ndarray) -> tuple[np.ndarray, int]:
    """Row indices of every batch of a training: (epochs * steps, batch size), the last of an epoch padded with -1."""
    training = experiment.training
    order = randomness.data_order(experiment.base_seed, seed, fold, training.epochs, len(rows))
    steps = -(-len(rows) // training.batch_size)
    padded = np.full((training.epochs, steps * training.batch_size), -1, np.int32)
    padded[:, : len(rows)] = rows[order]
    return padded.reshape(training.epochs * steps, training.batch_size), steps
