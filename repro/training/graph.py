"""The graph engine: any Keras model, one replica after the other, its whole training in one compiled graph.

The steps between two evaluations are a loop inside a TensorFlow graph on one thread: no Python, no copy of a batch, no
call from outside. What happens in a step is what Keras' own `fit` does (the model's call, its `compute_loss`, its
optimizer), in the same order, so that every weight, moving statistic and random state is that of `fit`, bit for bit.
XLA is left out: on a CPU it makes convolutions and recurrent layers inside a loop many times slower.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from repro.config.schema import Experiment
from repro.models import build, noise, scores
from repro.models.state import InitialStates, undisturbed
from repro.training import randomness
from repro.training.callbacks import watch
from repro.training.choice import not_stackable
from repro.training.engine import (
    EVALUATION_BATCH,
    Data,
    Evaluation,
    Figures,
    Trained,
    as_inputs,
    data_of,
    evaluation,
    follow,
    initial_state,
    noise_layout,
    units_of,
)
from repro.training.plan import Plan, Replica


class GraphEngine:
    """Trains cells of one experiment; keeps its compiled program for further replicas and seeds."""

    def __init__(self, experiment: Experiment, folder: Path) -> None:
        self._experiment = experiment
        self._folder = folder
        self.program: Program | None = None
        """Made for the first cell."""

    def train(self, plan: Plan) -> Trained:
        """All replicas of the plan, in order."""
        if self.program is None:
            self.program = Program(self._experiment, plan, self._folder)
        data = {name: data_of(part, plan.divide_by) for name, part in plan.parts.items()}
        return Trained.of([self._train(self.program, plan, replica, data) for replica in plan.replicas])

    def _train(self, program: Program, plan: Plan, replica: Replica, data: Mapping[str, Data]) -> Trained:
        program.start(plan, replica.fold)
        training = _Replica(program, plan, replica, data)
        return follow(self._experiment, plan, [replica], training, watch(self._experiment, program.model))


@dataclass(frozen=True, eq=False)
class _Replica:
    """One replica in training."""

    program: Program
    plan: Plan
    replica: Replica
    data: Mapping[str, Data]

    def advance(self, start: int, stop: int) -> Figures:
        key = randomness.noise_key(self.plan.base_seed, self.plan.seed)
        batches = self.replica.batches[start:stop]
        return self.program.advance(self.data["train"], batches, start, key, self.replica.fold)

    def finish(self) -> None:
        self.program.optimizer.finalize_variable_values(self.program.model.trainable_variables)

    def evaluate(self, split: str) -> Evaluation:
        part, rows = self.replica.evaluated[split]
        return self.program.evaluate(self.data[part], self.plan.parts[part].y, rows)


class Program:
    """One experiment's model, with the compiled graphs that train and evaluate it.

    Args:
        experiment: what to train; `folder` is where its config lies.
        plan: of any of its cells.
    """

    def __init__(self, experiment: Experiment, plan: Plan, folder: Path) -> None:
        self._inputs = plan.inputs
        self._states = InitialStates(lambda: build.build_model(experiment, plan.inputs, folder))
        self.model = self._states.model
        self._loss_name = next(iter(experiment.training.loss))
        self._row_loss = build.build_loss(experiment.training.loss)
        loss = build.build_loss(experiment.training.loss)
        loss.reduction = "sum_over_batch_size"
        self.optimizer = build.build_optimizer(experiment.training.optimizer)
        self.model.compile(self.optimizer, loss, jit_compile=False)
        self.optimizer.build(self.model.trainable_variables)
        self._fresh = [variable.numpy() for variable in self.optimizer.variables]
        self._measured = scores.Scores.of(experiment)
        self._classes = plan.classes
        self._class_weight = class_weights(experiment)
        self._units = units_of(self.model, plan.inputs)
        self._layout = noise.Layout(experiment.training.batch_size, [])
        if not_stackable(experiment) == "":
            self._layout = noise_layout(self.model, plan.inputs, experiment.training.batch_size)
        train = plan.parts["train"]
        data = (
            tf.TensorSpec((None, *train.x.shape[1:]), train.x.dtype),
            tf.TensorSpec((None,), train.y.dtype),
            tf.TensorSpec((), tf.float32),
        )
        rows = tf.TensorSpec((None, None), tf.int32)
        number = tf.TensorSpec((), tf.int32)
        self._advance = tf.function(
            self._steps,
            input_signature=(data, rows, number, tf.TensorSpec((), tf.uint64), number),
            jit_compile=False,
            autograph=False,
        )
        self._score = tf.function(self._evaluate, input_signature=(data, rows), jit_compile=False, autograph=False)

    def start(self, plan: Plan, fold: int) -> None:
        """Begin a replica: its weights, moving statistics and random states, and a fresh optimizer."""
        initial_state(self._states, plan, fold).assign(self.model)
        for variable, value in zip(self.optimizer.variables, self._fresh, strict=True):
            variable.assign(value)

    def advance(self, data: Data, batches: np.ndarray, start: int, key: int, fold: int) -> Figures:
        """Run some updates.

        Args:
            batches: int32 (updates, batch size), rows of the data, -1 where there is no row.
            start: updates before these.
            key: the cell's noise key.

        Returns:
            Figures of the training batches: before each update, averaged over the rows as Keras' progress bar does.
        """
        arguments = tf.constant(start), tf.constant(key, tf.uint64), tf.constant(fold)
        loss, right, rows = (float(value) for value in self._advance(data, tf.constant(batches), *arguments))
        figures = {"loss": np.array([loss / rows])}
        return figures if self._classes is None else figures | {"accuracy": np.array([right / rows])}

    def evaluate(self, data: Data, labels: np.ndarray, rows: np.ndarray) -> Evaluation:
        """Loss, penalties included as in Keras' `evaluate`, and the other figures, of the given rows of the data.

        Args:
            labels: those of the data, (rows,).
        """
        padded = np.pad(rows, (0, -len(rows) % EVALUATION_BATCH), constant_values=-1).reshape(-1, EVALUATION_BATCH)
        with undisturbed(self.model):
            outputs, losses, penalties = (value.numpy() for value in self._score(data, tf.constant(padded)))
        loss = losses.astype(np.float64).mean() + penalties / len(rows)
        return evaluation(self._measured, np.array([loss]), [labels[rows]], [outputs])

    def _steps(
        self, data: Data, batches: tf.Tensor, start: tf.Tensor, key: tf.Tensor, fold: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        """Sums over the rows of the batches, float32: loss, right ones, rows."""

        def body(step: tf.Tensor, loss: tf.Tensor, right: tf.Tensor, rows: tf.Tensor) -> Any:
            inputs, labels = self._rows(data, batches[step])
            with self._noise(key, fold, start + step):
                value, outputs = self._update(inputs, labels)
            count = tf.cast(tf.shape(labels)[0], tf.float32)
            found = rows if self._classes is None else tf.reduce_sum(self._measured.right(labels, outputs))
            return step + 1, loss + value * count, right + found, rows + count

        zero = tf.constant(0.0)
        state = [tf.constant(0), zero, zero, zero]
        return tuple(tf.while_loop(lambda step, *_: step < tf.shape(batches)[0], body, state)[1:])

    def _update(self, inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step of training, as in Keras' `train_step`; the loss before it, and the outputs."""
        weights = None if self._class_weight is None else tf.gather(self._class_weight, labels)
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            outputs = self.model(inputs, training=True)
            compared = scores.for_loss(self._loss_name, labels, self._units)
            loss = self.model.compute_loss(inputs, compared, outputs, weights, training=True)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss, outputs

    def _evaluate(self, data: Data, batches: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Outputs (rows, units), losses (rows,), and float64 the sum over the rows of the penalties of their batch."""

        def body(step: tf.Tensor, outputs: tf.TensorArray, losses: tf.TensorArray, penalties: tf.Tensor) -> Any:
            inputs, labels = self._rows(data, batches[step])
            found = self.model(inputs, training=False)
            each = self._row_loss(scores.for_loss(self._loss_name, labels, self._units), found)
            count = tf.shape(labels)[0]
            for penalty in self.model.losses:
                penalties += tf.cast(tf.reduce_sum(penalty), tf.float64) * tf.cast(count, tf.float64)
            return step + 1, outputs.write(step, found), losses.write(step, each), penalties

        count = tf.shape(batches)[0]
        outputs = tf.TensorArray(tf.float32, count, infer_shape=False, element_shape=(None, self._units))
        losses = tf.TensorArray(tf.float32, count, infer_shape=False, element_shape=(None,))
        state = [tf.constant(0), outputs, losses, tf.constant(0.0, tf.float64)]
        _, outputs, losses, penalties = tf.while_loop(lambda step, *_: step < count, body, state)
        return outputs.concat(), losses.concat(), penalties

    def _rows(self, data: Data, batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Inputs and labels of a batch, which is short where it has -1."""
        x, y, divide_by = data
        index = tf.ensure_shape(tf.boolean_mask(batch, batch >= 0), (None,))
        return as_inputs(tf.gather(x, index), divide_by, self._inputs), tf.gather(y, index)

    def _noise(self, key: tf.Tensor, fold: tf.Tensor, step: tf.Tensor) -> contextlib.AbstractContextManager[None]:
        """Within it repro's own noise layers know the step, and take its noise where the layout is known."""
        drawn = self._layout.draw_one(key, fold, step)
        return noise.noise_from(noise.ShortFeed(drawn) if drawn else None, lambda: step)


def class_weights(experiment: Experiment) -> tf.Tensor | None:
    """The weight in the training loss of each label's rows, float32, if the recipe has any."""
    given = experiment.training.class_weight
    return None if given is None else tf.constant([given.get(label, 1.0) for label in range(max(given) + 1)])
