"""PyTorch: the plain loop of an nn.Module, a fused optimizer and batches gathered from tensors, a thread a process.

Of Sonar two folds of ten are trained, others in each repetition, and scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.speed.programs import Trained, together
from benchmarks.speed.programs.shared import batches_of, padded_rows
from benchmarks.speed.work import Fold, Mlp, Problem, Work, mlp_of, problem_of

torch.set_num_threads(1)
FOLDS = 2


class TorchLoop:
    """One process."""

    def prepare(self, work: Work, seeds: int) -> int:
        self._work, self._problem = work, problem_of(work)
        self._data = [_tensors(self._problem, fold) for fold in self._problem.folds]
        self._next = 0
        self._fold(0, 0, steps=2)
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        """Folds of the first seed; every seed where there is but one."""
        folds = len(self._problem.folds)
        if folds == 1:
            return together([self._fold(seed, 0) for seed in seeds], len(seeds))
        picked = [(self._next + index) % folds for index in range(FOLDS)]
        self._next += FOLDS
        return together([self._fold(seeds[0], index) for index in picked], FOLDS / folds)

    def _fold(self, seed: int, index: int, steps: int | None = None) -> dict[str, float]:
        problem = self._problem
        torch.manual_seed(seed * 100 + index)
        x, y, held_out = self._data[index]
        model, bounded = _network(self._work, problem)
        optimizer = _optimizer(problem, model)
        batches = torch.from_numpy(batches_of(problem, seed)[index, :steps].astype(np.int64))
        counts = (batches >= 0).sum(dim=1).tolist()
        binary = problem.folds[0].y.max() == 1
        loss_of: Any = nn.functional.binary_cross_entropy_with_logits if binary else nn.functional.cross_entropy
        found = {}
        for step, (rows, count) in enumerate(zip(batches, counts, strict=True)):
            if count < len(rows):
                rows = rows[:count]  # noqa: PLW2901
            inputs = x[rows] if problem.divide_by == 1 else x[rows].to(torch.float32) / problem.divide_by
            loss = loss_of(model(inputs), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            for weight, bound in bounded:
                _bound(weight, bound)
            if step + 1 in problem.points:
                right = {name: _right(model, *part, problem.divide_by) for name, part in held_out.items()}
                found[f"{index}/{step + 1}"] = right["test"] / len(held_out["test"][1])
        return found


def _tensors(problem: Problem, fold: Fold) -> tuple[torch.Tensor, torch.Tensor, dict[str, Any]]:
    binary = fold.y.max() == 1

    def labels(y: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(y.astype(np.float32)[:, None] if binary else y.astype(np.int64))

    held_out = {name: (torch.from_numpy(x.copy()), labels(y)) for name, (x, y) in fold.held_out.items()}
    return torch.from_numpy(padded_rows(fold.x).copy()), labels(fold.y), held_out


@torch.no_grad()
def _bound(weight: torch.Tensor, bound: float) -> None:
    """Keras' MaxNorm of the weights (units, inputs) of a unit."""
    norms = weight.norm(dim=1, keepdim=True)
    weight.mul_(norms.clamp(max=bound) / (norms + 1e-7))


@torch.no_grad()
def _right(model: nn.Module, x: torch.Tensor, y: torch.Tensor, divide_by: float) -> int:
    model.eval()
    right = 0
    for first in range(0, len(x), 1000):
        part, labels = x[first : first + 1000], y[first : first + 1000]
        logits = model(part if divide_by == 1 else part.to(torch.float32) / divide_by)
        right += int((((logits > 0) == labels) if logits.shape[1] == 1 else logits.argmax(dim=1) == labels).sum())
    model.train()
    return right


def _optimizer(problem: Problem, model: nn.Module) -> torch.optim.Optimizer:
    """With Keras' constants."""
    name, arguments = problem.optimizer
    rate = arguments.get("learning_rate", 1.0)
    if name == "SGD":
        return torch.optim.SGD(model.parameters(), rate, momentum=arguments.get("momentum", 0.0), fused=True)
    if name == "Adam":
        return torch.optim.Adam(model.parameters(), rate, eps=1e-7, fused=True)
    return torch.optim.Adadelta(model.parameters(), rate, rho=0.95, eps=1e-7)


Bounded = list[tuple[torch.Tensor, float]]


def _network(work: Work, problem: Problem) -> tuple[nn.Module, Bounded]:
    """The model up to its logits, and the weights whose norms are bounded."""
    if work.name == "mnist_cnn":
        return _glorot(_convolutions()), []
    if work.name == "batch_normalisation":
        return _glorot(_normalised()), []
    if work.name == "lstm":
        return Lines(), []
    return _dense(mlp_of(problem))


def _dense(mlp: Mlp) -> tuple[nn.Module, Bounded]:
    layers: list[nn.Module] = [nn.Flatten()] + ([nn.Dropout(mlp.dropout)] if mlp.dropout else [])
    bounded = []
    for layer, (inputs, units) in zip(mlp.layers, mlp.sizes, strict=True):
        dense = nn.Linear(inputs, units)
        layers.append(dense)
        if layer.max_norm:
            bounded.append((dense.weight, layer.max_norm))
        if layer.activation == "relu":
            layers.append(nn.ReLU())
        if layer.dropout:
            layers.append(nn.Dropout(layer.dropout))
    model = _glorot(nn.Sequential(*layers))
    if mlp.normal:
        for module in model:
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=mlp.normal)
    return model, bounded


def _convolutions() -> nn.Sequential:
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )


def _normalised() -> nn.Sequential:
    def block(inputs: int, filters: int) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, filters, 3, bias=False)
        return [convolution, nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01), nn.ReLU(), nn.MaxPool2d(2)]

    return nn.Sequential(nn.Unflatten(1, (1, 28)), *block(1, 16), *block(16, 32), nn.Flatten(), nn.Linear(800, 10))


def _glorot(model: nn.Sequential) -> nn.Sequential:
    """Keras' initial weights."""
    for module in model:
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model


class Lines(nn.Module):
    """An LSTM over the lines of an image, with Keras' initial weights."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(28, 64, batch_first=True)
        self.dense = nn.Linear(64, 10)
        nn.init.xavier_uniform_(self.lstm.weight_ih_l0)
        nn.init.orthogonal_(self.lstm.weight_hh_l0)
        nn.init.xavier_uniform_(self.dense.weight)
        for bias in (self.lstm.bias_ih_l0, self.lstm.bias_hh_l0, self.dense.bias):
            nn.init.zeros_(bias)
        with torch.no_grad():
            self.lstm.bias_ih_l0[64:128] = 1.0  # of the forget gate
        self.lstm.bias_hh_l0.requires_grad_(False)  # Keras has one bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(x)
        return self.dense(outputs[:, -1])
