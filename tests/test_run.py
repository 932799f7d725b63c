"""Worker processes, interrupts, failures; and, with real trainings, that results depend on nothing but the config."""

from __future__ import annotations

import csv
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_cli import NO_TENSORFLOW
from tiny import CHECKOUT, REAL, STAND_IN, assert_all_ended, command, descendants, invoke, stand_in_cell, write_configs

from repro.cli.machine import Machine
from repro.results.records import CellResult
from repro.training.executor import LokyExecutor
from repro.training.worker import Task

pytestmark = pytest.mark.slow


def dies_always(task: Task) -> CellResult:
    if task.seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return stand_in_cell(task)


def in_workers(cell: Callable[[Task], CellResult]) -> Machine:
    """Real worker processes, with a stand-in for what they do to a cell."""
    return Machine(executor=lambda count: LokyExecutor(count or 2, cell))


def command_lines(process: int) -> list[str]:
    return [Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in descendants(process)]


def test_code_in_the_current_folder_is_not_executed(tmp_path):
    """Python imports a random.py that lies there, started with -m or -c, as workers and helpers are."""
    for name in ("random", "signal", "joblib", "loky", "numpy", "repro"):
        (tmp_path / f"{name}.py").write_text(f"open('{name}.ran', 'w')\n")
    config = write_configs(tmp_path / "configs") / "tiny.yaml"
    program = Path(sys.executable).with_name("repro")
    done = command([str(program)], "run", config, "--seeds", "2", "-q", "-j", "2", "-o", "out", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.glob("*.ran")) == []


def test_a_seed_that_always_dies_is_exit_code_5_and_in_the_table_and_tried_again(tmp_path):
    config, out = write_configs(tmp_path / "configs") / "tiny.yaml", tmp_path / "out"
    result = invoke("run", config, "-o", out, "-j", "1", machine=in_workers(dies_always))
    assert result.exit_code == 5
    reason = "failed: its worker process died twice, the second time with nothing beside it (out of memory?)"
    assert result.stderr.endswith(
        f"\nError: 1 replicas failed or diverged; the others are stored:\n  tiny: seed 1: {reason}\n"
    )
    assert f"- seed 1: {reason}" in (out / "tiny" / "table.md").read_text()
    assert {row["status"] for row in read_runs(out / "tiny") if row["seed"] == "1"} == {reason}
    assert sorted(path.name for path in out.glob(".cells/*/*/*")) == ["seed-00000.json", "seed-00002.json"]
    again = invoke("run", config, "-o", out, "-j", "1", machine=in_workers(stand_in_cell))
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (
        0,
        f"1 seed trained · {out}/report.html",
    )
    assert {row["status"] for row in read_runs(out / "tiny")} == {"ok"}


# Ctrl-C and SIGTERM, with real workers


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `repro run` in a session of its own; whatever is left of it is killed in the end."""
    started = []

    def call(program: list[str], *line: object, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*program, "run", *map(str, line), "-o", str(tmp_path / "out")],
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(process: subprocess.Popen[str], found: Callable[[], object]) -> None:
    until = time.monotonic() + 100
    while not found():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def assert_left_cleanly(process: subprocess.Popen[str], children: list[int], out: Path) -> None:
    """No process, no temporary file and no lock is left."""
    assert_all_ended(children)
    assert list(out.rglob(".*.tmp")) == []
    with (out / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("phase", ["workers start", "cells are trained"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_how_far_it_came_and_leaves_nothing_behind(start, tmp_path, number, code, phase):
    config, out = write_configs(tmp_path / "configs") / "tiny.yaml", tmp_path / "out"
    process = start(STAND_IN, config, "-j", "2", STAND_IN_CELLS="1")
    if phase == "workers start":
        wait_for(process, lambda: any("LokyProcess" in line for line in command_lines(process.pid)))
    else:
        wait_for(process, lambda: list(out.glob(".cells/*/*/seed-00000.json")))
    children = descendants(process.pid)
    os.killpg(process.pid, number)  # a terminal's Ctrl-C reaches the workers as well
    stdout, stderr = process.communicate(timeout=7)
    assert (process.returncode, stdout) == (code, "")
    done = 1 if (out / ".cells").exists() else 0
    assert stderr == (
        "tiny: stacked engine (all replicas of a seed can be trained in one program)\n"
        "Training 3 seeds of 1 experiment ...\n"
        f"Interrupted: {done} of 3 seeds are done; the same command goes on from there.\n"
    )
    assert phase == "workers start" or done == 1
    assert_left_cleanly(process, children, out)


def test_an_interrupt_before_anything_is_trained(start, tmp_path):
    config = write_configs(tmp_path / "configs") / "tiny.yaml"
    process = start([sys.executable, "-c", SLOW_DATA], config)
    assert process.stderr
    assert process.stderr.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=7)
    assert (process.returncode, stderr) == (
        130,
        "Interrupted: nothing was trained; the same command goes on from there.\n",
    )
    assert not (tmp_path / "out").exists()


SLOW_DATA = """
import sys, time
import repro.datasets
from repro.cli.app import main
def load(name):
    print("loading", file=sys.stderr, flush=True)
    time.sleep(60)
