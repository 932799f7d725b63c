"""An experiment's records condensed: the numbers that every table, page and verdict shows.

The verdicts, and with them scipy, are imported where they are called: a summary that is read back needs neither.
"""

from __future__ import annotations

import io
import itertools
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from repro import datasets
from repro.config.schema import Experiment, Reported

if TYPE_CHECKING:
    from pandas import DataFrame

Interval = tuple[float, float]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Frozen):
    """One metric of one split at the last evaluation: ours over seeds, and the article's where it gives one.

    Accuracies are fractions. `sd` is over seeds (ddof 1); for a cross-validation a seed's value is the mean over its
    folds. `fold_spread` is the population sd over the folds of one seed: its mean over seeds, smallest and largest.
    """

    metric: str
    split: str
    article: Reported | None
    n: int
    mean: float
    sd: float | None
    minimum: float
    maximum: float
    prediction: Interval | None
    confidence: Interval | None
    verdict: str | None = None
    sentence: str = ""
    margin: float | None = None
    rank: tuple[int, int] | None = None
    fold_spread: tuple[float, float, float] | None = None


class StepRow(_Frozen):
    """A figure that the article prints for one step, beside ours."""

    metric: str
    split: str
    step: int
    article: float
    n: int
    mean: float
    sd: float | None
    prediction: Interval | None
    inside: bool | None


class Component(_Frozen):
    """One source of variance of the accuracy, as a standard deviation."""

    name: str
    label: str
    sd: float


class Summary(_Frozen):
    """What `summary.json` holds."""

    experiment: str
    title: str
    article: str
    note: str
    engine: str
    command: str
    seeds: int
    folds: int
    failed: tuple[str, ...]
    diverged: tuple[str, ...]
    at_chance: tuple[str, ...]
    """Seeds that have learnt nothing; like the others they are shown and counted."""
    figures: tuple[Figure, ...]
    steps: tuple[StepRow, ...]
    variance: tuple[Component, ...]
    plots: tuple[str, ...] = ()
    """File names beside `table.md`."""
    made_from: str

    @property
    def overrides(self) -> str:
        """The overrides of a trial, but for its seeds: with any, it is not the article's experiment."""
        given = [value for flag, value in itertools.pairwise(shlex.split(self.command)) if flag == "-S"]
        return " ".join(f"-S {shlex.quote(value)}" for value in given if not value.startswith("seeds="))


def runs_frame(runs: str) -> DataFrame:
    """The raw records in the text of a `runs.csv`."""
    import pandas as pd

    kinds = {"experiment": str, "split": str, "metric": str, "status": str}
    return pd.read_csv(io.StringIO(runs), dtype=kinds)


def per_seed(frame: DataFrame, metric: str, split: str) -> DataFrame:
    """The metric at each replica's last evaluation: one row a seed, one column a fold."""
    rows = frame[(frame["metric"] == metric) & (frame["split"] == split)]
    rows = rows[rows["step"] == rows.groupby(["seed", "fold"])["step"].transform("max")]
    return rows.pivot(index="seed", columns="fold", values="value").sort_index()


def finite_seeds(frame: DataFrame, metric: str, split: str) -> DataFrame:
    """`per_seed` without the seeds that lack a fold, have a figure that is not finite, or a replica that diverged.

    The accuracy of a model whose loss is not a number is finite and says nothing: no verdict rests on it.
    """
    table = per_seed(frame, metric, split)
    diverged = frame.loc[frame["status"] != "ok", "seed"].unique()
    return table[np.isfinite(table).all(axis=1) & ~table.index.isin(diverged)]


def tested_rows(experiment: Experiment) -> int:
    """Rows that a test accuracy is measured on: the test part, or every training row once in a cross-validation."""
    info = datasets.info(experiment.dataset.name)
    return info.rows if experiment.protocol.stratified_k_fold else info.test_rows


def summarize(experiment: Experiment, frame: DataFrame, provenance: dict[str, Any], made_from: str) -> Summary:
    """Condense the records of an experiment."""
    from repro.verdicts.variance import variance_budget

    figures = [
        _figure(experiment, frame, metric, split, experiment.reported.get(metric))
        for metric, split in _wanted(experiment, frame)
    ]
    steps = [row for metric, figure in experiment.reported.items() for row in _step_rows(frame, metric, figure)]
    complete = finite_seeds(frame, "accuracy", "test").to_numpy()
    variance: tuple[Component, ...] = ()
    if len(complete):
        rows = tested_rows(experiment)
        folds = complete if complete.shape[1] > 1 else None
        budget = variance_budget(complete.mean(axis=1), rows, folds) if len(complete) > 1 else ()
        variance = tuple(Component(**asdict(part)) for part in budget)
    return Summary(
        experiment=experiment.name,
        title=experiment.title,
        article=experiment.article,
        note=experiment.note,
        engine=provenance["engine"],
        command=provenance["command"],
        seeds=int(frame["seed"].nunique()),
        folds=experiment.protocol.folds,
        failed=_status(frame, "failed"),
        diverged=_status(frame, "diverged"),
        at_chance=_at_chance(frame, experiment),
        figures=tuple(figure for figure in figures if figure is not None),
        steps=tuple(steps),
        variance=variance,
        made_from=made_from,
    )


