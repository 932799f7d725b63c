"""PyTorch's torch.func: `vmap` of the gradient over stacked replicas; optimizers are functions of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.func import grad, vmap
from torch.nn import functional

from benchmarks.speed.programs import Trained, together
from benchmarks.speed.programs.shared import accuracies, batches_of, padded_rows
from benchmarks.speed.work import Mlp, Problem, Work, mlp_of, problem_of

torch.set_num_threads(1)
AT_ONCE = 5
"""Seeds that are stacked."""

Weights = list[torch.Tensor]


class TorchFunc:
    """One process."""

    def prepare(self, work: Work, seeds: int) -> int:
        self._problem = problem_of(work)
        self._mlp = mlp_of(self._problem)
        folds = self._problem.folds
        size = max(len(fold.y) for fold in folds)
        self._x = torch.from_numpy(np.stack([padded_rows(fold.x, size).reshape(size, -1) for fold in folds]))
        self._y = torch.from_numpy(np.stack([padded_rows(fold.y, size) for fold in folds]).astype(np.int64))
        self._held_out = _held_out(self._problem)
        self._gradient = vmap(grad(self._loss), randomness="different")
        self._stacked([0], steps=2)
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        """Some of the seeds, as many as are stacked."""
        given = seeds[:AT_ONCE]
        return together(self._stacked(given), len(given))

    @torch.no_grad()
    def _stacked(self, seeds: Sequence[int], steps: int | None = None) -> list[dict[str, float]]:
        problem, folds = self._problem, len(self._problem.folds)
        torch.manual_seed(seeds[0])
        replicas = len(seeds) * folds
        batches = torch.from_numpy(np.concatenate([batches_of(problem, seed) for seed in seeds]).astype(np.int64))
        owners = torch.arange(folds).repeat(len(seeds))[:, None]
        weights = _initial(self._mlp, replicas)
        update = Sgd(problem, weights) if problem.optimizer[0] == "SGD" else Adam(problem, weights)
        right = []
        for step in range(steps or problem.points[-1]):
            rows = batches[:, step]
            if step % problem.steps_per_epoch == problem.steps_per_epoch - 1:
                rows = rows[:, : int((rows >= 0).sum(dim=1).max())]
            present = (rows >= 0).to(torch.float32)
            rows = rows.clamp(min=0)
            inputs = self._x[owners, rows].to(torch.float32) / problem.divide_by
            update(self._gradient(weights, inputs, self._y[owners, rows], present))
            self._bound(weights)
            if step + 1 in problem.points:
                found = {name: self._right(weights, *part, len(seeds)) for name, part in self._held_out.items()}
                right.append(found["test"])
        if steps:
            return []
        each = torch.stack(right, dim=-1).reshape(len(seeds), folds, -1)
        return [accuracies(problem, one) for one in each.numpy()]

    def _logits(self, weights: Weights, x: torch.Tensor, training: bool) -> torch.Tensor:
        """Of one replica."""
        if training and self._mlp.dropout:
            x = functional.dropout(x, self._mlp.dropout)
        for index, layer in enumerate(self._mlp.layers):
            x = torch.addmm(weights[2 * index + 1], x, weights[2 * index])
            if layer.activation == "relu":
                x = functional.relu(x)
            if training and layer.dropout:
                x = functional.dropout(x, layer.dropout)
        return x

    def _loss(self, weights: Weights, x: torch.Tensor, y: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        logits = self._logits(weights, x, training=True)
        if logits.shape[1] == 1:
            binary: Any = functional.binary_cross_entropy_with_logits
            losses = binary(logits[:, 0], y.to(torch.float32), reduction="none")
        else:
            losses = functional.cross_entropy(logits, y, reduction="none")
        return (losses * present).sum() / present.sum()

    def _bound(self, weights: Weights) -> None:
        for index, layer in enumerate(self._mlp.layers):
            if layer.max_norm:
                kernel = weights[2 * index]
                norms = kernel.norm(dim=1, keepdim=True)
                kernel.mul_(norms.clamp(max=layer.max_norm) / (norms + 1e-7))

    def _right(self, weights: Weights, x: torch.Tensor, y: torch.Tensor, seeds: int) -> torch.Tensor:
        """Right rows of each replica: x (folds, rows, features), y (folds, rows), -1 where there is none."""
        found = torch.zeros(weights[0].shape[0], dtype=torch.int64)
        for first in range(0, x.shape[1], 1000):
            part = x[:, first : first + 1000].to(torch.float32) / self._problem.divide_by
            labels = y[:, first : first + 1000].repeat(seeds, 1)
            logits = vmap(lambda *given: self._logits(*given, training=False))(weights, part.repeat(seeds, 1, 1))
            predicted = (logits[..., 0] > 0).long() if logits.shape[-1] == 1 else logits.argmax(dim=-1)
            found += (predicted == labels).sum(dim=1)
        return found


def _held_out(problem: Problem) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    found = {}
    for name in problem.folds[0].held_out:
        parts = [fold.held_out[name] for fold in problem.folds]
        size = max(len(y) for _, y in parts)
        x = np.stack([padded_rows(x, size).reshape(size, -1) for x, _ in parts])
        y = np.stack([padded_rows(y, size, -1) for _, y in parts])
        found[name] = (torch.from_numpy(x), torch.from_numpy(y.astype(np.int64)))
    return found


def _initial(mlp: Mlp, replicas: int) -> Weights:
    """Kernels (replicas, inputs, units) and biases in turn."""
    found = []
    for inputs, units in mlp.sizes:
        limit = (6 / (inputs + units)) ** 0.5
        kernel = torch.empty(replicas, inputs, units)
        found.append(kernel.normal_(0, mlp.normal) if mlp.normal else kernel.uniform_(-limit, limit))
        found.append(torch.zeros(replicas, units))
    return found


class Sgd:
    """Stochastic gradient descent with momentum, in place."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        arguments = problem.optimizer[1]
        self._rate, self._momentum = arguments["learning_rate"], arguments.get("momentum", 0.0)
        self._weights = weights
        self._velocity = [torch.zeros_like(weight) for weight in weights]

    def __call__(self, gradients: Weights) -> None:
        if self._momentum:
            torch._foreach_mul_(self._velocity, self._momentum)
            torch._foreach_add_(self._velocity, gradients)
            gradients = self._velocity
        torch._foreach_add_(self._weights, gradients, alpha=-self._rate)


class Adam:
    """Adam as Keras computes it, in place."""

    def __init__(self, problem: Problem, weights: Weights) -> None:
        self._rate = problem.optimizer[1]["learning_rate"]
        self._weights = weights
        self._moments = [[torch.zeros_like(weight) for weight in weights] for _ in range(2)]
        self._updates = 0

    def __call__(self, gradients: Weights) -> None:
        self._updates += 1
        first, second = self._moments
        torch._foreach_lerp_(first, gradients, 0.1)
        torch._foreach_mul_(second, 0.999)
        torch._foreach_addcmul_(second, gradients, gradients, 0.001)
        alpha = self._rate * (1 - 0.999**self._updates) ** 0.5 / (1 - 0.9**self._updates)
        scale = torch._foreach_sqrt(second)
        torch._foreach_add_(scale, 1e-7)
        torch._foreach_addcdiv_(self._weights, first, scale, -alpha)
