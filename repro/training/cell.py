"""A cell trained from start to end by either engine: plan in, records out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import tensorflow as tf

from repro.config.schema import Experiment
from repro.datasets.base import aligned
from repro.models import build
from repro.training import randomness
from repro.training.plain import Trainer
from repro.training.plan import Plan, Point, Replica, evaluation_points
from repro.training.stacked import Program


@dataclass(frozen=True)
class Record:
    """One metric of one replica at one evaluation point, to nine significant digits (what float32 carries)."""

    fold: int
    epoch: int
    step: int
    split: str
    metric: str
    value: float


class StackedEngine:
    """Trains cells of one experiment; keeps its compiled programs for further seeds."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._programs: dict[tuple[int, ...], Program] = {}

    def train(self, plan: Plan) -> list[Record]:
        """All replicas of the plan. Replicas with a different number of steps an epoch need a program of their own."""
        records: list[Record] = []
        tensors = {name: (shared_tensor(part.x), tf.constant(part.y)) for name, part in plan.parts.items()}
        for _, group in groupby(
            sorted(plan.replicas, key=lambda replica: replica.steps_per_epoch), lambda replica: replica.steps_per_epoch
        ):
            records += self._train_group(plan, list(group), tensors)
        return records

    def _train_group(
        self,
        plan: Plan,
        replicas: Sequence[Replica],
        tensors: dict[str, tuple[tf.Tensor, tf.Tensor]],
    ) -> list[Record]:
        folds = tuple(replica.fold for replica in replicas)
        program = self._programs.get(folds)
        if program is None:
            program = self._programs[folds] = Program(self._experiment, plan.input_shape, folds)
        program.start([cell_weights(program.model, plan, fold) for fold in folds])
        batches = tf.constant(np.stack([replica.batches for replica in replicas]))
        key = randomness.noise_key(plan.base_seed, plan.seed)
        evaluated = {
            split: (part, _padded([replica.evaluated[split][1] for replica in replicas]))
            for split, (part, _) in replicas[0].evaluated.items()
        }
        records: list[Record] = []
        for start, stop, point in segments(plan, evaluation_points(self._experiment, replicas[0].steps_per_epoch)):
            figures = program.advance(*tensors["train"], plan.divide_by, batches, key, start, stop)
            if point is None:
                continue
            if plan.tracked:
                records += _records(folds, point, plan.tracked, figures)
            for split, (part, rows) in evaluated.items():
                records += _records(folds, point, split, program.evaluate(*tensors[part], plan.divide_by, rows))
        return records


class PlainEngine:
    """Trains cells of one experiment one replica at a time with Keras' own `fit`."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def train(self, plan: Plan) -> list[Record]:
        """All replicas of the plan, in order."""
        records: list[Record] = []
        template = build.build_model(self._experiment.model, plan.input_shape)
        for replica in plan.replicas:
            trainer = Trainer(self._experiment, plan, replica, cell_weights(template, plan, replica.fold))
            for start, stop, point in segments(plan, evaluation_points(self._experiment, replica.steps_per_epoch)):
                figures = trainer.advance(start, stop)
                if point is None:
                    continue
                scores = {plan.tracked: figures} if plan.tracked else {}
                scores |= {split: trainer.evaluate(*where) for split, where in replica.evaluated.items()}
                for split, values in scores.items():
                    arrays = {name: np.array([value]) for name, value in values.items()}
                    records += _records([replica.fold], point, split, arrays)
        return records


ENGINES: dict[str, type[StackedEngine] | type[PlainEngine]] = {"stacked": StackedEngine, "keras": PlainEngine}


def cell_weights(model: Any, plan: Plan, fold: int) -> list[np.ndarray]:
    """Initial weights of one replica, the same for either engine."""
    seeds = randomness.weight_seeds(plan.base_seed, plan.seed, fold, len(model.trainable_variables))
    return build.initial_weights(model, seeds)


def segments(plan: Plan, points: Iterable[Point]) -> Iterator[tuple[int, int, Point | None]]:
    """Stretches of updates (start, stop) and the evaluation after each.

    Where a batch's own loss is recorded, that batch is a stretch of its own.
    """
    start = 0
    for point in points:
        if plan.tracked == "batch" and start < point.updates - 1:
            yield start, point.updates - 1, None
            start = point.updates - 1
        yield start, point.updates, point
        start = point.updates


def shared_tensor(array: np.ndarray) -> tf.Tensor:
    """A tensor over the array's own memory, so that all workers share the pages of a memory-mapped data set.

    TensorFlow aborts the process on memory that is not aligned, hence the copy of an array that is not ours.
    """
    return tf.experimental.dlpack.from_dlpack(aligned(array).__dlpack__())


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Stack index arrays of different lengths, -1 where one is shorter. Folds differ by a row or two."""
    width = max(len(part) for part in rows)
    padded = np.full((len(rows), width), -1, np.int32)
    for line, part in zip(padded, rows, strict=True):
        line[: len(part)] = part
    return padded


def _records(folds: Sequence[int], point: Point, split: str, figures: dict[str, np.ndarray]) -> list[Record]:
    return [
        Record(fold, point.epoch, point.step, split, metric, float(f"{value:.9g}"))
        for metric, values in figures.items()
        for fold, value in zip(folds, values, strict=True)
        if not (split == "batch" and metric == "accuracy")  # one batch of training rows says nothing worth keeping
    ]
