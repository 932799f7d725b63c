"""Who hears of a training while it goes on; printing is its business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from repro.results.records import CellResult


class Progress(Protocol):
    """Hears what happens."""

    def note(self, line: str) -> None:
        """Something that the user has to know."""

    def say(self, line: str) -> None:
        """Something that only those want to know who look on."""

    def started(self, cells: Mapping[str, int], before: Mapping[str, float]) -> None:
        """So many cells of each experiment are going to be trained; a stored one took so many seconds, where known."""

    def trained(self, experiment: str, cell: CellResult) -> None:
        """A cell is done and stored."""

    def progress(self) -> str:
        """How many of how many cells are done, in words."""
