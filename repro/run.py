"""The one place that joins configuration, data, training and records."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from repro import __version__, datasets, records
from repro.committed import records_by_seed
from repro.conditions import changes, conditions
from repro.config.schema import Article, Experiment
from repro.datasets.base import sha256
from repro.environment import code_state
from repro.errors import ConfigError, DataError, MachineError, ReplicaError
from repro.lock import locked
from repro.pool import train
from repro.report import text
from repro.report.build import build_experiment, current_summary, stored_summary
from repro.report.stored import read_provenance
from repro.report.summary import Summary
from repro.training.plan import check_labels, check_plan, check_reported
from repro.training.worker import Outcome, Task


@dataclass(frozen=True)
class Job:
    """An experiment to run: by which engine, and the command that the tables name."""

    experiment: Experiment
    engine: str
    command: str
    article: Article | None = None
    """The experiment's article where it is not one that comes with repro: kept with the results, for their pages."""

    @property
    def conditions(self) -> dict[str, Any]:
        """Everything that a trained number depends on but the seed."""
        return conditions(self.experiment, self.engine)

    @property
    def fingerprint(self) -> str:
        """Of the conditions: a cell with another one is never used."""
        return records.digest(list(self.conditions.values()))


@dataclass(frozen=True)
class Stock:
    """What is there of a job before training: usable cells, seeds to train, and why they have to be trained."""

    job: Job
    stored: dict[int, Outcome]
    missing: list[int]
    damaged: list[Path]
    """Files of missing seeds that can't be used."""
    why: str


@dataclass
class Tally:
    """What a run did."""

    summaries: list[Summary] = field(default_factory=list)
    trained: int = 0
    compared: int = 0
    """Seeds that were trained now and are stored already ..."""
    identical: int = 0
    """... and those of them whose every record is the stored one, to the last digit."""
    failed: list[str] = field(default_factory=list)
    without_data: dict[str, str] = field(default_factory=dict)
    """Data sets that can't be had, and why."""

    def add(self, summary: Summary) -> None:
        """An experiment whose tables are there; its failures count whether they happened now or in an earlier run."""
        self.summaries.append(summary)
        self.failed += [f"{summary.experiment}: {line}" for line in itertools.chain(summary.failed, summary.diverged)]


class Watcher(Protocol):
    """Hears what happens; printing is its business."""

    def note(self, line: str) -> None:
        """Something that the user has to know."""

    def say(self, line: str) -> None:
        """Something that only those want to know who look on."""

    def started(self, cells: Mapping[str, int], before: Mapping[str, float]) -> None:
        """So many cells of each experiment are going to be trained; a stored one took so many seconds, where known."""

    def trained(self, experiment: str, outcome: Outcome) -> None:
        """A cell is done and stored."""

    def progress(self) -> str:
        """How many of how many cells are done, in words."""


def take_stock(job: Job, out: Path, force: bool) -> Stock:
    """Look up the finished cells of a job."""
    stored: dict[int, Outcome] = {}
    damaged: list[Path] = []
    seeds = range(job.experiment.seeds)
    for seed in [] if force else seeds:
        path = records.cell_path(out, job.experiment.name, job.fingerprint, seed)
        try:
            outcome = records.load_cell(path, job.fingerprint, seed)
        except records.DamagedCell:
            damaged.append(path)
        else:
            stored |= {seed: outcome} if outcome else {}
    missing = [seed for seed in seeds if seed not in stored]
    why = _why(job, out, stored, damaged, force) if missing else "nothing has changed"
    return Stock(job, stored, missing, damaged, why)


def _why(job: Job, out: Path, stored: dict[int, Outcome], damaged: list[Path], force: bool) -> str:
    if force:
        return "asked for (--force)"
    if stored or damaged:
        files = f"; damaged: {', '.join(path.name for path in damaged)}" if damaged else ""
        return f"these seeds are not there yet{files}"
    before = _stored_provenance(job, out)
    if before is None:
        return "nothing is stored yet"
    changed = "; ".join(changes(before, job.conditions))
    return f"changed: {changed}" if changed else "its finished seeds are not in the cache here"


def _stored_provenance(job: Job, out: Path) -> dict[str, Any] | None:
    before = records.read_json(out / job.experiment.name / "provenance.json")
    return before if isinstance(before, dict) else None


