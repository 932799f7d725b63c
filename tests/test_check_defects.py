"""The check on real trainings: green where nothing has changed, red for real defects."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf
from checking import REPOSITORY, SEEDS, Make, made_elsewhere, run_check, store, verdicts
from conftest import experiment
from stored_results import described

from repro import datasets
from repro.config.catalogue import Catalogue
from repro.config.data_description import DataDescription
from repro.config.schema import Experiment
from repro.datasets import Dataset, Part
from repro.models import dropout
from repro.training.worker import CellTrainer

pytestmark = pytest.mark.slow


def trained_here(load: Callable[[DataDescription], Dataset] = datasets.load) -> Make:
    """Real trainings in this process, by programs that are compiled afresh: a defect is in them and stays in none."""
    return CellTrainer(load).train


def digits(*hidden: object, epochs: int, learning_rate: float = 0.01) -> Experiment:
    return experiment(
        dataset={"name": "digits", "divide_by": 16},
        model=[{"Flatten": {}}, *hidden, {"Dense": {"units": 10, "activation": "softmax"}}],
        training={
            "loss": "sparse_categorical_crossentropy",
            "optimizer": {"Adam": {"learning_rate": learning_rate}},
            "batch_size": 32,
            "epochs": epochs,
        },
        protocol={"fixed_split": {}},
        seeds=SEEDS,
    )


DROPPED = digits({"Dense": {"units": 16, "activation": "relu"}}, {"Dropout": {"rate": 0.5}}, epochs=4)
LINEAR = digits(epochs=30)


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Twenty trained seeds of each."""
    folders = {}
    for name, config in (("dropped", DROPPED), ("linear", LINEAR)):
        folders[name] = tmp_path_factory.mktemp(name)
        store(folders[name], trained_here(), config)
    return folders


@pytest.fixture
def dropped(references: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(references["dropped"], tmp_path / "out")


def test_real_training_is_unchanged_here_and_elsewhere(dropped: Path) -> None:
    result, _ = run_check(dropped, trained_here(), DROPPED)
    assert verdicts(result) == {"every record of seed 0": "UNCHANGED (exact)"}
    made_elsewhere(dropped, "small")
    result, _ = run_check(dropped, trained_here(), DROPPED)
    assert verdicts(result) == {"test accuracy": "UNCHANGED", "test loss": "UNCHANGED"}


def not_applied(inputs: tf.Tensor, drawn: tf.Tensor, rate: float) -> tf.Tensor:
    return inputs


def left_on(self: dropout.Dropout, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
    if training:
        return APPLIED(self, inputs, training)
    mask = tf.random.stateless_uniform(tf.shape(inputs), seed=[1, 2]) >= self.rate
    return tf.where(mask, inputs / (1 - self.rate), 0.0)


APPLIED = dropout.Dropout.call


@pytest.mark.parametrize(
    ("where", "defect"),
    [((dropout, "apply_dropout"), not_applied), ((dropout.Dropout, "call"), left_on)],
    ids=["dropout silently not applied", "evaluation leaves dropout on"],
)
def test_a_defect_of_the_code_is_found_here_and_elsewhere(
    where: tuple[object, str], defect: object, dropped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*where, defect)
    result, _ = run_check(dropped, trained_here(), DROPPED)
    assert verdicts(result) == {"every record of seed 0": "CHANGED"}
    made_elsewhere(dropped, "small")
    result, _ = run_check(dropped, trained_here(), DROPPED)
    assert "CHANGED" in verdicts(result).values()


def swapped(rows: int) -> Dataset:
    """Digits with the labels of the first test rows wrong."""
    data = datasets.load(described("digits"))
    assert data.test is not None
    labels = data.test.y.copy()
    labels[:rows] = (labels[:rows] + 1) % 10
    return Dataset(data.name, data.train, Part(data.test.x, labels), data.classes, data.sha256)


@pytest.mark.parametrize(("name", "config", "rows"), [("linear", LINEAR, 4), ("dropped", DROPPED, 1)])
def test_wrong_test_labels_are_found_where_the_check_says_that_it_can(
    name: str,
    config: Experiment,
    rows: int,
    references: dict[str, Path],
    tmp_path: Path,
) -> None:
    """Four rows of 360 (1%) where seeds nearly agree, and a single one where they scatter."""
    folder = shutil.copytree(references[name], tmp_path / "out")
    made_elsewhere(folder, "small")
    result, _ = run_check(folder, trained_here(lambda name: swapped(rows)), config)
    (accuracy,) = [row for row in result.rows if row.figure == "test accuracy"]
    assert accuracy.judged is not None
    detectable = accuracy.judged.first.detectable
    assert detectable is not None
    assert (rows / 360 > detectable, accuracy.verdict) in [(True, "CHANGED"), (False, "UNCHANGED")]
    assert (rows / 360 > detectable) == (name == "linear")


def test_twice_the_learning_rate_of_a_committed_experiment_is_found() -> None:
    overrides = ["training.optimizer.SGD.learning_rate=0.2"]
    config = Catalogue().experiment(REPOSITORY / "configs" / "sonar_hidden.yaml", overrides)
    result, seeds = run_check(REPOSITORY / "results", trained_here(), config)
    assert min(seeds) == 30
    assert verdicts(result)["test loss"] == "CHANGED"
    assert "training.optimizer.SGD.learning_rate 0.1 -> 0.2" in result.differences["sonar_hidden"]
