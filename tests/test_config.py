from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from repro.config import (
    Catalogue,
    Experiment,
    article_schema,
    experiment_files,
    experiment_schema,
    find_config,
    shipped_experiments,
)
from repro.config.data_description import KINDS
from repro.config.faults import validated
from repro.config.reported import Reported
from repro.config.resolution import resolution_of
from repro.config.schema import PythonFunction, PythonModel
from repro.config.strict import Strict
from repro.config.strict_yaml import Document, Mark, parse_file
from repro.config.variation.references import PATTERN
from repro.errors import ConfigError, MachineError
from repro.files import shipped
from repro.verdicts.types import Resolution

BASE = """\
article: some-article
title: Some title
dataset: {name: sonar, standardize: true}
model:
  - Dense: {units: 4, activation: relu, kernel_constraint: {MaxNorm: {max_value: 3}}}
  - Dropout: {rate: 0.2}
  - Dense: {units: 1, activation: sigmoid}
training:
  loss: binary_crossentropy
  optimizer: {SGD: {learning_rate: 0.1, momentum: 0.9}}
  batch_size: 16
  epochs: 3
protocol: {stratified_k_fold: {folds: 10}}
reported:
  accuracy: {value: 86.04, unit: percent, steps: {0: 50, 5: 86.04}}
"""
PROTOCOLS = "fixed_split, hold_out, k_fold, stratified_k_fold, splits_from, no_split"
ARTICLE = "title: Some article\nsource: somewhere\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def base(tmp_path) -> Path:
    return write(tmp_path, "base.yaml", BASE)


def refusal(path: Path, overrides=()) -> str:
    """The message of a refused file, without the folder."""
    with pytest.raises(ConfigError) as caught:
        Catalogue().experiment(path, overrides)
    return str(caught.value).replace(f"{path.parent}/", "")


def test_a_file_becomes_a_typed_experiment(base):
    experiment = Catalogue().experiment(base)
    assert (experiment.name, experiment.seeds, experiment.base_seed) == ("base", 30, 0)
    assert experiment.model[0] == {
        "Dense": {"units": 4, "activation": "relu", "kernel_constraint": {"MaxNorm": {"max_value": 3.0}}}
    }
    assert experiment.training.loss == {"BinaryCrossentropy": {}}
    assert experiment.protocol.folds == 10
    assert experiment.reported["accuracy"].steps == {0: 50.0, 5: 86.04}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  epochs: 3", "  epoch: 3", "8: training.epochs: expected a value for epochs, got none\n"
         "base.yaml:12: training.epoch: unknown key 'epoch'; did you mean 'epochs'?"),
        ("title: Some", "titel: Some", "1: title: expected a value for title, got none\n"
         "base.yaml:2: titel: unknown key 'titel'; did you mean 'title'?"),
        ("protocol:", "extend: x.yaml\nprotocol:", "13: extend: unknown key 'extend'; did you mean 'extends'?"),
        ("protocol:", "zzz: 1\nprotocol:", "13: zzz: unknown key 'zzz'; known: article, base_seed, dataset, defaults, "
         "extends, figures, grid, model, note, protocol, reported, seeds, title, training, unstated"),
        ("title:", "name: x\ntitle:", "2: name: unknown key 'name'; the name is that of the file"),
        ("{value: 86.04", "{valeu: 86.04", "15: reported.accuracy.value: expected a value for value, got none\n"
         "base.yaml:15: reported.accuracy.valeu: unknown key 'valeu'; did you mean 'value'?"),
        ("folds: 10", "fold: 10", "13: protocol.stratified_k_fold.folds: expected a value for folds, got none\n"
         "base.yaml:13: protocol.stratified_k_fold.fold: unknown key 'fold'; did you mean 'folds'?"),
        ("batch_size: 16", "batch_size: 5e1", "11: training.batch_size: YAML reads 5e1 as text: write 5.0e+1, or "
         'quote it ("5e1") if it is text'),
        ("batch_size: 16", "batch_size: 16.0", "11: training.batch_size: expected a whole number, got 16.0"),
        ("batch_size: 16", "batch_size: '16'", "11: training.batch_size: expected a whole number, got '16'"),
        ("batch_size: 16", "batch_size: true", "11: training.batch_size: expected a whole number, got true"),
        ("batch_size: 16", "batch_size:", "11: training.batch_size: expected a whole number, got null"),
        ("batch_size: 16", "batch_size: 0", "11: training.batch_size: expected at least 1, got 0"),
        ("epochs: 3", "epochs: -3", "12: training.epochs: expected at least 1, got -3"),
        ("epochs: 3", "epochs: 1000001", "12: training.epochs: expected at most 1000000, got 1000001"),
        ("standardize: true", "standardize: 1", "3: dataset.standardize: expected true or false, got 1"),
        ("standardize: true", "divide_by: 0", "3: dataset.divide_by: expected more than 0, got 0"),
        ("article: some-article", "article: ../../x", "1: article: expected a name of a-z, 0-9, - and _ that starts "
         "with a letter or digit, got '../../x'"),
        ("title:", "files: {a: b}\ntitle:", "2: files: unknown key 'files'; repro fills it in, with what it finds in "
         "the files that are named elsewhere"),
        ("title: Some title", "title: ''", "2: title: expected at least 1 character(s), got ''"),
        ("title: Some title", "title: 5", "2: title: expected text, got 5"),
        ("{name: sonar, standardize: true}", "[sonar]", '3: dataset: expected a mapping, got ["sonar"]'),
        ("unit: percent", "unit: percents",
         "15: reported.accuracy.unit: expected 'fraction', 'percent' or 'none', got 'percents'"),
        ("unit: percent, ", "", "15: reported.accuracy.value: expected an accuracy between 0 and 1 (or unit: percent), "
         "got 86.04"),
        ("value: 86.04", "value: 186",
         "15: reported.accuracy.value: expected an accuracy between 0 and 100, got 186.0"),
        ("  accuracy:", "  acuracy:", "15: reported.acuracy: unknown metric 'acuracy'; did you mean 'accuracy'?"),
        ("unit: percent", "margin: 4.5", "15: reported.accuracy: margin and margin_reason belong together: "
         "give both or neither"),
        ("unit: percent", "margin_reason: why", "15: reported.accuracy: margin and margin_reason belong together: "
         "give both or neither"),
        ("unit: percent", "spread: 4.5", "15: reported.accuracy: spread and spread_over belong together: "
         "give both or neither"),
        ("{0: 50", "{a: 50", "15: reported.accuracy.steps.a: expected a whole number, got 'a'"),
        ("{stratified_k_fold: {folds: 10}}", "{}",
         f"13: protocol: expected exactly one of {PROTOCOLS}"),
        ("{stratified_k_fold: {folds: 10}}", "{fixed_split: {evaluate_at_steps: [0, 5, 5]}}",
         "13: protocol.fixed_split.evaluate_at_steps: expected steps from 0 upwards, each larger than the one before"),
        ("{stratified_k_fold: {folds: 10}}", "{fixed_split: {evaluate_at_steps: 5}}",
         "13: protocol.fixed_split.evaluate_at_steps: expected a list, got 5"),
        ("{stratified_k_fold: {folds: 10}}", "{fixed_split: {evaluate_at_steps: []}}",
         "13: protocol.fixed_split.evaluate_at_steps: expected at least 1 item(s), got []"),
        ("{stratified_k_fold: {folds: 10}}", "{fixed_split: {evaluate_at_steps: [1], evaluate_every_epochs: 1}}",
         "13: protocol.fixed_split: evaluate_every_epochs and evaluate_at_steps exclude each other: give one"),
        ("{stratified_k_fold: {folds: 10}}", "{fixed_split: {evaluate_at_steps: [1, 5], judged_step: 2}}",
         "13: protocol.fixed_split.judged_step: expected one of evaluate_at_steps, got 2"),
        ("{stratified_k_fold: {folds: 10}}", "{fixed_split: {evaluate_every_epochs: 1, judged_step: 2}}",
         "13: protocol.fixed_split.judged_step: expected one of evaluate_at_steps, got 2"),
        ("  - Dropout", "  - Dropuot", "6: model.1: unknown layer 'Dropuot'; did you mean 'Dropout'?"),
        ("  - Dropout", "  - Dropout: {rate: 0.1}\n    Other", '6: model.1: expected one layer as {Class: {argument: '
         'value}}, got {"Dropout": {"rate": 0.1}, "Other": {"rate": 0.2}}'),
        ("{rate: 0.2}", "{raet: 0.2}", "6: model.1.Dropout: expected rate, which Dropout has to name\n"
         "base.yaml:6: model.1.Dropout.raet: unknown argument 'raet' of Dropout; did you mean 'rate'?"),
        ("{rate: 0.2}", "0.2", "6: model.1.Dropout: expected the arguments of Dropout as {argument: value}, got 0.2"),
        ("MaxNorm: {max_value: 3}", "MinMaxNorm: {rate: 1.5}",
         "5: model.0.Dense.kernel_constraint.MinMaxNorm.rate: expected rate in [0, 1], got 1.5"),
        ("value: 86.04", "quote: 'We got 0.8604 (4.58%)', value: 86.04",
         "15: reported.accuracy: expected a value that its quote has, got 86.04 and 'We got 0.8604 (4.58%)'"),
        ("value: 86.04", "quote: 'Error: 13.86%', value: 86.04",
         "15: reported.accuracy: expected a value that its quote has, got 86.04 and 'Error: 13.86%'"),
        ("rate: 0.2}", "rate: 1}", "6: model.1.Dropout.rate: expected rate in [0, 1), got 1"),
        ("units: 4", "units: 4.5", "5: model.0.Dense.units: expected a whole number, got 4.5"),
        ("activation: relu", "activation: rleu",
         "5: model.0.Dense.activation: unknown activation 'rleu'; did you mean 'relu'?"),
        ("activation: relu", "use_bias: 1", "5: model.0.Dense.use_bias: expected true or false, got 1"),
        ("activation: relu", "kernel_initializer: normal", "5: model.0.Dense.kernel_initializer: unknown initializer "
         "'normal'; did you mean 'random_normal', which is what Keras makes of it?"),
        ("activation: relu", "kernel_regularizer: L2", "5: model.0.Dense.kernel_regularizer.L2: expected l2, which L2 "
         "has to name"),
        ("activation: relu", "kernel_regularizer: {NonNeg: {}}",
         "5: model.0.Dense.kernel_regularizer: unknown regularizer 'NonNeg'; known: L1, L1L2, L2, "
         "OrthogonalRegularizer"),
        ("{MaxNorm: {max_value: 3}}", "max_norm",
         "5: model.0.Dense.kernel_constraint: a bare max-norm means 2 in Keras: write {MaxNorm: {max_value: ...}}"),
        ("max_value: 3", "max_value: -3",
         "5: model.0.Dense.kernel_constraint.MaxNorm.max_value: expected max_value in (0, 1000000000], got -3"),
        ("max_value: 3", "max_value: 3, axis: a", "5: model.0.Dense.kernel_constraint.MaxNorm.axis: expected a whole "
         "number or a list of whole numbers, got 'a'"),
        ("{learning_rate: 0.1, ", "{momentun: 0, ",
         "10: training.optimizer.SGD.momentun: unknown argument 'momentun' of SGD; did you mean 'momentum'?"),
        ("learning_rate: 0.1", "learning_rate: 0",
         "10: training.optimizer.SGD.learning_rate: expected learning_rate in (0, 1000], got 0"),
        ("SGD:", "Sdg:", "10: training.optimizer: unknown optimizer 'Sdg'; did you mean 'SGD'?"),
        ("loss: binary_crossentropy", "loss: binary_crossentropi",
         "9: training.loss: unknown loss 'binary_crossentropi'; did you mean 'binary_crossentropy'?"),
        ("protocol:", "seeds: 0\nbase_seed: -1\nprotocol:", "13: seeds: expected at least 1, got 0\n"
         "base.yaml:14: base_seed: expected at least 0, got -1"),
        ("protocol:", "title: again\nprotocol:", "13: title: duplicate key, first given on line 2"),
    ],
)  # fmt: skip
def test_every_fault_has_its_line_and_key_path(tmp_path, old, new, message):
    assert BASE.count(old) >= 1
    assert refusal(write(tmp_path, "base.yaml", BASE.replace(old, new, 1))) == f"base.yaml:{message}"


