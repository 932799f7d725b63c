"""How long a training still takes, where the seeds of one experiment cost a hundred times those of another."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping


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
