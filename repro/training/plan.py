"""What a cell is going to do, in NumPy: rows, batches, evaluation points. All engines carry out the same plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from repro.config.protocol import FixedSplit, NoSplit, SplitsFrom
from repro.config.schema import DatasetSpec, Experiment
from repro.datasets.base import Dataset, Part, RowType
from repro.datasets.prepare import encoded, scaled, scaled_as_one
from repro.datasets.split_files import given_splits
from repro.datasets.splits import Split, divided
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
    is short. `evaluated` maps the name of a split in the records to the part of the plan and the rows of it; the split
    that figures and claims are about comes first.
    """

    fold: int
    batches: np.ndarray
    evaluated: dict[str, tuple[str, np.ndarray]]
    steps_per_epoch: int


@dataclass(frozen=True)
class Plan:
    """One cell: all replicas of one seed.

    `parts` holds the arrays that are read: "train", which batches index, and "test" where the protocol reads the test
    part of the data set; inputs are uint8, float32 or int32 (words), to be divided by `divide_by`. Where scalers are
    fitted on the training rows of several splits, "train" has a copy of all rows for each replica.
    """

    seed: int
    base_seed: int
    parts: dict[str, Part]
    inputs: RowType
    divide_by: float
    classes: int | None
    """Of the labels; None where targets are numbers."""
    tested: int | None
    """Rows that the cell is judged on, each once: the same in every seed. None where seeds differ in them, and where
    targets are numbers, which are not right or wrong."""
    replicas: tuple[Replica, ...]
    tracked: Literal["train", "batch"] | None
    """Which figures of the training batches are recorded: means ("train"), or those of the last ("batch")."""

    def tested_rows(self, replica: Replica) -> np.ndarray:
        """Which of the `tested` rows a replica is judged on, in the order in which it is.

        They are those of the test part, those of a cross-validated data set, or else the judged rows themselves.
        """
        assert self.tested is not None
        _, rows = next(iter(replica.evaluated.values()))
        return rows % self.tested if len(self.replicas) > 1 else np.arange(len(rows))