NEITHER = "expected a number of rows, or a fraction above 0 and below 1, got"
ONE_OF_FOUR = "expected exactly one of first, last, split, same_as"
CALLBACK = "training.early_stopping"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "{hold_out: {train_first: 1.5}}"}, f"protocol.hold_out.train_first: {NEITHER} 1.5"),
        ({"protocol": "{hold_out: {test_size: 0}}"}, f"protocol.hold_out.test_size: {NEITHER} 0"),
        ({"protocol": "{hold_out: {test_size: 1.0}}"}, f"protocol.hold_out.test_size: {NEITHER} 1.0"),
        ({"protocol": "{hold_out: {test_size: many}}"}, f"protocol.hold_out.test_size: {NEITHER} 'many'"),
        ({"protocol": "{hold_out: {}}"}, "protocol.hold_out: expected exactly one of train_first, test_size"),
        ({"protocol": "{hold_out: {train_first: 30, test_size: 0.3}}"},
         "protocol.hold_out: expected exactly one of train_first, test_size"),
        ({"protocol": "{hold_out: {train_first: 30, stratify: true}}"}, "protocol.hold_out: shuffle, stratify and "
         "random_state: expected none with train_first, which draws no rows"),
        ({"protocol": "{hold_out: {test_size: 30, shuffle: false, random_state: 1}}"}, "protocol.hold_out: stratify "
         "and random_state: expected neither with shuffle: false, got one"),
        ({"protocol": "{hold_out: {test_fraction: 0.3}}"}, "protocol.hold_out.test_fraction: unknown key "
         "'test_fraction'; known: evaluate_at_steps, evaluate_every_epochs, evaluate_on_train, judged_step, "
         "random_state, shuffle, stratify, test_size, train_first, validation"),
        ({"protocol": "{k_fold: {folds: 1}}"}, "protocol.k_fold.folds: expected at least 2, got 1"),
        ({"protocol": "{k_fold: {folds: 3, shuffle: false, random_state: 1}}"},
         "protocol.k_fold: random_state: expected none with shuffle: false, which draws nothing"),
        ({"protocol": "{k_fold: {folds: 3, as_in: scikit-learn 0.18}}"}, "protocol.k_fold.as_in: unknown key 'as_in'; "
         "known: evaluate_every_epochs, evaluate_on_train, folds, random_state, shuffle, validation"),
        ({"protocol": "{stratified_k_fold: {folds: 3, as_in: scikit-learn 0.19}}"},
         "protocol.stratified_k_fold.as_in: expected 'scikit-learn 0.18', got 'scikit-learn 0.19'"),
        ({"protocol": "{k_fold: {folds: 3, evaluate_at_steps: [1]}}"}, "protocol.k_fold.evaluate_at_steps: unknown key "
         "'evaluate_at_steps'; did you mean 'evaluate_every_epochs'?"),
        ({"protocol": "{splits_from: {test: []}}"}, "protocol.splits_from.test: expected at least 1 item(s), got []"),
        ({"protocol": "{splits_from: {test: test_0.txt}}"},
         "protocol.splits_from.test: expected a list, got 'test_0.txt'"),
        ({"protocol": "{splits_from: {test: [a.txt, b.txt], train: [c.txt]}}"},
         "protocol.splits_from.train: expected 2 files, one for each of test, got 1"),
        ({"protocol": "{no_split: {evaluate_on_train: true}}"}, "protocol.no_split.evaluate_on_train: expected it with "
         "a protocol that has test rows: no_split does so anyway"),
        ({"protocol": "{no_split: {validation: {same_as: test}}}"}, "protocol.no_split.validation: expected first, "
         "last or split, got same_as: there are no test rows"),
        ({"protocol": "{fixed_split: {validation: {}}}"}, f"protocol.fixed_split.validation: {ONE_OF_FOUR}"),
        ({"protocol": "{fixed_split: {validation: {first: 5, split: 0.1}}}"},
         f"protocol.fixed_split.validation: {ONE_OF_FOUR}"),
        ({"protocol": "{fixed_split: {validation: {first: -5}}}"},
         f"protocol.fixed_split.validation.first: {NEITHER} -5"),
        ({"protocol": "{fixed_split: {validation: {split: 1}}}"},
         "protocol.fixed_split.validation.split: expected less than 1, got 1"),
        ({"protocol": "{fixed_split: {validation: {same_as: train}}}"},
         "protocol.fixed_split.validation.same_as: expected 'test', got 'train'"),
        ({"protocol": "{fixed_split: {validation: {same_as: test, trained_on: true}}}"},
         "protocol.fixed_split.validation: expected trained_on with first, last or split, got it with same_as"),
        ({"dataset.min_max": "[1, 0]"}, "dataset.min_max: expected [low, high], got [1, 0]"),
        ({"dataset.min_max": "[0]"}, "dataset.min_max: expected [low, high], got [0]"),
        ({"dataset.min_max": "[0, b]"}, 'dataset.min_max: expected [low, high], got [0, "b"]'),
        ({"dataset.min_max": "1"}, "dataset.min_max: expected [low, high], got 1"),
        ({"dataset.min_max": "[0, 1]", "dataset.divide_by": "255"},
         "dataset: expected one of standardize, min_max, divide_by, got several"),
        ({"dataset.fit_scaler_on": "all"},
         "dataset: fit_scaler_on: expected it with standardize or min_max, which fit a scaler"),
        ({"dataset.one_hot": "1"}, "dataset.one_hot: expected at least 2, got 1"),
        ({"dataset.one_hot": "5", "dataset.multi_hot": "5"}, "dataset: expected one_hot or multi_hot, got both"),
        ({"dataset.one_hot": "5", "dataset.standardize": "true"}, "dataset: one_hot and multi_hot: expected neither "
         "with standardize, min_max or divide_by, got both"),
        ({"dataset.maxlen": "5", "dataset.multi_hot": "5"}, "dataset: expected maxlen or multi_hot, got both: a vector "
         "of words has no length to cut"),
        ({"dataset.padding": "front"}, "dataset.padding: expected 'pre' or 'post', got 'front'"),
        ({"training.class_weight": "{a: 1}"}, "training.class_weight.a: expected a whole number, got 'a'"),
        ({"training.class_weight": "{0: 1, 1: heavy}"}, "training.class_weight.1: expected a number, got 'heavy'"),
        ({"training.class_weight": "{0: 1, 1: -1}"},
         "training.class_weight: expected labels from 0 and weights of at least 0"),
        ({"training.class_weight": "5"}, "training.class_weight: expected a mapping, got 5"),
        ({CALLBACK: "{monitor: validation_loss}"}, f"{CALLBACK}.monitor: expected 'loss', 'accuracy', 'val_loss' or "
         "'val_accuracy', got 'validation_loss'"),
        ({CALLBACK: "{patient: 5}"}, f"{CALLBACK}.patient: unknown key 'patient'; did you mean 'patience'?"),
        ({"training.reduce_lr_on_plateau": "{factor: 1.0}"},
         "training.reduce_lr_on_plateau.factor: expected less than 1, got 1.0"),
        ({"training.shuffle": "batch"}, "training.shuffle: expected true or false, got 'batch'"),
        ({"figures": "[]"}, "figures: expected at least 1 item(s), got []"),
        ({"figures": "accuracy"}, "figures: expected a list, got 'accuracy'"),
        ({"figures": "[mse]"}, "figures.0: expected 'accuracy', 'loss', 'mean_squared_error', 'mean_absolute_error', "
         "'root_mean_squared_error' or 'r2', got 'mse'"),
        ({"figures": "[accuracy, loss, accuracy]"},
         "figures.2: expected each figure once, got accuracy a second time"),
        ({"reported": "{r2: {value: 80, unit: percent}}"}, "reported.r2.unit: expected no unit with r2, got percent"),
        ({"reported": "{mean_squared_error: {value: -31.6}}"},
         "reported.mean_squared_error.value: expected at least 0, got -31.6"),
        ({"model": "{python: {function: build}}"}, "model.python.file: expected a value for file, got none"),
        ({"model": "{python: {file: m.py, function: 1st}}"}, "model.python.function: expected the name of a function, "
         "got '1st'"),
        ({"model": "{python: {file: m.py, argument: {}}}"},
         "model.python.argument: unknown key 'argument'; did you mean 'arguments'?"),
        ({"model": "{python: 5}"}, "model.python: expected a mapping, got 5"),
    ],
)  # fmt: skip
def test_faults_of_protocols_preparation_and_recipes(tmp_path, changes, message):
    write(tmp_path, "base.yaml", BASE.replace(", standardize: true", ""))
    lines: dict[str, str] = {}
    for key, value in changes.items():
        top, _, below = key.partition(".")
        lines[top] = f"{lines[top]}, {below}: {value}" if top in lines else f"{{{below}: {value}" if below else value
    text = "".join(f"{top}: {value}{'}' * any('.' in key for key in changes)}\n" for top, value in lines.items())
    path = write(tmp_path, "child.yaml", "extends: base.yaml\n" + text)
    assert refusal(path) == f"child.yaml:2: {message}"


