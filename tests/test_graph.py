"""The graph engine against Keras' own `fit`, bit for bit, and against the stacked engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import blobs, experiment

from repro.config.schema import Experiment
from repro.datasets import Dataset, Part
from repro.training.plan import Plan, Replica, make_plan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),  # Keras reads a learning rate so
]

SIGMOID = {"Dense": {"units": 1, "activation": "sigmoid"}}
SOFTMAX = {"Dense": {"units": 3, "activation": "softmax"}}
RELU = {"Dense": {"units": 8, "activation": "relu"}}
SPARSE = {"SparseCategoricalCrossentropy": {}}
ADAM = {"Adam": {"learning_rate": 0.01}}
PENALTY = {"kernel_regularizer": {"L2": {"l2": 0.01}}, "activity_regularizer": {"L1": {"l1": 0.01}}}
STOPPING = {"patience": 2, "restore_best_weights": True}

BRANCHES = '''
import keras


class Branches(keras.Model):
    """Two branches of shared inputs, a frozen layer, and a variable that no initialiser of a layer makes."""

    def __init__(self, units):
        super().__init__()
        self.wide = keras.layers.Dense(units, activation="relu")
        self.frozen = keras.layers.Dense(4, trainable=False)
        self.norm = keras.layers.BatchNormalization()
        self.drop = keras.layers.Dropout(0.3)
        self.last = keras.layers.Dense(1, activation="sigmoid")
        self.scale = self.add_weight(shape=(units + 4,), initializer="random_normal", name="scale")

    def call(self, x, training=False):
        left = self.drop(self.wide(x), training=training)
        right = self.norm(self.frozen(x), training=training)
        return self.last(keras.ops.concatenate([left, right], axis=-1) * self.scale)


def build(units):
    return Branches(units)
'''

MODELS: dict[str, tuple[list[Any] | str, tuple[int, ...], dict[str, Any]]] = {
    "convolutions, batch normalisation, dropout": (
        [
            {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}},
            {"BatchNormalization": {}},
            {"MaxPooling2D": {}},
            {"Dropout": {"rate": 0.25}},
            {"Flatten": {}},
            RELU,
            {"Dropout": {"rate": 0.5}},
            SOFTMAX,
        ],
        (8, 8, 1),
        {"loss": SPARSE, "optimizer": {"Adadelta": {"learning_rate": 1.0}}},
    ),
    "layers of our own among convolutions": (
        [
            {"MultiplicativeNoise": {"rate": 0.5, "rate_end": 0, "over_updates": 10}},
            {"Conv2D": {"filters": 4, "kernel_size": 3, "activation": "relu"}},
            {"MultiplicativeNoise": {"rate": 0.3, "noise": "uniform"}},
            {"Flatten": {}},
            {"VariationalDropout": {"rate": 0.3, "kl_weight": 0.001}},
            {"StandoutDense": RELU["Dense"]},
            {"DropConnectDense": {"units": 8, "rate": 0.3}},
            {"VariationalDense": {"units": 3, "activation": "softmax", "rate": 0.3, "kl_weight": 0.001}},
        ],
        (8, 8, 1),
        {"loss": SPARSE},
    ),
    "noise that stays on": (
        [RELU, {"MultiplicativeNoise": {"rate": 0.5, "always": True}}, SOFTMAX],
        (5,),
        {"loss": SPARSE, "protocol": {"fixed_split": {"evaluate_every_epochs": 1}}},
    ),
    "lstm": ([{"LSTM": {"units": 6, "dropout": 0.2}}, SOFTMAX], (6, 3), {"loss": SPARSE}),
    "gru, recurrent dropout": (
        [{"GRU": {"units": 6, "recurrent_dropout": 0.2}}, SOFTMAX],
        (6, 3),
        {"loss": SPARSE},
    ),
    "embedding, convolution": (
        [
            {"Embedding": {"input_dim": 20, "output_dim": 4}},
            {"Conv1D": {"filters": 5, "kernel_size": 3, "activation": "relu"}},
            {"GlobalMaxPooling1D": {}},
            SOFTMAX,
        ],
        (9,),
        {"loss": {"CategoricalCrossentropy": {}}},
    ),
    "embedding with a mask, lstm": (
        [{"Embedding": {"input_dim": 20, "output_dim": 4, "mask_zero": True}}, {"LSTM": {"units": 5}}, SIGMOID],
        (9,),
        {"optimizer": {"RMSprop": {"learning_rate": 0.01}}},
    ),
    "gaussian noise, penalties": (
        [{"GaussianNoise": {"stddev": 0.5}}, {"Dense": RELU["Dense"] | PENALTY}, SIGMOID],
        (5,),
        {"optimizer": {"SGD": {"learning_rate": 0.05, "momentum": 0.9}}},
    ),
    "decoupled decay, clipping by norm, schedule": (
        [RELU, SIGMOID],
        (5,),
        {
            "optimizer": {
                "AdamW": {
                    "learning_rate": {
                        "ExponentialDecay": {"initial_learning_rate": 0.05, "decay_steps": 9, "decay_rate": 0.8}
                    },
                    "weight_decay": 0.01,
                    "clipnorm": 0.05,
                }
            }
        },
    ),
    "branches, a frozen layer, a weight of its own": (
        BRANCHES,
        (5,),
        {"optimizer": {"Nadam": {"learning_rate": 0.01}}},
    ),
    "averaged weights, accumulated gradients": (
        [RELU, SIGMOID],
        (5,),
        {
            "protocol": {"fixed_split": {"evaluate_every_epochs": 1}},
            "optimizer": {
                "Adam": {"learning_rate": 0.05, "use_ema": True, "ema_momentum": 0.8, "gradient_accumulation_steps": 2}
            },
        },
    ),
    "class weights": ([RELU, SOFTMAX], (5,), {"loss": SPARSE, "class_weight": {0: 1.0, 1: 7.0, 2: 0.5}}),
    "early stopping": (
        [RELU, {"BatchNormalization": {}}, {"Dropout": {"rate": 0.4}}, SIGMOID],
        (5,),
        {"epochs": 30, "optimizer": {"Adam": {"learning_rate": 0.1}}, "early_stopping": STOPPING},
    ),
    "reduce on plateau": (
        [RELU, SIGMOID],
        (5,),
        {"epochs": 12, "reduce_lr_on_plateau": {"monitor": "val_accuracy", "patience": 1, "factor": 0.5}},
    ),
}


def made(folder: Path, model: list[Any] | str, protocol: dict[str, Any] | None = None, **changes: Any) -> Experiment:
    """An experiment of a list of layers, or of a model whose file's text is given; `changes` are of the recipe."""
    spec, files = model, {}
    if isinstance(model, str):
        (folder / "model.py").write_text(model)
        spec = {"python": {"file": "model.py", "arguments": {"units": 6}}}
        files = {"model.py": hashlib.sha256(model.encode()).hexdigest()}
    recipe = {"loss": "binary_crossentropy", "optimizer": ADAM, "batch_size": 16, "epochs": 3}
    split = protocol or {"fixed_split": {"validation": {"same_as": "test"}}}
    return experiment(dataset={"name": "blobs"}, model=spec, files=files, training=recipe | changes, protocol=split)


