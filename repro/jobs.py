"""What a command line names, as jobs: files, folders of files, or experiments that come with repro."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from repro.config import (
    Article,
    article_for,
    check_article,
    configs_folder,
    experiment_files,
    find_config,
    load_experiment,
)
from repro.config.schema import Experiment
from repro.errors import ConfigError, UsageError
from repro.report.stored import stored_experiments
from repro.run import Job, check_experiments


def jobs_of(given: Sequence[str], overrides: Sequence[str] = (), engine: str = "stacked") -> list[Job]:
    """The jobs for configs given by path, folder or name.

    Raises ConfigError for any fault of a config, its article or an override, UsageError where nothing is named.
    """
    paths = [path for name in given for path in _files(name)]
    if not paths:
        raise UsageError(f"{', '.join(given)}: expected at least one experiment (*.yaml)")
    experiments = [_experiment(path, overrides) for path in paths]
    check_experiments(list(zip(paths, experiments, strict=True)), overrides)
    articles = [article_for(path, experiment) for path, experiment in zip(paths, experiments, strict=True)]
    _check_articles(paths, articles)
    extra = "".join(f" -S {shlex.quote(item)}" for item in overrides)
    extra += "" if engine == "stacked" else f" --engine {engine}"
    shipped = configs_folder().resolve()
    return [
        Job(
            experiment,
            engine,
            f"repro run {shlex.quote(_shown(path))}{extra}",
            None if path.resolve().parent == shipped else article,
        )
        for path, experiment, article in zip(paths, experiments, articles, strict=True)
    ]


def stored_configs(out: Path) -> list[str]:
    """The config of each experiment stored in a results folder, as far as there is one."""
    files = [configs_folder() / f"{name}.yaml" for name in stored_experiments(out)]
    return [str(path) for path in files if path.is_file()]


def _files(name: str) -> list[Path]:
    try:
        folder = Path(name).is_dir()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL in it
        folder = False
    return experiment_files(Path(name)) if folder else [find_config(name)]


def _experiment(path: Path, overrides: Sequence[str]) -> Experiment:
    try:
        return load_experiment(path, overrides)
    except ConfigError as error:
        if path.parent.name != "articles":
            raise
        message = f"{path}: expected an experiment, got what looks like an article; name its experiments' files"
        raise UsageError(message) from error


def _check_articles(paths: Sequence[Path], articles: Sequence[Article | None]) -> None:
    """Each article once, against all experiments in the folder of its own."""
    found = {(path.parent, article.name): article for path, article in zip(paths, articles, strict=True) if article}
    for folder in dict.fromkeys(folder for folder, _ in found):
        beside = {path.stem: load_experiment(path) for path in experiment_files(folder)}
        for (where, name), article in found.items():
            if where == folder:
                check_article(article, beside, folder / "articles" / f"{name}.yaml")


def _shown(path: Path) -> str:
    """A path as the tables name it: relative where it can be, never this machine's folders."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return f"configs/{path.name}"
