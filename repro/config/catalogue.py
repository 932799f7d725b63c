"""Files in, typed Experiment and Article out: the one edge where configuration is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from repro.config.article import Article, Claim
from repro.config.extends import resolved
from repro.config.faults import validated
from repro.config.overrides import overridden
from repro.config.schema import NAME, Experiment
from repro.config.strict_yaml import Document, KeyPath, located, parse_file
from repro.errors import ConfigError, shown, suggest
from repro.files import shipped


class Catalogue:
    """The configuration files that a command reads: make one a command and pass it along, and each is opened once.

    parse: what opens a file. Methods raise ConfigError, one line per fault, each with file, line and key path.
    """

    def __init__(self, parse: Callable[[Path], Document] = parse_file) -> None:
        self._parse = parse
        self._documents: dict[Path, Document] = {}

    def document(self, path: Path) -> Document:
        """The values of a file as it stands there, to be read and not to be changed."""
        key = path.resolve()
        if key not in self._documents:
            self._documents[key] = self._parse(path)
        return self._documents[key]

    def experiment(self, path: Path, overrides: Sequence[str] = ()) -> Experiment:
        """The experiment in a file, which has to be valid without `overrides` and with them.

        Its name is that of the file. `overrides` are `key.path=value`, as after `-S`.
        """
        name = _name(path)
        document = resolved(path, self.document)
        experiment = validated(Experiment, name, document, extra_keys=("extends",))
        if not overrides:
            return experiment
        return validated(Experiment, name, overridden(experiment, document, overrides))

    def article(self, path: Path) -> Article:
        """The article in a file; its name is that of the file."""
        return validated(Article, _name(path), self.document(path))

    def article_of(self, path: Path, experiment: Experiment) -> Article | None:
        """The article of the experiment in the file `path`: `articles/NAME.yaml` beside it, or None."""
        beside = article_file(path, experiment)
        return self.article(beside) if beside.is_file() else None

    def experiments_of(self, path: Path) -> dict[str, Experiment]:
        """The experiments that the article in the file `path` names and that are in the folder above it, by name."""
        files = _files_beside(path)
        named = {name for _, name in _mentioned(self.article(path))}
        return {name: self.experiment(files[name]) for name in sorted(named & files.keys())}

    def check_article(self, path: Path) -> None:
        """Check that the experiments that an article names are in the folder above its own, and are what it says.

        Of the files there only those that it names are read: another that is broken is in nobody's way.
        """
        article, document = self.article(path), self.document(path)
        files, experiments = _files_beside(path), self.experiments_of(path)
        unknown = [
            (place, f"unknown experiment {name!r}; {suggest(name, files)}")
            for place, name in _mentioned(article)
            if name not in files
        ]
        if faults := [*unknown, *_misfits(article, experiments)]:
            raise ConfigError("\n".join(located(document.mark(place), place, fault) for place, fault in faults))


def article_file(path: Path, experiment: Experiment) -> Path:
    """Where the article of the experiment in the file `path` is, or would be."""
    return path.parent / "articles" / f"{experiment.article}.yaml"


def experiment_files(folder: Path) -> list[Path]:
    """The experiments of a folder: its own `*.yaml` files, sorted by name."""
    return sorted(path for path in folder.glob("*.yaml") if path.is_file())


def find_config(given: str) -> Path:
    """The file that a user means: a path, or the name of a shipped experiment, bare or as `configs/NAME.yaml`.

    Raises ConfigError saying where it looked.
    """
    path = Path(given)
    if _is_file(path):
        return path
    name = path.stem if path.suffix == ".yaml" else path.name
    named = path.parent in (Path(), Path("configs")) and NAME.fullmatch(name)
    folder = shipped("configs")
    if named and _is_file(folder / f"{name}.yaml"):
        return folder / f"{name}.yaml"
    known = [each.stem for each in experiment_files(folder)]
    looked = f"no such file, nor an experiment in {folder}"
    raise ConfigError(f"expected a config, got {shown(given)}: {looked}; {suggest(name, known)}")


def _files_beside(article: Path) -> dict[str, Path]:
    """The experiments' files in the folder above an article's, by name."""
    return {file.stem: file for file in experiment_files(article.parent.parent)}


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL in it
        return False


def _name(path: Path) -> str:
    if path.suffix != ".yaml" or not NAME.fullmatch(path.stem):
        rule = "NAME.yaml, NAME of at most 64 of a-z, 0-9, - and _, the first a letter or digit"
        raise ConfigError(f"expected a file called {rule}, got {shown(path.name)}")
    return path.stem


def _mentioned(article: Article) -> Iterator[tuple[KeyPath, str]]:
    """Every place in an article that names an experiment, and the name."""
    for index, name in enumerate(article.experiments):
        yield ("experiments", str(index)), name
    for index, claim in enumerate(article.claims):
        places: list[tuple[KeyPath, str | None]] = [(("a",), claim.a), (("b",), claim.b)]
        places += [(("figure_of",), claim.figure_of)]
        places += [(("contrast", name), name) for name in claim.contrast or ()]
        places += [(("part", "a"), claim.part.a), (("part", "b"), claim.part.b)] if claim.part else []
        for place, mentioned in places:
            if mentioned is not None:
                yield ("claims", str(index), *place), mentioned


def _misfits(article: Article, experiments: Mapping[str, Experiment]) -> Iterator[tuple[KeyPath, str]]:
    """What an article says of `experiments`, those that it names and that are there, and that is not so."""
    for index, name in enumerate(article.experiments):
        if name in experiments and experiments[name].article != article.name:
            fault = f"{name} belongs to article {experiments[name].article!r}, not to {article.name!r}"
            yield ("experiments", str(index)), fault
    for index, claim in enumerate(article.claims):
        place = ("claims", str(index))
        figure = experiments.get(claim.figure_of or "")
        if figure and claim.metric not in figure.reported:
            yield (*place, "figure_of"), f"{figure.name} reports no {claim.metric}"
        if claim.direction == "equivalent" and not _has_margin(claim, experiments):
            fault = f"expected a margin, here or with the article's figure: equality in {claim.metric} needs one"
            yield (*place, "margin"), fault


def _has_margin(claim: Claim, experiments: Mapping[str, Experiment]) -> bool:
    compared = [experiments[name] for name in claim.weights if name in experiments]
    declared = [each.declared_margin(claim.metric) for each in compared]
    return claim.metric == "accuracy" or any(margin is not None for margin in (claim.margin, *declared))