def rows_of(shape: tuple[int, ...], classes: int) -> Dataset:
    """Classes that overlap; words where a row is nine long."""
    data = blobs(70, 30, shape, classes)
    if shape != (9,):
        return data
    assert data.test is not None
    words = [np.clip(np.abs(part.x * 4), 0, 19).astype(np.int32) for part in (data.train, data.test)]
    return replace(data, train=Part(words[0], data.train.y), test=Part(words[1], data.test.y))


def case(name: str, folder: Path) -> tuple[Experiment, Dataset]:
    model, shape, training = MODELS[name]
    config = made(folder, model, **training)
    return config, rows_of(shape, 3 if "Categorical" in next(iter(config.training.loss)) else 2)


def bits(model: Any) -> list[np.ndarray]:
    """Every value of a model and its optimizer: weights, moving statistics, random states, slots."""
    return [value.numpy() for value in (*model.variables, *model.optimizer.variables)]


def through_fit(config: Experiment, folder: Path, plan: Plan, replica: Replica) -> tuple[list[np.ndarray], Any]:
    """What a replica comes to by Keras' `fit`, and its records."""
    from repro.models.build import build_model
    from repro.models.state import InitialStates
    from repro.training.callbacks import watch
    from repro.training.engine import follow, initial_state
    from repro.training.plain import Trainer

    states = InitialStates(lambda: build_model(config, plan.inputs, folder))
    trainer = Trainer(config, folder, plan, replica, initial_state(states, plan, replica.fold))
    trained = follow(config, plan, [replica], trainer, watch(config, trainer.model))
    return bits(trainer.model), trained


