"""Tables of error rates, each beside what was promised, and the simulated experiments that most of them are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator

from repro.verdicts.intervals import wilson
from repro.verdicts.types import Floats

ROOT_SEED = 2014
MARGIN = 0.01
"""The resolution of an accuracy for which an article's claims set none: one point."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Experiment:
    """An experiment whose distribution of accuracies over seeds is known."""

    name: str
    draw: Callable[[Generator, Shape], Floats]
    mean: float
    sd: float


def normal(mean: float, sd: float, rng: Generator, shape: Shape) -> Floats:
    return rng.normal(mean, sd, shape)


def skewed(rng: Generator, shape: Shape) -> Floats:
    return 0.890 - rng.exponential(0.004, shape)


def failing(rng: Generator, shape: Shape) -> Floats:
    return np.where(rng.random(shape) < 0.05, 0.1, rng.normal(0.881, 0.004, shape))


def binomial(rows: int, p: float, rng: Generator, shape: Shape) -> Floats:
    return rng.binomial(rows, p, shape) / rows


NORMAL = Experiment("normal, sd 0.4 points", partial(normal, 0.886, 0.004), 0.886, 0.004)
WIDE = Experiment("normal, sd 1.4 points", partial(normal, 0.835, 0.014), 0.835, 0.014)
SKEWED = Experiment("skewed to the left, sd 0.4 points", skewed, 0.886, 0.004)
FAILING = Experiment(
    "5% of the runs fail (at chance)",
    failing,
    0.95 * 0.881 + 0.05 * 0.1,
    float(np.sqrt(0.95 * 0.004**2 + 0.95 * 0.05 * (0.881 - 0.1) ** 2)),
)
EXPERIMENTS = (
    NORMAL,
    WIDE,
    SKEWED,
    FAILING,
    Experiment("binomial, 208 rows", partial(binomial, 208, 0.835), 0.835, float(np.sqrt(0.835 * 0.165 / 208))),
    Experiment("binomial, 10,000 rows", partial(binomial, 10_000, 0.9635), 0.9635, 0.001875),
)


@dataclass(frozen=True)
class Rate:
    """How often something happened, and what was promised of it: at least `low`, at most `high`."""

    hits: int
    n: int
    low: float | None = None
    high: float | None = None

    @property
    def promised(self) -> bool:
        return self.low is not None or self.high is not None

    @property
    def missed(self) -> bool:
        low, high = wilson(self.hits, self.n)
        return (self.low is not None and high < self.low) or (self.high is not None and low > self.high)

    def __str__(self) -> str:
        low, high = wilson(self.hits, self.n)
        text = f"{100 * self.hits / self.n:.1f}%"
        if self.promised:
            text += f" ({100 * low:.1f} to {100 * high:.1f})"
        return f"**{text}, missed**" if self.missed else text


Cell = Rate | str


@dataclass(frozen=True)
class Section:
    """A table: rows of a name, a count of simulations and a cell for each column; then words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[Cell, ...]], ...]
    words: str

    def lines(self) -> Iterator[str]:
        yield from (f"## {self.title}", "")
        yield f"| experiment | simulations | {' | '.join(self.columns)} |"
        yield "|---|---:|" + "---:|" * len(self.columns)
        for name, n, cells in self.rows:
            yield f"| {name} | {n:,} | {' | '.join(map(str, cells))} |"
        yield from ("", self.words, "")


def rate(hits: Iterable[bool], low: float | None = None, high: float | None = None) -> Rate:
    found = [bool(hit) for hit in hits]
    return Rate(sum(found), len(found), low, high)


def missed(sections: Sequence[Section]) -> Iterator[str]:
    """The rates that miss their promise, one a line."""
    yield from ("## Worse than promised", "")
    lines = [
        f"- {section.title}; {name}; {column}: {100 * cell.hits / cell.n:.1f}%"
        for section in sections
        for name, _, cells in section.rows
        for column, cell in zip(section.columns, cells, strict=True)
        if isinstance(cell, Rate) and cell.missed
    ]
    yield from lines or ["None."]
