"""The stacked engine: all replicas of a cell in one compiled program.

Weights and optimizer slots hold all replicas. A step draws the noise of all replicas, computes each
replica's gradient with `tf.vectorized_map` over the Keras model's own stateless call, and lets Keras' own optimizer
update the stacked variables: right for element-wise optimizers, the only ones that a config may name. A variable's
constraint is Keras' own, mapped over the replica axis. Thousands of steps run in one XLA program on one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.ops.gen_xla_ops import xla_optimization_barrier

from repro.config.schema import Experiment
from repro.models import build, noise
from repro.training.accuracy import accuracy_of

EVALUATION_CHUNK = 1000
"""Rows evaluated at once: the activations of larger chunks leave the cache."""


class Program:
    """One experiment's model, compiled for a number of replicas; used for one cell after another.

    Args:
        experiment: what to train.
        input_shape: shape of one row.
        folds: the fold index of each stacked replica; noise depends on it.
    """

    def __init__(self, experiment: Experiment, input_shape: Sequence[int], folds: Sequence[int]) -> None:
        self._experiment = experiment
        self._input_shape = tuple(input_shape)
        self._folds = tuple(folds)
        self.model = build.build_model(experiment.model, input_shape)
        self._loss = build.build_loss(experiment.training.loss)
        self._accuracy = accuracy_of(self._loss)
        self._variables = [self._stacked(variable) for variable in self.model.trainable_variables]
        self.optimizer = build.build_optimizer(experiment.training.optimizer)
        self.optimizer.build(self._variables)
        self._fresh = [variable.numpy() for variable in self.optimizer.variables]
        self._state = [variable.value for variable in self.model.non_trainable_variables]
        self.layout = noise_layout(self.model, self._input_shape, experiment.training.batch_size)
        self._advance = tf.function(self._steps, jit_compile=True, autograph=False)
        self._score = tf.function(self._evaluate, jit_compile=True, autograph=False)

    @property
    def weights(self) -> list[tf.Tensor]:
        """The weights of all replicas: (replicas, *shape in the model) of each variable."""
        shapes = [(len(self._folds), *variable.shape) for variable in self.model.trainable_variables]
        return [tf.reshape(variable.value, shape) for variable, shape in zip(self._variables, shapes, strict=True)]

    def start(self, weights: Sequence[Sequence[np.ndarray]]) -> None:
        """Begin a cell: initial weights of each replica, a fresh optimizer."""
        for variable, *values in zip(self._variables, *weights, strict=True):
            variable.assign(np.stack(values).ravel())
        for variable, value in zip(self.optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    def advance(
        self, x: tf.Tensor, y: tf.Tensor, divide_by: float, batches: tf.Tensor, key: int, start: int, stop: int
    ) -> dict[str, np.ndarray]:
        """Run the updates start, ..., stop - 1.

        Args:
            x: (rows, *input shape) uint8 or float32, divided by `divide_by` in the program. y: (rows,) labels.
            batches: int32 (replicas, steps, batch size), row indices, -1 where there is no row.
            key: the cell's noise key.

        Returns:
            `loss` and `accuracy` of the training batches, float64 of shape (replicas,): with dropout, before each
            update, averaged over the rows as Keras' progress bar does.
        """
        sums = self._advance(
            x, y, tf.constant(divide_by), batches, tf.constant(key, tf.uint64), tf.constant(start), tf.constant(stop)
        )
        loss, correct, rows = (value.numpy().astype(np.float64) for value in sums)
        return {"loss": loss / rows, "accuracy": correct / rows}

    def evaluate(self, x: tf.Tensor, y: tf.Tensor, divide_by: float, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Loss, penalties included as in Keras' `evaluate`, and accuracy without dropout on the given rows.

        Args:
            rows: int32 (replicas, n), -1 where a replica has fewer.

        Returns:
            `loss` and `accuracy`, float64 of shape (replicas,).
        """
        count = (rows >= 0).sum(axis=1)
        chunks = -(-rows.shape[1] // EVALUATION_CHUNK)
        size = -(-rows.shape[1] // chunks)
        padded = np.full((rows.shape[0], chunks * size), -1, np.int32)
        padded[:, : rows.shape[1]] = rows
        stacked = padded.reshape(rows.shape[0], chunks, size).swapaxes(0, 1)
        loss, correct = self._score(x, y, tf.constant(divide_by), tf.constant(stacked))
        return {"loss": loss.numpy() / count, "accuracy": correct.numpy() / count}

    def _stacked(self, variable: keras.Variable) -> keras.Variable:
        """A variable of all replicas, flat: XLA:CPU adds arrays whose last axis is short at a quarter of the speed."""
        shape = (len(self._folds), *variable.shape)
        stacked = keras.Variable(np.zeros(np.prod(shape), np.float32), name=variable.name)
        if variable.constraint is not None:
            stacked.constraint = lambda value: tf.reshape(
                tf.vectorized_map(variable.constraint, tf.reshape(value, shape)), [-1]
            )
        return stacked

    def _rows(self, x: tf.Tensor, y: tf.Tensor, divide_by: tf.Tensor, index: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Gather (replicas, n) rows: inputs, labels, and weights that are 0 where there is no row."""
        inside = tf.maximum(index, 0)
        inputs = tf.cast(tf.gather(x, inside), tf.float32) / divide_by
        return inputs, tf.gather(y, inside), tf.cast(index >= 0, tf.float32)

    def _steps(
        self,
        x: tf.Tensor,
        y: tf.Tensor,
        divide_by: tf.Tensor,
        batches: tf.Tensor,
        key: tf.Tensor,
        start: tf.Tensor,
        stop: tf.Tensor,
    ) -> tuple[tf.Tensor, ...]:
        def body(step: tf.Tensor, loss: tf.Tensor, correct: tf.Tensor, rows: tf.Tensor) -> Any:
            drawn = _materialised(self.layout.draw(key, tf.constant(self._folds), step))
            inputs, labels, present = self._rows(x, y, divide_by, batches[:, step])
            given = (self.weights, inputs, labels, present, drawn)
            gradients, losses, right = tf.vectorized_map(self._gradient, given)
            self.optimizer.apply([tf.reshape(gradient, [-1]) for gradient in gradients], self._variables)
            count = tf.reduce_sum(present, axis=1)
            return step + 1, loss + losses * count, correct + right, rows + count

        zeros = tf.zeros(len(self._folds))
        state = [start, zeros, zeros, zeros]
        return tuple(tf.while_loop(lambda step, *_: step < stop, body, state)[1:])

    def _gradient(self, arguments: Any) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
        """One replica, one batch: gradients, loss (mean over the real rows, plus penalties), correct predictions."""
        weights, inputs, labels, present, drawn = arguments
        with tf.GradientTape() as tape, noise.noise_from(noise.Feed(drawn)):
            tape.watch(weights)
            outputs, _, penalties = self.model.stateless_call(
                weights, self._state, inputs, training=True, return_losses=True
            )
            loss = tf.reduce_sum(self._loss(labels_for(outputs, labels), outputs) * present) / tf.reduce_sum(present)
            loss = tf.add_n([loss, *penalties])
        right = tf.reduce_sum(self._accuracy(labels, outputs) * present)
        return tape.gradient(loss, weights), loss, right

    def _evaluate(
        self, x: tf.Tensor, y: tf.Tensor, divide_by: tf.Tensor, chunks: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        stacked = self.weights

        def one(arguments: Any) -> tuple[tf.Tensor, tf.Tensor]:
            weights, inputs, labels, present = arguments
            outputs, _, penalties = self.model.stateless_call(
                weights, self._state, inputs, training=False, return_losses=True
            )
            loss = self._loss(labels_for(outputs, labels), outputs)
            if penalties:
                loss += tf.add_n(penalties)
            return tf.reduce_sum(loss * present), tf.reduce_sum(self._accuracy(labels, outputs) * present)

        def body(chunk: tf.Tensor, loss: tf.Tensor, correct: tf.Tensor) -> Any:
            inputs, labels, present = self._rows(x, y, divide_by, chunks[chunk])
            losses, right = tf.vectorized_map(one, (stacked, inputs, labels, present))
            return chunk + 1, loss + tf.cast(losses, tf.float64), correct + tf.cast(right, tf.float64)

        zeros = tf.zeros(len(self._folds), tf.float64)
        state = [tf.constant(0), zeros, zeros]
        _, loss, correct = tf.while_loop(lambda chunk, *_: chunk < tf.shape(chunks)[0], body, state)
        return loss, correct


def labels_for(outputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Labels (rows,) as the loss wants them: a column for a single output unit."""
    return labels[:, tf.newaxis] if outputs.shape[-1] == 1 else labels


def _materialised(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The tensors, computed once: XLA would otherwise draw the noise anew for each of its uses."""
    return list(xla_optimization_barrier(list(tensors))) if tensors else []


def noise_layout(model: keras.Model, input_shape: Sequence[int], batch_size: int) -> noise.Layout:
    """The noise that one step of the model asks for."""
    recorder = noise.Recorder()
    with noise.noise_from(recorder):
        model(np.zeros((1, *input_shape), np.float32), training=True)
    return noise.Layout(batch_size, recorder.units)
