"""Experiments, their tables and their data sets, as a terminal shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import yaml

from repro.config.data_description import DataDescription
from repro.config.schema import AnyExperiment
from repro.config.variation.references import label_of
from repro.config.variation.variants import variants_of
from repro.datasets.places import called
from repro.report import text, variants, words

if TYPE_CHECKING:
    from repro.analysis.figures import ExperimentSummary
    from repro.commands.cache_state import CacheState
    from repro.commands.run import RunResult
    from repro.commands.until import UntilResult
    from repro.report.answer import Answer


def print_run(result: RunResult) -> None:
    """The table of each experiment of a run."""
    for summary in result.summaries:
        print_summary(summary)


def print_answer(answer: Answer) -> None:
    """What is said of an article, and the verdict on each of its claims."""
    click.echo(f"\n{answer.title}\n  {answer.sentence}")
    for verdict, claim in answer.claims:
        click.echo(f"    {verdict}: {claim}")


def print_until(until: UntilResult) -> None:
    """Which claims are decided with how many seeds, and why no more were trained."""
    why = {
        "decided": "every claim is decided",
        "not judged": "no claim that is not decided can be judged",
        "seeds": f"{until.looks[-1]} seeds are the most that were allowed",
        "budget": "the next look would not end within the budget",
    }
    looks = ", ".join(map(str, until.looks))
    click.echo(f"\nLooks planned at {looks} seeds, each at its share of the error; ended since {why[until.stopped]}:")
    several = len({each.article for each in until.decisions}) > 1
    for each in until.decisions:
        claim = f"{each.article}, {each.result.claim.id}" if several else each.result.claim.id
        state = "decided" if each.decided else "not decided"
        click.echo(f"  {claim}: {state} with {text.seeds(each.seeds)}: {each.result.verdict}")


def print_summary(summary: ExperimentSummary) -> None:
    """What an experiment has come to: article against ours, and what the verdicts rest on."""
    click.echo(f"\n{summary.experiment}: {summary.title}")
    for figure in summary.figures if summary.judged or not summary.variants else ():
        theirs = f"article {text.article_number(figure)}, " if figure.reported else ""
        ours = f"ours {text.our_value(figure)} over {text.seeds(figure.over.n)}"
        verdict = f": {words.verdict_of(figure)}" if figure.judged else ""
        click.echo(f"  {text.name_of(figure)}: {theirs}{ours}{verdict}")
        if figure.judged and figure.prediction:
            accepted = text.figure_interval(figure, figure.prediction)
            resolution = "" if figure.judged.margin is None else f", resolution {text.resolution_of(figure)}"
            click.echo(f"    accepted range {accepted}, rank {text.rank_of(figure)}{resolution}")
            click.echo(f"    our mean is {text.distance_of(figure)}. {figure.judged.sentence}")
    for variant in summary.variants:
        label, main = label_of(variant.labels), variant.main
        told = f"{text.our_value(main)} over {text.seeds(main.over.n)}" if main else "no seed has a valid figure"
        click.echo(f"  {label}: {text.main_name(variant)} {told}")
    for line in variants.lines(summary) if summary.variants else ():
        click.echo(f"  {line}")
    if not summary.figures and not summary.variants:
        click.echo("  no seed has a valid figure")
    for line in words.together(summary):
        click.echo(f"  {line}")


def print_cache_state(state: CacheState) -> None:
    """One line of a dry run."""
    several = len(state.variants) > 1
    of = f" of {len(state.variants)} variants" if several else ""
    seeds = text.seeds(state.missing)
    click.echo(f"{state.job.experiment.name}: {seeds}{of} to train, {state.finished} stored ({state.why})")


def print_experiments(experiments: Sequence[AnyExperiment]) -> None:
    """Names, titles and what the article reports, grouped by article."""
    width = max((len(experiment.name) for experiment in experiments), default=0)
    for article in sorted({experiment.article for experiment in experiments}, key=lambda name: (name is None, name)):
        click.echo(article or "of no article")
        for experiment in experiments:
            if experiment.article == article:
                click.echo(f"  {experiment.name:<{width}}  {experiment.title} ({_told(experiment)})")


def _told(experiment: AnyExperiment) -> str:
    count = len(variants_of(experiment))
    return f"{count} variants, {_reported(experiment)}" if count > 1 else _reported(experiment)


def _reported(experiment: AnyExperiment) -> str:
    split = experiment.protocol.judged_split
    shown = [
        f"{text.metric_name(metric) if figure.split == 'test' else text.figure_name(metric, figure.split)} "
        f"{figure.written()}"
        for metric, figure in experiment.reported.items()
        if figure.split in (split, "validation")
    ]
    return ", ".join(shown) or "no figure reported"


def print_datasets(rows: Sequence[tuple[DataDescription, bool]]) -> None:
    """One paragraph a data set."""
    for each, present in rows:
        size = f"{each.rows} rows" + (f" and {each.test_rows} test rows" if each.test_rows else "")
        shape = " x ".join(str(length) for length in each.shape) or "any length"
        target = f"{each.classes} classes" if each.classes else "the target is a number"
        state = "present" if present else f"missing: `repro data fetch {called(each)}` gets it"
        click.echo(f"{each.name}: {each.title}\n  {size} of {shape}, {target}; {state}")
        lines = (f"licence {each.licence}" if each.licence else "", each.source, each.citation, each.note)
        click.echo("".join(f"  {line}\n" for line in lines if line))


def resolved_yaml(experiment: AnyExperiment) -> str:
    """The resolved experiment as YAML, defaults included, except for keys that are not given."""
    return yaml.safe_dump(
        experiment.model_dump(mode="json", exclude_none=True), sort_keys=False, allow_unicode=True
    ).rstrip("\n")