def test_a_choice_of_types_is_told_as_one():
    class Either(Strict):
        name: str
        column: str | int
        columns: tuple[str | int, ...] = ()

    def told(**values: object) -> str:
        marks = {(key,): Mark("data.yaml", 1) for key in values} | {(): Mark("data.yaml", 1)}
        with pytest.raises(ConfigError) as caught:
            validated(Either, "either", Document(values, marks))
        return str(caught.value)

    assert told(column=1.5) == "data.yaml:1: column: expected text or a whole number, got 1.5"
    assert told(column="a", columns=("b", True)) == (
        "data.yaml:1: columns.1: expected text or a whole number, got true"
    )


class TestFilesBesideAConfig:
    def write(self, folder: Path, text: str) -> Path:
        write(folder, "base.yaml", BASE)
        return write(folder, "child.yaml", f"extends: base.yaml\n{text}\n")

    def test_their_hashes_are_those_of_their_bytes(self, tmp_path):
        write(tmp_path, "model.py", "one")
        write(tmp_path, "splits/0.txt", "1\n")
        write(tmp_path, "splits/1.txt", "2\n")
        text = "model: {python: {file: model.py}}\nprotocol: {splits_from: {test: [splits/1.txt, splits/0.txt]}}"
        experiment = Catalogue().experiment(self.write(tmp_path, text))
        assert experiment.files == {
            name: hashlib.sha256(content).hexdigest()
            for name, content in (("model.py", b"one"), ("splits/0.txt", b"1\n"), ("splits/1.txt", b"2\n"))
        }
        assert experiment.trained["files"] == experiment.files
        write(tmp_path, "model.py", "two")
        assert Catalogue().experiment(tmp_path / "child.yaml").trained != experiment.trained

    def test_an_override_names_another(self, tmp_path):
        write(tmp_path, "a.py", "")
        write(tmp_path, "b.py", "")
        path = self.write(tmp_path, "model: {python: {file: a.py}}")
        assert list(Catalogue().experiment(path, ["model.python.file=b.py"]).files) == ["b.py"]
        assert Catalogue().experiment(path, ["protocol={k_fold: {folds: 3}}", "model=[Flatten]"]).files == {}
        with pytest.raises(ConfigError) as caught:
            Catalogue().experiment(path, ["model.python.file=c.py"])
        assert str(caught.value) == f"-S model.python.file: expected a file, found none at {tmp_path}/c.py"

    @pytest.mark.parametrize(
        ("file", "message"),
        [
            ("none.py", "expected a file, found none at none.py"),
            ("sub", "expected a file, found none at sub"),
            ("../out.py", "expected a file in the folder of the config or below, got '../out.py'"),
            ("sub/../in.py", "expected a file in the folder of the config or below, got 'sub/../in.py'"),
            ("/etc/hostname", "expected a file in the folder of the config or below, got '/etc/hostname'"),
            ("link.py", "expected a file in the folder of the config or below, got 'link.py'"),
            ("a" * 300, f"expected the name of a file, got '{'a' * 76}..."),
        ],
    )
    def test_what_is_refused(self, tmp_path, file, message):
        folder = tmp_path / "configs"
        write(tmp_path, "out.py", "")
        for name in ("in.py", "sub/x.py"):
            folder.mkdir(exist_ok=True)
            write(folder, name, "")
        (folder / "link.py").symlink_to(tmp_path / "out.py")
        path = self.write(folder, f"\nmodel:\n  python:\n    file: {file}")
        assert refusal(path) == f"child.yaml:5: model.python.file: {message}"

    def test_all_that_are_missing_are_told_at_once(self, tmp_path):
        path = self.write(tmp_path, "protocol:\n  splits_from:\n    test:\n      - a.txt\n      - b.txt")
        assert refusal(path).splitlines() == [
            "child.yaml:5: protocol.splits_from.test.0: expected a file, found none at a.txt",
            "child.yaml:6: protocol.splits_from.test.1: expected a file, found none at b.txt",
        ]


