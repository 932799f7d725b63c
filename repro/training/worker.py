"""What runs in a worker process: one cell at a time, on one thread, programs kept for further seeds.

Importing this module is cheap; TensorFlow is imported with the first cell, so the parent process, which only hands
`train_cell` to the workers, never pays for it.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from repro import datasets
from repro.config.data_description import DataDescription
from repro.config.experiment import FunctionExperiment
from repro.config.protocol import DRAWS
from repro.config.schema import AnyExperiment, Experiment
from repro.datasets.prepare import row_type
from repro.errors import MachineError, ReproError, one_line
from repro.results.records import CellResult, Record
from repro.training import randomness
from repro.training.environment import environment, set_flags
from repro.training.plan import Plan, make_plan

if TYPE_CHECKING:
    from repro.training.engine import Engine

KEPT = 2
"""Data sets, and engines with compiled programs, that a worker keeps: cells come experiment by experiment, so those of
the last and the next."""

T = TypeVar("T")


@dataclass(frozen=True)
class Task:
    """A cell to train: the experiment, its data and the folder of its config, the engine's name and the seed.

    An experiment of a function has no data.
    """

    experiment: AnyExperiment
    data: DataDescription | None
    folder: Path
    engine: str
    seed: int
    variant: str = ""
    """The label of a variant, which `experiment` is then."""

    @property
    def name(self) -> str:
        """The experiment's, or the variant's as claims name it."""
        return f"{self.experiment.name}[{self.variant}]" if self.variant else self.experiment.name


def train_cell(task: Task) -> CellResult:
    """Train a cell in a worker process, which keeps data sets and programs for the next one.

    A fault of the configuration, data or machine is raised; any other failure is returned as the cell's error.
    """
    start_worker()
    return _trainer().train(task)


def model_summary(experiment: Experiment, data: DataDescription, folder: Path) -> str:
    """Keras' summary of an experiment's model. Raises ConfigError for one that can't be trained on its data."""
    start_worker()
    from repro.models import build

    inputs = row_type(experiment.dataset, data)
    build.check_outputs(experiment, inputs, folder, data.classes)
    return build.summary(experiment, inputs, folder)


@cache
def start_worker() -> None:
    """Settle this process' threads, flags and noise before TensorFlow starts; later calls do nothing.

    Raises MachineError where TensorFlow can't be imported.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    set_flags()
    with _quiet_stderr(), _quick_import():
        try:
            import tensorflow as tf
        except ImportError as error:
            raise MachineError(f"TensorFlow can't be imported ({one_line(str(error))}); install repro again") from error
    tf.get_logger().setLevel("ERROR")
    # One thread: rounding depends on the number of threads, and two workers with one thread each are faster anyway.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def diverged(records: Sequence[Record]) -> dict[int, str]:
    """Folds whose loss is not a finite number at some evaluation, with the first place where that is so."""
    found: dict[int, str] = {}
    for r in records:
        if r.metric == "loss" and not math.isfinite(r.value):
            found.setdefault(r.fold, f"diverged: {r.split} loss is {r.value} at step {r.step}")
    return found


class CellTrainer:
    """Trains cells in this process; keeps the data sets that it read last, and the programs that it compiled last.

    Args:
        load: reads a data set.
    """

    def __init__(self, load: Callable[[DataDescription], datasets.Dataset] = datasets.load) -> None:
        self._load_from = load
        self._data: dict[str, datasets.Dataset] = {}
        self._engines: dict[str, Engine] = {}
        self._settled: Engine | None = None

    def train(self, task: Task) -> CellResult:
        """Train a cell; raises what `train_cell` raises."""
        start = time.perf_counter()
        records: tuple[Record, ...] = ()
        correct = b""
        error = None
        try:
            if isinstance(task.experiment, Experiment):
                assert task.data is not None
                records, correct = self._trained(task, task.experiment, task.data)
            else:
                records = _drawn(task.experiment, task.folder, task.seed)
        except (ReproError, OSError):
            raise
        except Exception:
            error = traceback.format_exc(limit=-3)
        seconds = time.perf_counter() - start
        return CellResult(task.seed, seconds, environment(), records, diverged(records), error, correct)

    def _trained(self, task: Task, experiment: Experiment, data: DataDescription) -> tuple[tuple[Record, ...], bytes]:
        """Records, and which tested rows are right, as packed bits."""
        plan = make_plan(experiment, self._load(data), task.seed, task.folder)
        engine = self._engine(task, experiment, plan)
        trained = engine.train(plan)
        self._settle(engine)
        return trained.records, np.packbits(trained.correct).tobytes()

    def _load(self, data: DataDescription) -> datasets.Dataset:
        return _kept(self._data, f"{data.folder} {data.model_dump_json()}", lambda: self._load_from(data))

    def _engine(self, task: Task, experiment: Experiment, plan: Plan) -> Engine:
        key = f"{task.engine} {task.folder} {experiment.model_dump_json()}"
        return _kept(self._engines, key, lambda: _new_engine(task, experiment, plan))

    def _settle(self, engine: Engine) -> None:
        """Spare garbage collections what stays: loky asks for one every second, which took a fifth of a short cell."""
        if engine is not self._settled:
            self._settled = engine
            gc.collect()
            gc.freeze()


def _kept(kept: dict[str, T], key: str, make: Callable[[], T]) -> T:
    """What is kept under a key, made where it is not there; the oldest give way before that, for their memory."""
    if key not in kept:
        while len(kept) >= KEPT:
            kept.pop(next(iter(kept)))
            gc.unfreeze()
        kept[key] = make()
    return kept[key]


_trainer = cache(CellTrainer)
"""The one of this process."""


def _drawn(experiment: FunctionExperiment, folder: Path, seed: int) -> tuple[Record, ...]:
    """The figures of a function under a seed, as of one evaluation after its last draw."""
    from repro.models.draws import drawn

    figures = drawn(experiment, folder, randomness.draws(experiment.base_seed, seed))
    last = experiment.function.draws - 1
    return tuple(Record(0, 1, last, DRAWS, name, float(f"{value:.9g}")) for name, value in figures.items())


def _new_engine(task: Task, experiment: Experiment, plan: Plan) -> Engine:
    """Raises ConfigError for a model that can't be trained on its data."""
    from repro.models import build
    from repro.training.graph import GraphEngine
    from repro.training.plain import PlainEngine
    from repro.training.stacked import StackedEngine

    build.check_outputs(experiment, plan.inputs, task.folder, plan.classes)
    engines: dict[str, Callable[[Experiment, Path], Engine]] = {
        "stacked": StackedEngine,
        "graph": GraphEngine,
        "keras": PlainEngine,
    }
    return engines[task.engine](experiment, task.folder)


@contextlib.contextmanager
def _quick_import() -> Iterator[None]:
    """Import without collecting garbage, nor what Keras takes in where it is there and a worker has no use for.

    Which saves a third of the time. A model in Python may import them later.
    """
    unused = {"matplotlib", "pandas"} - sys.modules.keys()
    sys.modules.update(dict.fromkeys(unused))  # type: ignore[arg-type]  # None: as if it were not there
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        for name in unused:
            del sys.modules[name]


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """TensorFlow's C++ start-up lines are written before any log level counts."""
    saved = os.dup(2)
    with open(os.devnull, "wb") as sink:  # noqa: PTH123  # a device, not a path of ours
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
