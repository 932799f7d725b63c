"""Files in, typed Experiment and Article out: the one edge where configuration is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from repro.config.extends import resolved
from repro.config.faults import validated
from repro.config.overrides import overridden
from repro.config.schema import NAME, Article, Claim, Experiment
from repro.config.strict_yaml import parse_file
from repro.errors import ConfigError, shown, suggest


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> Experiment:
    """The experiment in a YAML file, which has to be valid without `overrides` and with them.

    Its name is that of the file. `overrides` are `key.path=value`, as after `-S`. Raises ConfigError, one line per
    fault, each with file, line and key path.
    """
    name = _name(path)
    document = resolved(path)
    experiment = validated(Experiment, name, document, extra_keys=("extends",))
    if not overrides:
        return experiment
    return validated(Experiment, name, overridden(experiment, document, overrides))


def load_article(path: Path) -> Article:
    """The article in a YAML file; its name is that of the file. Raises ConfigError, one line per fault."""
    return validated(Article, _name(path), parse_file(path))


def article_for(experiment_path: Path, experiment: Experiment) -> Article | None:
    """The article of an experiment, `articles/NAME.yaml` beside its file, or None. Raises ConfigError if invalid."""
    path = experiment_path.parent / "articles" / f"{experiment.article}.yaml"
    return load_article(path) if path.is_file() else None


def check_article(article: Article, experiments: Mapping[str, Experiment], path: Path) -> None:
    """Check that all experiments an article speaks of are in `experiments` (by name), belong to it and fit its claims.

    Raises ConfigError, one line per fault, each with the article's file, `path`.
    """
    faults = [
        f"{place}: unknown experiment {name!r}; {suggest(name, experiments)}"
        for place, name in _mentioned(article)
        if name not in experiments
    ]
    faults += [
        f"experiments: {name} belongs to article {experiments[name].article!r}, not to {article.name!r}"
        for name in article.experiments
        if name in experiments and experiments[name].article != article.name
    ]
    faults += [
        f"claim {claim.id}: figure_of: {name} reports no {claim.metric}"
        for claim in article.claims
        if (name := claim.figure_of) and name in experiments and claim.metric not in experiments[name].reported
    ]
    faults += [
        f"claim {claim.id}: margin: equality in {claim.metric} needs one, here or with the article's figure"
        for claim in article.claims
        if claim.direction == "equivalent" and not _has_margin(claim, experiments)
    ]
    if faults:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in faults))


def _has_margin(claim: Claim, experiments: Mapping[str, Experiment]) -> bool:
    compared = [experiments[name] for name in (claim.a, claim.b) if name and name in experiments]
    declared = [each.declared_margin(claim.metric) for each in compared]
    return claim.metric == "accuracy" or any(margin is not None for margin in (claim.margin, *declared))


def _mentioned(article: Article) -> list[tuple[str, str]]:
    """Every place in an article that names an experiment, and the name."""
    listed = [("experiments", name) for name in article.experiments]
    claims = [
        (f"claim {claim.id}: {key}", name)
        for claim in article.claims
        for key, name in (("a", claim.a), ("b", claim.b), ("figure_of", claim.figure_of))
        if name is not None
    ]
    return listed + claims


def _name(path: Path) -> str:
    if path.suffix != ".yaml" or not NAME.fullmatch(path.stem):
        rule = "NAME.yaml, NAME of at most 64 of a-z, 0-9, - and _, the first a letter or digit"
        raise ConfigError(f"expected a file called {rule}, got {shown(path.name)}")
    return path.stem