def run(jobs: Sequence[Job], out: Path, workers: int, force: bool, watcher: Watcher) -> Tally:
    """Train what is missing of every job and write its results.

    Raises ConfigError before any training if a protocol asks for more folds than there are rows of a class,
    DataError before any training if no job's data can be had (jobs without data are left out and named in the
    tally otherwise), MachineError if another run is at work in `out`.
    """
    tally = Tally()
    ready = with_data(jobs, tally, watcher)
    if not ready:
        raise DataError("\n".join(tally.without_data.values()))
    stocks = [take_stock(job, out, force) for job in ready]
    if summaries := _up_to_date(stocks, out):
        if _orphans(out):
            with contextlib.suppress(MachineError), locked(out):  # another run is at work, or the folder is read-only
                _sweep(out)
        for summary in summaries:
            tally.add(summary)
        return tally
    with locked(out):
        _sweep(out)
        if force:
            _forget(ready, out)
        stocks = [take_stock(job, out, force) for job in ready]  # what another run has finished meanwhile
        for path in itertools.chain.from_iterable(stock.damaged for stock in stocks):
            watcher.note(records.set_aside(path))
        _train_all(stocks, out, workers, watcher, tally)
    return tally


def with_data(jobs: Sequence[Job], tally: Tally, watcher: Watcher) -> list[Job]:
    """Jobs whose data set is there and verified; the others are noted."""
    labels: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(job.experiment.dataset.name for job in jobs):
        try:
            if not datasets.is_present(name):
                datasets.fetch(name, watcher.say)
            labels[name] = datasets.load(name).train.y
        except DataError as error:
            tally.without_data[name] = str(error)
    ready = [job for job in jobs if job.experiment.dataset.name in labels]
    for job in ready:
        try:
            check_labels(job.experiment, labels[job.experiment.dataset.name])
        except ConfigError as error:
            raise ConfigError(f"{job.experiment.name}: {error}") from error
    for job in jobs:
        if job not in ready:
            watcher.note(f"{job.experiment.name}: left out, its data can't be had")
    return ready


def _up_to_date(stocks: Sequence[Stock], out: Path) -> list[Summary]:
    """The summaries of the jobs where there is nothing to train nor to write, else none."""
    if any(stock.missing for stock in stocks) or not all(_is_written(stock, out) for stock in stocks):
        return []
    found = [current_summary(out, stock.job.experiment.name) for stock in stocks]
    return [summary for summary in found if summary] if all(found) else []


def _is_written(stock: Stock, out: Path) -> bool:
    """Whether the stored records and provenance are those of these cells."""
    folder = out / stock.job.experiment.name
    provenance = records.read_json(folder / "provenance.json")
    runs = records.runs_csv(stock.job.experiment, stock.stored.values()).encode()
    expected = {**_described(stock.job), "runs": sha256(runs)}
    same = isinstance(provenance, dict) and all(provenance.get(key) == value for key, value in expected.items())
    path = folder / "runs.csv"
    return same and path.is_file() and path.read_bytes() == runs


def _described(job: Job) -> dict[str, Any]:
    """What is stored of a job beside its records; that of it which moves a record is in the conditions, too."""
    article = job.article and job.article.model_dump(mode="json")
    return {
        "experiment": job.experiment.model_dump(mode="json"),
        "trained": job.experiment.trained,
        "engine": job.engine,
        "command": job.command,
        "article": article,
    }


def _orphans(out: Path) -> list[Path]:
    """Temporary files, of a run that was killed while writing unless one is at work."""
    return [*out.glob("*/.*.tmp"), *out.glob(".*.tmp"), *out.glob(".cells/*/*/.*.tmp")]


def _sweep(out: Path) -> None:
    """Remove temporary files. The caller holds the lock, so none is in use."""
    for path in _orphans(out):
        with contextlib.suppress(OSError):
            path.unlink()


def _forget(jobs: Sequence[Job], out: Path) -> None:
    """Remove finished cells, so that an interrupted run leaves no mixture of old ones and new."""
    for job in jobs:
        for seed in range(job.experiment.seeds):
            records.cell_path(out, job.experiment.name, job.fingerprint, seed).unlink(missing_ok=True)


def _train_all(stocks: Sequence[Stock], out: Path, workers: int, watcher: Watcher, tally: Tally) -> None:
    tasks = [Task(stock.job.experiment, stock.job.engine, seed) for stock in stocks for seed in stock.missing]
    by_name = {stock.job.experiment.name: stock for stock in stocks}
    started: dict[str, float] = {}
    if tasks:
        watcher.started(
            {name: len(stock.missing) for name, stock in by_name.items() if stock.missing}, _seconds_before(stocks, out)
        )
    for stock in stocks:
        if not stock.missing:
            _write_results(stock, out, None, watcher, tally)
    with contextlib.closing(train(tasks, workers, watcher)) as outcomes:  # on the way out of here workers end, too
        for task, outcome in outcomes:
            stock = by_name[task.experiment.name]
            if outcome.error is None:
                path = records.cell_path(out, task.experiment.name, stock.job.fingerprint, task.seed)
                records.store_cell(path, stock.job.fingerprint, outcome)
            tally.trained += 1
            stock.stored[task.seed] = outcome
            stock.missing.remove(task.seed)
            begin = started.setdefault(task.experiment.name, time.time() - outcome.seconds)
            watcher.trained(task.experiment.name, outcome)
            if not stock.missing:
                _write_results(stock, out, begin, watcher, tally)


