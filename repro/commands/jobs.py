"""What a command line names, as jobs: files, folders of files, or experiments that come with repro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from repro import datasets
from repro.config.article import Article
from repro.config.catalogue import Catalogue, experiment_files, find_config
from repro.config.schema import Experiment
from repro.errors import ConfigError, UsageError
from repro.files import shipped
from repro.results.provenance import Conditions, DataUsed, Environment
from repro.training.plan import check_plan, check_reported


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

    @cached_property
    def conditions(self) -> Conditions:
        """Everything that a trained number depends on besides the seed."""
        info = datasets.info(self.experiment.dataset.name)
        data = DataUsed(rows=info.rows, test_rows=info.test_rows, classes=info.classes, sha256=info.sha256)
        return Conditions(trained=self.experiment.trained, engine=self.engine, data=data, environment=self.environment)

    def by(self, engine: str) -> Job:
        """The same job by another engine."""
        return replace(self, engine=engine)


def jobs_of(
    catalogue: Catalogue,
    given: Sequence[str],
    environment: Environment,
    overrides: Sequence[str] = (),
    engine: str = "stacked",
) -> list[Job]:
    """The jobs for configs given by path, folder or name.

    Raises ConfigError for any fault of a config, its article or an override, UsageError where nothing is named.
    """
    paths = [path for name in given for path in _files(name)]
    if not paths:
        raise UsageError(f"{', '.join(given)}: expected at least one experiment (*.yaml)")
    experiments = [_experiment(catalogue, path, overrides) for path in paths]
    for path, experiment in zip(paths, experiments, strict=True):
        check_experiment(path, experiment, overrides)
    _check_names(experiments)
    articles = [catalogue.article_of(path, experiment) for path, experiment in zip(paths, experiments, strict=True)]
    pairs = zip(paths, articles, strict=True)
    for beside in dict.fromkeys(path.parent / "articles" / f"{each.name}.yaml" for path, each in pairs if each):
        catalogue.check_article(beside)
    own = shipped("configs").resolve()
    return [
        Job(
            experiment,
            engine,
            environment,
            _shown(path),
            tuple(overrides),
            None if path.resolve().parent == own else article,
        )
        for path, experiment, article in zip(paths, experiments, articles, strict=True)
    ]


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
