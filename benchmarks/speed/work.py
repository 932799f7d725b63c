"""The work that is timed: shipped experiments, and what every program is given of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from repro import datasets
from repro.config.catalogue import Catalogue, find_config
from repro.config.data_description import DataDescription
from repro.config.schema import Experiment
from repro.datasets import Dataset, Part
from repro.training.environment import available_cores
from repro.training.plan import Plan, evaluation_points, make_plan

CORES = available_cores()
OWN = Path(__file__).parent / "configs"
"""Networks of kinds of which no shipped experiment is short enough."""


@dataclass(frozen=True)
class Work:
    """An experiment, trained for some seeds at once.

    Args:
        config: a shipped experiment's name, or a path.
        seeds: trained at once.
        rows: so many training rows of a fixed split are used, and a quarter as many to test; all of them at 0.
        quick: overrides of the short mode.
        short: in the short mode.
    """

    name: str
    title: str
    config: str | Path
    seeds: int
    rows: int = 0
    overrides: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    short: bool = False

    @cached_property
    def experiment(self) -> Experiment:
        return Catalogue().experiment(self._path, self.overrides)

    @cached_property
    def described(self) -> DataDescription:
        return Catalogue().described(self.folder, self.experiment.dataset.name)

    @property
    def folder(self) -> Path:
        return self._path.parent

    @property
    def _path(self) -> Path:
        return self.config if isinstance(self.config, Path) else find_config(self.config)

    def load(self, described: DataDescription) -> Dataset:
        """The data set, cut to the rows that are used."""
        data = datasets.load(described)
        if not self.rows:
            return data
        assert data.test is not None
        counts = (data.train, self.rows), (data.test, self.rows // 4)
        train, test = (Part(part.x[:count], part.y[:count]) for part, count in counts)
        return replace(data, train=train, test=test)

    @cached_property
    def plan(self) -> Plan:
        """That of one seed: splits are the same for all of them."""
        return make_plan(self.experiment, self.load(self.described), 0, self.folder)

    def with_overrides(self, *overrides: str) -> Work:
        return replace(self, overrides=self.overrides + overrides)

    def in_short(self) -> Work:
        """The same programs on next to no work: times mean nothing."""
        rows = min(self.rows, 256)
        return replace(self, seeds=min(self.seeds, CORES), rows=rows, overrides=self.overrides + self.quick, short=True)


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of one replica: inputs (rows, *shape) as they are stored, labels int32 (rows,), held-out parts by name.

    The part "test" is the one whose accuracy is reported.
    """

    x: np.ndarray
    y: np.ndarray
    held_out: dict[str, tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Problem:
    """What a program that is not ours is given: everything but a seed."""

    experiment: Experiment
    folds: tuple[Fold, ...]
    divide_by: float
    points: tuple[int, ...]
    """Updates after which the held-out rows are evaluated; the last is the end of the training."""
    steps_per_epoch: int

    @property
    def epochs(self) -> int:
        return self.experiment.training.epochs

    @property
    def batch_size(self) -> int:
        return self.experiment.training.batch_size

    @property
    def optimizer(self) -> tuple[str, dict[str, Any]]:
        ((name, arguments),) = self.experiment.training.optimizer.items()
        return name, arguments


def problem_of(work: Work) -> Problem:
    """Rows of every fold, standardized where the experiment says so, and the points of evaluation."""
    plan = work.plan
    steps = plan.replicas[0].steps_per_epoch
    points = tuple(point.updates for point in evaluation_points(work.experiment, steps))
    return Problem(work.experiment, tuple(_folds(plan)), plan.divide_by, points, steps)


def _folds(plan: Plan) -> Iterator[Fold]:
    train = plan.parts["train"]
    for replica in plan.replicas:
        rows = np.sort(replica.batches[: replica.steps_per_epoch].ravel())
        rows = rows[rows >= 0]
        held_out = {
            name: (plan.parts[part].x[index], plan.parts[part].y[index])
            for name, (part, index) in replica.evaluated.items()
        }
        yield Fold(train.x[rows], train.y[rows], held_out)


@dataclass(frozen=True)
class Dense:
    """A layer of a dense network; `dropout` is the rate after it."""

    units: int
    activation: str
    dropout: float
    max_norm: float | None


@dataclass(frozen=True)
class Mlp:
    """A dense network.

    `normal`: the standard deviation of initial kernels, Glorot's uniform ones where there is none. `dropout` is the
    rate on the inputs.
    """

    layers: tuple[Dense, ...]
    inputs: int
    normal: float | None
    dropout: float

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Inputs and units of every layer."""
        units = [self.inputs, *(layer.units for layer in self.layers)]
        return list(itertools.pairwise(units))


def mlp_of(problem: Problem) -> Mlp:
    """The dense network of an experiment."""
    inputs = int(np.prod(problem.folds[0].x.shape[1:]))
    model = problem.experiment.model
    if not isinstance(model, list | tuple):  # the Fashion-MNIST article's class
        rate = float(model.python.arguments["rate"])
        hidden = [Dense(units, "relu", rate, None) for units in (200, 100, 60)]
        return Mlp((*hidden, Dense(10, "softmax", 0.0, None)), inputs, None, rate)
    layers: list[Dense] = []
    normal = None
    for spec in model:
        ((kind, arguments),) = spec.items()
        if kind == "Dense":
            norm = arguments.get("kernel_constraint")
            layers.append(
                Dense(
                    arguments["units"],
                    arguments.get("activation", "linear"),
                    0.0,
                    float(norm["MaxNorm"]["max_value"]) if norm else None,
                )
            )
            normal = 0.05 if "kernel_initializer" in arguments else normal
        elif kind == "Dropout":
            layers[-1] = replace(layers[-1], dropout=arguments["rate"])
        elif kind != "Flatten":
            raise ValueError(f"not a dense network: {kind}")
    return Mlp(tuple(layers), inputs, normal, 0.0)


SHORT_SONAR = (
    "training.epochs=3",
    "protocol={stratified_k_fold: {folds: 2, random_state: 7}}",
)
SHORT_MNIST = (
    "training.epochs=1",
    "training.batch_size=1280",
    "protocol={fixed_split: {evaluate_at_steps: [0, 46]}}",
)
WORKS = (
    Work("sonar_baseline_1", "Sonar baseline, 1 seed", "sonar_baseline", 1, quick=SHORT_SONAR),
    Work("sonar_baseline", "Sonar baseline, 30 seeds", "sonar_baseline", 30, quick=SHORT_SONAR),
    Work("sonar_hidden_1", "Sonar hidden dropout, 1 seed", "sonar_hidden", 1, quick=SHORT_SONAR),
    Work("sonar_hidden", "Sonar hidden dropout, 30 seeds", "sonar_hidden", 30, quick=SHORT_SONAR),
    Work("mnist_plain", "MNIST, no dropout", "mnist_plain", CORES, quick=SHORT_MNIST),
    Work("mnist_dropout", "MNIST, dropout", "mnist_dropout", CORES, quick=SHORT_MNIST),
    Work(
        "fashion_mnist",
        "Fashion-MNIST, 5 epochs",
        "fashion_mnist",
        CORES,
        overrides=("training.epochs=5",),
        quick=("training.epochs=1", "training.batch_size=6000"),
    ),
    Work("mnist_cnn", "mnist_cnn, an epoch of 6,400 images", "keras_mnist_cnn_epoch", CORES, rows=6400),
    Work("lstm", "LSTM, an epoch of 6,400 images", OWN / "lstm.yaml", CORES, rows=6400),
    Work(
        "batch_normalisation",
        "convolutions with batch normalisation, 6,400 images",
        OWN / "batch_normalisation.yaml",
        CORES,
        rows=6400,
    ),
)


@cache
def work_named(name: str, short: bool) -> Work:
    """One of the works, in the short mode's size if so asked."""
    (work,) = (each for each in WORKS if each.name == name)
    return work.in_short() if short else work
