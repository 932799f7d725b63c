"""Keras models from configs, and which of them the stacked engine can train."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import experiment

from repro.config import Catalogue
from repro.config.schema import Experiment
from repro.config.vocabulary.names import INTEGER_LABELS
from repro.datasets.base import RowType
from repro.errors import ConfigError, DataError
from repro.files import sha256, shipped
from repro.models.stackable import LOSSES, OPTIMIZERS
from repro.training.choice import Choice, choose, not_stackable

SIXTY = RowType((60,), "float32")
HERE = Path("nowhere")


@pytest.mark.slow
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
    from repro.models.build import build_model, summary

    folder = shipped("configs")
    made = Catalogue().experiment(folder / f"{name}.yaml")
    assert build_model(made, RowType(shape, "float32"), folder).count_params() == parameters
    assert f"{parameters:,}" in summary(made, RowType(shape, "float32"), folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            [{"Reshape": {"target_shape": [7]}}, {"Dense": {"units": 1}}],
            "model: the layers don't fit each other, or not rows of 60: Exception encountered when calling "
            "Reshape.call(). The total size of the tensor must be unchanged. Received: input_shape=(60,), "
            "target_shape=(7,)",
        ),
        ([{"LSTM": {"units": 2}}], "model: the layers don't fit each other, or not rows of 60: "),
        ([{"Softmax": {"axis": 5}}], "model: the layers don't fit each other, or not rows of 60: "),
        ([{"Conv1D": {"filters": 3, "kernel_size": 2, "groups": 2}}], "model.0.Conv1D: Keras refuses it: "),
        ([{"GroupNormalization": {"groups": 7}}], "model: the layers don't fit each other, or not rows of 60: "),
        (
            [{"Bidirectional": {"layer": {"Dense": {"units": 2}}}}],
            "model.0.Bidirectional: Keras refuses it: ",
        ),
    ],
)
def test_what_keras_refuses_is_a_fault_of_the_config(model: list[Any], message: str) -> None:
    from repro.models.build import build_model

    with pytest.raises(ConfigError) as caught:
        build_model(experiment(model=model), SIXTY, HERE)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_dropout_is_repros_own_where_the_stacked_engine_can_train_and_keras_own_elsewhere() -> None:
    import keras

    from repro.models.build import build_model
    from repro.models.dropout import Dropout

    dense = experiment()
    assert type(build_model(dense, SIXTY, HERE).layers[1]) is Dropout
    stopping = experiment(training=dense.training.model_dump() | {"early_stopping": {"patience": 3}})
    assert type(build_model(stopping, SIXTY, HERE).layers[1]) is keras.layers.Dropout


@pytest.mark.slow
def test_tokens_are_whole_numbers() -> None:
    from repro.models.build import build_model

    made = experiment(model=[{"Embedding": {"input_dim": 9, "output_dim": 4}}, "Flatten", {"Dense": {"units": 1}}])
    model = build_model(made, RowType((5,), "int32"), HERE)
    assert (model.input_shape, model.input_dtype) == ((None, 5), "int32")


def dense(units: int, activation: str = "sigmoid") -> dict[str, Any]:
    return {"Dense": {"units": units, "activation": activation}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "loss", "classes", "message"),
    [
        ([dense(10)], "binary_crossentropy", 2,
         "expected an output unit for each of the 2 classes of sonar or, of the two, a single one, got (10,)"),
        ([dense(1)], "binary_crossentropy", 3,
         "expected an output unit for each of the 3 classes of sonar for BinaryCrossentropy, got (1,)"),
        ([dense(10)], "sparse_categorical_crossentropy", 11,
         "expected an output unit for each of the 11 classes of sonar, got (10,)"),
        ([dense(1)], "sparse_categorical_crossentropy", 2,
         "expected an output unit for each of the 2 classes of sonar for SparseCategoricalCrossentropy, got (1,)"),
        ([dense(10)], "categorical_crossentropy", 9,
         "expected an output unit for each of the 9 classes of sonar, got (10,)"),
        ([{"Reshape": {"target_shape": [6, 10]}}, dense(10)], "sparse_categorical_crossentropy", 10,
         "expected an output unit for each of the 10 classes of sonar, got (6, 10)"),
        ([dense(2)], "mse", None, "expected one output unit, as the target of sonar is a number, got (2,)"),
    ],
)  # fmt: skip
def test_outputs_that_no_loss_can_compare_with_the_labels_are_refused(model, loss, classes, message) -> None:
    from repro.models.build import check_outputs

    made = experiment(model=model, training=experiment().training.model_dump() | {"loss": loss})
    with pytest.raises(ConfigError) as caught:
        check_outputs(made, SIXTY, HERE, classes)
    assert str(caught.value) == f"{made.name}: model: {message}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "loss", "classes"),
    [
        (1, "binary_crossentropy", 2),
        (10, "sparse_categorical_crossentropy", 9),
        (10, "categorical_crossentropy", 10),
        (2, "binary_crossentropy", 2),
        (1, "mse", 2),
        (1, "mse", None),
        (1, "hinge", 2),
    ],
)
def test_outputs_that_fit_pass(units, loss, classes) -> None:
    from repro.models.build import check_outputs

    made = experiment(model=[dense(units)], training=experiment().training.model_dump() | {"loss": loss})
    assert check_outputs(made, SIXTY, HERE, classes) is None


BRANCHES = """\
import keras