repro.datasets.load = load
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_a_run_at_once(start, tmp_path, number):
    config = write_configs(tmp_path / "configs") / "tiny.yaml"
    process = start(STAND_IN, config, STAND_IN_HANGS_AFTER="1", STAND_IN_STOPS_SLOWLY="1")
    wait_for(process, lambda: list((tmp_path / "out").glob(".cells/*/*/seed-00000.json")))
    time.sleep(0.2)
    process.send_signal(number)
    assert process.stdout
    assert process.stdout.readline() == "stopping\n"
    process.send_signal(number)
    assert process.wait(2) == -number


def test_workers_of_a_killed_run_end_by_themselves(start, tmp_path):
    config, out = write_configs(tmp_path / "configs") / "tiny.yaml", tmp_path / "out"
    process = start(STAND_IN, config, "-j", "2", STAND_IN_CELLS="1")
    wait_for(process, lambda: list(out.glob(".cells/*/*/seed-00000.json")))
    children = descendants(process.pid)
    assert len([line for line in command_lines(process.pid) if "LokyProcess" in line]) == 2
    process.kill()
    process.wait()
    assert_left_cleanly(process, children, out)


# Real trainings


def read_runs(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> tuple[Path, Path]:
    """Folders of the tiny experiments and of their results, trained side by side in two workers."""
    folder = tmp_path_factory.mktemp("real")
    configs, out = write_configs(folder / "configs"), folder / "out"
    result = invoke("run", configs, "-j", "2", "-o", out)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, f"6 seeds trained · {out}/report.html")
    return configs, out


def test_records_are_complete_and_plausible(real):
    _, out = real
    rows = read_runs(out / "tiny")
    assert [(row["seed"], row["fold"], row["metric"]) for row in rows] == [
        (str(seed), str(fold), metric) for seed in range(3) for fold in range(3) for metric in ("accuracy", "loss")
    ]
    assert {(row["experiment"], row["epoch"], row["step"], row["split"], row["status"]) for row in rows} == {
        ("tiny", "3", "8", "test", "ok")
    }
    values = {
        metric: [float(row["value"]) for row in rows if row["metric"] == metric] for metric in ("accuracy", "loss")
    }
    assert all(0.4 < value < 0.95 for value in values["accuracy"])
    assert len(set(values["loss"])) == 9
    assert read_runs(out / "other") != rows


def test_records_do_not_depend_on_workers_company_process_or_locale(real, tmp_path):
    configs, out = real
    surroundings = os.environ | {
        "PYTHONHASHSEED": "1",
        "LC_ALL": "C",
        "LANG": "C",
        "TZ": "Asia/Kathmandu",
        "COLUMNS": "40",
    }
    done = command(
        [sys.executable, "-c", NO_TENSORFLOW],
        "run",
        configs / "tiny.yaml",
        "-j",
        "1",
        "-o",
        tmp_path,
        env=os.environ | surroundings,
    )
    assert done.returncode == 0, done.stderr  # and the parent has imported no TensorFlow
    assert read_runs(tmp_path / "tiny") == read_runs(out / "tiny")
    assert (tmp_path / "tiny" / "table.md").read_bytes() == (out / "tiny" / "table.md").read_bytes()


