"""The rule of a whole check: every figure against its committed seeds, and one retry before anything is CHANGED.

Each figure gets its share of the check's alpha. One that fails is tried once more with other fresh seeds at the same
alpha, and is CHANGED only if these, by themselves, fail as well.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from numpy.typing import ArrayLike

from repro.verdicts.permutation import TOTAL_ALPHA, alpha_each, judge_check
from repro.verdicts.types import Judged

Key = TypeVar("Key", bound=Hashable)


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
    failed = [key for key, test in first.items() if test.verdict == "CHANGED"]
    others = train_again(failed) if failed else {}
    retries = {key: judge_check(references[key], others[key], alpha) for key in failed if key in others}
    return {key: Judged(test, retries.get(key)) for key, test in first.items()}
