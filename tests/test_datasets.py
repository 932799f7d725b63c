from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro import datasets
from repro.config.catalogue import Catalogue, shipped_data
from repro.config.data_description import DataDescription
from repro.datasets import formats
from repro.datasets.base import ALIGNMENT, Part, aligned
from repro.datasets.formats.idx import decode, encode, sizes
from repro.errors import DataError
from repro.files import sha256

SONAR_SHA256 = "3079c09b5d2789a0f96aff82c28e5164fafe2495c5f8da96c6c256c1bd25763f"
SHIPPED = [file.stem for file in shipped_data()]
FETCHED = {"mnist", "fashion-mnist", "cifar10", "imdb", "reuters", "svhn"}


def shipped(name: str) -> DataDescription:
    return Catalogue().described(Path("/"), name)


def assert_promises(part: Part) -> None:
    for array in (part.x, part.y):
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.ctypes.data % ALIGNMENT == 0
    assert part.y.dtype in (np.int32, np.float32)
    assert part.y.shape == (len(part.x),)


# --- what comes with repro ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_a_description_says_what_it_is_and_may_be_used_for(name: str) -> None:
    each = shipped(name)

    assert each.name == name
    assert all((each.title, each.licence, each.source))
    assert each.citation or "generated" in each.licence


@pytest.mark.parametrize("name", sorted(set(SHIPPED) - FETCHED))
def test_what_comes_with_the_project_and_with_scikit_learn_is_there_and_loads(name: str) -> None:
    description = shipped(name)
    lines: list[str] = []

    datasets.fetch(description, lines.append)
    loaded = datasets.load(description)

    where = "scikit-learn" if description.scikit_learn else "the project"
    assert lines == [f"{name}/{file}: comes with {where}, verified" for file in description.files]
    assert datasets.is_present(description)
    assert (loaded.name, loaded.classes, loaded.sha256) == (name, description.classes, description.files)
    assert_promises(loaded.train)
    assert loaded.train.x.shape == (description.rows, *description.shape)
    assert loaded.train.y.dtype == (np.float32 if description.classes is None else np.int32)


@pytest.mark.parametrize("name", ["cifar10", "imdb", "reuters", "svhn"])
def test_what_must_be_fetched_says_so(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPRO_DATA_DIR", str(tmp_path))
    description = shipped(name)

    assert not datasets.is_present(description)
    with pytest.raises(DataError) as raised:
        datasets.load(description)
    file = next(iter(description.files))
    assert str(raised.value) == (
        f"{name}: expected {tmp_path}/{name}/{file}.padded, which is not there; it must be fetched: "
        f"`repro data fetch {name}`"
    )


@pytest.mark.parametrize(
    ("name", "row", "label"),
    [
        ("pima", [6, 148, 72, 35, 0, 33.6, 0.627, 50], 1),
        ("boston", [0.00632, 18, 2.31, 0, 0.538, 6.575, 65.2, 4.09, 1, 296, 15.3, 396.9, 4.98], 24.0),
        ("glass", [1.52101, 13.64, 4.49, 1.1, 71.78, 0.06, 8.75, 0, 0], 0),
        ("iris", [5.1, 3.5, 1.4, 0.2], 0),
        ("vowel", [0, -3.639, -0.67, 1.779, -0.168, 1.627, -0.388, 0.529, -0.874, -0.814], 0),
    ],
)
def test_the_first_row_is_that_of_the_published_data(name: str, row: list[float], label: float) -> None:
    train = datasets.load(shipped(name)).train

    assert train.x[0].tolist() == np.array(row, np.float32).tolist()
    assert train.y[0] == label


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("pima", [500, 268]),
        ("ionosphere", [126, 225]),
        ("glass", [70, 76, 17, 13, 9, 29]),
        ("vehicle", [218, 212, 217, 199]),
        ("vowel", [90] * 11),
        ("breast_cancer", [212, 357]),
        ("circles", [50, 50]),
    ],
)
def test_rows_of_each_class_are_those_of_the_published_data(name: str, counts: list[int]) -> None:
    assert np.bincount(datasets.load(shipped(name)).train.y).tolist() == counts


