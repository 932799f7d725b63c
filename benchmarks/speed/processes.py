"""The processes of a program: all its work is done in them, and timed from here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import IO, Any, Self, TypeVar

from benchmarks.speed.measured import Measured
from benchmarks.speed.peers import Peer
from benchmarks.speed.work import CORES, Work, work_named
from repro.files import shipped

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


T = TypeVar("T")


class ProgramFailedError(Exception):
    """A process ended before it answered; the message is what it wrote last."""


@dataclass(frozen=True)
class Timing:
    """One repetition: seconds a seed, and the accuracies by fold."""

    seconds: float
    accuracies: dict[str, list[float]]


@dataclass
class Group:
    """A program's processes, kept for one work after another.

    Args:
        short: the short mode's works.
    """

    peer: Peer
    short: bool
    import_seconds: float = field(init=False)
    trained: int = field(init=False, default=0)
    _processes: list[subprocess.Popen[str]] = field(init=False)

    def __post_init__(self) -> None:
        count = CORES if self.peer.per_core and not self.short else 1
        self._processes = [_start(self.peer, index) for index in range(count)]
        self.import_seconds = max(_answers(self._processes))

    def prepare(self, work: Work) -> float:
        """Make ready for a work; returns seconds, those of `trained` seeds among them."""
        start = time.perf_counter()
        shares = self._shares(work)
        for process, seeds in shares:
            _ask(process, verb="prepare", work=work.name, short=self.short, seeds=seeds)
        self.trained = max(_answers([process for process, _ in shares]))
        return time.perf_counter() - start

    def train(self, work: Work, repetition: int) -> Timing:
        """Train the seeds of a repetition, each process its share of them, all at once."""
        first = 1000 + repetition * work.seeds
        shares = self._shares(work)
        start = time.perf_counter()
        for process, seeds in shares:
            _ask(process, verb="train", seeds=list(range(first, first + seeds)))
            first += seeds
        found = _answers([process for process, _ in shares])
        wall = time.perf_counter() - start
        accuracies: dict[str, list[float]] = {}
        for each in found:
            for name, values in each["accuracies"].items():
                accuracies.setdefault(name, []).extend(values)
        scaled = [each["seconds"] for each in found if each["seconds"] is not None]
        if scaled:
            return Timing(sum(scaled) / len(scaled) / len(scaled), accuracies)
        return Timing(wall / sum(each["seeds"] for each in found), accuracies)

    def busy(self, work: Work) -> int:
        """Processes that are at work at once."""
        return len(self._shares(work))

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _shares(self, work: Work) -> list[tuple[subprocess.Popen[str], int]]:
        """The processes that are at work, and how many seeds each trains."""
        busy = self._processes[: work.seeds]
        each, more = divmod(work.seeds, len(busy))
        return [(process, each + (index < more)) for index, process in enumerate(busy)]


class Bench:
    """All programs, each in its processes.

    Args:
        say: hears of progress.
    """

    def __init__(self, peers: Sequence[Peer], short: bool, say: Callable[[str], None]) -> None:
        self._short, self._say = short, say
        self._peers = peers
        self._groups: dict[str, Group] = {}
        self.failed: list[str] = []
        """A sentence for each program that ended before its work was done."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for group in self._groups.values():
            group.close()

    def measure(self, name: str, repetitions: int) -> list[Measured]:
        """Every program that can do a work, prepared one after the other, then run in turn."""
        work = work_named(name, self._short)
        prepared: dict[str, float] = {}
        timings: dict[str, list[Timing]] = {}
        for peer in self._peers:
            if name in peer.works and (found := self._tried(peer, work, lambda group: group.prepare(work))) is not None:
                prepared[peer.name], timings[peer.name] = found, []
        for repetition in range(repetitions):
            for peer in self._peers:
                if peer.name in timings:
                    found = self._tried(peer, work, partial(Group.train, work=work, repetition=repetition))
                    if found is None:
                        del timings[peer.name]
                    else:
                        timings[peer.name].append(found)
                        self._say(f"{name}: {peer.name} {found.seconds:.4g} s a seed")
        return [self._measured(work, each, prepared[each], timings[each]) for each in timings]

    def _tried(self, peer: Peer, work: Work, do: Callable[[Group], T]) -> T | None:
        """What the program's processes do, which are started if need be; None where they fail, which is noted."""
        try:
            if peer.name not in self._groups:
                self._groups[peer.name] = Group(peer, self._short)
            return do(self._groups[peer.name])
        except ProgramFailedError as error:
            self.failed.append(f"{work.name}: {peer.name} failed: {error}")
            if peer.name in self._groups:
                self._groups.pop(peer.name).close()
            return None

    def _measured(self, work: Work, name: str, prepared: float, timings: Sequence[Timing]) -> Measured:
        group = self._groups[name]
        seconds = tuple(timing.seconds for timing in timings)
        training = group.trained * group.busy(work) * median(seconds)
        accuracies: dict[str, list[float]] = {}
        for timing in timings:
            for key, values in timing.accuracies.items():
                accuracies.setdefault(key, []).extend(values)
        return Measured(work.name, name, group.import_seconds, max(0.0, prepared - training), seconds, accuracies)


def _start(peer: Peer, index: int) -> subprocess.Popen[str]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    if peer.per_core:
        environment |= dict.fromkeys(THREADS, "1")
    line = [sys.executable, "-m", "benchmarks.speed.serve", peer.module, peer.function]
    if peer.pinned:
        line = [sys.executable, "-c", PINNED, str(index), *line]
    root = shipped("configs").parent
    return subprocess.Popen(
        line, env=environment, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


PINNED = """
import os, sys
cores = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, {cores[int(sys.argv[1]) % len(cores)]})
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Bound to one core, a library starts one thread."""


def _ask(process: subprocess.Popen[str], **question: Any) -> None:
    print(json.dumps(question), file=_pipe(process.stdin), flush=True)


def _answers(processes: Sequence[subprocess.Popen[str]]) -> list[Any]:
    return [_answer(process) for process in processes]


def _answer(process: subprocess.Popen[str]) -> Any:
    line = _pipe(process.stdout).readline()
    if not line:
        raise ProgramFailedError(f"it ended with code {process.wait()}; its last words are above")
    return json.loads(line)


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
