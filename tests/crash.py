"""Kill a run at one call to the file system after another, and run it again each time.

    python tests/crash.py CONFIG FOLDER STRIDE

The n-th run, in FOLDER/n, is killed (SIGKILL) at its n-th call, a write being cut in half. The same run again has to
leave the files of an uninterrupted one and nothing else. With a STRIDE of 1 only records are written, and every call is
tried; otherwise tables and plots too, and one call in so many is tried. Training is the stand-in of `tiny.py`; a fork
for each run spares the imports. Prints how many calls were tried.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import matplotlib.pyplot
import tiny

import repro.commands.report
import repro.commands.run
from repro.cli.app import main

MACHINE = dataclasses.replace(tiny.stand_in(), clock=lambda: 0.0)


def run(config: str, out: Path, prepare: Callable[[], None]) -> bool:
    """Run in a process of its own; whether it came to its end."""
    child = os.fork()
    if not child:
        prepare()
        main(["run", config, "-q", "-o", str(out)], obj=MACHINE)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def killed_at(moment: int) -> Callable[[], None]:
    calls = itertools.count(1)

    def here() -> bool:
        return next(calls) == moment

    def die() -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    class Torn(io.FileIO):
        def write(self, data: Any) -> int:
            if here():
                super().write(data[: len(data) // 2])
                die()
            return super().write(data)

    def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if here():
                die()
            return function(*arguments, **options)

        return call

    def prepare() -> None:
        for module, name in ((os, "fsync"), (os, "replace"), (os, "mkdir"), (os, "chmod"), (tempfile, "mkstemp")):
            setattr(module, name, guarded(getattr(module, name)))
        os.fdopen = Torn

    return prepare


def files(out: Path) -> dict[str, bytes]:
    """Everything in a results folder but the lock, which says which process held it."""
    paths = [path for path in out.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(out)): path.read_bytes() for path in paths}


def crash(config: str, folder: Path, stride: int) -> int:
    if stride == 1:  # what is derived can be made again: leave it out, so that every call can be tried
        repro.commands.run.build_experiment = lambda stored: SimpleNamespace(experiment="tiny", failed=(), diverged=())
        repro.commands.report.rebuild = lambda *given: SimpleNamespace(answers=())
    matplotlib.pyplot.figure()
    assert run(config, folder / "whole", lambda: None)
    whole = files(folder / "whole")
    for tried, moment in enumerate(itertools.count(stride, stride)):
        out = folder / str(moment)
        if run(config, out, killed_at(moment)):
            return tried
        assert run(config, out, lambda: None), f"the run after the one killed at call {moment} failed"
        found = files(out)
        assert found.keys() == whole.keys(), f"killed at call {moment}: {found.keys() ^ whole.keys()}"
        differ = [name for name in whole if found[name] != whole[name]]
        assert not differ, f"killed at call {moment}: {differ} differ"
    raise AssertionError


if __name__ == "__main__":
    print(crash(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