def test_the_readme_has_every_data_set() -> None:
    text = (Path(__file__).parents[1] / "data" / "README.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `") and line.count("|") == 8}

    assert sorted(rows) == SHIPPED
    for name, line in rows.items():
        each = shipped(name)
        counts = f"{each.rows:,}" + (f" + {each.test_rows:,}" if each.test_rows else "")
        assert line.startswith(f"| `{name}` | {each.title} | {counts} | ")
        assert f" | {each.classes or 'a number'} | {each.licence} | " in line


def test_import_is_light() -> None:
    code = (
        "import sys, repro.datasets, repro.datasets.splits, repro.datasets.describe\n"
        "heavy = {'sklearn', 'pandas', 'requests', 'scipy', 'tensorflow', 'keras'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("shape", [(5,), (3, 7), (2, 28, 28)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32])
def test_aligned_copies_what_tensorflow_could_not_use_in_place(shape: tuple[int, ...], dtype: type) -> None:
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    room = aligned(np.zeros(values.nbytes + ALIGNMENT, np.uint8))
    array = room[4 : 4 + values.nbytes].view(dtype).reshape(shape)
    array[...] = values

    copy = aligned(array)

    assert copy.ctypes.data % ALIGNMENT == 0
    assert copy.dtype == dtype
    assert copy.flags.c_contiguous
    assert copy.flags.writeable
    assert np.array_equal(copy, values)
    assert not np.shares_memory(copy, array)
    assert aligned(copy) is copy


# --- sonar and digits -----------------------------------------------------------------------------------------------


def test_sonar() -> None:
    sonar = datasets.load(shipped("sonar"))

    assert sonar.test is None
    assert sonar.sha256 == {"sonar.csv": SONAR_SHA256}
    assert sonar.train.x.dtype == np.float32
    assert (sonar.train.x.min(), sonar.train.x.max()) == (0.0, 1.0)
    assert np.bincount(sonar.train.y).tolist() == [111, 97]
    assert sonar.train.x[0, :3].tolist() == np.array([0.02, 0.0371, 0.0428], dtype=np.float32).tolist()
    assert sonar.train.y[[0, 96, 97, 207]].tolist() == [1, 1, 0, 0]  # rocks come first in the file


def test_a_shipped_file_that_is_missing_is_to_be_restored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("repro.datasets.places.shipped", lambda name: tmp_path)
    sonar = shipped("sonar").model_copy(update={"folder": tmp_path})
    remedy = "it is part of the project: restore it (`git checkout data/sonar.csv`) or install again"

    assert not datasets.is_present(sonar)
    where = tmp_path / "sonar.csv"
    assert datasets.verify(sonar) == [datasets.FileStatus("sonar.csv", "missing", SONAR_SHA256, None, where, remedy)]
    for use in (datasets.load, datasets.fetch):
        with pytest.raises(DataError) as raised:
            use(sonar)
        assert str(raised.value) == f"sonar: expected {where}, which is not there; {remedy}"
        assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-100],
        lambda content: content + b"\n",
        lambda content: content.replace(b"0.0200", b"0.0201", 1),
    ],
)
def test_a_damaged_file_is_found_by_its_checksum(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    content = damage((shipped("sonar").folder / "sonar.csv").read_bytes())
    sonar, path = shipped("sonar").model_copy(update={"folder": tmp_path}), tmp_path / "sonar.csv"
    path.write_bytes(content)

    (status,) = datasets.verify(sonar)
    assert (status.state, status.actual) == ("damaged", hashlib.sha256(content).hexdigest())
    with pytest.raises(DataError) as raised:
        datasets.fetch(sonar)
    assert str(raised.value) == (
        f"sonar: {path} is damaged: its content has SHA-256 {status.actual}, expected {SONAR_SHA256}; restore it, or, "
        f"if the change is meant, describe the data again and mend {tmp_path}/sonar.yaml"
    )


def test_digits() -> None:
    digits = datasets.load(shipped("digits"))

    assert digits.test is not None
    assert digits.sha256 == {"digits": "68aea062d35a127749050fa0e52dca09d6569ac08092c925610e0954e172dde2"}
    assert (digits.train.x.shape, digits.test.x.shape) == ((1437, 8, 8), (360, 8, 8))
    for part in (digits.train, digits.test):
        assert_promises(part)
        assert part.x.dtype == np.uint8
        assert (part.x.min(), part.x.max()) == (0, 16)
    assert digits.train.x[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert digits.train.y[:10].tolist() == list(range(10))
    assert np.bincount(digits.test.y).tolist() == [35, 36, 35, 37, 37, 37, 37, 36, 33, 37]


# --- scikit-learn ---------------------------------------------------------------------------------------------------


def described(kind: str, values: dict[str, Any], **keys: Any) -> DataDescription:
    """A description called `own`, of two classes and two rows unless `keys` say otherwise."""
    given = {"name": "own", "title": "Own", "rows": 2, "shape": (1,), "classes": 2, "folder": Path("/own"), **keys}
    return DataDescription.model_validate({**given, kind: values})


MOONS = {"make_moons": {"n_samples": 6, "noise": 0.1, "random_state": 3}}


def test_generated_data_are_what_scikit_learn_makes() -> None:
    from sklearn.datasets import make_moons

    x, y = make_moons(n_samples=6, noise=0.1, random_state=3)
    content = np.column_stack([x, y]).astype("<f4").tobytes()
    values = {"call": MOONS, "sha256": sha256(content)}
    loaded = datasets.load(described("scikit_learn", values, rows=4, test_rows=2, shape=(2,)))

    assert loaded.test is not None
    assert np.concatenate([loaded.train.x, loaded.test.x]).tolist() == x.astype(np.float32).tolist()
    assert np.concatenate([loaded.train.y, loaded.test.y]).tolist() == y.tolist()
    assert loaded.sha256 == {"moons": sha256(content)}


def test_the_table_of_functions_is_that_of_the_scikit_learn_that_is_installed() -> None:
    import inspect

    from sklearn import datasets as sklearn

    from repro.config.data_description import SCIKIT_LEARN

    left_out = {"return_X_y", "as_frame", "return_centers", "return_distributions", "coef", "n_targets", "X", "y"}
    for function, arguments in SCIKIT_LEARN.items():
        known = inspect.signature(getattr(sklearn, function)).parameters
        assert set(arguments) <= set(known), function
        assert set(known) - set(arguments) <= left_out, function


def test_other_data_of_scikit_learn_are_refused() -> None:
    changed = described("scikit_learn", {"call": MOONS, "sha256": "0" * 64}, rows=6, shape=(2,))
    (status,) = datasets.verify(changed)

    assert (status.state, status.where.name) == ("damaged", "sklearn")
    with pytest.raises(DataError) as raised:
        datasets.load(changed)
    assert str(raised.value) == (
        f"own: {status.where} is damaged: its content has SHA-256 {status.actual}, expected {'0' * 64}; another "
        "scikit-learn makes other data; or, if the change is meant, describe the data again and mend /own/own.yaml"
    )


@pytest.mark.parametrize(
    ("call", "dtype", "message"),
    [
        (
            {"make_moons": {"n_samples": -1, "random_state": 0}},
            "float32",
            "/own/own.yaml: make_moons: The 'n_samples' parameter of make_moons must be an int in the range [1, inf) "
            "or an instance of 'tuple'. Got -1 instead.",
        ),
        (MOONS, "uint8", "/own/own.yaml: make_moons: expected whole numbers from 0 to 255 for dtype uint8"),
    ],
)
def test_what_scikit_learn_refuses(call: dict[str, Any], dtype: str, message: str) -> None:
    with pytest.raises(DataError) as raised:
        datasets.load(described("scikit_learn", {"call": call, "dtype": dtype, "sha256": "0" * 64}))
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"rows": 5},
            "expected 5 rows of 3 numbers, as rows, test_rows and shape of /own/own.yaml say, got 18 numbers",
        ),
        (
            {"shape": (3,)},
            "expected 6 rows of 4 numbers, as rows, test_rows and shape of /own/own.yaml say, got 18 numbers",
        ),
    ],
)
def test_generated_data_are_checked_after_their_hash_too(keys: dict[str, Any], message: str) -> None:
    content = np.zeros((6, 3), "<f4").tobytes()
    description = described("scikit_learn", {"call": MOONS, "sha256": "0" * 64}, **{"rows": 6, "shape": (2,), **keys})
    with pytest.raises(DataError) as raised:
        formats.parser(description)(description, {"moons": content})
    assert str(raised.value) == f"own/moons: {message}"