def test_an_article_is_optional(tmp_path):
    path = write(tmp_path, "lone.yaml", BASE.replace("article: some-article\n", ""))
    write(tmp_path, "articles/None.yaml", ARTICLE)
    catalogue = Catalogue()
    experiment = catalogue.experiment(path)
    assert experiment.article is None
    assert catalogue.article_of(path, experiment) is None


@pytest.mark.parametrize(
    ("value", "unit", "quote"),
    [
        (98.97, "percent", "CNN Error: 1.03%"),
        (0.9897, "fraction", "an error of 0.0103"),
        (86.04, "percent", "Baseline: 86,04% (4,58%)"),
    ],
)
def test_a_quote_has_an_accuracy_or_its_error_rate(value, unit, quote):
    assert Reported(value=value, unit=unit, quote=quote).stored == pytest.approx(
        value / (100 if unit == "percent" else 1)
    )
    for other in (value + 0.1 * value, 1 - value / 100):
        with pytest.raises(ValueError, match="expected a value that its quote has"):
            Reported(value=other, unit=unit, quote=quote)


def test_all_faults_are_told_at_once(tmp_path):
    text = BASE.replace("Dense", "Dens").replace("0.2", "2").replace("epochs: 3", "epochs: 0")
    assert refusal(write(tmp_path, "base.yaml", text)).splitlines() == [
        "base.yaml:5: model.0: unknown layer 'Dens'; did you mean 'Dense'?",
        "base.yaml:6: model.1.Dropout.rate: expected rate in [0, 1), got 2",
        "base.yaml:7: model.2: unknown layer 'Dens'; did you mean 'Dense'?",
        "base.yaml:12: training.epochs: expected at least 1, got 0",
    ]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("[]", "expected at least one layer"),
        ("5", "expected a list of layers, or {python: {file: FILE.py, function: NAME}}, got 5"),
        ("{pyhton: {file: model.py}}", "expected a list of layers, or {python: {file: FILE.py, function: NAME}}, got "
         '{"pyhton": {"file": "model.py"}}'),
        ("[{LayerNormalization: {axis: -1, scale: false}}, {Embedding: {}}]",
         "expected input_dim and output_dim, which Embedding has to name"),
        ("[{Softplus: {}}]",
         "unknown layer 'Softplus'; Keras 3.15 has none of that name"),
    ],
)  # fmt: skip
def test_models(tmp_path, model, message):
    write(tmp_path, "base.yaml", BASE)
    place = "model.1.Embedding" if "Embedding" in model else "model.0" if "Softplus" in model else "model"
    path = write(tmp_path, "child.yaml", f"extends: base.yaml\nmodel: {model}\n")
    assert refusal(path) == f"child.yaml:2: {place}: {message}"


@pytest.mark.parametrize("name", ["Base.yaml", "base.yml", ".yaml", "a b.yaml", "-a.yaml", "a" * 65 + ".yaml"])
def test_file_names_are_names(tmp_path, name):
    rule = "NAME of at most 64 of a-z, 0-9, - and _, the first a letter or digit"
    assert refusal(write(tmp_path, name, BASE)) == f"expected a file called NAME.yaml, {rule}, got '{name}'"


def test_notations_and_comments_and_key_order_train_the_same(tmp_path, base):
    lines = BASE.replace("max_value: 3", "max_value: 3.0").splitlines()
    top = [lines[0], *lines[13:15], "# a comment", lines[12], *lines[7:12], *lines[3:7], lines[2], "title: Another"]
    other = Catalogue().experiment(write(tmp_path, "other.yaml", "\n".join(top)))
    assert json.dumps(other.trained, sort_keys=True) == json.dumps(Catalogue().experiment(base).trained, sort_keys=True)
    changed = Catalogue().experiment(base, ["seeds=5", "title=x", "note=y", "reported={}"])
    assert changed.trained == Catalogue().experiment(base).trained
    for change in ("training.epochs=4", "base_seed=1", "model.1.Dropout.rate=0.3", "dataset.standardize=false"):
        assert Catalogue().experiment(base, [change]).trained != Catalogue().experiment(base).trained


