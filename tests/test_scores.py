"""Labels as a loss compares them, and figures computed of outputs."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import experiment

CLASSES = np.array([2, 0, 1, 1], np.int32)
NUMBERS = np.array([1.5, -2.0, 0.25, 4.0], np.float32)


@pytest.mark.parametrize(
    ("loss", "labels", "units", "expected"),
    [
        ("SparseCategoricalCrossentropy", CLASSES, 3, CLASSES),
        ("CategoricalCrossentropy", CLASSES, 3, [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 1, 0]]),
        ("BinaryCrossentropy", CLASSES // 2, 1, [[1], [0], [0], [0]]),
        ("MeanSquaredError", NUMBERS, 1, NUMBERS[:, None]),
    ],
)
def test_labels_have_the_form_that_the_loss_compares(loss, labels, units, expected) -> None:
    import tensorflow as tf

    from repro.models.scores import for_loss

    found = for_loss(loss, tf.constant(labels), units)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert found.dtype == (tf.int32 if loss.startswith("Sparse") else tf.float32)


def test_figures_of_numbers_are_those_of_scikit_learn() -> None:
    from sklearn import metrics

    from repro.models.scores import Scores

    names = ("mean_squared_error", "mean_absolute_error", "root_mean_squared_error", "r2")
    outputs = np.array([[1.0], [-1.5], [0.5], [3.0]], np.float32)
    found = Scores.of(experiment().model_copy(update={"figures": names})).of_outputs(NUMBERS, outputs)
    functions = (
        metrics.mean_squared_error,
        metrics.mean_absolute_error,
        metrics.root_mean_squared_error,
        metrics.r2_score,
    )
    assert list(found) == list(names)
    for name, function in zip(names, functions, strict=True):
        assert found[name] == pytest.approx(function(NUMBERS.astype(float), outputs[:, 0].astype(float)), rel=1e-12), (
            name
        )


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("binary_crossentropy", 0.5),
        ({"BinaryCrossentropy": {"from_logits": True}}, 0.75),
        ("hinge", 0.75),
    ],
)
def test_a_single_output_predicts_by_its_side_of_the_loss_threshold(loss, expected) -> None:
    from repro.models.scores import Scores

    training = experiment().training.model_dump(exclude_defaults=True) | {"loss": loss}
    outputs = np.array([[0.2], [0.6], [-0.3], [-0.4]], np.float32)
    found = Scores.of(experiment(training=training)).of_outputs(np.array([1, 0, 0, 0], np.int32), outputs)
    assert found == {"accuracy": expected}
