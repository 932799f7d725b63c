"""What runs in a worker process: one cell at a time, on one thread, programs kept for further seeds.

Importing this module is cheap; TensorFlow is imported with the first cell, so the parent process, which only hands
`train_cell` to the workers, never pays for it.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from repro.config.schema import Experiment
from repro.errors import MachineError, ReproError, one_line

if TYPE_CHECKING:
    from repro.datasets import Dataset

KEPT_PROGRAMS = 2
"""Compiled experiments kept by a worker: cells come experiment by experiment, so the last one and its successor."""


@dataclass(frozen=True)
class Task:
    """A cell to train: the experiment, the engine's name and the seed."""

    experiment: Experiment
    engine: str
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Rows are (fold, epoch, step, split, metric, value); `diverged` maps a fold to the reason why its figures are those
    of a failed training; `error` says why there are no rows at all.
    """

    seed: int
    seconds: float
    rows: tuple[tuple[int, int, int, str, str, float], ...] = ()
    diverged: dict[int, str] = field(default_factory=dict)
    error: str | None = None


_engines: dict[str, Any] = {}
_datasets: dict[str, Dataset] = {}


def train_cell(task: Task) -> Outcome:
    """Train a cell. A fault of the configuration or data is raised; any other failure is returned as the outcome."""
    start_worker()
    start = time.perf_counter()
    try:
        rows = _train(task)
    except ReproError:
        raise
    except Exception:
        return Outcome(task.seed, time.perf_counter() - start, error=traceback.format_exc(limit=-3))
    return Outcome(task.seed, time.perf_counter() - start, rows, _diverged(rows))


def model_summary(experiment: Experiment) -> str:
    """Keras' summary of an experiment's model. Raises ConfigError for one that can't be trained on its data."""
    start_worker()
    from repro import datasets
    from repro.models import build

    info = datasets.info(experiment.dataset.name)
    build.check_outputs(experiment, info.input_shape, info.classes)
    return build.summary(experiment, info.input_shape)


def start_worker() -> None:
    """Settle this process' threads and noise before TensorFlow starts; later calls do nothing."""
    if _started:
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with _quiet_stderr():
        try:
            import tensorflow as tf
        except ImportError as error:
            raise MachineError(f"TensorFlow can't be imported ({one_line(str(error))}); install repro again") from error
    tf.get_logger().setLevel("ERROR")
    # One thread: rounding depends on the number of threads, and two workers with one thread each are faster anyway.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    _started.append(True)


_started: list[bool] = []


def _train(task: Task) -> tuple[tuple[int, int, int, str, str, float], ...]:
    from repro import datasets
    from repro.models import build
    from repro.training.cell import ENGINES
    from repro.training.plan import make_plan

    name = task.experiment.dataset.name
    if name not in _datasets:
        _datasets[name] = datasets.load(name)
    key = f"{task.engine} {task.experiment.model_dump_json()}"
    if key not in _engines:
        while len(_engines) >= KEPT_PROGRAMS:
            _engines.pop(next(iter(_engines)))
        info = datasets.info(name)
        build.check_outputs(task.experiment, info.input_shape, info.classes)
        _engines[key] = ENGINES[task.engine](task.experiment)
    records = _engines[key].train(make_plan(task.experiment, _datasets[name], task.seed))
    return tuple((r.fold, r.epoch, r.step, r.split, r.metric, r.value) for r in records)


def _diverged(rows: tuple[tuple[int, int, int, str, str, float], ...]) -> dict[int, str]:
    """Folds whose loss is not a finite number at some evaluation, with the first place where that is so."""
    found: dict[int, str] = {}
    for fold, _, step, split, metric, value in rows:
        if metric == "loss" and not math.isfinite(value):
            found.setdefault(fold, f"diverged: {split} loss is {value} at step {step}")
    return found


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