class TestExtends:
    def load(self, folder: Path, text: str):
        write(folder, "base.yaml", BASE)
        return Catalogue().experiment(write(folder, "child.yaml", "extends: base.yaml\n" + text))

    def test_nothing_changed(self, tmp_path):
        child = self.load(tmp_path, "")
        assert child.name == "child"
        assert child.model_dump(exclude={"name"}) == Catalogue().experiment(tmp_path / "base.yaml").model_dump(
            exclude={"name"}
        )

    def test_mappings_merge_and_scalars_replace(self, tmp_path):
        child = self.load(tmp_path, "training: {epochs: 9}\n")
        assert (child.training.epochs, child.training.batch_size) == (9, 16)

    def test_lists_replace(self, tmp_path):
        assert self.load(tmp_path, "model: [Flatten]\n").model == [{"Flatten": {}}]

    def test_null_removes(self, tmp_path):
        assert self.load(tmp_path, "reported: null\n").reported == {}
        assert self.load(tmp_path, "reported: {accuracy: {steps: null}}\n").reported["accuracy"].steps is None

    def test_a_figure_with_a_value_of_its_own_takes_nothing_of_another(self, tmp_path):
        child = self.load(tmp_path, "reported: {accuracy: {value: 0.7}}\n")
        assert child.reported["accuracy"] == Reported(value=0.7)

    def test_steps_merge_by_whole_number(self, tmp_path):
        child = self.load(tmp_path, "reported: {accuracy: {steps: {5: 80, 9: 81}}}\n")
        assert child.reported["accuracy"].steps == {0: 50, 5: 80, 9: 81}

    @pytest.mark.parametrize(
        ("text", "optimizer"),
        [
            ("{Adam: {learning_rate: 0.01}}", {"Adam": {"learning_rate": 0.01}}),
            ("{SGD: {learning_rate: 0.5}}", {"SGD": {"learning_rate": 0.5, "momentum": 0.9}}),
            ("{SGD: {momentum: null}}", {"SGD": {"learning_rate": 0.1}}),
        ],
    )
    def test_another_optimizer_replaces_and_the_same_merges(self, tmp_path, text, optimizer):
        assert self.load(tmp_path, f"training: {{optimizer: {text}}}\n").training.optimizer == optimizer

    def test_another_loss_model_and_protocol_replace(self, tmp_path):
        loss = "{SparseCategoricalCrossentropy: {from_logits: true}}"
        write(tmp_path, "model.py", "")
        text = f"model: {{python: {{file: model.py}}}}\ntraining: {{loss: {loss}}}\nprotocol: {{fixed_split: {{}}}}\n"
        child = self.load(tmp_path, text)
        assert child.model == PythonModel(python=PythonFunction(file="model.py"))
        assert child.training.loss == {"SparseCategoricalCrossentropy": {"from_logits": True}}
        assert child.protocol.stratified_k_fold is None

    def test_chain_through_a_folder(self, tmp_path):
        write(tmp_path, "low.yaml", "extends: sub/mid.yaml\nseeds: 7\n")
        write(tmp_path, "sub/mid.yaml", "extends: base.yaml\nseeds: 8\nbase_seed: 4\n")
        write(tmp_path, "sub/base.yaml", BASE)
        experiment = Catalogue().experiment(tmp_path / "low.yaml")
        assert (experiment.seeds, experiment.base_seed, experiment.training.epochs) == (7, 4, 3)

    def test_faults_are_placed_in_the_right_file(self, tmp_path):
        write(tmp_path, "base.yaml", BASE.replace("0.2", "2").replace("epochs: 3", "epochs: 0"))
        child = write(tmp_path, "child.yaml", "extends: base.yaml\n\ntraining: {batch_size: 0, epochs: -1, epoch: 2}\n")
        assert refusal(child).splitlines() == [
            "base.yaml:6: model.1.Dropout.rate: expected rate in [0, 1), got 2",
            "child.yaml:3: training.batch_size: expected at least 1, got 0",
            "child.yaml:3: training.epochs: expected at least 1, got -1",
            "child.yaml:3: training.epoch: unknown key 'epoch'; did you mean 'epochs'?",
        ]

    def test_what_is_removed_and_needed_is_missing_in_the_file_that_removed_it(self, tmp_path):
        write(tmp_path, "base.yaml", BASE)
        child = write(tmp_path, "child.yaml", "extends: base.yaml\ntraining: {epochs: null}\n")
        assert refusal(child) == "child.yaml:2: training.epochs: expected a value for epochs, got none"

    def test_null_removes_nothing_that_is_not_inherited(self, tmp_path):
        write(tmp_path, "base.yaml", BASE)
        child = write(tmp_path, "child.yaml", "extends: base.yaml\nreportd: null\n")
        assert refusal(child) == "child.yaml:2: reportd: unknown key 'reportd'; did you mean 'reported'?"

    @pytest.mark.parametrize(
        ("target", "message"),
        [
            ("../base.yaml", "expected a file in the same folder or below, got '../base.yaml'"),
            ("/base.yaml", "expected a file in the same folder or below, got '/base.yaml'"),
            ("none.yaml", "expected a file, found none at FOLDER/none.yaml"),
            ("'a\\0'", "expected a file, found none at FOLDER/a\\0"),
            ("5", "expected the name of a file, got 5"),
            ("''", "expected the name of a file, got ''"),
            ("[base.yaml]", 'expected the name of a file, got ["base.yaml"]'),
            ("a" * 300, f"expected the name of a file, got '{'a' * 76}..."),
            ("child.yaml", "expected files that end somewhere, got a circle: child.yaml -> child.yaml"),
            ("other.yaml", "expected files that end somewhere, got a circle: child.yaml -> other.yaml -> child.yaml"),
        ],
    )
    def test_targets_that_are_refused(self, tmp_path, target, message):
        folder = tmp_path / "configs"
        write(folder, "other.yaml", "extends: child.yaml\n")
        write(tmp_path, "base.yaml", BASE)
        child = write(folder, "child.yaml", f"extends: {target}\n")
        source = "other.yaml" if target == "other.yaml" else "child.yaml"
        with pytest.raises(ConfigError) as caught:
            Catalogue().experiment(child)
        assert str(caught.value) == f"{folder / source}:1: extends: {message.replace('FOLDER', str(folder))}"

    def test_a_link_does_not_lead_out_of_the_folder(self, tmp_path):
        write(tmp_path, "base.yaml", BASE)
        child = write(tmp_path / "configs", "child.yaml", "extends: link.yaml\n")
        (tmp_path / "configs" / "link.yaml").symlink_to(tmp_path / "base.yaml")
        assert refusal(child) == "child.yaml:1: extends: expected a file in the same folder or below, got 'link.yaml'"