def assert_same_bits(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for index, (one, other) in enumerate(zip(found, expected, strict=True)):
        np.testing.assert_array_equal(one, other, err_msg=f"variable {index}")


@pytest.mark.parametrize("name", MODELS)
def test_every_bit_is_that_of_fit(name: str, tmp_path: Path) -> None:
    from repro.training.graph import GraphEngine

    config, data = case(name, tmp_path)
    plan = make_plan(config, data, 3, tmp_path)
    assert (plan.replicas[0].batches == -1).any(), "the last batch of an epoch is meant to be short"
    expected, plain = through_fit(config, tmp_path, plan, plan.replicas[0])
    engine = GraphEngine(config, tmp_path)
    trained = engine.train(plan)
    assert engine.program is not None
    assert_same_bits(bits(engine.program.model), expected)
    np.testing.assert_array_equal(trained.correct, plain.correct)
    for one, other in zip(trained.records, plain.records, strict=True):
        assert replace(one, value=0.0) == replace(other, value=0.0)
        assert one.value == pytest.approx(other.value, rel=1e-5)
    if config.training.early_stopping:
        assert max(record.epoch for record in trained.records) < config.training.epochs, "it never stopped"
    if config.training.reduce_lr_on_plateau:
        assert float(engine.program.optimizer.learning_rate.numpy()) < 0.01, "it never came to a plateau"
    again = engine.train(make_plan(config, data, 4, tmp_path))
    assert [record.value for record in again.records] != [record.value for record in trained.records]
    assert engine.train(plan).records == trained.records
    assert_same_bits(bits(engine.program.model), expected)


def stock_convolutions(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(3, activation="softmax"),
        ]
    )


def stock_early_stopping(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.4),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("convolutions, batch normalisation, dropout", stock_convolutions),
        ("early stopping", stock_early_stopping),
    ],
)
def test_every_bit_is_that_of_a_program_in_plain_keras(name: str, write: Callable[[Any], Any], tmp_path: Path) -> None:
    """Nothing of repro's trains here: stock layers, `fit` over all epochs and Keras' callback in it."""
    import keras
    import tensorflow as tf

    from repro.models.build import build_model
    from repro.models.state import InitialStates
    from repro.training.engine import initial_state
    from repro.training.graph import GraphEngine

    config, data = case(name, tmp_path)
    plan = make_plan(config, data, 5, tmp_path)
    engine = GraphEngine(config, tmp_path)
    engine.train(plan)

    model = write(keras)
    if name == "early stopping":
        optimizer, loss = keras.optimizers.Adam(0.1), "binary_crossentropy"
        callbacks = [keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)]
    else:
        optimizer, loss, callbacks = keras.optimizers.Adadelta(1.0), "sparse_categorical_crossentropy", []
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    states = InitialStates(lambda: build_model(config, plan.inputs, tmp_path))
    initial_state(states, plan, 0).assign(model)
    batches, x, y = plan.replicas[0].batches, data.train.x, data.train.y[:, None]

    def rows() -> Any:
        for batch in batches:
            yield x[batch[batch >= 0]], y[batch[batch >= 0]]

    kinds = (tf.TensorSpec((None, *x.shape[1:])), tf.TensorSpec((None, 1), tf.int32))
    given = tf.data.Dataset.from_generator(rows, output_signature=kinds)
    steps = plan.replicas[0].steps_per_epoch
    assert data.test is not None
    test = (data.test.x, data.test.y[:, None])
    model.fit(
        given,
        epochs=config.training.epochs,
        steps_per_epoch=steps,
        shuffle=False,
        validation_data=test,
        callbacks=callbacks,
        verbose=0,
    )
    assert engine.program is not None
    assert_same_bits(bits(engine.program.model), bits(model))


@pytest.mark.parametrize("name", ["lstm", "branches, a frozen layer, a weight of its own"])
def test_folds_do_not_depend_on_one_another(name: str, tmp_path: Path) -> None:
    from repro.training.graph import GraphEngine

    model, shape, training = MODELS[name]
    config = made(tmp_path, model, {"stratified_k_fold": {"folds": 3}}, **training)
    plan = make_plan(config, blobs(64, 0, shape, 3 if training.get("loss") else 2), 1, tmp_path)
    assert len({len(replica.evaluated["test"][1]) for replica in plan.replicas}) > 1
    there, back = (
        GraphEngine(config, tmp_path).train(replace(plan, replicas=replicas))
        for replicas in (plan.replicas, plan.replicas[::-1])
    )
    assert set(there.records) == set(back.records)
    np.testing.assert_array_equal(there.correct, back.correct)
    assert len({record.value for record in there.records if record.metric == "loss"}) == 3


