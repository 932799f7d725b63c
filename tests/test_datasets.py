from __future__ import annotations

import dataclasses
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from repro import datasets
from repro.datasets.base import ALIGNMENT, Part, aligned
from repro.datasets.data_set import DataSet
from repro.datasets.formats.idx import decode, encode, sizes
from repro.datasets.places import Bundled, Cached
from repro.errors import ConfigError, DataError

SONAR = datasets.DATASETS["sonar"]
SONAR_FILE = SONAR.place.path(SONAR.info, "sonar.csv")
SONAR_SHA256 = "3079c09b5d2789a0f96aff82c28e5164fafe2495c5f8da96c6c256c1bd25763f"
DIGITS = datasets.DATASETS["digits"]


def assert_promises(part: Part) -> None:
    for array in (part.x, part.y):
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.ctypes.data % ALIGNMENT == 0
    assert part.y.dtype == np.int32
    assert part.y.shape == (len(part.x),)


# --- registry -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", [datasets.info, datasets.load, datasets.fetch, datasets.is_present, datasets.verify])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("minst", "did you mean 'mnist'?"),
        ("fashion_mnist", "did you mean 'fashion-mnist'?"),
        ("cifar10", "known: digits, fashion-mnist, mnist, sonar"),
        ("../sonar", "did you mean 'sonar'?"),
    ],
)
def test_unknown_name(use: object, name: str, hint: str) -> None:
    assert callable(use)
    with pytest.raises(ConfigError) as raised:
        use(name)
    assert str(raised.value) == f"unknown data set {name!r}; {hint}"


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_info_is_complete(name: str) -> None:
    info = datasets.info(name)

    assert info.name == name
    assert all((info.title, info.licence, info.citation, info.source))
    assert {len(digest) for digest in info.sha256.values()} == {64}


def test_the_description_has_every_data_set_and_checksum() -> None:
    text = (Path(__file__).parents[1] / "data" / "README.md").read_text(encoding="utf-8")

    for source in datasets.DATASETS.values():
        assert f"`{source.info.name}`" in text
        assert source.info.licence in text
        for digest in source.info.sha256.values():
            assert digest in text


def test_import_is_light() -> None:
    code = (
        "import sys, repro.datasets, repro.datasets.splits\n"
        "heavy = {'sklearn', 'pandas', 'requests', 'scipy', 'tensorflow', 'pydantic'}\n"
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


# --- sonar ----------------------------------------------------------------------------------------------------------


def sonar_in(folder: Path) -> DataSet:
    """Sonar, read from another folder."""
    return dataclasses.replace(SONAR, place=Bundled(folder))


def test_sonar() -> None:
    sonar = datasets.load("sonar")

    assert sonar.name == "sonar"
    assert sonar.test is None
    assert sonar.classes == 2
    assert sonar.sha256 == {"sonar.csv": SONAR_SHA256}
    assert_promises(sonar.train)
    assert sonar.train.x.shape == (208, 60)
    assert sonar.train.x.dtype == np.float32
    assert (sonar.train.x.min(), sonar.train.x.max()) == (0.0, 1.0)
    assert np.bincount(sonar.train.y).tolist() == [111, 97]
    assert sonar.train.x[0, :3].tolist() == np.array([0.02, 0.0371, 0.0428], dtype=np.float32).tolist()
    assert sonar.train.y[[0, 96, 97, 207]].tolist() == [1, 1, 0, 0]  # rocks come first in the file


def test_sonar_comes_with_the_project() -> None:
    lines: list[str] = []
    datasets.fetch("sonar", lines.append)

    assert lines == ["sonar/sonar.csv: comes with the project, verified"]
    assert datasets.is_present("sonar")
    assert [(status.file, status.state) for status in datasets.verify("sonar")] == [("sonar.csv", "ok")]


def test_sonar_missing(tmp_path: Path) -> None:
    sonar, path = sonar_in(tmp_path), tmp_path / "sonar.csv"

    assert not sonar.is_present()
    assert sonar.verify() == [datasets.FileStatus("sonar.csv", "missing", SONAR_SHA256, None, path)]
    for use in (sonar.load, lambda: sonar.fetch(print)):
        with pytest.raises(DataError) as raised:
            use()
        assert str(raised.value) == (
            f"sonar: expected {path}, which is not there; it is part of the project: restore it "
            "(`git checkout data/sonar.csv`) or install again"
        )
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
def test_sonar_damaged(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    content = damage(SONAR_FILE.read_bytes())
    sonar, path = sonar_in(tmp_path), tmp_path / "sonar.csv"
    path.write_bytes(content)
    actual = hashlib.sha256(content).hexdigest()

    assert sonar.verify() == [datasets.FileStatus("sonar.csv", "damaged", SONAR_SHA256, actual, path)]
    with pytest.raises(DataError) as raised:
        sonar.fetch(print)
    assert str(raised.value) == (
        f"sonar: {path} is damaged: its content has SHA-256 {actual}, expected {SONAR_SHA256}; it is part of the "
        "project: restore it (`git checkout data/sonar.csv`) or install again"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"0.0200,", b"", "sonar.csv, line 1: expected 60 numbers and a label of M, R, got 59 and 'R'"),
        (b",R\n", b",X\n", "sonar.csv, line 1: expected 60 numbers and a label of M, R, got 60 and 'X'"),
        (b"0.0200", b"1.0200", "sonar.csv, line 1: expected a number from 0 to 1, got '1.0200'"),
        (b"0.0200", b"-0.0200", "sonar.csv, line 1: expected a number from 0 to 1, got '-0.0200'"),
        (b"0.0200", b"nan", "sonar.csv, line 1: expected a number from 0 to 1, got 'nan'"),
        (b"0.0200", b"0,02", "sonar.csv, line 1: expected 60 numbers and a label of M, R, got 61 and 'R'"),
        (b"0.0453", b"?", "sonar.csv, line 2: expected a number from 0 to 1, got '?'"),
        (b",R\n", b",M\n", "sonar.csv: expected (111, 97) rows of ('M', 'R'), got (112, 96)"),
    ],
)
def test_sonar_is_checked_after_its_hash_too(old: bytes, new: bytes, message: str) -> None:
    with pytest.raises(DataError) as raised:
        SONAR.parse(SONAR.info, {"sonar.csv": SONAR_FILE.read_bytes().replace(old, new, 1)})
    assert str(raised.value) == message


