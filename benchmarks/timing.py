"""What the benchmarks share: trainings in processes of their own, the machine's matmul rate, lines to print."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from repro import datasets
from repro.config.catalogue import Catalogue, find_config
from repro.config.schema import Experiment
from repro.datasets import Dataset
from repro.training.executor import LokyExecutor, available_cores
from repro.training.worker import Task

CORES = available_cores()

CALL = """
import importlib, json, sys
module, name, arguments = json.loads(sys.argv[1])
print(json.dumps(getattr(importlib.import_module(module), name)(*arguments)))
"""

MATMUL = """
import time
import numpy as np
a, b = np.ones((4096, 4096), np.float32), np.ones((4096, 4096), np.float32)
a @ b
best = 1e9
for _ in range(5):
    start = time.perf_counter()
    a @ b
    best = min(best, time.perf_counter() - start)
print(2 * 4096**3 / best / 1e9)
"""


class Notes:
    def note(self, line: str) -> None:
        print(line, file=sys.stderr)


def alone(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function in a fresh process, in which no other program has started threads or filled caches.

    Arguments and result go through JSON.
    """
    script = Path(function.__code__.co_filename)
    call = json.dumps([script.stem, function.__name__, arguments])
    environment = os.environ | {"PYTHONPATH": str(script.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", CALL, call], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def ours(name: str, overrides: Sequence[str], seeds: int, workers: int) -> tuple[float, float]:
    """Wall seconds for one seed, with the workers' start, TensorFlow's import and compilation, and without.

    `seeds` seeds are trained twice in one pool: the second time, on other seeds, every worker has started and compiled.
    """
    experiment, executor, folder = shipped(name, overrides), LokyExecutor(workers), find_config(name).parent
    data = Catalogue().described(folder, experiment.dataset.name)
    walls = []
    for first in (0, seeds):
        start = time.perf_counter()
        tasks = [Task(experiment, data, folder, "stacked", first + each) for each in range(seeds)]
        for _, cell in executor.train(tasks, Notes()):
            if cell.error:
                sys.exit(cell.error)
        walls.append((time.perf_counter() - start) / seeds)
    return walls[0], walls[1]


def dataset_of(name: str) -> Dataset:
    """The arrays of a data set that comes with repro."""
    return datasets.load(Catalogue().described(find_config("mnist_dropout").parent, name))


def shipped(name: str, overrides: Sequence[str] = ()) -> Experiment:
    """An experiment that comes with repro."""
    return Catalogue().experiment(find_config(name), overrides)


def matmul_gflops(threads: int) -> float:
    """The rate of a large float32 matrix product in NumPy, best of five."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads))
    done = subprocess.run([sys.executable, "-c", MATMUL], env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def show(text: str, seconds: float, plain: float | None = None, target: float | None = None) -> None:
    """One line: what took how long, how many times faster that is than the plain program, and the target."""
    line = f"  {text:<58}{seconds:10.3f} s"
    if plain is not None:
        line += f"  {plain / seconds:7.1f} x"
    if target is not None:
        line += f"  (target {target:g} x: {'met' if plain is not None and plain / seconds >= target else 'missed'})"
    print(line, flush=True)


def show_rate(text: str, gflop: float, seconds: float, matmul: float) -> None:
    """One line: the rate of arithmetic, as a share of the machine's matmul rate."""
    rate = gflop / seconds
    print(f"  {text:<58}{rate:8.0f} GFLOP/s, {100 * rate / matmul:.0f}% of {matmul:.0f} (float32 matmul)", flush=True)
