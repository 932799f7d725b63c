"""Where cells are trained: in worker processes, whatever becomes of a worker.

The parent never trains, not even with a single worker: it has to answer Ctrl-C at once, and TensorFlow's import and
threads belong to the workers.
"""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from multiprocessing import resource_tracker, util
from typing import Any, Protocol, TypeVar

from repro.results.records import CellResult
from repro.training.environment import uninterrupted
from repro.training.progress import Progress
from repro.training.worker import Task, train_cell

IDLE_SECONDS, FEEDER_SECONDS = 300, 5
"""How long a worker stays without work, and the end of the process waits for a thread that hands out work."""

WORKER_VARIABLES = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # the first worker would take all of a GPU's memory
    "PYTHONSAFEPATH": "1",  # Python would import a random.py that lies in the current folder
}
SHORT_SECONDS, EXPERIMENTS = 5, 16
"""A worker is given the next cell ahead of time where they take less, and ends after so many experiments: TensorFlow
never gives back a compiled program, some 25 MB of each."""

DIED_TWICE = "its worker process died twice, the second time with nothing beside it (out of memory?)"
T = TypeVar("T")


class Executor(Protocol):
    """Trains cells somewhere else than in this process."""

    def train(self, tasks: Sequence[Task], progress: Progress) -> Generator[tuple[Task, CellResult]]:
        """Train cells, yielding each as it is done. Closing the generator ends the training."""

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function that needs TensorFlow and return what it returns."""


class LokyExecutor:
    """Worker processes on this machine; they stay, with the programs that they have compiled, for further calls.

    Args:
        workers: how many cells are trained at once.
        cell: trains one, in a worker.
    """

    def __init__(self, workers: int, cell: Callable[[Task], CellResult] = train_cell) -> None:
        self._workers = workers
        self._cell = cell

    def train(self, tasks: Sequence[Task], progress: Progress) -> Generator[tuple[Task, CellResult]]:
        """Train cells in worker processes, yielding each as it is done.

        A worker that dies (killed for memory, say) takes its cell with it. That is tried again when the others are
        done, with nothing beside it: one that dies there too is recorded as failed. Closing the generator ends the
        workers.
        """
        if not tasks:
            return
        waiting, lost = Waiting(tasks), list[Task]()
        with _processes(min(self._workers, len(tasks))) as workers:
            done: list[tuple[Task, CellResult]] = []
            while True:
                self._hand_out(waiting, workers)
                yield from done
                if not any(worker.given for worker in workers):
                    break
                done = _finished(waiting, workers, lost, progress)
        for task in lost:
            with _processes(1) as (worker,):
                try:
                    result = worker.submit(self._cell, task).result()
                except BrokenExecutor:
                    result = CellResult(task.seed, 0.0, None, error=DIED_TWICE)
                yield task, result

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in a worker process and return what it returns."""
        with _processes(1) as (worker,):
            return worker.submit(function, *arguments).result()

    def _hand_out(self, waiting: Waiting, workers: Sequence[Worker]) -> None:
        for worker in sorted(workers, key=lambda each: len(each.given)):  # those first that have nothing to do
            while task := waiting.next(worker.experiment, len(worker.given)):
                worker.begin(task.name)
                worker.given[worker.submit(self._cell, task)] = task


class Waiting:
    """Cells that no worker has been given. A worker stays with an experiment, whose programs it has compiled.

    Args:
        tasks: cells to train, experiment by experiment.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks: dict[str, deque[Task]] = {}
        for task in tasks:
            self._tasks.setdefault(task.name, deque()).append(task)
        self._workers = Counter[str]()
        """How many have been given cells of an experiment."""
        self._seconds: dict[str, list[float]] = {}

    def next(self, last: str, given: int) -> Task | None:
        """A cell for a worker, if there is one for it.

        Args:
            last: the experiment that the worker has been given last.
            given: cells that it has and has not done. One that waits behind the one at work spares a worker from
                waiting for the parent, but no other can take it: only where cells are short.
        """
        if given:
            short = min(self._seconds.get(last, [math.inf])) < SHORT_SECONDS
            name = last if given == 1 and short and last in self._tasks else None
        else:
            fresh = (each for each in self._tasks if not self._workers[each])
            name = last if last in self._tasks else next(fresh, None) or self._helped()
        if name is None:
            return None
        self._workers[name] += name != last or not self._workers[name]
        task = self._tasks[name].popleft()
        if not self._tasks[name]:
            del self._tasks[name]
        return task

    def put_back(self, tasks: Sequence[Task]) -> None:
        """Cells of a worker that died before it got to them."""
        for task in reversed(tasks):
            self._tasks.setdefault(task.name, deque()).appendleft(task)

    def took(self, task: Task, seconds: float) -> None:
        """A cell is done."""
        self._seconds.setdefault(task.name, []).append(seconds)

    def _helped(self) -> str | None:
        """The experiment with the most cells of those that one more worker ends sooner, although it has to compile."""
        return max(filter(self._ends_sooner, self._tasks), key=lambda name: len(self._tasks[name]), default=None)

    def _ends_sooner(self, name: str) -> bool:
        """Whether a cell that is the worker's first, as long as the longest, ends before those that wait would."""
        taken = self._seconds.get(name, [1.0])
        return max(taken) <= min(taken) * (len(self._tasks[name]) / self._workers[name] + 0.5)


