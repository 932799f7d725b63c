"""Layers that draw noise: the output by hand for given noise, and what comes of many drawn numbers.

Bounds of what is drawn are five standard errors, so that a right layer misses one of them in two million cases.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from repro.config.vocabulary.own import OWN_LAYERS
from repro.config.vocabulary.tables import GROUPS

pytestmark = pytest.mark.slow

ALL = np.arange(65536, dtype=np.int32)[None]
KINDS = ("bernoulli", "gaussian", "uniform")
FOURTH = {"gaussian": 3.0, "uniform": 1.8}
"""Fourth moments of noise of mean 0 and variance 1."""


def called(layer: Any, x: np.ndarray, *drawn: np.ndarray, step: int = 0) -> np.ndarray:
    """What a layer in training makes of rows and given numbers."""
    import tensorflow as tf

    from repro.models.noise import Feed, noise_from

    feed = Feed([tf.constant(each.astype(np.int32)) for each in drawn])
    with noise_from(feed, lambda: tf.constant(step)):
        return np.asarray(layer(tf.constant(x.astype(np.float32)), training=True))


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """As the noise source gives them."""
    return np.random.default_rng(seed).integers(0, 65536, shape)


def rows(*shape: int, seed: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def normal(drawn: np.ndarray) -> np.ndarray:
    """Quantiles of the normal distribution by Python's own function."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse((u + 0.5) / 65536) for u in drawn.ravel()]).reshape(drawn.shape)


def noise_of(kind: str, drawn: np.ndarray, rate: float) -> np.ndarray:
    """What a unit is multiplied by, by hand."""
    if kind == "bernoulli":
        return np.where(drawn >= round(rate * 65536), 1 / (1 - rate), 0.0)
    deviation = math.sqrt(rate / (1 - rate))
    if kind == "gaussian":
        return 1 + deviation * normal(drawn)
    return 1 + deviation * math.sqrt(3) * (2 * (drawn + 0.5) / 65536 - 1)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("kind", KINDS)