class TestOverrides:
    @pytest.mark.parametrize(
        ("override", "path", "value"),
        [
            ("training.epochs=5", ("training", "epochs"), 5),
            ("seeds=2", ("seeds",), 2),
            ("note=some text", ("note",), "some text"),
            ("title=a=b", ("title",), "a=b"),
            ("dataset={name: sonar, divide_by: 2}", ("dataset", "divide_by"), 2.0),
            ("model.1.Dropout.rate=0.5", ("model", 1, "Dropout", "rate"), 0.5),
            ("model.0.Dense.use_bias=false", ("model", 0, "Dense", "use_bias"), False),
            ("model.1={Dropout: {rate: 0}}", ("model", 1), {"Dropout": {"rate": 0.0}}),
            ("training.optimizer={Adam: {learning_rate: 1}}",
             ("training", "optimizer"), {"Adam": {"learning_rate": 1.0}}),
            ("training.loss.BinaryCrossentropy.from_logits=true",
             ("training", "loss"), {"BinaryCrossentropy": {"from_logits": True}}),
            ("reported.accuracy.steps.5=80.5", ("reported", "accuracy", "steps", 5), 80.5),
            ("reported.loss.value=0.5", ("reported", "loss", "value"), 0.5),
            ("protocol={fixed_split: {}}", ("protocol", "stratified_k_fold"), None),
        ],
    )  # fmt: skip
    def test_values(self, base, override, path, value):
        node = Catalogue().experiment(base, [override]).model_dump()
        for part in path:
            node = node[part]
        assert node == value
        assert type(node) is type(value)

    def test_several_and_the_last_wins(self, base):
        experiment = Catalogue().experiment(base, ["seeds=2", "training.epochs=1", "seeds=3"])
        assert (experiment.seeds, experiment.training.epochs) == (3, 1)

    def test_indexes_into_a_list_of_steps(self, base):
        overrides = [
            "protocol={fixed_split: {evaluate_at_steps: [0, 5]}}",
            "protocol.fixed_split.evaluate_at_steps.1=7",
        ]
        assert Catalogue().experiment(base, overrides).protocol.fixed_split.evaluate_at_steps == (0, 7)

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("training.epochs=5.5", "-S training.epochs: expected a whole number, got 5.5"),
            ("training.epochs='5'", "-S training.epochs: expected a whole number, got '5'"),
            ("training.epochs=null", "-S training.epochs: expected a whole number, got null"),
            ("training.epochs=[5]", "-S training.epochs: expected a whole number, got [5]"),
            ("training=5", "-S training: expected a mapping, got 5"),
            ("title=5", "-S title: expected text, got 5"),
            ("dataset.standardize=1", "-S dataset.standardize: expected true or false, got 1"),
            ("model.1.Dropout.rate=a", "-S model.1.Dropout.rate: expected a number, got 'a'"),
            ("training.optimizer.SGD.momentum=5e-4", "-S training.optimizer.SGD.momentum: YAML reads 5e-4 as text: "
             'write 5.0e-4, or quote it ("5e-4") if it is text'),
            ("training.epoch=5", "-S training.epoch: unknown key 'epoch'; did you mean 'epochs'?"),
            ("trainign.epochs=5", "-S trainign.epochs: trainign: unknown key 'trainign'; did you mean 'training'?"),
            ("seed=5", "-S seed: unknown key 'seed'; did you mean 'seeds'?"),
            ("files={a: b}", "-S files: unknown key 'files'; repro fills it in, with what it finds in the files that "
             "are named elsewhere"),
            ("name=x", "-S name: unknown key 'name'; the name is that of the file"),
            ("zzz=x", "-S zzz: unknown key 'zzz'; known: article, base_seed, dataset, defaults, figures, grid, model, "
             "note, protocol, reported, seeds, title, training, unstated"),
            ("model.1.Dropout.raet=0.5",
             "-S model.1.Dropout.raet: unknown argument 'raet' of Dropout; did you mean 'rate'?"),
            ("model.1.Dropuot.rate=0.5",
             "-S model.1.Dropuot.rate: unknown key 'Dropuot' in model.1; did you mean 'Dropout'?"),
            ("training.optimizer.Adam={learning_rate: 1}",
             "-S training.optimizer.Adam: unknown key 'Adam' in training.optimizer; known: SGD"),
            ("model.3.Dropout.rate=0.5", "-S model.3.Dropout.rate: expected an index from 0 to 2 into model, got '3'"),
            ("model.-1.Dense.units=5", "-S model.-1.Dense.units: expected an index from 0 to 2 into model, got '-1'"),
            ("training.epochs.x=5", "-S training.epochs.x: expected a key, but training.epochs is 3 and has no keys"),
            ("protocol.fixed_split.evaluate_every_epochs=1",
             f"FILE:13: protocol: expected exactly one of {PROTOCOLS}"),
            ("training.epochs", "-S training.epochs: expected KEY.PATH=VALUE, such as training.epochs=5"),
            ("=5", "-S =5: expected KEY.PATH=VALUE, such as training.epochs=5"),
            ("a..b=5", "-S a..b=5: expected KEY.PATH=VALUE, such as training.epochs=5"),
            ("seeds=", "-S seeds: expected a value after '=', got none"),
        ],
    )  # fmt: skip
    def test_faults(self, base, override, message):
        assert refusal(base, [override]) == message.replace("FILE", "base.yaml")

    def test_all_faults_are_told_at_once(self, base):
        assert refusal(base, ["seeds=no", "model.9=Flatten"]).splitlines() == [
            '-S seeds: YAML reads no as a boolean: write true or false, or quote it ("no") if it is text',
            "-S model.9: expected an index from 0 to 2 into model, got '9'",
        ]
        assert refusal(base, ["seeds=0", "training.epochs=0"]).splitlines() == [
            "-S seeds: expected at least 1, got 0",
            "-S training.epochs: expected at least 1, got 0",
        ]

    def test_a_file_has_to_be_valid_without_them(self, tmp_path):
        path = write(tmp_path, "base.yaml", BASE.replace("epochs: 3", "epochs: 0"))
        assert refusal(path, ["training.epochs=5"]) == "base.yaml:12: training.epochs: expected at least 1, got 0"


