"""What verdicts over variants are made of: plain frozen values, as in `repro.verdicts.types`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from repro.verdicts.types import ClaimInput, Distribution, Floats

Better = Literal["higher", "lower"]


@dataclass(frozen=True, eq=False)
class GridClaim:
    """A claim about a grid as `judge_claims` takes it, and which points of the grid its rows are."""

    given: ClaimInput
    points: tuple[int, ...]


@dataclass(frozen=True)
class BestVerdict:
    """The best point of a grid, chosen on one half of the seeds and measured on the other."""

    better: Better
    point: int
    """The best by its mean over the choosing half."""
    choosing: int
    """How many seeds have chosen; `over.n` have measured."""
    over: Distribution
    """Of `point`, over the measuring half: its `confidence` is the 95% interval that choosing has not biased."""
    plain_point: int
    """The best over all seeds, by which it is both chosen and measured."""
    plain: Distribution
    flattery: float
    """How much better the plain best looks than `over`; as uncertain as both."""
    shares: tuple[float, ...]
    """How often each point is the best of as many seeds drawn with replacement."""
    sentence: str


@dataclass(frozen=True)
class Decision:
    """A choice that decides a word: readings with one of these values of it, and no others, have that word."""

    word: str
    choice: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ReadingsVerdict:
    """The verdicts on one number or claim under every reading of what an article leaves open."""

    readings: int
    word: str | None
    """The verdict that all readings share; None where they differ."""
    counts: tuple[tuple[str, int], ...]
    """Each verdict and how many readings have it, the most frequent first."""
    decisions: tuple[Decision, ...]
    """Where verdicts differ, every single choice that decides one of them."""
    sentence: str


@dataclass(frozen=True, eq=False)
class Reached:
    """When each of n runs first reaches a level, looked at at some points (epochs or updates) only."""

    level: float
    points: Floats
    """(m,), rising; the last one is the horizon."""
    at: Floats
    """(n,): the first point at which the level is reached; the horizon where it never is."""
    reached: NDArray[np.bool_]
    """(n,): whether it ever is."""
    share: float
    """Of runs that reach it."""
    median: float | None
    """None where no more than half of the runs reach it."""
