"""The plain engine: one replica after the other with Keras' own `fit`, as an article's reader would write it.

Data order, initial values and the noise of repro's own dropout are those of the plan, so that a replica can be held
against the other engines'; everything else is stock Keras. Slow on purpose: it is the yardstick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from repro.config.schema import Experiment
from repro.models import build, noise, scores
from repro.models.state import InitialStates, State, undisturbed
from repro.training import randomness
from repro.training.callbacks import watch
from repro.training.choice import not_stackable
from repro.training.engine import (
    EVALUATION_BATCH,
    Evaluation,
    Figures,
    Trained,
    as_inputs,
    evaluation,
    follow,
    initial_state,
    noise_layout,
    units_of,
)
from repro.training.plan import Plan, Replica


class PlainEngine:
    """Trains cells of one experiment one replica at a time with Keras' own `fit`."""

    def __init__(self, experiment: Experiment, folder: Path) -> None:
        self._experiment = experiment
        self._folder = folder

    def train(self, plan: Plan) -> Trained:
        """All replicas of the plan, in order."""
        states = InitialStates(lambda: build.build_model(self._experiment, plan.inputs, self._folder))
        parts = []
        for replica in plan.replicas:
            state = initial_state(states, plan, replica.fold)
            trainer = Trainer(self._experiment, self._folder, plan, replica, state)
            watching = watch(self._experiment, trainer.model)
            parts.append(follow(self._experiment, plan, [replica], trainer, watching))
        return Trained.of(parts)


class Trainer:
    """One replica: a compiled Keras model that carries out the plan's batches.

    Args:
        folder: where the experiment's config lies.
        state: what the model's variables begin with.
    """

    def __init__(self, experiment: Experiment, folder: Path, plan: Plan, replica: Replica, state: State) -> None:
        self._plan = plan
        self._replica = replica
        self._loss = next(iter(experiment.training.loss))
        self._class_weight = experiment.training.class_weight
        self._measured = scores.Scores.of(experiment)
        self.model = build.build_model(experiment, plan.inputs, folder)
        optimizer = build.build_optimizer(experiment.training.optimizer)
        self._finish = optimizer.finalize_variable_values
        optimizer.finalize_variable_values = lambda variables: None  # `fit` takes every stretch for the whole training
        self.model.compile(optimizer, jit_compile=False, **self._judged_by(experiment))
        self._units = units_of(self.model, plan.inputs)
        self._step: Callable[[], tf.Tensor] = lambda: optimizer._iterations.value  # batches, also of summed gradients
        self._noise: noise.NoiseSource | None = None
        if not_stackable(experiment) == "":
            self._noise = noise.ReplicaNoise(
                noise_layout(self.model, plan.inputs, experiment.training.batch_size),
                randomness.noise_key(plan.base_seed, plan.seed),
                replica.fold,
                self._step,
            )
        state.assign(self.model)

    def advance(self, start: int, stop: int) -> Figures:
        """Run the updates start, ..., stop - 1 and return the means over their rows, as Keras' progress bar shows."""
        data = self._data("train", self._replica.batches[start:stop])
        with noise.noise_from(self._noise, self._step):
            history = self.model.fit(data, shuffle=False, verbose=0, class_weight=self._class_weight)
        return _figures({name: values[-1] for name, values in history.history.items()})

    def finish(self) -> None:
        """What `fit` does at the end of a training."""
        self._finish(self.model.trainable_variables)

    def evaluate(self, split: str) -> Evaluation:
        """Loss, with penalties, and accuracy as Keras measures them, and what else follows from the outputs."""
        part, rows = self._replica.evaluated[split]
        padded = np.pad(rows, (0, -len(rows) % EVALUATION_BATCH), constant_values=-1)
        data = self._data(part, padded.reshape(-1, EVALUATION_BATCH))
        with undisturbed(self.model):
            measured = _figures(self.model.evaluate(data, verbose=0, return_dict=True))
        with undisturbed(self.model):  # each from the same random states, so that both are of the same noise
            outputs = self.model.predict(data, verbose=0)
        found = evaluation(self._measured, measured["loss"], [self._plan.parts[part].y[rows]], [outputs])
        return Evaluation({**found.figures, **measured}, found.right)

    def _data(self, part: str, batches: np.ndarray) -> Any:
        """A tf.data pipeline over (steps, batch size) row indices; -1 marks no row."""
        x, y = self._plan.parts[part].x, self._plan.parts[part].y
        divide_by = tf.constant(self._plan.divide_by)

        def generate() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for index in batches:
                rows = index[index >= 0]
                yield x[rows], y[rows]

        def prepare(inputs: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return as_inputs(inputs, divide_by, self._plan.inputs), scores.for_loss(self._loss, labels, self._units)

        signature = (tf.TensorSpec((None, *x.shape[1:]), x.dtype), tf.TensorSpec((None,), y.dtype))
        data = tf.data.Dataset.from_generator(generate, output_signature=signature)
        data = data.map(tf.autograph.experimental.do_not_convert(prepare))
        return data.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(4)

    def _judged_by(self, experiment: Experiment) -> dict[str, Any]:
        """The loss, as the mean over a batch, and the accuracy that goes with it: arguments of `compile`."""
        loss = build.build_loss(experiment.training.loss)
        loss.reduction = "sum_over_batch_size"
        if self._plan.classes is None:
            return {"loss": loss}

        def right(labels: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
            single = labels.shape.rank == 1 or labels.shape[-1] == 1
            return self._measured.right(tf.reshape(labels, [-1]) if single else tf.argmax(labels, axis=-1), outputs)

        return {"loss": loss, "metrics": [keras.metrics.MeanMetricWrapper(right, name="accuracy")]}


def _figures(logs: Mapping[str, float]) -> Figures:
    return {name: np.array([logs[name]]) for name in ("loss", "accuracy") if name in logs}
