"""Article A (Sonar): the article's own program against ours.

    .venv/bin/python benchmarks/sonar.py [--folds N] [--seeds N] [--quick]

The plain program is what the article prints, in today's Keras: for each of ten folds a StandardScaler, a Sequential
model, SGD with momentum and `fit` of 300 epochs with a batch size of 16, in one process that may use every core. It is
timed from the first fold on, without the import of TensorFlow. With --folds N only the first N folds are timed and the
seconds scaled to ten. Ours is the stacked engine with a worker a core over --seeds seeds (30), ten folds each; the wall
time is divided by the seeds, once with the workers' start, TensorFlow's import and compilation, and once without.

Both run in turn, each in fresh processes. About four minutes on two cores; leave the machine alone meanwhile. --quick
trains 3 epochs of 2 folds and 2 seeds: it shows that this script works, and no time that means anything.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from timing import CORES, alone, ours, shipped, show

TARGETS = {"sonar_baseline": 400.0, "sonar_hidden": 150.0}


def plain(name: str, epochs: int, folds: int) -> float:
    """Seconds for ten folds in plain Keras, from the first `folds` of them."""
    import keras
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import StandardScaler

    from repro import datasets
    from repro.config.catalogue import Catalogue

    data = datasets.load(Catalogue().described(Path(), "sonar")).train
    splits = list(StratifiedKFold(n_splits=10, shuffle=True, random_state=7).split(data.x, data.y))
    start = time.perf_counter()
    for train, test in splits[:folds]:
        scaler = StandardScaler().fit(data.x[train])
        model = keras.Sequential(layers(dropout=name == "sonar_hidden"))
        rate, momentum = (0.1, 0.9) if name == "sonar_hidden" else (0.01, 0.8)
        optimizer = keras.optimizers.SGD(learning_rate=rate, momentum=momentum)
        model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
        model.fit(scaler.transform(data.x[train]), data.y[train], epochs=epochs, batch_size=16, verbose=0)
        model.evaluate(scaler.transform(data.x[test]), data.y[test], verbose=0)
    return (time.perf_counter() - start) * 10 / folds


def layers(dropout: bool) -> list:
    """The article's layers: 60, 30 and 1 units, and for the hidden variant stock Dropout and a max-norm of 3."""
    import keras

    found: list = [keras.layers.Input((60,))]
    for units, activation in ((60, "relu"), (30, "relu"), (1, "sigmoid")):
        constraint = keras.constraints.MaxNorm(3) if dropout else None
        found.append(
            keras.layers.Dense(
                units, activation=activation, kernel_initializer="random_normal", kernel_constraint=constraint
            )
        )
        if dropout and units > 1:
            found.append(keras.layers.Dropout(0.2))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="The article's own Sonar program against ours.")
    parser.add_argument("--folds", type=int, default=10, choices=range(1, 11), help="time so many folds of plain Keras")
    parser.add_argument("--seeds", type=int, default=30, help="seeds that ours trains")
    parser.add_argument("--quick", action="store_true", help="show that the script works; times mean nothing")
    given = parser.parse_args()
    folds, seeds = (2, 2) if given.quick else (given.folds, given.seeds)
    for name, target in TARGETS.items():
        epochs = 3 if given.quick else shipped(name).training.epochs
        print(f"{name}, {epochs} epochs, 10 folds; seconds for one seed")
        seconds = alone(plain, name, epochs, folds)
        show("plain Keras" + ("" if folds == 10 else f", scaled from {folds} of 10 folds"), seconds)
        cold, warm = alone(ours, name, [f"training.epochs={epochs}"], seeds, CORES)
        show(f"ours, {seeds} seeds on {CORES} cores, start and compilation included", cold, seconds)
        show(f"ours, {seeds} seeds on {CORES} cores, workers ready", warm, seconds, target)


if __name__ == "__main__":
    main()
