"""What lies in a results folder, read: the experiments and their records."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from repro.config.schema import Article, Experiment
from repro.errors import MachineError
from repro.records import pretty, read_json
from repro.report.summary import Summary, read_runs

if TYPE_CHECKING:
    from pandas import DataFrame

M = TypeVar("M", bound=BaseModel)
_RUN = ("experiment", "engine", "command", "fingerprint", "data", "repro", "environment", "code", "cores")
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
        kept = self.provenance.get("article")
        return _validated(Article, self.folder, kept) if kept else None

    @cached_property
    def frame(self) -> DataFrame:
        """Its raw records. Raises MachineError if they can't be read."""
        return read_runs(self.folder / "runs.csv")


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


def stored_experiment(provenance: dict[str, Any], folder: Path) -> Experiment:
    """The experiment as it was run, from the provenance in `folder`. Raises MachineError where it is not ours."""
    return _validated(Experiment, folder, provenance["experiment"])


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
