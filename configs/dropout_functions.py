"""What two articles say of dropout as a function, measured on many draws; nothing is trained but a few single updates.

Each function takes a random generator and a number of draws, and returns figures by name.
"""

import numpy as np

from repro.models import dropout_by_hand

X = np.arange(1, 11, dtype=np.float32)
"""The activations of the example of "Dropout, by hand, in NumPy": 1 to 10."""


def by_hand(rng, draws, level, compensation):
    """The article's function on its example, one row of a batch a draw.

    compensation: `training` scales what is kept, `test` the activations at test time, `none` neither.
    """
    rows = np.tile(X, (draws, 1))
    if compensation == "training":
        return _figures(dropout_by_hand.dropout(rows, level, rng), X, 1 / (1 - level))
    tested = {"test": dropout_by_hand.scaled_for_test(X, level), "none": X}[compensation]
    return _figures(dropout_by_hand.dropout_unscaled(rows, level, rng), tested, 1)


def keras_layer(rng, draws, level):
    """Keras' own Dropout on the same example."""
    import keras

    layer = keras.layers.Dropout(level, seed=_seed(rng))
    return _figures(
        layer(np.tile(X, (draws, 1)), training=True).numpy(), layer(X[np.newaxis]).numpy()[0], 1 / (1 - level)
    )


def repro_layer(rng, draws, level):
    """The Dropout layer of repro on the same example, with the noise that the engines give it."""
    import tensorflow as tf

    from repro.models.dropout import Dropout
    from repro.models.noise import Layout, ReplicaNoise, noise_from

    layer = Dropout(level)
    noise = ReplicaNoise(Layout(draws, [len(X)]), int(rng.integers(2**63)), 0, lambda: tf.constant(0))
    with noise_from(noise):
        trained = layer(np.tile(X, (draws, 1)), training=True).numpy()
    return _figures(trained, layer(X[np.newaxis]).numpy()[0], 1 / (1 - level))


def _figures(trained, tested, scale):
    """What outputs in training (draws, units) have in common, with `tested` (units,), those at test time.

    share_kept: of the units, those that are not dropped.
    share_off_scale: of the units, those that are neither 0 nor `scale` times their input.
    training_to_test_ratio: the mean output in training over the output at test time, on average over the units.
    agreement_of_rows: how often a unit's lot is the same in a row and the next.
    share_of_changed_outputs: how often any unit's lot is not.
    """
    kept = trained != 0
    alike = kept[1:] == kept[:-1]
    return {
        "share_kept": kept.mean(),
        "share_off_scale": (kept & ~np.isclose(trained, scale * X, rtol=1e-6, atol=0)).mean(),
        "training_to_test_ratio": (trained.mean(axis=0, dtype=np.float64) / tested).mean(),
        "agreement_of_rows": alike.mean(),
        "share_of_changed_outputs": 1 - alike.all(axis=1).mean(),
    }


def masked_layer(rng, draws, drop):
    """The equation of "Why Dropout is so Effective": a mask, then weights, bias and activation, one row a draw.

    share_kept: of the units, those whose mask is 1.
    share_unlike_keras: of the outputs, those that Keras' Dense does not give for the masked inputs.
    share_handed_on: what is left of an input on average, as a share of it.
    """
    import keras

    weights, bias = rng.normal(size=(len(X), 5)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    mask = dropout_by_hand.bernoulli_mask((draws, len(X)), drop, rng)
    outputs = dropout_by_hand.thinned_layer(X, mask, weights, bias, lambda z: np.maximum(z, 0))
    dense = keras.layers.Dense(5, activation="relu")
    dense.build(mask.shape)
    dense.set_weights([weights, bias])
    theirs = dense((X * mask).astype(np.float32)).numpy()
    return {
        "share_kept": (mask == 1).mean(),
        "share_unlike_keras": (~np.isclose(outputs, theirs, rtol=1e-4, atol=1e-4)).mean(),
        "share_handed_on": ((X * mask).mean(axis=0) / X).mean(),
    }


def updates(rng, draws, optimizer, arguments, l2=0.0):
    """Updates of a small network with Keras' Dropout behind its hidden layer, one training case each.

    share_of_dropped_units_moved: of the units that an update has dropped, those of which it moves any weight, be it
    an incoming one, an outgoing one or the bias.
    share_of_kept_units_moved: the same of the others.
    """
    import keras
    import tensorflow as tf

    def dense(units, activation):
        start = keras.initializers.GlorotUniform(_seed(rng))
        return keras.layers.Dense(
            units, activation, kernel_initializer=start, kernel_regularizer=keras.regularizers.L2(l2) if l2 else None
        )

    hidden, dropout, last = dense(8, "tanh"), keras.layers.Dropout(0.5, seed=_seed(rng)), dense(1, None)
    hidden.build((None, 6))
    last.build((None, 8))
    variables = [*hidden.trainable_variables, *last.trainable_variables]
    rule = getattr(keras.optimizers, optimizer)(**arguments)
    cases, targets = (rng.normal(size=(draws, 1, size)).astype(np.float32) for size in (6, 1))
    moved, dropped = [], []
    for x, y in zip(cases, targets, strict=True):
        before = _weights_by_unit(hidden, last)
        with tf.GradientTape() as tape:
            activations = dropout(hidden(x), training=True)
            loss = tf.reduce_mean((last(activations) - y) ** 2) + sum([*hidden.losses, *last.losses])
        rule.apply(tape.gradient(loss, variables), variables)
        moved.append((_weights_by_unit(hidden, last) != before).any(axis=0))
        dropped.append(activations.numpy()[0] == 0)
    moved, dropped = np.array(moved), np.array(dropped)
    return {"share_of_dropped_units_moved": moved[dropped].mean(), "share_of_kept_units_moved": moved[~dropped].mean()}


def _weights_by_unit(hidden, last):
    """(weights of a unit, hidden units): incoming ones, bias and outgoing ones."""
    return np.vstack([hidden.kernel.numpy(), hidden.bias.numpy(), last.kernel.numpy().T])


def _seed(rng):
    """A seed that Keras takes."""
    return int(rng.integers(2**31))
