"""Which rows each seed predicts right: what is written, what is read, and what is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from checking import SEEDS, drawn, store
from conftest import experiment

from repro.errors import MachineError
from repro.files import sha256
from repro.results.correct import CORRECT, correct_npz, read_correct
from repro.results.provenance import write_provenance
from repro.results.records import CellResult
from repro.results.stored import RUNS, find_stored, read_stored


def cell(seed: int, right: list[bool]) -> CellResult:
    return CellResult(seed, 0.0, None, correct=np.packbits(right).tobytes())


def test_rows_come_back_by_seed_without_those_that_failed() -> None:
    first, second = [True] * 9 + [False] * 2, [False, True] * 5 + [True]
    content = correct_npz([[cell(7, second), CellResult(3, 0.0, None, error="no luck"), cell(0, first)]], rows=11)
    found = read_correct(content)
    assert found.seeds == (0, 7)
    assert found.rows.tolist() == [first, second]
    of_both = found.of([7, 0])
    assert of_both is not None
    assert of_both.tolist() == [second, first]
    assert found.of([0, 3]) is None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        assert arrays["correct"].dtype == np.uint8
        assert arrays["correct"].shape == (2, 2), "eight rows to a byte"


def test_same_cells_give_the_same_bytes() -> None:
    cells = [cell(seed, [bool(seed >> bit & 1) for bit in range(5)]) for seed in range(20)]
    assert correct_npz([cells], 5) == correct_npz([reversed(cells)], 5)


def test_no_cells_are_an_empty_file() -> None:
    assert read_correct(correct_npz([[]], 10)).rows.shape == (0, 10)


def pickled() -> bytes:
    with io.BytesIO() as file:
        np.savez(file, seeds=np.array([0]), rows=np.int64(8), correct=np.array([[{"code": "runs"}]], object))
        return file.getvalue()


def saved(**arrays: object) -> bytes:
    with io.BytesIO() as file:
        np.savez(file, **arrays)
        return file.getvalue()


def compressed() -> bytes:
    with io.BytesIO() as file:
        np.savez_compressed(file, seeds=np.arange(1), rows=8, correct=np.zeros((1, 10**6), np.uint8))
        return file.getvalue()


def claiming(shape: str) -> bytes:
    """A file of a few bytes with an array that is said to have another shape."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name in ("seeds", "rows", "correct"):
                archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
        return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected the arrays seeds, rows and correct"),
        (b"PK no archive", "expected the arrays|pickle"),
        (pickled(), "allow_pickle"),
        (saved(seeds=np.array([0])), "expected the arrays seeds, rows and correct"),
        (saved(seeds=np.arange(2), rows=8, correct=np.zeros((1, 1), np.uint8)), "expected 2 lines of 8 packed bits"),
        (saved(seeds=np.arange(1), rows=8, correct=np.zeros((1, 1))), r"got float64 \(1, 1\)"),
        (saved(seeds=np.int64(1), rows=8, correct=np.zeros((1, 1), np.uint8)), "expected whole numbers, a list of see"),
        (saved(seeds=np.arange(1), rows=[8], correct=np.zeros((1, 1), np.uint8)), "expected whole numbers, a list of"),
        (saved(seeds=np.arange(1), rows=-8, correct=np.zeros((1, 0), np.uint8)), "expected whole numbers, a list of"),
        (saved(seeds=[1, 1], rows=8, correct=np.zeros((2, 1), np.uint8)), "expected each seed once"),
        (saved(seeds=np.arange(1), rows=10**12, correct=np.zeros((1, 1), np.uint8)), "lines of 1000000000000 packed"),
        (compressed(), "expected arrays that are not compressed"),
        (claiming("(1000000, 1000000000)"), "expected the arrays seeds, rows and correct, got"),
    ],
)
def test_what_is_no_such_file_is_refused_and_nothing_is_unpickled(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_correct(content)


def test_a_damaged_file_is_named_with_what_makes_it_again(tmp_path: Path) -> None:
    store(tmp_path, drawn(), experiment(seeds=SEEDS))
    path = tmp_path / "small" / CORRECT
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    with pytest.raises(MachineError, match=r"small/correct.npz: not as it was written .*`repro run it.yaml -o .*again"):
        read_stored(tmp_path, "small")
    path.unlink()
    with pytest.raises(MachineError, match=r"small/correct.npz: missing"):
        read_stored(tmp_path, "small")


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (CORRECT, lambda _: pickled(), "Object arrays cannot be loaded"),
        (CORRECT, lambda _: correct_npz([[]], 100), "expected 208 test rows, got 100"),
        (RUNS, lambda _: b"", "line 1: expected the columns experiment"),
        (
            RUNS,
            lambda content: content.replace(b"value", b"values", 1),
            "line 1: expected the columns experiment",
        ),
        (RUNS, lambda content: content[:-20], "line 161: expected 9 values, got [78]"),
        (RUNS, lambda content: content.replace(b",accuracy,0", b",accuracy,O"), "line 2: could not convert string"),
        (RUNS, lambda content: content + content.splitlines(True)[1], "line 162: expected each record once"),
        (RUNS, lambda content: content + b"\xff", "can't decode byte"),
    ],
)
def test_what_is_vouched_for_and_can_not_be_read_is_a_fault_of_the_folder(
    tmp_path: Path, file: str, change: Callable[[bytes], bytes], message: str
) -> None:
    store(tmp_path, drawn(), experiment(seeds=SEEDS))
    stored = read_stored(tmp_path, "small")
    path = stored.folder / file
    path.write_bytes(change(path.read_bytes()))
    vouched = {file.partition(".")[0]: sha256(path.read_bytes())}
    write_provenance(stored.folder, stored.provenance.model_copy(update=vouched))
    with pytest.raises(MachineError, match=rf"small/{file}: .*{message}.*; run the experiment again"):
        read_stored(tmp_path, "small")
    assert find_stored(tmp_path, "small") is None


def test_it_holds_every_seed_of_a_run(tmp_path: Path) -> None:
    store(tmp_path, drawn(), experiment(seeds=SEEDS))
    rows = read_stored(tmp_path, "small").correct_rows
    assert rows.seeds == tuple(range(SEEDS))
    assert rows.rows.shape == (SEEDS, 208)
