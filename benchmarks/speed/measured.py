"""What was measured, and whether a program did the same work: pure functions of numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.speed.peers import LIMIT, OURS
from repro.verdicts.intervals import t_quantile

CONFIDENCE = 0.9999
ROUNDING = 1e-4
"""Accuracies of few rows may not vary at all: differences up to this count as none."""
FREEDOM = 3
"""Degrees of freedom below which a standard deviation says next to nothing."""


@dataclass(frozen=True)
class Measured:
    """A program on a work.

    Args:
        import_seconds: until the process is up and its packages are imported.
        compile_seconds: of what it does before a first seed, beside training.
        seconds: a seed, in each repetition.
        accuracies: of held-out rows, by "fold/updates": one of each training.
    """

    work: str
    program: str
    import_seconds: float
    compile_seconds: float
    seconds: tuple[float, ...]
    accuracies: Mapping[str, Sequence[float]]

    @property
    def typical(self) -> float:
        return median(self.seconds)

    @property
    def updates(self) -> int:
        """After which the last accuracies were measured; 0 where there are none."""
        return max(map(_updates, self.accuracies), default=0)

    @property
    def accuracy(self) -> float | None:
        """The mean of the last ones."""
        values = [value for name, each in self.accuracies.items() if _updates(name) == self.updates for value in each]
        return float(np.mean(values)) if values else None


@dataclass(frozen=True)
class Agreement:
    """How far a program's mean accuracy lies from ours after as many updates of the same folds, and how far it may."""

    updates: int
    trainings: int
    difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return abs(self.difference) <= self.tolerance


def reference_of(work: Sequence[Measured]) -> Measured | None:
    """What the others of a work are compared with: the engine that repro takes by itself."""
    return next((each for name in OURS for each in work if each.program == name), None)


def agreement(found: Measured, ours: Measured) -> Agreement | None:
    """Compare the last accuracies that both have; None where they share none, or where we have too few trainings.

    The tolerance is a t interval's: the standard deviation of our trainings within a fold, all folds together, for as
    many of ours and theirs as there are.
    """
    shared = set(found.accuracies) & set(ours.accuracies)
    updates = max(map(_updates, shared), default=0)
    names = sorted(name for name in shared if _updates(name) == updates)
    theirs = [np.asarray(found.accuracies[name]) for name in names]
    own = [np.asarray(ours.accuracies[name]) for name in names]
    every = [np.asarray(each) for name, each in ours.accuracies.items() if _updates(name) == updates]
    freedom = sum(len(each) - 1 for each in every)
    if not names or freedom < FREEDOM:
        return None
    variance = sum(float(((each - each.mean()) ** 2).sum()) for each in every) / freedom
    weight = sum(1 / len(a) + 1 / len(b) for a, b in zip(theirs, own, strict=True)) / len(names) ** 2
    difference = float(np.mean([a.mean() - b.mean() for a, b in zip(theirs, own, strict=True)]))
    tolerance = ROUNDING + t_quantile((1 + CONFIDENCE) / 2, freedom) * float(np.sqrt(variance * weight))
    return Agreement(updates, sum(map(len, theirs)), difference, tolerance)


def differing(works: Iterable[Sequence[Measured]]) -> Iterator[str]:
    """A sentence for each program whose accuracy is not ours."""
    for work in works:
        ours = reference_of(work)
        for each in work:
            found = agreement(each, ours) if ours and each is not ours else None
            if found and not found.agrees:
                yield (
                    f"{each.work}: {each.program} reaches an accuracy that differs from ours by "
                    f"{100 * found.difference:+.2f} points after {found.updates:,} updates, where "
                    f"{100 * found.tolerance:.2f} may be: it does not do the same work"
                )


def raw(works: Iterable[Sequence[Measured]]) -> str:
    """CSV of every time that was measured."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("work", "program", "what", "repetition", "seconds"))
    for each in (each for work in works for each in work):
        if each.program != LIMIT:
            writer.writerow((each.work, each.program, "import", "", f"{each.import_seconds:.4g}"))
            writer.writerow((each.work, each.program, "compile", "", f"{each.compile_seconds:.4g}"))
        for repetition, seconds in enumerate(each.seconds):
            writer.writerow((each.work, each.program, "seed", repetition, f"{seconds:.6g}"))
    return text.getvalue()


def _updates(name: str) -> int:
    return int(name.partition("/")[2])
