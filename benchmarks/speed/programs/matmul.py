"""The limit: the floating-point operations of a work at the rate of a large float32 matrix product on one thread."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from benchmarks.speed.programs import Trained
from benchmarks.speed.work import Problem, Work, mlp_of, problem_of

SIZE, TIMES = 2048, 8

LAYERS = {
    "mnist_cnn": ((26 * 26 * 9 * 32), (24 * 24 * 9 * 32 * 64, 9216 * 128, 128 * 10)),
    "lstm": ((28 * 28 * 256), (28 * 64 * 256, 64 * 10)),
    "batch_normalisation": ((26 * 26 * 9 * 16), (11 * 11 * 9 * 16 * 32, 800 * 10)),
}
"""Multiplications of a row in the first layer, whose inputs need no gradient, and in each of the others."""


class Matmul:
    """A thread of arithmetic."""

    def prepare(self, work: Work, seeds: int) -> int:
        self._operations = operations(work, problem_of(work))
        self._a, self._b = (np.ones((SIZE, SIZE), np.float32) for _ in range(2))
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        start = time.perf_counter()
        for _ in range(TIMES):
            self._a @ self._b
        rate = TIMES * 2 * SIZE**3 / (time.perf_counter() - start)
        return Trained({}, 1, self._operations / rate)


def operations(work: Work, problem: Problem) -> float:
    """Of a seed: 2 a multiplication forwards, as many for the weights' gradient, as many for the inputs'."""
    if work.name in LAYERS:
        first, others = LAYERS[work.name]
    else:
        first, *others = (inputs * units for inputs, units in mlp_of(problem).sizes)
    trained = sum(len(fold.y) for fold in problem.folds) * problem.epochs
    evaluated = sum(len(y) for fold in problem.folds for _, y in fold.held_out.values()) * len(problem.points)
    return float(trained * (4 * first + 6 * sum(others)) + evaluated * 2 * (first + sum(others)))
