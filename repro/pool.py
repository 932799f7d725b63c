"""Worker processes: cells out, outcomes back, whatever becomes of a worker.

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
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from multiprocessing import resource_tracker
from typing import Any, Protocol

from repro.training.worker import Outcome, Task, train_cell

IDLE_SECONDS = 300
"""After this long without work a worker ends."""

FEEDER_SECONDS = 5
"""At the end of the process wait no longer than this for a thread that hands out work."""

WORKER_VARIABLES = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # the first worker would take all of a GPU's memory
    "PYTHONSAFEPATH": "1",  # Python would import a random.py that lies in the current folder
}

Key = tuple[str, int]


class Listener(Protocol):
    """Hears what the user has to know."""

    def note(self, line: str) -> None:
        """One line of text."""


def train(tasks: Sequence[Task], workers: int, watcher: Listener) -> Generator[tuple[Task, Outcome]]:
    """Train cells in worker processes, yielding each as it is done.

    A worker that dies (killed for memory, say) takes its cell with it, and its fellows with it. Cells that may have
    been at work then are tried again, each alone in a fresh worker: one that dies there too is recorded as failed. The
    rest go on side by side. Closing the generator ends the workers.
    """
    left = {(task.experiment.name, task.seed): task for task in tasks}
    suspects: list[Key] = []
    while left:
        keys = suspects[:1] or list(left)
        count = min(workers, len(keys))
        with _executor(count) as executor:
            for key, outcome in _round(executor, {key: left[key] for key in keys}, count):
                yield left.pop(key), outcome
        lost = [key for key in keys if key in left]
        if lost and suspects:
            reason = "its worker process died twice, the second time with nothing beside it (out of memory?)"
            yield left.pop(lost[0]), Outcome(lost[0][1], 0.0, error=reason)
        elif lost:
            watcher.note(f"a worker process died; {len(lost)} seeds go on in fresh ones")
            suspects = lost[:count]  # cells are handed out in order, so those at work are the first that are not done
        suspects = [key for key in suspects if key in left]


def in_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function that needs TensorFlow in a worker process and return what it returns."""
    with _executor(1) as executor:
        return _submit(executor, function, *arguments).result()


@contextlib.contextmanager
def _executor(count: int) -> Iterator[Any]:
    """So many worker processes; those of an earlier call, with the programs that they have compiled, if there are.

    They are killed where the block is left by an exception, Ctrl-C's among them: a cell is stored whole or not at all,
    so nothing is spoilt.
    """
    from joblib.externals.loky import get_reusable_executor

    with _safe_path():
        executor = get_reusable_executor(
            count, timeout=IDLE_SECONDS, initializer=_begin, initargs=(os.getpid(),), env=WORKER_VARIABLES
        )
    try:
        yield executor
    except BaseException:
        executor.shutdown(wait=True, kill_workers=True)
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


def _round(executor: Any, tasks: Mapping[Key, Task], count: int) -> Iterator[tuple[Key, Outcome]]:
    """Outcomes as they come, until all are there or a worker has died. A few cells more are handed out than trained."""
    from concurrent.futures import FIRST_COMPLETED, Future, wait

    from joblib.externals.loky.process_executor import TerminatedWorkerError

    keys: dict[Future[Outcome], Key] = {}
    waiting = iter(tasks.items())
    while True:
        try:
            for key, task in itertools.islice(waiting, 2 * count - len(keys)):
                keys[_submit(executor, train_cell, task)] = key
        except TerminatedWorkerError:
            return
        if not keys:
            return
        for future in wait(keys, return_when=FIRST_COMPLETED).done:
            key = keys.pop(future)
            try:
                outcome = future.result()
            except TerminatedWorkerError:
                waiting = iter(())
                continue
            yield key, outcome


def _submit(executor: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """Hand out a call. The first one starts the workers, which inherit that Ctrl-C is blocked until they ignore it."""
    with _safe_path():
        # Python's tracker, which loky would start in there, unblocks Ctrl-C in passing.
        resource_tracker.ensure_running()
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return executor.submit(function, *arguments)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


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
