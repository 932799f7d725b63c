"""The command line: parse, one library call, print by way of `repro.display`. The only file that sets an exit code."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from repro import __version__
from repro.display.streams import silence, tell, whoever_reads
from repro.errors import BusyError, MachineError, ReproError, UsageError

if TYPE_CHECKING:
    from repro.run import Tally, Watcher

RESULTS = Path("results")
TRIALS = Path("trials")
BUG = 70
"""Exit code of a fault of repro itself (EX_SOFTWARE of sysexits.h)."""

MACHINE_FAULTS = {
    *(errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO),
    *(errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE),
}

SECONDS_TO_LEAVE = 5.0
"""What an interrupted command has for ending its workers, which takes a fraction of a second."""

KEEPS_NOTHING = "nothing of them is kept"
"""What becomes of the seeds that an interrupted check has trained."""


class Commands(click.Group):
    """Turns errors into one clear message and the exit code of their kind."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command line and exit."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _interrupted)
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
            if sys.stdout:
                sys.stdout.flush()
        except Interrupt as stop:
            _leave(stop)
        except click.exceptions.Abort:
            _leave(Interrupt(130))
        except click.ClickException as error:
            with whoever_reads(2):
                error.show()
            sys.exit(error.exit_code)
        except ReproError as error:
            tell(f"Error: {error}")
            sys.exit(error.exit_code)
        except (ReaderGone, BrokenPipeError):
            silence(1)
            sys.exit(0)
        except OSError as error:
            if error.errno not in MACHINE_FAULTS:
                _bug()
            tell(f"Error: {_said(error)}")
            if error.filename is None:  # it may well be standard output
                silence(1)
            sys.exit(UsageError.exit_code if error.errno == errno.ENAMETOOLONG else MachineError.exit_code)
        except Exception:
            _bug()
        sys.exit(code if isinstance(code, int) else 0)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse; this is where `--help` prints."""
        with _noticing_readers_go():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _noticing_readers_go():
            return super().invoke(ctx)


class ReaderGone(Exception):  # noqa: N818  # nothing is wrong
    """`| head` has read enough. A BrokenPipeError, of which click would make exit code 1, a regression's."""


@contextlib.contextmanager
def _noticing_readers_go() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error