# --- digits ---------------------------------------------------------------------------------------------------------


def test_digits() -> None:
    digits = datasets.load("digits")

    assert digits.test is not None
    assert digits.classes == 10
    assert (digits.train.x.shape, digits.test.x.shape) == ((1437, 8, 8), (360, 8, 8))
    for part in (digits.train, digits.test):
        assert_promises(part)
        assert part.x.dtype == np.uint8
        assert (part.x.min(), part.x.max()) == (0, 16)
    assert digits.train.x[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert digits.train.y[:10].tolist() == list(range(10))
    assert np.bincount(digits.test.y).tolist() == [35, 36, 35, 37, 37, 37, 37, 36, 33, 37]
    assert [status.state for status in datasets.verify("digits")] == ["ok"]
    assert datasets.is_present("digits")


def test_digits_come_with_scikit_learn() -> None:
    lines: list[str] = []
    datasets.fetch("digits", lines.append)
    assert lines == ["digits/digits: comes with scikit-learn, verified"]


def test_other_digits_are_refused() -> None:
    changed = dataclasses.replace(DIGITS, info=dataclasses.replace(DIGITS.info, sha256={"digits": "0" * 64}))
    (status,) = changed.verify()

    assert (status.state, status.where.name) == ("damaged", "sklearn")
    with pytest.raises(DataError) as raised:
        changed.load()
    assert str(raised.value) == (
        f"digits: {status.where} is damaged: its content has SHA-256 "
        f"68aea062d35a127749050fa0e52dca09d6569ac08092c925610e0954e172dde2, expected {'0' * 64}; "
        "install the pinned version of scikit-learn again"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": 9}, "expected pixels to 16 and labels to 8, got 16 and 9"),
        ({"rows": 1000}, "expected 1360 rows of 65 bytes, got 116805 bytes"),
    ],
)
def test_digits_are_checked_after_their_hash_too(changes: dict[str, int], message: str) -> None:
    changed = dataclasses.replace(DIGITS, info=dataclasses.replace(DIGITS.info, **changes))

    with pytest.raises(DataError) as raised:
        changed.load()
    assert str(raised.value) == f"digits: {message}"


# --- idx ------------------------------------------------------------------------------------------------------------

IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def test_idx_bytes_are_those_of_the_format() -> None:
    expected = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, *range(24)])

    assert encode(IMAGES) == expected
    assert np.array_equal(decode(expected, IMAGES.shape, "here"), IMAGES)
    assert list(sizes(datasets.info("mnist")).values()) == [47_040_016, 60_008, 7_840_016, 10_008]


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


# --- the real MNIST and Fashion-MNIST -------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "first", "pixel_sum"), [("mnist", [5, 0, 4, 1, 9], 27_525), ("fashion-mnist", [9, 0, 0, 3, 0], 76_247)]
)
def test_real_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, first: list[int], pixel_sum: int
) -> None:
    source = datasets.DATASETS[name]
    if os.environ.get("REPRO_DATA_MIRROR"):
        monkeypatch.setenv("REPRO_DATA_DIR", str(tmp_path))
        monkeypatch.setitem(datasets.DATASETS, name, dataclasses.replace(source, place=Cached(sizes, ())))
        datasets.fetch(name)
    elif not datasets.is_present(name):
        pytest.skip(f"left out: reading the real {name}; set REPRO_DATA_MIRROR or run `repro data fetch {name}`")

    loaded = datasets.load(name)

    assert loaded.test is not None
    assert (loaded.train.x.shape, loaded.test.x.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert_promises(loaded.train)
    assert_promises(loaded.test)
    assert loaded.train.y[:5].tolist() == first
    assert int(loaded.train.x[0].sum()) == pixel_sum
    assert loaded.sha256 == source.info.sha256
