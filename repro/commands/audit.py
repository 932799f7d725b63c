"""What can be known of experiments before any run, from their configs and articles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from repro import datasets
from repro.analysis.audit import (
    ArticleAudit,
    ExperimentAudit,
    Spread,
    audit_claims,
    audit_experiment,
    missing_of,
)
from repro.commands.jobs import Configured, configured
from repro.config.catalogue import Catalogue, article_file
from repro.config.data_description import DataDescription
from repro.config.schema import AnyExperiment, Experiment
from repro.errors import DataError, ExitCode
from repro.report.build import current_summary
from repro.results.stored import find_stored

SMALL = 10_000
"""Rows of a data set that is read for its labels."""


@dataclass(frozen=True)
class Audit:
    """What was found: with the classes of `repro.analysis.audit` the shape of what `--json` prints."""

    experiments: tuple[ExperimentAudit, ...]
    """Those of which the article prints an accuracy; the impossible ones first."""
    articles: tuple[ArticleAudit, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """None: an impossible value is a finding."""
        return ()

    @property
    def exit_code(self) -> ExitCode:
        """The command is done."""
        return ExitCode.DONE


def audit(given: Sequence[str], out: Path, catalogue: Catalogue) -> Audit:
    """Audit configs given by path, folder or name, with what is known of spreads from the results in `out`.

    Raises ConfigError and UsageError as `configured` does.
    """
    named = configured(catalogue, given)
    files = {file: each for each in named if (file := article_file(each.path, each.experiment))}
    beside = {file: catalogue.experiments_of(file) for file, each in files.items() if each.article}
    every = [each.experiment for each in named] + [one for group in beside.values() for one in group.values()]
    stored = _spreads(every, out)
    found = (
        audit_experiment(
            each.experiment,
            each.data,
            _class_counts(each.experiment, each.data),
            stored.get((each.experiment.name, "accuracy")),
        )
        for each in named
        if isinstance(each.experiment, Experiment) and each.data
    )
    experiments = sorted((each for each in found if each), key=lambda each: not each.impossible)
    names = {each.experiment.name for each in named}
    rows = {one.name: _rows(catalogue, file, one) for file, group in beside.items() for one in group.values()}
    articles = (_article(each, beside.get(file, {}), names, rows, stored) for file, each in files.items())
    return Audit(tuple(experiments), tuple(articles))


def _article(
    each: Configured,
    experiments: Mapping[str, AnyExperiment],
    names: set[str],
    rows: Mapping[str, int],
    stored: Mapping[tuple[str, str], Spread],
) -> ArticleAudit:
    """The article of an experiment, with those of its claims that are about any of `names`."""
    article = each.article
    if article is None:
        return ArticleAudit(each.experiment.article or "", "", each.resolution, (), ())
    about = tuple(claim for claim in article.claims if names & claim.compared)
    claims = audit_claims(article.model_copy(update={"claims": about}), experiments, rows, stored)
    unsaid = (*article.unsaid, *missing_of(article, experiments))
    return ArticleAudit(article.name, article.title, each.resolution, tuple(claims), unsaid)


def _spreads(experiments: Iterable[AnyExperiment], out: Path) -> dict[tuple[str, str], Spread]:
    """(experiment, metric) -> spread over seeds, where results of the same training are stored with their tables."""
    spreads = {}
    for experiment in {each.name: each for each in experiments}.values():
        stored = find_stored(out, experiment.name)
        summary = current_summary(stored) if stored and stored.experiment.trained == experiment.trained else None
        for figure in summary.figures if summary else ():
            if summary and figure.split == summary.split and figure.over.sd is not None:
                spreads[experiment.name, figure.metric] = Spread(figure.over.sd, f"{figure.over.n} stored seeds")
    return spreads


def _rows(catalogue: Catalogue, article: Path, experiment: AnyExperiment) -> int:
    """Rows that an experiment beside an article's folder is judged on."""
    if not isinstance(experiment, Experiment):
        return 0
    data = catalogue.described(article.parent.parent, experiment.dataset.name)
    return experiment.protocol.tested_rows(data.rows, data.test_rows)


def _class_counts(experiment: Experiment, data: DataDescription) -> tuple[int, ...] | None:
    """Rows of each class of a data set that is cross-validated; None where its labels are not at hand."""
    stratified = experiment.protocol.stratified_k_fold
    if not stratified or data.rows > SMALL or not datasets.is_present(data):
        return None
    try:
        return tuple(np.bincount(datasets.load(data).train.y).tolist())
    except DataError:
        return None
