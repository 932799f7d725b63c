"""`repro data describe`: what it prints loads as it stands, and what it finds out of a table is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from repro import datasets
from repro.cli.app import main
from repro.cli.reading import data as command
from repro.commands.data import verify
from repro.config.catalogue import Catalogue
from repro.config.data_description import DataDescription
from repro.datasets.describe import describe
from repro.errors import DataError, UsageError


def saved(folder: Path, table: str | bytes, label: str | None = None) -> tuple[str, DataDescription]:
    """What is printed of a table, and the description that it is once it has been saved beside it."""
    (folder / "flowers.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    text = describe(folder / "flowers.csv", label)
    (folder / "flowers_data.yaml").write_text(text, encoding="utf-8")
    return text, Catalogue().described(folder, "flowers_data")


def iris(*, header: bool = True, rows_numbered: bool = False) -> str:
    """Iris as a table with text labels, as people have it."""
    from sklearn.datasets import load_iris

    found = load_iris()
    lines = ["sepal length (cm),sepal width (cm),petal length (cm),petal width (cm),species"] if header else []
    for row, label in zip(found.data, found.target, strict=True):
        lines.append(",".join([*map(str, row), f"Iris-{found.target_names[label]}"]))
    if rows_numbered:
        lines = [
            f"{'Id' if header and number == 0 else number + (not header)},{line}" for number, line in enumerate(lines)
        ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("rows_numbered", [True, False])
def test_iris_with_text_labels(tmp_path: Path, header: bool, rows_numbered: bool) -> None:
    text, description = saved(tmp_path, iris(header=header, rows_numbered=rows_numbered))
    own, shipped = datasets.load(description), datasets.load(Catalogue().described(Path("/"), "iris"))

    assert (description.rows, description.shape, description.classes) == (150, (4,), 3)
    assert description.labels == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
    assert np.array_equal(own.train.x, shipped.train.x)
    assert np.array_equal(own.train.y, shipped.train.y)
    assert ("# numbers of the rows" in text) == rows_numbered


def test_what_is_printed_of_iris(tmp_path: Path) -> None:
    text, description = saved(tmp_path, iris())
    assert text == (
        "# Save this beside flowers.csv; then `dataset: {name: FILE.yaml}` in a config there takes it.\n"
        "title: flowers\n"
        "# licence, source, citation and note: what is to be known of the data, if you like\n"
        "rows: 150\n"
        "shape: [4] # inputs of a row\n"
        "classes: 3\n"
        "labels: [Iris-setosa, Iris-versicolor, Iris-virginica] # in the order 0, 1, ...: sorted as text\n"
        "csv:\n"
        "  path: flowers.csv\n"
        f'  sha256: "{next(iter(description.files.values()))}"\n'
        "  header: true\n"
        '  separator: ","\n'
        "  label: species # a column of that name is mostly the label\n"
    )


NUMBERS = "".join(f"{index / 10},{index % 7},{index * index / 3}\n" for index in range(30))


@pytest.mark.parametrize(
    ("table", "label", "column", "why"),
    [
        ("x,y,z\n1,0,2\n3,1,4\n1,0,5\n", None, "y", "a column of that name is mostly the label"),
        ("x,y,z\n1,0,2\n3,1,4\n1,0,2\n", "z", "z", "as asked for"),
        ("x,y,z\n1,0,2\n3,1,4\n1,0,2\n", "0", "x", "as asked for"),
        ("x,y,z\n1,0,2\n3,1,4\n1,0,2\n", "last", "z", "as asked for"),
        ("x,q,z\n1,a,2\n3,b,4\n1,a,2\n1,b,5\n", None, "q", "the only column of text"),
        ("x,q,z\n1,0,2\n3,1,4\n1,0,2\n", None, "z", "the last column"),
        ("1,0,2\n3,1,4\n1,0,2\n", None, "2", "the last column"),
    ],
)
def test_which_column_is_the_label_and_why(
    tmp_path: Path, table: str, label: str | None, column: str, why: str
) -> None:
    text, description = saved(tmp_path, table, label)
    assert description.csv is not None
    assert str(description.csv.label) == column
    quoted = '"y"' if column == "y" else column
    assert f"  label: {quoted} # {why}\n" in text


@pytest.mark.parametrize(
    ("separator", "written"), [(",", '","'), (";", '";"'), ("\t", '"\\t"'), ("|", '"|"'), ("   ", "whitespace")]
)
@pytest.mark.parametrize("header", ["a,b,c\n", ""])
def test_separator_and_header_are_found(tmp_path: Path, separator: str, written: str, header: str) -> None:
    text, description = saved(tmp_path, (header + NUMBERS).replace(",", separator))
    train = datasets.load(description).train

    assert f"  separator: {written}\n" in text
    assert f"  header: {'true' if header else 'false'}\n" in text
    assert train.x.shape == (30, 2)
    assert train.x[3].tolist() == [np.float32(0.3), 3]


def test_spaces_in_texts_are_no_separators(tmp_path: Path) -> None:
    _, description = saved(tmp_path, "a very red car,1\na very old car,2\n" * 3, "0")
    assert description.labels == ("a very old car", "a very red car")


def test_a_target_of_many_values_is_a_number_and_says_so(tmp_path: Path) -> None:
    text, description = saved(tmp_path, NUMBERS)
    assert description.classes is None
    assert "# no classes: the target has numbers with a fraction: a number to predict (regression)\n" in text
    assert datasets.load(description).train.y.dtype == np.float32

    text, description = saved(tmp_path, "".join(f"{index % 4}.5,{3 * index}\n" for index in range(30)))
    assert "# no classes: the target has 30 different numbers: a number to predict (regression)\n" in text


def test_whole_numbers_as_labels_keep_their_order(tmp_path: Path) -> None:
    text, description = saved(
        tmp_path, "".join(f"{index % 4},{label}\n" for index, label in enumerate([10, 9, 2, 10, 9, 2])), "1"
    )
    assert description.labels == ("2", "9", "10")
    assert datasets.load(description).train.y.tolist() == [2, 1, 0, 2, 1, 0]
    assert "# whole numbers, few of them: taken as classes; for a regression leave out classes and labels\n" in text


def test_missing_values_are_named_and_their_rows_left_out(tmp_path: Path) -> None:
    table = "a,b,label\n" + "1,2,x\n3,4,y\n" * 10 + "?,6,x\n7,NA,y\n8,,x\n9,9,\n"
    text, description = saved(tmp_path, table)

    assert "rows: 20 # of 24: the others have missing values\n" in text
    assert '  missing: ["?", NA]\n  drop_missing: true # false refuses the file\n' in text
    assert datasets.load(description).train.x.shape == (20, 2)


def test_columns_of_text_become_categories_and_names_of_rows_go(tmp_path: Path) -> None:
    rows = [f"person {index},{('red', 'green', 'no')[index % 3]},{index % 5}.5,{index % 2}" for index in range(30)]
    text, description = saved(tmp_path, "who,colour,size,class\n" + "\n".join(rows))

    assert "  drop: [who] # 30 different text(s)\n" in text
    assert '    colour: [green, "no", red]\n' in text
    assert description.shape == (4,)
    assert datasets.load(description).train.x[1].tolist() == [1, 0, 0, 1.5]


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "1e5",
        "0x1f",
        "it's",
        'say ""so""',
        "a: b",
        "# no",
        "ünïcode",
        "2020-01-01",
        "- x",
        "~",
        "{a}",
        " a ",
    ],
)
def test_labels_that_yaml_would_read_otherwise_come_back_as_they_are(tmp_path: Path, text: str) -> None:
    table = f'1,"{text}"\n2,other\n' * 3 + "3,other\n"
    _, description = saved(tmp_path, table)
    assert description.labels is not None
    assert set(description.labels) - {"other"} == {text.replace('""', '"').strip()}
    assert len(datasets.load(description).train.x) == 7


def test_columns_without_a_name_of_their_own_are_numbers(tmp_path: Path) -> None:
    table = ",a,a,last\n" + "".join(f"{index},{index % 3},{index % 4},{index % 2}\n" for index in range(9))
    _, description = saved(tmp_path, table)
    assert description.csv is not None
    assert (description.csv.label, description.csv.drop) == (3, (0,))


# --- what is refused ------------------------------------------------------------------------------------------------

PEOPLE = "".join(f"{index / 7},person {index}\n" for index in range(30))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "expected a table, got an empty file"),
        (b"\x89PNG\r\n\0", "expected a table as text, got binary content; export it as CSV in UTF-8"),
        ("1\n2\n3\n", "expected two or more columns, inputs and a label, got one"),
        ("a,b,c\n1,2,3\n1,2\n1,2,3\n", "line 3: expected 3 columns, as most lines have, got 2"),
        ("1,2,3\n1,2,3\n1,2,3,4\n", "line 3: expected 3 columns, as most lines have, got 4"),
        ('1,"2\n3,4\n', "line 2: expected cells of a table, got unexpected end of data"),
        ("1,5;2,5\n3,5;4,5\n1,2;1,1\n", "line 1: expected numbers with a decimal point, got '1,5'"),
        ("a,b\n", "expected rows below the header, got none"),
        ("1,x\n2,x\n", "expected two or more labels in column 1 (from 0), got only 'x'"),
        ("?,x\n,y\n", "expected at least one column of inputs beside the label, got none"),
        ("1,,x\n,2,y\n", "expected rows without missing values, got none of 2"),
        (
            NUMBERS.replace("0.5,", "O.5,"),
            "line 6, column 0 (from 0): expected a number, as in most rows, got 'O.5'; mend it, or empty the cell if "
            "the value is missing",
        ),
        (
            PEOPLE,
            "column 1 (from 0) has 30 different texts in 30 rows, too many for a label; say which column is the label "
            "with --label COLUMN",
        ),
        ("1,1\n2,2\n3,3\n", "expected columns of inputs and a label, got only numbers of the rows"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, table: str | bytes, message: str) -> None:
    with pytest.raises(DataError) as raised:
        saved(tmp_path, table)
    joint = ", " if message.startswith("line") else ": "
    assert str(raised.value) == f"flowers.csv{joint}{message}"


def test_a_label_that_is_no_column(tmp_path: Path) -> None:
    for table, label, reason in (
        ("abc,b\n1,2\n2,4\n", "abd", "did you mean 'abc'?"),
        ("1,2\n2,4\n", "abc", "there is no header, so expected a number from 0 to 1"),
        ("1,2\n2,4\n", "2", "there is no header, so expected a number from 0 to 1"),
    ):
        with pytest.raises(UsageError) as raised:
            saved(tmp_path, table, label)
        assert str(raised.value) == f"--label: flowers.csv has no column {label!r}; {reason}"


def run(*line: object) -> Result:
    return CliRunner().invoke(command, [str(part) for part in line])


def test_the_command_prints_the_description_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "iris.csv").write_text(iris(), encoding="utf-8")
    done = run("describe", tmp_path / "iris.csv")
    assert (done.exit_code, done.stdout) == (0, describe(tmp_path / "iris.csv"))


@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        ("none.csv", 2, "expected a table, found no file at {folder}/none.csv"),
        (".", 2, "expected a table, found a folder at {folder}"),
        ("empty.csv", 3, "empty.csv: expected a table, got an empty file"),
    ],
)
def test_bad_files_have_one_message_on_standard_error_and_an_exit_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], file: str, code: int, message: str
) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(SystemExit) as raised:
        main(["data", "describe", str(tmp_path / file)])
    out, err = capfd.readouterr()
    assert (raised.value.code, out) == (code, "")
    assert err.strip().removeprefix("Error: ").removeprefix("error: ") == message.format(folder=tmp_path)


# --- the other commands ---------------------------------------------------------------------------------------------


def test_commands_take_names_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, iris())
    for name in ("flowers_data", "flowers_data.yaml", tmp_path / "flowers_data.yaml"):
        monkeypatch.chdir("/" if isinstance(name, Path) else tmp_path)
        assert run("verify", name).stdout == "flowers_data/flowers.csv: ok\n"
        assert run("list", name).stdout.startswith("flowers_data: flowers\n  150 rows of 4, 3 classes; present\n")
        assert run("fetch", name).stdout.splitlines()[-1] == "flowers_data: complete"


def test_what_nobody_asked_for_and_must_be_fetched_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRO_DATA_DIR", str(tmp_path))
    done = verify((), Catalogue())
    assert done.problems == []
    assert done.not_fetched == ("cifar10", "fashion-mnist", "imdb", "mnist", "reuters", "svhn")
    assert {name for name, _ in done.files} >= {"sonar", "iris", "pima"}

    asked = verify(("svhn",), Catalogue())
    assert asked.exit_code == 3
    assert asked.problems[0].splitlines()[0] == (
        f"{tmp_path}/svhn/train_32x32.mat.padded: missing; expected SHA-256 "
        "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8, got none: it must be fetched: "
        "`repro data fetch svhn`"
    )
