"""Progress of a training, with the time left: a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from repro.cli.streams import tell
from repro.report import text
from repro.results.records import CellResult

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from repro.training.progress import Progress

PLAIN_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal."""


class TimeLeft:
    """Cells that are done, and from them an estimate for those to come.

    Args:
        cells: experiment -> cells to train.
        before: experiment -> seconds of one cell when its stored results were made; those not known are left out.
    """

    def __init__(self, cells: Mapping[str, int], before: Mapping[str, float]) -> None:
        self.total, self.done = sum(cells.values()), 0
        self._left = dict(cells)
        self._before = dict(before)
        self._taken: dict[str, list[float]] = {}
        self._start: float | None = None

    def add(self, experiment: str, seconds: float) -> None:
        """A cell is done and has taken so many seconds in its worker."""
        if self._start is None:  # TensorFlow's import, before it, comes but once
            self._start = time.monotonic() - seconds
        self.done += 1
        self._left[experiment] -= 1
        self._taken.setdefault(experiment, []).append(seconds)

    @property
    def seconds(self) -> float:
        """Wall time left, once a cell is done: training time to come, at the rate that it has passed so far.

        A cell takes the median of those done of its experiment: each worker's first also compiles. Before there are any
        it takes as long as when the stored results were made, times what the others have taken more than then, or else
        as long as the mean of all.
        """
        taken = sum(map(sum, self._taken.values()))
        if self._start is None or not taken:
            return 0.0
        known = [name for name in self._taken if name in self._before]
        then = sum(self._before[name] * len(self._taken[name]) for name in known)
        slower = sum(sum(self._taken[name]) for name in known) / then if then else 1.0
        ahead = 0.0
        for name, count in self._left.items():
            if name in self._taken:
                ahead += count * statistics.median(self._taken[name])
            else:
                ahead += count * (slower * self._before[name] if name in self._before else taken / self.done)
        return ahead * (time.monotonic() - self._start) / taken


class Plain:
    """Progress as lines."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._shown = time.monotonic()
        self._time: TimeLeft | None = None

    def note(self, line: str) -> None:
        """Warnings, to standard error."""
        tell(line)

    def say(self, line: str) -> None:
        """Everything else, to standard error."""
        if not self._quiet:
            self.note(line)

    def started(self, cells: Mapping[str, int], before: Mapping[str, float]) -> None:
        """Say what is ahead."""
        self._time = TimeLeft(cells, before)
        self.say(
            f"Training {text.seeds(self._time.total)} of {len(cells)} experiment{'s' if len(cells) > 1 else ''} ..."
        )

    def trained(self, experiment: str, cell: CellResult) -> None:
        """Count, and say so now and then, with the time left."""
        if cell.error:
            self.note(f"{experiment}: seed {cell.seed} failed:\n{cell.error}")
        assert self._time is not None
        self._time.add(experiment, cell.seconds)
        self._show(experiment, self._time)

    def progress(self) -> str:
        """How many of how many seeds are done."""
        return f"{self._time.done} of {text.seeds(self._time.total)} are done" if self._time else "nothing was trained"

    def _show(self, experiment: str, at: TimeLeft) -> None:
        now = time.monotonic()
        if now - self._shown >= PLAIN_EVERY or at.done == at.total:
            self._shown = now
            self.say(f"{at.done} of {text.seeds(at.total)} ({experiment}), {text.duration(at.seconds)} left")


class Bar(Plain):
    """Progress as a bar with the time left."""

    def __init__(self, progress: RichProgress) -> None:
        super().__init__(quiet=False)
        self._progress = progress
        self._task: TaskID | None = None

    def note(self, line: str) -> None:
        """Above the bar."""
        self._progress.console.print(line, highlight=False, markup=False)

    def started(self, cells: Mapping[str, int], before: Mapping[str, float]) -> None:
        """Show the bar."""
        self._time = TimeLeft(cells, before)
        self._task = self._progress.add_task("workers start", total=self._time.total, left="")

    def _show(self, experiment: str, at: TimeLeft) -> None:
        assert self._task is not None
        left = f", {text.duration(at.seconds)} left"
        self._progress.update(self._task, completed=at.done, description=experiment, left=left)


@contextlib.contextmanager
def make_progress(quiet: bool) -> Iterator[Progress]:
    """A bar in a terminal, lines elsewhere, nothing but warnings if `quiet`."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Plain(quiet)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("seeds{task.fields[left]}, running for"),
        TimeElapsedColumn(),
    ]
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress)
