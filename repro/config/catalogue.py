"""Files in, typed Experiment and Article out: the one edge where configuration is checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from repro.config.article import Article
from repro.config.article_faults import mentioned, misfits, named
from repro.config.data_description import KINDS, DataDescription
from repro.config.experiment import FunctionExperiment
from repro.config.extends import resolved
from repro.config.faults import validated
from repro.config.overrides import overridden
from repro.config.schema import AnyExperiment, Experiment
from repro.config.strict import NAME
from repro.config.strict_yaml import Document, KeyPath, Mark, located, parse_file
from repro.config.variation.references import reference
from repro.config.variation.variants import variants_of
from repro.errors import ConfigError, shown, suggest
from repro.files import sha256, shipped

_OF_EXPERIMENTS = frozenset({"dataset", "model", "training", "protocol", "function", "extends"})
"""Keys that a data description never has."""


class Catalogue:
    """The configuration files that a command reads: make one a command and pass it along, and each is opened once.

    parse: what opens a file. Methods raise ConfigError, one line per fault, each with file, line and key path.
    """

    def __init__(self, parse: Callable[[Path], Document] = parse_file) -> None:
        self._parse = parse
        self._documents: dict[Path, Document] = {}
        self._experiments: dict[Path, AnyExperiment] = {}
        self._articles: dict[Path, Article] = {}
        self._hashes: dict[Path, str] = {}

    def document(self, path: Path) -> Document:
        """The values of a file as it stands there, to be read and not to be changed."""
        key = path.resolve()
        if key not in self._documents:
            self._documents[key] = self._parse(path)
        return self._documents[key]

    def experiment(self, path: Path, overrides: Sequence[str] = ()) -> AnyExperiment:
        """The experiment in a file, which has to be valid without `overrides` and with them.

        Its name is that of the file. `overrides` are `key.path=value`, as after `-S`.
        """
        if path not in self._experiments:
            document = resolved(path, self.document)
            self._experiments[path] = self._experiment(path.parent, _name(path), document, ("extends",))
        experiment = self._experiments[path]
        if not overrides:
            return experiment
        name, document, as_given = _name(path), resolved(path, self.document), experiment
        # Overrides change what the file says, not what its `defaults` have filled in.
        if isinstance(experiment, Experiment) and experiment.defaults:
            without = Document({**document.value, "defaults": None}, document.marks)
            as_given = self._experiment(path.parent, name, without)
            as_given = as_given.model_copy(update={"defaults": experiment.defaults})
        return self._experiment(path.parent, name, overridden(as_given, document, overrides))

    def _experiment(
        self, folder: Path, name: str, document: Document, extra_keys: tuple[str, ...] = ()
    ) -> AnyExperiment:
        """An experiment from its values, and the hashes of the files in `folder` that it names."""
        kind: type[AnyExperiment] = FunctionExperiment if "function" in document.value else Experiment
        experiment = validated(kind, name, document, extra_keys, filled={"files": {}})
        axes: KeyPath = ("unstated",) if document.value.get("unstated") else ("grid",)
        try:
            variants = variants_of(experiment)
        except ConfigError as error:
            faults = [located(document.mark(axes), axes, line) for line in str(error).splitlines()]
            raise ConfigError("\n".join(faults)) from error
        named = {(axes, file) for each in variants for file in each.experiment.files_named.values()}
        named -= {(axes, file) for file in experiment.files_named.values()}
        files: dict[str, str] = {}
        faults = []
        for place, file in (*experiment.files_named.items(), *sorted(named)):
            try:
                files[file] = self._hash_of(folder, file)
            except ConfigError as error:
                faults.append(located(document.mark(place), place, str(error)))
        if faults:
            raise ConfigError("\n".join(faults))
        return experiment.model_copy(update={"files": dict(sorted(files.items()))})

    def _hash_of(self, folder: Path, name: str) -> str:
        """The SHA-256 of a file beside a config. Raises ConfigError where there is none, or not beside it."""
        path = folder / name
        try:
            inside = not Path(name).is_absolute() and path.resolve().is_relative_to(folder.resolve())
            exists = path.is_file()
        except (OSError, ValueError):
            raise ConfigError(f"expected the name of a file, got {shown(name)}") from None
        if not inside or ".." in Path(name).parts:
            raise ConfigError(f"expected a file in the folder of the config or below, got {shown(name)}")
        if not exists:
            raise ConfigError(f"expected a file, found none at {path}")
        if path not in self._hashes:
            self._hashes[path] = sha256(path.read_bytes())
        return self._hashes[path]

    def experiment_files(self, folder: Path) -> list[Path]:
        """The experiments of a folder: its own `*.yaml` files except data descriptions, sorted by name.

        A file is a data description where one of its keys says how data is read; any other, one that can't be parsed
        among them, is taken for an experiment, so that nothing that is misspelt is passed over in silence.
        """
        return [path for path in _yaml_files(folder) if not self._describes_data(path)]

    def _describes_data(self, path: Path) -> bool:
        try:
            return not self.document(path).value.keys().isdisjoint(KINDS)
        except ConfigError:
            return False

    def data(self, path: Path, name: str) -> DataDescription:
        """What the experiment in the file `path` calls `name` (see `described`); messages name the config's line."""
        document = resolved(path, self.document)
        place = ("dataset", "name")
        dataset = document.value.get("dataset")
        written = isinstance(dataset, dict) and dataset.get("name") == name
        mark = document.mark(place) if written else Mark("-S dataset.name")
        file = self._data_file(path.parent, name)
        if isinstance(file, str):
            raise ConfigError(located(mark, place, file))
        return self._description(file)

    def described(self, folder: Path, name: str) -> DataDescription:
        """The data that `name` means in a folder: a path from there that ends in .yaml, else the description NAME.yaml
        there, else the shipped one of that name.
        """
        file = self._data_file(folder, name)
        if isinstance(file, str):
            raise ConfigError(file)
        return self._description(file)

    def _description(self, file: Path) -> DataDescription:
        return validated(DataDescription, _name(file), self.document(file), filled={"folder": file.parent})

    def _data_file(self, folder: Path, name: str) -> Path | str:
        """The file that `name` means in a folder, or why there is none."""
        if not name.endswith(".yaml") and not NAME.fullmatch(name):
            hint = "; `repro data describe` writes one for a table" if _is_file(folder / name) else ""
            return f"expected a data description, NAME or a path ending in .yaml, got {shown(name)}{hint}"
        beside = folder / (name if name.endswith(".yaml") else f"{name}.yaml")
        there = _is_file(beside)
        experiment = there and not self.document(beside).value.keys().isdisjoint(_OF_EXPERIMENTS)
        if there and not experiment:
            return beside
        fault = f"{beside} is an experiment: save the description of its data under another name"
        if name.endswith(".yaml"):
            return fault if experiment else f"expected a data description, found none at {beside}"
        known = {each.stem: each for each in shipped_data()}
        return known.get(name) or f"unknown data set {name!r}; {fault if experiment else suggest(name, known)}"

    def article(self, path: Path) -> Article:
        """The article in a file; its name is that of the file."""
        if path not in self._articles:
            self._articles[path] = validated(Article, _name(path), self.document(path))
        return self._articles[path]

    def article_of(self, path: Path, experiment: AnyExperiment) -> Article | None:
        """The article of the experiment in the file `path` (see `article_file`), or None."""
        beside = article_file(path, experiment)
        return self.article(beside) if beside and beside.is_file() else None

    def experiments_of(self, path: Path) -> dict[str, AnyExperiment]:
        """The experiments that the article in the file `path` names, by name: of the folder above, or one in it."""
        folder = path.parent.parent
        folders = [folder, *sorted(each for each in folder.iterdir() if each.is_dir() and each != path.parent)]
        names = sorted({reference(name).name for _, name in mentioned(self.article(path))})
        files = {name: [file for each in folders if _is_file(file := each / f"{name}.yaml")] for name in names}
        return {name: self.experiment(found[0]) for name, found in files.items() if found}

    def check_article(self, path: Path) -> None:
        """Check that the experiments that an article names are in the folder above its own, and are what it says.

        Of the files there only those that it names are read: another that is broken is in nobody's way.
        """
        article, document = self.article(path), self.document(path)
        experiments = self.experiments_of(path)
        unknown = [(place, name) for place, name in named(article) if name not in experiments]
        there = [file.stem for file in _yaml_files(path.parent.parent)] if unknown else []
        faults = [(place, f"unknown experiment {name!r}; {suggest(name, there)}") for place, name in unknown]
        if faults := [*faults, *misfits(article, experiments)]:
            raise ConfigError("\n".join(located(document.mark(place), place, fault) for place, fault in faults))


