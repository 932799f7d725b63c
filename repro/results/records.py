"""A record, what a cell came to, and `runs.csv`: the border between training and everything after it."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from repro.config.variation.axes import COLUMNS
from repro.errors import one_line
from repro.results.provenance import Environment

_ORDER = attrgetter("fold", "epoch", "step", "split", "metric")


@dataclass(frozen=True, slots=True)
class Record:
    """One metric of one replica at one evaluation point, to nine significant digits (what float32 carries).

    Epochs count from 1, steps from 0: step k is evaluated after k + 1 updates, or after k + 1 draws of a function.
    """

    fold: int
    epoch: int
    step: int
    split: str
    metric: str
    value: float


@dataclass(frozen=True)
class CellResult:
    """What a cell, one seed of an experiment, came to: the records of all its replicas, or why there are none."""

    seed: int
    seconds: float
    environment: Environment | None
    """Where it was trained; None where its worker died."""
    records: tuple[Record, ...] = ()
    diverged: Mapping[int, str] = field(default_factory=dict)
    """Fold -> why its figures are those of a failed training."""
    error: str | None = None
    correct: bytes = b""
    """Which of the tested rows were predicted right at the judged evaluation, eight to a byte as NumPy packs bits."""

    @property
    def rows(self) -> Iterator[tuple[object, ...]]:
        """The cell's lines of `runs.csv`, sorted, without the experiment's name."""
        if self.error is not None:
            yield (self.seed, *[""] * 6, f"failed: {_reason(self.error)}")
        for r in sorted(self.records, key=_ORDER):
            status = self.diverged.get(r.fold, "ok")
            yield self.seed, r.fold, r.epoch, r.step, r.split, r.metric, repr(r.value), status


def runs_csv(experiment: str, variants: Sequence[tuple[Mapping[str, str], Iterable[CellResult]]]) -> str:
    """The tidy raw records, one metric of one replica at one evaluation point a line, sorted within a variant.

    Nothing in it depends on when, where or how fast they were made: what differs between two of them has moved.

    Args:
        variants: the labels of each variant, and its cells. Each axis has a column after that of the experiment.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow((COLUMNS[0], *variants[0][0], *COLUMNS[1:]))
    for labels, cells in variants:
        first = (experiment, *labels.values())
        ordered = sorted(cells, key=lambda cell: cell.seed)
        table.writerows((*first, *row) for row in itertools.chain.from_iterable(cell.rows for cell in ordered))
    return text.getvalue()


def of_variants(runs: str, variants: Sequence[Mapping[str, str]]) -> list[str]:
    """The records of each variant, by its labels, as `runs_csv` writes them of an experiment without variants.

    Raises ValueError for text that does not begin with the columns of the axes, or has lines of other variants.
    """
    axes = list(variants[0])
    header, *lines = runs.splitlines(keepends=True)
    if header.rstrip("\n").split(",") != [COLUMNS[0], *axes, *COLUMNS[1:]]:
        raise ValueError(f"line 1: expected the columns {', '.join([COLUMNS[0], *axes, *COLUMNS[1:]])}")
    found: dict[tuple[str, ...], list[str]] = {tuple(labels.values()): [] for labels in variants}
    for number, line in enumerate(lines, start=2):
        name, *labels, rest = line.split(",", len(axes) + 1)
        if tuple(labels) not in found:
            raise ValueError(f"line {number}: expected a variant of the experiment, got {', '.join(labels)}")
        found[tuple(labels)].append(f"{name},{rest}")
    return [",".join(COLUMNS) + "\n" + "".join(each) for each in found.values()]


def _reason(error: str) -> str:
    """The last exception of a traceback, on one line of at most 200 characters; any other text as it is."""
    message = re.split(r"^Traceback .*\n(?: .*\n)*", error, flags=re.MULTILINE)[-1]
    plain = one_line(message)
    return plain if len(plain) <= 200 else plain[:199] + "…"


SeedRecords = dict[tuple[str, ...], str]
"""The records of one seed: (fold, epoch, step, split, metric) -> value, all as they are written."""


def records_by_seed(runs: str) -> dict[int, SeedRecords]:
    """The records in the text of a `runs.csv`, in its order; a seed that failed has none.

    Raises ValueError for text that is none, with the line.
    """
    found: dict[int, SeedRecords] = {}
    places: dict[tuple[str, ...], tuple[str, ...]] = {}  # the same in every seed, and so checked once
    table = csv.reader(io.StringIO(runs))
    try:
        if tuple(next(table, ())) != COLUMNS:
            raise ValueError(f"expected the columns {', '.join(COLUMNS)}")
        for row in table:
            if len(row) != len(COLUMNS):
                raise ValueError(f"expected {len(COLUMNS)} values, got {len(row)}")
            _, seed, *given, value, status = row
            records = found.setdefault(int(seed), {})
            if status.startswith("failed"):
                continue
            place = places.get(tuple(given)) or places.setdefault(tuple(given), _place(*given))
            if place in records:
                raise ValueError("expected each record once")
            float(value)
            records[place] = value
    except (ValueError, csv.Error) as error:
        raise ValueError(f"line {max(1, table.line_num)}: {error}") from error
    return found


def _place(fold: str, epoch: str, step: str, split: str, metric: str) -> tuple[str, ...]:
    return str(int(fold)), str(int(epoch)), str(int(step)), split, metric
