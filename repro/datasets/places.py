"""Where the files of a description lie: beside it, in the cache of downloads, or inside scikit-learn."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from repro.config.data_description import DataDescription
from repro.datasets import cache
from repro.datasets.base import Content, FileStatus, Progress
from repro.datasets.content import RefusedError, recognised
from repro.datasets.formats import scikit_learn
from repro.datasets.mirrors import Fetcher
from repro.errors import MachineError
from repro.files import digest, sha256, shipped

Place = Literal["beside", "cache", "scikit-learn"]


def read(description: DataDescription, file: str) -> tuple[FileStatus, Content | None]:
    """The state of a file, and its content, which is None where the file is missing.

    Raises DataError where scikit-learn can't make the data, OSError where the file can't be read.
    """
    place = _place(description, file)
    where, expected = _path(description, file, place), description.files[file]
    content = _content(description, where, place)
    if content is None:
        return FileStatus(file, "missing", expected, None, where, _remedy(description, place, None)), None
    try:
        content, actual = recognised(content, expected)
    except RefusedError:  # as it is, then: its checksum says that it is damaged
        actual = sha256(content)
    state: Literal["ok", "damaged"] = "ok" if actual == expected else "damaged"
    return FileStatus(file, state, expected, actual, where, _remedy(description, place, actual)), content


def is_present(description: DataDescription, file: str) -> bool:
    """Whether a file is there; it is not read."""
    place = _place(description, file)
    if place == "scikit-learn":
        return importlib.util.find_spec("sklearn") is not None
    return _path(description, file, place).is_file()


def fetch(description: DataDescription, found: Sequence[FileStatus], progress: Progress) -> None:
    """Get what is missing or damaged; a damaged download is gone even where no source has a better one.

    Raises DataError where that can't be done: what lies beside a description is its owner's.
    """
    wrong = []
    for status in found:
        place = _place(description, status.file)
        if status.state == "ok":
            progress(f"{description.name}/{status.file}: {_present(description, place)}, verified")
        elif place == "cache":
            wrong.append(status)
        else:
            raise status.fault(description.name)
    fetcher = Fetcher(description, progress)
    for status in wrong:
        status.where.unlink(missing_ok=True)
        cache.store(status.where, fetcher.get(status.file))


def called(description: DataDescription) -> str:
    """What names a description on a command line: its name if it comes with repro, else its path."""
    return description.name if _is_shipped(description) else str(description.path)


def _place(description: DataDescription, file: str) -> Place:
    if description.scikit_learn:
        return "scikit-learn"
    return "beside" if (description.folder / file).is_file() or not description.kind.urls else "cache"


def _path(description: DataDescription, file: str, place: Place) -> Path:
    if place == "beside":
        return description.folder / file
    if place == "cache":
        return cache.path_of(_cached_as(description), file)
    spec = importlib.util.find_spec("sklearn")
    return Path(spec.origin).parent if spec and spec.origin else Path("sklearn")


def _cached_as(description: DataDescription) -> str:
    """The folder of the cache: the name, and for one of somebody's own what tells it from another of that name."""
    if _is_shipped(description):
        return description.name
    return f"{description.name}-{digest(description.files)[:8]}"


def _content(description: DataDescription, where: Path, place: Place) -> Content | None:
    if place == "scikit-learn":
        return scikit_learn.read(description)
    if place == "cache":
        return cache.mapped(where)
    try:
        return where.read_bytes()
    except FileNotFoundError:
        return None


def _is_shipped(description: DataDescription) -> bool:
    try:
        return description.folder.resolve() == shipped("data").resolve()
    except MachineError:
        return False


def _present(description: DataDescription, place: Place) -> str:
    ours = "comes with the project" if _is_shipped(description) else f"lies beside {description.path.name}"
    return {"beside": ours, "cache": "already there", "scikit-learn": "comes with scikit-learn"}[place]


def _remedy(description: DataDescription, place: Place, actual: str | None) -> str:
    """What to do about a file that is missing, or whose content has a SHA-256 that is not expected."""
    ours, fetched = _is_shipped(description), f"`repro data fetch {called(description)}`"
    accept = f"or, if the change is meant, describe the data again and mend {description.path}"
    match place:
        case "cache":
            return f"it must be fetched: {fetched}" if actual is None else f"{fetched} gets it anew"
        case "scikit-learn" if ours:
            return "install the pinned version of scikit-learn again"
        case "scikit-learn":
            return f"another scikit-learn makes other data; {accept}"
        case "beside" if description.kind.urls:
            return f"delete it, and get it by {fetched}"
        case "beside" if ours:
            files = " ".join(f"data/{file}" for file in description.files)
            return f"it is part of the project: restore it (`git checkout {files}`) or install again"
    return f"put it there, or mend {description.path}" if actual is None else f"restore it, {accept}"
