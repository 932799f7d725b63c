"""What can go wrong through no bug of ours, one kind per exit code.

Every message says what was expected, what came, where, and what to do. An error stops the work; what a finished command
has to say (a regression, a failed replica) is in its result. `repro.cli` alone turns either into lines on standard
error and an exit code. What is not a `ReproError`, nor the machine's refusal to read or write, is a bug and keeps its
traceback.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ends. An interrupted one ends with 128 and the number of the signal."""

    DONE = 0
    REGRESSION = 1
    """`check` found that something has changed since the committed results."""
    USAGE = 2
    DATA = 3
    MACHINE = 4
    REPLICA = 5
    """At least one replica failed while training."""
    NOT_MEASURED = 6
    """`check` has not measured all that it was asked to, and so must not look green."""
    BUG = 70
    """A fault of repro itself (EX_SOFTWARE of sysexits.h)."""


class ReproError(Exception):
    """Base of all faults that the user can mend; subclasses fix the exit code."""

    exit_code = ExitCode.USAGE


class UsageError(ReproError):
    """The command line asks for something impossible."""


class ConfigError(ReproError):
    """A configuration file or override is wrong."""


class DataError(ReproError):
    """A data set is missing, damaged or not what its checksum says."""

    exit_code = ExitCode.DATA


class MachineError(ReproError):
    """The machine refuses: locked, missing package, damaged results."""

    exit_code = ExitCode.MACHINE


class BusyError(MachineError):
    """Another run is at work in the results folder."""


class NothingMeasuredError(ReproError):
    """`check` has nothing to measure."""

    exit_code = ExitCode.NOT_MEASURED


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
