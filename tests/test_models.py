"""Keras models from configs."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import experiment

from repro.config import Catalogue
from repro.errors import ConfigError
from repro.files import shipped

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "shape", "parameters"),
    [
        # 784 * 256 + 256, 256 * 128 + 128, 128 * 64 + 64, 64 * 32 + 32, 32 * 10 + 10: as the article prints
        ("mnist_dropout", (28, 28), 244_522),
        ("mnist_plain", (28, 28), 244_522),
        # 60 * 60 + 60, 60 * 30 + 30, 30 + 1
        ("sonar_baseline", (60,), 5_521),
        ("fashion_mnist", (28, 28), 183_770),
    ],
)
def test_the_articles_models_have_their_parameters(name: str, shape: tuple[int, ...], parameters: int) -> None:
    from repro.models.build import build_model

    experiment = Catalogue().experiment(shipped("configs") / f"{name}.yaml")
    assert build_model(experiment.model, shape).count_params() == parameters


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            [{"Reshape": {"target_shape": [7]}}, {"Dense": {"units": 1}}],
            "model: the layers don't fit each other, or not rows of 60: Exception encountered when calling "
            "Reshape.call(). The total size of the tensor must be unchanged. Received: input_shape=(60,), "
            "target_shape=(7,)",
        ),
        ([{"LeakyReLU": {"negative_slope": -1.0}}], "model.0.LeakyReLU: Keras refuses it: "),
    ],
)
def test_what_keras_refuses_is_a_fault_of_the_config(model: list[object], message: str) -> None:
    from repro.models.build import build_model

    with pytest.raises(ConfigError) as caught:
        build_model(model, (60,))  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_initial_weights_are_those_of_the_layers_initialisers_and_depend_on_their_seeds_alone() -> None:
    from repro.models.build import build_model, initial_weights

    model = build_model(Catalogue().experiment(shipped("configs") / "sonar_baseline.yaml").model, (60,))
    first, again, other = (initial_weights(model, seeds) for seeds in (range(6), range(6), range(6, 12)))
    assert [w.shape for w in first] == [(60, 60), (60,), (60, 30), (30,), (30, 1), (1,)]
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[0] != other[0]).all()
    assert (first[1] == 0).all()
    # random_normal of 3,600 values: deviation 0.05, within six standard errors of it
    assert np.std(first[0]) == pytest.approx(0.05, abs=6 * 0.05 / np.sqrt(2 * 3600))


SIGMOID, SOFTMAX = ({"Dense": {"units": units, "activation": act}} for units, act in ((1, "sigmoid"), (10, "softmax")))
SPARSE = "sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("model", "loss", "classes", "message"),
    [
        ([SOFTMAX], "binary_crossentropy", 2, "model: expected one output unit for BinaryCrossentropy, got (10,)"),
        ([SOFTMAX], SPARSE, 11, "model: expected an output unit for each of the 11 classes of sonar, got (10,)"),
        ([{"Reshape": {"target_shape": [6, 10]}}, SOFTMAX], SPARSE, 10,
         "model: expected an output unit for each of the 10 classes of sonar, got (6, 10)"),
    ],
)  # fmt: skip
def test_outputs_that_no_loss_can_compare_with_the_labels_are_refused(model, loss, classes, message) -> None:
    from repro.models.build import check_outputs

    made = experiment(model=model, training=experiment().training.model_dump() | {"loss": loss})
    with pytest.raises(ConfigError) as caught:
        check_outputs(made, (60,), classes)
    assert str(caught.value) == f"{made.name}: {message}"


@pytest.mark.parametrize(("model", "loss", "classes"), [([SIGMOID], "binary_crossentropy", 2), ([SOFTMAX], SPARSE, 9)])
def test_outputs_that_fit_pass(model, loss, classes) -> None:
    from repro.models.build import check_outputs

    made = experiment(model=model, training=experiment().training.model_dump() | {"loss": loss})
    assert check_outputs(made, (60,), classes) is None