class Worker:
    """A process that works on what it is given, one after the other. A fresh one takes the place of one that died."""

    def __init__(self) -> None:
        self._pool = _new_pool()
        self.given: dict[Future[CellResult], Task] = {}
        """What has been handed to it and not come back, in that order."""
        self.experiment = ""
        """The one that it was given last."""
        self._begun = 0

    def begin(self, experiment: str) -> None:
        """Turn to an experiment, with nothing at work unless it is the last one; after many in a fresh process."""
        self._begun += experiment != self.experiment
        self.experiment = experiment
        if self._begun > EXPERIMENTS:
            self.kill()
            self._pool, self._begun = _new_pool(), 1

    def submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Hand out a call."""
        with uninterrupted():  # a process that has been started by half can't be ended
            try:
                return _submit(self._pool, function, *arguments)
            except BrokenExecutor:
                self._pool = _new_pool()
                return _submit(self._pool, function, *arguments)

    def kill(self) -> None:
        """End the process, whatever it is at work on."""
        self._pool.shutdown(wait=True, kill_workers=True)


_workers: list[Worker] = []


def _finished(
    waiting: Waiting, workers: Sequence[Worker], lost: list[Task], progress: Progress
) -> list[tuple[Task, CellResult]]:
    """Wait for cells that are done; the cells on which workers died are added to `lost`."""
    wait([future for worker in workers for future in worker.given], return_when=FIRST_COMPLETED)
    found = []
    for worker in workers:
        for future, task in list(worker.given.items()):
            if not future.done():
                break
            try:
                result = future.result()
            except BrokenExecutor:
                progress.note("a worker process died; its seed is tried again at the end")
                lost.append(task)
                waiting.put_back(list(worker.given.values())[1:])
                worker.given.clear()
                break
            del worker.given[future]
            waiting.took(task, result.seconds)
            found.append((task, result))
    return found


@contextlib.contextmanager
def _processes(count: int) -> Iterator[Sequence[Worker]]:
    """So many workers; those of an earlier call, with the programs that they have compiled, if there are.

    They are killed where the block is left by an exception, Ctrl-C's among them: a cell is stored whole or not at all,
    so nothing is spoilt.
    """
    while len(_workers) > count:
        _workers.pop().kill()
    _workers.extend(Worker() for _ in range(count - len(_workers)))
    try:
        yield tuple(_workers)
    except BaseException:
        while _workers:
            _workers.pop().kill()
        raise


def _new_pool() -> Any:
    """A pool of a single process: one that dies would take its fellows with it, and all share what they are given."""
    from loky import ProcessPoolExecutor

    with _safe_path():
        return ProcessPoolExecutor(
            1, timeout=IDLE_SECONDS, initializer=_begin, initargs=(os.getpid(),), env=WORKER_VARIABLES
        )


@atexit.register  # by now loky has told its threads to end; its daemon threads it doesn't wait for
def _join_feeders() -> None:
    """Let the threads that hand out work end, which may be the last to hold a semaphore.

    One that the end of the process overtakes between removing its semaphore and saying so makes loky's tracker warn of
    a leak, as the last words that the user reads.
    """
    for thread in threading.enumerate():
        if thread.name == "QueueFeederThread":
            thread.join(FEEDER_SECONDS)


def _submit(pool: Any, function: Callable[..., T], *arguments: Any) -> Future[T]:
    """Hand out a call. The first one starts the workers, which inherit that Ctrl-C is blocked until they ignore it."""
    with _safe_path():
        # Python's tracker, which loky would start in there, unblocks Ctrl-C in passing.
        resource_tracker.ensure_running()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            future: Future[T] = pool.submit(function, *arguments)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return future


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """Processes that are started in the block don't import modules from the current folder.

    The trackers are `python -c ...`, which would, and take their environment from this process.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _begin(parent: int) -> None:
    """Settle in a new worker: Ctrl-C, which reaches the whole process group, is for the parent to act on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    util.Finalize(None, os._exit, args=(0,), exitpriority=0)  # Python would take apart TensorFlow for a second or two
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """Nobody waits for a worker whose parent was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
