"""What is stored is whole or absent, whatever happens while it is written."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tiny import CHECKOUT, StandIn, invoke, stand_in_cell, write_configs

from repro.cli.machine import Machine
from repro.errors import MachineError
from repro.files import digest, locked, write
from repro.results.cells import CellCache, DamagedCell
from repro.results.provenance import read_provenance
from repro.results.records import CellResult, Record, runs_csv
from repro.training.environment import environment

CELL = CellResult(
    4,
    1.25,
    environment(),
    (
        Record(0, 3, 8, "test", "loss", 0.1),
        Record(0, 3, 8, "test", "accuracy", 0.75),
        Record(1, 3, 8, "test", "loss", float("nan")),
    ),
    {1: "diverged: test loss is nan at step 8"},
)
FINGERPRINT = "0f" * 32


@pytest.fixture
def cache(tmp_path) -> CellCache:
    return CellCache.of(tmp_path, "small", FINGERPRINT)


@pytest.fixture
def stored(cache) -> Path:
    cache.store(CELL)
    return cache.path(4)


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_a_cell_comes_back_as_it_was_stored(stored, cache, tmp_path):
    assert stored == tmp_path / ".cells" / "small" / "0f0f0f0f0f0f0f0f" / "seed-00004.json"
    found = cache.load(4)
    assert repr(found.records) == repr(CELL.records)  # nan != nan
    assert dataclasses.replace(found, records=()) == dataclasses.replace(CELL, records=())
    assert stored.stat().st_mode & 0o777 == 0o644


def test_values_come_back_to_the_last_bit(cache):
    values = (0.1 + 0.2, 1e-320, 1.7976931348623157e308, float("inf"), float("-inf"))
    made = tuple(Record(fold, 1, 0, "test", "loss", value) for fold, value in enumerate(values))
    cell = CellResult(0, 1.0, environment(), made)
    cache.store(cell)
    assert cache.load(0) == cell


def test_no_cell_is_no_damage(cache):
    assert cache.load(0) is None


def changed(text: str, **values: object) -> str:
    return json.dumps(json.loads(text) | values)


BARE = {"fingerprint": FINGERPRINT}
DAMAGES = {
    "no byte": lambda text: "",
    "truncated": lambda text: text[: len(text) // 2],
    "garbage": lambda text: "\x00\x93NUMPY" * 40,
    "another digit": lambda text: text.replace("0.75", "0.85"),
    "wrong checksum": lambda text: changed(text, checksum="0" * 64),
    "wrong schema": lambda text: changed(text, schema=0),
    "no payload": lambda text: json.dumps({"schema": 1, "checksum": "0" * 64}),
    "a list": lambda text: "[]",
    "deep": lambda text: "[" * 100_000,
    "not a mapping": lambda text: changed(text, payload=3, checksum=digest(3)),
    "rows missing": lambda text: changed(text, payload=BARE, checksum=digest(BARE)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cell_is_not_used_and_set_aside_with_a_message(stored, cache, damage):
    text = DAMAGES[damage](stored.read_text())
    stored.write_text(text)
    with pytest.raises(DamagedCell):
        cache.load(4)
    assert cache.set_aside(4) == f"{stored}: damaged; set aside as seed-00004.damaged, its seed is trained again"
    assert contents(stored.parent) == {"seed-00004.damaged": text.encode()}


def test_a_cell_with_another_fingerprint_or_of_another_seed_is_not_used(stored, cache):
    with pytest.raises(DamagedCell):
        CellCache(cache.folder, "1f" * 32).load(4)
    stored.rename(cache.path(3))
    with pytest.raises(DamagedCell):
        cache.load(3)


def test_order_of_flush_rename_and_folder(tmp_path, monkeypatch):
    """Data first, then the name, then the folder that holds the name: any other order can lose both files."""
    calls: list[tuple[str, object]] = []
    kept = {name: getattr(os, name) for name in ("fsync", "replace")}

    def fsync(handle: int) -> None:
        calls.append(("fsync", Path(f"/proc/self/fd/{handle}").readlink()))
        kept["fsync"](handle)

    def replace(source: str, target: str) -> None:
        calls.append(("replace", (Path(source), Path(target))))
        assert Path(source).read_text() == "new"
        kept["replace"](source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    path = tmp_path / "table.md"
    write(path, "new")
    temporary = calls[0][1]
    assert isinstance(temporary, Path)
    assert (temporary.parent, temporary.name[:10], temporary.suffix) == (tmp_path, ".table.md.", ".tmp")
    assert calls == [("fsync", temporary), ("replace", (temporary, path)), ("fsync", tmp_path)]
    assert contents(tmp_path) == {"table.md": b"new"}


def test_a_file_with_this_content_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "table.md"
    write(path, "same")
    monkeypatch.setattr(tempfile, "mkstemp", None)
    write(path, b"same")
    assert path.read_text() == "same"


class NoSpaceOnClose:
    """A file that takes everything and fails when it is closed, as on a network file system."""

    def __init__(self, handle: int, mode: str) -> None:
        self._file = open(handle, mode)  # noqa: SIM115  # closed below

    def __enter__(self):
        return self._file

    def __exit__(self, *_: object) -> None:
        self._file.close()
        raise OSError(errno.ENOSPC, "full")


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "full")


@pytest.mark.parametrize(
    ("module", "name", "instead"),
    [
        (tempfile, "mkstemp", full),
        (os, "fsync", full),
        (os, "fdopen", NoSpaceOnClose),
        (os, "replace", full),
    ],
    ids=["open", "fsync", "close", "rename"],
)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, module, name, instead):
    path = tmp_path / "table.md"
    path.write_text("old")
    monkeypatch.setattr(module, name, instead)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(path, "new")
    monkeypatch.undo()
    assert caught.value.filename == str(path)
    assert contents(tmp_path) == {"table.md": b"old"}


def test_a_write_that_the_system_cuts_short_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.md"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(path, "new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(tmp_path) == {"table.md": b"old"}


def test_a_folder_that_is_made_by_another_at_the_same_time_does_no_harm(tmp_path, monkeypatch):
    kept = os.mkdir

    def mkdir(path: str, mode: int = 0o777) -> None:
        kept(path, mode)
        raise FileExistsError(errno.EEXIST, "exists", path)

    monkeypatch.setattr(os, "mkdir", mkdir)
    write(tmp_path / "a" / "b" / "table.md", "new")
    assert contents(tmp_path) == {"a/b/table.md": b"new"}


def test_runs_csv_is_sorted_and_tells_what_failed():
    failed = CellResult(1, 2.0, None, error="its worker process died twice")
    assert runs_csv("small", [({}, [CELL, failed])]) == (
        "experiment,seed,fold,epoch,step,split,metric,value,status\n"
        "small,1,,,,,,,failed: its worker process died twice\n"
        "small,4,0,3,8,test,accuracy,0.75,ok\n"
        "small,4,0,3,8,test,loss,0.1,ok\n"
        "small,4,1,3,8,test,loss,nan,diverged: test loss is nan at step 8\n"
    )


TRACEBACK = """\
Traceback (most recent call last):
  File "train.py", line 1, in train
    step()
