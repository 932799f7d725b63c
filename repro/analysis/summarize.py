"""The records of one experiment condensed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from repro.analysis.figures import ExperimentSummary, Figure, Listing
from repro.analysis.margins import figure_margin, spread_margin
from repro.analysis.pairs import NotMatched, matched
from repro.config.reported import Reported
from repro.config.schema import Experiment
from repro.config.strict import HIGHER_IS_BETTER
from repro.config.variation.references import label_of
from repro.results.stored import StoredExperiment
from repro.verdicts.grid.best import judge_best
from repro.verdicts.grid.readings import judge_readings
from repro.verdicts.grid.types import BestVerdict, ReadingsVerdict
from repro.verdicts.number import describe, judge_listing, judge_number
from repro.verdicts.types import Floats, NumberVerdict, Resolution, VarianceComponent
from repro.verdicts.variance import fold_spread, fold_spreads, variance_budget

if TYPE_CHECKING:
    from pandas import DataFrame


def summarize(stored: StoredExperiment) -> ExperimentSummary:
    """Condense the records of an experiment, those of each variant by itself."""
    if not stored.experiment.axes:
        return _summary(stored)
    variants = tuple(_summary(each) for each in stored.variants)
    own = next((each for each in variants if stored.main and each.labels == stored.main.labels), None)
    none = {"figures": (), "listings": (), "variance": ()}
    first = own if own and own.judged else variants[0].model_copy(update=none)
    return first.model_copy(
        update={
            "experiment": stored.name,
            "labels": {},
            "seeds": max(each.seeds for each in variants),
            "failed": _told(variants, "failed"),
            "diverged": _told(variants, "diverged"),
            "at_chance": _told(variants, "at_chance"),
            "variants": variants,
            "best": None if _are_readings(stored) else _best(stored),
            "readings": _readings(variants) if _are_readings(stored) else None,
        }
    )


def _are_readings(stored: StoredExperiment) -> bool:
    return isinstance(stored.experiment, Experiment) and bool(stored.experiment.unstated)


def _best(stored: StoredExperiment) -> BestVerdict | None:
    """The best variant by the main figure; None where variants share too few seeds, or no splits."""
    metric = stored.experiment.main
    found = matched(stored.variants, metric)
    if isinstance(found, NotMatched) or len({seed % 2 for seed in found.seeds}) < 2:
        return None
    return judge_best(found.values, found.seeds, "higher" if metric in HIGHER_IS_BETTER else "lower")


def _readings(variants: Sequence[ExperimentSummary]) -> ReadingsVerdict | None:
    """The verdicts on the article's main figure under every reading; None where one has none."""
    judged = [each.main.judged for each in variants if each.main and each.main.judged]
    return judge_readings([each.labels for each in variants], judged) if len(judged) == len(variants) else None


def _told(variants: Sequence[ExperimentSummary], what: Literal["failed", "diverged", "at_chance"]) -> tuple[str, ...]:
    return tuple(f"{label_of(each.labels)}: {line}" for each in variants for line in getattr(each, what))


def _summary(stored: StoredExperiment) -> ExperimentSummary:
    experiment, frame, provenance = stored.experiment, stored.frame, stored.provenance
    figures = (_figure(stored, metric, split) for metric, split in _wanted(stored))
    return ExperimentSummary(
        experiment=stored.name,
        labels=dict(stored.labels),
        title=experiment.title,
        article=experiment.article,
        note=experiment.note,
        engine=provenance.made.engine,
        command=provenance.command,
        trial=provenance.trial,
        seeds=int(frame["seed"].nunique()),
        folds=experiment.protocol.folds,
        failed=_status(frame, "failed"),
        diverged=_status(frame, "diverged"),
        at_chance=_at_chance(stored),
        metric=experiment.main,
        split=experiment.protocol.judged_split,
        train_scored="train" in experiment.protocol.evaluated,
        fresh_rows=experiment.protocol.fresh_rows,
        figures=tuple(figure for figure in figures if figure),
        listings=tuple(found for metric in experiment.reported if (found := _listing(stored, metric))),
        variance=_variance(stored),
    )