def _said(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    return ": ".join(filter(None, (error.filename, os.strerror(error.errno or errno.EIO))))


@contextlib.contextmanager
def _before(verdict: Callable[[], None]) -> Iterator[None]:
    """A block before the verdict of a command, which counts for the exit code even if the block can't be done."""
    fault: Exception | None = None
    try:
        yield
    except (ReproError, OSError) as error:
        fault = error
    try:
        verdict()
    except ReproError:
        if fault:
            tell(f"Error: {_said(fault)}")
        raise
    if fault:
        raise fault


def _bug() -> NoReturn:
    """No fault of the user's. Its exit code is not that of a regression, for which CI would take Python's own."""
    tell(f"{traceback.format_exc()}This is a fault of repro itself; please report it with the lines above.")
    sys.exit(BUG)


class Interrupt(BaseException):
    """Ctrl-C or SIGTERM; `progress` is how far a training had come."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
        self.progress = ""


def _interrupted(number: int, frame: Any) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    raise Interrupt(128 + number)


def _leave(stop: Interrupt) -> NoReturn:
    tell(f"Interrupted{stop.progress}.")
    last_resort = threading.Timer(SECONDS_TO_LEAVE, os._exit, [stop.code])
    last_resort.daemon = True
    last_resort.start()
    sys.exit(stop.code)


@contextlib.contextmanager
def _watching(quiet: bool, then: str) -> Iterator[Watcher]:
    """What a training tells the user, to the end: an interrupted one says how far it has come, and what `then`."""
    from repro.display.progress import make_watcher

    with make_watcher(quiet) as watcher:
        try:
            yield watcher
        except Interrupt as stop:
            stop.progress = f": {watcher.progress()}; {then}"
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="repro")
def main() -> None:
    """Re-run published machine-learning experiments over many seeds and judge the published figures.

    \b
    repro run configs/sonar_hidden.yaml    train, and print the article's figure against ours
    repro check                            has anything changed since the committed results?
    repro compare sonar_visible sonar_hidden
    repro list                             what there is
    repro show configs/sonar_hidden.yaml   the resolved experiment and its model

    Exit codes: 0 done, 1 regression found, 2 usage or configuration, 3 data, 4 machine, 5 a replica failed,
    6 check has not measured everything, 70 a fault of repro itself, 130 or 143 interrupted.
    """


configs_argument = click.argument("configs", nargs=-1, required=True, metavar="CONFIG...")
out_option = click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Results folder [default: results]."
)
set_option = click.option(
    "-S", "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a config value; repeatable."
)


@main.command()
@configs_argument
@click.option("--seeds", type=click.IntRange(1, 10_000), help="Seeds per experiment instead of the config's.")
@set_option
@click.option(
    "--engine",
    type=click.Choice(["stacked", "keras"]),
    default="stacked",
    show_default=True,
    help="One compiled program per seed, or Keras' own fit, replica by replica.",
)
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Worker processes [default: one a core].")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be trained, and why; train nothing.")
@click.option("-f", "--force", is_flag=True, help="Train anew what is already there.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Results folder [default: results, or trials with -S, --seeds or --engine keras].",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
def run(
    configs: tuple[str, ...],
    seeds: int | None,
    overrides: tuple[str, ...],
    engine: str,
    jobs: int | None,
    dry_run: bool,
    force: bool,
    out: Path | None,
    quiet: bool,
) -> None:
    """Train every seed of the experiments and write their results.

    CONFIG is a file, a folder of files, or the name of an experiment that comes with repro. Finished seeds are kept:
    the same command again trains only what is missing. A run with -S, --seeds or --engine keras is a trial, kept
    apart from the results unless -o says where.
    """
    from repro import run as runner
    from repro.display.experiments import print_stock, print_summary
    from repro.jobs import jobs_of
    from repro.report.build import check_folder

    trial = bool(overrides or seeds or engine != "stacked")
    out = out or (TRIALS if trial else RESULTS)
    if seeds is not None:
        overrides = (*overrides, f"seeds={seeds}")
    check_folder(out)
    job_list = jobs_of(configs, overrides, engine)
    if dry_run:
        for job in job_list:
            print_stock(runner.take_stock(job, out, force))
        return
    with _watching(quiet, f"the same command{' without --force' if force else ''} goes on from there") as watcher:
        tally = runner.run(job_list, out, jobs or _cores(), force, watcher)
    with _before(lambda: runner.raise_for_failures(tally)):
        if not quiet:
            with whoever_reads(1):
                for summary in tally.summaries:
                    print_summary(summary)
        try:
            _rebuild_index(out)
        except BusyError as error:  # one that has begun since ours ended; its own end rebuilds the index
            tell(f"{error} The index of results is left to it.")
        if not quiet:
            _say(_done(tally, out))


@main.command()
@out_option
def report(out: Path | None) -> None:
    """Rebuild every table and page from the stored records alone."""
    from repro.report.build import check_folder

    out = out or RESULTS
    check_folder(out)
    if not out.is_dir():
        raise UsageError(f"{out}: no such results folder; `repro run CONFIG` makes one")
    summaries = _rebuild_index(out, force=True)
    _say(f"Built the tables of {len(summaries)} experiments in {out}.")


@main.command()
@click.argument("configs", nargs=-1, metavar="[CONFIG]...")
@out_option
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Worker processes [default: one a core].")
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Append the table as Markdown, to $GITHUB_STEP_SUMMARY for instance.",
)
@click.option("--update", is_flag=True, help="Make new committed results; show them beside the old ones first.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
def check(
    configs: tuple[str, ...], out: Path | None, jobs: int | None, summary: Path | None, update: bool, quiet: bool
) -> None:
    """Has anything changed since the committed results? Trains a few seeds of each experiment (all stored ones).

    Where nothing differs from when they were made, one committed seed has to come out the same to the last digit;
    elsewhere, fresh seeds are held against the committed ones. Ends with 0 only if all is measured and unchanged:
    1 where something has changed, 6 where something could not be measured.
    """
    from repro.check import check as run_check
    from repro.check import raise_for_verdicts
    from repro.display.check import print_check
    from repro.display.check_page import append, check_page
    from repro.jobs import jobs_of, stored_configs
    from repro.references import read_references

    out = out or RESULTS
    if update and summary:
        raise UsageError("expected --summary or --update, got both: --update checks nothing")
    given = configs or stored_configs(out)
    references, missing = read_references(out, jobs_of(given) if given else [], everything=not configs)
    if update:
        _update(references, missing, out, jobs or _cores(), quiet)
        return
    with _watching(quiet, KEEPS_NOTHING) as watcher:
        result = run_check(references, missing, jobs or _cores(), watcher)
    with _before(lambda: raise_for_verdicts(result)):
        if summary:
            append(summary, check_page(result))
        if not quiet:
            with whoever_reads(1):
                print_check(result)


def _update(references: Sequence[Any], missing: Sequence[str], out: Path, workers: int, quiet: bool) -> None:
    from repro import run as runner
    from repro.display.check import print_changes
    from repro.update import renewal

    if missing:
        raise UsageError(f"expected experiments stored in {out}, got {', '.join(missing)}; `repro run` makes results")
    with _watching(quiet, KEEPS_NOTHING) as watcher, renewal(references, out, workers, watcher) as new:
        if not quiet:
            with whoever_reads(1):
                print_changes(new.changes)
        new.replace()
    _rebuild_index(out)
    if not quiet:
        _say(f"{len(new.names)} of {len(references)} experiments have new results in {out}.")
    runner.raise_for_failures(new.tally)


@main.command()
@click.argument("a")
@click.argument("b")
@out_option
@click.option(
    "--metric", type=click.Choice(["accuracy", "loss"]), default="accuracy", show_default=True, help="What to compare."
)
def compare(a: str, b: str, out: Path | None, metric: str) -> None:
    """A against B from stored records: two experiments of a results folder, or two results folders.

    Runs of the same data, split and seed are compared in pairs.
    """
    from repro.compare import Comparison
    from repro.compare import compare as run_compare
    from repro.display.compare import print_comparison, print_folders

    found = run_compare(a, b, out or RESULTS, metric)
    if isinstance(found, Comparison):
        print_comparison(found)
    else:
        print_folders(found)


@main.command("list")
def list_() -> None:
    """The experiments that come with repro, article by article."""
    from repro.config import configs_folder, experiment_files, load_experiment
    from repro.display.experiments import print_experiments

    print_experiments([load_experiment(path) for path in experiment_files(configs_folder())])


@main.command()
@click.argument("config")
@set_option
def show(config: str, overrides: tuple[str, ...]) -> None:
    """The resolved configuration and Keras' summary of the model."""
    from repro.config import find_config, load_experiment
    from repro.display.experiments import resolved_yaml
    from repro.pool import in_worker
    from repro.run import check_experiments
    from repro.training.worker import model_summary

    path = find_config(config)
    experiment = load_experiment(path, overrides)
    check_experiments([(path, experiment)], overrides)
    click.echo(resolved_yaml(experiment))
    click.echo(in_worker(model_summary, experiment))


@main.group()
def data() -> None:
    """The data sets: list, fetch and verify them."""


@data.command("list")
def data_list() -> None:
    """Every data set with its size, licence and source."""
    from repro import datasets
    from repro.display.experiments import print_datasets

    print_datasets([(datasets.info(name), datasets.is_present(name)) for name in sorted(datasets.DATASETS)])


@data.command("fetch")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def data_fetch(names: tuple[str, ...]) -> None:
    """Get what is missing or damaged (all data sets unless named)."""
    from repro import datasets

    for name in names or sorted(datasets.DATASETS):
        datasets.fetch(name, _say)
        _say(f"{name}: complete")


@data.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def data_verify(names: tuple[str, ...]) -> None:
    """Compare every file with its checksum."""
    from repro import datasets
    from repro.errors import DataError

    wrong = []
    for name in names or sorted(datasets.DATASETS):
        for status in datasets.verify(name):
            _say(f"{name}/{status.file}: {status.state}")
            if status.state != "ok":
                wrong.append(f"{status.where}: {status.state}; expected SHA-256 {status.expected}, got {status.actual}")
    if wrong:
        raise DataError("\n".join([*wrong, "`repro data fetch` gets what is missing or damaged."]))


@main.command()
@click.argument("kind", type=click.Choice(["experiment", "article"]), default="experiment")
def schema(kind: str) -> None:
    """The JSON Schema of an experiment's file (or an article's), for editors."""
    from repro.config import article_schema, experiment_schema

    click.echo(json.dumps(article_schema() if kind == "article" else experiment_schema(), indent=2))


def _say(line: str) -> None:
    with whoever_reads(1):
        click.echo(line)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _rebuild_index(out: Path, force: bool = False) -> list[Any]:
    from repro.config import configs_folder
    from repro.report.build import build_index

    return build_index(out, configs_folder(), force)


def _done(tally: Tally, out: Path) -> str:
    from repro.report.text import seeds

    what = f"{seeds(tally.trained)} trained" if tally.trained else "Nothing to train: every seed is stored"
    if tally.compared:
        what += f", {tally.identical} of {seeds(tally.compared)} identical to the stored ones"
    return f"{what}; tables in {out / 'README.md'}."


if __name__ == "__main__":
    main()
