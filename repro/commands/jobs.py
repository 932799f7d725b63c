"""What a command line names, as jobs: files, folders of files, or experiments that come with repro."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from repro.config.article import Article
from repro.config.catalogue import Catalogue, article_file, find_config
from repro.config.data_description import DataDescription
from repro.config.resolution import resolution_of
from repro.config.schema import AnyExperiment, Experiment
from repro.config.variation.variants import Variant, variants_of
from repro.errors import ConfigError, UsageError
from repro.files import shipped
from repro.results.provenance import NO_DATA, Conditions, DataUsed, Environment
from repro.training import ENGINE_VERSIONS
from repro.training.checks import check_plan, check_reported
from repro.training.choice import Choice, choose
from repro.training.worker import Task
from repro.verdicts.types import Resolution


@dataclass(frozen=True)
class Job:
    """An experiment to run: on which data, by which engine, in which environment, how the command line names it."""

    experiment: AnyExperiment
    data: DataDescription | None
    """None where nothing is trained."""
    folder: Path
    """Where its config lies, and the files that it names."""
    engine: str
    environment: Environment
    config: str
    overrides: tuple[str, ...] = ()
    article: Article | None = None
    """The experiment's article where it is not one that comes with repro: kept with the results, for their pages."""
    resolution: Resolution = field(kw_only=True)
    """What an accuracy of it may differ by without changing a conclusion."""
    looks: int = field(default=1, kw_only=True)
    """Looks at growing numbers of seeds that are planned."""
    why: str = field(default="", kw_only=True)
    """Why it is that engine."""

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """What is trained: the variants of the experiment, or the experiment itself."""
        return variants_of(self.experiment)

    @cached_property
    def conditions(self) -> Conditions:
        """Everything that the trained numbers depend on besides the seed."""
        return self.conditions_of(self.experiment)

    def conditions_of(self, experiment: AnyExperiment) -> Conditions:
        """Everything that a trained number of a variant depends on besides the seed."""
        given, data = self.data, NO_DATA
        if given:
            data = DataUsed(rows=given.rows, test_rows=given.test_rows, classes=given.classes, sha256=given.files)
        environment = self.environment.model_copy(update={"engine_version": ENGINE_VERSIONS[self.engine]})
        return Conditions(trained=experiment.trained, engine=self.engine, data=data, environment=environment)

    @property
    def data_key(self) -> str:
        """The data, told apart from others of the same name in another folder; empty for none."""
        return f"{self.data.folder}/{self.data.name}" if self.data else ""

    @cached_property
    def named_engine(self) -> str:
        """The engine as a command line has to name it: `auto` where that chooses it."""
        chosen = _choice(self.variants, "auto").engine
        return "auto" if self.engine == chosen else self.engine

    def task(self, variant: Variant, seed: int) -> Task:
        """The cell of a seed of a variant."""
        return Task(variant.experiment, self.data, self.folder, self.engine, seed, variant.label)

    def with_seeds(self, seeds: int, looks: int) -> Job:
        """The same job with so many seeds, at one of so many looks at it."""
        experiment = self.experiment.model_copy(update={"seeds": seeds})
        return replace(self, experiment=experiment, overrides=(*self.overrides, f"seeds={seeds}"), looks=looks)

    def by(self, engine: str) -> Job:
        """The same job by another engine."""
        return replace(self, engine=engine, why="")


@dataclass(frozen=True)
class Configured:
    """An experiment that a command line names, and what the files around its own say of it."""

    path: Path
    experiment: AnyExperiment
    data: DataDescription | None
    article: Article | None
    resolution: Resolution


def jobs_of(
    catalogue: Catalogue,
    given: Sequence[str],
    environment: Environment,
    overrides: Sequence[str] = (),
    engine: str = "auto",
) -> list[Job]:
    """The jobs for configs given by path, folder or name. Raises ConfigError and UsageError as `configured` does."""
    return as_jobs(configured(catalogue, given, overrides), environment, overrides, engine)


def as_jobs(
    found: Sequence[Configured], environment: Environment, overrides: Sequence[str] = (), engine: str = "auto"
) -> list[Job]:
    """The jobs for experiments whose configs have been read, with `overrides`, by an engine or the one that suits each.

    Raises ConfigError where the engine that is asked for can't train one of them.
    """
    return [_job(each, environment, tuple(overrides), engine) for each in found]


def _job(each: Configured, environment: Environment, overrides: tuple[str, ...], engine: str) -> Job:
    try:
        choice = _choice(variants_of(each.experiment), engine)
    except ConfigError as error:
        raise ConfigError(f"{each.path}: {error}") from error
    return Job(
        each.experiment,
        each.data,
        each.path.parent,
        choice.engine,
        environment,
        _shown(each.path),
        overrides,
        None if each.path.resolve().is_relative_to(shipped("configs").resolve()) else each.article,
        resolution=each.resolution,
        why=choice.reason,
    )


def _choice(variants: Sequence[Variant], engine: str) -> Choice:
    """One engine for all variants, so that nothing else differs between them."""
    choices = [choose(each.experiment, engine) for each in variants]
    return next((choice for choice in choices if choice.engine != "stacked"), choices[0])


