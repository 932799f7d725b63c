"""Checks without worker processes, for the tests of `repro check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from tiny import StandIn, elsewhere, some_rows

from repro.commands.check import CheckResult, check
from repro.commands.jobs import Job
from repro.commands.references import read_references
from repro.commands.run import run
from repro.config.catalogue import Catalogue
from repro.config.resolution import resolution_of
from repro.config.schema import Experiment
from repro.results.provenance import Environment, write_provenance
from repro.results.records import CellResult, Record
from repro.results.stored import read_stored
from repro.training.environment import environment
from repro.training.worker import Task

REPOSITORY = Path(__file__).resolve().parent.parent
SEEDS = 20

Make = Callable[[Task], CellResult]


class Silent:
    """Hears everything and keeps what the user has to know."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, line: str) -> None:
        self.notes.append(line)

    say = note

    def started(self, cells: Mapping[str, int], before: Mapping[str, float]) -> None: ...

    def trained(self, experiment: str, cell: CellResult) -> None: ...

    def progress(self) -> str:
        return ""


def drawn(shift: float = 0.0, fail: Sequence[int] = (), diverge: Sequence[int] = ()) -> Make:
    """Cells whose accuracy is 85% ± 2% over seeds, moved by `shift`; nothing is trained."""

    def make(task: Task) -> CellResult:
        if task.seed in fail:
            return CellResult(task.seed, 0.1, environment(), error="Traceback\nValueError: no luck")
        noise = np.random.default_rng(task.seed).normal(0, 0.02, task.experiment.protocol.folds)
        loss = float("nan") if task.seed in diverge else 0.4
        records = [
            Record(fold, 3, 9, "test", metric, round(value + float(gap), 9))
            for fold, gap in enumerate(noise)
            for metric, value in (("accuracy", 0.85 + shift), ("loss", loss))
        ]
        diverged = {0: "diverged: test loss"} if task.seed in diverge else {}
        return CellResult(task.seed, 0.1, environment(), tuple(records), diverged, correct=some_rows(task.seed))

    return make


def job(config: Experiment, where: Environment | None = None) -> Job:
    folder = REPOSITORY / "configs"
    data = Catalogue().described(folder, config.dataset.name)
    resolution = resolution_of(None, {})
    return Job(config, data, folder, "stacked", where or environment(), "it.yaml", resolution=resolution)


def store(out: Path, make: Make, *configs: Experiment) -> None:
    """Results as `repro run` makes them."""
    run([job(config) for config in configs], out, StandIn(make), Silent())


def made_elsewhere(out: Path, name: str) -> None:
    """Let the results look like those of another machine."""
    stored = read_stored(out, name)
    made = stored.provenance.made.model_copy(update={"environment": elsewhere(processor="another")})
    write_provenance(stored.folder, stored.provenance.model_copy(update={"made": made}))


def run_check(out: Path, make: Make, config: Experiment) -> tuple[CheckResult, list[int]]:
    """What the check says, and the seeds that it trained."""
    executor = StandIn(make)
    references, missing = read_references(out, [job(config)], environment(), Catalogue(), everything=False)
    return check(references, missing, executor, Silent()), executor.seeds


def verdicts(result: CheckResult) -> dict[str, str]:
    return {row.figure: row.verdict for row in result.rows}
