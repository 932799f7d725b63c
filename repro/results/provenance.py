"""Where stored records come from: read and written here alone, in one frozen type.

`provenance.json` vouches for `runs.csv` and `correct.npz` beside it by their SHA-256, and holds all that tables need
besides the records.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from repro.config.article import Article
from repro.config.experiment import FunctionExperiment
from repro.config.schema import AnyExperiment, Experiment
from repro.errors import MachineError
from repro.files import digest, pretty, write
from repro.verdicts.types import Resolution

FILE = "provenance.json"


class Frozen(BaseModel):
    """Values that do not change once they are there; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Environment(Frozen):
    """Everything outside the configuration that may move a bit of a record."""

    training_version: int
    engine_version: int = 1
    python: str
    packages: dict[str, str | None]
    machine: str
    processor: str
    gpus: tuple[str, ...]
    threads_per_worker: int
    flags: dict[str, str]


class DataUsed(Frozen):
    """The data set as it was: what tables have to know of it, whatever is known of it today."""

    rows: int
    """Rows of the training part: all rows where there is no test part."""
    test_rows: int
    classes: int | None
    """None where the target is a number."""
    sha256: dict[str, str]

    def knows_rows(self, experiment: AnyExperiment) -> bool:
        """Whether it is known which rows a seed of an experiment on this data predicts right.

        Not where every seed is judged on rows of its own, nor where targets are numbers, which are not right or wrong.
        """
        return experiment.protocol.same_rows and self.classes is not None


NO_DATA = DataUsed(rows=0, test_rows=0, classes=None, sha256={})
"""Where nothing is trained."""


class Conditions(Frozen):
    """What a trained number depends on besides the seed."""

    trained: dict[str, Any]
    engine: str
    data: DataUsed
    environment: Environment

    @property
    def fingerprint(self) -> str:
        """Of all of them: a cell with another one is never used."""
        return digest([self.trained, self.engine, self.data.sha256, self.environment.model_dump(mode="json")])


class Code(Frozen):
    """The state of the checkout: its commit, and whether files differ from it; None where it is not known."""

    commit: str | None
    dirty: bool | None


class Made(Frozen):
    """How, where and when records were made; it stays as it is where another run makes the same records."""

    engine: str
    data: DataUsed
    environment: Environment
    repro: str
    code: Code
    cores: int | None
    started: str
    wall_seconds: float
    cell_seconds: float
    """Training time, all seeds added up."""


def _kind(value: Any) -> str:
    """Which class an experiment is of, as it is or as JSON has it."""
    given = isinstance(value, FunctionExperiment) or (isinstance(value, dict) and "function" in value)
    return "FunctionExperiment" if given else "Experiment"


class Provenance(Frozen):
    """What is stored beside the records of an experiment."""

    version: Literal[4] = 4
    experiment: Annotated[
        Annotated[Experiment, Tag("Experiment")] | Annotated[FunctionExperiment, Tag("FunctionExperiment")],
        Discriminator(_kind),
    ]
    """As it was run."""
    article: Article | None
    """Its article as it was then, where that is not one that comes with repro."""
    resolution: Resolution
    """What an accuracy may differ by without changing a conclusion, as the configs had it then."""
    config: str
    """The file as the command line names it."""
    engine: str = "auto"
    """As the command line has to name it: `auto` where that is the one in `made`."""
    overrides: tuple[str, ...]
    """What was set on the command line, as KEY=VALUE: with any, it is a trial and not the article's experiment."""
    runs: str
    """SHA-256 of `runs.csv`."""
    correct: str
    """SHA-256 of `correct.npz`."""
    looks: int = Field(1, ge=1)
    """Looks at growing numbers of seeds that were planned: they share the error of every claim."""
    made: Made

    @property
    def conditions(self) -> Conditions:
        """Under which the records were made."""
        made = self.made
        trained = self.experiment.trained
        return Conditions(trained=trained, engine=made.engine, data=made.data, environment=made.environment)

    @property
    def command(self) -> str:
        """What makes these results again."""
        return command(self.config, self.overrides, self.engine)

    @property
    def trial(self) -> str:
        """The overrides besides the number of seeds, as options; empty for the experiment as it is configured."""
        return " ".join(_options(each for each in self.overrides if not each.startswith("seeds=")))


def command(config: str, overrides: Sequence[str], engine: str) -> str:
    """The command line that runs an experiment."""
    named = [] if engine == "auto" else [f"--engine {engine}"]
    return " ".join(["repro run", shlex.quote(config), *_options(overrides), *named])


def _options(overrides: Any) -> list[str]:
    return [f"-S {shlex.quote(each)}" for each in overrides]


def write_provenance(folder: Path, provenance: Provenance) -> None:
    """Write `provenance.json`. Raises OSError."""
    write(folder / FILE, pretty(provenance.model_dump(mode="json")))


def read_provenance(folder: Path) -> Provenance:
    """The provenance in the folder of a stored experiment. Raises MachineError where it is missing or not ours."""
    path = folder / FILE
    try:
        provenance = Provenance.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise MachineError(f"{path}: missing; run the experiment again") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"] if part not in ("Experiment", "FunctionExperiment"))
        raise MachineError(
            f"{path}: {f'{place}: ' if place else ''}{fault['msg']}: not written by this version of repro; "
            "run the experiment again"
        ) from error
    if provenance.experiment.name != folder.name:
        raise MachineError(
            f"{path}: expected {folder.name}, the name of its folder, got {provenance.experiment.name}; "
            "keep copies elsewhere"
        )
    return provenance


class _Absent:
    def __repr__(self) -> str:
        return "not given"


ABSENT = _Absent()
"""In the place of what one of the two has not got; of the config, what is as it is by default."""

LONGEST = 100
"""Characters of a value that are shown."""


def changes(old: Conditions, new: Conditions) -> tuple[str, ...]:
    """What differs, as `key.path old -> new`; keys of the config are named as they are there."""
    before, now = (each.model_dump(mode="json") | {"data": each.data.sha256} for each in (old, new))
    if old.engine != new.engine:  # each has its own versions
        now["environment"]["engine_version"] = before["environment"]["engine_version"]
    lines = [line for key in before for line in _differences(before[key], now[key], key)]
    return tuple(line.removeprefix("trained.") for line in lines)


def _differences(old: Any, new: Any, path: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted({*old, *new})
        return [line for k in keys for line in _differences(old.get(k, ABSENT), new.get(k, ABSENT), f"{path}.{k}")]
    if isinstance(old, list) and isinstance(new, list):
        if len(old) == len(new):
            pairs = zip(old, new, strict=True)
            return [line for i, (a, b) in enumerate(pairs) for line in _differences(a, b, f"{path}.{i}")]
        begin, end = _common(old, new), _common(old[::-1], new[::-1])
        end = min(end, len(old) - begin, len(new) - begin)
        old, new, path = old[begin : len(old) - end], new[begin : len(new) - end], f"{path}, from {begin} on,"
    return [] if old == new else [f"{path} {_shown(repr(old), repr(new))}"]


def _common(old: Sequence[Any], new: Sequence[Any]) -> int:
    """How many items (of a text, characters) two have in common at their beginning."""
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _shown(old: str, new: str) -> str:
    """`old -> new`; long texts from a little before the place where they begin to differ."""
    begin = max(0, _common(old, new) - 30) if max(len(old), len(new)) > LONGEST else 0
    parts = [text[begin : begin + LONGEST] + "..." * (len(text) > begin + LONGEST) for text in (old, new)]
    return " -> ".join(f"{'...' * (begin > 0)}{part}" for part in parts)
