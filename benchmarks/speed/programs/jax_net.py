"""JAX on networks that are not dense: a jitted step in a Python loop.

XLA has no fast convolution inside a loop on a CPU, so the loop stays outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.speed.programs import Trained, together
from benchmarks.speed.programs.shared import accuracies, batches_of
from benchmarks.speed.work import Problem, Work, problem_of

Params = dict[str, jax.Array]
CHUNK = 100


class JaxNet:
    """One process."""

    def prepare(self, work: Work, seeds: int) -> int:
        self._problem = problem_of(work)
        ((fold),) = self._problem.folds
        self._x, self._y = jnp.asarray(fold.x), jnp.asarray(fold.y)
        test_x, test_y = fold.held_out["test"]
        self._initial, self._logits = (_convolutions, _cnn) if work.name == "mnist_cnn" else (_gates, _lstm)
        self._update = _adadelta if work.name == "mnist_cnn" else partial(_adam, self._problem)
        size = min(CHUNK, len(test_y))
        self._test = jnp.asarray(test_x).reshape(-1, size, 28, 28), jnp.asarray(test_y).reshape(-1, size)
        self._step = jax.jit(self._one_step, donate_argnums=(0, 1))
        self._right = jax.jit(lambda params, x, y: jnp.sum(self._logits(params, _scaled(x), None).argmax(axis=1) == y))
        self._run(0, steps=(0, self._problem.steps_per_epoch - 1))
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        return together([self._run(seed, range(self._problem.points[-1])) for seed in seeds], len(seeds))

    def _run(self, seed: int, steps: Sequence[int]) -> dict[str, float]:
        problem = self._problem
        weights_key, noise_key = jax.random.split(jax.random.key(seed))
        params = self._initial(weights_key)
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = (zeros, jax.tree.map(jnp.copy, zeros))
        batches = batches_of(problem, seed)[0]
        for step in steps:
            rows = batches[step]
            params, state = self._step(params, state, rows[rows >= 0], self._x, self._y, noise_key, step)
        right = sum(self._right(params, x, y) for x, y in zip(*self._test, strict=True))
        return accuracies(problem, np.array([[right]]))

    def _one_step(
        self, params: Params, state: Any, rows: jax.Array, x: jax.Array, y: jax.Array, key: jax.Array, step: jax.Array
    ) -> tuple[Params, Any]:
        def loss_of(params: Params) -> jax.Array:
            logits = self._logits(params, _scaled(x[rows]), jax.random.fold_in(key, step))
            return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[rows][:, None], axis=1).mean()

        return self._update(params, state, jax.grad(loss_of)(params), step)


def _scaled(x: jax.Array) -> jax.Array:
    return x.astype(jnp.float32) / 255


def _dropped(x: jax.Array, rate: float, key: jax.Array | None) -> jax.Array:
    return x if key is None else jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0.0)


def _convolutions(key: jax.Array) -> Params:
    glorot = jax.nn.initializers.glorot_uniform()
    shapes = {"a": (3, 3, 1, 32), "b": (3, 3, 32, 64), "c": (9216, 128), "d": (128, 10)}
    keys = jax.random.split(key, len(shapes))
    kernels = {name: glorot(one, shape) for one, (name, shape) in zip(keys, shapes.items(), strict=True)}
    return kernels | {f"{name}_bias": jnp.zeros(shape[-1]) for name, shape in shapes.items()}


def _cnn(params: Params, x: jax.Array, key: jax.Array | None) -> jax.Array:
    keys = (None, None) if key is None else jax.random.split(key)
    x = x[..., None]
    for name in ("a", "b"):
        x = lax.conv_general_dilated(x, params[name], (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + params[f"{name}_bias"])
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = _dropped(x, 0.25, keys[0]).reshape(len(x), -1)
    x = jax.nn.relu(x @ params["c"] + params["c_bias"])
    return _dropped(x, 0.5, keys[1]) @ params["d"] + params["d_bias"]


def _gates(key: jax.Array) -> Params:
    """Keras' initial weights: a forget gate that is open, orthogonal recurrent weights."""
    keys = jax.random.split(key, 3)
    glorot = jax.nn.initializers.glorot_uniform()
    return {
        "kernel": glorot(keys[0], (28, 256)),
        "recurrent": jax.nn.initializers.orthogonal()(keys[1], (64, 256)),
        "bias": jnp.zeros(256).at[64:128].set(1.0),
        "dense": glorot(keys[2], (64, 10)),
        "dense_bias": jnp.zeros(10),
    }


def _lstm(params: Params, x: jax.Array, key: jax.Array | None) -> jax.Array:
    entered = x @ params["kernel"] + params["bias"]  # of all lines at once

    def line(carry: tuple[jax.Array, jax.Array], given: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        hidden, cell = carry
        i, f, g, o = jnp.split(given + hidden @ params["recurrent"], 4, axis=1)
        cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(cell), cell), None

    zeros = jnp.zeros((len(x), 64))
    (hidden, _), _ = lax.scan(line, (zeros, zeros), entered.swapaxes(0, 1))
    return hidden @ params["dense"] + params["dense_bias"]


def _adadelta(params: Params, state: Any, gradients: Params, step: jax.Array) -> tuple[Params, Any]:
    """With the constants of Keras 2."""
    rho, epsilon = 0.95, 1e-7
    squares = jax.tree.map(lambda s, g: rho * s + (1 - rho) * g * g, state[0], gradients)
    deltas = jax.tree.map(lambda d, s, g: -jnp.sqrt((d + epsilon) / (s + epsilon)) * g, state[1], squares, gradients)
    moved = jax.tree.map(lambda d, delta: rho * d + (1 - rho) * delta * delta, state[1], deltas)
    return jax.tree.map(jnp.add, params, deltas), (squares, moved)


def _adam(problem: Problem, params: Params, state: Any, gradients: Params, step: jax.Array) -> tuple[Params, Any]:
    rate, b1, b2, epsilon = problem.optimizer[1]["learning_rate"], 0.9, 0.999, 1e-7
    t = step + 1.0
    alpha = rate * jnp.sqrt(1 - b2**t) / (1 - b1**t)
    first = jax.tree.map(lambda m, g: m + (g - m) * (1 - b1), state[0], gradients)
    second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - b2), state[1], gradients)
    return jax.tree.map(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + epsilon), params, first, second), (first, second)
