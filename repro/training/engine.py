"""What the engines share: how a plan is followed from one evaluation to the next, and what both start from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from repro.config.schema import Experiment
from repro.models import build, noise
from repro.results.records import Record
from repro.training import randomness
from repro.training.plan import Plan, Point, Replica, evaluation_points

Figures = Mapping[str, np.ndarray]
"""`loss` and `accuracy` of some replicas: float64 of shape (replicas,) each."""


@dataclass(frozen=True, eq=False)
class Trained:
    """What training came to: records, and whether each tested row was predicted right at the judged evaluation.

    `correct`: bool, one for each row that the plan tests. Rows that these replicas do not test are False, so that
    the parts of a cell add up.
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


def follow(
    experiment: Experiment,
    plan: Plan,
    replicas: Sequence[Replica],
    advance: Callable[[int, int], Figures],
    evaluate: Callable[[str], Figures],
    correct: Callable[[], Sequence[np.ndarray]],
) -> Trained:
    """Train replicas with the same evaluation points from start to end.

    Args:
        advance: runs the updates start, ..., stop - 1 and returns figures of their batches.
        evaluate: returns the figures of a split that `replicas` name, without dropout.
        correct: returns, for each replica, which of its test rows are predicted right: bool (rows,), without dropout.
    """
    records: list[Record] = []
    right = np.zeros(plan.tested, np.bool_)
    folds = [replica.fold for replica in replicas]
    for start, stop, point in segments(plan, evaluation_points(experiment, replicas[0].steps_per_epoch)):
        figures = advance(start, stop)
        if point is None:
            continue
        if plan.tracked:
            records += _records(folds, point, plan.tracked, figures)
        for split in replicas[0].evaluated:
            records += _records(folds, point, split, evaluate(split))
        if point.judged:
            for replica, rows in zip(replicas, correct(), strict=True):
                right[plan.tested_rows(replica)] = rows
    return Trained(tuple(records), right)


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


def _records(folds: Sequence[int], point: Point, split: str, figures: Figures) -> list[Record]:
    return [
        Record(fold, point.epoch, point.step, split, metric, float(f"{value:.9g}"))
        for metric, values in figures.items()
        for fold, value in zip(folds, values, strict=True)
        if not (split == "batch" and metric == "accuracy")  # one batch of training rows says nothing worth keeping
    ]


def cell_weights(model: keras.Model, plan: Plan, fold: int) -> list[np.ndarray]:
    """Initial weights of one replica, the same for either engine."""
    seeds = randomness.weight_seeds(plan.base_seed, plan.seed, fold, len(model.trainable_variables))
    return build.initial_weights(model, seeds)


def noise_layout(model: keras.Model, input_shape: Sequence[int], batch_size: int) -> noise.Layout:
    """The noise that one step of the model asks for."""
    recorder = noise.Recorder()
    with noise.noise_from(recorder):
        model(np.zeros((1, *input_shape), np.float32), training=True)
    return noise.Layout(batch_size, recorder.units)


def accuracy_of(loss: keras.losses.Loss) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Which rows are predicted right, as Keras' metric "accuracy" that goes with a loss counts them.

    Returns a function of labels (rows,) and outputs (rows, units) to float32 (rows,): 1 where right. One output unit
    is right on its side of a probability of 0.5 (Keras compares logits with 0.5 too; here a logit is compared with
    0), several by the largest.
    """
    threshold = 0.0 if loss.get_config().get("from_logits") else 0.5

    def right(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        if outputs.shape[-1] == 1:
            predicted = tf.cast(outputs[:, 0] > threshold, tf.int32)
        else:
            predicted = tf.argmax(outputs, axis=-1, output_type=tf.int32)
        return tf.cast(predicted == tf.cast(labels, tf.int32), tf.float32)

    return right
