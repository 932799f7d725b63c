"""Margins, "a difference this small does not matter": one rule for figures and for comparisons of two experiments.

The margin of a figure is what is declared with it; else, for an accuracy y, 1.96 sqrt(y(1-y)/n), what drawing n other
rows would make of it; a loss has none. That of a comparison of a and b is declared with its claim; else it is that of
the article's figure for b, or for a, a declared one before any other, so that it is known before any run. Only where
there is no such figure is y our own mean of b, and the report then says so; of a loss, any difference then matters.
"""

from __future__ import annotations

from dataclasses import dataclass

from repro.analysis.figures import printed
from repro.config.article import Claim
from repro.config.schema import Reported
from repro.results.stored import StoredExperiment
from repro.verdicts.number import accuracy_margin


@dataclass(frozen=True)
class Margin:
    """A margin in stored units, and where it comes from, in words."""

    value: float
    source: str


def figure_margin(stored: StoredExperiment, metric: str, reported: Reported) -> float | None:
    """Margin of an article's figure in stored units; None where it has none."""
    if reported.margin is not None:
        return reported.margin / reported.scale
    return accuracy_margin(reported.stored, _rows(stored, reported.split)) if metric == "accuracy" else None


def claim_margin(claim: Claim, a: StoredExperiment, b: StoredExperiment) -> Margin:
    """Margin of a comparison of two experiments that share their data."""
    if claim.margin is not None:
        return Margin(claim.margin, "declared with the claim")
    theirs = [(each, each.experiment.reported.get(claim.metric)) for each in (b, a)]
    figures = [(each, figure) for each, figure in theirs if figure and figure.split == "test"]
    for each, figure in sorted(figures, key=lambda pair: pair[1].margin is None):
        margin = figure_margin(each, claim.metric, figure)
        if figure.margin is not None and margin is not None:
            return Margin(margin, f"declared with the article's figure for {each.name}")
        if margin is not None:
            return Margin(margin, _drawn(each, f"the article's {printed(figure)} for {each.name}"))
    if claim.metric != "accuracy":
        return Margin(0.0, "none is declared, so any difference matters")
    y = float(b.values("accuracy").mean())
    return Margin(
        accuracy_margin(y, b.tested_rows), _drawn(b, f"our own {100 * y:.2f}% for {b.name}, known only after the run")
    )


def _rows(stored: StoredExperiment, split: str) -> int:
    """Rows that an accuracy of this split is measured on."""
    fixed = stored.experiment.protocol.fixed_split
    rows = {"train": stored.provenance.made.data.rows, "validation": fixed.validation_from_train if fixed else 0}
    return rows.get(split, stored.tested_rows)


def _drawn(stored: StoredExperiment, accuracy: str) -> str:
    return f"what drawing {stored.tested_rows:,} other test rows would make of {accuracy}"
