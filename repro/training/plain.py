"""The plain engine: one replica after the other with Keras' own `fit`, as an article's reader would write it.

Data order, initial weights and dropout noise are those of the plan, so that a replica can be held against the stacked
engine's; everything else is stock Keras. Slow on purpose: it is the yardstick.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from repro.config.schema import Experiment
from repro.models import build, noise
from repro.training import randomness
from repro.training.engine import Figures, Trained, accuracy_of, cell_weights, follow, noise_layout
from repro.training.plan import Plan, Replica

EVALUATION_BATCH = 1000


class PlainEngine:
    """Trains cells of one experiment one replica at a time with Keras' own `fit`."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def train(self, plan: Plan) -> Trained:
        """All replicas of the plan, in order."""
        template = build.build_model(self._experiment.model, plan.input_shape)
        parts = []
        for replica in plan.replicas:
            trainer = Trainer(self._experiment, plan, replica, cell_weights(template, plan, replica.fold))
            parts.append(follow(self._experiment, plan, [replica], trainer.advance, trainer.evaluate, trainer.correct))
        return Trained.of(parts)


class Trainer:
    """One replica: a compiled Keras model that carries out the plan's batches.

    Args:
        weights: initial values of the trainable variables.
    """

    def __init__(self, experiment: Experiment, plan: Plan, replica: Replica, weights: Sequence[np.ndarray]) -> None:
        self._plan = plan
        self._replica = replica
        self.model = build.build_model(experiment.model, plan.input_shape)
        for variable, value in zip(self.model.trainable_variables, weights, strict=True):
            variable.assign(value)
        optimizer = build.build_optimizer(experiment.training.optimizer)
        self._right = accuracy_of(build.build_loss(experiment.training.loss))
        self.model.compile(optimizer, **_judged_by(experiment), jit_compile=False)
        outputs = self.model(np.zeros((1, *plan.input_shape), np.float32))
        self._label_shape = (-1, 1) if outputs.shape[-1] == 1 else (-1,)
        self._noise = noise.ReplicaNoise(
            noise_layout(self.model, plan.input_shape, experiment.training.batch_size),
            randomness.noise_key(plan.base_seed, plan.seed),
            replica.fold,
            lambda: optimizer.iterations.value,
        )

    def advance(self, start: int, stop: int) -> Figures:
        """Run the updates start, ..., stop - 1 and return the means over their rows, as Keras' progress bar shows."""
        with noise.noise_from(self._noise):
            history = self.model.fit(self._data("train", self._replica.batches[start:stop]), shuffle=False, verbose=0)
        return _figures({name: values[-1] for name, values in history.history.items()})

    def evaluate(self, split: str) -> Figures:
        """Loss, with penalties, and accuracy without dropout on the rows of a split."""
        return _figures(self.model.evaluate(self._split(split), verbose=0, return_dict=True))

    def correct(self) -> list[np.ndarray]:
        """Whether each test row is predicted right, bool (rows,), without dropout: of the one replica that it is."""
        part, rows = self._replica.evaluated["test"]
        outputs = self.model.predict(self._split("test"), verbose=0)
        return [np.asarray(self._right(self._plan.parts[part].y[rows], outputs), np.bool_)]

    def _split(self, split: str) -> Any:
        part, rows = self._replica.evaluated[split]
        padded = np.pad(rows, (0, -len(rows) % EVALUATION_BATCH), constant_values=-1)
        return self._data(part, padded.reshape(-1, EVALUATION_BATCH))

    def _data(self, part: str, batches: np.ndarray) -> Any:
        """A tf.data pipeline over (steps, batch size) row indices; -1 marks no row."""
        x, y, divide_by = self._plan.parts[part].x, self._plan.parts[part].y, np.float32(self._plan.divide_by)

        def generate() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for index in batches:
                rows = index[index >= 0]
                yield x[rows].astype(np.float32) / divide_by, y[rows].astype(np.float32).reshape(self._label_shape)

        label_shape = (None, *self._label_shape[1:])
        signature = (tf.TensorSpec((None, *x.shape[1:]), tf.float32), tf.TensorSpec(label_shape, tf.float32))
        data = tf.data.Dataset.from_generator(generate, output_signature=signature)
        return data.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(4)


def _judged_by(experiment: Experiment) -> dict[str, Any]:
    """The loss, as the mean over a batch, and the accuracy that goes with it: arguments of `compile`."""
    loss = build.build_loss(experiment.training.loss)
    loss.reduction = "sum_over_batch_size"
    right = accuracy_of(loss)
    accuracy = keras.metrics.MeanMetricWrapper(lambda y, p: right(tf.reshape(y, [-1]), p), name="accuracy")
    return {"loss": loss, "metrics": [accuracy]}


def _figures(logs: Mapping[str, float]) -> Figures:
    return {name: np.array([logs[name]]) for name in ("loss", "accuracy")}
