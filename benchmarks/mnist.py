"""Article C (MNIST ablation): the article's own training loop against ours, for the cell with dropout.

    .venv/bin/python benchmarks/mnist.py [--steps N] [--quick]

The plain program is the article's loop, run eagerly: tf.data (shuffle 60,000, batch 128), a GradientTape, tf.nn.dropout
after the first two hidden layers, Keras' Adam, and an evaluation on the 10,000 test images every 500 steps. After a
warm-up of 20 steps --steps steps (500) and three evaluations are timed and scaled to the 4,690 steps and 11 evaluations
of the cell. Ours is the whole cell, start and compilation excluded and included: with every core at work on a seed of
its own (wall time over the seeds), and one seed on one core. It draws its own 16-bit dropout noise and evaluates as
often. Shares are of a large float32 matrix product in NumPy, on as many threads.

Both run in turn, each in fresh processes. About a minute on two cores; leave the machine alone meanwhile. --quick
trains one epoch of batches of 1,280 and 5 steps of the plain loop: it shows that this script works, and no time that
means anything. Needs MNIST: `repro data fetch mnist`.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from timing import CORES, alone, matmul_gflops, ours, shipped, show, show_rate

STEPS, EVALUATIONS = 4690, 11
WARM_UP = 20
MULTIPLICATIONS = 784 * 256 + 256 * 128 + 128 * 64 + 64 * 32 + 32 * 10
TARGETS = {"all cores": 30.0, "one core": 15.0}


def plain(steps: int) -> tuple[float, float]:
    """Seconds for one step and for one evaluation of the article's eager loop."""
    import keras
    import tensorflow as tf

    from repro import datasets
    from repro.config.catalogue import Catalogue

    data = datasets.load(Catalogue().described(Path(), "mnist"))
    assert data.test is not None
    train_x, test_x = (part.x.reshape(-1, 784).astype("float32") / 255 for part in (data.train, data.test))
    test_y = tf.constant(data.test.y)
    batches = tf.data.Dataset.from_tensor_slices((train_x, data.train.y)).shuffle(60_000).batch(128).repeat(10)
    hidden = [keras.layers.Dense(units, activation="relu") for units in (256, 128, 64, 32)]
    last = keras.layers.Dense(10)
    optimizer = keras.optimizers.Adam(learning_rate=0.01)

    def logits(x: tf.Tensor, training: bool) -> tf.Tensor:
        for index, layer in enumerate(hidden):
            x = layer(x)
            if training and index < 2:
                x = tf.nn.dropout(x, rate=0.5)
        return last(x)

    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits(x, training=True)))
        variables = [variable for layer in (*hidden, last) for variable in layer.trainable_variables]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    def evaluate() -> None:
        right = tf.argmax(logits(test_x, training=False), axis=1, output_type=tf.int32) == test_y
        float(tf.reduce_mean(tf.cast(right, tf.float32)))

    source = iter(batches)
    for _ in range(WARM_UP):
        step(*next(source))
    evaluate()
    start = time.perf_counter()
    for _ in range(steps):
        step(*next(source))
    middle = time.perf_counter()
    for _ in range(3):
        evaluate()
    return (middle - start) / steps, (time.perf_counter() - middle) / 3


def main() -> None:
    parser = argparse.ArgumentParser(description="The article's own MNIST loop against ours.")
    parser.add_argument("--steps", type=int, default=500, help="time so many steps of the plain loop")
    parser.add_argument("--quick", action="store_true", help="show that the script works; times mean nothing")
    given = parser.parse_args()
    steps = 5 if given.quick else given.steps
    changes = ["training.epochs=1", "protocol={fixed_split: {evaluate_at_steps: [0, 46]}}"] if given.quick else []
    changes += ["training.batch_size=1280"] if given.quick else []
    epochs = shipped("mnist_dropout", changes).training.epochs
    print("mnist_dropout, 4,690 steps of 128 images, 11 evaluations; seconds for one seed")
    per_step, per_evaluation = alone(plain, steps)
    seconds = STEPS * per_step + EVALUATIONS * per_evaluation
    show(f"the article's loop, scaled from {steps} of {STEPS} steps", seconds)
    gflop = (6 * MULTIPLICATIONS * 60_000 * epochs + 2 * MULTIPLICATIONS * 10_000 * EVALUATIONS) / 1e9
    for label, workers in (("all cores", CORES), ("one core", 1)):
        cold, warm = alone(ours, "mnist_dropout", changes, workers, workers)
        seeds = f"{workers} seeds at once on {workers} cores" if workers > 1 else "one seed on one core"
        show(f"ours, {seeds}, start and compilation included", cold, seconds)
        show(f"ours, {seeds}, workers ready", warm, seconds, TARGETS[label])
        show_rate("", gflop, warm, matmul_gflops(workers))


if __name__ == "__main__":
    main()