def test_records_do_not_depend_on_order_or_on_what_a_worker_has_trained_before(real, tmp_path):
    configs, out = real
    before = [read_runs(out / name) for name in ("tiny", "other")]
    result = invoke("run", configs / "tiny.yaml", configs / "other.yaml", "-j", "1", "-o", tmp_path)
    assert result.exit_code == 0
    assert [read_runs(tmp_path / name) for name in ("tiny", "other")] == before
    forced = invoke("run", configs / "tiny.yaml", "--force", "-j", "2", "-o", tmp_path)
    same = "3 of 3 seeds identical to the stored ones"
    assert forced.stdout.splitlines()[-1] == f"3 seeds trained · {same} · {tmp_path}/report.html"
    assert read_runs(tmp_path / "tiny") == before[0]


def test_keras_own_fit_gives_the_same_results(real, tmp_path):
    configs, out = real
    result = invoke("run", configs / "tiny.yaml", "--engine", "keras", "-j", "2", "-o", tmp_path)
    assert result.exit_code == 0
    plain, stacked = read_runs(tmp_path / "tiny"), read_runs(out / "tiny")
    for left, right in zip(plain, stacked, strict=True):
        tolerance = 1e-4 if left["metric"] == "loss" else 0.015  # one row of 70 on the other side of one half
        assert float(left.pop("value")) == pytest.approx(float(right.pop("value")), abs=tolerance)
        assert left == right
    assert "(keras engine)" in (tmp_path / "tiny" / "table.md").read_text()


def test_killed_in_the_middle_a_run_goes_on_to_the_same_tables(real, start, tmp_path):
    configs, whole = real
    out = tmp_path / "out"
    process = start(REAL, configs / "tiny.yaml", configs / "other.yaml", "-j", "2")
    wait_for(process, lambda: list(out.glob(".cells/*/*/seed-*.json")))
    children = descendants(process.pid)
    process.kill()
    process.wait()
    assert_all_ended(children)
    stored = len(list(out.glob(".cells/*/*/seed-*.json")))
    assert 0 < stored < 6
    result = invoke("run", configs / "tiny.yaml", configs / "other.yaml", "-j", "2", "-o", out)
    assert result.stdout.splitlines()[-1] == f"{6 - stored} seeds trained · {out}/report.html"
    assert list(out.rglob(".*.tmp")) == []
    for name in ("tiny", "other"):
        assert read_runs(out / name) == read_runs(whole / name)
        assert (out / name / "table.md").read_bytes() == (whole / name / "table.md").read_bytes()


def test_a_long_compiled_training_is_interrupted_within_seconds(start, tmp_path):
    configs, out = write_configs(tmp_path / "configs"), tmp_path / "out"
    size = ["-S", "training.epochs=20000", "-S", "model.0.Dense.units=2000"]
    process = start(REAL, configs / "tiny.yaml", *size, "-j", "1")
    wait_for(process, lambda: any(busy(child) for child in descendants(process.pid)))
    children = descendants(process.pid)
    os.killpg(process.pid, signal.SIGTERM)
    _, stderr = process.communicate(timeout=7)
    assert process.returncode == 143
    assert stderr.splitlines()[-1] == ("Interrupted: 0 of 3 seeds are done; the same command goes on from there.")
    assert_left_cleanly(process, children, out)


