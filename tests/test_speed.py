"""`make bench`: what its page says of given times, and that its programs work at all. Times are never tested."""

from __future__ import annotations

import ast
import csv
import io
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from tiny import CHECKOUT

from benchmarks.speed.measured import Measured, agreement, differing, raw, reference_of
from benchmarks.speed.page import Circumstances, page
from benchmarks.speed.peers import PEERS, missing
from benchmarks.speed.plot import plot
from benchmarks.speed.programs.matmul import operations
from benchmarks.speed.work import WORKS, mlp_of, problem_of, work_named

AT = Circumstances("2030-01-02", "a processor", 2, {"jax": "1.2", "torch": None})


def measured(program: str, seconds: tuple[float, ...], mean: float = 0.85, folds: int = 10, n: int = 60) -> Measured:
    """A program on Sonar whose accuracies have a mean and a standard deviation of 5 points within a fold."""
    values = mean + 0.05 * np.tile([-1.0, 1.0], n // 2)
    accuracies = {f"{fold}/3600": values.tolist() for fold in range(folds)}
    return Measured("sonar_hidden", program, 1.5, 2.5, seconds, accuracies)


OURS = measured("stacked", (0.5, 0.4, 0.9))


def test_the_page_gives_medians_ratios_and_accuracies() -> None:
    text = page([[OURS, measured("jax", (1.0, 1.2, 0.8), mean=0.852)]], AT)
    assert "on 2030-01-02, 2 cores of a processor; jax 1.2." in text
    assert "| **repro, stacked engine** | 0.5 (0.4 to 0.9) | 1 | 85.00 |  | 2.5 |" in text
    row = next(line for line in text.splitlines() if line.startswith("| JAX, a process a core"))
    assert row.startswith("| JAX, a process a core | 1 (0.8 to 1.2) | 2 | 85.20 (+0.20) | 1.")
    assert "differs" not in text.partition("## Sonar")[2]


def test_a_limit_has_no_accuracy_and_a_missing_reference_no_ratio() -> None:
    limit = Measured("sonar_hidden", "limit", 0.1, 0.0, (0.1,), {})
    assert "| limit: the arithmetic as a matmul | 0.1 | 0.2 |  |  |  |" in page([[OURS, limit]], AT)
    alone = page([[measured("jax", (1.0,))]], AT)
    assert "| JAX, a process a core | 1 |  | 85.00 |  | 2.5 |" in alone


def test_a_program_that_does_other_work_is_found() -> None:
    """As one that leaves dropout out: two points on Sonar."""
    wrong = measured("torch_func", (1.0,), mean=0.87)
    (line,) = differing([[OURS, wrong, measured("jax", (1.0,), mean=0.853)]])
    assert line.startswith("sonar_hidden: torch_func reaches an accuracy that differs from ours by +2.00 points")
    assert "**87.00 (+2.00), differs**" in page([[OURS, wrong]], AT)
    assert line in page([[OURS, wrong]], AT)


def test_accuracies_are_compared_fold_by_fold_and_after_as_many_updates() -> None:
    ours = Measured("sonar_hidden", "stacked", 0, 0, (1.0,), {"0/9": [0.9, 0.8, 0.7], "1/9": [0.4, 0.5, 0.6]})
    fold = Measured("sonar_hidden", "keras", 0, 0, (1.0,), {"1/9": [0.6]})
    compared = agreement(fold, ours)
    assert compared is not None
    assert (compared.updates, compared.trainings) == (9, 1)
    assert compared.difference == pytest.approx(0.1)
    # sd 0.1 with 4 degrees of freedom; t(0.99995; 4) = 15.54
    assert compared.tolerance == pytest.approx(15.544 * 0.1 * (1 + 1 / 3) ** 0.5 + 1e-4, rel=1e-3)
    assert agreement(Measured("sonar_hidden", "keras", 0, 0, (1.0,), {"1/8": [0.6]}), ours) is None


def test_two_trainings_are_too_few_to_compare_with() -> None:
    few = Measured("lstm", "graph", 0, 0, (1.0,), {"0/50": [0.5, 0.6]})
    other = Measured("lstm", "torch", 0, 0, (1.0,), {"0/50": [0.1]})
    assert agreement(other, few) is None
    assert "| PyTorch, a loop | 1 | 1 | not compared |  | 0.0 |" in page([[few, other]], AT)


def test_the_reference_is_the_engine_that_repro_takes() -> None:
    graph, keras = measured("graph", (1.0,)), measured("keras_engine", (1.0,))
    assert reference_of([keras, graph, OURS]) is OURS
    assert reference_of([keras, graph]) is graph
    assert reference_of([measured("jax", (1.0,))]) is None


def test_raw_times_are_those_that_were_measured() -> None:
    rows = list(csv.DictReader(io.StringIO(raw([[OURS]]))))
    assert [row["seconds"] for row in rows if row["what"] == "seed"] == ["0.5", "0.4", "0.9"]
    assert {row["what"]: row["seconds"] for row in rows if row["what"] != "seed"} == {"import": "1.5", "compile": "2.5"}


def test_the_drawing_names_every_program_and_has_colours_for_dark_pages() -> None:
    text = plot([[OURS, measured("jax", (1.0, 1.2))]])
    for words in ("repro, stacked engine", "JAX, a process a core", "Sonar hidden dropout, 30 seeds", "1.1 s"):
        assert words in text
    assert "prefers-color-scheme: dark" in text


def test_a_missing_package_is_named_with_its_programs_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.speed.peers.find_spec", lambda name: None if name == "torch" else name)
    assert missing(PEERS) == ["torch is not installed: torch, torch_func left out; `make bench` installs it"]


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_every_work_is_a_valid_experiment_in_both_sizes(work) -> None:
    assert work.experiment.training.epochs >= work.in_short().experiment.training.epochs
    assert any(work.name in peer.works for peer in PEERS if peer.name == "keras")


@pytest.mark.parametrize("name", ["sonar_baseline", "sonar_hidden"])
def test_peers_get_the_article_s_folds_network_and_arithmetic(name: str) -> None:
    work = work_named(name, False)
    problem = problem_of(work)
    assert sum(len(fold.held_out["test"][1]) for fold in problem.folds) == 208
    for fold in problem.folds:
        assert len(fold.y) + len(fold.held_out["test"][1]) == 208
        assert fold.x.mean(axis=0) == pytest.approx(np.zeros(60), abs=1e-5)
        assert fold.x.std(axis=0) == pytest.approx(np.ones(60), abs=1e-4)
    layers = mlp_of(problem).layers
    hidden = name == "sonar_hidden"
    assert [layer.units for layer in layers] == [60, 30, 1]
    assert [layer.dropout for layer in layers] == ([0.2, 0.2, 0] if hidden else [0, 0, 0])
    assert [layer.max_norm for layer in layers] == ([3, 3, None] if hidden else [None] * 3)
    rows = 9 * 208 * 300
    assert operations(work, problem) == rows * (4 * 3600 + 6 * 1830) + 208 * 2 * 5430


def test_what_the_programs_import_is_declared() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["bench"]]
    names = {"scikit-learn": "sklearn", "pyyaml": "yaml"}
    declared = {names.get(name, name) for line in lines for name in re.findall(r"^[\w-]+", line)}
    assert {peer.needs for peer in PEERS if peer.needs} == {"torch", "jax"}
    used = set()
    for path in (CHECKOUT / "benchmarks" / "speed").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used.add(node.module.partition(".")[0])
    assert used - set(sys.stdlib_module_names) - {"repro", "benchmarks", "__future__"} <= declared


def speed(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "benchmarks.speed", *arguments]
    return subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_an_unknown_work_is_refused_with_those_that_there_are() -> None:
    done = speed("--only", "sonar")
    assert done.returncode == 2
    assert "expected some of sonar_baseline_1, sonar_baseline," in done.stderr
    assert done.stderr.endswith("got sonar\n")


@pytest.mark.slow
def test_the_short_mode_times_programs_and_writes_three_files(tmp_path: Path) -> None:
    programs = "limit,torch,jax,sklearn,stacked,graph"
    done = speed("--quick", "--only", "sonar_baseline", "--programs", programs, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "benchmark.md").read_text(encoding="utf-8")
    assert done.stdout.strip() == text.strip()
    for peer in PEERS:
        left_out = peer.name not in programs.split(",") or not peer.present
        assert (f"| {peer.title} |" in text or f"| **{peer.title}** |" in text) != left_out
    assert [line for line in done.stderr.splitlines() if "left out" in line] == missing(
        [peer for peer in PEERS if peer.name in programs.split(",")]
    )
    assert {path.name for path in tmp_path.iterdir()} == {"benchmark.md", "benchmark.csv", "benchmark.svg"}