def build(units, rate=0.5):
    inputs = keras.Input((60,))
    left, right = keras.layers.Dense(units)(inputs), keras.layers.Dense(units)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Add()([left, right])))


def number():
    return 5


def deep(units):
    return 1 / (units - 3)


def other_rows():
    return keras.Sequential([keras.Input((7,)), keras.layers.Dense(1)])
"""


def python_experiment(folder: Path, text: str, **function: object) -> Experiment:
    (folder / "branches.py").write_text(text)
    model = {"python": {"file": "branches.py", **function}}
    return experiment(model=model, files={"branches.py": sha256(text.encode())})


@pytest.mark.slow
def test_a_model_in_python_is_what_its_function_returns_and_leaves_nothing_behind(tmp_path: Path) -> None:
    from repro.models.build import build_model

    before = list(sys.path)
    made = python_experiment(tmp_path, BRANCHES, arguments={"units": 4})
    model = build_model(made, SIXTY, tmp_path)
    assert model.count_params() == 2 * (60 * 4 + 4) + 4 + 1
    assert [path.name for path in tmp_path.iterdir()] == ["branches.py"]
    assert sys.path == before
    assert "branches" not in sys.modules


@pytest.mark.slow
def test_a_models_file_may_hold_dataclasses_and_each_build_starts_afresh(tmp_path: Path) -> None:
    from repro.models.build import build_model

    text = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "import keras\n"
        "@dataclass\n"
        "class Sizes:\n"
        "    hidden: int = 3\n"
        "built = []\n"
        "def build():\n"
        "    built.append(1)\n"
        "    return keras.Sequential([keras.layers.Dense(Sizes().hidden * len(built))])\n"
    )
    made = python_experiment(tmp_path, text)
    assert [build_model(made, SIXTY, tmp_path).count_params() for _ in range(2)] == [183, 183]


@pytest.mark.slow
def test_a_subclassed_model_is_built_by_rows_of_zeros() -> None:
    from repro.models.build import build_model

    folder = shipped("configs")
    made = Catalogue().experiment(folder / "fashion_mnist.yaml")
    model = build_model(made, RowType((28, 28), "float32"), folder)
    assert [variable.shape for variable in model.trainable_variables][:2] == [(784, 200), (200,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "function", "message"),
    [
        (BRANCHES, {"function": "bild"}, "FILE: expected a function 'bild', got none; did you mean 'build'?"),
        (BRANCHES, {"function": "number"}, "FILE: expected a keras.Model from number, got int"),
        (BRANCHES, {"arguments": {"units": 4, "rat": 1}},
         "FILE: build(units=4, rat=1) raises TypeError: build() got an unexpected keyword argument 'rat'"),
        (BRANCHES, {}, "FILE: build() raises TypeError: build() missing 1 required positional argument: 'units'"),
        (BRANCHES, {"function": "deep", "arguments": {"units": 3}},
         "FILE:15: deep(units=3) raises ZeroDivisionError: division by zero"),
        (BRANCHES, {"function": "other_rows"}, "FILE: the model does not take rows of 60: "),
        ("import keras\nimport no_such_module\n", {},
         "FILE:2: the file raises ModuleNotFoundError: No module named 'no_such_module'"),
        ("def build(:\n", {}, "FILE:1: the file raises SyntaxError: invalid syntax (branches.py, line 1)"),
        ("raise SystemExit(3)\n", {}, "FILE:1: the file raises SystemExit: 3"),
    ],
)  # fmt: skip
def test_what_a_model_in_python_does_wrong_is_one_line(tmp_path: Path, text: str, function, message: str) -> None:
    from repro.models.build import build_model

    made = python_experiment(tmp_path, text, **function)
    with pytest.raises(ConfigError) as caught:
        build_model(made, SIXTY, tmp_path)
    said = str(caught.value).replace(str(tmp_path / "branches.py"), "FILE")
    assert said.startswith(message)
    assert "\n" not in said


@pytest.mark.slow
def test_a_model_in_python_has_one_output(tmp_path: Path) -> None:
    from repro.models.build import check_outputs

    text = BRANCHES.replace("keras.layers.Dense(1)(keras.layers.Add()([left, right]))", "[left, right]")
    made = python_experiment(tmp_path, text, arguments={"units": 1})
    with pytest.raises(ConfigError, match=r"^small: model: expected one output, got list$"):
        check_outputs(made, SIXTY, tmp_path, 2)


@pytest.mark.slow
def test_a_model_in_python_whose_file_has_changed_is_not_executed(tmp_path: Path) -> None:
    from repro.models.build import build_model

    made = python_experiment(tmp_path, BRANCHES, arguments={"units": 4})
    (tmp_path / "branches.py").write_text("raise AssertionError('executed')")
    with pytest.raises(DataError, match=r"branches\.py: has changed since the config was read \(SHA-256 .*\); run it"):
        build_model(made, SIXTY, tmp_path)


def recipe(**changes: object) -> dict[str, Any]:
    return {"training": experiment().training.model_dump() | changes}


def first_layer(layer: object) -> dict[str, Any]:
    return {"model": [layer, "Flatten", dense(1)]}


NORM = "the norm would be that of all replicas together"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        (recipe(optimizer="adam", loss="mse"), ""),
        (recipe(optimizer={"SGD": {"clipvalue": 1, "learning_rate": {"InverseTimeDecay": {
            "initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.5}}}}), ""),
        (first_layer({"Dense": {"units": 2, "kernel_regularizer": "l2", "kernel_constraint": "non_neg"}}), ""),
        (first_layer({"Conv2D": {"filters": 2, "kernel_size": 3}}), "Conv2D: it has no stacked form"),
        (first_layer("BatchNormalization"), "BatchNormalization: it keeps moving statistics"),
        (first_layer({"LSTM": {"units": 2}}), "LSTM: recurrent layers have no stacked form"),
        (first_layer({"GaussianNoise": {"stddev": 0.1}}), "GaussianNoise: its noise is Keras' own"),
        (first_layer({"Dropout": {"rate": 0.1, "noise_shape": [1]}}), "Dropout.noise_shape: it has no stacked form"),
        (first_layer({"Dense": {"units": 2, "activity_regularizer": "l1"}}),
         "Dense.activity_regularizer: padded rows of a short batch would count"),
        (first_layer({"Dense": {"units": 2, "activation": "PReLU"}}), "Dense.activation: PReLU has no stacked form"),
        (first_layer({"Dense": {"units": 2, "kernel_regularizer": "OrthogonalRegularizer"}}),
         "Dense.kernel_regularizer: OrthogonalRegularizer has no stacked form"),
        (recipe(optimizer={"Adam": {"clipnorm": 1}}), f"clipnorm: {NORM}"),
        (recipe(optimizer={"Adam": {"global_clipnorm": 1}}), f"global_clipnorm: {NORM}"),
        (recipe(optimizer={"Adam": {"use_ema": True}}), "use_ema: averages of weights are not kept for each replica"),
        (recipe(optimizer={"Adam": {"use_ema": False, "clipnorm": None}}), ""),
        (recipe(optimizer="muon"), "Muon: it mixes the elements of a variable, and replicas share their variables"),
        (recipe(optimizer="ftrl"), "Ftrl: it has no stacked form"),
        (recipe(loss="hinge"), "Hinge: it looks at all labels of a batch to see whether they are 0 and 1"),
        (recipe(loss="cosine_similarity"), "CosineSimilarity: it has no stacked form"),
        (recipe(early_stopping={"patience": 2}), "early_stopping: replicas would stop at different epochs"),
        (recipe(reduce_lr_on_plateau={}), "reduce_lr_on_plateau: replicas would have different learning rates"),
        (recipe(class_weight={0: 1.0, 1: 2.0}), "class_weight: rows weigh differently"),
        ({"dataset": {"name": "words", "maxlen": 9}}, "inputs are numbers of words"),
        ({"dataset": {"name": "words", "multi_hot": 9}}, ""),
        ({"model": {"python": {"file": "x.py"}}}, "x.py does not say that its model can be stacked"),
        ({"model": {"python": {"file": "x.py", "stacked": True}}}, ""),
    ],
)  # fmt: skip
def test_what_the_stacked_engine_cannot_train_and_why(changes: dict[str, Any], reason: str) -> None:
    made = experiment(**changes)
    assert not_stackable(made) == reason
    assert choose(made) == (Choice("graph", reason) if reason else choose(made, "auto"))
    assert choose(made).engine == ("graph" if reason else "stacked")
    assert choose(made, "graph").engine == "graph"
    assert choose(made, "keras").engine == "keras"


def test_the_stacked_engine_is_refused_where_it_cannot_train() -> None:
    with pytest.raises(ConfigError) as caught:
        choose(experiment(**first_layer("BatchNormalization")), "stacked")
    assert str(caught.value) == (
        "small: the stacked engine can't train it (BatchNormalization: it keeps moving statistics); leave the engine "
        "out, or take graph"
    )


def test_every_shipped_experiment_that_trains_can_be_stacked() -> None:
    catalogue = Catalogue()
    for path in sorted(shipped("configs").glob("*.yaml")):
        made = catalogue.experiment(path)
        expected = "stacked" if isinstance(made, Experiment) else "function"
        assert choose(made).engine == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_a_stackable_loss_runs_vectorised_in_one_program(name: str) -> None:
    import tensorflow as tf

    from repro.models.build import build_loss

    outputs = tf.constant(np.random.default_rng(0).uniform(0.1, 0.9, (2, 3, 2)).astype(np.float32))
    classes = np.array([[0, 1, 1], [1, 0, 1]], np.int32)
    labels = tf.constant(classes if name in INTEGER_LABELS else np.eye(2, dtype=np.float32)[classes])
    loss = build_loss({name: {}})

    def mapped(labels: object, outputs: object) -> object:
        return tf.vectorized_map(lambda pair: loss(*pair), (labels, outputs), fallback_to_while_loop=False)

    alone = np.stack([loss(labels[index], outputs[index]) for index in range(2)])
    np.testing.assert_allclose(tf.function(mapped, jit_compile=True)(labels, outputs), alone, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_stackable_optimizer_moves_each_element_by_itself_under_a_schedule(name: str) -> None:
    import keras
    import tensorflow as tf

    from repro.models.build import build_optimizer

    rate = {"PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10}}
    gradients = np.array([1.0, -2.0, 0.3], np.float32)

    def moved(gradient: np.ndarray) -> np.ndarray:
        optimizer = build_optimizer({name: {"learning_rate": rate, "clipvalue": 0.5}})
        variable = keras.Variable(np.ones(gradient.shape, np.float32))
        optimizer.build([variable])
        step = tf.function(
            lambda: optimizer.apply([tf.constant(gradient)], [variable]), jit_compile=True, autograph=False
        )
        for _ in range(3):
            step()
        return variable.numpy()

    alone = np.concatenate([moved(gradients[index : index + 1]) for index in range(3)])
    np.testing.assert_allclose(moved(gradients), alone, rtol=1e-6)
