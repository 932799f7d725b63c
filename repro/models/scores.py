"""What a model's outputs are compared with, and the figures that come of it: the same for all engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from repro.config.schema import Experiment
from repro.config.vocabulary.names import INTEGER_LABELS

_SIGN_LOSSES = ("Hinge", "SquaredHinge")
"""Losses of a single output whose sign is the prediction."""


def for_loss(loss: str, labels: tf.Tensor, units: int) -> tf.Tensor:
    """Labels in the form in which a loss compares them with outputs (rows, units).

    Args:
        loss: its class in Keras.
        labels: (rows,), int32 classes, or float32 numbers.

    Returns:
        int32 (rows,) for a loss that takes whole numbers, float32 (rows, 1) for a single unit or for numbers, else
        float32 (rows, units) with a single 1 in each row.
    """
    if loss in INTEGER_LABELS:
        return labels
    return _targets(labels, units)


def _targets(labels: tf.Tensor, units: int) -> tf.Tensor:
    if units == 1 or labels.dtype.is_floating:
        return tf.cast(labels, tf.float32)[:, tf.newaxis]
    return tf.one_hot(labels, units, dtype=tf.float32)


@dataclass(frozen=True)
class Scores:
    """How the outputs of an experiment's model are scored."""

    figures: tuple[str, ...]
    """What is measured beside the loss."""
    threshold: float
    """A single output above it predicts class 1."""

    @staticmethod
    def of(experiment: Experiment) -> Scores:
        """Those that an experiment asks for."""
        (loss, arguments), *_ = experiment.training.loss.items()
        zero = bool(arguments.get("from_logits")) or loss in _SIGN_LOSSES
        return Scores(tuple(name for name in experiment.figures if name != "loss"), 0.0 if zero else 0.5)

    @property
    def by_right_rows(self) -> bool:
        """Whether it is enough to know which rows are right."""
        return set(self.figures) <= {"accuracy"}

    def right(self, labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
        """Which rows are predicted right, as Keras' metric "accuracy" that goes with the loss counts them.

        One output unit is right on its side of a probability of 0.5 (Keras compares logits with 0.5 too; here a logit
        is compared with 0, as is a hinge loss' output), several by the largest.

        Args:
            labels: (rows,). outputs: (rows, units).

        Returns:
            float32 (rows,): 1 where right.
        """
        if outputs.shape[-1] == 1:
            predicted = tf.cast(outputs[:, 0] > self.threshold, tf.int32)
        else:
            predicted = tf.argmax(outputs, axis=-1, output_type=tf.int32)
        return tf.cast(predicted == tf.cast(labels, tf.int32), tf.float32)

    def of_outputs(self, labels: np.ndarray, outputs: np.ndarray) -> dict[str, float]:
        """Each of `figures`, computed in 64 bits.

        Args:
            labels: (rows,), int32 classes, or float32 numbers. outputs: float32 (rows, units).
        """
        return {name: self._figure(name, labels, outputs) for name in self.figures}

    def _figure(self, name: str, labels: np.ndarray, outputs: np.ndarray) -> float:
        if name == "accuracy":
            return float(self.right(labels, tf.constant(outputs)).numpy().astype(np.float64).mean())
        targets = _targets(tf.constant(labels), outputs.shape[-1]).numpy().astype(np.float64)
        errors = outputs.astype(np.float64) - targets
        if name == "mean_absolute_error":
            return float(np.abs(errors).mean())
        squared = float((errors**2).mean())
        if name == "r2":
            return _r2(errors, targets)
        return squared**0.5 if name == "root_mean_squared_error" else squared


def _r2(errors: np.ndarray, targets: np.ndarray) -> float:
    """1 - residual / total sum of squares, the mean over columns; of a column that doesn't vary 1 or 0 as scikit-learn.

    Args:
        errors: (rows, columns). targets: of that shape.
    """
    residual = (errors**2).sum(axis=0)
    total = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    constant = np.where(residual == 0, 1.0, 0.0)
    return float(np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), constant).mean())