def _seconds_before(stocks: Sequence[Stock], out: Path) -> dict[str, float]:
    """Seconds of one cell when the stored results of an experiment were made, where its training is still that one."""
    seconds = {}
    for job in (stock.job for stock in stocks):
        with contextlib.suppress(MachineError):  # nothing is stored, or nothing that can be read
            before = read_provenance(out, job.experiment.name)
            if (before.get("trained"), before["engine"]) == (job.experiment.trained, job.engine):
                seconds[job.experiment.name] = before["cell_seconds"] / before["experiment"]["seeds"]
    return seconds


def _write_results(stock: Stock, out: Path, started: float | None, watcher: Watcher, tally: Tally) -> None:
    """Records, provenance and tables of an experiment; `started` is None where nothing had to be trained."""
    job, folder = stock.job, out / stock.job.experiment.name
    outcomes = [stock.stored[seed] for seed in sorted(stock.stored)]
    before, old = _stored_provenance(job, out), stored_summary(folder)
    runs = records.runs_csv(job.experiment, outcomes)
    if started is not None:
        _count_identical(folder, runs, tally)
    moved = before is None or before.get("runs") != sha256(runs.encode())
    if not _is_written(stock, out):
        made = _provenance(job, runs, outcomes, time.time() if started is None else started)
        if before and before.get("engine") == job.engine and not moved:
            made |= {key: before[key] for key in _OF_THE_RUN if key in before}
        records.write(folder / "runs.csv", runs)
        records.write(folder / "provenance.json", records.pretty(made))
    summary = build_experiment(out, job.experiment.name)
    if moved and before and (changed := changes(before, job.conditions)):
        watcher.note(
            f"{job.experiment.name}: stored results replaced ({'; '.join(changed)}); "
            f"test accuracy before: {_accuracy(old)}, now: {_accuracy(summary)}"
        )
    tally.add(summary)


_OF_THE_RUN = (
    "data",
    "environment",
    "fingerprint",
    "repro",
    "code",
    "cores",
    "started",
    "wall_seconds",
    "cell_seconds",
)
"""Where and when records were made. Kept with them where another run makes the same ones: nothing has moved."""


def _count_identical(folder: Path, runs: str, tally: Tally) -> None:
    """Hold fresh records against the stored ones, seed by seed."""
    with contextlib.suppress(OSError, ValueError, KeyError):  # nothing there, or nothing of ours
        old, new = records_by_seed((folder / "runs.csv").read_text(encoding="utf-8")), records_by_seed(runs)
        both = old.keys() & new.keys()
        tally.compared += len(both)
        tally.identical += sum(old[seed] == new[seed] for seed in both)


def _accuracy(summary: Summary | None) -> str:
    main = text.main_figure(summary) if summary else None
    return text.our_value(main) if main else "none"


def _provenance(job: Job, runs: str, outcomes: Sequence[Outcome], started: float) -> dict[str, Any]:
    return {
        **_described(job),
        **job.conditions,
        "fingerprint": job.fingerprint,
        "runs": sha256(runs.encode()),
        "repro": __version__,
        "code": code_state(Path(__file__).parent),
        "cores": os.cpu_count(),
        "started": datetime.datetime.fromtimestamp(started, datetime.UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(time.time() - started, 1),
        "cell_seconds": round(sum(outcome.seconds for outcome in outcomes), 1),
    }


def check_experiments(experiments: Sequence[tuple[Path, Experiment]], overrides: Sequence[str]) -> None:
    """Check experiments, given with their files, against each other and their data sets.

    With overrides it is not the published experiment, and its article's figures may be of steps that it doesn't reach.

    Raises ConfigError where a data set is not known, where a protocol asks for what it hasn't got, where the article's
    figure is one that is not recorded, and where two would share a folder.
    """
    for path, experiment in experiments:
        try:
            info = datasets.info(experiment.dataset.name)
            check_plan(experiment, info)
            if not overrides:
                check_reported(experiment, info)
        except ConfigError as error:
            given = "".join(f" -S {override}" for override in overrides)
            raise ConfigError(f"{path}{given}: {error}") from error
    names = [experiment.name for _, experiment in experiments]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ConfigError(f"expected each experiment once, got {', '.join(doubled)} twice")


def raise_for_failures(tally: Tally) -> None:
    """Raises what a finished run has to say through its exit code: ReplicaError (5) before DataError (3)."""
    if tally.failed:
        shown = "\n".join(f"  {line}" for line in tally.failed[:20])
        raise ReplicaError(f"{len(tally.failed)} replicas failed or diverged; the others are stored:\n{shown}")
    if tally.without_data:
        raise DataError("\n".join(tally.without_data.values()))
