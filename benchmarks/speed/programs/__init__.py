"""One module a program: a class that prepares a work and trains seeds of it in one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.speed.work import Work

Accuracies = Mapping[str, Sequence[float]]
"""Of held-out rows, by "fold/updates": one of each training."""


@dataclass(frozen=True)
class Trained:
    """What a process has trained.

    Args:
        seeds: so many seeds' worth of work: 0.3 where three folds of ten were trained.
        seconds: for a seed of this process, where it did less than a seed and scales its own times.
    """

    accuracies: Accuracies
    seeds: float
    seconds: float | None = None


class Program(Protocol):
    """What a process runs. It is imported before anything is timed."""

    def prepare(self, work: Work, seeds: int) -> int:
        """Compile what `train` of so many seeds needs. Returns how many seeds were trained for that."""

    def train(self, seeds: Sequence[int]) -> Trained:
        """Train these seeds, everything included that a seed costs."""


def together(each: Sequence[Mapping[str, float]], seeds: float, seconds: float | None = None) -> Trained:
    """The accuracies of several trainings."""
    names = sorted({name for one in each for name in one})
    return Trained({name: [one[name] for one in each if name in one] for name in names}, seeds, seconds)
