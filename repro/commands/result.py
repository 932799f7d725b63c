"""What every command's result says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from repro.errors import ExitCode


class Result(Protocol):
    """A finished command: `problems` are paragraphs for standard error, `exit_code` is how the process ends."""

    @property
    def problems(self) -> Sequence[str]:
        """What has failed or changed; empty where nothing has."""

    @property
    def exit_code(self) -> ExitCode:
        """DONE where there is no problem."""