# --- idx ------------------------------------------------------------------------------------------------------------

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_idx_bytes_are_those_of_the_format() -> None:
    expected = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, *range(24)])

    assert encode(IMAGES) == expected
    assert np.array_equal(decode(expected, IMAGES.shape, "here"), IMAGES)
    assert list(sizes(shipped("mnist")).values()) == [47_040_016, 60_008, 7_840_016, 10_008]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "here: expected an IDX header of unsigned bytes in shape (2, 3, 4) ({}), got nothing"),
        (
            b"\x00\x00\x0d\x03" + encode(IMAGES)[4:],
            "here: expected an IDX header of unsigned bytes in shape (2, 3, 4) ({}), "
            "got 00000d03000000020000000300000004",
        ),
        (
            encode(IMAGES.reshape(2, 4, 3)),
            "here: expected an IDX header of unsigned bytes in shape (2, 3, 4) ({}), "
            "got 00000803000000020000000400000003",
        ),
        (encode(IMAGES)[:-1], "here: expected 40 bytes for shape (2, 3, 4), got 39"),
        (encode(IMAGES) + b"\0", "here: expected 40 bytes for shape (2, 3, 4), got 41"),
    ],
)
def test_idx_content_is_checked(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as raised:
        decode(content, IMAGES.shape, "here")
    assert str(raised.value) == message.format("00000803000000020000000300000004")


# --- npz ------------------------------------------------------------------------------------------------------------


def archive(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


NPZ = {"path": "own.npz", "sha256": "0" * 64}


def parsed(description: DataDescription, *contents: bytes) -> tuple[Part, Part | None]:
    return formats.parser(description)(description, dict(zip(description.files, contents, strict=True)))


@pytest.mark.parametrize(("stored", "loaded"), [("u1", "u1"), ("i8", "i4"), ("f8", "f4"), ("?", "i4")])
def test_npz_of_two_parts(stored: str, loaded: str) -> None:
    content = archive(a=np.eye(3).astype(stored), b=[[0], [1], [1]], c=np.ones((2, 3), stored), d=[1, 0])
    description = described(
        "npz", {**NPZ, "x": "a", "y": "b", "x_test": "c", "y_test": "d"}, rows=3, test_rows=2, shape=(3,)
    )
    train, test = parsed(description, content)

    assert test is not None
    assert_promises(train)
    assert (train.x.dtype, train.x.tolist()) == (np.dtype(loaded), np.eye(3).tolist())
    assert (train.y.tolist(), test.y.tolist()) == ([0, 1, 1], [1, 0])
    assert test.x.tolist() == np.ones((2, 3)).tolist()


def test_npz_of_one_part_is_divided_and_may_have_numbers_as_targets() -> None:
    content = archive(x_train=np.zeros((3, 2, 2)), y_train=[0.5, 1.5, 2.5])
    train, test = parsed(described("npz", NPZ, rows=2, test_rows=1, shape=(2, 2), classes=None), content)

    assert test is not None
    assert (train.y.dtype, train.y.tolist(), test.y.tolist()) == (np.float32, [0.5, 1.5], [2.5])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "own/own.npz: expected an npz of arrays of numbers: "),
        (
            archive(x_train=np.array([{}]), y_train=[0]),
            "own/own.npz: expected an npz of arrays of numbers: Object arrays",
        ),
        (archive(x=[0], y_train=[0]), "own/own.npz: expected an array 'x_train'; did you mean 'y_train'?"),
        (archive(x_train=[["a"]], y_train=[0]), "own/own.npz, x_train: expected numbers, got <U1"),
        (
            archive(x_train=[[1.0]], y_train=[0, 1]),
            "own/own.npz: expected as many rows of y_train as of x_train, 1, got 2",
        ),
        (
            archive(x_train=[[1.0]], y_train=[0]),
            "own/own.npz: expected 2 rows, as rows of /own/own.yaml says, got 1",
        ),
        (
            archive(x_train=[[1.0, 2.0]] * 2, y_train=[0, 1]),
            "own/own.npz: expected rows of shape (1,), as shape of /own/own.yaml says, got (2,)",
        ),
        (
            archive(x_train=[[1.0], [np.nan]], y_train=[0, 1]),
            "own/own.npz: expected finite numbers, got others in row 1 (from 0)",
        ),
        (
            archive(x_train=[[1.0], [2.0]], y_train=[0, 2]),
            "own/own.npz: expected labels from 0 to 1, got 2 in row 1 (from 0)",
        ),
        (
            archive(x_train=[[1.0], [2.0]], y_train=[0.5, 1]),
            "own/own.npz: expected labels from 0 to 1, got 0.5 in row 0 (from 0)",
        ),
    ],
)
def test_bad_npz(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as raised:
        parsed(described("npz", NPZ), content)
    assert str(raised.value).startswith(message)


def test_targets_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DataError) as raised:
        parsed(described("npz", NPZ, classes=None), archive(x_train=[[1.0], [2.0]], y_train=[0, np.inf]))
    assert str(raised.value) == "own/own.npz: expected finite numbers as targets, got others"