def shipped_data() -> list[Path]:
    """The data descriptions that come with repro, sorted by name."""
    return _yaml_files(shipped("data"))


def article_file(path: Path, experiment: AnyExperiment) -> Path | None:
    """Where the article of the experiment in the file `path` is, or would be; None where it names none.

    That is in `articles/` beside the file, or, where it is not there, beside the file's folder.
    """
    if experiment.article is None:
        return None
    beside, above = (each / "articles" / f"{experiment.article}.yaml" for each in (path.parent, path.parent.parent))
    return above if above.is_file() and not beside.is_file() else beside


def experiment_files(folder: Path) -> list[Path]:
    """As `Catalogue.experiment_files`, for who reads nothing else."""
    return Catalogue().experiment_files(folder)


def shipped_experiments() -> list[Path]:
    """The experiments that come with repro, those of `configs/` first, then those of the folders in it."""
    folder = shipped("configs")
    catalogue = Catalogue()
    return [path for each in _shipped_folders(folder) for path in catalogue.experiment_files(each)]


def shipped_article(name: str) -> Path | None:
    """The file of an article that comes with repro; None where there is none of this name."""
    files = (folder / "articles" / f"{name}.yaml" for folder in _shipped_folders(shipped("configs")))
    return next((path for path in files if path.is_file()), None)


def _shipped_folders(configs: Path) -> list[Path]:
    return [configs, configs / "claims", *sorted(each for each in (configs / "published").glob("*") if each.is_dir())]


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.yaml") if path.is_file())


def find_config(given: str) -> Path:
    """The file that a user means: a path, or the name of a shipped experiment, bare or as `configs/.../NAME.yaml`.

    Raises ConfigError saying where it looked.
    """
    path = Path(given)
    if _is_file(path):
        return path
    name = path.stem if path.suffix == ".yaml" else path.name
    folder = shipped("configs")
    for each in _shipped_folders(folder) if NAME.fullmatch(name) else ():
        found = each / f"{name}.yaml"
        if path.parent in (Path(), "configs" / each.relative_to(folder)) and _is_file(found):
            return found
    known = [path.stem for each in _shipped_folders(folder) for path in _yaml_files(each)]
    looked = f"no such file, nor an experiment in {folder}"
    hint = suggest(name, known)
    hint = "`repro list` names them" if hint.startswith("known:") else hint
    raise ConfigError(f"expected a config, got {shown(given)}: {looked}; {hint}")


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