def busy(process: int, seconds: float = 9.0) -> bool:
    """Whether a process has used so much processor time: TensorFlow's import takes most of it."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[11]) / os.sysconf("SC_CLK_TCK") > seconds


def test_diverged_replicas_are_recorded_and_the_others_go_on(tmp_path):
    configs, out = write_configs(tmp_path / "configs"), tmp_path / "out"
    (configs / "wild.yaml").write_text(
        "extends: tiny.yaml\ntitle: Far too fast\nmodel: [Dense: {units: 4}, Dense: {units: 4}, Dense: {units: 1}]\n"
        "training: {loss: {BinaryCrossentropy: {from_logits: true}}, optimizer: {SGD: {learning_rate: 1000.0}}}\n"
    )
    line = ["run", configs / "wild.yaml", configs / "tiny.yaml", "-o", out, "-j", "2"]
    for seeds_trained in (6, 0):  # the second run trains nothing and says the same
        result = invoke(*line)
        assert result.exit_code == 5
        expected = "Error: 9 replicas failed or diverged; the others are stored:\n" + "".join(
            f"  wild: seed {seed}, fold {fold}: diverged: test loss is nan at step 8\n"
            for seed in range(3)
            for fold in range(3)
        )
        assert result.stderr.endswith(expected)
        assert len(list(out.glob(".cells/*/*/seed-*.json"))) == 6
        assert (f"{seeds_trained} seeds trained" in result.stdout) == (seeds_trained > 0)
    assert {row["status"] for row in read_runs(out / "tiny")} == {"ok"}
    wild = read_runs(out / "wild")
    assert {row["status"] for row in wild} == {"diverged: test loss is nan at step 8"}
    assert {row["value"] for row in wild if row["metric"] == "loss"} == {"nan"}
    table = (out / "wild" / "table.md").read_text()
    assert "9 replicas diverged" in table
    assert "- seed 2, fold 1: diverged: test loss is nan at step 8" in table
    assert "diverged" not in (out / "tiny" / "table.md").read_text()


NEWCOMER = """\
article: tanh-article
title: Two hidden layers of tanh units, L2 and RMSprop
dataset: {name: sonar, standardize: true}
model:
  - Dense: {units: 16, activation: tanh, kernel_regularizer: {L2: {l2: 0.001}}}
  - Dense: {units: 16, activation: tanh, kernel_regularizer: {L2: {l2: 0.001}}}
  - Dense: {units: 1, activation: sigmoid}
training: {loss: binary_crossentropy, optimizer: {RMSprop: {learning_rate: 0.001}}, batch_size: 8, epochs: 5}
protocol: {stratified_k_fold: {folds: 5}}
seeds: 5
reported:
  accuracy: {value: 80.1, unit: percent}
"""


def test_a_new_article_needs_one_file_for_each_experiment_and_no_python(tmp_path):
    configs, out = tmp_path / "my-article", tmp_path / "out"
    configs.mkdir()
    (configs / "tanh_small.yaml").write_text(NEWCOMER)
    (configs / "tanh_fast.yaml").write_text(
        "extends: tanh_small.yaml\ntitle: The same, faster\ntraining: {optimizer: {RMSprop: {learning_rate: 0.003}}}\n"
        "reported: null\n"
    )
    result = invoke("run", configs, "-j", "2", "-o", out)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, f"10 seeds trained · {out}/report.html")
    assert len(read_runs(out / "tanh_small")) == 5 * 5 * 2
    table = (out / "tanh_small" / "table.md").read_text()
    assert table.startswith("# tanh_small: Two hidden layers of tanh units, L2 and RMSprop\n")
    assert "| test accuracy | 80.1" in table
    assert "tanh_fast" in (out / "README.md").read_text()
    accuracies = [float(row["value"]) for row in read_runs(out / "tanh_fast") if row["metric"] == "accuracy"]
    assert sum(accuracies) / len(accuracies) > 0.7


def test_tensorflow_that_cannot_be_imported_is_a_fault_of_the_machine(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('libcudart.so: no such file')\n")
    config = write_configs(tmp_path / "configs") / "tiny.yaml"
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(CHECKOUT)])}
    done = command(REAL, "run", config, "-o", tmp_path / "out", env=variables)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        4,
        "Error: TensorFlow can't be imported (libcudart.so: no such file); install repro again",
    )
