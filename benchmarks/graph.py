"""Networks that are not dense: the article's own `fit` against the graph engine with every core at work.

    .venv/bin/python benchmarks/graph.py [--rows N] [--repetitions N] [--quick]

Three small networks on MNIST: Keras' example mnist_cnn (two convolutions, pooling, dropout, Adadelta), an LSTM of 64
units over the 28 lines of an image, and a convolutional network with batch normalisation. The plain program is an
article's: NumPy arrays, `fit` for an epoch and `evaluate`, in a process that may use every core. Ours is a cell of the
graph engine of as much work, on every core at once, a process and a thread each: wall seconds over the seeds. Both have
compiled before they are timed. One epoch is --rows images (6,400) in batches of 128, the evaluation a quarter of it.

They run in turn, each in fresh processes, --repetitions times (3); medians are printed. Some three minutes on two
cores; leave the machine alone meanwhile. --quick uses 256 images once: it shows that this script works, and no time
that means anything. Needs MNIST: `repro data fetch mnist`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from timing import CORES, alone, dataset_of, show

from repro.config.schema import Experiment
from repro.datasets import Dataset, Part
from repro.training.plan import make_plan
from repro.training.worker import start_worker

if TYPE_CHECKING:
    from repro.training.engine import Engine

BATCH = 128
DENSE = {"Dense": {"units": 10, "activation": "softmax"}}
IMAGES = {"Reshape": {"target_shape": [28, 28, 1]}}


def _convolution(filters: int, **arguments: object) -> dict[str, dict[str, object]]:
    return {"Conv2D": {"filters": filters, "kernel_size": 3, **arguments}}


MODELS: dict[str, list[dict[str, Any]]] = {
    "mnist_cnn": [
        IMAGES,
        _convolution(32, activation="relu"),
        _convolution(64, activation="relu"),
        {"MaxPooling2D": {"pool_size": 2}},
        {"Dropout": {"rate": 0.25}},
        {"Flatten": {}},
        {"Dense": {"units": 128, "activation": "relu"}},
        {"Dropout": {"rate": 0.5}},
        DENSE,
    ],
    "lstm": [{"LSTM": {"units": 64}}, DENSE],
    "batch_normalisation": [
        IMAGES,
        _convolution(16, use_bias=False),
        {"BatchNormalization": {}},
        {"Activation": {"activation": "relu"}},
        {"MaxPooling2D": {"pool_size": 2}},
        _convolution(32, use_bias=False),
        {"BatchNormalization": {}},
        {"Activation": {"activation": "relu"}},
        {"MaxPooling2D": {"pool_size": 2}},
        {"Flatten": {}},
        DENSE,
    ],
}
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "mnist_cnn": {"Adadelta": {"learning_rate": 1.0}},
    "lstm": {"Adam": {"learning_rate": 0.001}},
    "batch_normalisation": {"Adam": {"learning_rate": 0.001}},
}
TARGETS = {"mnist_cnn": 1.8, "lstm": 2.5, "batch_normalisation": 2.0}


def some(rows: int) -> Dataset:
    """The first images of MNIST: so many to train on, a quarter as many to test."""
    data = dataset_of("mnist")
    assert data.test is not None
    train, test = (Part(part.x[:count], part.y[:count]) for part, count in ((data.train, rows), (data.test, rows // 4)))
    return replace(data, train=train, test=test)


def plain(name: str, rows: int) -> float:
    """Seconds of an epoch of `fit` and an evaluation."""
    import keras

    def layer(spec: dict[str, dict[str, Any]]) -> Any:
        (kind, arguments), *_ = spec.items()
        return getattr(keras.layers, kind)(**arguments)

    data = some(rows)
    assert data.test is not None
    (x, y), (test_x, test_y) = ((part.x.astype("float32") / 255, part.y) for part in (data.train, data.test))
    model = keras.Sequential([keras.layers.Input((28, 28)), *map(layer, MODELS[name])])
    (kind, arguments), *_ = OPTIMIZERS[name].items()
    optimizer = getattr(keras.optimizers, kind)(**arguments)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
    model.evaluate(test_x, test_y, verbose=0)
    start = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
    model.evaluate(test_x, test_y, verbose=0)
    return time.perf_counter() - start


def ours(name: str, rows: int) -> float:
    """Wall seconds for a seed, one at work on each core."""
    with ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn")) as pool:
        walls = []
        for first in (0, CORES):  # the first time every worker starts and compiles
            start = time.perf_counter()
            list(pool.map(_train, [name] * CORES, [rows] * CORES, range(first, first + CORES)))
            walls.append(time.perf_counter() - start)
    return walls[1] / CORES


def _train(name: str, rows: int, seed: int) -> None:
    engine, data = _engine(name, rows)
    engine.train(make_plan(experiment(name), data, seed, Path.cwd()))


@cache
def _engine(name: str, rows: int) -> tuple[Engine, Dataset]:
    start_worker()
    from repro.training.graph import GraphEngine

    return GraphEngine(experiment(name), Path.cwd()), some(rows)


def experiment(name: str) -> Experiment:
    """One of the three networks as an experiment."""
    training = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": OPTIMIZERS[name],
        "batch_size": BATCH,
        "epochs": 1,
    }
    return Experiment.model_validate(
        {
            "name": name,
            "title": name,
            "dataset": {"name": "mnist", "divide_by": 255},
            "model": MODELS[name],
            "training": training,
            "protocol": {"fixed_split": {}},
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Networks that are not dense: the article's fit against ours.")
    parser.add_argument("--rows", type=int, default=6400, help="images of an epoch")
    parser.add_argument("--repetitions", type=int, default=3, help="time each so often, in turn")
    parser.add_argument("--quick", action="store_true", help="show that the script works; times mean nothing")
    given = parser.parse_args()
    rows, repetitions = (256, 1) if given.quick else (given.rows, given.repetitions)
    print(f"an epoch of {rows:,} images in batches of {BATCH} and an evaluation; seconds for one seed, medians")
    for name, target in TARGETS.items():
        times = [(alone(plain, name, rows), alone(ours, name, rows)) for _ in range(repetitions)]
        fit, graph = (median(each) for each in zip(*times, strict=True))
        print(name)
        show("the article's fit", fit)
        show(f"ours, {CORES} seeds at once on {CORES} cores", graph, fit, target)


if __name__ == "__main__":
    main()
