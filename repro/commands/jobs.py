"""What a command line names, as jobs: files, folders of files, or experiments that come with repro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from repro import datasets
from repro.config.article import Article
from repro.config.catalogue import Catalogue, article_file, experiment_files, find_config
from repro.config.resolution import resolution_of
from repro.config.schema import Experiment
from repro.errors import ConfigError, UsageError
from repro.files import shipped
from repro.results.provenance import Conditions, DataUsed, Environment
from repro.training.plan import check_plan, check_reported
from repro.verdicts.types import Resolution


@dataclass(frozen=True)
class Job:
    """An experiment to run: by which engine, in which environment, and how the command line names it."""

    experiment: Experiment
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

    @cached_property
    def conditions(self) -> Conditions:
        """Everything that a trained number depends on besides the seed."""
        info = datasets.info(self.experiment.dataset.name)
        data = DataUsed(rows=info.rows, test_rows=info.test_rows, classes=info.classes, sha256=info.sha256)
        return Conditions(trained=self.experiment.trained, engine=self.engine, data=data, environment=self.environment)

    def with_seeds(self, seeds: int, looks: int) -> Job:
        """The same job with so many seeds, at one of so many looks at it."""
        experiment = self.experiment.model_copy(update={"seeds": seeds})
        return replace(self, experiment=experiment, overrides=(*self.overrides, f"seeds={seeds}"), looks=looks)

    def by(self, engine: str) -> Job:
        """The same job by another engine."""
        return replace(self, engine=engine)


@dataclass(frozen=True)
class Configured:
    """An experiment that a command line names, and what the files around its own say of it."""

    path: Path
    experiment: Experiment
    article: Article | None
    resolution: Resolution


def jobs_of(
    catalogue: Catalogue,
    given: Sequence[str],
    environment: Environment,
    overrides: Sequence[str] = (),
    engine: str = "stacked",
) -> list[Job]:
    """The jobs for configs given by path, folder or name. Raises ConfigError and UsageError as `configured` does."""
    return as_jobs(configured(catalogue, given, overrides), environment, overrides, engine)


def as_jobs(
    found: Sequence[Configured], environment: Environment, overrides: Sequence[str] = (), engine: str = "stacked"
) -> list[Job]:
    """The jobs for experiments whose configs have been read, with `overrides`."""
    own = shipped("configs").resolve()
    return [
        Job(
            each.experiment,
            engine,
            environment,
            _shown(each.path),
            tuple(overrides),
            None if each.path.resolve().parent == own else each.article,
            resolution=each.resolution,
        )
        for each in found
    ]


def articles_of(found: Sequence[Configured]) -> dict[str, Article]:
    """The articles of experiments, by name."""
    return {each.article.name: each.article for each in found if each.article}


def configured(catalogue: Catalogue, given: Sequence[str], overrides: Sequence[str] = ()) -> list[Configured]:
    """The experiments in configs given by path, folder or name, in that order, checked with all that is beside them.

    Raises ConfigError for any fault of a config, its article or an override, UsageError where nothing is named.
    """
    paths = [path for name in given for path in _files(name)]
    if not paths:
        raise UsageError(f"{', '.join(given)}: expected at least one experiment (*.yaml)")
    experiments = [_experiment(catalogue, path, overrides) for path in paths]
    for path, experiment in zip(paths, experiments, strict=True):
        check_experiment(path, experiment, overrides)
    _check_names(experiments)
    resolutions: dict[Path, Resolution] = {}
    found = []
    for path, experiment in zip(paths, experiments, strict=True):
        article, beside = catalogue.article_of(path, experiment), article_file(path, experiment)
        if beside not in resolutions:
            if article:
                catalogue.check_article(beside)
            resolutions[beside] = resolution_of(article, catalogue.experiments_of(beside) if article else {})
        found.append(Configured(path, experiment, article, resolutions[beside]))
    return found


def _files(name: str) -> list[Path]:
    try:
        folder = Path(name).is_dir()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL in it
        folder = False
    return experiment_files(Path(name)) if folder else [find_config(name)]


def _experiment(catalogue: Catalogue, path: Path, overrides: Sequence[str]) -> Experiment:
    try:
        return catalogue.experiment(path, overrides)
    except ConfigError as error:
        if path.parent.name != "articles":
            raise
        message = f"{path}: expected an experiment, got what looks like an article; name its experiments' files"
        raise UsageError(message) from error


def check_experiment(path: Path, experiment: Experiment, overrides: Sequence[str]) -> None:
    """Check an experiment, given with its file, against its data set.

    With overrides it is not the published experiment, and its article's figures may be of steps that it doesn't reach.

    Raises ConfigError where a data set is not known, where a protocol asks for what it hasn't got, and where the
    article's figure is one that is not recorded.
    """
    try:
        info = datasets.info(experiment.dataset.name)
        check_plan(experiment, info)
        if not overrides:
            check_reported(experiment, info)
    except ConfigError as error:
        given = "".join(f" -S {override}" for override in overrides)
        raise ConfigError(f"{path}{given}: {error}") from error


def _check_names(experiments: Sequence[Experiment]) -> None:
    """Raises ConfigError where two experiments would share a folder."""
    names = [experiment.name for experiment in experiments]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ConfigError(f"expected each experiment once, got {', '.join(doubled)} twice")


def _shown(path: Path) -> str:
    """A path as the tables name it: relative where it can be, never this machine's folders."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return f"configs/{path.name}"
