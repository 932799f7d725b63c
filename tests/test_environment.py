"""What a fingerprint is made of, and the state of the code."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib import metadata

import pytest
from checking import job
from conftest import experiment

from repro.results.provenance import Code, Conditions, DataUsed, Environment
from repro.training import ENGINE_VERSIONS, TRAINING_VERSION
from repro.training.environment import code_state, environment, processor, versions


@pytest.fixture(autouse=True)
def _fresh():
    environment.cache_clear()
    yield
    environment.cache_clear()


def fingerprint(engine: str = "stacked", **changes: object) -> str:
    environment.cache_clear()
    data = DataUsed(rows=208, test_rows=0, classes=2, sha256={"sonar.csv": "0123"})
    trained = experiment(**changes).trained
    return Conditions(trained=trained, engine=engine, data=data, environment=environment()).fingerprint


def test_what_is_in_it():
    found = environment()
    assert (found.training_version, found.python) == (TRAINING_VERSION, platform.python_version())
    assert found.packages == {name: metadata.version(name) for name in ("tensorflow", "keras", "numpy", "scikit-learn")}
    assert (found.machine, found.threads_per_worker) == (platform.machine(), 1)
    assert Environment.model_validate(json.loads(found.model_dump_json())) == found


def test_a_package_that_is_missing_is_no_error():
    assert versions(["no-such-package"]) == {"no-such-package": None}


def test_a_fingerprint_depends_on_what_is_trained_and_on_nothing_else():
    first = fingerprint()
    same = {"title": "Another title", "note": "a note", "seeds": 20, "article": "another", "name": "another"}
    for key, value in same.items():
        assert fingerprint(**{key: value}) == first, key
    training = experiment().training.model_dump() | {"epochs": 4}
    assert fingerprint(training=training) != first
    assert fingerprint(base_seed=1) != first
    assert fingerprint("keras") != first


@pytest.mark.parametrize(
    ("name", "value"), [("XLA_FLAGS", "--xla_cpu_enable_fast_math=true"), ("TF_ENABLE_ONEDNN_OPTS", "0")]
)
def test_a_flag_that_may_move_a_bit_changes_the_fingerprint(monkeypatch, name, value):
    monkeypatch.delenv(name, raising=False)
    first = fingerprint()
    monkeypatch.setenv(name, value)
    assert fingerprint() != first
    assert environment().flags[name] == value


def test_a_flag_that_workers_set_anyway_changes_nothing(monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    first = fingerprint()
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "1")
    assert fingerprint() == first


@pytest.mark.parametrize(("given", "expected"), [({}, "1"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0")])
def test_workers_set_the_flags_that_are_not_set(monkeypatch, given, expected):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    program = "import os; from repro.training.worker import start_worker; start_worker(); "
    program += "print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    line = [sys.executable, "-c", program]
    done = subprocess.run(line, env=os.environ | given, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == expected


def test_a_fingerprint_depends_on_the_version_of_its_own_engine_only(monkeypatch):
    stacked, graph = (job(experiment()).by(engine) for engine in ("stacked", "graph"))
    before = [each.conditions.fingerprint for each in (stacked, graph)]
    monkeypatch.setitem(ENGINE_VERSIONS, "graph", ENGINE_VERSIONS["graph"] + 1)
    after = [job(experiment()).by(engine).conditions.fingerprint for engine in ("stacked", "graph")]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False]


def test_processors_with_other_instructions_or_another_name_are_told_apart(tmp_path):
    def of(name: str, flags: str) -> str:
        cpuinfo = tmp_path / "cpuinfo"
        cpuinfo.write_text(f"processor\t: 0\nmodel name\t: {name}\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
        return processor(cpuinfo)

    first = of("Zen 5", "avx2 avx512f")
    assert first.startswith("Zen 5 (flags ")
    assert of("Zen 5", "avx512f avx2") == first
    assert of("Zen 5", "avx2") != first
    assert of("Zen 4", "avx2 avx512f") != first


@pytest.mark.parametrize(
    "variables", [{"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kathmandu"}, {"PYTHONHASHSEED": "2"}]
)
def test_a_fingerprint_is_the_same_in_every_process(variables):
    done = subprocess.run(
        [sys.executable, "-c", "from test_environment import fingerprint; print(fingerprint())"],
        env=os.environ | variables | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == fingerprint()


def git(folder, *arguments: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "repro").mkdir()
    (tmp_path / "repro" / "code.py").write_text("a = 1\n")
    (tmp_path / "pyproject.toml").write_text("")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_code_state_names_the_commit(checkout):
    assert code_state(checkout / "repro") == Code(commit=git(checkout, "rev-parse", "HEAD"), dirty=False)


def test_code_state_tells_changed_code_and_not_new_results(checkout):
    (checkout / "results").mkdir()
    (checkout / "results" / "README.md").write_text("table\n")
    (checkout / "notes.txt").write_text("not code that runs\n")
    assert code_state(checkout / "repro").dirty is False
    for file in ("repro/code.py", "pyproject.toml"):  # what lies beside the package counts, too
        (checkout / file).write_text("a = 2\n")
        assert code_state(checkout / "repro").dirty is True
        git(checkout, "checkout", file)


def test_code_state_without_a_checkout_or_without_git(checkout, tmp_path_factory, monkeypatch):
    nothing = Code(commit=None, dirty=None)
    assert code_state(tmp_path_factory.mktemp("plain") / "repro") == nothing
    installed = checkout / ".venv" / "lib" / "repro"  # inside somebody's repository, and no part of it
    assert code_state(installed) == nothing
    monkeypatch.setenv("PATH", "")
    assert code_state(checkout / "repro") == nothing
