"""What the programs of our peers draw with NumPy, and how they pad."""

from __future__ import annotations

import numpy as np

from benchmarks.speed.work import Problem


def batches_of(problem: Problem, seed: int) -> np.ndarray:
    """Row indices of every batch, int32 (folds, steps, batch size): a permutation an epoch, -1 for no row."""
    rng = np.random.default_rng(seed)
    epochs, size = problem.epochs, problem.steps_per_epoch * problem.batch_size
    found = np.full((len(problem.folds), epochs, size), -1, np.int32)
    for fold, rows in zip(found, problem.folds, strict=True):
        count = len(rows.y)
        fold[:, :count] = rng.permuted(np.broadcast_to(np.arange(count, dtype=np.int32), (epochs, count)), axis=1)
    return found.reshape(len(found), -1, problem.batch_size)


def padded_rows(rows: np.ndarray, size: int = 0, value: int = 0) -> np.ndarray:
    """Rows with more after them."""
    return np.pad(rows, [(0, max(size - len(rows), 0)), *[(0, 0)] * (rows.ndim - 1)], constant_values=value)


def accuracies(problem: Problem, right: np.ndarray) -> dict[str, float]:
    """Of right test rows (folds, points of evaluation)."""
    return {
        f"{index}/{updates}": float(count / len(fold.held_out["test"][1]))
        for index, (fold, counts) in enumerate(zip(problem.folds, right, strict=True))
        for updates, count in zip(problem.points, counts, strict=True)
    }