def _wanted(experiment: Experiment, frame: DataFrame) -> list[tuple[str, str]]:
    """Test accuracy always, then whatever the article reports, then the test loss."""
    wanted = [("accuracy", "test")]
    wanted += [(metric, figure.split) for metric, figure in experiment.reported.items()]
    wanted.append(("loss", "test"))
    there = set(zip(frame["metric"], frame["split"], strict=True))
    return [pair for pair in dict.fromkeys(wanted) if pair in there]


def _figure(
    experiment: Experiment, frame: DataFrame, metric: str, split: str, article: Reported | None
) -> Figure | None:
    from repro.verdicts.intervals import MIN_SEEDS
    from repro.verdicts.number import describe, judge_number
    from repro.verdicts.variance import fold_spread

    table = finite_seeds(frame, metric, split)
    values = table.mean(axis=1).to_numpy()
    if not len(values):
        return None
    if article is not None and article.split != split:
        article = None
    over = describe(values)
    enough = over.n >= MIN_SEEDS
    spread = fold_spread(table.to_numpy()) if table.shape[1] > 1 else None
    figure = Figure(
        metric=metric,
        split=split,
        article=article,
        n=over.n,
        mean=over.mean,
        sd=over.sd,
        minimum=over.minimum,
        maximum=over.maximum,
        prediction=over.prediction if enough else None,
        confidence=over.confidence if enough else None,
        fold_spread=(spread.mean, spread.minimum, spread.maximum) if spread else None,
    )
    margin = _margin(experiment, metric, article)
    if article is None or margin is None:
        return figure
    judged = judge_number(values, article.stored, article.half_width, margin)
    return figure.model_copy(
        update={
            "prediction": judged.prediction if enough else None,
            "verdict": judged.verdict,
            "sentence": judged.sentence,
            "margin": margin,
            "rank": judged.rank,
        }
    )


def _margin(experiment: Experiment, metric: str, article: Reported | None) -> float | None:
    if article is None:
        return None
    if article.margin is not None:
        return article.margin / article.scale
    if metric != "accuracy":
        return None
    from repro.verdicts.number import accuracy_margin

    info, fixed = datasets.info(experiment.dataset.name), experiment.protocol.fixed_split
    rows = {"train": info.rows, "validation": fixed.validation_from_train if fixed else 0}
    return accuracy_margin(article.stored, rows.get(article.split, tested_rows(experiment)))


def _step_rows(frame: DataFrame, metric: str, article: Reported) -> list[StepRow]:
    from repro.verdicts.intervals import MIN_SEEDS
    from repro.verdicts.number import judge_number

    rows = []
    chosen = frame[(frame["metric"] == metric) & (frame["split"] == article.split)]
    for step, printed in (article.steps or {}).items():
        values = chosen.loc[chosen["step"] == step, "value"].to_numpy()
        values = values[np.isfinite(values)]
        if not len(values):
            continue
        judged = judge_number(values, printed / article.scale, article.half_width, margin=0)
        rows.append(
            StepRow(
                metric=metric,
                split=article.split,
                step=step,
                article=judged.article,
                n=judged.n,
                mean=judged.mean,
                sd=judged.sd,
                prediction=judged.prediction if judged.n >= MIN_SEEDS else None,
                inside=judged.in_prediction if judged.n >= MIN_SEEDS else None,
            )
        )
    return rows


def _at_chance(frame: DataFrame, experiment: Experiment) -> tuple[str, ...]:
    """Seeds whose test accuracy is not above what guessing gives on so many rows (one-sided 97.5%, binomial)."""
    chance = 1 / datasets.info(experiment.dataset.name).classes
    limit = chance + 1.96 * np.sqrt(chance * (1 - chance) / tested_rows(experiment))
    means = finite_seeds(frame, "accuracy", "test").mean(axis=1)
    return tuple(f"seed {seed}: test accuracy {100 * mean:.2f}%" for seed, mean in means.items() if mean <= limit)


def _status(frame: DataFrame, kind: str) -> tuple[str, ...]:
    """One line for each failed or diverged replica."""
    rows = frame[frame["status"].str.startswith(kind)].drop_duplicates(["seed", "fold"])
    return tuple(
        f"seed {int(row.seed)}" + ("" if np.isnan(row.fold) else f", fold {int(row.fold)}") + f": {row.status}"
        for row in rows.itertuples()
    )