def _wanted(stored: StoredExperiment) -> list[tuple[str, str]]:
    """The main figure always, then whatever the article reports, then what else is measured, the loss last."""
    experiment = stored.experiment
    split = experiment.protocol.judged_split
    reported = [(metric, figure.split) for metric, figure in experiment.reported.items()]
    others = [(metric, split) for metric in (*experiment.figures, "loss")]
    there = set(zip(stored.frame["metric"], stored.frame["split"], strict=True))
    return [pair for pair in dict.fromkeys([others[0], *reported, *others]) if pair in there]


def _figure(stored: StoredExperiment, metric: str, split: str) -> Figure | None:
    table = stored.valid(metric, split)
    if not len(table):
        return None
    reported = stored.experiment.reported.get(metric)
    if reported and reported.split != split:
        reported = None
    values, folds = table.mean(axis=1).to_numpy(), table.to_numpy()
    margin = figure_margin(stored, metric, reported) if reported else None
    return Figure(
        metric,
        split,
        reported,
        over=describe(values),
        judged=_judged(values, reported, margin) if reported else None,
        margin_reason=margin.reason if margin else "",
        fold_spread=fold_spread(folds) if folds.shape[1] > 1 else None,
        spread_judged=_spread(stored, metric, folds, reported) if reported else None,
    )


def _judged(values: Floats, reported: Reported, margin: Resolution | None) -> NumberVerdict:
    return judge_number(values, reported.stored, reported.half_width, margin.value if margin else None)


def _spread(stored: StoredExperiment, metric: str, folds: Floats, reported: Reported) -> NumberVerdict | None:
    """The article's spread over folds, as a figure like any other."""
    if reported.spread is None or reported.spread_over != "folds" or folds.shape[1] < 2:
        return None
    margin = spread_margin(stored, metric)
    spread = reported.spread / reported.scale
    return judge_number(fold_spreads(folds), spread, reported.half_width, margin.value if margin else None)


def _listing(stored: StoredExperiment, metric: str) -> Listing | None:
    """What the article lists by step, as far as it was recorded; None where no seed has all of it."""
    reported, frame = stored.experiment.reported[metric], stored.frame
    if not reported.steps:
        return None
    rows = frame[(frame["metric"] == metric) & (frame["split"] == reported.split) & (frame["status"] == "ok")]
    table = rows.pivot(index="seed", columns="step", values="value")
    listed = {step: value for step, value in reported.steps.items() if step in table.columns}
    table = table[list(listed)]
    table = table[np.isfinite(table).all(axis=1)]
    if table.empty:
        return None
    article = np.array(list(listed.values())) / reported.scale
    return Listing(metric, reported.split, tuple(listed), judge_listing(table.to_numpy(), article, reported.half_width))


def _variance(stored: StoredExperiment) -> tuple[VarianceComponent, ...]:
    """Of an accuracy on rows that were held out: what is right on its own training rows is no sample of anything."""
    if (stored.experiment.main, stored.experiment.protocol.judged_split) != ("accuracy", "test"):
        return ()
    table = stored.valid("accuracy").to_numpy()
    if len(table) < 2:
        return ()
    return variance_budget(table.mean(axis=1), stored.tested_rows or None, table if table.shape[1] > 1 else None)


def _at_chance(stored: StoredExperiment) -> tuple[str, ...]:
    """Seeds whose accuracy is not above what guessing gives on so many rows (one-sided 97.5%, binomial).

    None where targets are numbers, and where it is not known how many rows there are.
    """
    classes, split = stored.provenance.made.data.classes, stored.experiment.protocol.judged_split
    if classes is None or not stored.tested_rows:
        return ()
    chance = 1 / classes
    limit = chance + 1.96 * np.sqrt(chance * (1 - chance) / stored.tested_rows)
    means = stored.valid("accuracy").mean(axis=1)
    return tuple(f"seed {seed}: {split} accuracy {100 * mean:.2f}%" for seed, mean in means.items() if mean <= limit)


def _status(frame: DataFrame, kind: str) -> tuple[str, ...]:
    """One line for each failed or diverged replica."""
    rows = frame[frame["status"].str.startswith(kind)].drop_duplicates(["seed", "fold"])
    return tuple(
        f"seed {int(row.seed)}" + ("" if np.isnan(row.fold) else f", fold {int(row.fold)}") + f": {row.status}"
        for row in rows.itertuples()
    )
