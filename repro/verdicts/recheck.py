"""The rule of a whole check: every figure against its committed seeds, and one retry before anything is CHANGED.

Each figure gets its share of the check's alpha. One that fails is tried once more with other fresh seeds at the same
alpha, and is CHANGED only if these, by themselves, fail as well.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from numpy.typing import ArrayLike

from repro.verdicts.check import TOTAL_ALPHA, CheckRow, alpha_each, judge_check

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Judged:
    """What became of one figure; `retry` is None where the first seeds passed or no retry could be had."""

    first: CheckRow
    retry: CheckRow | None

    @property
    def last(self) -> CheckRow:
        """The test that decides."""
        return self.retry or self.first


def judge_figures(
    references: Mapping[Key, ArrayLike],
    fresh: Mapping[Key, ArrayLike],
    train_again: Callable[[list[Key]], Mapping[Key, ArrayLike]],
    total_alpha: float = TOTAL_ALPHA,
) -> dict[Key, Judged]:
    """Judge all figures of one check.

    `references`: (n,) committed seeds of each figure; `fresh`: (m,) fresh seeds of the same figures. `train_again` is
    called at most once, with the figures that failed, and returns other fresh seeds of theirs (or leaves a figure out
    where it can't). Raises ValueError without figures, and what `judge_check` raises.
    """
    alpha = alpha_each(total_alpha, len(references))
    first = {key: judge_check(reference, fresh[key], alpha) for key, reference in references.items()}
    failed = [key for key, row in first.items() if row.verdict == "CHANGED"]
    others = train_again(failed) if failed else {}
    retries = {key: judge_check(references[key], others[key], alpha) for key in failed if key in others}
    return {key: Judged(row, retries.get(key)) for key, row in first.items()}
