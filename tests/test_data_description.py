"""Data of one's own: descriptions, where they are found, and tables that are not as they are described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro import datasets
from repro.config.catalogue import Catalogue
from repro.errors import ConfigError, DataError
from repro.files import sha256

TABLE = "a,b,kind\n1,2,red\n3,4,blue\n5,6,red\n"
DESCRIPTION = """\
title: Own
rows: 3
shape: [2]
classes: 2
labels: [red, blue]
csv:
  path: own.csv
  sha256: {sha256}
  header: true
"""


def write(folder: Path, table: str | bytes = TABLE, description: str = DESCRIPTION, **changes: str) -> Path:
    """own.csv and own.yaml in a folder; `changes` replace lines of the description, by key, or add some to `csv`."""
    content = table if isinstance(table, bytes) else table.encode()
    (folder / "own.csv").write_bytes(content)
    lines = description.format(sha256=sha256(content)).splitlines()
    for key, value in changes.items():
        found = [index for index, line in enumerate(lines) if line.strip().startswith(f"{key}:")]
        if found:
            indent = lines[found[0]][: -len(lines[found[0]].lstrip())]
            lines[found[0]] = f"{indent}{key}: {value}" if value else ""
        else:
            lines.append(f"  {key}: {value}")
    path = folder / "own.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def load(folder: Path) -> datasets.Dataset:
    return datasets.load(Catalogue().described(folder, "own"))


# --- tables ---------------------------------------------------------------------------------------------------------


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    write(tmp_path)
    found = load(tmp_path)

    assert found.name == "own"
    assert found.test is None
    assert (found.train.x.dtype, found.train.x.tolist()) == (np.float32, [[1, 2], [3, 4], [5, 6]])
    assert (found.train.y.dtype, found.train.y.tolist()) == (np.int32, [0, 1, 0])


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (b"\xef\xbb\xbf" + TABLE.encode(), {}),
        (TABLE.replace("\n", "\r\n"), {}),
        (TABLE + "\n\n", {}),
        (TABLE.rstrip(), {}),
        (TABLE.replace("red", '" red "').replace("1,", '"1",'), {}),
        (TABLE.replace(",", " , "), {}),
        (TABLE.replace(",", ";"), {"separator": '";"'}),
        (TABLE.replace(",", "\t"), {"separator": '"\\t"'}),
        (TABLE.replace(",", "   "), {"separator": "whitespace"}),
        (TABLE.partition("\n")[2], {"header": "false"}),
        ("kind,a,b\nred,1,2\nblue,3,4\nred,5,6\n", {"label": "first"}),
        ("kind,a,b\nred,1,2\nblue,3,4\nred,5,6\n", {"label": "kind"}),
        ("a,kind,b\n1,red,2\n3,blue,4\n5,red,6\n", {"label": "1"}),
        ("id,a,b,kind\n7,1,2,red\n8,3,4,blue\n9,5,6,red\n", {"drop": "[id]"}),
        ("a,b,c,kind\n1,2,,red\n3,4,,blue\n5,6,,red\n", {"drop": "[2]"}),
        (TABLE.replace("red", "0").replace("blue", "1"), {"labels": ""}),
        (TABLE.replace("red", "1.0").replace("blue", "2"), {"labels": '["1", "2"]'}),
        (TABLE + "?,8,red\n9,,red\n9,9,\n", {"missing": '["?"]', "drop_missing": "true"}),
    ],
)
def test_one_table_in_many_forms(tmp_path: Path, table: str | bytes, changes: dict[str, str]) -> None:
    write(tmp_path, table, **changes)
    train = load(tmp_path).train

    assert train.x.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert train.y.tolist() == [0, 1, 0]


def test_columns_of_text_become_vectors_where_they_stand(tmp_path: Path) -> None:
    table = "a,colour,b,kind\n1,red,2,x\n3,green,4,y\n"
    write(
        tmp_path,
        table,
        rows="2",
        shape="[5]",
        labels="[x, y]",
        categories="{colour: [green, blue, red]}",
    )
    assert load(tmp_path).train.x.tolist() == [[1, 0, 0, 1, 2], [3, 1, 0, 0, 4]]


def test_a_target_that_is_a_number(tmp_path: Path) -> None:
    write(tmp_path, "1,2,0.5\n3,4,-1.5e3\n5,6,7\n", classes="", labels="", header="false")
    found = load(tmp_path)

    assert found.classes is None
    assert (found.train.y.dtype, found.train.y.tolist()) == (np.float32, [0.5, -1500.0, 7.0])


def test_a_table_with_its_test_part_in_a_second_file(tmp_path: Path) -> None:
    other = "a,b,kind\n7,8,blue\n"
    (tmp_path / "other.csv").write_text(other, encoding="utf-8")
    path = write(tmp_path, test=f"{{path: other.csv, sha256: {sha256(other.encode())}}}")
    path.write_text("test_rows: 1\n" + path.read_text())
    description = Catalogue().described(tmp_path, "own")
    found = datasets.load(description)

    assert description.files == {"own.csv": sha256(TABLE.encode()), "other.csv": sha256(other.encode())}
    assert found.test is not None
    assert (found.test.x.tolist(), found.test.y.tolist()) == ([[7, 8]], [1])


def test_the_last_rows_may_be_the_test_part(tmp_path: Path) -> None:
    path = write(tmp_path, rows="2")
    path.write_text("test_rows: 1\n" + path.read_text())
    found = load(tmp_path)
    assert found.test is not None
    assert (found.train.y.tolist(), found.test.x.tolist()) == ([0, 1], [[5, 6]])


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        ("", {}, ": expected a table, got an empty file"),
        (" \n\n", {}, ": expected a table, got an empty file"),
        (b"PK\x03\x04\0\0", {}, ": expected a table as text, got binary content; export it as CSV in UTF-8"),
        (TABLE.encode("utf-16"), {}, ": expected a table as text, got binary content; export it as CSV in UTF-8"),
        (
            TABLE.replace("blue", "bleu é").encode("latin-1"),
            {},
            ", line 3: expected UTF-8 text, got byte 0xe9; save the file as UTF-8",
        ),
        ("a,b,kind\n", {}, ": expected rows of a table, got none"),
        (TABLE.replace("3,4", "3"), {}, ", line 3: expected 3 columns, as line 1 has, got 2"),
        (TABLE.replace("3,4", "3,4,4"), {}, ", line 3: expected 3 columns, as line 1 has, got 4"),
        (TABLE.replace("3", '"3'), {}, ", line 4: expected cells of a table, got unexpected end of data"),
        (
            TABLE.replace("3", ""),
            {},
            ", line 3, column 'a': expected a value, got none; fill it in, or leave such rows out with "
            "csv.drop_missing: true",
        ),
        (
            TABLE.replace("3", "?"),
            {},
            ", line 3, column 'a': expected a number, got '?'; put it under csv.missing if it stands for a missing "
            "value, or put the column under csv.categories or csv.drop",
        ),
        (
            TABLE.replace("3", "1_0"),
            {},
            ", line 3, column 'a': expected a number, got '1_0'; put it under csv.missing if it stands for a missing "
            "value, or put the column under csv.categories or csv.drop",
        ),
        (
            TABLE.replace("4", "NaN"),
            {},
            ", line 3, column 'b': expected a finite number, got 'NaN'; put it under csv.missing if it stands for a "
            "missing value",
        ),
        (
            TABLE.replace("4", "-inf"),
            {},
            ", line 3, column 'b': expected a finite number, got '-inf'; put it under csv.missing if it stands for a "
            "missing value",
        ),
        (
            TABLE.replace("blue", "green"),
            {},
            ", line 3, column 'kind': expected one of the labels red, blue, got 'green'",
        ),
        (
            TABLE,
            {"labels": ""},
            ", line 2, column 'kind': expected a number, got 'red'; put it under csv.missing if it stands for a "
            "missing value, or list the texts as labels, in the order 0, 1, ...",
        ),
        (
            TABLE.replace("red", "2").replace("blue", "1"),
            {"labels": ""},
            ": expected labels from 0 to 1, got 2 in row 0 (from 0)",
        ),
        (TABLE, {"rows": "4"}, ": expected 4 rows, as rows of {path} says, got 3"),
        (TABLE, {"shape": "[3]"}, ": expected 3 inputs a row, as shape of {path} says, got 2 in 3 columns"),
        (TABLE, {"label": "kin"}, ": csv.label of {path}: unknown column 'kin'; did you mean 'kind'?"),
        (TABLE, {"label": "3"}, ": csv.label of {path}: expected a column from 0 to 2, got 3"),
        (
            TABLE.replace("b", "a", 1),
            {"label": "a"},
            ": csv.label of {path}: two columns are called 'a': give a number, from 0",
        ),
        (
            TABLE,
            {"drop": "[kind]"},
            ": expected different columns as label and under drop and categories, got column 2 (from 0) twice",
        ),
        (
            TABLE,
            {"categories": '{a: ["1", "3"]}', "shape": "[3]"},
            ", line 4, column 'a': expected one of 1, 3, got '5'",
        ),
        (
            TABLE.partition("\n")[2].replace("4", "x"),
            {"header": "false"},
            ", line 2, column 1 (from 0): expected a number, got 'x'; put it under csv.missing if it stands for a "
            "missing value, or put the column under csv.categories or csv.drop",
        ),
    ],
)
def test_bad_tables(tmp_path: Path, table: str | bytes, changes: dict[str, str], message: str) -> None:
    path = write(tmp_path, table, **changes)
    with pytest.raises(DataError) as raised:
        load(tmp_path)
    assert str(raised.value) == "own/own.csv" + message.format(path=path)
    assert raised.value.exit_code == 3


def test_a_table_that_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path)
    changed = TABLE + "7,8,red\n"
    (tmp_path / "own.csv").write_text(changed, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load(tmp_path)
    assert str(raised.value) == (
        f"own: {tmp_path}/own.csv is damaged: its content has SHA-256 {sha256(changed.encode())}, "
        f"expected {sha256(TABLE.encode())}; restore it, or, if the change is meant, describe the data again and mend "
        f"{path}"
    )


# --- descriptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "line", "message"),
    [
        (
            {"titel": "Own"},
            10,
            "csv.titel: unknown key 'titel'; known: categories, drop, drop_missing, header, "
            "label, missing, path, separator, sha256, test, urls",
        ),
        ({"rows": "many"}, 2, "rows: expected a whole number, got 'many'"),
        ({"rows": "0"}, 2, "rows: expected at least 1, got 0"),
        ({"shape": "2"}, 3, "shape: expected a list, got 2"),
        ({"shape": "[]"}, 3, "shape: expected the lengths of its axes with csv, got []"),
        ({"classes": "1"}, 4, "classes: expected at least 2, got 1"),
        ({"classes": "3"}, 5, "labels: expected as many labels as there are classes, 3, got 2"),
        ({"classes": ""}, 5, "labels: expected as many labels as there are classes, None, got 2"),
        ({"labels": "[1, 2]"}, 5, "labels.0: expected text, got 1\n{path}:5: labels.1: expected text, got 2"),
        ({"labels": "[a, a]"}, 5, "labels: expected each label once"),
        ({"sha256": "abc"}, 8, "csv.sha256: expected a SHA-256, 64 of 0-9 and a-f, got 'abc'"),
        (
            {"path": "../own.csv"},
            7,
            "csv.path: expected a file in the folder of the description or below, got '../own.csv'",
        ),
        (
            {"path": "/own.csv"},
            7,
            "csv.path: expected a file in the folder of the description or below, got '/own.csv'",
        ),
        ({"separator": "ab"}, 10, "csv.separator: expected one character or whitespace, got 'ab'"),
        (
            {"header": "false", "label": "kind"},
            6,
            "csv: expected the number of a column where there is no header, got 'kind'",
        ),
        ({"categories": "{a: [x]}"}, 10, "csv.categories.a: expected two or more values, each once"),
        ({"test": "{path: own.csv, sha256: " + "a" * 64 + "}"}, 1, "expected different files, got own.csv, own.csv"),
        (
            {"test": "{path: two.csv, sha256: " + "a" * 64 + "}"},
            1,
            "test_rows: expected how many rows csv.test has, got 0",
        ),
    ],
)
def test_bad_descriptions(tmp_path: Path, changes: dict[str, str], line: int, message: str) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path)
    assert str(raised.value) == f"{path}:{line}: {message.format(path=path)}"
    assert raised.value.exit_code == 2


HEAD = "title: Own\nrows: 3\nshape: [2]\nclasses: 2\n"
ZEROS = "0" * 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "1: expected exactly one of csv, idx, npz, cifar_binary, sequences, matlab, scikit_learn, got none"),
        (HEAD + "cvs: {}\n", "5: cvs: unknown key 'cvs'; did you mean 'csv'?"),
        (
            HEAD + f"csv: {{path: a, sha256: '{ZEROS}'}}\nnpz: {{path: a, sha256: '{ZEROS}'}}\n",
            "1: expected exactly one of csv, idx, npz, cifar_binary, sequences, matlab, scikit_learn, got csv and npz",
        ),
        (
            HEAD + f"name: other\ncsv: {{path: a, sha256: '{ZEROS}'}}\n",
            "5: name: unknown key 'name'; the name is that of the file",
        ),
        (
            HEAD + f"folder: other\ncsv: {{path: a, sha256: '{ZEROS}'}}\n",
            "5: folder: unknown key 'folder'; the folder is that of the file",
        ),
        (
            HEAD + f"labels: [a, b]\nnpz: {{path: a, sha256: '{ZEROS}'}}\n",
            "5: labels: expected it with csv only, whose labels are texts",
        ),
        (
            HEAD + f"npz: {{path: a, sha256: '{ZEROS}', x_test: t}}\n",
            "5: npz: expected both or neither of x_test and y_test, got one",
        ),
        (
            HEAD.replace("[2]", "[]") + f"sequences: {{path: a, sha256: '{ZEROS}'}}\n",
            "1: test_rows: expected the rows of the test part with sequences, got 0",
        ),
        (
            HEAD + f"test_rows: 2\nsequences: {{path: a, sha256: '{ZEROS}'}}\n",
            "3: shape: expected [], since their lengths differ, with sequences, got [2]",
        ),
        (
            HEAD + f"scikit_learn: {{call: {{make_moon: {{}}}}, sha256: '{ZEROS}'}}\n",
            "5: scikit_learn.call: unknown function 'make_moon'; did you mean 'make_moons'?",
        ),
        (
            HEAD + f"scikit_learn: {{call: {{make_moons: {{nois: 1}}}}, sha256: '{ZEROS}'}}\n",
            "5: scikit_learn.call.make_moons.nois: unknown argument 'nois'; did you mean 'noise'?",
        ),
        (
            HEAD + f"scikit_learn: {{call: {{make_moons: {{noise: 0.1}}}}, sha256: '{ZEROS}'}}\n",
            "5: scikit_learn.call.make_moons: expected a whole number as random_state: without one, no two calls agree",
        ),
        (
            HEAD + f"scikit_learn: {{call: make_moons, sha256: '{ZEROS}'}}\n",
            "5: scikit_learn.call: expected one function with its arguments, {make_moons: {...}}, got 'make_moons'",
        ),
        (
            HEAD + "scikit_learn: {call: {load_iris: {}}}\n",
            "5: scikit_learn.sha256: expected a value for sha256, got none",
        ),
    ],
)
def test_bad_descriptions_of_other_kinds(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        Catalogue().described(tmp_path, "own.yaml")
    assert str(raised.value) == f"{path}:{message}"


# --- where they are found -------------------------------------------------------------------------------------------


def config(folder: Path, name: str, file: str = "mine.yaml") -> Path:
    """The beginning of an experiment that names its data."""
    path = folder / file
    path.write_text(f"title: Mine\ndataset:\n  name: {name}\n", encoding="utf-8")
    return path


def data(path: Path, name: str) -> Any:
    return Catalogue().data(path, name)


def test_a_name_is_that_of_a_description_beside_the_config_before_that_of_a_shipped_one(tmp_path: Path) -> None:
    path = config(tmp_path, "sonar")
    assert data(path, "sonar").title == "Connectionist Bench (Sonar, Mines vs. Rocks)"

    write(tmp_path).rename(tmp_path / "sonar.yaml")
    assert data(path, "sonar").title == "Own"
    assert data(path, "sonar").folder == tmp_path


def test_an_experiment_beside_the_config_is_not_in_the_way_of_a_shipped_description(tmp_path: Path) -> None:
    path = config(tmp_path, "sonar", "sonar.yaml")
    assert data(path, "sonar").rows == 208


def test_a_path_goes_from_the_folder_of_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "tables").mkdir()
    path = config(tmp_path / "configs", "../tables/own.yaml")
    write(tmp_path / "tables")
    monkeypatch.chdir("/")

    assert datasets.load(data(path, "../tables/own.yaml")).train.y.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("minst", "unknown data set 'minst'; did you mean 'mnist'?"),
        ("own.yaml", "expected a data description, found none at {folder}/own.yaml"),
        (
            "own.csv",
            "expected a data description, NAME or a path ending in .yaml, got 'own.csv'; `repro data describe` writes "
            "one for a table",
        ),
        ("Own", "expected a data description, NAME or a path ending in .yaml, got 'Own'"),
        (
            "mine",
            "unknown data set 'mine'; {folder}/mine.yaml is an experiment: save the description of its data under "
            "another name",
        ),
        ("mine.yaml", "{folder}/mine.yaml is an experiment: save the description of its data under another name"),
    ],
)
def test_data_that_are_not_found(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "own.csv").write_text(TABLE, encoding="utf-8")
    path = config(tmp_path, name)
    with pytest.raises(ConfigError) as raised:
        data(path, name)
    assert str(raised.value) == f"{path}:3: dataset.name: {message.format(folder=tmp_path)}"

    with pytest.raises(ConfigError) as raised:
        data(config(tmp_path, "sonar"), name)
    assert str(raised.value) == f"-S dataset.name: {message.format(folder=tmp_path)}"


def test_a_broken_description_is_named_and_not_passed_over(tmp_path: Path) -> None:
    path = config(tmp_path, "sonar")
    (tmp_path / "sonar.yaml").write_text("title: [\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"^{tmp_path}/sonar.yaml:2: not valid YAML"):
        data(path, "sonar")


def test_descriptions_travel_to_workers_and_serve_as_keys(tmp_path: Path) -> None:
    import pickle

    write(tmp_path)
    one, other = (Catalogue().described(tmp_path, "own") for _ in range(2))
    assert pickle.loads(pickle.dumps(one)) == other
    assert {one: 1}[other] == 1
