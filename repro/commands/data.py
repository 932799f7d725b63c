"""The data sets: fetch them, and compare them with their checksums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from repro import datasets
from repro.datasets import FileStatus
from repro.errors import ExitCode


@dataclass(frozen=True)
class Verification:
    """The state of every file: (data set, file)."""

    files: tuple[tuple[str, FileStatus], ...]

    @property
    def problems(self) -> list[str]:
        """One paragraph on the files that are missing or damaged."""
        wrong = [
            f"{status.where}: {status.state}; expected SHA-256 {status.expected}, got {status.actual}"
            for _, status in self.files
            if status.state != "ok"
        ]
        return ["\n".join([*wrong, "`repro data fetch` gets what is missing or damaged."])] if wrong else []

    @property
    def exit_code(self) -> ExitCode:
        """DATA where a file is missing or damaged."""
        return ExitCode.DATA if self.problems else ExitCode.DONE


def fetch(names: Sequence[str], say: Callable[[str], None]) -> None:
    """Get what is missing or damaged of the data sets, of all of them where none is named. Raises DataError."""
    for name in names or sorted(datasets.DATASETS):
        datasets.fetch(name, say)
        say(f"{name}: complete")


def verify(names: Sequence[str]) -> Verification:
    """Compare every file with its checksum, of all data sets where none is named."""
    chosen = names or sorted(datasets.DATASETS)
    return Verification(tuple((name, status) for name in chosen for status in datasets.verify(name)))
