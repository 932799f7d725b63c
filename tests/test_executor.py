"""Worker processes, with stand-ins for what they do to a cell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import experiment
from stored_results import described
from tiny import CHECKOUT, assert_all_ended, command, descendants

from repro.errors import ConfigError
from repro.results.records import CellResult, Record
from repro.training.environment import available_cores
from repro.training.executor import EXPERIMENTS, LokyExecutor, Waiting
from repro.training.worker import Task

pytestmark = pytest.mark.slow


class Notes(list[str]):
    """A progress that keeps what the user has to know."""

    def note(self, line: str) -> None:
        self.append(line)


def works(task: Task) -> CellResult:
    return CellResult(task.seed, 0.0, None, (Record(0, 1, 2, "test", "accuracy", 0.5 + task.seed / 100),))


def dies_once(task: Task) -> CellResult:
    marker = Path(task.experiment.title)
    if task.seed == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return works(task)


def dies_always(task: Task) -> CellResult:
    if task.seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return works(task)


def is_faulty(task: Task) -> CellResult:
    if task.seed == 1:
        raise ConfigError("model.0.Dense: Keras refuses it")
    time.sleep(60)
    return works(task)


def shows_its_surroundings(task: Task) -> CellResult:
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return CellResult(task.seed, 0.0, None, error=f"{os.environ['OMP_NUM_THREADS']} {ignored} {os.getppid()}")


def tasks(tmp_path: Path, seeds: int) -> list[Task]:
    config = experiment(title=str(tmp_path / "died"))
    return [Task(config, described("sonar"), tmp_path, "stacked", seed) for seed in range(seeds)]


def trained(
    work: Callable[[Task], CellResult], given: list[Task], workers: int
) -> tuple[dict[int, CellResult], list[str]]:
    notes = Notes()
    return {task.seed: cell for task, cell in LokyExecutor(workers, work).train(given, notes)}, notes


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_cell_is_trained_once_in_a_worker(tmp_path, workers):
    given = tasks(tmp_path, 7)
    cells, notes = trained(works, given, workers)
    assert cells == {task.seed: works(task) for task in given}
    assert notes == []


def test_nothing_to_train_starts_nothing():
    assert trained(works, [], 2) == ({}, [])


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_dies_costs_no_seed(tmp_path, workers):
    given = tasks(tmp_path, 6)
    cells, notes = trained(dies_once, given, workers)
    assert cells == {task.seed: works(task) for task in given}
    assert notes == ["a worker process died; its seed is tried again at the end"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_cell_that_kills_its_worker_every_time_fails_and_no_other(tmp_path, workers):
    given = tasks(tmp_path, 6)
    cells, _ = trained(dies_always, given, workers)
    reason = "its worker process died twice, the second time with nothing beside it (out of memory?)"
    assert cells.pop(1) == CellResult(1, 0.0, None, error=reason)
    assert cells == {task.seed: works(task) for task in given if task.seed != 1}


def test_a_fault_of_the_configuration_ends_the_training_and_its_workers(tmp_path):
    with pytest.raises(ConfigError, match=r"^model\.0\.Dense: Keras refuses it$"):
        trained(is_faulty, tasks(tmp_path, 4), 2)
    assert workers_of(os.getpid()) == []


def workers_of(process: int) -> list[int]:
    children = descendants(process)
    return [child for child in children if b"LokyProcess" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_closing_the_generator_ends_the_workers(tmp_path):
    training = LokyExecutor(2, works).train(tasks(tmp_path, 40), Notes())
    next(training)
    assert len(workers_of(os.getpid())) == 2
    training.close()
    assert workers_of(os.getpid()) == []


def test_workers_have_one_thread_and_leave_ctrl_c_to_the_parent(tmp_path):
    cells, _ = trained(shows_its_surroundings, tasks(tmp_path, 3), 2)
    assert {cell.error for cell in cells.values()} == {f"1 True {os.getpid()}"}


def test_a_call_returns_what_the_function_returns_in_a_worker():
    assert LokyExecutor(2).call(os.getppid) == os.getpid()


def test_the_cores_are_those_that_this_process_may_use():
    done = command([sys.executable, "-c", BOUND], cwd=CHECKOUT)
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert available_cores() >= 1


BOUND = """\
import os
os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
from repro.training.environment import available_cores
print(available_cores())
"""


def named(name: str, seeds: int) -> list[Task]:
    return [Task(experiment(name=name), described("sonar"), Path(), "stacked", seed) for seed in range(seeds)]


def test_a_worker_stays_with_an_experiment_and_begins_one_of_its_own():
    waiting = Waiting([*named("first", 2), *named("second", 1), *named("third", 1)])
    assert waiting.next("", 0) == named("first", 1)[0]
    assert waiting.next("", 0) == named("second", 1)[0]
    assert waiting.next("first", 0) == named("first", 2)[1]
    assert waiting.next("second", 0) == named("third", 1)[0]
    assert waiting.next("first", 0) is None


def test_a_worker_helps_with_the_most_cells_unless_these_end_sooner_than_it_has_compiled():
    cells = [*named("few", 3), *named("many", 9)]
    waiting = Waiting(cells)
    assert [waiting.next("", 0), waiting.next("", 0)] == [cells[0], cells[3]]
    assert waiting.next("", 0) == cells[4]
    for name in ("few", "many"):
        for seconds in (6.0, 1.0):
            waiting.took(named(name, 1)[0], seconds)
    assert waiting.next("", 0) is None
    assert [waiting.next("few", 0), waiting.next("few", 0), waiting.next("few", 0)] == [*cells[1:3], None]
    assert [waiting.next("many", 0) for _ in cells[5:]] == cells[5:]


def test_a_cell_is_handed_out_ahead_of_time_only_where_cells_are_short():
    cells = named("some", 4)
    waiting = Waiting(cells)
    assert [waiting.next("", 0), waiting.next("some", 1)] == [cells[0], None]
    waiting.took(cells[0], 60.0)
    assert [waiting.next("some", 0), waiting.next("some", 1)] == [cells[1], None]
    waiting.took(cells[1], 0.5)
    assert [waiting.next("some", 0), waiting.next("some", 1), waiting.next("some", 2)] == [*cells[2:], None]
    waiting.put_back(cells[2:])
    assert [waiting.next("some", 0), waiting.next("some", 0)] == cells[2:]


def tells_its_process(task: Task) -> CellResult:
    return CellResult(task.seed, 0.0, None, error=str(os.getpid()))


def test_a_fresh_worker_takes_over_after_many_experiments():
    asked = [task for number in range(2 * EXPERIMENTS + 1) for task in named(f"e{number}", 2)]
    cells = list(LokyExecutor(1, tells_its_process).train(asked, Notes()))
    assert [task for task, _ in cells] == asked
    ids = [cell.error for _, cell in cells]
    counts = [ids.count(each) for each in dict.fromkeys(ids)]  # the first may have had experiments before
    assert (len(counts), max(counts)) == (3, 2 * EXPERIMENTS)
    assert len(workers_of(os.getpid())) == 1


SLOW_CELLS = """\
import os, sys, time
sys.path.insert(0, os.path.dirname(sys.argv[1]))
import test_executor
training = test_executor.LokyExecutor(2, test_executor.seed_0_is_fast).train(
    test_executor.tasks(test_executor.Path("nowhere"), 3), test_executor.Notes()
)
next(training)
print("first", flush=True)
next(training)
"""


def seed_0_is_fast(task: Task) -> CellResult:
    time.sleep(60 if task.seed else 0)
    return works(task)


def test_workers_of_a_killed_parent_end_by_themselves():
    parent = subprocess.Popen(
        [sys.executable, "-c", SLOW_CELLS, __file__], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    assert parent.stdout
    assert parent.stdout.readline() == "first\n"
    children = descendants(parent.pid)
    assert len(workers_of(parent.pid)) == 2
    parent.kill()
    parent.wait()
    parent.stdout.close()  # not read to its end: that would wait for the workers, which hold it, too
    assert_all_ended(children)


IN_A_FOLDER_OF_TRAPS = """\
import os
from repro.training.executor import LokyExecutor
print(LokyExecutor(2).call(os.getcwd))
"""


def test_code_in_the_current_folder_is_not_executed(tmp_path):
    """Python imports a random.py that lies there, started with -m or -c, as workers and helpers are."""
    for name in ("random", "signal", "loky", "numpy", "repro"):
        (tmp_path / f"{name}.py").write_text(f"open('{name}.ran', 'w')\n")
    script = tmp_path / "elsewhere" / "script.py"
    script.parent.mkdir()
    script.write_text(IN_A_FOLDER_OF_TRAPS)
    done = command([sys.executable], script, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{tmp_path}\n", "")
    assert list(tmp_path.glob("*.ran")) == []


SLOW_FEEDER = """\
import os, threading, time
from loky.backend import queues, resource_tracker
from repro.training.executor import LokyExecutor

feed, unregister = queues.Queue._feed, resource_tracker.unregister


def feed_and_be_the_last_to_hold_the_locks(*locks):
    feed(*locks)
    time.sleep(0.5)


def unregister_late(name, kind):
    if threading.current_thread().name == "QueueFeederThread":
        removed.set()
        time.sleep(1)
    unregister(name, kind)


queues.Queue._feed = staticmethod(feed_and_be_the_last_to_hold_the_locks)  # a race, which a seam can't arrange
resource_tracker.unregister = unregister_late
removed = threading.Event()
try:
    LokyExecutor(1).call(os.listdir, "nowhere")
except FileNotFoundError:
    print(removed.wait(60))
"""


def test_the_end_of_a_process_waits_for_the_threads_that_hand_out_work():
    done = command([sys.executable, "-c", SLOW_FEEDER], cwd=CHECKOUT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
