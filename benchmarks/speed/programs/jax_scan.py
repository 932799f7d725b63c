"""JAX: all replicas of a seed in one jitted training, `vmap` of a loop over the steps.

As a good user of JAX writes it: data and orders are on the device, the whole training with its evaluations is one
compiled call, weights and masks come from `jax.random`. Orders are permutations that NumPy draws. Five or ten seeds in
a call took as long a seed or longer, and so did the generators "rbg" and "unsafe_rbg".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.speed.programs import Trained, together
from benchmarks.speed.programs.shared import accuracies, batches_of, padded_rows
from benchmarks.speed.work import Mlp, Problem, Work, mlp_of, problem_of

Params = list[tuple[jax.Array, jax.Array]]


class JaxScan:
    """One process."""

    def prepare(self, work: Work, seeds: int) -> int:
        self._problem = problem_of(work)
        self._mlp = mlp_of(self._problem)
        folds = self._problem.folds
        size = max(len(fold.y) for fold in folds)
        x, y = (
            jnp.asarray(np.stack([padded_rows(getattr(fold, axis), size) for fold in folds])) for axis in ("x", "y")
        )
        self._data = (x.reshape(*x.shape[:2], -1), y, _held_out(self._problem))
        self._train = jax.jit(jax.vmap(_training(self._problem, self._mlp)))
        self._train = self._train.lower(*self._arguments(0), self._data).compile()
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        right = [self._train(*self._arguments(seed), self._data)["test"] for seed in seeds]
        return together([accuracies(self._problem, np.asarray(one)) for one in right], len(seeds))

    def _arguments(self, seed: int) -> tuple[jax.Array, jax.Array]:
        """Keys (folds,) and batches (folds, steps, batch size)."""
        keys = jax.random.split(jax.random.key(seed), len(self._problem.folds))
        return keys, jnp.asarray(batches_of(self._problem, seed))


def _held_out(problem: Problem) -> dict[str, tuple[jax.Array, jax.Array]]:
    """Of every part: inputs (folds, rows, features), and labels, -1 where a fold has fewer rows."""
    found = {}
    for name in problem.folds[0].held_out:
        parts = [fold.held_out[name] for fold in problem.folds]
        size = max(len(y) for _, y in parts)
        x = np.stack([padded_rows(x, size).reshape(size, -1) for x, _ in parts])
        found[name] = (jnp.asarray(x), jnp.asarray(np.stack([padded_rows(y, size, -1) for _, y in parts])))
    return found


def _training(problem: Problem, mlp: Mlp) -> Any:
    """The function of (key, batches, data) that trains one replica and counts its right held-out rows."""
    update = _sgd(problem) if problem.optimizer[0] == "SGD" else _adam(problem)

    def train(key: jax.Array, batches: jax.Array, data: Any) -> jax.Array:
        x, y, held_out = data
        weights_key, noise_key = jax.random.split(key)
        params = _initial(mlp, weights_key)
        state = jax.tree.map(jnp.zeros_like, (params, params) if problem.optimizer[0] == "Adam" else params)

        def loss_of(params: Params, step: jax.Array, rows: jax.Array) -> jax.Array:
            index = jnp.maximum(rows, 0)
            inputs = x[index].astype(jnp.float32) / problem.divide_by
            outputs = _logits(mlp, params, inputs, jax.random.fold_in(noise_key, step))
            present = (rows >= 0).astype(jnp.float32)
            return jnp.sum(_losses(outputs, y[index]) * present) / jnp.sum(present)

        def body(step: jax.Array, carry: Any) -> Any:
            params, state = carry
            gradients = jax.grad(loss_of)(params, step, batches[step])
            params, state = update(params, state, gradients, step)
            return _constrained(mlp, params), state

        def stretch(carry: Any, ends: Any) -> Any:
            carry = lax.fori_loop(*ends, body, carry)
            return carry, {name: _right(mlp, carry[0], *part, problem.divide_by) for name, part in held_out.items()}

        ends = (jnp.array((0, *problem.points[:-1])), jnp.array(problem.points))
        _, right = lax.scan(stretch, (params, state), ends)
        return right  # of every part: what is not returned is not computed

    return train


def _initial(mlp: Mlp, key: jax.Array) -> Params:
    found = []
    for one, (inputs, units) in zip(jax.random.split(key, len(mlp.layers)), mlp.sizes, strict=True):
        if mlp.normal is None:
            kernel = jax.nn.initializers.glorot_uniform()(one, (inputs, units))
        else:
            kernel = mlp.normal * jax.random.normal(one, (inputs, units))
        found.append((kernel, jnp.zeros(units)))
    return found


def _logits(mlp: Mlp, params: Params, x: jax.Array, key: jax.Array | None) -> jax.Array:
    """Outputs before the last activation, with dropout where there is a key."""
    rates = [mlp.dropout, *(layer.dropout for layer in mlp.layers)]
    keys = jax.random.split(key, len(rates)) if key is not None and any(rates) else None

    def dropped(x: jax.Array, index: int) -> jax.Array:
        if keys is None or not rates[index]:
            return x
        keep = jax.random.bernoulli(keys[index], 1 - rates[index], x.shape)
        return jnp.where(keep, x / (1 - rates[index]), 0.0)

    x = dropped(x, 0)
    for index, (layer, (kernel, bias)) in enumerate(zip(mlp.layers, params, strict=True)):
        x = x @ kernel + bias
        if layer.activation == "relu":
            x = dropped(jax.nn.relu(x), index + 1)
    return x


def _losses(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Cross-entropy of each row."""
    if logits.shape[-1] == 1:
        z = logits[:, 0]
        return jnp.maximum(z, 0) - z * labels + jnp.log1p(jnp.exp(-jnp.abs(z)))
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1)[:, 0]


