"""What each protocol plans: rows as scikit-learn gives them, batches, evaluations; and what doesn't fit the data."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import experiment
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from repro.config import Catalogue, find_config
from repro.config.data_description import DataDescription
from repro.config.schema import Experiment
from repro.datasets.base import Dataset, Part, RowType
from repro.datasets.prepare import row_type
from repro.errors import ConfigError
from repro.files import shipped
from repro.training import randomness
from repro.training.checks import check_labels, check_plan, check_reported
from repro.training.plan import Plan, Replica, evaluation_points, make_plan

ROWS, TEST_ROWS, CLASSES = 50, 12, 3
HERE = Path()


def sonar() -> Dataset:
    """The arrays of Sonar, as the file says them."""
    lines = [line.split(",") for line in (shipped("data") / "sonar.csv").read_text().split()]
    x = np.array([line[:-1] for line in lines], np.float32)
    return Dataset("sonar", Part(x, np.array(["MR".index(line[-1]) for line in lines], np.int32)), None, 2, {})


def described(**changes: Any) -> DataDescription:
    values: dict[str, Any] = {
        "name": "beans",
        "title": "Some beans",
        "rows": ROWS,
        "test_rows": TEST_ROWS,
        "shape": (4,),
        "classes": CLASSES,
        "csv": {"path": "beans.csv", "sha256": "0" * 64},
        "folder": HERE,
    }
    return DataDescription.model_validate(values | changes)


NUMBERS = described(name="prices", classes=None, test_rows=0)
WORDS = described(name="reviews", shape=(), csv=None, sequences={"path": "reviews.npz", "sha256": "0" * 64}, classes=2)


def beans(classes: int | None = CLASSES) -> Dataset:
    generator = np.random.default_rng(5)
    labels = generator.permutation(np.arange(ROWS + TEST_ROWS, dtype=np.int32) % CLASSES)
    y = labels if classes else labels.astype(np.float32)
    x = generator.normal(labels[:, np.newaxis], 2, (len(labels), 4)).astype(np.float32)
    return Dataset("beans", Part(x[:ROWS], y[:ROWS]), Part(x[ROWS:], y[ROWS:]), classes, {})


BEANS = beans()
LABELS = BEANS.train.y
LAYERS = [{"Dense": {"units": CLASSES, "activation": "softmax"}}]


def asking(protocol: dict[str, Any], dataset: dict[str, Any] | None = None, **changes: Any) -> Experiment:
    training = {
        "loss": "sparse_categorical_crossentropy",
        "optimizer": {"SGD": {"learning_rate": 0.1}},
        "batch_size": 8,
        "epochs": 3,
    }
    return experiment(
        protocol=protocol,
        dataset={"name": "beans"} | (dataset or {}),
        model=changes.pop("model", LAYERS),
        training=training | changes.pop("training", {}),
        **changes,
    )


def planned(protocol: dict[str, Any], seed: int = 0, **changes: Any) -> Plan:
    asked = asking(protocol, **changes)
    check_plan(asked, described())
    return make_plan(asked, BEANS, seed, HERE)


def trained(replica: Replica) -> list[int]:
    """The rows of each epoch, which are the same ones, sorted."""
    epochs = replica.batches.reshape(3, -1)
    rows = [sorted(epoch[epoch >= 0].tolist()) for epoch in epochs]
    assert rows[0] == rows[1] == rows[2]
    return rows[0]


def rows_of(plan: Plan, split: str, replica: int = 0) -> list[int]:
    part, rows = plan.replicas[replica].evaluated[split]
    assert rows.dtype == np.int32
    assert part == ("test" if split == "test" and "test" in plan.parts else "train")
    return rows.tolist()


class TestFixedSplit:
    def test_the_datas_own_parts(self) -> None:
        plan = planned({"fixed_split": {}})
        assert trained(plan.replicas[0]) == list(range(ROWS))
        assert rows_of(plan, "test") == list(range(TEST_ROWS))
        assert plan.parts["test"].x is BEANS.test.x
        assert plan.parts["train"].x is BEANS.train.x

    def test_fewer_training_rows_are_drawn_anew_in_every_seed_and_are_among_more(self) -> None:
        plans = {
            (count, seed): planned({"fixed_split": {"train_rows": count}}, seed)
            for count in (10, 20)
            for seed in (0, 1)
        }
        rows = {key: trained(plan.replicas[0]) for key, plan in plans.items()}
        assert {key: len(set(found)) for key, found in rows.items()} == {key: key[0] for key in plans}
        assert rows[10, 0] != rows[10, 1]
        assert all(set(rows[10, seed]) < set(rows[20, seed]) for seed in (0, 1))
        assert all(rows_of(plan, "test") == list(range(TEST_ROWS)) for plan in plans.values())
        assert trained(planned({"fixed_split": {"train_rows": ROWS}}).replicas[0]) == list(range(ROWS))
        plan = planned({"fixed_split": {"train_rows": 20, "evaluate_at_steps": [8]}}, dataset={"standardize": True})
        scaler = StandardScaler().fit(BEANS.train.x[trained(plan.replicas[0])].astype(np.float64))
        assert np.allclose(plan.parts["train"].x, scaler.transform(BEANS.train.x), atol=1e-5)
        assert (plan.tested, plan.classes, plan.inputs) == (TEST_ROWS, CLASSES, RowType((4,), "float32"))
        assert plan.tested_rows(plan.replicas[0]).tolist() == list(range(TEST_ROWS))

    def test_scaled_by_its_training_part_alone(self) -> None:
        plan = planned({"fixed_split": {"validation": {"split": 0.2}}}, dataset={"standardize": True})
        scaler = StandardScaler().fit(BEANS.train.x.astype(np.float64))
        for name, part in (("train", BEANS.train), ("test", BEANS.test)):
            assert np.array_equal(plan.parts[name].x, scaler.transform(part.x.astype(np.float64)).astype(np.float32))
            assert plan.parts[name].x.dtype == np.float32

    def test_scaled_by_all_rows(self) -> None:
        spec = {"min_max": [-1.0, 1.0], "fit_scaler_on": "all"}
        plan = planned({"fixed_split": {}}, dataset=spec)
        both = np.concatenate([BEANS.train.x, BEANS.test.x]).astype(np.float64)
        scaler = MinMaxScaler((-1, 1)).fit(both)
        assert np.array_equal(plan.parts["test"].x, scaler.transform(both[ROWS:]).astype(np.float32))


class TestHoldOut:
    @pytest.mark.parametrize("test_size", [0.33, 0.5, 7])
    @pytest.mark.parametrize("stratify", [False, True])
    def test_an_articles_rows_are_those_of_train_test_split(self, test_size: float, stratify: bool) -> None:
        asked = {"test_size": test_size, "random_state": 4, "stratify": stratify}
        train, test = train_test_split(
            np.arange(ROWS), test_size=test_size, random_state=4, stratify=LABELS if stratify else None
        )
        for seed in (0, 1):
            plan = planned({"hold_out": asked}, seed)
            assert rows_of(plan, "test") == sorted(test)
            assert trained(plan.replicas[0]) == sorted(train)
            assert plan.tested == len(test)
            assert plan.tested_rows(plan.replicas[0]).tolist() == list(range(len(test)))
            assert list(plan.parts) == ["train"]

    def test_seeds_hold_out_rows_of_their_own(self) -> None:
        plans = [planned({"hold_out": {"test_size": 0.2}}, seed) for seed in (0, 0, 1)]
        first, again, other = (rows_of(plan, "test") for plan in plans)
        assert first == again != other
        _, expected = train_test_split(np.arange(ROWS), test_size=0.2, random_state=randomness.split_state(0, 0))
        assert first == sorted(expected)
        assert [plan.tested for plan in plans] == [None] * 3

    @pytest.mark.parametrize(
        ("asked", "first"),
        [({"train_first": 30}, 30), ({"train_first": 0.67}, 33), ({"test_size": 0.33, "shuffle": False}, 33)],
    )
    def test_rows_as_they_stand(self, asked: dict[str, Any], first: int) -> None:
        plan = planned({"hold_out": asked}, 3)
        assert trained(plan.replicas[0]) == list(range(first))
        assert rows_of(plan, "test") == list(range(first, ROWS))
        assert plan.tested == ROWS - first

    def test_the_last_of_the_shuffled_training_rows_are_watched_as_fit_would(self) -> None:
        asked = {"test_size": 0.2, "random_state": 4, "validation": {"split": 0.25}}
        plan = planned({"hold_out": asked})
        train, _ = train_test_split(np.arange(ROWS), test_size=0.2, random_state=4)
        assert rows_of(plan, "validation") == train[30:].tolist()
        assert trained(plan.replicas[0]) == sorted(train[:30])

    def test_scaled_by_its_training_rows(self) -> None:
        plan = planned({"hold_out": {"train_first": 30}}, dataset={"min_max": [0.0, 1.0]})
        scaler = MinMaxScaler().fit(BEANS.train.x[:30].astype(np.float64))
        assert np.array_equal(plan.parts["train"].x, scaler.transform(BEANS.train.x.astype(np.float64)).astype("f4"))


class TestFolds:
    @pytest.mark.parametrize(
        ("asked", "splitter"),
        [
            ({"k_fold": {"folds": 4, "random_state": 7}}, KFold(4, shuffle=True, random_state=7)),
            ({"k_fold": {"folds": 4, "shuffle": False}}, KFold(4)),
            ({"stratified_k_fold": {"folds": 4, "random_state": 7}}, StratifiedKFold(4, shuffle=True, random_state=7)),
            ({"stratified_k_fold": {"folds": 4, "shuffle": False}}, StratifiedKFold(4)),
        ],
    )
    def test_rows_are_scikit_learns_in_every_seed(self, asked: dict[str, Any], splitter: Any) -> None:
        for seed in (0, 1):
            plan = planned(asked, seed)
            splits = list(splitter.split(BEANS.train.x, LABELS))
            assert [rows_of(plan, "test", fold) for fold in range(4)] == [test.tolist() for _, test in splits]
            assert [trained(replica) for replica in plan.replicas] == [train.tolist() for train, _ in splits]

    @pytest.mark.parametrize("key", ["k_fold", "stratified_k_fold"])
    def test_seeds_draw_folds_of_their_own(self, key: str) -> None:
        first, again, other = ([r.evaluated["test"][1].tolist() for r in planned({key: {"folds": 4}}, seed).replicas]
                               for seed in (0, 0, 1))  # fmt: skip
        assert first == again != other
        splitter = {"k_fold": KFold, "stratified_k_fold": StratifiedKFold}[key]
        state = randomness.split_state(0, 0)
        expected = splitter(4, shuffle=True, random_state=state).split(BEANS.train.x, LABELS)
        assert first == [test.tolist() for _, test in expected]

    def test_every_row_is_tested_once(self) -> None:
        for spec in ({}, {"standardize": True}):
            plan = planned({"k_fold": {"folds": 4}}, dataset=spec)
            assert plan.tested == ROWS
            tested = np.concatenate([plan.tested_rows(replica) for replica in plan.replicas])
            assert np.sort(tested).tolist() == list(range(ROWS))

    @pytest.mark.parametrize("spec", [{"standardize": True}, {"min_max": [0.0, 1.0]}])
    def test_each_fold_is_scaled_by_its_own_training_rows(self, spec: dict[str, Any]) -> None:
        plan = planned({"k_fold": {"folds": 4, "shuffle": False, "validation": {"last": 5}}}, dataset=spec)
        x = BEANS.train.x.astype(np.float64)
        for fold, (train, test) in enumerate(KFold(4).split(x)):
            scaler = (StandardScaler() if "standardize" in spec else MinMaxScaler()).fit(x[train])
            for split, rows in (("test", test), ("validation", train[-5:])):
                part, found = plan.replicas[fold].evaluated[split]
                assert np.array_equal(plan.parts[part].x[found], scaler.transform(x[rows]).astype(np.float32))
                assert np.array_equal(plan.parts[part].y[found], LABELS[rows])

    def test_one_scaler_for_all_folds_needs_one_copy(self) -> None:
        plan = planned({"k_fold": {"folds": 4}}, dataset={"standardize": True, "fit_scaler_on": "all"})
        x = BEANS.train.x.astype(np.float64)
        assert np.array_equal(plan.parts["train"].x, StandardScaler().fit_transform(x).astype(np.float32))


class TestGivenSplits:
    def write(self, folder: Path, **files: str) -> dict[str, str]:
        for name, text in files.items():
            (folder / f"{name}.txt").write_text(text)
        return {f"{name}.txt": hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}

    def plan(self, folder: Path, asked: dict[str, Any], files: dict[str, str]) -> Plan:
        return make_plan(asking({"splits_from": asked}, files=files), BEANS, 0, folder)

    def test_rows_that_are_not_tested_are_trained_on(self, tmp_path: Path) -> None:
        files = self.write(tmp_path, a="3\n1\n49\n", b="0\n")
        plan = self.plan(tmp_path, {"test": ["a.txt", "b.txt"]}, files)
        assert [rows_of(plan, "test", fold) for fold in (0, 1)] == [[1, 3, 49], [0]]
        assert trained(plan.replicas[0]) == sorted({*range(ROWS)} - {1, 3, 49})
        assert trained(plan.replicas[1]) == list(range(1, ROWS))
        assert plan.tested is None

    def test_training_rows_in_the_order_of_their_file(self, tmp_path: Path) -> None:
        files = self.write(tmp_path, a="1\r\n2\r\n", t="1.000000000000000000e+01\n7\n8\n9\n5")
        asked = {"test": ["a.txt"], "train": ["t.txt"], "validation": {"first": 2}}
        plan = self.plan(tmp_path, asked, files)
        assert rows_of(plan, "validation") == [10, 7]
        assert trained(plan.replicas[0]) == [5, 8, 9]

    @pytest.mark.parametrize(
        ("a", "t", "message"),
        [
            ("1\n50\n", None, "a.txt:2: expected a row from 0 to 49, got 50"),
            ("-1\n", None, "a.txt:1: expected a row number, got '-1'"),
            ("1\n\n2\n", None, "a.txt:2: expected a row number, got ''"),
            ("", None, "a.txt:1: expected a row number, got ''"),
            ("1 2\n", None, "a.txt:1: expected a row number, got '1 2'"),
            ("1.5\n", None, "a.txt:1: expected a row number, got '1.5'"),
            ("1.5e+00\n", None, "a.txt:1: expected a row number, got '1.5e+00'"),
            ("4\n5\n4\n", None, "a.txt:3: expected each row once, got 4 as on line 1"),
            ("4\n5\n", "7\n5\n", "t.txt:2: expected rows that a.txt doesn't list, got 5"),
            ("4\n", "x\n", "t.txt:1: expected a row number, got 'x'"),
            ("".join(f"{row}\n" for row in range(ROWS)), None, "a.txt: expected rows left to train on, got none of 50"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, a: str, t: str | None, message: str) -> None:
        files = self.write(tmp_path, a=a, **({} if t is None else {"t": t}))
        asked = {"test": ["a.txt"]} | ({} if t is None else {"train": ["t.txt"]})
        with pytest.raises(ConfigError) as caught:
            check_labels(asking({"splits_from": asked}, files=files), LABELS, tmp_path)
        assert str(caught.value) == f"splits_from: {tmp_path}/{message}"
        with pytest.raises(ConfigError) as caught:
            self.plan(tmp_path, asked, files)
        assert str(caught.value) == f"splits_from: {tmp_path}/{message}"

    def test_a_file_that_has_changed_or_gone(self, tmp_path: Path) -> None:
        files = self.write(tmp_path, a="1\n")
        self.write(tmp_path, a="2\n")
        with pytest.raises(ConfigError, match=r"a\.txt has changed since the config was read; start again$"):
            self.plan(tmp_path, {"test": ["a.txt"]}, files)
        (tmp_path / "a.txt").unlink()
        with pytest.raises(ConfigError, match=r"^splits_from: expected a file, found none at .*a\.txt$"):
            self.plan(tmp_path, {"test": ["a.txt"]}, files)


class TestNoSplit:
    def test_the_model_is_scored_on_the_rows_it_was_trained_on(self) -> None:
        plan = planned({"no_split": {}}, dataset={"standardize": True})
        assert trained(plan.replicas[0]) == rows_of(plan, "train") == list(range(ROWS))
        assert list(plan.replicas[0].evaluated) == ["train"]
        assert plan.tested == ROWS
        x = BEANS.train.x.astype(np.float64)
        assert np.array_equal(plan.parts["train"].x, StandardScaler().fit_transform(x).astype(np.float32))

    def test_rows_that_are_watched_are_not_scored_as_trained_ones(self) -> None:
        asked = asking({"no_split": {"validation": {"split": 0.33}}})
        plan = make_plan(asked, BEANS, 0, HERE)
        assert (rows_of(plan, "train"), rows_of(plan, "validation")) == (list(range(33)), list(range(33, ROWS)))
        assert plan.tested == asked.protocol.tested_rows(ROWS, 0) == 33


class TestValidation:
    @pytest.mark.parametrize(
        ("asked", "watched"),
        [
            ({"first": 5}, range(5)),
            ({"first": 0.1}, range(5)),
            ({"last": 5}, range(45, 50)),
            ({"last": 0.5}, range(25, 50)),
            ({"split": 0.33}, range(33, 50)),
        ],
    )
    @pytest.mark.parametrize("trained_on", [False, True])
    def test_rows(self, asked: dict[str, Any], watched: range, trained_on: bool) -> None:
        plan = planned({"fixed_split": {"validation": asked | {"trained_on": trained_on}}})
        assert rows_of(plan, "validation") == list(watched)
        left = set(range(ROWS)) - (set() if trained_on else set(watched))
        assert trained(plan.replicas[0]) == sorted(left)
        assert list(plan.replicas[0].evaluated) == ["test", "validation"]

    def test_the_test_rows_are_recorded_once(self) -> None:
        plan = planned({"fixed_split": {"validation": {"same_as": "test"}}})
        assert list(plan.replicas[0].evaluated) == ["test"]
        assert trained(plan.replicas[0]) == list(range(ROWS))

    def test_of_each_fold(self) -> None:
        plan = planned({"k_fold": {"folds": 5, "shuffle": False, "validation": {"first": 4}}})
        assert [rows_of(plan, "validation", fold) for fold in range(5)] == [[10, 11, 12, 13], *[[0, 1, 2, 3]] * 4]
        assert all(len(trained(replica)) == 36 for replica in plan.replicas)


class TestWhatIsRecorded:
    @pytest.mark.parametrize(
        ("asked", "evaluated", "tracked"),
        [
            ({"fixed_split": {}}, ["test"], None),
            ({"fixed_split": {"evaluate_every_epochs": 1}}, ["test"], "train"),
            ({"fixed_split": {"evaluate_every_epochs": 1, "evaluate_on_train": True}}, ["test", "train"], None),
            ({"fixed_split": {"evaluate_at_steps": [0, 20]}}, ["test"], "batch"),
            ({"hold_out": {"train_first": 30, "evaluate_on_train": True, "validation": {"last": 2}}},
             ["test", "validation", "train"], None),
            ({"k_fold": {"folds": 3, "evaluate_on_train": True}}, ["test", "train"], None),
            ({"k_fold": {"folds": 3, "evaluate_every_epochs": 2}}, ["test"], "train"),
            ({"no_split": {"evaluate_every_epochs": 1}}, ["train"], None),
            ({"no_split": {"validation": {"last": 3}}}, ["train", "validation"], None),
        ],
    )  # fmt: skip
    def test_splits(self, asked: dict[str, Any], evaluated: list[str], tracked: str | None) -> None:
        plan = planned(asked)
        assert [list(replica.evaluated) for replica in plan.replicas] == [evaluated] * len(plan.replicas)
        assert plan.tracked == tracked

    def test_training_rows_are_those_trained_on(self) -> None:
        plan = planned({"k_fold": {"folds": 3, "evaluate_on_train": True, "validation": {"last": 2}}},
                       dataset={"standardize": True})  # fmt: skip
        for replica in plan.replicas:
            assert sorted(replica.evaluated["train"][1].tolist()) == trained(replica)

    def test_points_of_every_protocol(self) -> None:
        every = asking({"k_fold": {"folds": 3, "evaluate_every_epochs": 2}})
        assert [(point.updates, point.epoch, point.judged) for point in evaluation_points(every, 5)] == [
            (10, 2, False), (15, 3, True),
        ]  # fmt: skip
        steps = asking({"hold_out": {"train_first": 30, "evaluate_at_steps": [0, 11], "judged_step": 0}})
        assert [(point.step, point.judged) for point in evaluation_points(steps, 4)] == [(0, True), (11, False)]


def test_without_shuffling_every_epoch_takes_the_training_rows_in_their_own_order() -> None:
    plan = planned({"hold_out": {"test_size": 0.2, "random_state": 4}}, training={"shuffle": False})
    train, _ = train_test_split(np.arange(ROWS), test_size=0.2, random_state=4)
    assert plan.replicas[0].batches.reshape(3, -1).tolist() == [train.tolist()] * 3


def with_training(asked: Experiment, **changes: Any) -> Experiment:
    """With parts of its recipe replaced as they are, whatever the tables of Keras know of them."""
    return asked.model_copy(update={"training": asked.training.model_copy(update=changes)})


def of_numbers(protocol: dict[str, Any], **changes: Any) -> Experiment:
    """An experiment whose target is a number."""
    figures = changes.pop("figures", ["mean_squared_error"])
    return with_training(asking(protocol, figures=figures, **changes), loss={"MeanSquaredError": {}})


def test_targets_that_are_numbers_are_not_right_or_wrong() -> None:
    asked = of_numbers({"k_fold": {"folds": 3}})
    check_plan(asked, NUMBERS)
    plan = make_plan(asked, beans(None), 0, HERE)
    assert (plan.tested, plan.classes) == (None, None)
    assert plan.parts["train"].y.dtype == np.float32


EARLY = {"training": {"early_stopping": {}}}
PLATEAU = {"training": {"reduce_lr_on_plateau": {"monitor": "loss"}}}


@pytest.mark.parametrize(
    ("protocol", "changes", "description", "message"),
    [
        ({"k_fold": {"folds": 51}}, {}, {}, "protocol.k_fold.folds: expected at most 50 (the rows of beans), got 51"),
        ({"stratified_k_fold": {"folds": 51}}, {}, {},
         "protocol.stratified_k_fold.folds: expected at most 50 (the rows of beans), got 51"),
        ({"fixed_split": {}}, {}, {"test_rows": 0}, "protocol: expected hold_out, k_fold, stratified_k_fold, "
         "splits_from or no_split, got fixed_split: data set 'beans' has no test part of its own"),
        ({"fixed_split": {"train_rows": 51}}, {}, {},
         "protocol.fixed_split.train_rows: expected at most 50 (the training rows of beans), got 51"),
        ({"hold_out": {"train_first": 50}}, {}, {}, "protocol.hold_out.train_first: expected rows on either side of "
         "the 50 of beans, got 50 for training and 0 for the test"),
        ({"hold_out": {"train_first": 0.01}}, {}, {}, "protocol.hold_out.train_first: expected rows on either side of "
         "the 50 of beans, got 0 for training and 50 for the test"),
        ({"hold_out": {"test_size": 60}}, {}, {}, "protocol.hold_out.test_size: expected rows on either side of the "
         "50 of beans, got -10 for training and 60 for the test"),
        ({"hold_out": {"test_size": 0.99}}, {}, {}, "protocol.hold_out.test_size: expected rows on either side of the "
         "50 of beans, got 0 for training and 50 for the test"),
        ({"fixed_split": {"validation": {"first": 51, "trained_on": True}}}, {}, {},
         "protocol.fixed_split.validation: expected some of the 50 training rows of beans, got 51"),
        ({"fixed_split": {"validation": {"last": 50}}}, {}, {}, "protocol.fixed_split.validation: expected some of the "
         "50 training rows of beans and some left to train on, got 50"),
        ({"hold_out": {"train_first": 30, "validation": {"first": 30}}}, {}, {}, "protocol.hold_out.validation: "
         "expected some of the 30 training rows of beans and some left to train on, got 30"),
        ({"k_fold": {"folds": 2, "validation": {"last": 25}}}, {}, {}, "protocol.k_fold.validation: expected some of "
         "the 25 training rows of beans and some left to train on, got 25"),
        ({"no_split": {"validation": {"first": 0.001}}}, {}, {}, "protocol.no_split.validation: expected some of the "
         "50 training rows of beans and some left to train on, got 0"),
        ({"hold_out": {"train_first": 30, "evaluate_at_steps": [0, 99]}}, {}, {},
         "protocol.hold_out.evaluate_at_steps: expected 11 as the last step (3 epochs of 4 steps, counted from 0), "
         "got 99"),
        ({"no_split": {"evaluate_at_steps": [5], "validation": {"last": 10}}}, {}, {},
         "protocol.no_split.evaluate_at_steps: expected 14 as the last step (3 epochs of 5 steps, counted from 0), "
         "got 5"),
        ({"fixed_split": {}}, EARLY, {}, "training.early_stopping.monitor: expected loss or accuracy, or "
         "protocol.fixed_split.validation beside it, got val_loss without any validation rows"),
        ({"fixed_split": {"evaluate_at_steps": [20], "validation": {"same_as": "test"}}}, EARLY, {},
         "protocol.fixed_split.evaluate_at_steps: expected evaluate_every_epochs or neither with early stopping, which "
         "may end before these steps"),
        ({"fixed_split": {}}, {"training": {"class_weight": {0: 1.0, 2: 2.0}}}, {},
         "training.class_weight: expected a weight for each of the labels 0 to 2 of beans, got 0, 2"),
        ({"fixed_split": {}}, {"training": {"class_weight": {}}}, {},
         "training.class_weight: expected a weight for each of the labels 0 to 2 of beans, got none"),
        ({"fixed_split": {}}, {"figures": ["accuracy", "r2"]}, {},
         "figures: expected accuracy or loss, got r2: the target of beans is a class"),
        ({"fixed_split": {}}, {"training": {"loss": "binary_crossentropy"}, "model": [{"Dense": {"units": 1}}]}, {},
         "training.loss: expected sparse_categorical_crossentropy for the 3 classes of beans, got BinaryCrossentropy"),
        ({"fixed_split": {}}, {"dataset": {"maxlen": 5}}, {},
         "dataset.maxlen: expected it with sequences, got it with beans, whose rows are 4 numbers"),
        ({"fixed_split": {}}, {"dataset": {"skip_top": 5}}, {"shape": (8, 8)},
         "dataset.skip_top: expected it with sequences, got it with beans, whose rows are 8 x 8 numbers"),
    ],
)  # fmt: skip
def test_what_the_data_has_not_got(
    protocol: dict[str, Any], changes: dict[str, Any], description: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_plan(asking(protocol, **changes), described(**description))
    assert str(caught.value) == message


NUMBER = "the target of prices is a number"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (of_numbers({"stratified_k_fold": {"folds": 3}}), "protocol: expected k_fold, got stratified_k_fold: "
         f"{NUMBER}, and has no classes to keep in proportion"),
        (of_numbers({"hold_out": {"test_size": 5, "stratify": True}}), "protocol.hold_out.stratify: expected false, "
         f"got true: {NUMBER}, and has no classes to keep in proportion"),
        (of_numbers({"k_fold": {"folds": 3}}, figures=["accuracy"]), "figures: expected some of mean_squared_error, "
         f"mean_absolute_error, root_mean_squared_error, r2, got accuracy: {NUMBER}"),
        (asking({"k_fold": {"folds": 3}}), "training.loss: expected mean_squared_error or another loss of numbers, got "
         f"SparseCategoricalCrossentropy: {NUMBER}"),
        (of_numbers({"k_fold": {"folds": 3}}, training={"class_weight": {0: 1.0}}),
         f"training.class_weight: expected none, got one: {NUMBER}"),
        (of_numbers({"k_fold": {"folds": 3}}, training={"early_stopping": {"monitor": "accuracy"}}),
         f"training.early_stopping.monitor: expected loss or val_loss, got accuracy: {NUMBER}"),
    ],
)  # fmt: skip
def test_what_targets_that_are_numbers_have_not_got(asked: Experiment, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_plan(asked, NUMBERS)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ({}, "dataset: expected maxlen or multi_hot for the sequences of reviews, got neither"),
        ({"maxlen": 5, "standardize": True},
         "dataset.standardize: expected it with numbers, got it with reviews, whose rows are words"),
        ({"maxlen": 5, "min_max": [0.0, 1.0]},
         "dataset.min_max: expected it with numbers, got it with reviews, whose rows are words"),
        ({"maxlen": 5, "divide_by": 255.0},
         "dataset.divide_by: expected it with numbers, got it with reviews, whose rows are words"),
    ],
)  # fmt: skip
def test_what_sequences_need(dataset: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_plan(asking({"fixed_split": {}}, dataset), WORDS)
    assert str(caught.value) == message


def test_a_schedule_and_a_plateau_exclude_each_other() -> None:
    asked = asking({"fixed_split": {}}, **PLATEAU)
    check_plan(asked, described())
    schedule = {"SGD": {"learning_rate": {"ExponentialDecay": {"initial_learning_rate": 0.1}}}}
    with pytest.raises(ConfigError) as caught:
        check_plan(with_training(asked, optimizer=schedule), described())
    assert str(caught.value) == (
        "training.reduce_lr_on_plateau: expected a learning rate that is a number, got the schedule ExponentialDecay"
    )


@pytest.mark.parametrize(
    ("protocol", "changes"),
    [
        ({"fixed_split": {"validation": {"same_as": "test"}}}, EARLY),
        ({"k_fold": {"folds": 3, "validation": {"split": 0.1}}}, EARLY),
        ({"fixed_split": {}}, {"training": {"early_stopping": {"monitor": "accuracy"}}}),
        ({"fixed_split": {}}, {"training": {"class_weight": {0: 1.0, 1: 0.0, 2: 5.0}}}),
        ({"fixed_split": {}}, {"training": {"loss": "binary_crossentropy"}}),  # of vectors with one 1
        ({"fixed_split": {}}, {"dataset": {"one_hot": 5}}),
        ({"k_fold": {"folds": 50}}, {}),
        ({"hold_out": {"test_size": 0.01}}, {}),
        ({"splits_from": {"test": ["a.txt"], "validation": {"first": 1000}}}, {}),  # sizes stand in the files
    ],
)
def test_what_fits(protocol: dict[str, Any], changes: dict[str, Any]) -> None:
    check_plan(asking(protocol, **changes), described())


@pytest.mark.parametrize(
    ("protocol", "labels", "message"),
    [
        ({"stratified_k_fold": {"folds": 4}}, [0] * 9 + [1] * 3, "stratified_k_fold: 4 folds need at least 4 rows of "
         "every class, but class 1 has 3: use at most 3 folds"),
        ({"hold_out": {"test_size": 4, "stratify": True}}, [0] * 9 + [1],
         "hold_out.stratify: expected at least 2 rows of every class, but class 1 has 1"),
        ({"hold_out": {"test_size": 1, "stratify": True}}, [0] * 9 + [1] * 9, "hold_out.stratify: expected at least 2 "
         "rows on either side, one of every class, got 17 for training and 1 for the test"),
    ],
)  # fmt: skip
def test_what_the_labels_have_not_got(protocol: dict[str, Any], labels: list[int], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_labels(asking(protocol), np.array(labels, np.int32), HERE)
    assert str(caught.value) == message


class TestReported:
    @pytest.mark.parametrize(
        ("protocol", "reported", "message"),
        [
            ({"fixed_split": {}}, {"r2": {"value": 0.5}}, "reported.r2: expected one of loss, accuracy, which are "
             "measured, got r2; add it to figures"),
            ({"fixed_split": {}}, {"accuracy": {"value": 0.5, "split": "validation"}},
             "reported.accuracy.split: expected test, which this protocol records, got validation"),
            ({"fixed_split": {"validation": {"same_as": "test"}}}, {"accuracy": {"value": 0.5, "split": "validation"}},
             "reported.accuracy.split: expected test, which this protocol records, got validation"),
            ({"no_split": {}}, {"accuracy": {"value": 0.5}},
             "reported.accuracy.split: expected train, which this protocol records, got test"),
            ({"no_split": {"validation": {"first": 3}}}, {"accuracy": {"value": 0.5}},
             "reported.accuracy.split: expected train or validation, which this protocol records, got test"),
            ({"k_fold": {"folds": 3}}, {"accuracy": {"value": 0.5, "split": "train"}},
             "reported.accuracy.split: expected test, which this protocol records, got train"),
            ({"fixed_split": {"evaluate_at_steps": [20]}}, {"accuracy": {"value": 0.5, "split": "batch"}},
             "reported.accuracy.split: expected test, which this protocol records, got batch"),
            ({"fixed_split": {}}, {"accuracy": {"value": 0.5, "spread": 0.1, "spread_over": "folds"}},
             "reported.accuracy.spread_over: expected seeds, got folds: fixed_split has none"),
            ({"splits_from": {"test": ["a"]}}, {"accuracy": {"value": 0.5, "spread": 0.1, "spread_over": "folds"}},
             "reported.accuracy.spread_over: expected seeds, got folds: splits_from has none"),
            ({"k_fold": {"folds": 3}}, {"accuracy": {"value": 0.5, "steps": {5: 0.5}}},
             "reported.accuracy.steps: expected fixed_split, hold_out or no_split, got k_fold"),
            ({"hold_out": {"train_first": 30}}, {"accuracy": {"value": 0.5, "steps": {5: 0.5}}},
             "reported.accuracy.steps: expected steps that are evaluated, got 5"),
        ],
    )  # fmt: skip
    def test_what_is_not_recorded(self, protocol: dict[str, Any], reported: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigError) as caught:
            check_reported(asking(protocol, reported=reported), described())
        assert str(caught.value) == message

    @pytest.mark.parametrize(
        ("protocol", "reported"),
        [
            ({"fixed_split": {}}, {"loss": {"value": 0.5}}),
            ({"fixed_split": {"evaluate_every_epochs": 1}}, {"accuracy": {"value": 0.5, "split": "train"}}),
            ({"k_fold": {"folds": 3, "evaluate_on_train": True}}, {"loss": {"value": 0.5, "split": "train"}}),
            ({"fixed_split": {"evaluate_at_steps": [20]}}, {"loss": {"value": 0.5, "split": "batch"}}),
            ({"no_split": {"validation": {"last": 5}}}, {"accuracy": {"value": 0.5, "split": "validation"}}),
            ({"splits_from": {"test": ["a", "b"]}}, {"loss": {"value": 1.0, "spread": 0.1, "spread_over": "folds"}}),
            ({"hold_out": {"train_first": 30}}, {"accuracy": {"value": 0.5, "steps": {11: 0.5}}}),
        ],
    )
    def test_what_is(self, protocol: dict[str, Any], reported: dict[str, Any]) -> None:
        check_reported(asking(protocol, reported=reported), described())

    def test_the_progress_bar_shows_no_figures_of_numbers(self) -> None:
        reported = {"mean_squared_error": {"value": 21.0, "split": "train"}}
        running = of_numbers({"hold_out": {"train_first": 30, "evaluate_every_epochs": 1}}, reported=reported)
        with pytest.raises(ConfigError, match=r"split: expected test, which this protocol records, got train$"):
            check_reported(running, NUMBERS)
        check_reported(of_numbers({"no_split": {}}, reported=reported), NUMBERS)


def test_inputs_are_what_the_description_says() -> None:
    for spec in ({}, {"standardize": True}, {"one_hot": 9}, {"multi_hot": 9}):
        asked = asking({"fixed_split": {}}, spec)
        whole = np.arange(ROWS * 4, dtype=np.float32).reshape(ROWS, 4) % 9
        data = Dataset("beans", Part(whole, LABELS), Part(whole[:5], LABELS[:5]), CLASSES, {})
        assert make_plan(asked, data, 0, HERE).inputs == row_type(asked.dataset, described())


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("sonar_baseline", "c0778e80b40db54669fc4fca61b161399bbadccf386a9c77f12b142e6d36b6e0"),
        ("sonar_baseline_fresh_folds", "6efb2439c412bd3423f993aecf65868aa3f9cca56d3871846291661215f40e3c"),
    ],
)
def test_plans_of_sonar_are_those_that_its_stored_results_come_from(name: str, digest: str) -> None:
    path = find_config(name)
    plan = make_plan(Catalogue().experiment(path), sonar(), 3, path.parent)
    found = hashlib.sha256()
    for replica in plan.replicas:
        found.update(replica.batches.tobytes())
        found.update(replica.evaluated["test"][1].tobytes())
    assert found.hexdigest() == digest
