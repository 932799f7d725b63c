"""Claims about the points of a grid, and about the time until a level: what is judged of stored variants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from repro.analysis.pairs import Matched
from repro.config.article import Claim
from repro.config.strict import HIGHER_IS_BETTER
from repro.config.variation.claims import Until
from repro.config.variation.references import labels_of, reference
from repro.results.stored import StoredExperiment
from repro.verdicts.grid.best import below_best
from repro.verdicts.grid.region import all_of, within_best
from repro.verdicts.grid.speed import first_reached
from repro.verdicts.grid.types import Better, GridClaim
from repro.verdicts.types import Floats


def variants_among(claim: Claim, stored: Sequence[StoredExperiment]) -> list[StoredExperiment]:
    """The variants that a claim about the points of a grid is about, in the order of the file."""
    meant = reference(claim.among or "")
    labels = meant.labels.items()
    return [each for each in stored if each.folder.name == meant.name and labels <= dict(each.labels).items()]


def places_of(claim: Claim, variants: Sequence[StoredExperiment]) -> list[int] | str:
    """Where the points of a claim are among these variants; or which one is not there."""
    fixed = dict(reference(claim.among or "").labels)
    places = []
    for point in claim.points:
        wanted = fixed | labels_of(point)
        found = [place for place, each in enumerate(variants) if dict(each.labels) == wanted]
        if not found:
            return point
        places += found
    return places


def of_best(claim: Claim, found: Matched, places: Sequence[int], margin: float) -> GridClaim:
    """The comparison that a claim about the best of a grid comes down to."""
    better: Better = "higher" if claim.metric in HIGHER_IS_BETTER else "lower"
    if claim.direction == "near_best":
        return within_best(found.values, places, margin, better=better, correct=found.correct)
    return all_of(
        [below_best(found.values, found.seeds, place, margin, better=better, correct=found.correct) for place in places]
    )


def epochs_until(until: Until, metric: str, members: Sequence[StoredExperiment], seeds: Sequence[int]) -> Floats | str:
    """Epochs until the mean over the folds first reaches a level: (members, seeds); or why that is not known.

    The last epoch where it never is (see `repro.verdicts.grid.speed`).
    """
    times = []
    points: list[float] = []
    for each in members:
        rows = each.frame[(each.frame["metric"] == metric) & (each.frame["split"] == until.split)]
        table = rows.pivot_table(index="seed", columns="epoch", values="value", aggfunc="mean").reindex(list(seeds))
        if not table.size or not np.isfinite(table.to_numpy()).all():
            return f"{each.name} has no {metric} of split {until.split} at each evaluation"
        if points and points != list(table.columns):
            return f"{each.name} is evaluated at other epochs than {members[0].name}"
        points = list(table.columns)
        towards: Better = "higher" if metric in HIGHER_IS_BETTER else "lower"
        times.append(first_reached(table.to_numpy(), points, until.level, towards).at)
    return np.stack(times)
