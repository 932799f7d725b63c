"""The stacked engine: all replicas of a cell in one compiled program.

Weights and optimizer slots hold all replicas. A step draws the noise of all replicas, computes each
replica's gradient with `tf.vectorized_map` over the Keras model's own stateless call, and lets Keras' own optimizer
update the stacked variables: right for element-wise optimizers, the only ones that a config may name. A variable's
constraint is Keras' own, mapped over the replica axis. Thousands of steps run in one XLA program on one thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.compiler.tf2xla.ops.gen_xla_ops import xla_optimization_barrier

from repro.config.schema import Experiment
from repro.datasets.base import RowType
from repro.models import build, noise, scores
from repro.models.stacking import StackedVariable, each_replica
from repro.models.state import InitialStates
from repro.training import randomness
from repro.training.engine import (
    Data,
    Evaluation,
    Figures,
    Trained,
    data_of,
    evaluation,
    follow,
    initial_state,
    noise_layout,
    units_of,
)
from repro.training.plan import Plan, Replica

EVALUATION_CHUNK = 1000
"""Rows of each replica evaluated at once: the activations of larger chunks leave the cache."""


class StackedEngine:
    """Trains cells of one experiment; keeps its compiled programs for further seeds."""

    def __init__(self, experiment: Experiment, folder: Path) -> None:
        self._experiment = experiment
        self._folder = folder
        self.programs: dict[tuple[int, ...], Program] = {}
        """By the folds of their replicas."""

    def train(self, plan: Plan) -> Trained:
        """All replicas of the plan. Replicas with a different number of steps an epoch need a program of their own."""
        data = {name: data_of(part, plan.divide_by) for name, part in plan.parts.items()}
        groups: dict[int, list[Replica]] = {}
        for replica in plan.replicas:
            groups.setdefault(replica.steps_per_epoch, []).append(replica)
        return Trained.of([self._train_group(plan, groups[steps], data) for steps in sorted(groups)])

    def _train_group(self, plan: Plan, replicas: Sequence[Replica], data: Mapping[str, Data]) -> Trained:
        program = self._program(plan, tuple(replica.fold for replica in replicas))
        return follow(self._experiment, plan, replicas, _Cell(program, plan, replicas, data))

    def _program(self, plan: Plan, folds: tuple[int, ...]) -> Program:
        """That of these folds, at the start of a cell."""
        if folds not in self.programs:
            tracked = plan.tracked is not None
            self.programs[folds] = Program(self._experiment, plan.inputs, self._folder, folds, tracked)
        program = self.programs[folds]
        program.start([initial_state(program.states, plan, fold).trained for fold in folds])
        return program


class _Cell:
    """Some replicas of a cell in training."""

    def __init__(self, program: Program, plan: Plan, replicas: Sequence[Replica], data: Mapping[str, Data]) -> None:
        self._program = program
        self._train = data["train"]
        self._batches = tf.constant(np.stack([replica.batches for replica in replicas]))
        self._key = randomness.noise_key(plan.base_seed, plan.seed)
        self._evaluated = {
            split: (data[part], plan.parts[part].y, _padded([replica.evaluated[split][1] for replica in replicas]))
            for split, (part, _) in replicas[0].evaluated.items()
        }

    def advance(self, start: int, stop: int) -> Figures:
        return self._program.advance(self._train, self._batches, self._key, start, stop)

    def finish(self) -> None:
        """Element-wise optimizers leave nothing to be done."""

    def evaluate(self, split: str) -> Evaluation:
        return self._program.evaluate(*self._evaluated[split])


class Program:
    """One experiment's model, compiled for a number of replicas; used for one cell after another.

    Args:
        experiment: what to train; `folder` is where its config lies.
        inputs: what the model gets of a row.
        folds: the fold index of each stacked replica; noise depends on it.
        tracked: whether to measure the training batches, too.
    """

    def __init__(
        self, experiment: Experiment, inputs: RowType, folder: Path, folds: Sequence[int], tracked: bool = True
    ) -> None:
        self._folds = tuple(folds)
        self.states = InitialStates(lambda: build.build_model(experiment, inputs, folder))
        self.model = build.build_model(experiment, inputs, folder, padded=True)
        self._loss = build.build_loss(experiment.training.loss)
        self._loss_name = next(iter(experiment.training.loss))
        self._measured = scores.Scores.of(experiment)
        self._variables = [StackedVariable(each, len(folds)) for each in self.model.trainable_variables]
        self.optimizer = build.build_optimizer(experiment.training.optimizer)
        self.optimizer.build([stacked.held for stacked in self._variables])
        self._fresh = [variable.numpy() for variable in self.optimizer.variables]
        self._state = [variable.value for variable in self.model.non_trainable_variables]
        self._tracked = tracked
        self._units = units_of(self.model, inputs)
        self.layout = noise_layout(self.model, inputs, experiment.training.batch_size)
        self._advance = tf.function(self._steps, jit_compile=True, autograph=False)
        self._score = tf.function(self._evaluate, jit_compile=True, autograph=False)

    @property
    def weights(self) -> list[tf.Tensor]:
        """The weights of all replicas: (replicas, *shape in the model) of each variable."""
        shapes = [variable.shape for variable in self.states.model.trainable_variables]
        return [stacked.values[..., : shape[-1]] for stacked, shape in zip(self._variables, shapes, strict=True)]

    def start(self, weights: Sequence[Sequence[np.ndarray]]) -> None:
        """Begin a cell: initial values of each replica's trained variables, a fresh optimizer."""
        for stacked, *values in zip(self._variables, *weights, strict=True):
            stacked.assign(values)
        for variable, value in zip(self.optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    def advance(self, data: Data, batches: tf.Tensor, key: int, start: int, stop: int) -> Figures:
        """Run the updates start, ..., stop - 1.

        Args:
            batches: int32 (replicas, steps, batch size), rows of the data, -1 where there is no row.
            key: the cell's noise key.

        Returns:
            Figures of the training batches: with dropout, before each update, averaged over the rows as Keras'
            progress bar does. None where they are not tracked.
        """
        sums = self._advance(data, batches, tf.constant(key, tf.uint64), tf.constant(start), tf.constant(stop))
        if not self._tracked:
            return {}
        loss, correct, rows = (value.numpy().astype(np.float64) for value in sums)
        return {"loss": loss / rows, "accuracy": correct / rows}

    def evaluate(self, data: Data, labels: np.ndarray, rows: np.ndarray) -> Evaluation:
        """Loss, penalties included as in Keras' `evaluate`, and the other figures without dropout on the given rows.

        Args:
            labels: those of the data, (rows,).
            rows: int32 (replicas, n), -1 where a replica has fewer.
        """
        count = (rows >= 0).sum(axis=1)
        loss, found = self._score(data, _chunks(rows))
        figures, each = {"loss": loss.numpy() / count}, _together(found, rows)
        if self._measured.by_right_rows:
            right = [found[given >= 0] for found, given in zip(each, rows, strict=True)]
            return Evaluation(figures | {"accuracy": each.sum(axis=1) / count}, right)
        outputs = [found[given >= 0] for found, given in zip(each, rows, strict=True)]
        return evaluation(self._measured, figures["loss"], [labels[given[given >= 0]] for given in rows], outputs)

    def _steps(
        self, data: Data, batches: tf.Tensor, key: tf.Tensor, start: tf.Tensor, stop: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Sums over the rows of the updates start, ..., stop - 1, float32 (replicas,): loss, right ones, rows."""

        def body(step: tf.Tensor, loss: tf.Tensor, correct: tf.Tensor, rows: tf.Tensor) -> Any:
            drawn = _materialised(self.layout.draw(key, tf.constant(self._folds), step))
            inputs, labels, present = _rows(data, batches[:, step])
            given = ([stacked.values for stacked in self._variables], inputs, labels, present, drawn)
            gradients, losses, right = each_replica(partial(self._gradient, step), given)
            self.optimizer.apply(
                [stacked.as_held(each) for stacked, each in zip(self._variables, gradients, strict=True)],
                [stacked.held for stacked in self._variables],
            )
            if not self._tracked:
                return step + 1, loss, correct, rows
            count = tf.reduce_sum(present, axis=1)
            return step + 1, loss + losses * count, correct + right, rows + count

        zeros = tf.zeros(len(self._folds))
        state = [start, zeros, zeros, zeros]
        return tuple(tf.while_loop(lambda step, *_: step < stop, body, state)[1:])

    def _gradient(self, step: tf.Tensor, arguments: Any) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
        """One replica, one batch: gradients, loss (mean over the real rows, plus penalties), correct predictions."""
        weights, inputs, labels, present, drawn = arguments
        with tf.GradientTape() as tape, noise.noise_from(noise.Feed(drawn), lambda: step):
            tape.watch(weights)
            outputs, losses, penalties = self._forward(weights, inputs, labels, training=True)
            loss = tf.add_n([tf.reduce_sum(losses * present) / tf.reduce_sum(present), *penalties])
        right = tf.reduce_sum(self._measured.right(labels, outputs) * present)
        return tape.gradient(loss, weights), loss, right

    def _evaluate(self, data: Data, chunks: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Of (chunks, replicas, rows): the sum of the losses, float64 (replicas,), and which rows are right, bool.

        Where it takes more than the right ones to measure, outputs (chunks, replicas, rows, units) in their place.
        """
        weights = [stacked.values for stacked in self._variables]
        by_right_rows = self._measured.by_right_rows

        def body(chunk: tf.Tensor, loss: tf.Tensor, found: tf.TensorArray) -> Any:
            losses, each = each_replica(self._scores, (weights, *_rows(data, chunks[chunk])))
            return (
                chunk + 1,
                loss + tf.cast(losses, tf.float64),
                found.write(chunk, each > 0 if by_right_rows else each),
            )

        dtype, units = (tf.bool, []) if by_right_rows else (tf.float32, [self._units])
        found = tf.TensorArray(dtype, chunks.shape[0], element_shape=chunks.shape[1:] + units)
        state = [tf.constant(0), tf.zeros(len(self._folds), tf.float64), found]
        _, loss, found = tf.while_loop(lambda chunk, *_: chunk < chunks.shape[0], body, state)
        return loss, found.stack()

    def _scores(self, arguments: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """One replica, one chunk: the sum of the losses, with penalties, and what `_evaluate` keeps of each row."""
        weights, inputs, labels, present = arguments
        outputs, losses, penalties = self._forward(weights, inputs, labels, training=False)
        if penalties:
            losses += tf.add_n(penalties)
        kept = self._measured.right(labels, outputs) * present if self._measured.by_right_rows else outputs
        return tf.reduce_sum(losses * present), kept

    def _forward(
        self, weights: Sequence[tf.Tensor], inputs: tf.Tensor, labels: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """One replica: outputs (rows, units), loss (rows,) and the penalties that come on top of it."""
        outputs, _, penalties = self.model.stateless_call(
            weights, self._state, inputs, training=training, return_losses=True
        )
        compared = scores.for_loss(self._loss_name, labels, outputs.shape[-1])
        return outputs, self._loss(compared, outputs), penalties


def _rows(data: Data, index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gather (replicas, n) rows: inputs, labels, and weights that are 0 where there is no row."""
    x, y, divide_by = data
    inside = tf.maximum(index, 0)
    inputs = tf.cast(tf.gather(x, inside), tf.float32) / divide_by
    return inputs, tf.gather(y, inside), tf.cast(index >= 0, tf.float32)


def _materialised(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """The tensors, computed once: XLA would otherwise draw the noise again for each of its uses."""
    return list(xla_optimization_barrier(list(tensors))) if tensors else []


def _chunks(rows: np.ndarray) -> tf.Tensor:
    """Rows (replicas, n) as (chunks, replicas, rows of a chunk), -1 where there is none."""
    chunks = -(-rows.shape[1] // EVALUATION_CHUNK)
    size = -(-rows.shape[1] // chunks)
    padded = np.pad(rows, ((0, 0), (0, chunks * size - rows.shape[1])), constant_values=-1)
    return tf.constant(padded.reshape(rows.shape[0], chunks, size).swapaxes(0, 1))


def _together(chunks: tf.Tensor, rows: np.ndarray) -> np.ndarray:
    """The opposite of `_chunks`: values of rows, (replicas, n), or (replicas, n, units)."""
    values = chunks.numpy().swapaxes(0, 1)
    return np.asarray(values.reshape(rows.shape[0], -1, *values.shape[3:])[:, : rows.shape[1]])


def _padded(rows: Sequence[np.ndarray]) -> np.ndarray:
    """Stack index arrays of different lengths, -1 where one is shorter. Folds differ by a row or two."""
    width = max(len(part) for part in rows)
    return np.stack([np.pad(part, (0, width - len(part)), constant_values=-1) for part in rows])