KeyError: 'first'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "train.py", line 3, in train
    layer(x)
    ^^^^^^^^
ValueError: Exception encountered when calling Reshape.call().

\x1b[1mThe total size of the tensor must be unchanged.\x1b[0m
"""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            TRACEBACK,
            "Exception encountered when calling Reshape.call(). The total size of the tensor must be unchanged.",
        ),
        (
            TRACEBACK + "x" * 500,
            "Exception encountered when calling Reshape.call(). The total size of the tensor must be",
        ),
    ],
)
def test_a_failed_seed_is_told_by_its_last_exception_on_one_line(error, reason):
    text = runs_csv("small", [({}, [CellResult(1, 2.0, None, error=error)])])
    _, line = text.splitlines()
    assert line.startswith(f"small,1,,,,,,,failed: ValueError: {reason}")
    assert len(line.removeprefix("small,1,,,,,,,failed: ")) <= 200


def test_equal_values_have_one_digest_whatever_their_order():
    assert digest({"b": [1, "é"], "a": None}) == digest({"a": None, "b": [1, "é"]})
    assert digest({"a": 1}) != digest({"a": 1.0})


@pytest.fixture
def run(tmp_path):
    """Runs `tiny` with the stand-in training; the seeds that it had to train."""
    config = write_configs(tmp_path / "configs") / "tiny.yaml"

    def call(*options: object, make=stand_in_cell):
        executor = StandIn(make)
        machine = Machine(executor=lambda count: executor)
        result = invoke("run", config, "-o", tmp_path / "out", "-q", *options, machine=machine)
        return result, executor.seeds

    return call


@pytest.fixture
def out(run, tmp_path) -> Path:
    """The results of one run."""
    result, seeds = run()
    assert (result.exit_code, result.stderr, seeds) == (0, "", [0, 1, 2])
    return tmp_path / "out"


def test_a_run_redoes_only_the_damaged_cell_and_says_so(run, out):
    before = contents(out)
    (cell,) = out.glob(".cells/*/*/seed-00001.json")
    cell.write_bytes(cell.read_bytes()[:100])
    result, seeds = run()
    assert (result.exit_code, seeds) == (0, [1])
    assert result.stderr == f"{cell}: damaged; set aside as seed-00001.damaged, its seed is trained again\n"
    cell.with_suffix(".damaged").unlink()
    assert contents(out) == before


def test_a_run_trains_only_what_is_missing(run, out):
    before = contents(out)
    for cell in out.glob(".cells/*/*/seed-0000[02].json"):
        cell.unlink()
    assert run()[1] == [0, 2]
    assert contents(out) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, None) for name in ("runs.csv", "correct.npz", "provenance.json", "summary.json", "table.md")]
    + [(name, "") for name in ("runs.csv", "correct.npz", "provenance.json", "summary.json")],
)
def test_what_is_damaged_outside_the_cache_is_made_again_from_it(run, out, name, text):
    path = out / "tiny" / name
    before, fingerprint = contents(out / "tiny"), read_provenance(out / "tiny").conditions.fingerprint
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    result, seeds = run()
    assert (result.exit_code, result.stderr, seeds) == (0, "", [])
    after = contents(out / "tiny")
    assert after.keys() == before.keys()
    assert [key for key in after if key != "provenance.json" and after[key] != before[key]] == []
    assert read_provenance(out / "tiny").conditions.fingerprint == fingerprint


def test_a_dry_run_names_a_damaged_cell_and_leaves_it(run, out):
    (cell,) = out.glob(".cells/*/*/seed-00001.json")
    cell.write_text("{")
    before = contents(out)
    result, _ = run("-n")
    assert result.stdout == (
        "tiny: 1 seed to train, 2 stored (these seeds are not there yet; damaged: seed-00001.json)\n"
        "tiny: stacked engine (all replicas of a seed can be trained in one program)\n"
    )
    assert contents(out) == before


def test_tables_that_are_missing_are_made_under_the_lock(run, out):
    (out / "tiny" / "table.md").unlink()
    with locked(out):
        result, _ = run()
    assert (result.exit_code, "another run is at work" in result.stderr) == (4, True)
    assert run()[0].exit_code == 0
    assert (out / "tiny" / "table.md").is_file()


@pytest.mark.parametrize("missing", [True, False], ids=["with a seed to train", "with nothing to train"])
def test_temporary_files_of_a_killed_run_are_swept(run, out, missing):
    (cell,) = out.glob(".cells/*/*/seed-00001.json")
    orphans = [out / ".README.md.a1.tmp", out / "tiny" / ".runs.csv.b2.tmp", cell.with_name(".seed-00001.json.c3.tmp")]
    for orphan in orphans:
        orphan.write_text("half")
    if missing:
        cell.unlink()
    assert run()[0].exit_code == 0
    assert [orphan for orphan in orphans if orphan.exists()] == []


def test_force_trains_everything_again(run, out):
    before = contents(out)
    assert run("--force")[1] == [0, 1, 2]
    assert (out / "tiny" / "table.md").read_bytes() == before["tiny/table.md"]


def test_a_forced_run_that_is_cut_short_leaves_no_old_seeds(run, out):
    def cut_short(task):
        if task.seed:
            raise MachineError("cut short")
        return stand_in_cell(task)

    assert run("--force", make=cut_short)[0].exit_code == MachineError.exit_code
    assert run()[1] == [1, 2]


def test_a_disk_that_fills_up_in_a_run_is_loud_and_keeps_the_seeds_before(run, tmp_path, monkeypatch):
    kept, stored = os.fsync, []

    def fsync(handle: int) -> None:
        stored.append(handle)
        if len(stored) > 2:  # a cell has two: the file and its folder
            full()
        kept(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    result, _ = run()
    (folder,) = (tmp_path / "out" / ".cells" / "tiny").iterdir()
    assert result.exit_code == 4
    assert result.stderr == f"Error: {folder / 'seed-00001.json'}: No space left on device\n"
    assert list(contents(folder)) == ["seed-00000.json"]
    monkeypatch.setattr(os, "fsync", kept)
    assert run()[1] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("stride", [1, 17], ids=["records", "tables, plots and pages"])
def test_killed_at_any_call_a_run_is_as_good_as_uninterrupted_after_the_same_command_again(tmp_path, stride):
    config = write_configs(tmp_path / "configs") / "tiny.yaml"
    driver = [sys.executable, CHECKOUT / "tests" / "crash.py", config, tmp_path / "out", str(stride)]
    done = subprocess.run(driver, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= {1: 30, 17: 3}[stride]
