"""What the engines share: how a plan is followed from one evaluation to the next, and what all start from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from repro.config.schema import Experiment
from repro.datasets import Part
from repro.datasets.base import RowType, aligned
from repro.errors import ConfigError
from repro.models import noise
from repro.models.scores import Scores
from repro.models.state import InitialStates, State
from repro.results.records import Record
from repro.training import randomness
from repro.training.callbacks import Watch, watched_split
from repro.training.plan import Plan, Point, Replica, evaluation_points

Figures = Mapping[str, np.ndarray]
"""The loss and other figures of some replicas: float64 of shape (replicas,) each."""

Data = tuple[tf.Tensor, tf.Tensor, tf.Tensor]
"""Inputs (rows, *shape of a row), uint8, float32 or int32; labels (rows,); the number that inputs are divided by."""

EVALUATION_BATCH = 100
"""Rows that a single replica evaluates at once: the activations of larger batches leave the cache."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The figures of a split, and of each replica which of its rows are predicted right, bool (rows,)."""

    figures: Figures
    right: Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Trained:
    """What training came to: records, and whether each tested row was predicted right at the judged evaluation.

    `correct`: bool, one for each row that the plan tests; none where it says that rows are not told apart. Rows that
    these replicas do not test are False, so that the parts of a cell add up.
    """

    records: tuple[Record, ...]
    correct: np.ndarray

    @staticmethod
    def of(parts: Sequence[Trained]) -> Trained:
        """The parts of a cell together."""
        records = tuple(record for part in parts for record in part.records)
        return Trained(records, np.logical_or.reduce([part.correct for part in parts]))


class Engine(Protocol):
    """Trains the cells of one experiment, one after the other."""

    def train(self, plan: Plan) -> Trained:
        """All replicas of a cell."""


class Training(Protocol):
    """Replicas in training."""

    def advance(self, start: int, stop: int) -> Figures:
        """Run the updates start, ..., stop - 1; returns the means over the rows of their batches."""

    def finish(self) -> None:
        """The last update has been run: what an optimizer does then, such as to put averages in the weights' place."""

    def evaluate(self, split: str) -> Evaluation:
        """A split that the replicas name, without dropout."""


def follow(
    experiment: Experiment, plan: Plan, replicas: Sequence[Replica], training: Training, watch: Watch | None = None
) -> Trained:
    """Train replicas with the same evaluation points from start to end.

    Args:
        watch: callbacks of a single replica. Where there are any, training goes epoch by epoch until they stop it,
            and the judged evaluation is the one after that, of the weights that they restore.
    """
    notes = _Notes(experiment, plan, replicas, training)
    points = evaluation_points(experiment, replicas[0].steps_per_epoch)
    if watch is None:
        for start, stop, point in segments(plan, points):
            figures = training.advance(start, stop)
            if stop == points[-1].updates:
                training.finish()
            if point is not None:
                notes.take(point, figures)
    else:
        _follow_epochs(experiment, replicas[0], watch, points, notes)
    return Trained(tuple(notes.records), notes.right)


def _follow_epochs(
    experiment: Experiment, replica: Replica, watch: Watch, points: Sequence[Point], notes: _Notes
) -> None:
    if experiment.protocol.evaluate_at_steps:
        raise ConfigError(
            f"{experiment.name}: training: expected callbacks or evaluate_at_steps, got both: callbacks go by epochs"
        )
    watched = watched_split(experiment)
    steps, at = replica.steps_per_epoch, {point.updates: point for point in points}
    for epoch in range(experiment.training.epochs):
        updates = (epoch + 1) * steps
        figures = notes.training.advance(epoch * steps, updates)
        logs = {name: float(value[0]) for name, value in figures.items()}
        if watched:
            seen = notes.training.evaluate(watched).figures
            logs |= {f"val_{name}": float(value[0]) for name, value in seen.items()}
        stopped = watch.epoch_ended(epoch, logs)
        if stopped or epoch + 1 == experiment.training.epochs:
            notes.training.finish()
            watch.training_ended()
            notes.take(Point(updates, updates - 1, epoch + 1, judged=True), figures)
            return
        if updates in at:
            notes.take(at[updates], figures)


