"""Where cells are trained: in worker processes, whatever becomes of a worker.

The parent never trains, not even with a single worker: it has to answer Ctrl-C at once, and TensorFlow's import and
threads belong to the workers.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from repro.results.records import CellResult
from repro.training.progress import Progress
from repro.training.worker import Task, train_cell

if TYPE_CHECKING:
    from concurrent.futures import Future

IDLE_SECONDS = 300
"""After this long without work a worker ends."""

FEEDER_SECONDS = 5
"""At the end of the process wait no longer than this for a thread that hands out work."""

WORKER_VARIABLES = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # the first worker would take all of a GPU's memory
    "PYTHONSAFEPATH": "1",  # Python would import a random.py that lies in the current folder
}

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

        A worker that dies (killed for memory, say) takes its cell with it, and its fellows with it. Cells that may
        have been at work then are tried again, each alone in a fresh worker: one that dies there too is recorded as
        failed. The rest go on side by side. Closing the generator ends the workers.
        """
        left = dict(enumerate(tasks))
        suspects: list[int] = []
        while left:
            given = suspects[:1] or list(left)
            count = min(self._workers, len(given))
            for each, result in self._round({each: left[each] for each in given}, count):
                yield left.pop(each), result
            lost = [each for each in given if each in left]
            if lost and suspects:
                task = left.pop(lost[0])
                yield task, CellResult(task.seed, 0.0, None, error=DIED_TWICE)
            elif lost:
                progress.note(f"a worker process died; {len(lost)} seeds go on in fresh ones")
                suspects = lost[:count]  # cells are handed out in order: those at work are the first that are not done
            suspects = [each for each in suspects if each in left]

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in a worker process and return what it returns."""
        with _processes(1) as pool:
            return _submit(pool, function, *arguments).result()

    def _round(self, tasks: dict[int, Task], count: int) -> Iterator[tuple[int, CellResult]]:
        """Cells as they come, until all are there or a worker has died. A few more are handed out than trained."""
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        futures: dict[Future[CellResult], int] = {}
        waiting = iter(tasks.items())
        with _processes(count) as pool:
            while True:
                with contextlib.suppress(BrokenProcessPool):
                    for each, task in itertools.islice(waiting, 2 * count - len(futures)):
                        futures[_submit(pool, self._cell, task)] = each
                if not futures:
                    return
                for future in wait(futures, return_when=FIRST_COMPLETED).done:
                    each = futures.pop(future)
                    with contextlib.suppress(BrokenProcessPool):  # those that came before the death count
                        yield each, future.result()


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _processes(count: int) -> Iterator[Any]:
    """So many worker processes; those of an earlier call, with the programs that they have compiled, if there are.

    They are killed where the block is left by an exception, Ctrl-C's among them: a cell is stored whole or not at all,
    so nothing is spoilt.
    """
    from loky import get_reusable_executor

    with _safe_path():
        pool = get_reusable_executor(
            count, timeout=IDLE_SECONDS, initializer=_begin, initargs=(os.getpid(),), env=WORKER_VARIABLES
        )
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=True, kill_workers=True)
        raise


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
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """Nobody waits for a worker whose parent was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
