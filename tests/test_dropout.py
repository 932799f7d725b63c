"""The dropout layer and its random numbers: one exact and one statistical test for each."""

from __future__ import annotations

import numpy as np
import pytest

from repro.config.catalogue import Catalogue, find_config
from repro.datasets.base import RowType

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_gives_the_known_answers_of_its_authors(
    key: tuple[int, int], counter: tuple[int, int], expected: tuple[int, int]
) -> None:
    """The vectors for threefry2x32 with 20 rounds in the known-answer file of Random123 (Salmon et al. 2011)."""
    import tensorflow as tf

    from repro.models.noise import threefry2x32

    words = threefry2x32(
        tuple(tf.constant(part, tf.uint32) for part in key), tuple(tf.constant([part], tf.uint32) for part in counter)
    )
    assert tuple(int(word[0]) for word in words) == expected


def test_noise_depends_on_key_fold_and_step_and_not_on_who_else_is_drawn() -> None:
    import tensorflow as tf

    from repro.models.noise import Layout

    layout = Layout(batch_size=4, units=[3, 5])

    def draw(key: int, folds: list[int], step: int) -> list[np.ndarray]:
        return [
            part.numpy() for part in layout.draw(tf.constant(key, tf.uint64), tf.constant(folds), tf.constant(step))
        ]

    together, alone = draw(7, [0, 1, 2], 5), draw(7, [2], 5)
    assert [part.shape for part in together] == [(3, 12), (3, 20)]
    for many, one in zip(together, alone, strict=True):
        assert (many[2] == one[0]).all()
    seen = [draw(*where)[1].tobytes() for where in ((7, [0], 5), (8, [0], 5), (7, [1], 5), (7, [0], 6))]
    assert len(set(seen)) == 4


def test_noise_is_the_same_with_and_without_xla() -> None:
    import tensorflow as tf

    from repro.models.noise import random_units

    plain = random_units(tf.constant(2**63 + 5, tf.uint64), tf.constant([0, 4]), tf.constant(17), 9)
    compiled = tf.function(random_units, jit_compile=True)
    assert (compiled(tf.constant(2**63 + 5, tf.uint64), tf.constant([0, 4]), tf.constant(17), 9) == plain).numpy().all()


def test_noise_is_uniform() -> None:
    """Chi-square over 64 classes of 262,144 numbers: below 103.4, its 99.9% point at 63 degrees of freedom."""
    import tensorflow as tf

    from repro.models.noise import random_units

    drawn = random_units(tf.constant(3, tf.uint64), tf.constant([0]), tf.constant(0), 65536).numpy().ravel()
    counts = np.bincount(drawn // 1024, minlength=64)
    expected = len(drawn) / 64
    assert len(counts) == 64
    assert ((counts - expected) ** 2 / expected).sum() < 103.4


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5, 0.9])
def test_every_output_is_zero_or_the_input_divided_by_the_keep_probability(rate: float) -> None:
    from repro.models.dropout import Dropout

    x = np.random.default_rng(0).normal(size=(200, 500)).astype(np.float32) + 10
    y = Dropout(rate)(x, training=True).numpy()
    kept = y != 0
    np.testing.assert_allclose(y[kept], x[kept] / (1 - rate), rtol=1e-6)
    # 100,000 units: six standard deviations of their share
    assert kept.mean() == pytest.approx(1 - rate, abs=6 * np.sqrt(rate * (1 - rate) / x.size))
    assert abs(np.corrcoef(kept[:, :-1].ravel(), kept[:, 1:].ravel())[0, 1]) < 0.02


def test_it_draws_anew_each_time_and_does_nothing_outside_training() -> None:
    from repro.models.dropout import Dropout

    layer, x = Dropout(0.5), np.ones((4, 64), np.float32)
    assert (layer(x, training=True).numpy() != layer(x, training=True).numpy()).any()
    assert (layer(x).numpy() == x).all()
    assert (Dropout(0.0)(x, training=True).numpy() == x).all()


@pytest.mark.parametrize(("rate", "threshold"), [(0.2, 13107), (0.5, 32768)])
def test_the_rate_is_a_threshold_on_sixteen_bits(rate: float, threshold: int) -> None:
    import tensorflow as tf

    from repro.models.dropout import apply_dropout

    drawn = tf.constant([[threshold - 1, threshold]])
    assert apply_dropout(tf.ones((1, 2)), drawn, rate).numpy().tolist() == [[0.0, np.float32(1 / (1 - rate))]]
    assert abs(threshold / 65536 - rate) <= 2**-17


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2])
def test_a_rate_outside_its_interval_is_refused(rate: float) -> None:
    from repro.models.dropout import Dropout

    with pytest.raises(ValueError, match=r"^Dropout: expected rate in \[0, 1\), got "):
        Dropout(rate)


def test_the_shared_layer_of_the_fashion_model_asks_for_noise_four_times() -> None:
    from repro.models.build import build_model
    from repro.training.engine import noise_layout

    images = RowType((28, 28), "float32")
    models = []
    for name in ("fashion_mnist", "fashion_mnist_no_dropout"):
        path = find_config(name)
        models.append(build_model(Catalogue().experiment(path), images, path.parent))
    model, without = models
    assert noise_layout(model, images, 32).units == (784, 200, 100, 60)
    assert noise_layout(without, images, 32).units == ()
    # 784 * 200 + 200, 200 * 100 + 100, 100 * 60 + 60, 60 * 10 + 10
    assert model.count_params() == 183_770
