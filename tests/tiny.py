"""Tiny experiments for the tests of what surrounds training, and a stand-in for the training itself.

    python tests/tiny.py run CONFIG...

is `repro` with that stand-in: everything but the figures is real, and nothing waits for TensorFlow. With
STAND_IN_CELLS=1 the worker processes are real, too, and what stands in is their work on a cell.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result

from repro.cli.app import main
from repro.cli.machine import Machine
from repro.results.provenance import Environment
from repro.results.records import CellResult, Record
from repro.training.environment import environment
from repro.training.executor import LokyExecutor
from repro.training.worker import Task

CHECKOUT = Path(__file__).parents[1]
STAND_IN = [sys.executable, __file__]
REAL = [sys.executable, "-m", "repro"]

TINY = """\
article: tiny
title: A tiny network
dataset: {name: sonar, standardize: true}
model:
  - Dense: {units: 4, activation: relu}
  - Dropout: {rate: 0.2}
  - Dense: {units: 1, activation: sigmoid}
training:
  loss: binary_crossentropy
  optimizer: {SGD: {learning_rate: 0.05, momentum: 0.9}}
  batch_size: 64
  epochs: 3
protocol: {stratified_k_fold: {folds: 3}}
seeds: 3
reported:
  accuracy: {value: 0.7, unit: fraction}
"""
OTHER = """\
extends: tiny.yaml
title: Without dropout
model:
  - Dense: {units: 4, activation: relu}
  - Dense: {units: 1, activation: sigmoid}
"""


def write_configs(folder: Path) -> Path:
    """`tiny.yaml` and `other.yaml` in a folder; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "other.yaml").write_text(OTHER)
    return folder


def invoke(*arguments: object, machine: Machine | None = None) -> Result:
    """`repro ARGUMENTS` in this process; without a `machine` of the test's own, training is real."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        line = [str(argument) for argument in arguments]
        result = CliRunner().invoke(main, line, prog_name="repro", obj=machine or Machine())
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def command(program: Sequence[str], *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """`repro ARGUMENTS` in a process of its own."""
    line = [*program, *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=120, **options)


def elsewhere(**changes: object) -> Environment:
    """The environment here with something changed, by default the version of Python."""
    return environment().model_copy(update=changes or {"python": "3.99.0"})


def stand_in_cell(task: Task, where: Environment | None = None) -> CellResult:
    """Figures that depend on the experiment, the seed and the fold, and on nothing else."""
    experiment = task.experiment
    split = experiment.protocol.judged_split
    records = []
    for fold in range(experiment.protocol.folds):
        digest = hashlib.sha256(f"{experiment.trained} {task.seed} {fold}".encode()).digest()
        records += [Record(fold, 3, 8, split, metric, 0.6 + digest[0] / 1000) for metric in experiment.figures]
        records += [Record(fold, 3, 8, split, "loss", digest[1] / 256)] if task.data else []
    correct = b""
    if task.data and experiment.protocol.same_rows and task.data.classes is not None:
        correct = some_rows(task.seed, experiment.protocol.tested_rows(task.data.rows, task.data.test_rows))
    return CellResult(task.seed, 0.0, where or environment(), tuple(records), correct=correct)


def some_rows(seed: int, rows: int = 208) -> bytes:
    """Which of so many rows (Sonar has 208) are predicted right, made up."""
    return np.random.default_rng(seed).integers(0, 256, -(-rows // 8), np.uint8).tobytes()


class StandIn:
    """An executor without worker processes: makes each cell here, and remembers which seeds were asked for.

    With STAND_IN_HANGS_AFTER=n it stands still after n cells; with STAND_IN_STOPS_SLOWLY it is slow to stop then.
    """

    def __init__(self, make: Callable[[Task], CellResult] = stand_in_cell) -> None:
        self.make = make
        self.seeds: list[int] = []

    def train(self, tasks: Sequence[Task], progress: object) -> Generator[tuple[Task, CellResult]]:
        for done, task in enumerate(tasks):
            if str(done) == os.environ.get("STAND_IN_HANGS_AFTER"):
                self._hang()
            self.seeds.append(task.seed)
            yield task, self.make(task)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)

    def _hang(self) -> None:
        try:
            signal.pause()
        finally:
            if "STAND_IN_STOPS_SLOWLY" in os.environ:
                print("stopping", flush=True)
                time.sleep(60)


def stand_in(make: Callable[[Task], CellResult] = stand_in_cell, where: Environment | None = None) -> Machine:
    """A machine that trains nothing, and that may be another one."""
    there = where or environment()
    executor = StandIn(lambda task: dataclasses.replace(make(task), environment=there))
    return Machine(executor=lambda count: executor, environment=lambda: there)


def slow_cell(task: Task) -> CellResult:
    """In place of `repro.training.worker.train_cell`: seed 0 is done at once, any other takes a minute."""
    if task.seed:
        time.sleep(60)
    return stand_in_cell(task)


def descendants(process: int) -> list[int]:
    """Ids of the living processes that a process has started, theirs included."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(stat.parent.name)] = int(parent)
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def assert_all_ended(processes: list[int]) -> None:
    until = time.monotonic() + 10
    while any(alive(process) for process in processes):
        assert time.monotonic() < until, "processes are left over"
        time.sleep(0.05)


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    import tiny  # by a name under which workers find it, too

    if "STAND_IN_CELLS" in os.environ:
        main(obj=Machine(executor=lambda count: LokyExecutor(count or 2, tiny.slow_cell)))
    main(obj=tiny.stand_in())
