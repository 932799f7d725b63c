"""Mistakes that people make with models, data and protocols of their own: one message, the right code, nothing written.

Each row changes one thing of an experiment that works. The message is told as far as it helps: what was expected, what
came, where.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import invoke, stand_in

CONFIG = """\
title: Flowers
dataset: {name: flowers_data.yaml, standardize: true}
model:
  - Dense: {units: 4, activation: relu}
  - Dense: {units: 3, activation: softmax}
training: {loss: sparse_categorical_crossentropy, optimizer: adam, batch_size: 5, epochs: 2}
protocol: {stratified_k_fold: {folds: 3}}
seeds: 2
"""
DATA = """\
title: Flowers
rows: 12
shape: [2]
classes: 3
labels: [a, b, c]
csv: {path: flowers.csv, sha256: "SHA"}
"""
TABLE = "".join(f"{row}.5,{row % 4},{'abc'[row % 3]}\n" for row in range(12))


def write(folder: Path, config: str = CONFIG, data: str = DATA, table: str = TABLE) -> Path:
    """An experiment with its data in a folder; the checksum is that of the table unless the data name another."""
    import hashlib

    folder.mkdir()
    (folder / "flowers.yaml").write_text(config, encoding="utf-8")
    (folder / "flowers_data.yaml").write_text(
        data.replace("SHA", hashlib.sha256(table.encode()).hexdigest()), encoding="utf-8"
    )
    (folder / "flowers.csv").write_text(table, encoding="utf-8")
    return folder / "flowers.yaml"


def test_what_the_rows_change_works(tmp_path: Path) -> None:
    done = invoke("run", write(tmp_path / "own"), "-o", tmp_path / "out", machine=stand_in())
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "flowers" / "table.md").is_file()


OLD_MODEL = "  - Dense: {units: 4, activation: relu}\n"
CONFIG_FAULTS = [
    # what Keras has, and has not
    (OLD_MODEL, "  - Conv2d: {filters: 4, kernel_size: 3}\n", "unknown layer 'Conv2d'; did you mean 'Conv2D'?"),
    (OLD_MODEL, "  - Conv2D: {filters: 4}\n", "expected kernel_size, which Conv2D has to name"),
    (OLD_MODEL, "  - Conv2D: {filters: 4, kernal_size: 3}\n", "unknown argument 'kernal_size' of Conv2D"),
    (OLD_MODEL, "  - Lambda: {function: f}\n", "Lambda"),
    (OLD_MODEL, "  - Concatenate\n", "Concatenate"),
    (OLD_MODEL, "  - TextVectorization\n", "TextVectorization"),
    (OLD_MODEL, "  - LSTM: {units: 4, dropout: 1.5}\n", "dropout"),
    (OLD_MODEL, "  - Bidirectional: {layer: {LSMT: {units: 4}}}\n", "unknown layer 'LSMT'"),
    (OLD_MODEL, "  - Dropout: {rate: 0.5, seed: 3}\n", "seed"),
    ("optimizer: adam", "optimizer: rmsporp", "unknown optimizer 'rmsporp'; did you mean 'rmsprop'?"),
    ("optimizer: adam", "optimizer: {SGD: {lr: 0.1}}", "'lr'"),
    ("optimizer: adam", "optimizer: {SGD: {learning_rate: {ExponentialDekay: {}}}}", "ExponentialDekay"),
    ("loss: sparse_categorical_crossentropy", "loss: ctc", "ctc"),
    ("title: Flowers\n", "title: Flowers\ndefaults: keras-3\n", "unknown defaults 'keras-3'"),
    # the recipe
    ("epochs: 2", "epochs: 2, early_stopping: {patience: 2}", "validation"),
    ("epochs: 2", "epochs: 2, early_stopping: {monitor: validation_loss}", "'val_loss'"),
    ("epochs: 2", "epochs: 2, class_weight: {0: 1.0, 1: 2.0}", "class_weight"),
    (
        "optimizer: adam, batch_size: 5, epochs: 2}\nprotocol: {stratified_k_fold: {folds: 3}}",
        "optimizer: {SGD: {learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 9}}}}, "
        "batch_size: 5, epochs: 2, reduce_lr_on_plateau: {}}\n"
        "protocol: {stratified_k_fold: {folds: 3, validation: {split: 0.2}}}",
        "reduce_lr_on_plateau",
    ),
    ("seeds: 2", "figures: [r2]", "r2"),
    ("seeds: 2", "figures: [acuracy]", "'acuracy'"),
    (
        "units: 3, activation: softmax}\ntraining: {loss: sparse_categorical_crossentropy",
        "units: 1, activation: sigmoid}\ntraining: {loss: binary_crossentropy",
        "BinaryCrossentropy",
    ),
    # protocols
    ("{stratified_k_fold: {folds: 3}}", "{stratified_k_fold: {folds: 5}}", "use at most 4 folds"),
    ("{stratified_k_fold: {folds: 3}}", "{fixed_split: {}}", "has no test part of its own"),
    ("{stratified_k_fold: {folds: 3}}", "{hold_out: {}}", "expected exactly one of train_first, test_size"),
    ("{stratified_k_fold: {folds: 3}}", "{hold_out: {train_first: 12}}", "12"),
    ("{stratified_k_fold: {folds: 3}}", "{hold_out: {test_size: 1.5}}", "got 1.5"),
    ("{stratified_k_fold: {folds: 3}}", "{hold_out: {train_first: 6, random_state: 1}}", "random_state"),
    ("{stratified_k_fold: {folds: 3}}", "{k_fold: {folds: 13}}", "expected at most 12"),
    ("{stratified_k_fold: {folds: 3}}", "{k_fold: {folds: 3}, no_split: {}}", "expected exactly one of fixed_split"),
    ("{stratified_k_fold: {folds: 3}}", "{splits_from: {test: [gone.txt]}}", "gone.txt"),
    ("{stratified_k_fold: {folds: 3}}", "{splits_from: {test: [../other.txt]}}", "../other.txt"),
    ("{folds: 3}", "{folds: 3, validation: {first: 3, last: 3}}", "exactly one of first, last, split, same_as"),
    # data
    ("flowers_data.yaml", "flower_data.yaml", "flower_data.yaml"),
    ("flowers_data.yaml", "flowers.yaml", "flowers.yaml"),
    ("standardize: true", "standardize: true, divide_by: 2", "expected one of standardize, min_max, divide_by"),
    ("standardize: true", "min_max: [1, 0]", "expected [low, high]"),
    ("standardize: true", "maxlen: 10", "maxlen"),
    # a model in Python
    (CONFIG[CONFIG.index("model") : CONFIG.index("training")], "model: {python: {file: model.py}}\n", "model.py"),
]
DESCRIPTION_FAULTS = [
    ("csv:", "cvs:", "unknown key 'cvs'; did you mean 'csv'?"),
    ('"SHA"', '"SHA", label: species', "species"),
    ("csv: {path: flowers.csv", "scikit_learn: {call: {make_moon: {}}, path: flowers.csv", "make_moon"),
]
DATA_FAULTS = [  # what it says is not what the file holds
    ("rows: 12", "rows: 13", "expected 13 rows"),
    ("shape: [2]", "shape: [3]", "expected 3 inputs a row"),
    ("labels: [a, b, c]", "labels: [a, b, d]", "'c'"),
    ("labels: [a, b, c]\n", "", "list the texts as labels"),
    ("flowers.csv", "gone.csv", "gone.csv"),
    ("SHA", "0" * 64, "damaged"),
]
TABLE_FAULTS = [
    ("1.5,1,b", "1.5,,b", "missing"),
    ("1.5,1,b", "1.5,nan,b", "nan"),
    ("1.5,1,b", "1.5,one,b", "'one'"),
    ("1.5,1,b", "1.5,b", "line 2"),
    ("1.5,1,b", "1.5,1,e", "'e'"),
    (TABLE, "", "flowers.csv"),
]
FAULTS = [
    *(("config", *row, 2) for row in CONFIG_FAULTS),
    *(("data", *row, 2) for row in DESCRIPTION_FAULTS),
    *(("data", *row, 3) for row in DATA_FAULTS),
    *(("table", *row, 3) for row in TABLE_FAULTS),
]


@pytest.mark.parametrize(("where", "old", "new", "said", "code"), FAULTS)
def test_a_mistake_is_one_message_and_nothing_is_written(
    tmp_path: Path, where: str, old: str, new: str, said: str, code: int
) -> None:
    parts = {"config": CONFIG, "data": DATA, "table": TABLE}
    assert old in parts[where]
    parts[where] = parts[where].replace(old, new, 1)
    path = write(tmp_path / "own", parts["config"], parts["data"], parts["table"])
    out = tmp_path / "out"
    done = invoke("run", path, "-o", out, machine=stand_in())
    assert done.exit_code == code, done.output
    assert said in done.output
    assert "Traceback" not in done.output
    assert len([line for line in done.output.splitlines() if line.strip()]) <= 2, done.output
    assert not out.exists()