def test_units_are_multiplied_by_their_noise(kind: str, rate: float) -> None:
    from repro.models.dropout import MultiplicativeNoise

    x, drawn = rows(7, 30), numbers(7, 30)
    found = called(MultiplicativeNoise(rate, noise=kind), x, drawn)
    np.testing.assert_allclose(found, x * noise_of(kind, drawn, rate), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("kind", KINDS)
def test_over_all_numbers_mean_and_variance_are_those_of_dropout(kind: str, rate: float) -> None:
    """Exact moments: each of the 65,536 numbers once. The rate is met to 2^-17, the normal variance to 2e-5."""
    from repro.models.dropout import MultiplicativeNoise

    found = called(MultiplicativeNoise(rate, noise=kind), np.ones((1, 65536)), ALL).astype(np.float64)
    assert found.mean() == pytest.approx(1, abs=2**-17 / (1 - rate) + 1e-6)
    assert found.var() == pytest.approx(rate / (1 - rate), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_noise_has_that_mean_and_variance_and_no_memory(kind: str) -> None:
    from repro.models.dropout import MultiplicativeNoise

    rate, count = 0.3, 200_000
    variance = rate / (1 - rate)
    found = np.asarray(MultiplicativeNoise(rate, noise=kind)(np.ones((400, 500), np.float32), training=True))
    fourth = FOURTH.get(kind, (1 - 3 * rate * (1 - rate)) / (rate * (1 - rate)))
    assert found.mean() == pytest.approx(1, abs=5 * math.sqrt(variance / count))
    assert found.var() == pytest.approx(variance, abs=5 * variance * math.sqrt((fourth - 1) / count))
    if kind == "bernoulli":
        assert (found != 0).mean() == pytest.approx(1 - rate, abs=5 * math.sqrt(rate * (1 - rate) / count))
    for one, other in ((found[:, :-1], found[:, 1:]), (found[:-1], found[1:])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / math.sqrt(one.size)


def test_uniform_noise_of_rate_one_quarter_is_that_of_continuous_dropout_of_mean_one() -> None:
    from repro.models.dropout import MultiplicativeNoise

    found = called(MultiplicativeNoise(0.25, noise="uniform"), np.ones((1, 65536)), ALL)
    np.testing.assert_allclose(found[0], 2 * (ALL[0] + 0.5) / 65536, atol=1e-6)


def test_the_default_is_dropout_bit_by_bit() -> None:
    from repro.models.dropout import Dropout, MultiplicativeNoise

    x, drawn = rows(20, 30), numbers(20, 30)
    for rate in (0.2, 0.37, 0.5):
        one, other = (called(layer(rate), x, drawn) for layer in (Dropout, MultiplicativeNoise))
        np.testing.assert_array_equal(one, other)
        mask = drawn >= round(rate * 65536)
        np.testing.assert_array_equal(one, np.where(mask, x * np.float32(1 / (1 - rate)), np.float32(0)))


@pytest.mark.parametrize(("scale", "factor"), [("training", 1.0), ("test", 0.7), ("none", 1.0)])
def test_dropout_may_be_scaled_in_training_or_at_the_test_or_not(scale: str, factor: float) -> None:
    from repro.models.dropout import MultiplicativeNoise

    x, drawn = rows(20, 30), numbers(20, 30)
    layer = MultiplicativeNoise(0.3, scale=scale)
    mask = drawn >= round(0.3 * 65536)
    expected = np.where(mask, x / 0.7 if scale == "training" else x, 0)
    np.testing.assert_allclose(called(layer, x, drawn), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(x, training=False), x * factor, rtol=1e-6)


def test_noise_may_stay_on_outside_of_training() -> None:
    from repro.models.dropout import MultiplicativeNoise

    layer, x = MultiplicativeNoise(0.5, always=True), np.ones((4, 64), np.float32)
    one, other = (np.asarray(layer(x, training=False)) for _ in range(2))
    assert {*np.unique(one)} == {*np.unique(other)} == {0.0, 2.0}
    assert (one != other).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_rate_moves_in_a_straight_line_and_stays_where_it_ends(kind: str) -> None:
    from repro.models.dropout import MultiplicativeNoise

    x, drawn = rows(6, 40), numbers(6, 40)
    layer = MultiplicativeNoise(0.5, noise=kind, rate_end=0.1, over_updates=4)
    for step, rate in ((0, 0.5), (1, 0.4), (3, 0.2), (4, 0.1), (1000, 0.1)):
        found = called(layer, x, drawn, step=step)
        np.testing.assert_allclose(found, x * noise_of(kind, drawn, rate), rtol=1e-4, atol=1e-5, err_msg=f"{step}")
    np.testing.assert_array_equal(layer(x, training=False), x)


def test_a_rate_that_falls_to_nothing_drops_nothing() -> None:
    from repro.models.dropout import MultiplicativeNoise

    x = rows(1, 65536)
    layer = MultiplicativeNoise(0.5, rate_end=0.0, over_updates=10)
    np.testing.assert_array_equal(called(layer, x, ALL, step=10), x)
    assert (called(layer, x, ALL, step=9) == 0).mean() == pytest.approx(0.05, abs=2**-17)


def test_rows_of_a_batch_have_masks_of_their_own() -> None:
    """Of 64 units at rate one half, two of 32 rows agree once in 3e16 batches."""
    from repro.models.dropout import Dropout
    from repro.models.noisy.dense import DropConnectDense

    x = np.ones((32, 64), np.float32)
    masks = np.asarray(Dropout(0.5)(x, training=True)) != 0
    assert len({mask.tobytes() for mask in masks}) == 32
    units = DropConnectDense(64, rate=0.5, kernel_initializer="random_normal")
    assert len({row.tobytes() for row in np.asarray(units(x, training=True))}) == 32


def gradients(model: Callable[[Any], Any], weights: Sequence[Any], x: np.ndarray, drawn: np.ndarray) -> list[Any]:
    """Of half the sum of the squares of a model's outputs, with given noise."""
    import tensorflow as tf

    from repro.models.noise import Feed, noise_from

    with tf.GradientTape() as tape, noise_from(Feed([tf.constant(drawn.astype(np.int32))])):
        loss = tf.reduce_sum(tf.square(model(tf.constant(x)))) / 2
    return [np.asarray(each) for each in tape.gradient(loss, [weight.value for weight in weights])]


def test_no_gradient_reaches_a_dropped_unit() -> None:
    """Units 1 and 4 are dropped in every row, unit 2 in the first alone."""
    import keras

    from repro.models.dropout import Dropout

    before, after = keras.layers.Dense(6), keras.layers.Dense(3)
    drop = Dropout(0.5)
    x, drawn = rows(5, 4), np.full((5, 6), 65535)
    drawn[:, [1, 4]] = drawn[0, 2] = 0
    after(before(x))
    weights = [before.kernel, before.bias, after.kernel]
    first, bias, second = gradients(lambda x: after(drop(before(x), training=True)), weights, x, drawn)
    assert (first[:, [1, 4]] == 0).all()
    assert (bias[[1, 4]] == 0).all()
    assert (second[[1, 4]] == 0).all()
    for others in (first[:, [0, 2, 3, 5]], bias[[0, 2, 3, 5]], second[[0, 2, 3, 5]]):
        assert (others != 0).all()


def test_standout_keeps_a_unit_as_its_inputs_have_it() -> None:
    from repro.models.noisy.dense import StandoutDense

    layer = StandoutDense(8, alpha=1.5, beta=-0.3, activation="relu", bias_initializer="random_normal")
    x, drawn = rows(9, 5), numbers(9, 8)
    layer.build((None, 5))
    sums = x @ layer.kernel.numpy() + layer.bias.numpy()
    keep = 1 / (1 + np.exp(-(1.5 * sums - 0.3)))
    mask = (drawn + 0.5) / 65536 < keep
    np.testing.assert_allclose(called(layer, x, drawn), np.maximum(sums, 0) * mask, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer(x, training=False), np.maximum(sums, 0) * keep, rtol=1e-5, atol=1e-6)
    assert 0.2 < mask.mean() < 0.8


def test_standouts_gradient_is_that_of_its_mask_held_still() -> None:
    from repro.models.noisy.dense import StandoutDense

    layer = StandoutDense(6, alpha=3.0)
    x, drawn = rows(7, 4), numbers(7, 6)
    layer.build((None, 4))
    sums = x @ layer.kernel.numpy()
    mask = (drawn + 0.5) / 65536 < 1 / (1 + np.exp(-3.0 * sums))
    (found,) = gradients(lambda x: layer(x, training=True), [layer.kernel], x, drawn)
    np.testing.assert_allclose(found, x.T @ (sums * mask), rtol=1e-4, atol=1e-5)


def test_standouts_kept_share_is_its_probability() -> None:
    from repro.models.noisy.dense import StandoutDense

    layer = StandoutDense(4, alpha=2.0, beta=0.5)
    count, x = 100_000, rows(1, 3)
    layer.build((None, 3))
    keep = 1 / (1 + np.exp(-(2 * (x @ layer.kernel.numpy()) + 0.5)))[0]
    shares = (np.asarray(layer(np.repeat(x, count, axis=0), training=True)) != 0).mean(axis=0)
    assert (np.abs(shares - keep) < 5 * np.sqrt(keep * (1 - keep) / count) + 2**-17).all()


@pytest.mark.parametrize("use_bias", [True, False])
def test_dropconnect_drops_weights_row_by_row(use_bias: bool) -> None:
    from repro.models.noisy.dense import DropConnectDense

    layer = DropConnectDense(3, rate=0.4, activation="tanh", use_bias=use_bias, bias_initializer="random_normal")
    x, drawn = rows(6, 5), numbers(6, 6, 3)
    layer.build((None, 5))
    weights = np.vstack([layer.kernel.numpy(), layer.bias.numpy() if use_bias else np.zeros(3)])
    kept = drawn >= round(0.4 * 65536)
    wide = np.hstack([x, np.ones((6, 1))])
    expected = [np.tanh(row @ (mask * weights)) for row, mask in zip(wide, kept, strict=True)]
    np.testing.assert_allclose(called(layer, x, drawn.reshape(6, -1)), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(layer(x, training=False), np.tanh(wide @ (0.6 * weights)), rtol=1e-5, atol=1e-6)


def test_dropconnects_mean_over_masks_is_what_it_does_at_the_test() -> None:
    from repro.models.noisy.dense import DropConnectDense

    layer, x, count = DropConnectDense(4, rate=0.3), rows(1, 6), 50_000
    layer.build((None, 6))
    found = np.asarray(layer(np.repeat(x, count, axis=0), training=True))
    variance = 0.3 * 0.7 * (x**2 @ layer.kernel.numpy() ** 2)[0]
    assert (np.abs(found.mean(axis=0) - np.asarray(layer(x))[0]) < 5 * np.sqrt(variance / count)).all()
    np.testing.assert_allclose(found.var(axis=0), variance, rtol=0.05)


def test_dropconnect_takes_rows_that_are_vectors() -> None:
    from repro.models.noisy.dense import DropConnectDense

    with pytest.raises(ValueError, match=r"^DropConnectDense: expected rows that are vectors, got \(3, 2\)$"):
        DropConnectDense(4, rate=0.3).build((None, 3, 2))


@pytest.mark.parametrize("per", ["layer", "unit"])
def test_variational_dropout_multiplies_by_noise_of_its_variance(per: str) -> None:
    from repro.models.noisy.variational import VariationalDropout

    layer = VariationalDropout(0.2, kl_weight=0.01, per=per)
    x, drawn = rows(6, 5), numbers(6, 5)
    layer.build((None, 5))
    assert layer.log_alpha.shape == ((1,) if per == "layer" else (5,))
    np.testing.assert_allclose(np.exp(layer.log_alpha.numpy()), 0.25, rtol=1e-6)
    layer.log_alpha.assign(np.log(np.linspace(0.1, 0.9, layer.log_alpha.shape[0], dtype=np.float32)))
    deviation = np.sqrt(np.exp(layer.log_alpha.numpy()))
    np.testing.assert_allclose(called(layer, x, drawn), x * (1 + deviation * normal(drawn)), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(layer(x, training=False), x)


def test_variational_dense_draws_what_its_weights_noise_comes_to() -> None:
    from repro.models.noisy.variational import VariationalDense

    layer = VariationalDense(units=4, rate=0.3, kl_weight=0.01, activation="relu", bias_initializer="random_normal")
    x, drawn = rows(6, 5), numbers(6, 4)
    layer.build((None, 5))
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    alpha = np.random.default_rng(1).uniform(0.1, 1, (5, 4)).astype(np.float32)
    layer.log_alpha.assign(np.log(alpha))
    deviation = np.sqrt(x**2 @ (alpha * kernel**2))
    expected = np.maximum(x @ kernel + deviation * normal(drawn) + bias, 0)
    np.testing.assert_allclose(called(layer, x, drawn), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(x, training=False), np.maximum(x @ kernel + bias, 0), rtol=1e-5, atol=1e-6)


def test_local_reparameterisation_gives_the_outputs_of_noisy_weights() -> None:
    """Mean, variance and the share below 0 of 100,000 rows, against weights that are drawn one by one."""
    from repro.models.noisy.variational import VariationalDense

    layer, x, count = VariationalDense(units=3, rate=0.4, kl_weight=0.01), rows(1, 6), 100_000
    layer.build((None, 6))
    kernel = layer.kernel.numpy()
    found = np.asarray(layer(np.repeat(x, count, axis=0), training=True))
    factors = 1 + math.sqrt(2 / 3) * np.random.default_rng(5).normal(size=(count, *kernel.shape))
    drawn = np.einsum("i,cij->cj", x[0], factors * kernel)
    error = np.sqrt(2 * drawn.var(axis=0) / count)
    assert (np.abs(found.mean(axis=0) - drawn.mean(axis=0)) < 5 * error).all()
    np.testing.assert_allclose(found.var(axis=0), drawn.var(axis=0), rtol=5 * math.sqrt(4 / count))
    assert (np.abs((found < 0).mean(axis=0) - (drawn < 0).mean(axis=0)) < 5 * math.sqrt(0.5 / count)).all()


def test_nothing_comes_of_rows_of_zeros_but_finite_slopes() -> None:
    from repro.models.noisy.variational import VariationalDense

    layer = VariationalDense(units=3, rate=0.4, kl_weight=0.01)
    layer.build((None, 4))
    weights = [layer.kernel, layer.log_alpha]
    found = gradients(lambda x: layer(x, training=True), weights, np.zeros((2, 4), np.float32), numbers(2, 3))
    assert all((each == 0).all() for each in found)


def test_the_loss_has_what_the_noise_costs() -> None:
    """The polynomial by hand, a term for each unit or weight, times the weight."""
    import keras

    from repro.models.noisy.variational import VariationalDense, VariationalDropout

    def cost(alpha: np.ndarray | float) -> Any:
        return -(0.5 * np.log(alpha) + 1.16145124 * alpha - 1.50204118 * alpha**2 + 0.58629921 * alpha**3)

    model = keras.Sequential(
        [
            keras.layers.Input((5,)),
            VariationalDropout(0.2, kl_weight=0.1),
            VariationalDense(units=4, rate=0.5, kl_weight=0.01),
            VariationalDropout(1 / 3, kl_weight=0.001, per="unit"),
        ]
    )
    terms = [0.1 * 5 * cost(0.25), 0.01 * 20 * cost(1.0), 0.001 * 4 * cost(0.5)]
    assert sorted(float(loss) for loss in model.losses) == pytest.approx(sorted(terms), rel=1e-5)


@pytest.mark.parametrize("alpha", [0.1, 0.25, 0.5, 0.75, 1.0])
def test_the_polynomial_is_the_divergence_up_to_a_constant(alpha: float) -> None:
    """Against the mean of log |noise| over 262,144 quantiles, which it is meant to replace."""
    from repro.models.noisy.variational import Divergence

    quantiles = normal((np.arange(2**18) + 0.5) / 4 - 0.5)
    exact = np.log(np.abs(1 + math.sqrt(alpha) * quantiles)).mean() - 0.5 * math.log(alpha)
    found = float(Divergence(1.0)(np.array([math.log(alpha)], np.float32)))
    assert found - exact == pytest.approx(-0.036, abs=0.005)


def test_alpha_stays_at_one_and_can_fall_again() -> None:
    import keras
    import tensorflow as tf

    from repro.models.noisy.variational import VariationalDropout

    layer = VariationalDropout(0.4, kl_weight=0.01)
    layer.build((None, 3))
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build([layer.log_alpha])
    for slope, expected in ((-5.0, 1.0), (-5.0, 1.0), (1.0, math.exp(-1))):
        optimizer.apply([tf.constant([slope])], [layer.log_alpha])
        assert math.exp(layer.log_alpha.numpy()[0]) == pytest.approx(expected)


def test_normal_numbers_are_quantiles_in_every_form_of_a_program() -> None:
    """Plain, compiled by XLA, and vectorised over replicas in it, against Python's own; to 1e-5."""
    import tensorflow as tf

    from repro.models.noise import normal as made

    expected = normal(ALL[0])

    def mapped(drawn: Any) -> Any:
        return tf.vectorized_map(made, drawn, fallback_to_while_loop=False)

    stacked = tf.constant(np.stack([ALL[0], ALL[0][::-1]]))
    np.testing.assert_allclose(made(tf.constant(ALL[0])), expected, rtol=1e-5, atol=1e-5)
    for each, order in zip(tf.function(mapped, jit_compile=True)(stacked), (1, -1), strict=True):
        np.testing.assert_allclose(each, expected[::order], rtol=1e-5, atol=1e-5)
    assert expected.var() == pytest.approx(1 - 2e-5, abs=1e-6)
    assert (expected**4).mean() == pytest.approx(3 - 9e-4, abs=5e-5)
    assert np.abs(expected).max() == pytest.approx(4.325, abs=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda layers: layers["MultiplicativeNoise"](0.5, noise="uniform", scale="none"),
         "MultiplicativeNoise: scale: expected training with uniform noise, whose mean is 1, got 'none'"),
        (lambda layers: layers["MultiplicativeNoise"](0.5, rate_end=1.0, over_updates=3),
         "MultiplicativeNoise: expected rate_end in [0, 1), got 1.0"),
        (lambda layers: layers["VariationalDropout"](0.7, kl_weight=0.1),
         "VariationalDropout: expected rate in (0, 0.5], got 0.7"),
        (lambda layers: layers["VariationalDropout"](0.5, kl_weight=0.1, per="weight"),
         "VariationalDropout: expected layer or unit for per, got 'weight'"),
        (lambda layers: layers["VariationalDense"](0.5, kl_weight=-1, units=3),
         "VariationalDense: expected kl_weight of 0 or more, got -1"),
        (lambda layers: layers["DropConnectDense"](3, rate=1.0), "DropConnectDense: expected rate in [0, 1), got 1.0"),
    ],
)  # fmt: skip
def test_a_model_in_python_gets_the_same_refusals(make: Callable[[Any], Any], message: str) -> None:
    from repro.models.build import OWN_LAYERS as CLASSES

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make(CLASSES)


VALUES: dict[str, dict[str, Any]] = {
    "MultiplicativeNoise": {"rate": 0.3, "rate_end": 0.1, "over_updates": 7, "noise": "uniform", "always": False},
    "VariationalDropout": {"rate": 0.3, "kl_weight": 0.2, "per": "unit"},
    "VariationalDense": {"units": 3, "rate": 0.3, "kl_weight": 0.2},
    "StandoutDense": {"units": 3, "alpha": 2.0, "beta": 1.0},
    "DropConnectDense": {"units": 3, "rate": 0.3},
}


@pytest.mark.parametrize("name", OWN_LAYERS)
def test_a_layer_has_the_arguments_of_its_table_and_is_made_again_of_its_settings(name: str) -> None:
    from repro.models.build import OWN_LAYERS as CLASSES

    layer = CLASSES[name](**VALUES[name])
    settings = layer.get_config()
    assert {*OWN_LAYERS[name][1]} <= {*settings}
    assert {key: settings[key] for key in VALUES[name]} == VALUES[name]
    assert CLASSES[name].from_config(settings).get_config() == settings
    table = GROUPS["layers"].classes[name]
    needed = {key: VALUES[name][key] for key, each in table.items() if each.required}
    plain = CLASSES[name](**needed).get_config()
    assert {key: plain[key] for key in OWN_LAYERS[name][1] if key not in needed and key != "name"} == {
        key: table[key].default for key in OWN_LAYERS[name][1] if key not in needed and key != "name"
    }
    assert CLASSES.keys() == OWN_LAYERS.keys()
