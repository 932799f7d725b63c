"""What one experiment has come to: the values that every table, page and plot shows, and the questions they ask of it.

scipy is not imported here: a summary that is read back needs none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from repro.config.reported import Reported
from repro.verdicts.grid.types import BestVerdict, ReadingsVerdict
from repro.verdicts.types import (
    MIN_SEEDS,
    Distribution,
    FoldSpread,
    Interval,
    ListingVerdict,
    NumberVerdict,
    VarianceComponent,
)


@dataclass(frozen=True)
class Figure:
    """One metric of one split at the last evaluation: ours over seeds, and the article's where it gives one.

    Values are in stored units (an accuracy is a fraction); in a cross-validation a seed's is the mean over its folds.
    """

    metric: str
    split: str
    reported: Reported | None
    over: Distribution
    judged: NumberVerdict | None
    """None where the article gives no figure; NOT JUDGED where there is no margin."""
    margin_reason: str
    """Why the margin of `judged` is what it is; empty where there is none."""
    fold_spread: FoldSpread | None
    spread_judged: NumberVerdict | None
    """The article's spread over folds against those of our seeds; None where it prints none."""

    @property
    def verdict(self) -> str:
        """The verdict, or why there is none."""
        if self.judged:
            return self.judged.verdict
        return "NOT REPORTED"

    @property
    def prediction(self) -> Interval | None:
        """95% interval for one further run; None for too few seeds."""
        return _of_enough(self.over.n, (self.judged or self.over).prediction)

    @property
    def confidence(self) -> Interval | None:
        """95% interval of the mean; None for too few seeds."""
        return _of_enough(self.over.n, self.over.confidence)


@dataclass(frozen=True)
class Listing:
    """A metric that the article lists by step, judged as a whole; `judged.each` goes with `steps`."""

    metric: str
    split: str
    steps: tuple[int, ...]
    judged: ListingVerdict


def _of_enough(seeds: int, interval: Interval | None) -> Interval | None:
    return interval if seeds >= MIN_SEEDS else None


class ExperimentSummary(BaseModel):
    """What `summary.json` holds of an experiment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    experiment: str
    title: str
    article: str | None
    note: str
    engine: str
    command: str
    trial: str
    """The overrides of a trial, as options, except for its seeds: with any, it is not the article's experiment."""
    seeds: int
    folds: int
    failed: tuple[str, ...]
    diverged: tuple[str, ...]
    at_chance: tuple[str, ...]
    """Seeds that have learnt nothing; like the others they are shown and counted."""
    metric: str
    """The main one, of `split`: what tables lead with."""
    split: str
    """What figures are about: `test`, or `train` for a model that is scored on the rows that it was trained on."""
    fresh_rows: bool
    """Whether every seed holds out rows of its own."""
    train_scored: bool
    """Whether figures of split `train` are of evaluations on the training rows, and not means over batches."""
    figures: tuple[Figure, ...]
    """Of an experiment with variants, those of the one that is as its file has it, where the article reports any."""
    listings: tuple[Listing, ...]
    variance: tuple[VarianceComponent, ...]
    labels: dict[str, str] = Field(default_factory=dict)
    """Of a variant: the value of each axis, as text."""
    variants: tuple[ExperimentSummary, ...] = ()
    """Of an experiment with variants: each of them."""
    best: BestVerdict | None = None
    """Of a grid: the variant with the best main figure, chosen on half of the seeds; points count from 0."""
    readings: ReadingsVerdict | None = None
    """Of readings of what an article leaves open: the verdicts on its main figure together."""

    def figure(self, metric: str, split: str) -> Figure | None:
        """A figure, None where no seed has a valid value."""
        return next((each for each in self.figures if (each.metric, each.split) == (metric, split)), None)

    @property
    def main(self) -> Figure | None:
        """The figure that tables lead with, None where no seed has a valid value."""
        return self.figure(self.metric, self.split)

    @property
    def judged(self) -> tuple[Figure, ...]:
        """The figures that the article reports."""
        return tuple(figure for figure in self.figures if figure.judged)

    @property
    def shown(self) -> tuple[Figure, ...]:
        """The figures for an index: those with a verdict, or the main one where there is none."""
        return self.judged or tuple(figure for figure in self.figures if figure is self.main)


def summaries_by_name(summaries: Iterable[ExperimentSummary]) -> dict[str, ExperimentSummary]:
    """Summaries of experiments and of their variants, as claims name them."""
    return {each.experiment: each for summary in summaries for each in (summary, *summary.variants)}


def printed(reported: Reported, value: float | None = None) -> str:
    """The article's value, or another one in the unit of it, with the decimals that it prints, four at most."""
    shown = reported.value if value is None else value
    return f"{shown:.{min(reported.printed_decimals, 4)}f}" + ("%" if reported.unit == "percent" else "")
