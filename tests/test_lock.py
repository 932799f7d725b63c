"""One run at a time on a results folder."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from tiny import STAND_IN, invoke, stand_in, write_configs

from repro.errors import MachineError
from repro.files import locked

HOLDER = rf"process (\d+) on {re.escape(socket.gethostname())} since \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"


def test_the_lock_really_locks_and_says_who_holds_it(tmp_path):
    with locked(tmp_path), pytest.raises(MachineError) as caught, locked(tmp_path):
        pass
    expected = rf"{tmp_path}: another run is at work there \({HOLDER}\); wait for it, or write elsewhere with -o FOLDER"
    found = re.fullmatch(expected, str(caught.value))
    assert found
    assert int(found[1]) == os.getpid()
    with locked(tmp_path):  # released
        pass


def test_the_lock_is_released_by_an_exception(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        _ = 1 / 0
    with locked(tmp_path):
        pass


def test_what_a_dead_process_has_written_does_not_block_even_if_its_id_is_in_use_again(tmp_path):
    (tmp_path / ".lock").write_text(f"process {os.getpid()} on elsewhere since 2020-01-01T00:00:00+00:00, for ever\n")
    with locked(tmp_path):
        assert re.fullmatch(HOLDER, (tmp_path / ".lock").read_text().strip())


def test_a_symbolic_link_is_refused_and_what_it_points_to_untouched(tmp_path):
    target = tmp_path / "thesis.tex"
    target.write_text("years of work")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".lock").symlink_to(target)
    with pytest.raises(MachineError) as caught, locked(tmp_path / "out"):
        pass
    assert str(caught.value) == (
        f"{tmp_path}/out/.lock: can't be opened for locking: it is a symbolic link; mend that or use -o FOLDER"
    )
    assert target.read_text() == "years of work"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    out = tmp_path / "out"
    out.write_text("mine")
    with (
        pytest.raises(MachineError, match=r"out/\.lock: can't be opened for locking: File exists; mend that or use -o"),
        locked(out),
    ):
        pass
    assert out.read_text() == "mine"


def test_a_file_system_without_locks_gives_a_message(tmp_path, monkeypatch):
    def flock(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(MachineError) as caught, locked(tmp_path):
        pass
    assert str(caught.value) == (
        f"{tmp_path}/.lock: this file system can't lock files: No locks available; use -o FOLDER"
    )


def test_a_full_disk_does_not_keep_the_lock_from_holding(tmp_path, monkeypatch):
    def pwrite(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "pwrite", pwrite)
    with locked(tmp_path), pytest.raises(MachineError, match=r"at work there \(unknown\); wait"), locked(tmp_path):
        pass


def test_no_handle_is_left_open(tmp_path):
    def handles() -> list[str]:
        return sorted(path.name for path in Path("/proc/self/fd").iterdir())

    before = handles()
    with locked(tmp_path), pytest.raises(MachineError), locked(tmp_path):
        pass
    assert handles() == before


@pytest.fixture
def at_work(tmp_path):
    """A run that stands still after its first seed, and the command line of another like it."""
    line = ["run", str(write_configs(tmp_path / "configs") / "tiny.yaml"), "-o", str(tmp_path / "out")]
    environment = os.environ | {"STAND_IN_HANGS_AFTER": "1"}
    with subprocess.Popen([*STAND_IN, *line], env=environment, stderr=subprocess.PIPE) as process:
        while not list((tmp_path / "out").glob(".cells/*/*/seed-00000.json")):
            assert process.poll() is None, process.stderr
            time.sleep(0.02)
        yield process, line
        process.kill()


def test_of_two_runs_one_proceeds_and_the_other_says_at_once_who_is_at_work(at_work, tmp_path):
    process, line = at_work
    result = invoke(*line)
    assert result.exit_code == 4
    expected = f"Error: {tmp_path}/out: another run is at work there \\({HOLDER}\\); wait for it, or .*\n"
    found = re.fullmatch(expected, result.stderr)
    assert found
    assert int(found[1]) == process.pid


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_has_ended_in_any_way_does_not_block(at_work, number, tmp_path):
    process, line = at_work
    process.send_signal(number)
    assert process.wait(7) == {signal.SIGKILL: -9, signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    result = invoke(*line, machine=stand_in())
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (
        0,
        f"2 seeds trained · {tmp_path}/out/report.html",
    )


def test_a_report_waits_for_nobody_and_says_who_is_at_work(at_work, tmp_path):
    result = invoke("report", "-o", tmp_path / "out")
    assert result.exit_code == 4
    assert "another run is at work there" in result.stderr
