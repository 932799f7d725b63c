"""What can go wrong through no bug of ours, one kind per exit code.

Every message says what was expected, what came, where, and what to do. `cli.py` alone turns one into a line on
standard error and an exit code. What is not a `ReproError`, nor the machine's refusal to read or write, is a bug and
keeps its traceback.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable


class ReproError(Exception):
    """Base of all faults that the user can mend; subclasses fix the exit code."""

    exit_code = 2


class RegressionError(ReproError):
    """`check` found that something has changed since the committed results (exit code 1)."""

    exit_code = 1


class UsageError(ReproError):
    """The command line asks for something impossible (exit code 2)."""


class ConfigError(ReproError):
    """A configuration file or override is wrong (exit code 2)."""


class DataError(ReproError):
    """A data set is missing, damaged or not what its checksum says (exit code 3)."""

    exit_code = 3


class MachineError(ReproError):
    """The machine refuses: locked, disk full, missing package, unreadable folder (exit code 4)."""

    exit_code = 4


class BusyError(MachineError):
    """Another run is at work in the results folder (exit code 4)."""


class ReplicaError(ReproError):
    """At least one replica failed while training (exit code 5)."""

    exit_code = 5


class NothingMeasuredError(ReproError):
    """`check` has not measured all that it was asked to, and so must not look green (exit code 6)."""

    exit_code = 6


def one_line(text: str) -> str:
    """Another program's message on one line, without the terminal colours that Keras puts into its own."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean ...?` for a name close to a known one, else the list of these."""
    names = sorted(known)
    lowered = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), lowered, n=1)
    return f"did you mean {lowered[close[0]]!r}?" if close else f"known: {', '.join(names) or 'none'}"


def shown(value: object) -> str:
    """A value as YAML writes it, on one line of at most 80 characters."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