class TestArticles:
    def write(self, folder: Path, claims: str = "", experiments: str = "[]") -> Path:
        return write(folder, "articles/some-article.yaml", f"{ARTICLE}experiments: {experiments}\n{claims}")

    def faults(self, path: Path) -> str:
        with pytest.raises(ConfigError) as caught:
            Catalogue().check_article(path)
        return str(caught.value).replace(f"{path.parent.parent}/", "")

    def test_found_beside_its_experiment(self, tmp_path, base):
        experiment = Catalogue().experiment(base)
        assert Catalogue().article_of(base, experiment) is None
        write(tmp_path, "articles/some-article.yaml", ARTICLE)
        assert Catalogue().article_of(base, experiment).title == "Some article"

    @pytest.mark.parametrize(
        ("claims", "message"),
        [
            ("claim: []", "4: claim: unknown key 'claim'; did you mean 'claims'?"),
            ("name: x", "4: name: unknown key 'name'; the name is that of the file"),
            ("claims:\n  - {id: c, text: t, a: x, b: y}", "5: claims.0: expected either a, b (or value) and "
             "direction; or contrast or trend and direction; or among, points and the direction near_best or "
             "below_best; or figure_of; or not_tested with the reason"),
            ("claims:\n  - {id: c, text: t, a: x, b: y, direction: more}",
             "5: claims.0.direction: expected 'greater', 'less', 'equivalent', 'near_best' or 'below_best', got "
             "'more'"),
            ("claims:\n  - {id: c, text: t, figure_of: x}\n  - {id: c, text: t, figure_of: x}",
             "6: claims.1.id: expected an id of its own, got 'c' a second time"),
            ("claims:\n  - {id: c, text: t, figure: x}", "5: claims.0.figure: unknown key 'figure'; did you mean "
             "'figure_of'?"),
            ("claims:\n  - {id: c, text: t, a: x, b: y, direction: less, margin: 5, margin_reason: why}",
             "5: claims.0: expected a margin below 1 (0.01 is one point of accuracy), got 5"),
            ("claims:\n  - {id: c, text: t, figure_of: x, margin: 0.1, margin_reason: why}",
             "5: claims.0: margin, part, split and until: expected none, got one: they belong to a comparison"),
            ("claims:\n  - {id: c, text: t, a: x, b: y, direction: less, margin: 0.1}",
             "5: claims.0: margin and margin_reason belong together: give both or neither"),
            ("claims:\n  - {id: c, text: t, contrast: {x: 1, y: 1}, direction: less}",
             "5: claims.0.contrast: expected weights that add up to 0, got a sum of 2"),
            ("claims:\n  - {id: c, text: t, contrast: {x: 1}, direction: less}",
             "5: claims.0.contrast: expected two experiments or more, got 1"),
            ("claims:\n  - {id: c, text: t, direction: less, contrast: {x: 0, y: 1, z: -1}}",
             "5: claims.0.contrast.x: expected a weight other than 0, or leave this experiment out"),
            ("claims:\n  - {id: c, text: t, a: x, b: x, direction: less}",
             "5: claims.0.b: expected another experiment than a, got 'x'"),
            ("claims:\n  - {id: c, text: t, a: x, b: y, direction: less, part: {a: z, b: z, what: w}}",
             "5: claims.0.part.b: expected another experiment than a, got 'z'"),
            ("slips: none", "4: slips: expected a list, got 'none'"),
            ("slips:\n  - a: b", '5: slips.0: expected text, got {"a": "b"}'),
        ],
    )  # fmt: skip
    def test_faults(self, tmp_path, claims, message):
        path = self.write(tmp_path, claims)
        with pytest.raises(ConfigError) as caught:
            Catalogue().article(path)
        assert str(caught.value) == f"{path}:{message}"

    def test_an_experiment_named_twice_is_refused(self, tmp_path, base):
        assert self.faults(self.write(tmp_path, experiments="[base, base]")) == (
            "articles/some-article.yaml:3: experiments.1: expected each experiment once, got 'base' a second time"
        )

    def test_experiments_have_to_exist_belong_to_it_and_report_their_figure(self, tmp_path, base):
        claims = (
            "claims:\n"
            "  - {id: one, text: t, a: base, b: bsae, direction: less}\n"
            "  - {id: two, text: t, figure_of: zzz}\n"
            "  - {id: three, text: t, figure_of: base}\n"
            "  - {id: four, text: t, figure_of: base, metric: loss}\n"
            "  - {id: five, text: t, contrast: {base: 1, basse: -1}, direction: less}\n"
            "  - {id: six, text: t, a: base, b: other, direction: less, part: {a: base, b: bose, what: more}}\n"
        )
        write(tmp_path, "other.yaml", BASE.replace("some-article", "another"))
        here = "articles/some-article.yaml"
        assert self.faults(self.write(tmp_path, claims, "[base, other, gone]")).splitlines() == [
            f"{here}:3: experiments.2: unknown experiment 'gone'; known: base, other",
            f"{here}:5: claims.0.b: unknown experiment 'bsae'; did you mean 'base'?",
            f"{here}:6: claims.1.figure_of: unknown experiment 'zzz'; known: base, other",
            f"{here}:9: claims.4.contrast.basse: unknown experiment 'basse'; did you mean 'base'?",
            f"{here}:10: claims.5.part.b: unknown experiment 'bose'; did you mean 'base'?",
            f"{here}:3: experiments.1: other belongs to article 'another', not to 'some-article'",
            f"{here}:8: claims.3.figure_of: base reports no loss",
        ]

    def test_a_broken_neighbour_counts_where_the_article_names_it(self, tmp_path, base):
        write(tmp_path, "broken.yaml", "title: Not yet finished\n")
        Catalogue().check_article(self.write(tmp_path, experiments="[base]"))
        told = self.faults(self.write(tmp_path, experiments="[base, broken]"))
        assert "broken.yaml:1: model: expected a value for model, got none" in told

    def test_equality_in_loss_has_to_have_a_margin(self, tmp_path, base):
        claim = "claims:\n  - {id: one, text: t, a: NAME, b: near, direction: equivalent, metric: loss"
        write(tmp_path, "near.yaml", "extends: base.yaml\n")
        of_base = claim.replace("NAME", "base")
        assert self.faults(self.write(tmp_path, of_base + "}")) == (
            "articles/some-article.yaml:5: claims.0.margin: expected a margin, here or with the article's figure: "
            "equality in loss needs one"
        )
        Catalogue().check_article(self.write(tmp_path, of_base + ", margin: 0.1, margin_reason: why}"))
        contrast = of_base.replace("a: base, b: near", "contrast: {base: 1, other: -1}")
        write(tmp_path, "other.yaml", "extends: base.yaml\n")
        assert "claims.0.margin: expected a margin" in self.faults(self.write(tmp_path, contrast + "}"))
        declared = "reported: {loss: {value: 0.5, margin: 0.1, margin_reason: why}}\n"
        write(tmp_path, "declared.yaml", f"extends: base.yaml\n{declared}")
        Catalogue().check_article(self.write(tmp_path, claim.replace("NAME", "declared") + "}"))
        Catalogue().check_article(self.write(tmp_path, contrast.replace("other", "declared") + "}"))


class TestResolution:
    ONE_POINT = Resolution(
        0.01,
        "one point, the region of practical equivalence of Benavoli, Corani, Demsar and Zaffalon (2017), since no "
        "claim of an article draws a conclusion from two reported accuracies",
    )

    def of(self, folder: Path, *claims: str) -> Resolution:
        """Of an article with claims about `base` (86.04%), `near` (0.8359) and `far` (0.7), which are its own."""
        for name, value in (("near", "0.8359"), ("far", "0.7")):
            figure = f"{{value: {value}, unit: fraction, steps: null}}"
            write(
                folder, f"{name}.yaml", f"extends: base.yaml\nreported: {{accuracy: {figure}, loss: {{value: 1.0}}}}\n"
            )
        write(
            folder,
            "other.yaml",
            "extends: base.yaml\narticle: another\nreported: {accuracy: {value: 86.03, unit: percent}}\n",
        )
        write(folder, "silent.yaml", "extends: base.yaml\nreported: null\n")
        lines = "".join(f"  - {{id: c{i}, text: t, {claim}}}\n" for i, claim in enumerate(claims))
        path = write(folder, "articles/some-article.yaml", f"{ARTICLE}claims:\n{lines}")
        catalogue = Catalogue()
        return resolution_of(catalogue.article(path), catalogue.experiments_of(path))

    def test_half_the_smallest_difference_from_which_a_claim_concludes(self, tmp_path, base):
        found = self.of(tmp_path, "a: far, b: base, direction: less", "a: near, b: base, direction: less")
        assert found.value == 0.01225
        assert found.reason == (
            "half of 2.45 points, the smallest reported difference from which the article draws a conclusion (base and "
            "near)"
        )

    def test_a_single_point_is_told_as_one(self, tmp_path, base):
        write(tmp_path, "close.yaml", "extends: base.yaml\nreported: {accuracy: {value: 85.04, unit: percent}}\n")
        assert self.of(tmp_path, "a: close, b: base, direction: less").reason.startswith("half of 1 point, the")

    @pytest.mark.parametrize(
        "claim",
        [
            "a: near, b: base, direction: less, added: true",
            "a: near, b: base, direction: equivalent",
            "a: near, b: far, direction: less, metric: loss",
            "a: silent, b: base, direction: less",
            "a: other, b: base, direction: less",
            "figure_of: base",
            "contrast: {base: 1, near: -1}, direction: less",
        ],
    )
    def test_one_point_where_no_claim_does(self, tmp_path, base, claim):
        assert self.of(tmp_path, claim) == self.ONE_POINT

    def test_one_point_without_an_article(self):
        assert resolution_of(None, {}) == self.ONE_POINT

    @pytest.mark.parametrize(
        ("article", "value", "words"),
        [
            ("keras-sonar", 0.01225, "half of 2.45 points, the smallest"),
            ("tf2-mnist-ablation", 0.00695, "half of 1.39 points, the smallest"),
            ("keras-fashion-mnist", 0.01, "one point, the region"),
        ],
    )
    def test_shipped_articles(self, article, value, words):
        catalogue, path = Catalogue(), shipped("configs") / "articles" / f"{article}.yaml"
        found = resolution_of(catalogue.article(path), catalogue.experiments_of(path))
        assert found.value == value
        assert found.reason.startswith(words)


