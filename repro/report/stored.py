"""What lies in a results folder, read: the experiments and their records."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from repro.config.schema import Article, Experiment
from repro.datasets.base import sha256
from repro.errors import MachineError
from repro.records import pretty, read_json
from repro.report.summary import Summary, runs_frame

if TYPE_CHECKING:
    from pandas import DataFrame

M = TypeVar("M", bound=BaseModel)
_RUN = ("experiment", "engine", "command", "fingerprint", "data", "runs", "repro", "environment", "code", "cores")
_WHEN = ("started", "wall_seconds", "cell_seconds")


@dataclass(frozen=True, eq=False)
class Stored:
    """One experiment of a results folder."""

    folder: Path
    summary: Summary
    provenance: dict[str, Any]

    @property
    def name(self) -> str:
        """The experiment's name, which is that of its folder."""
        return self.summary.experiment

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment as it was run."""
        return stored_experiment(self.provenance, self.folder)

    @cached_property
    def article(self) -> Article | None:
        """Its article as it was when it was run, where it is not one that comes with repro."""
        return stored_article(self.provenance, self.folder)

    @cached_property
    def frame(self) -> DataFrame:
        """Its raw records. Raises MachineError if they are not as they were written."""
        return runs_frame(read_runs(self.folder, self.provenance))


def stored_experiments(out: Path) -> list[str]:
    """Names of the experiments with records in a results folder, sorted."""
    if not out.is_dir():
        return []
    return sorted(path.parent.name for path in out.glob("*/runs.csv"))


def read_provenance(out: Path, name: str) -> dict[str, Any]:
    """`provenance.json` of a stored experiment. Raises MachineError where it is missing or not one of ours."""
    path = out / name / "provenance.json"
    provenance = read_json(path)
    if not isinstance(provenance, dict) or not {*_RUN, *_WHEN} <= provenance.keys():
        raise MachineError(f"{path}: missing or incomplete; run the experiment again")
    holds = provenance["experiment"].get("name") if isinstance(provenance["experiment"], dict) else None
    if holds != name:
        raise MachineError(f"{path}: expected {name}, the name of its folder, got {holds}; keep copies elsewhere")
    return provenance


def read_runs(folder: Path, provenance: dict[str, Any]) -> str:
    """The text of `runs.csv`. Raises MachineError where it is missing or not what the provenance vouches for."""
    path = folder / "runs.csv"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise MachineError(f"{path}: missing; run the experiment first") from None
    except OSError as error:
        raise MachineError(f"{path}: can't be read: {error.strerror}") from error
    if sha256(content) != provenance["runs"]:
        raise MachineError(
            f"{path}: not as it was written (expected SHA-256 {provenance['runs']}, got {sha256(content)}); "
            f"`{provenance['command']} -o {shlex.quote(str(folder.parent))}` makes it again"
        )
    return content.decode()


def stored_experiment(provenance: dict[str, Any], folder: Path) -> Experiment:
    """The experiment as it was run, from the provenance in `folder`. Raises MachineError where it is not ours."""
    return _validated(Experiment, folder, provenance["experiment"])


def stored_article(provenance: dict[str, Any], folder: Path) -> Article | None:
    """Its article as it was when it was run, where that is not one that comes with repro."""
    kept = provenance.get("article")
    return _validated(Article, folder, kept) if kept else None


def _validated(model: type[M], folder: Path, stored: object) -> M:
    """Through JSON text, which pydantic reads more exactly than objects."""
    try:
        return model.model_validate_json(pretty(stored))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise MachineError(
            f"{folder / 'provenance.json'}: {place}: {fault['msg']}: not written by this version of repro; "
            "run the experiment again"
        ) from error
