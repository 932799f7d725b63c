"""The stacked engine against plain Keras: the test that every result rests on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from conftest import blobs, experiment

from repro.config.catalogue import Catalogue
from repro.config.protocol import Protocol, StratifiedKFold
from repro.config.schema import Experiment
from repro.datasets import Dataset
from repro.files import sha256, shipped
from repro.models.state import State
from repro.results.records import Record
from repro.training import randomness
from repro.training.engine import Trained
from repro.training.environment import environment
from repro.training.executor import LokyExecutor
from repro.training.plan import Plan, Replica, make_plan
from repro.training.worker import Task, diverged, train_cell

pytestmark = pytest.mark.slow

FOLDER = shipped("configs")
SONAR = Catalogue().described(FOLDER, "sonar")

DENSE = {"units": 8, "activation": "relu", "kernel_initializer": "random_normal"}
MAX_NORM = {"kernel_constraint": {"MaxNorm": {"max_value": 0.4}}}
L2 = {"kernel_regularizer": {"L2": {"l2": 0.001}}, "bias_regularizer": {"L2": {"l2": 0.001}}}
SIGMOID = {"Dense": {"units": 1, "activation": "sigmoid"}}
LOGITS = {"Dense": {"units": 3}}
LOGIT_LOSS = {"SparseCategoricalCrossentropy": {"from_logits": True}}
DROPOUT = {"Dropout": {"rate": 0.3}}
SGD = {"SGD": {"learning_rate": 0.05, "momentum": 0.9}}
ADAM = {"Adam": {"learning_rate": 0.003}}

BINARY = {
    "sgd": ([{"Dense": DENSE}, SIGMOID], SGD),
    "sgd, nesterov": ([{"Dense": DENSE}, SIGMOID], {"SGD": {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}}),
    "adam": ([{"Dense": DENSE}, SIGMOID], ADAM),
    "rmsprop": ([{"Dense": DENSE}, SIGMOID], {"RMSprop": {"learning_rate": 0.003}}),
    "max-norm": ([{"Dense": DENSE | MAX_NORM}, {"Dense": SIGMOID["Dense"] | MAX_NORM}], SGD),
    "dropout": ([DROPOUT, {"Dense": DENSE}, DROPOUT, SIGMOID], SGD),
    "dropout, max-norm, adam": ([DROPOUT, {"Dense": DENSE | MAX_NORM}, DROPOUT, SIGMOID], ADAM),
    "original dropout, gaussian, uniform": (
        [
            {"MultiplicativeNoise": {"rate": 0.3, "scale": "test"}},
            {"Dense": DENSE},
            {"MultiplicativeNoise": {"rate": 0.4, "noise": "gaussian"}},
            {"Dense": DENSE},
            {"MultiplicativeNoise": {"rate": 0.2, "noise": "uniform"}},
            SIGMOID,
        ],
        SGD,
    ),
    "rates that change": (
        [
            {"MultiplicativeNoise": {"rate": 0.5, "rate_end": 0, "over_updates": 40}},
            {"Dense": DENSE},
            {"MultiplicativeNoise": {"rate": 0.1, "rate_end": 0.5, "over_updates": 80, "noise": "gaussian"}},
            SIGMOID,
        ],
        SGD,
    ),
    "variational": (
        [
            {"VariationalDropout": {"rate": 0.4, "kl_weight": 0.01}},
            {"VariationalDense": DENSE | {"rate": 0.3, "kl_weight": 0.01}},
            {"VariationalDropout": {"rate": 0.5, "kl_weight": 0.02, "per": "unit"}},
            SIGMOID,
        ],
        SGD,
    ),
    "standout": ([{"StandoutDense": DENSE | {"alpha": 2, "beta": 0.5}}, SIGMOID], SGD),
    "dropconnect, adam": (
        [{"DropConnectDense": DENSE | {"rate": 0.4}}, {"DropConnectDense": SIGMOID["Dense"] | {"rate": 0.2}}],
        ADAM,
    ),
    "layer normalisation": ([{"Dense": DENSE}, {"LayerNormalization": {}}, SIGMOID], SGD),
}


def binary(model: list[object], optimizer: object) -> Experiment:
    training = {"loss": "binary_crossentropy", "optimizer": optimizer, "batch_size": 16, "epochs": 14}
    return experiment(model=model, training=training, protocol={"stratified_k_fold": {"folds": 3}})


def fixed(model: object, optimizer: object, loss: object, **split: object) -> Experiment:
    training = {"loss": loss, "optimizer": optimizer, "batch_size": 16, "epochs": 10}
    return experiment(
        model=model, training=training, dataset={"name": "mnist", "divide_by": 2}, protocol={"fixed_split": split}
    )


def planned(config: Experiment, data: Dataset, seed: int) -> Plan:
    return make_plan(config, data, seed, FOLDER)


def assert_same_path(config: Experiment, data: Dataset, steps: int) -> None:
    """Weights of every replica, step by step, through both engines."""
    from repro.training.engine import data_of, initial_state
    from repro.training.stacked import Program

    plan = planned(config, data, seed=3)
    folds = [replica.fold for replica in plan.replicas]
    program = Program(config, plan.inputs, FOLDER, folds)
    states = [initial_state(program.states, plan, fold) for fold in folds]
    program.start([state.trained for state in states])
    train = data_of(plan.parts["train"], plan.divide_by)
    batches = np.stack([replica.batches for replica in plan.replicas])
    key = randomness.noise_key(plan.base_seed, plan.seed)
    moved = [variable.numpy() for variable in program.weights]
    paths, plain = [], []
    for pair in zip(plan.replicas, states, strict=True):
        path, figures = plain_path(config, plan, *pair, steps)
        paths.append(path)
        plain.append(figures)
    losses = np.zeros(len(folds))
    for step in range(steps):
        losses += program.advance(train, batches, key, step, step + 1)["loss"] * (batches[:, step] >= 0).sum(1)
        for index, path in enumerate(paths):
            for stacked, single in zip(program.weights, path[step], strict=True):
                message = f"step {step}, fold {index}"
                np.testing.assert_allclose(stacked.numpy()[index], single, rtol=2e-4, atol=2e-5, err_msg=message)
    means = losses / (batches[:, :steps] >= 0).sum(axis=(1, 2))
    assert means == pytest.approx([figures["loss"][0] for figures in plain], rel=1e-4)
    for before, variable in zip(moved, program.weights, strict=True):
        assert np.abs(variable.numpy() - before).max() > 1e-3, "nothing was learnt: the comparison shows nothing"


def plain_path(
    config: Experiment, plan: Plan, replica: Replica, state: State, steps: int
) -> tuple[list[list[np.ndarray]], Mapping[str, np.ndarray]]:
    """Weights after each step of Keras' `fit`, and the figures of the whole."""
    import keras

    from repro.training.plain import Trainer

    path: list[list[np.ndarray]] = []
    trainer = Trainer(config, FOLDER, plan, replica, state)

    class Snapshot(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            path.append([variable.numpy() for variable in trainer.model.trainable_variables])

    trainer.model.fit = functools.partial(trainer.model.fit, callbacks=[Snapshot()])
    return path, trainer.advance(0, steps)


@pytest.mark.parametrize("case", BINARY)
def test_cross_validation_equals_plain_keras_step_by_step(case: str) -> None:
    config = binary(*BINARY[case])
    plan = planned(config, blobs(), 3)
    assert (plan.replicas[0].batches[3] == -1).sum() == 4, "the last batch of an epoch is meant to be short"
    assert_same_path(config, blobs(), steps=56)


@pytest.mark.parametrize(
    "loss", ["sparse_categorical_crossentropy", {"SparseCategoricalCrossentropy": {"from_logits": True}}]
)
def test_softmax_adam_l2_and_dropout_equal_plain_keras(loss: object) -> None:
    last = LOGITS if isinstance(loss, dict) else {"Dense": LOGITS["Dense"] | {"activation": "softmax"}}
    model = [{"Flatten": {}}, {"Dense": DENSE | L2}, DROPOUT, {"Dense": last["Dense"] | L2}]
    config = fixed(model, ADAM, loss, evaluate_every_epochs=1)
    assert_same_path(config, blobs(85, 20, (2, 3), 3), steps=54)


def test_subclassed_model_with_one_shared_dropout_layer_equals_plain_keras() -> None:
    model = {"python": {"file": "fashion_mnist_model.py", "arguments": {"rate": 0.2}, "stacked": True}}
    config = fixed(model, {"SGD": {"learning_rate": 0.05}}, "sparse_categorical_crossentropy")
    files = {"fashion_mnist_model.py": sha256((FOLDER / "fashion_mnist_model.py").read_bytes())}
    config = config.model_copy(update={"files": files})
    assert_same_path(config, blobs(85, 20, (4, 4), 10), steps=50)


def test_adam_over_uneven_folds_equals_plain_keras() -> None:
    """65 rows in 4 folds: 48 or 49 training rows, 3 or 4 steps an epoch, so two programs."""
    from repro.training.plain import PlainEngine
    from repro.training.stacked import StackedEngine

    config = experiment(
        model=BINARY["dropout"][0],
        training={"loss": "binary_crossentropy", "optimizer": ADAM, "batch_size": 16, "epochs": 8},
    )
    plan = planned(config, blobs(65), 0)
    assert {replica.steps_per_epoch for replica in plan.replicas} == {3, 4}
    same_figures(StackedEngine(config, FOLDER).train(plan), PlainEngine(config, FOLDER).train(plan))


@pytest.mark.parametrize(
    "split",
    [
        {"evaluate_every_epochs": 3, "validation": {"first": 30, "trained_on": True}},
        {"evaluate_at_steps": [0, 7, 8, 59]},
        {},
    ],
)
def test_both_engines_record_the_same_figures_at_the_same_points(split: dict[str, object]) -> None:
    from repro.training.plain import PlainEngine
    from repro.training.stacked import StackedEngine

    model = [{"Flatten": {}}, {"Dense": DENSE}, DROPOUT, LOGITS]
    config = fixed(model, SGD, {"SparseCategoricalCrossentropy": {"from_logits": True}}, **split)
    plan = planned(config, blobs(85, 1021, (2, 3), 3), 1)
    stacked = StackedEngine(config, FOLDER).train(plan)
    same_figures(stacked, PlainEngine(config, FOLDER).train(plan))
    at = sorted({(record.epoch, record.step) for record in stacked.records})
    expected = {
        "evaluate_every_epochs": [(3, 17), (6, 35), (9, 53), (10, 59)],
        "evaluate_at_steps": [(1, 0), (2, 7), (2, 8), (10, 59)],
    }
    assert at == expected.get(next(iter(split), ""), [(10, 59)])


def test_both_engines_count_penalties_in_the_loss() -> None:
    from repro.training.plain import PlainEngine
    from repro.training.stacked import StackedEngine

    penalised = DENSE | {"kernel_regularizer": {"L2": {"l2": 0.5}}, "bias_regularizer": {"L1": {"l1": 0.1}}}
    loss = {"SparseCategoricalCrossentropy": {"from_logits": True}}
    data = blobs(85, 1021, (2, 3), 3)
    config = fixed([{"Flatten": {}}, {"Dense": penalised}, LOGITS], SGD, loss, evaluate_every_epochs=10)
    stacked = StackedEngine(config, FOLDER).train(planned(config, data, 1))
    same_figures(stacked, PlainEngine(config, FOLDER).train(planned(config, data, 1)))
    (measured,) = [r.value for r in stacked.records if (r.split, r.metric) == ("test", "loss")]
    engine = StackedEngine(config, FOLDER)
    engine.train(planned(config, data, 1))
    (program,) = engine.programs.values()
    kernel, bias = (variable.numpy()[0] for variable in program.weights[:2])
    penalty = 0.5 * (kernel**2).sum() + 0.1 * np.abs(bias).sum()
    assert 0.01 < penalty < measured


def same_figures(stacked: Trained, plain: Trained) -> None:
    same_records(stacked, plain)
    np.testing.assert_array_equal(stacked.correct, plain.correct)


def same_records(stacked: Trained, plain: Trained) -> None:
    def keyed(trained: Trained) -> dict[tuple[object, ...], float]:
        return {(r.fold, r.epoch, r.step, r.split, r.metric): r.value for r in trained.records}

    assert keyed(stacked).keys() == keyed(plain).keys()
    assert len(keyed(stacked)) == len(stacked.records)
    for key, value in keyed(stacked).items():
        assert value == pytest.approx(keyed(plain)[key], rel=1e-3, abs=1e-5), key


def test_replicas_together_equal_each_alone() -> None:
    from repro.training.stacked import StackedEngine

    config = binary(*BINARY["dropout, max-norm, adam"])
    plan = planned(config, blobs(), 5)
    together = StackedEngine(config, FOLDER).train(plan)
    alone = [StackedEngine(config, FOLDER).train(replace(plan, replicas=(replica,))) for replica in plan.replicas]
    same_records(together, Trained.of(alone))


def test_a_program_used_for_a_second_seed_starts_afresh() -> None:
    from repro.training.stacked import StackedEngine

    config = binary(*BINARY["adam"])
    engine = StackedEngine(config, FOLDER)
    first, second = (engine.train(planned(config, blobs(), seed)) for seed in (0, 1))
    for trained, seed_engine, seed in ((first, engine, 0), (second, StackedEngine(config, FOLDER), 1)):
        again = seed_engine.train(planned(config, blobs(), seed))
        assert again.records == trained.records
        np.testing.assert_array_equal(again.correct, trained.correct)
    assert [r.value for r in first.records] != [r.value for r in second.records]


@pytest.mark.parametrize("folds", [3, 4])
def test_right_rows_of_a_cross_validation_add_up_to_the_accuracies_of_its_folds(folds: int) -> None:
    """Inputs are standardised in each fold, so every fold has rows of its own; 65 rows in 4 folds need two programs."""
    from repro.training.stacked import StackedEngine

    data = blobs(65)
    config = binary([DROPOUT, SIGMOID], SGD).model_copy(
        update={"protocol": Protocol(stratified_k_fold=StratifiedKFold(folds=folds))}
    )
    plan = planned(config, data, 2)
    trained = StackedEngine(config, FOLDER).train(plan)
    assert trained.correct.shape == (65,)
    measured = {r.fold: r.value for r in trained.records if r.metric == "accuracy"}
    tested = [plan.tested_rows(replica) for replica in plan.replicas]
    assert sorted(np.concatenate(tested)) == list(range(65))
    assert measured == {fold: pytest.approx(trained.correct[rows].mean()) for fold, rows in enumerate(tested)}
    assert 0 < trained.correct.mean() < 1


def test_right_rows_are_those_of_the_judged_step() -> None:
    from repro.training.plain import PlainEngine
    from repro.training.stacked import StackedEngine

    split = {"evaluate_at_steps": [0, 3, 59], "judged_step": 3}
    config = fixed([{"Flatten": {}}, {"Dense": DENSE}, LOGITS], SGD, LOGIT_LOSS, **split)
    plan = planned(config, blobs(85, 1021, (2, 3), 3), 1)
    trained = StackedEngine(config, FOLDER).train(plan)
    same_figures(trained, PlainEngine(config, FOLDER).train(plan))
    at = {r.step: r.value for r in trained.records if (r.split, r.metric) == ("test", "accuracy")}
    assert trained.correct.mean() == pytest.approx(at[3])
    assert len({at[0], at[3], at[59]}) == 3


def test_max_norm_holds_for_each_replica_by_itself() -> None:
    from repro.training.stacked import StackedEngine

    config = binary(*BINARY["max-norm"])
    engine = StackedEngine(config, FOLDER)
    engine.train(planned(config, blobs(), 0))
    (program,) = engine.programs.values()
    norms = np.linalg.norm(program.weights[0].numpy(), axis=1)
    assert norms.max() <= 0.4 * (1 + 1e-5)
    assert (norms > 0.39).sum() >= 3, "the constraint never came to bear"


def test_a_layer_that_has_no_vectorised_form_is_refused_and_not_looped_over() -> None:
    """Filters that differ by replica have none; no config may name the layer, hence the copy behind the checks."""
    from repro.training.stacked import StackedEngine

    convolution = {"Conv1D": {"filters": 2, "kernel_size": 2}}
    model = [{"Reshape": {"target_shape": [5, 1]}}, convolution, {"Flatten": {}}, SIGMOID]
    config = binary([SIGMOID], SGD).model_copy(update={"model": model})
    with pytest.raises(ValueError, match=r"op .Conv2D. expected to be loop invariant"):
        StackedEngine(config, FOLDER).train(planned(config, blobs(), 0))


@pytest.mark.parametrize("engine", ["stacked", "graph", "keras"])
def test_a_worker_returns_records_and_where_they_were_made(engine: str) -> None:
    config = experiment()
    cell = LokyExecutor(1).call(train_cell, Task(config, SONAR, FOLDER, engine, 1))
    assert (cell.seed, cell.environment, cell.diverged, cell.error) == (1, environment(), {}, None)
    assert cell.seconds > 0
    assert sorted((r.fold, r.epoch, r.step, r.split, r.metric) for r in cell.records) == [
        (fold, 3, 29, "test", metric) for fold in range(4) for metric in ("accuracy", "loss")
    ]
    assert {type(record) for record in cell.records} == {Record}
    assert len(cell.correct) == 208 / 8


def test_what_fails_in_a_training_is_the_error_of_its_cell_and_not_that_of_the_run() -> None:
    """A number of epochs that no config may have stands in for a bug."""
    config = experiment()
    broken = config.model_copy(update={"training": config.training.model_copy(update={"epochs": "three"})})
    cell = LokyExecutor(1).call(train_cell, Task(broken, SONAR, FOLDER, "stacked", 4))
    assert (cell.seed, cell.environment, cell.records, cell.diverged) == (4, environment(), (), {})
    assert cell.error is not None
    assert cell.error.splitlines()[-1].startswith("TypeError: ")


def test_worker_reports_a_diverged_replica_and_keeps_the_figures_of_the_others() -> None:
    records = [
        Record(0, 1, 5, "test", "loss", float("nan")),
        Record(0, 1, 5, "test", "accuracy", 0.5),
        Record(1, 1, 5, "test", "loss", 0.3),
    ]
    assert diverged(records) == {0: "diverged: test loss is nan at step 5"}