def evaluation_points(experiment: Experiment, steps_per_epoch: int) -> list[Point]:
    """Evaluation points of a training with so many steps an epoch. Raises ConfigError where the last is not the end."""
    total = steps_per_epoch * experiment.training.epochs
    protocol = experiment.protocol
    listed, epochs = protocol.evaluate_at_steps, protocol.kind.evaluate_every_epochs
    if listed:
        if listed[-1] != total - 1:
            raise ConfigError(
                f"protocol.{protocol.key}.evaluate_at_steps: expected {total - 1} as the last step "
                f"({experiment.training.epochs} epochs of {steps_per_epoch} steps, counted from 0), "
                f"got {listed[-1]}"
            )
        updates = [step + 1 for step in listed]
    elif epochs:
        every = steps_per_epoch * epochs
        updates = [*range(every, total, every), total]
    else:
        updates = [total]
    judged = total if protocol.judged_step is None else protocol.judged_step + 1
    return [Point(count, count - 1, -(-count // steps_per_epoch), count == judged) for count in updates]


def make_plan(experiment: Experiment, dataset: Dataset, seed: int, folder: Path) -> Plan:
    """Lay out the cell of `seed`; the experiment fits the data (`check_plan`).

    folder: where the config lies, and the files that it names. Raises ConfigError where these, or the rows themselves,
    don't fit after all.
    """
    protocol = experiment.protocol
    dataset = encoded(experiment.dataset, dataset, with_test=protocol.fixed_split is not None)
    splits = _splits(experiment, dataset, seed, folder)
    parts = _parts(experiment.dataset, dataset, splits)
    copies = len(parts["train"].y) // len(dataset.train.y)
    replicas = tuple(
        _replica(experiment, seed, fold, split, fold * len(dataset.train.y) if copies > 1 else 0)
        for fold, split in enumerate(splits)
    )
    x = parts["train"].x
    return Plan(
        seed=seed,
        base_seed=experiment.base_seed,
        parts=parts,
        inputs=RowType(x.shape[1:], "int32" if x.dtype == np.int32 else "float32"),
        divide_by=experiment.dataset.divide_by,
        classes=dataset.classes,
        tested=_tested(replicas) if protocol.same_rows and dataset.classes is not None else None,
        replicas=replicas,
        tracked=protocol.tracked,
    )


def _splits(experiment: Experiment, dataset: Dataset, seed: int, folder: Path) -> list[Split]:
    """Rows of the data set's training part; the test rows of a fixed split are those of its test part."""
    y = dataset.train.y
    everything = np.arange(len(y), dtype=np.int32)
    match experiment.protocol.kind:
        case FixedSplit() as fixed:
            assert dataset.test is not None
            if fixed.train_rows is not None:  # fewer rows of a seed are among more of the same seed
                state = np.random.RandomState(randomness.split_state(experiment.base_seed, seed))
                everything = np.sort(state.permutation(everything)[: fixed.train_rows])
            return [Split(everything, np.arange(len(dataset.test.y), dtype=np.int32))]
        case NoSplit():
            return [Split(everything, everything[:0])]
        case SplitsFrom() as given:
            return given_splits(given, folder, experiment.files, len(y))
        case drawn:
            return divided(drawn, y, randomness.split_state(experiment.base_seed, seed))


def _parts(spec: DatasetSpec, dataset: Dataset, splits: Sequence[Split]) -> dict[str, Part]:
    """Arrays by the name of the part, inputs scaled: "train" once, or once for each split that has its own scaler."""
    if not spec.scaled:
        copies = [dataset]
    elif spec.fit_scaler_on == "all" or len(splits[0].train) == len(dataset.train.y):
        copies = [scaled_as_one(spec, dataset)]
    else:
        copies = [scaled(spec, dataset, split.train) for split in splits]
    train = copies[0].train
    if len(copies) > 1:
        train = Part(*(np.concatenate([getattr(copy.train, axis) for copy in copies]) for axis in ("x", "y")))
    test = copies[0].test
    return {"train": train} if test is None else {"train": train, "test": test}


def _replica(experiment: Experiment, seed: int, fold: int, split: Split, offset: int) -> Replica:
    """One fold; its rows are at `offset` in the part "train"."""
    protocol = experiment.protocol
    validation = protocol.kind.validation
    trained, watched = split.train, split.train[:0]
    if validation:
        piece = validation.rows(len(trained))
        watched = trained[piece]
        if not validation.trained_on:
            trained = np.delete(trained, np.arange(piece.start, piece.stop))
    if not len(trained) or (protocol.kind.records_validation and not len(watched)):
        raise ConfigError(
            f"protocol.{protocol.key}.validation: expected rows on either side, got {len(trained)} for training and "
            f"{len(watched)} for validation"
        )
    judged = ("test", split.test) if protocol.fixed_split else ("train", split.test + np.int32(offset))
    rows = {
        "test": judged,
        "validation": ("train", watched + np.int32(offset)),
        "train": ("train", trained + np.int32(offset)),
    }
    batches, steps = _batches(experiment, seed, fold, trained + np.int32(offset))
    return Replica(fold, batches, {name: rows[name] for name in protocol.evaluated}, steps)


def _tested(replicas: Sequence[Replica]) -> int:
    return sum(len(next(iter(replica.evaluated.values()))[1]) for replica in replicas)


def _batches(experiment: Experiment, seed: int, fold: int, rows: np.ndarray) -> tuple[np.ndarray, int]:
    """Row indices of every batch of a training: (epochs * steps, batch size), the last of an epoch padded with -1."""
    training = experiment.training
    if training.shuffle:
        rows = rows[randomness.data_order(experiment.base_seed, seed, fold, training.epochs, len(rows))]
    steps = -(-rows.shape[-1] // training.batch_size)
    padded = np.full((training.epochs, steps * training.batch_size), -1, np.int32)
    padded[:, : rows.shape[-1]] = rows
    return padded.reshape(training.epochs * steps, training.batch_size), steps
