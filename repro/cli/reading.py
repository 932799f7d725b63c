"""Commands that train nothing: they read what is stored or configured."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from repro.cli.machine import Machine, pass_machine
from repro.cli.options import RESULTS, configs_argument, out_option, set_option
from repro.cli.process import finish
from repro.cli.streams import say


@click.command()
@out_option
def report(out: Path | None) -> None:
    """Rebuild every table and page from the stored records alone."""
    from repro.commands import report as command
    from repro.config.catalogue import Catalogue
    from repro.report.build import check_folder

    out = out or RESULTS
    check_folder(out)
    count = len(command.report(out, Catalogue()).summaries)
    say(f"Built the tables of {count} experiment{'s' if count != 1 else ''} in {out}.")


@click.command()
@click.argument("a")
@click.argument("b")
@out_option
@click.option("--metric", metavar="FIGURE", help="What to compare [default: what tables of the first lead with].")
def compare(a: str, b: str, out: Path | None, metric: str | None) -> None:
    """A against B from stored records: two experiments of a results folder, or two results folders.

    Runs of the same data, split and seed are compared in pairs.
    """
    from repro.cli.print_compare import print_comparison, print_folders
    from repro.commands.compare import Folders
    from repro.commands.compare import compare as command

    found = command(a, b, out or RESULTS, metric)
    if isinstance(found, Folders):
        print_folders(found)
    else:
        print_comparison(found)


@click.command()
@configs_argument
@out_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the fields of repro.analysis.audit.")
def audit(configs: tuple[str, ...], out: Path | None, as_json: bool) -> int:
    """What can be known before any run: nothing is trained.

    Whether the test rows can give each accuracy that an article prints (the GRIM test), how many rows each claimed
    difference is, what may differ without changing a conclusion, what 5, 30 and 120 seeds can tell, and what the
    article leaves unsaid. The spread between runs is that of stored results where there are any, else binomial.

    An impossible value is a finding and no error: the exit code is 0 unless a config is wrong.
    """
    from repro.cli.print_audit import print_audit
    from repro.commands.audit import audit as command
    from repro.config.catalogue import Catalogue

    result = command(configs, out or RESULTS, Catalogue())
    if as_json:
        return finish(result, lambda: click.echo(json.dumps(asdict(result), indent=2)))
    return finish(result, lambda: print_audit(result))


@click.command("list")
@click.argument("configs", nargs=-1, metavar="[CONFIG]...")
def list_(configs: tuple[str, ...]) -> None:
    """Experiments, article by article: those that come with repro, unless files or folders are named."""
    from repro.cli.print_experiments import print_experiments
    from repro.commands.jobs import experiment_paths
    from repro.config.catalogue import Catalogue
    from repro.files import shipped

    catalogue = Catalogue()
    given = configs or (str(shipped("configs")),)
    print_experiments([catalogue.experiment(path) for path in experiment_paths(catalogue, given)])
    published = shipped("configs") / "published"
    if not configs and published.is_dir():
        click.echo("For claims that no article shows a run for: `repro list configs/claims`.")
        click.echo("Published experiments besides: `repro list configs/published`.")


@click.command()
@click.argument("config")
@set_option
@pass_machine
def show(machine: Machine, config: str, overrides: tuple[str, ...]) -> None:
    """The resolved configuration and Keras' summary of the model."""
    from repro.cli.print_experiments import resolved_yaml
    from repro.commands.show import show as command
    from repro.config.catalogue import Catalogue

    shown = command(config, overrides, Catalogue(), machine.executor(1))
    click.echo(resolved_yaml(shown.experiment))
    click.echo(f"engine: {shown.choice.engine} ({shown.choice.reason})")
    if shown.model:
        click.echo(shown.model)


@click.group()
def data() -> None:
    """The data sets: list, fetch, verify and describe them.

    NAME is a data description NAME.yaml in the current folder or one that comes with repro, or a path ending in .yaml.
    """


@data.command("list")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def data_list(names: tuple[str, ...]) -> None:
    """Data sets with size, licence and source (all that come with repro unless named)."""
    from repro import datasets
    from repro.cli.print_experiments import print_datasets
    from repro.commands.data import described
    from repro.config.catalogue import Catalogue

    print_datasets([(each, datasets.is_present(each)) for each in described(names, Catalogue())])


@data.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def data_fetch(names: tuple[str, ...]) -> None:
    """Get what is missing or damaged."""
    from repro.commands.data import fetch
    from repro.config.catalogue import Catalogue

    fetch(names, Catalogue(), say)


@data.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def data_verify(names: tuple[str, ...]) -> int:
    """Compare every file with its checksum (of all that comes with repro and has been fetched unless named)."""
    from repro.commands.data import verify
    from repro.config.catalogue import Catalogue

    result = verify(names, Catalogue())
    lines = [f"{name}/{status.file}: {status.state}" for name, status in result.files]
    lines += [f"{name}: not fetched" for name in result.not_fetched]
    return finish(result, lambda: say("\n".join(lines)))


@data.command("describe")
@click.argument("file", metavar="FILE.csv")
@click.option("--label", metavar="COLUMN", help="The label's or target's column: its name, or its number from 0.")
def data_describe(file: str, label: str | None) -> None:
    """Print a data description of a table, to be saved beside it.

    As in: repro data describe flowers.csv > flowers_data.yaml
    """
    from repro.datasets.describe import describe

    click.echo(describe(Path(file), label), nl=False)


@click.command()
@click.argument("kind", type=click.Choice(["experiment", "article"]), default="experiment")
def schema(kind: str) -> None:
    """The JSON Schema of an experiment's file (or an article's), for editors."""
    from repro.config import article_schema, experiment_schema

    click.echo(json.dumps(article_schema() if kind == "article" else experiment_schema(), indent=2))
