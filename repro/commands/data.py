"""The data sets: list them, fetch them, compare them with their checksums; those that jobs need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from repro import datasets
from repro.commands.jobs import Job
from repro.config.catalogue import Catalogue, shipped_data
from repro.config.data_description import DataDescription
from repro.config.schema import Experiment
from repro.datasets import FileStatus
from repro.errors import ConfigError, DataError, ExitCode
from repro.training.checks import check_labels
from repro.training.progress import Progress

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Verification:
    """The state of every file: (data set, file)."""

    files: tuple[tuple[str, FileStatus], ...]
    not_fetched: tuple[str, ...] = ()
    """Data sets that nobody asked for and that must be fetched."""

    @property
    def problems(self) -> list[str]:
        """One paragraph on the files that are missing or damaged."""
        wrong = [
            f"{status.where}: {status.state}; expected SHA-256 {status.expected}, got {status.actual or 'none'}: "
            f"{status.remedy}"
            for _, status in self.files
            if status.state != "ok"
        ]
        return ["\n".join(wrong)] if wrong else []

    @property
    def exit_code(self) -> ExitCode:
        """DATA where a file is missing or damaged."""
        return ExitCode.DATA if self.problems else ExitCode.DONE


def described(names: Sequence[str], catalogue: Catalogue) -> list[DataDescription]:
    """The descriptions that the names and paths mean in the current folder, or the shipped ones where none is given.

    Raises ConfigError for a name that is unknown and for a description that is wrong.
    """
    return [catalogue.described(Path(), name) for name in names or [file.stem for file in shipped_data()]]


def fetch(names: Sequence[str], catalogue: Catalogue, say: Callable[[str], None]) -> None:
    """Get what is missing or damaged of the data sets. Raises DataError."""
    for description in described(names, catalogue):
        datasets.fetch(description, say)
        say(f"{description.name}: complete")


def verify(names: Sequence[str], catalogue: Catalogue) -> Verification:
    """Compare every file with its checksum, of all shipped data sets that have been fetched where none is named."""
    chosen = described(names, catalogue)
    absent = [each for each in chosen if not names and each.kind.urls and not datasets.is_present(each)]
    files = [(each.name, status) for each in chosen if each not in absent for status in datasets.verify(each)]
    return Verification(tuple(files), tuple(each.name for each in absent))


def with_data(jobs: Sequence[Job], progress: Progress) -> tuple[list[Job], dict[str, str]]:
    """Jobs that need no data or have them, there and verified, and why the other data sets can't be had.

    Raises ConfigError where a protocol does not fit the rows.
    """
    labels: dict[str, np.ndarray] = {}
    without: dict[str, str] = {}
    for key, data in {job.data_key: job.data for job in jobs if job.data}.items():
        try:
            if not datasets.is_present(data):
                datasets.fetch(data, progress.say)
            labels[key] = datasets.load(data).train.y
        except DataError as error:
            without[key] = str(error)
    ready = [job for job in jobs if job.data_key not in without]
    for job in ready:
        try:
            for variant in job.variants:
                if isinstance(variant.experiment, Experiment):
                    check_labels(variant.experiment, labels[job.data_key], job.folder)
        except ConfigError as error:
            raise ConfigError(f"{job.config}: protocol.{error}") from error
    for job in jobs:
        if job.data_key in without:
            progress.note(f"{job.experiment.name}: left out, its data can't be had")
    return ready, without
