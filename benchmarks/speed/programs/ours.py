"""Our three engines, as a worker process runs them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.speed.programs import Trained, together
from benchmarks.speed.work import Work
from repro.training.worker import CellTrainer, Task, start_worker

start_worker()


class Ours:
    """A worker of one engine."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def prepare(self, work: Work, seeds: int) -> int:
        self._work = work
        self._trainer = CellTrainer(load=work.load)
        self._cell(work, 0)
        return 1

    def train(self, seeds: Sequence[int]) -> Trained:
        return together([self._cell(self._work, seed) for seed in seeds], len(seeds))

    def _cell(self, work: Work, seed: int) -> dict[str, float]:
        """Accuracies of every fold and evaluation."""
        cell = self._trainer.train(Task(work.experiment, work.described, work.folder, self._engine, seed))
        if cell.error:
            raise RuntimeError(cell.error)
        found = [record for record in cell.records if (record.split, record.metric) == ("test", "accuracy")]
        return {f"{record.fold}/{record.step + 1}": record.value for record in found}


class Stacked(Ours):
    """The stacked engine."""

    def __init__(self) -> None:
        super().__init__("stacked")


class Graph(Ours):
    """The graph engine."""

    def __init__(self) -> None:
        super().__init__("graph")

    def train(self, seeds: Sequence[int]) -> Trained:
        """One seed of several on folds: their times do not depend on each other."""
        return super().train(seeds[:1])


FEWER = {
    "sonar_baseline": (("training.epochs=1",), ("training.epochs=11",), 29.9),
    "sonar_hidden": (("training.epochs=1",), ("training.epochs=11",), 29.9),
    "mnist_plain": (
        ("training.epochs=1", "protocol={fixed_split: {evaluate_at_steps: [0, 468]}}"),
        ("training.epochs=2", "protocol={fixed_split: {evaluate_at_steps: [0, 500, 937]}}"),
        9,
    ),
    "fashion_mnist": (("training.epochs=1",), ("training.epochs=2",), 4),
}
"""Two shorter trainings, and how often their difference follows on the first in the whole training."""
FEWER["mnist_dropout"] = FEWER["mnist_plain"]


class KerasEngine(Ours):
    """The keras engine: Keras' `fit`; what takes long is scaled from two shorter trainings."""

    def __init__(self) -> None:
        super().__init__("keras")

    def prepare(self, work: Work, seeds: int) -> int:
        self._work = work
        self._trainer = CellTrainer(load=work.load)
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        work = self._work
        if work.name not in FEWER or work.short:
            return super().train(seeds)
        short, longer, times = FEWER[work.name]
        found, walls = [], []
        for overrides in (short, longer):
            start = time.perf_counter()
            found.append(self._cell(work.with_overrides(*overrides), seeds[0]))
            walls.append(time.perf_counter() - start)
        return together(found[1:], 1, walls[0] + times * (walls[1] - walls[0]))
