"""The article's way, in today's Keras: stock layers and `fit`, or the article's own loop, in one process.

What takes minutes is done in part and scaled: of Sonar one fold, another one in each repetition; of the eager loop of
MNIST the first 501 steps; of Fashion-MNIST one epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.speed.programs import Trained, together
from benchmarks.speed.work import Mlp, Problem, Work, mlp_of, problem_of

LOOP_STEPS = 501


class KerasArticle:
    """One process that may use every core."""

    def prepare(self, work: Work, seeds: int) -> int:
        self._work = work
        self._problem = problem_of(work)
        self._calls = 0
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        self._calls += 1
        keras.utils.set_random_seed(seeds[0])
        if len(self._problem.folds) > 1:
            return self._fold((self._calls - 1) % len(self._problem.folds))
        if self._work.name.startswith("mnist_") and self._problem.optimizer[0] == "Adam":
            return _eager_loop(self._problem, mlp_of(self._problem))
        return self._one_epoch()

    def _fold(self, index: int) -> Trained:
        """Scaled from a fold of ten; each has a model of its own, traced anew."""
        problem, fold = self._problem, self._problem.folds[index]
        model = keras.Sequential([keras.layers.Input((60,)), *_layers(mlp_of(problem))])
        model.compile(_optimizer(problem), "binary_crossentropy", metrics=["accuracy"])
        model.fit(fold.x, fold.y, epochs=problem.epochs, batch_size=problem.batch_size, verbose=0)
        _, accuracy = model.evaluate(*fold.held_out["test"], verbose=0)
        return together([{f"{index}/{problem.points[-1]}": accuracy}], 1 / len(problem.folds))

    def _one_epoch(self) -> Trained:
        """`fit` of one epoch and `evaluate`, after they have been traced on a batch."""
        problem = self._problem
        ((fold),) = problem.folds
        x = fold.x.astype("float32") / 255
        held_out = {name: (part.astype("float32") / 255, y) for name, (part, y) in fold.held_out.items()}
        model = _network(self._work, problem)
        model.compile(_optimizer(problem), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.optimizer.build(model.trainable_variables)
        kept = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables)]
        arguments = {"batch_size": problem.batch_size, "epochs": 1, "verbose": 0}
        arguments["validation_data"] = held_out.get("validation")
        model.fit(x[: 2 * problem.batch_size], fold.y[: 2 * problem.batch_size], **arguments)
        model.evaluate(*held_out["test"], verbose=0)
        for variable, value in zip((*model.variables, *model.optimizer.variables), kept, strict=True):
            variable.assign(value)
        start = time.perf_counter()
        model.fit(x, fold.y, **arguments)
        _, accuracy = model.evaluate(*held_out["test"], verbose=0)
        seconds = (time.perf_counter() - start) * problem.epochs
        return together([{f"0/{problem.steps_per_epoch}": accuracy}], 1, seconds)


def _layers(mlp: Mlp) -> list[Any]:
    found = []
    for layer in mlp.layers:
        constraint = keras.constraints.MaxNorm(layer.max_norm) if layer.max_norm else None
        initial = "random_normal" if mlp.normal else "glorot_uniform"
        found.append(
            keras.layers.Dense(layer.units, layer.activation, kernel_initializer=initial, kernel_constraint=constraint)
        )
        if layer.dropout:
            found.append(keras.layers.Dropout(layer.dropout))
    return found


def _optimizer(problem: Problem) -> Any:
    name, arguments = problem.optimizer
    return getattr(keras.optimizers, name)(**{"learning_rate": 1.0, **arguments} if name == "Adadelta" else arguments)


def _network(work: Work, problem: Problem) -> Any:
    if work.name == "fashion_mnist":
        return _fashion_mnist(mlp_of(problem))
    layers = [keras.layers.Input((28, 28))]
    for spec in problem.experiment.model:
        ((kind, arguments),) = spec.items()
        layers.append(getattr(keras.layers, kind)(**arguments))
    return keras.Sequential(layers)


def _fashion_mnist(mlp: Mlp) -> Any:
    """The article's class: one stock Dropout layer applied four times."""

    class Article(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.flatten = keras.layers.Flatten()
            self.hidden = [keras.layers.Dense(layer.units, activation="relu") for layer in mlp.layers[:-1]]
            self.last = keras.layers.Dense(10, activation="softmax")
            self.dropout = keras.layers.Dropout(mlp.dropout)

        def call(self, x: Any, training: bool = False) -> Any:
            x = self.dropout(self.flatten(x), training=training)
            for dense in self.hidden:
                x = self.dropout(dense(x), training=training)
            return self.last(x)

    model = Article()
    model(np.zeros((1, 28, 28), np.float32))
    return model


def _eager_loop(problem: Problem, mlp: Mlp) -> Trained:
    """The MNIST article's: tf.data, a GradientTape, tf.nn.dropout, Keras' Adam, all of it eager."""
    (fold,) = problem.folds
    x, test_x = (part.reshape(-1, 784).astype("float32") / 255 for part in (fold.x, fold.held_out["test"][0]))
    test_y = tf.constant(fold.held_out["test"][1])
    batches = tf.data.Dataset.from_tensor_slices((x, fold.y)).shuffle(60_000).batch(problem.batch_size).repeat()
    denses = [keras.layers.Dense(layer.units, layer.activation) for layer in mlp.layers]
    optimizer = _optimizer(problem)

    def logits(x: Any, training: bool) -> Any:
        for dense, layer in zip(denses, mlp.layers, strict=True):
            x = dense(x)
            if training and layer.dropout:
                x = tf.nn.dropout(x, rate=layer.dropout)
        return x

    def step(x: Any, y: Any) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits(x, training=True)))
        variables = [variable for dense in denses for variable in dense.trainable_variables]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def evaluate() -> float:
        right = tf.argmax(logits(test_x, training=False), axis=1, output_type=tf.int32) == test_y
        return float(tf.reduce_mean(tf.cast(right, tf.float32)))

    logits(test_x[:1], training=False)
    return _scaled(problem, iter(batches), step, evaluate)


def _scaled(problem: Problem, source: Any, step: Callable[..., None], evaluate: Callable[[], float]) -> Trained:
    """The seconds of all steps and evaluations, from those of the first steps and one evaluation after them."""
    steps = min(LOOP_STEPS, problem.points[-1])
    start = time.perf_counter()
    for _ in range(steps):
        step(*next(source))
    middle = time.perf_counter()
    accuracy = evaluate()
    end = time.perf_counter()
    seconds = (middle - start) / steps * problem.points[-1] + (end - middle) * len(problem.points)
    return together([{f"0/{steps}": accuracy}], 1, seconds)