class _Notes:
    """Records of some replicas, and which of their tested rows are right."""

    def __init__(self, experiment: Experiment, plan: Plan, replicas: Sequence[Replica], training: Training) -> None:
        self.training = training
        self.records: list[Record] = []
        self.right = np.zeros(plan.tested or 0, np.bool_)
        self._judged = experiment.protocol.judged_split
        self._kept = {"loss", *experiment.figures}
        self._plan = plan
        self._replicas = replicas

    def take(self, point: Point, figures: Figures) -> None:
        """Evaluate the replicas at a point; `figures` are those of the updates before it."""
        if self._plan.tracked:
            # The accuracy of one batch of training rows says nothing worth keeping.
            names = {"loss"} if self._plan.tracked == "batch" else self._kept
            self._note(point, self._plan.tracked, {name: figures[name] for name in figures if name in names})
        for split in self._replicas[0].evaluated:
            evaluation = self.training.evaluate(split)
            self._note(point, split, evaluation.figures)
            if point.judged and split == self._judged and self._plan.tested is not None:
                for replica, rows in zip(self._replicas, evaluation.right, strict=True):
                    self.right[self._plan.tested_rows(replica)] = rows

    def _note(self, point: Point, split: str, figures: Figures) -> None:
        self.records += [
            Record(replica.fold, point.epoch, point.step, split, metric, float(f"{value:.9g}"))
            for metric, values in figures.items()
            if metric in self._kept
            for replica, value in zip(self._replicas, values, strict=True)
        ]


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


def evaluation(
    measured: Scores, loss: np.ndarray, labels: Sequence[np.ndarray], outputs: Sequence[np.ndarray]
) -> Evaluation:
    """What the outputs of some replicas come to.

    Args:
        loss: float64 (replicas,).
        labels: of each replica, (rows,), int32 classes, or float32 numbers, of which none is right or wrong.
        outputs: of each replica, float32 (rows, units).
    """
    each = [measured.of_outputs(*pair) for pair in zip(labels, outputs, strict=True)]
    figures = {name: np.array([found[name] for found in each]) for name in measured.figures}
    right = [measured.right(y, tf.constant(found)).numpy() > 0 for y, found in zip(labels, outputs, strict=True)]
    return Evaluation({"loss": loss, **figures}, right)


def initial_state(states: InitialStates, plan: Plan, fold: int) -> State:
    """What one replica begins with, the same for every engine."""
    return states.draw(
        randomness.weight_seeds(plan.base_seed, plan.seed, fold, states.seeds),
        randomness.generator_states(plan.base_seed, plan.seed, fold, states.generators),
    )


def units_of(model: keras.Model, inputs: RowType) -> int:
    """Output units of a model of rows of `inputs`."""
    return int(model(np.zeros((1, *inputs.shape), inputs.dtype)).shape[-1])


def noise_layout(model: keras.Model, inputs: RowType, batch_size: int) -> noise.Layout:
    """The noise that one step of the model asks for."""
    recorder = noise.Recorder()
    with noise.noise_from(recorder):
        model(np.zeros((1, *inputs.shape), inputs.dtype), training=True)
    return noise.Layout(batch_size, recorder.units)


def data_of(part: Part, divide_by: float) -> Data:
    """A part of a data set for a program, over its arrays' own memory: all workers share the pages of a mapped file.

    TensorFlow aborts the process on memory that is not aligned, hence the copy of an array that is not ours.
    """
    x = tf.experimental.dlpack.from_dlpack(aligned(part.x).__dlpack__())
    return x, tf.constant(part.y), tf.constant(divide_by)


def as_inputs(x: tf.Tensor, divide_by: tf.Tensor, inputs: RowType) -> tf.Tensor:
    """Rows as the model takes them: numbers of words as they are, anything else divided, float32."""
    return tf.cast(x, tf.int32) if inputs.dtype == "int32" else tf.cast(x, tf.float32) / divide_by
