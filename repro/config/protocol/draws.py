"""What stands in the place of a protocol where no rows are divided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

DRAWS = "draws"
"""The split, in records and claims, of the figures of a function."""


@dataclass(frozen=True)
class Draws:
    """Figures of a function's draws: what results, claims and pages ask of a protocol."""

    judged_split: ClassVar[str] = DRAWS
    judged_step: ClassVar[int | None] = None
    evaluated: ClassVar[tuple[str, ...]] = (DRAWS,)
    folds: ClassVar[int] = 1
    same_rows: ClassVar[bool] = False
    fresh_rows: ClassVar[bool] = False
    split_files: ClassVar[tuple[str, ...]] = ()
    described: ClassVar[str] = "draws of a function"
    shared: ClassVar[str] = "the same random stream"

    def tested_rows(self, rows: int, test_rows: int) -> int:
        """0: there are no rows."""
        return 0
