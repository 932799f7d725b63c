"""Commands that train: `run` and `check`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro.cli.machine import Machine, pass_machine
from repro.cli.options import (
    RESULTS,
    configs_argument,
    jobs_option,
    out_option,
    quiet_option,
    set_option,
    trial_folder,
    until_options,
)
from repro.cli.process import Interrupt, finish
from repro.cli.streams import STDOUT, closed_pipes_tolerated, say, tell
from repro.errors import BusyError, UsageError

if TYPE_CHECKING:
    from repro.commands.check import CheckResult
    from repro.commands.jobs import Configured, Job
    from repro.commands.references import Reference
    from repro.commands.run import RunResult
    from repro.commands.until import UntilResult
    from repro.config.catalogue import Catalogue
    from repro.report.answer import Answer
    from repro.training.executor import Executor
    from repro.training.progress import Progress

KEEPS_NOTHING = "nothing of them is kept"
"""What becomes of the seeds that an interrupted check has trained."""


@contextlib.contextmanager
def _watching(quiet: bool, then: str) -> Iterator[Progress]:
    """What a training tells the user, to the end: an interrupted one says how far it has come, and what `then`."""
    from repro.cli.progress import make_progress

    with make_progress(quiet) as progress:
        try:
            yield progress
        except Interrupt as stop:
            stop.progress = f": {progress.progress()}; {then}"
            raise


@click.command()
@configs_argument
@click.option("--seeds", type=click.IntRange(1, 10_000), help="Seeds per experiment instead of the config's.")
@set_option
@click.option(
    "--engine",
    type=click.Choice(["auto", "stacked", "graph", "keras"]),
    default="auto",
    show_default=True,
    help="All replicas of a seed in one program (dense networks); one after the other, each training a graph (any "
    "model); or Keras' own fit. auto: stacked where it can be, else graph.",
)
@jobs_option
@until_options
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be trained, and why; train nothing.")
@click.option("-f", "--force", is_flag=True, help="Train again what is already there.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Results folder [default: results, or one in trials/ with -S, --seeds, --until or --engine].",
)
@quiet_option
@pass_machine
def run(
    machine: Machine,
    configs: tuple[str, ...],
    seeds: int | None,
    overrides: tuple[str, ...],
    engine: str,
    jobs: int | None,
    until: str | None,
    max_seeds: int | None,
    budget: float | None,
    dry_run: bool,
    force: bool,
    out: Path | None,
    quiet: bool,
) -> int:
    """Train every seed of the experiments and write their results.

    CONFIG is a file, a folder of files or of such folders, or the name of an experiment that comes with repro.
    Finished seeds are kept:
    the same command again trains only what is missing. A run with -S, --seeds, --until or --engine is a trial,
    kept apart from the results unless -o says where.
    """
    from repro.commands.jobs import as_jobs, configured
    from repro.commands.run import run as command
    from repro.config.catalogue import Catalogue
    from repro.report.build import check_folder

    if seeds is not None:
        overrides = (*overrides, f"seeds={seeds}")
    _check_until(until, max_seeds, budget, overrides, dry_run or force)
    out = out or (trial_folder(overrides, engine) if overrides or until or engine != "auto" else RESULTS)
    check_folder(out)
    catalogue = Catalogue()
    found = configured(catalogue, configs, overrides)
    job_list = as_jobs(found, machine.environment(), overrides, engine)
    if dry_run:
        return _would_train(job_list, out, force)
    with _watching(quiet, f"the same command{' without --force' if force else ''} goes on from there") as progress:
        if until:
            looked = _until_decided(machine, job_list, found, out, jobs, progress, max_seeds, budget)
            result = looked.run
        else:
            looked = None
            result = command(job_list, out, machine.executor(jobs), progress, force, machine.clock)
    return finish(result, lambda: _show_run(result, out, catalogue, quiet, looked))


def _until_decided(
    machine: Machine,
    job_list: Sequence[Job],
    found: Sequence[Configured],
    out: Path,
    jobs: int | None,
    progress: Progress,
    max_seeds: int | None,
    budget: float | None,
) -> UntilResult:
    from repro.commands.jobs import articles_of
    from repro.commands.until import MOST_SEEDS, run_until_decided
    from repro.training.environment import available_cores

    return run_until_decided(
        job_list,
        articles_of(found),
        out,
        machine.executor(jobs),
        progress,
        most=max_seeds or MOST_SEEDS,
        budget=budget,
        workers=jobs or available_cores(),
        clock=machine.clock,
    )


def _would_train(job_list: Sequence[Job], out: Path, force: bool) -> int:
    from repro.cli.print_experiments import print_cache_state
    from repro.commands.cache_state import cache_state
    from repro.commands.jobs import engines

    states = [cache_state(job, out, force) for job in job_list]
    for state in states:
        print_cache_state(state)
    for line in engines([state.job for state in states if state.missing]):
        click.echo(line)
    return 0


def _check_until(
    until: str | None, max_seeds: int | None, budget: float | None, overrides: Sequence[str], other: bool
) -> None:
    """Raises UsageError where options do not go together."""
    if until and (other or any(each.startswith("seeds=") for each in overrides)):
        raise UsageError("--until decided: expected neither --seeds, --force nor --dry-run beside it")
    if not until and (max_seeds is not None or budget is not None):
        raise UsageError("--max-seeds and --budget: expected --until decided, which they are limits of")


def _show_run(result: RunResult, out: Path, catalogue: Catalogue, quiet: bool, until: UntilResult | None) -> None:
    """What each experiment came to, the pages over all of them brought up to date, and last the answer."""
    from repro.cli.print_experiments import print_answer, print_run, print_until
    from repro.commands.report import rebuild

    if not quiet:
        with closed_pipes_tolerated(STDOUT):
            print_run(result)
    answers: tuple[Answer, ...] = ()
    try:
        answers = rebuild(out, catalogue, result.stored).answers
    except BusyError as error:  # one that has begun since ours ended; its own end rebuilds the index
        tell(f"{error} The index of results is left to it.")
    if quiet:
        return
    articles = {summary.article for summary in result.summaries if summary.article}
    with closed_pipes_tolerated(STDOUT):
        for answer in answers:
            if answer.article in articles:
                print_answer(answer)
        if until:
            print_until(until)
    say(f"\n{_done(result)} · {out / 'report.html'}")


def _done(result: RunResult) -> str:
    from repro.report.text import seeds

    what = f"{seeds(result.trained)} trained" if result.trained else "Nothing to train: every seed is stored"
    if result.compared:
        what += f" · {result.identical} of {seeds(result.compared)} identical to the stored ones"
    return what


@click.command()
@click.argument("configs", nargs=-1, metavar="[CONFIG]...")
@out_option
@jobs_option
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Append the table as Markdown, to $GITHUB_STEP_SUMMARY for instance.",
)
@click.option("--update", is_flag=True, help="Make new committed results; show them beside the old ones first.")
@quiet_option
@pass_machine
def check(
    machine: Machine,
    configs: tuple[str, ...],
    out: Path | None,
    jobs: int | None,
    summary: Path | None,
    update: bool,
    quiet: bool,
) -> int:
    """Has anything changed since the committed results? Trains a few seeds of each experiment (all stored ones).

    Where nothing differs from when they were made, one committed seed has to come out the same to the last digit;
    elsewhere, fresh seeds are held against the committed ones. Ends with 0 only if all is measured and unchanged:
    1 where something has changed, 6 where something could not be measured.
    """
    from repro.commands.check import check as command
    from repro.commands.jobs import jobs_of
    from repro.commands.references import read_references, stored_configs
    from repro.config.catalogue import Catalogue

    out = out or RESULTS
    if update and summary:
        raise UsageError("expected --summary or --update, got both: --update checks nothing")
    catalogue, environment = Catalogue(), machine.environment()
    given = configs or stored_configs(out)
    job_list = jobs_of(catalogue, given, environment) if given else []
    references, missing = read_references(out, job_list, environment, catalogue, everything=not configs)
    executor = machine.executor(jobs)
    if update:
        if missing:
            raise UsageError(
                f"expected experiments stored in {out}, got {', '.join(missing)}; `repro run` makes results"
            )
        return _update(references, out, executor, catalogue, quiet)
    with _watching(quiet, KEEPS_NOTHING) as progress:
        result = command(references, missing, executor, progress)
    return finish(result, lambda: _show_check(result, summary, quiet))


def _show_check(result: CheckResult, summary: Path | None, quiet: bool) -> None:
    from repro.cli import print_check

    if summary:
        print_check.append(summary, print_check.check_page(result))
    if not quiet:
        with closed_pipes_tolerated(STDOUT):
            print_check.print_check(result)


def _update(references: Sequence[Reference], out: Path, executor: Executor, catalogue: Catalogue, quiet: bool) -> int:
    from repro.cli.print_check import print_changes
    from repro.commands.report import rebuild
    from repro.commands.update import update

    with _watching(quiet, KEEPS_NOTHING) as progress, update(references, out, executor, progress) as new:
        if not quiet:
            with closed_pipes_tolerated(STDOUT):
                print_changes(new.changes)
        new.replace()

    def show() -> None:
        rebuild(out, catalogue)
        if not quiet:
            say(f"{len(new.names)} of {len(references)} experiments have new results in {out}.")

    return finish(new.result, show)