# --- CIFAR-10 -------------------------------------------------------------------------------------------------------


def cifar_archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(f"batches/{name}.bin")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return out.getvalue()


PIXELS = np.random.default_rng(5).integers(0, 256, (3, 32, 32, 3), np.uint8)


def cifar_records(labels: list[int], images: np.ndarray[Any, Any]) -> bytes:
    return b"".join(
        bytes([label]) + image.transpose(2, 0, 1).tobytes() for label, image in zip(labels, images, strict=True)
    )


CIFAR = {
    **{"path": "c.tar.gz", "sha256": "0" * 64},
    **{"train": ["batches/one.bin", "batches/two.bin"], "test": ["batches/test.bin"]},
}
FILES = {
    "two": cifar_records([9], PIXELS[1:2]),
    "one": cifar_records([3], PIXELS[:1]),
    "test": cifar_records([0], PIXELS[2:]),
}


def cifar() -> DataDescription:
    return described("cifar_binary", CIFAR, rows=2, test_rows=1, shape=(32, 32, 3), classes=10)


def test_cifar_binary() -> None:
    train, test = parsed(cifar(), cifar_archive(**FILES))

    assert test is not None
    for part in (train, test):
        assert_promises(part)
    assert np.array_equal(train.x, PIXELS[:2])
    assert np.array_equal(test.x, PIXELS[2:])
    assert (train.y.tolist(), test.y.tolist()) == ([3, 9], [0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "own/c.tar.gz: expected a tar archive: "),
        (cifar_archive(**FILES)[:-3000], "own/c.tar.gz: expected a tar archive: "),
        (
            cifar_archive(one=FILES["one"], test=FILES["test"]),
            "own/c.tar.gz: expected a file 'batches/two.bin' in the archive; did you mean ",
        ),
        (
            cifar_archive(**FILES | {"two": FILES["two"] + b"1"}),
            "own/c.tar.gz, batches/two.bin: expected records of 3073 bytes, got 3074 bytes",
        ),
        (
            cifar_archive(**FILES | {"two": b""}),
            "own/c.tar.gz: expected 2 rows, as rows of /own/own.yaml says, got 1",
        ),
        (
            cifar_archive(**FILES | {"two": cifar_records([10], PIXELS[:1])}),
            "own/c.tar.gz: expected labels from 0 to 9, got 10 in row 1 (from 0)",
        ),
    ],
)
def test_bad_cifar(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as raised:
        parsed(cifar(), content)
    assert str(raised.value).startswith(message)


# --- sequences ------------------------------------------------------------------------------------------------------


def ragged(rows: list[list[int]]) -> np.ndarray[Any, Any]:
    found = np.empty(len(rows), object)
    found[:] = rows
    return found


ROWS = [[index] * (index % 4 + 1) for index in range(1, 11)]
LABELS = [index % 3 for index in range(1, 11)]
SEQUENCES = {"path": "own.npz", "sha256": "0" * 64}


def as_keras(function: Any, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    """What `load_data` of Keras makes of an archive."""
    from keras.src.datasets import imdb, reuters

    (tmp_path / "own.npz").write_bytes(content)
    for module in (imdb, reuters):
        monkeypatch.setattr(module, "get_file", lambda **asked: str(tmp_path / "own.npz"))
    # words of more than num_words become 2; without it Keras makes the largest word 2 too
    return function(num_words=1000, **options)


def test_imdb_is_what_keras_makes_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.datasets import imdb

    content = archive(x_train=ragged(ROWS), y_train=LABELS, x_test=ragged(ROWS[:4]), y_test=LABELS[:4])
    description = described("sequences", SEQUENCES, rows=10, test_rows=4, shape=(), classes=3)
    parts = parsed(description, content)

    for (x, y), part in zip(as_keras(imdb.load_data, content, tmp_path, monkeypatch), parts, strict=True):
        assert part is not None
        assert part.x.dtype == object
        assert {row.dtype for row in part.x} == {np.dtype(np.int32)}
        assert [row.tolist() for row in part.x] == list(x)
        assert (part.y.dtype, part.y.tolist()) == (np.int32, y.tolist())
    assert part.x[0][0] == 1


def test_reuters_is_what_keras_makes_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.datasets import reuters

    content = archive(x=ragged(ROWS), y=LABELS)
    description = described("sequences", SEQUENCES, rows=8, test_rows=2, shape=(), classes=3)
    parts = parsed(description, content)

    for (x, y), part in zip(as_keras(reuters.load_data, content, tmp_path, monkeypatch), parts, strict=True):
        assert part is not None
        assert [row.tolist() for row in part.x] == list(x)
        assert part.y.tolist() == y.tolist()


class Attack:
    """What unpickling would call."""

    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/attacked",)


def with_member(name: str, member: bytes) -> bytes:
    out = io.BytesIO(archive(x=ragged(ROWS), y=LABELS))
    with zipfile.ZipFile(out) as packed:
        members = {each: packed.read(each) for each in packed.namelist()}
    with zipfile.ZipFile(out := io.BytesIO(), "w") as packed:
        for each, content in (members | {name: member}).items():
            packed.writestr(each, content)
    return out.getvalue()


def npy(value: object) -> bytes:
    """An npy file of one object that pickles as `value`."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"shape": (10,), "fortran_order": False, "descr": "|O"})
    return out.getvalue() + pickle.dumps(value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "own/own.npz: expected an npz: File is not a zip file"),
        (archive(a=[1]), "own/own.npz: expected an array 'x'; known: a"),
        (archive(x_train=ragged(ROWS), y_train=LABELS), "own/own.npz: expected an array 'x_test'; "),
        (
            with_member("x.npy", npy(Attack())),
            "own/own.npz, x: expected an array of lists: it asks for posix.system, which is not loaded from a file",
        ),
        (with_member("x.npy", npy([1])), "own/own.npz, x: expected an array of lists: expected an array, got list"),
        (with_member("x.npy", npy(1)[:-1]), "own/own.npz, x: expected an array of lists: "),
        (with_member("x.npy", b"nothing"), "own/own.npz, x: expected an array of lists: "),
        (
            archive(x=ragged([["a"], *ROWS[1:]]), y=LABELS),  # type: ignore[list-item]
            "own/own.npz: expected lists of whole numbers, got <U1 in row 0 (from 0)",
        ),
        (archive(x=ragged(ROWS), y=LABELS[1:]), "own/own.npz: expected as many labels as sequences, (10,), got (9,)"),
        (
            archive(x=ragged(ROWS[1:]), y=LABELS[1:]),
            "own/own.npz: expected 10 rows, as rows and test_rows of /own/own.yaml says, got 9",
        ),
    ],
)
def test_bad_sequences(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as raised:
        parsed(described("sequences", SEQUENCES, rows=8, test_rows=2, shape=(), classes=3), content)
    assert str(raised.value).startswith(message)
    assert not Path("/tmp/attacked").exists()


# --- SVHN -----------------------------------------------------------------------------------------------------------


def matlab(**arrays: Any) -> bytes:
    from scipy.io import savemat

    out = io.BytesIO()
    savemat(out, arrays)
    return out.getvalue()


HASHES = {"train": {"path": "a.mat", "sha256": "0" * 64}, "test": {"path": "b.mat", "sha256": "1" * 64}}


def test_svhn() -> None:
    description = described("matlab", HASHES, rows=3, test_rows=1, shape=(32, 32, 3), classes=10)
    stacked = PIXELS.transpose(1, 2, 3, 0)
    train, test = parsed(
        description, matlab(X=stacked, y=np.array([[10], [1], [9]], "u1")), matlab(X=stacked[..., :1], y=[[2]])
    )

    assert test is not None
    assert_promises(train)
    assert np.array_equal(train.x, PIXELS)
    assert train.y.tolist() == [0, 1, 9]
    assert np.array_equal(test.x, PIXELS[:1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "own/a.mat: expected a MATLAB file of version 5: "),
        (b"no file" * 100, "own/a.mat: expected a MATLAB file of version 5: "),
        (
            matlab(X=[[1.0]], y=[[1]]),
            "own/a.mat: expected bytes in four axes as X and whole numbers as y, got float64 in 2 ",
        ),
    ],
)
def test_bad_svhn(content: bytes, message: str) -> None:
    description = described("matlab", HASHES, rows=3, test_rows=1, shape=(32, 32, 3), classes=10)
    with pytest.raises(DataError) as raised:
        parsed(description, content, content)
    assert str(raised.value).startswith(message)


# --- the real MNIST and Fashion-MNIST -------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "first", "pixel_sum"), [("mnist", [5, 0, 4, 1, 9], 27_525), ("fashion-mnist", [9, 0, 0, 3, 0], 76_247)]
)
def test_real_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, first: list[int], pixel_sum: int
) -> None:
    description = shipped(name)
    if os.environ.get("REPRO_DATA_MIRROR"):
        monkeypatch.setenv("REPRO_DATA_DIR", str(tmp_path))
        assert description.idx is not None
        description = description.model_copy(update={"idx": description.idx.model_copy(update={"urls": ("/none",)})})
        datasets.fetch(description)
    elif not datasets.is_present(description):
        pytest.skip(f"left out: reading the real {name}; set REPRO_DATA_MIRROR or run `repro data fetch {name}`")

    loaded = datasets.load(description)

    assert loaded.test is not None
    assert (loaded.train.x.shape, loaded.test.x.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert_promises(loaded.train)
    assert_promises(loaded.test)
    assert loaded.train.y[:5].tolist() == first
    assert int(loaded.train.x[0].sum()) == pixel_sum
    assert loaded.sha256 == description.files
