"""Checks without worker processes, for the tests of `repro check`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from repro import pool
from repro import run as runner
from repro.check import Result, check
from repro.config.schema import Experiment
from repro.references import read_references
from repro.run import Job
from repro.training.worker import Outcome, Task

REPOSITORY = Path(__file__).resolve().parent.parent
SEEDS = 20


class Silent:
    """Hears everything and keeps what the user has to know."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, line: str) -> None:
        self.notes.append(line)

    say = note

    def started(self, cells: Mapping[str, int], before: Mapping[str, float]) -> None: ...

    def trained(self, experiment: str, outcome: Outcome) -> None: ...

    def progress(self) -> str:
        return ""


class Trainer:
    """In the place of the worker processes: makes each cell here, and remembers which seeds were asked for."""

    def __init__(self, make: Callable[[Task], Outcome]) -> None:
        self.make = make
        self.seeds: list[int] = []

    def __call__(self, tasks: Sequence[Task], workers: int, watcher: object) -> Iterator[tuple[Task, Outcome]]:
        for task in tasks:
            self.seeds.append(task.seed)
            yield task, self.make(task)


def drawn(shift: float = 0.0, fail: Sequence[int] = (), diverge: Sequence[int] = ()) -> Callable[[Task], Outcome]:
    """Cells whose accuracy is 85% ± 2% over seeds, moved by `shift`; nothing is trained."""

    def make(task: Task) -> Outcome:
        if task.seed in fail:
            return Outcome(task.seed, 0.1, error="Traceback\nValueError: no luck")
        noise = np.random.default_rng(task.seed).normal(0, 0.02, task.experiment.protocol.folds)
        loss = float("nan") if task.seed in diverge else 0.4
        rows = [
            (fold, 3, 9, "test", metric, round(value + float(gap), 9))
            for fold, gap in enumerate(noise)
            for metric, value in (("accuracy", 0.85 + shift), ("loss", loss))
        ]
        return Outcome(task.seed, 0.1, tuple(rows), {0: "diverged: test loss"} if task.seed in diverge else {})

    return make


def store(monkeypatch: pytest.MonkeyPatch, out: Path, make: Callable[[Task], Outcome], *configs: Experiment) -> None:
    """Results as `repro run` makes them."""
    monkeypatch.setattr(runner, "train", Trainer(make))
    runner.run([Job(config, "stacked", "repro run it") for config in configs], out, 1, False, Silent())


def made_elsewhere(out: Path, name: str) -> None:
    """Let the results look like those of another machine."""
    path = out / name / "provenance.json"
    provenance = json.loads(path.read_text())
    provenance["fingerprint"] = "0" * 64
    provenance["environment"]["processor"] = "another"
    path.write_text(json.dumps(provenance))


def run_check(
    monkeypatch: pytest.MonkeyPatch, out: Path, make: Callable[[Task], Outcome], config: Experiment
) -> tuple[Result, list[int]]:
    trainer = Trainer(make)
    monkeypatch.setattr(pool, "train", trainer)
    references, missing = read_references(out, [Job(config, "stacked", "repro run it")], everything=False)
    return check(references, missing, 1, Silent()), trainer.seeds


def verdicts(result: Result) -> dict[str, str]:
    return {row.figure: row.verdict for row in result.rows}