def test_a_program_is_traced_once_for_seeds_and_folds_of_different_sizes(tmp_path: Path) -> None:
    from repro.training.graph import GraphEngine

    traced: list[int] = []
    config = made(tmp_path, [RELU, {"GaussianNoise": {"stddev": 0.1}}, SIGMOID], {"stratified_k_fold": {"folds": 3}})
    engine = GraphEngine(config, tmp_path)
    engine.train(make_plan(config, blobs(64), 0, tmp_path))
    assert engine.program is not None
    call = engine.program.model.call

    def noticed(*arguments: Any, **named: Any) -> Any:
        traced.append(1)
        return call(*arguments, **named)

    engine.program.model.call = noticed
    engine.train(make_plan(config, blobs(65), 1, tmp_path))
    assert not traced


DENSE = [
    {"Dropout": {"rate": 0.3}},
    {"Dense": RELU["Dense"] | {"kernel_constraint": {"MaxNorm": {"max_value": 0.6}}}},
    {"Dropout": {"rate": 0.3}},
]
OWN = [
    {"MultiplicativeNoise": {"rate": 0.5, "rate_end": 0, "over_updates": 10}},
    {"StandoutDense": RELU["Dense"]},
    {"MultiplicativeNoise": {"rate": 0.3, "noise": "gaussian"}},
    {"VariationalDense": RELU["Dense"] | {"rate": 0.3, "kl_weight": 0.001}},
    {"VariationalDropout": {"rate": 0.3, "kl_weight": 0.001, "per": "unit"}},
    {"DropConnectDense": RELU["Dense"] | {"rate": 0.3}},
    {"MultiplicativeNoise": {"rate": 0.1, "noise": "uniform"}},
]


@pytest.mark.parametrize(
    ("hidden", "last", "loss", "classes", "figures"),
    [
        (DENSE, SIGMOID, {"BinaryCrossentropy": {}}, 2, ("accuracy",)),
        (DENSE, SOFTMAX, {"CategoricalCrossentropy": {}}, 3, ("accuracy", "mean_squared_error")),
        (DENSE, {"Dense": {"units": 1}}, {"MeanSquaredError": {}}, None, ("r2", "root_mean_squared_error")),
        (OWN, SOFTMAX, {"CategoricalCrossentropy": {}}, 3, ("accuracy",)),
    ],
)
def test_stacked_and_graph_engine_come_to_the_same(
    hidden: list[Any], last: Any, loss: Any, classes: int | None, figures: tuple[str, ...], tmp_path: Path
) -> None:
    from repro.training.graph import GraphEngine
    from repro.training.stacked import StackedEngine

    schedule = {"ExponentialDecay": {"initial_learning_rate": 0.05, "decay_steps": 5, "decay_rate": 0.9}}
    optimizer = {"SGD": {"learning_rate": schedule, "momentum": 0.9}}
    kind = "k_fold" if classes is None else "stratified_k_fold"
    config = made(tmp_path, [*hidden, last], {kind: {"folds": 3}}, loss=loss, optimizer=optimizer)
    config = config.model_copy(update={"figures": figures})
    data = blobs(64, 0, (5,), classes or 2)
    if classes is None:
        y = (data.train.x[:, 0] * 2 - data.train.x[:, 1]).astype(np.float32)
        data = replace(data, train=Part(data.train.x, y), classes=None)
    plan = make_plan(config, data, 1, tmp_path)
    trained = [engine(config, tmp_path).train(plan) for engine in (StackedEngine, GraphEngine)]
    stacked, graph = ({(r.fold, r.split, r.metric): r.value for r in each.records} for each in trained)
    assert stacked.keys() == graph.keys()
    assert {metric for *_, metric in graph} == {"loss", *figures}
    for key, value in stacked.items():
        assert value == pytest.approx(graph[key], rel=1e-4, abs=1e-6), key
    np.testing.assert_array_equal(trained[0].correct, trained[1].correct)
    assert trained[0].correct.shape == ((0,) if classes is None else (64,))
