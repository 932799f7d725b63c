"""Article B (Fashion-MNIST): an epoch of the article's own `fit` against an epoch of ours.

    .venv/bin/python benchmarks/fashion_mnist.py [--epochs N] [--quick]

The plain program is the article's: a subclass of keras.Model with one stock Dropout layer applied four times, SGD,
`fit` with a batch size of 32 and the first 5,000 training images as validation data, in one process that may use every
core. After one epoch of warm-up, --epochs epochs (3) are timed. Ours is a cell of as many epochs, divided by them: with
every core at work on a seed of its own (wall time over the seeds), and one seed on one core; workers have started and
compiled. An epoch of ours is evaluated on the validation images and on the 10,000 test images too, which the plain one
is not. Shares are of a large float32 matrix product in NumPy, on as many threads.

Both run in turn, each in fresh processes. About a minute on two cores; leave the machine alone meanwhile. --quick uses
batches of 6,000 images: it shows that this script works, and no time that means anything. Needs Fashion-MNIST: `repro
data fetch fashion-mnist`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from timing import CORES, alone, matmul_gflops, ours, show, show_rate

MULTIPLICATIONS = 784 * 200 + 200 * 100 + 100 * 60 + 60 * 10
EPOCH_GFLOP = (6 * MULTIPLICATIONS * 60_000 + 2 * MULTIPLICATIONS * (5_000 + 10_000)) / 1e9
TARGETS = {"all cores": 6.0, "one core": 3.0}


def plain(epochs: int, batch_size: int) -> float:
    """Seconds for one epoch of `fit` with validation."""
    import keras
    import tensorflow as tf

    from repro import datasets
    from repro.config.catalogue import Catalogue

    class Article(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.flatten = keras.layers.Flatten()
            self.hidden = [keras.layers.Dense(units, activation="relu") for units in (200, 100, 60)]
            self.last = keras.layers.Dense(10, activation="softmax")
            self.dropout = keras.layers.Dropout(0.2)

        def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
            x = self.dropout(self.flatten(x), training=training)
            for dense in self.hidden:
                x = self.dropout(dense(x), training=training)
            return self.last(x)

    data = datasets.load(Catalogue().described(Path(), "fashion-mnist")).train
    x = data.x.astype("float32") / 255
    model = Article()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    arguments = {"batch_size": batch_size, "validation_data": (x[:5000], data.y[:5000]), "verbose": 0}
    model.fit(x, data.y, epochs=1, **arguments)
    start = time.perf_counter()
    model.fit(x, data.y, epochs=epochs, **arguments)
    return (time.perf_counter() - start) / epochs


def main() -> None:
    parser = argparse.ArgumentParser(description="An epoch of the article's own Fashion-MNIST program against ours.")
    parser.add_argument("--epochs", type=int, default=3, help="time so many epochs")
    parser.add_argument("--quick", action="store_true", help="show that the script works; times mean nothing")
    given = parser.parse_args()
    epochs, batch_size = (1, 6000) if given.quick else (given.epochs, 32)
    changes = [f"training.epochs={epochs}", f"training.batch_size={batch_size}"]
    print(f"fashion_mnist, batches of {batch_size}, {epochs} epochs; seconds for one epoch of one seed")
    seconds = alone(plain, epochs, batch_size)
    show("the article's fit", seconds)
    for label, workers in (("all cores", CORES), ("one core", 1)):
        _, warm = alone(ours, "fashion_mnist", changes, workers, workers)
        epoch = warm / epochs
        seeds = f"{workers} seeds at once on {workers} cores" if workers > 1 else "one seed on one core"
        show(f"ours, {seeds}", epoch, seconds, TARGETS[label])
        show_rate("", EPOCH_GFLOP, epoch, matmul_gflops(workers))


if __name__ == "__main__":
    main()