def engines(jobs: Sequence[Job]) -> list[str]:
    """Which engine trains what, and why: a line for each engine and reason."""
    names: dict[str, list[str]] = {}
    for job in jobs:
        told = f"{job.engine} engine ({job.why})" if job.why else f"{job.engine} engine"
        names.setdefault(told, []).append(job.experiment.name)
    return [f"{_some(found)}: {engine}" for engine, found in names.items()]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def articles_of(found: Sequence[Configured]) -> dict[str, Article]:
    """The articles of experiments, by name."""
    return {each.article.name: each.article for each in found if each.article}


def configured(catalogue: Catalogue, given: Sequence[str], overrides: Sequence[str] = ()) -> list[Configured]:
    """The experiments in configs given by path, folder or name, in that order, checked with all that is beside them.

    Raises ConfigError for any fault of a config, its article or an override, UsageError where nothing is named.
    """
    paths = experiment_paths(catalogue, given)
    experiments = [_experiment(catalogue, path, overrides) for path in paths]
    data = [
        check_experiment(catalogue, path, experiment, overrides)
        for path, experiment in zip(paths, experiments, strict=True)
    ]
    _check_names(experiments)
    resolutions: dict[Path | None, Resolution] = {}
    found = []
    for path, experiment, description in zip(paths, experiments, data, strict=True):
        article, beside = catalogue.article_of(path, experiment), article_file(path, experiment)
        if beside not in resolutions:
            if article and beside:
                catalogue.check_article(beside)
            experiments_beside = catalogue.experiments_of(beside) if article and beside else {}
            resolutions[beside] = resolution_of(article, experiments_beside)
        found.append(Configured(path, experiment, description, article, resolutions[beside]))
    return found


def experiment_paths(catalogue: Catalogue, given: Sequence[str]) -> list[Path]:
    """The files of configs given by path, folder or name. Raises UsageError where there is none."""
    paths = [path for name in given for path in _files(catalogue, name)]
    if not paths:
        raise UsageError(f"{', '.join(given)}: expected at least one experiment (*.yaml)")
    return paths


def _files(catalogue: Catalogue, name: str) -> list[Path]:
    """The experiments that are meant: a file, those of a folder, or, where it has none itself, of those in it."""
    folder = _folder(name)
    if folder is None:
        return [find_config(name)]
    below = sorted(each for each in folder.iterdir() if each.is_dir() and each.name != "articles")
    own = catalogue.experiment_files(folder)
    return own or [path for each in below for path in catalogue.experiment_files(each)]


def _folder(name: str) -> Path | None:
    """The folder that is meant, the shipped ones in `configs` and those in them by that name; None for a file."""
    ours = Path(name).parts[:2] in (("configs", "claims"), ("configs", "published"))
    for folder in (Path(name), *([shipped("configs").parent / name] if ours else [])):
        with contextlib.suppress(OSError, ValueError):  # a name too long for the file system, or with a NUL in it
            if folder.is_dir():
                return folder
    return None


def _experiment(catalogue: Catalogue, path: Path, overrides: Sequence[str]) -> AnyExperiment:
    try:
        return catalogue.experiment(path, overrides)
    except ConfigError as error:
        if path.parent.name != "articles":
            raise
        message = f"{path}: expected an experiment, got what looks like an article; name its experiments' files"
        raise UsageError(message) from error


def check_experiment(
    catalogue: Catalogue, path: Path, experiment: AnyExperiment, overrides: Sequence[str]
) -> DataDescription | None:
    """Check an experiment, given with its file, against its data set, and return what is known of that.

    There is nothing to check of one that has no data, since it trains nothing.

    With overrides it is not the published experiment, and its article's figures may be of steps that it doesn't reach.

    Raises ConfigError where a data set is not known, where a protocol asks for what it hasn't got, and where the
    article's figure is one that is not recorded.
    """
    if not isinstance(experiment, Experiment):
        return None
    data = catalogue.data(path, experiment.dataset.name)
    try:
        for each in (variant.experiment for variant in variants_of(experiment)):
            if isinstance(each, Experiment):
                check_plan(each, data)
            if isinstance(each, Experiment) and not overrides:
                check_reported(each, data)
    except ConfigError as error:
        given = "".join(f" -S {override}" for override in overrides)
        raise ConfigError(f"{path}{given}: {error}") from error
    return data


def _check_names(experiments: Sequence[AnyExperiment]) -> None:
    """Raises ConfigError where two experiments would share a folder."""
    counts = Counter(experiment.name for experiment in experiments)
    doubled = sorted(name for name, count in counts.items() if count > 1)
    if doubled:
        raise ConfigError(f"expected each experiment once, got {', '.join(doubled)} twice")


def _shown(path: Path) -> str:
    """A path as the tables name it: relative where it can be, never this machine's folders."""
    for folder, named in ((Path.cwd(), ""), (shipped("configs").resolve(), "configs/")):
        with contextlib.suppress(ValueError):
            return f"{named}{path.resolve().relative_to(folder).as_posix()}"
    return f"configs/{path.name}"
