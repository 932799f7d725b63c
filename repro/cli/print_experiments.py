"""Experiments, their tables and their data sets, as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import yaml

from repro.config.schema import Experiment
from repro.datasets import DatasetInfo
from repro.report import text

if TYPE_CHECKING:
    from repro.analysis.figures import ExperimentSummary
    from repro.commands.cache_state import CacheState
    from repro.commands.run import RunResult


def print_run(result: RunResult) -> None:
    """The table of each experiment of a run."""
    for summary in result.summaries:
        print_summary(summary)


def print_summary(summary: ExperimentSummary) -> None:
    """The table of one experiment: article against ours."""
    click.echo(f"\n{summary.experiment}: {summary.title}")
    for figure in summary.figures:
        lines = [
            ("article", text.article_value(figure)),
            ("ours", f"{text.our_value(figure)} over {text.seeds(figure.over.n)}"),
            ("95% of single runs", text.figure_interval(figure, figure.prediction)),
            ("95% interval of mean", text.figure_interval(figure, figure.confidence)),
        ]
        if figure.fold_spread:
            spread = figure.fold_spread
            mean = text.number(spread.mean, text.as_percent(figure), text.decimals_of(figure))
            between = text.figure_interval(figure, (spread.minimum, spread.maximum))
            told = f"{mean} (one seed to another: {between})"
            lines.append(("spread over folds", told))
        if figure.judged:
            lines.append(("verdict", f"{figure.judged.verdict}: {figure.judged.sentence}"))
        click.echo(f"  {text.name_of(figure)}")
        for name, value in lines:
            click.echo(f"    {name:<21}{value}")


def print_cache_state(state: CacheState) -> None:
    """One line of a dry run."""
    missing, finished = len(state.missing), len(state.finished)
    click.echo(f"{state.job.experiment.name}: {text.seeds(missing)} to train, {finished} stored ({state.why})")


def print_experiments(experiments: Sequence[Experiment]) -> None:
    """Names, titles and what the article reports, grouped by article."""
    width = max((len(experiment.name) for experiment in experiments), default=0)
    for article in sorted({experiment.article for experiment in experiments}):
        click.echo(article)
        for experiment in experiments:
            if experiment.article == article:
                click.echo(f"  {experiment.name:<{width}}  {experiment.title} ({_reported(experiment)})")


def _reported(experiment: Experiment) -> str:
    shown = [
        f"{metric} {figure.value:.{figure.printed_decimals}f}{'%' if figure.unit == 'percent' else ''}"
        for metric, figure in experiment.reported.items()
        if figure.split == "test"
    ]
    return ", ".join(shown) or "no figure reported"


def print_datasets(rows: Sequence[tuple[DatasetInfo, bool]]) -> None:
    """One paragraph a data set."""
    for info, present in rows:
        size = f"{info.rows} rows" + (f" and {info.test_rows} test rows" if info.test_rows else "")
        shape = " x ".join(str(size) for size in info.input_shape)
        state = "present" if present else f"missing: `repro data fetch {info.name}` gets it"
        click.echo(f"{info.name}: {info.title}\n  {size} of {shape}, {info.classes} classes; {state}")
        click.echo(f"  licence {info.licence}; {info.source}\n  {info.citation}\n")


def resolved_yaml(experiment: Experiment) -> str:
    """The resolved experiment as YAML, defaults included."""
    return yaml.safe_dump(experiment.model_dump(mode="json"), sort_keys=False, allow_unicode=True).rstrip("\n")