class TestCatalogue:
    def test_every_shipped_file_is_opened_once(self):
        opened: list[Path] = []

        def parse(path: Path) -> Document:
            opened.append(path.resolve())
            return parse_file(path)

        catalogue, folder = Catalogue(parse), shipped("configs")
        articles = sorted((folder / "articles").iterdir())
        for path in experiment_files(folder):
            assert catalogue.article_of(path, catalogue.experiment(path, ["seeds=3"]))
        for path in articles:
            catalogue.check_article(path)
        claimed = {path for path in opened if path.parent == folder / "claims"}  # what claims of articles are about
        assert claimed
        assert sorted(opened) == sorted([*experiment_files(folder), *articles, *claimed])

    def test_one_file_under_two_names_is_opened_once(self, tmp_path, monkeypatch, base):
        monkeypatch.chdir(tmp_path)
        catalogue = Catalogue()
        assert catalogue.document(base) is catalogue.document(Path("base.yaml"))

    def test_what_is_kept_is_never_changed(self, tmp_path, base):
        child = write(tmp_path, "child.yaml", "extends: base.yaml\ntraining: {epochs: 9}\nmodel: [Flatten]\n")
        catalogue = Catalogue()
        for overrides in ([], ["training.optimizer.SGD.momentum=0.5", "model.0={Dropout: {rate: 0.5}}"], []):
            assert catalogue.experiment(child, overrides) == Catalogue().experiment(child, overrides)
            assert catalogue.experiment(base) == Catalogue().experiment(base)
        assert catalogue.document(child) == parse_file(child)
        assert catalogue.document(base) == parse_file(base)


class TestLocating:
    def test_an_existing_path_is_itself(self, base):
        assert find_config(str(base)) == base

    @pytest.mark.parametrize("given", ["sonar_hidden", "sonar_hidden.yaml", "configs/sonar_hidden.yaml"])
    def test_shipped_experiments_are_found_from_anywhere(self, tmp_path, monkeypatch, given):
        monkeypatch.chdir(tmp_path)
        assert find_config(given) == shipped("configs") / "sonar_hidden.yaml"

    @pytest.mark.parametrize("given", ["sonar_hiden", "other/sonar_hidden.yaml", "../sonar_hidden", "/sonar_hidden"])
    def test_others_are_refused_with_a_suggestion(self, tmp_path, monkeypatch, given):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigError) as caught:
            find_config(given)
        assert str(caught.value) == (
            f"expected a config, got '{given}': no such file, nor an experiment in {shipped('configs')}; "
            "did you mean 'sonar_hidden'?"
        )

    @pytest.mark.parametrize("given", ["a" * 300, "a\0b", "", "."])
    def test_impossible_names_are_refused(self, given):
        with pytest.raises(ConfigError, match=r"^expected a config, got '.*in .*configs; `repro list` names them$"):
            find_config(given)

    def test_a_checkout_comes_before_the_copy_in_a_wheel(self, tmp_path):
        package = tmp_path / "repro"
        with pytest.raises(MachineError) as caught:
            shipped("configs", package)
        places = f"{tmp_path}/configs or {package}/_bundled/configs"
        told = f"expected the folder configs at {places}, found neither; install repro again"
        assert str(caught.value) == told
        bundled = package / "_bundled" / "configs"
        bundled.mkdir(parents=True)
        (tmp_path / "configs").mkdir()
        assert shipped("configs", package) == bundled
        write(tmp_path, "pyproject.toml", "")
        assert shipped("configs", package) == tmp_path / "configs"

    def test_data_descriptions_are_no_experiments(self, tmp_path):
        write(tmp_path, "data.yaml", "title: Some data\ncsv: {path: a.csv}\n")
        write(tmp_path, "base.yaml", BASE)
        write(tmp_path, "child.yaml", "extends: base.yaml\n")
        write(tmp_path, "misspelt.yaml", "modle: []\n")
        write(tmp_path, "broken.yaml", "a: [\n")
        found = Catalogue().experiment_files(tmp_path)
        assert [path.stem for path in found] == ["base", "broken", "child", "misspelt"]
        assert experiment_files(tmp_path) == found
        assert not set(KINDS) & set(Experiment.model_fields)

    def test_published_experiments_are_found_by_their_bare_names(self, tmp_path, monkeypatch):
        (tmp_path / "configs" / "published").mkdir(parents=True)
        (tmp_path / "elsewhere").mkdir()
        own = write(tmp_path / "configs", "own.yaml", BASE)
        one = write(tmp_path / "configs" / "published", "b/one.yaml", BASE)
        two = write(tmp_path / "configs" / "published", "a/two.yaml", BASE)
        monkeypatch.setattr("repro.config.catalogue.shipped", lambda name: tmp_path / name)
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert shipped_experiments() == [own, two, one]
        for given in ("one", "one.yaml", "configs/published/b/one.yaml", "configs/published/b/one"):
            assert find_config(given) == one
        with pytest.raises(ConfigError, match="did you mean 'two'") as caught:
            find_config("configs/published/b/two")
        assert str(caught.value).startswith("expected a config, got 'configs/published/b/two': no such file")

    def test_names_of_shipped_experiments_are_unique(self):
        names = [path.stem for path in shipped_experiments()]
        assert len(set(names)) == len(names) >= 14

    def test_experiment_files_are_the_yaml_files_of_the_folder_sorted(self, tmp_path):
        for name in ("b.yaml", "a.yaml", "c.yml", "articles/d.yaml"):
            write(tmp_path, name, "")
        (tmp_path / "e.yaml").mkdir()
        assert [path.name for path in experiment_files(tmp_path)] == ["a.yaml", "b.yaml"]


class TestJsonSchema:
    def test_top_level(self):
        schema = experiment_schema()
        assert not {"name", "files"} & set(schema["properties"])
        assert "extends" in schema["properties"]
        assert schema["additionalProperties"] is False
        assert "required" not in json.dumps(schema)

    def test_names_of_keras(self):
        properties = experiment_schema()["properties"]
        layers, python = properties["model"]["anyOf"][0]["anyOf"]
        assert layers["items"] == {"$ref": "#/$defs/KerasLayer"}
        defined = experiment_schema()["$defs"]
        dense = defined["KerasLayer"]["anyOf"][1]["properties"]["Dense"]["properties"]
        assert "seed" not in dense
        assert dense["kernel_initializer"] == {"$ref": "#/$defs/KerasInitializer"}
        assert "relu" in defined["KerasActivationName"]["enum"]
        assert "random_normal" in defined["KerasInitializer"]["anyOf"][0]["enum"]
        assert "adam" in defined["KerasOptimizer"]["anyOf"][0]["enum"]
        text = json.dumps(experiment_schema())
        assert set(re.findall(r"#/\$defs/(\w+)", text)) <= set(defined)
        assert len(text) < 200_000
        assert python == {"$ref": "#/$defs/PythonModel"}
        assert set(experiment_schema()["$defs"]["PythonFunction"]["properties"]) == set(PythonFunction.model_fields)

    def test_knows_every_key_of_the_shipped_files(self):
        schema = experiment_schema()
        for path in experiment_files(shipped("configs")):
            tree = parse_file(path).value
            assert set(tree) <= set(schema["properties"])
            for key, part in (("training", "Training"), ("dataset", "DatasetSpec"), ("protocol", "Protocol")):
                assert set(tree.get(key, ())) <= set(schema["$defs"][part]["properties"])

    def test_knows_every_key_of_the_shipped_articles(self):
        schema = article_schema()
        assert "name" not in {*schema["properties"], *schema["required"]}
        for path in (shipped("configs") / "articles").glob("*.yaml"):
            tree = parse_file(path).value
            assert set(tree) <= set(schema["properties"])
            assert {key for claim in tree["claims"] for key in claim} <= set(schema["$defs"]["Claim"]["properties"])

    def test_of_an_article_tells_about_contrasts_and_parts(self):
        claim = article_schema()["$defs"]["Claim"]["properties"]
        assert claim["contrast"]["anyOf"][0]["patternProperties"] == {PATTERN: {"type": "number"}}
        assert claim["part"]["anyOf"][0] == {"$ref": "#/$defs/Part"}