def _right(mlp: Mlp, params: Params, x: jax.Array, y: jax.Array, divide_by: float) -> jax.Array:
    logits = _logits(mlp, params, x.astype(jnp.float32) / divide_by, None)
    predicted = (logits[:, 0] > 0).astype(jnp.int32) if logits.shape[-1] == 1 else jnp.argmax(logits, axis=1)
    return jnp.sum(predicted == y)


def _constrained(mlp: Mlp, params: Params) -> Params:
    """Kernels with the norms of their columns bounded."""

    def bounded(kernel: jax.Array, bound: float | None) -> jax.Array:
        if bound is None:
            return kernel
        norms = jnp.sqrt(jnp.sum(kernel**2, axis=0, keepdims=True))
        return kernel * (jnp.clip(norms, 0, bound) / (1e-7 + norms))

    return [(bounded(kernel, layer.max_norm), bias) for layer, (kernel, bias) in zip(mlp.layers, params, strict=True)]


def _sgd(problem: Problem) -> Any:
    _, arguments = problem.optimizer
    rate, momentum = arguments["learning_rate"], arguments.get("momentum", 0.0)

    def update(params: Params, velocity: Params, gradients: Params, step: jax.Array) -> tuple[Params, Params]:
        if not momentum:
            return jax.tree.map(lambda w, g: w - rate * g, params, gradients), velocity
        velocity = jax.tree.map(lambda v, g: momentum * v - rate * g, velocity, gradients)
        return jax.tree.map(jnp.add, params, velocity), velocity

    return update


def _adam(problem: Problem) -> Any:
    rate = problem.optimizer[1]["learning_rate"]
    b1, b2, epsilon = 0.9, 0.999, 1e-7

    def update(params: Params, moments: Any, gradients: Params, step: jax.Array) -> tuple[Params, Any]:
        t = (step + 1).astype(jnp.float32)
        alpha = rate * jnp.sqrt(1 - b2**t) / (1 - b1**t)
        first = jax.tree.map(lambda m, g: m + (g - m) * (1 - b1), moments[0], gradients)
        second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - b2), moments[1], gradients)
        params = jax.tree.map(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + epsilon), params, first, second)
        return params, (first, second)

    return update
