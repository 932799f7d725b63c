"""What a process owes whoever started it: signals, closed pipes, one message and one exit code for every end."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import click

from repro.cli.streams import STDERR, STDOUT, closed_pipes_tolerated, silence, tell
from repro.commands.result import Result
from repro.errors import ExitCode, ReproError

SECONDS_TO_LEAVE = 5.0
"""What an interrupted command has for ending its workers, which takes a fraction of a second."""

MACHINE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO} | {
    *(errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE),
}
"""What the machine may refuse where no file is named: standard output, memory, processes."""


class Interrupt(BaseException):
    """Ctrl-C or SIGTERM; `progress` is how far a training had come."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
        self.progress = ""


class ReaderGone(Exception):  # noqa: N818  # nothing is wrong
    """`| head` has read enough. A BrokenPipeError, of which click would make exit code 1, a regression's."""


class Commands(click.Group):
    """A group of commands that ends with one clear message and the exit code of its kind."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command line and exit."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _interrupted)
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
            if sys.stdout:
                sys.stdout.flush()
        except Interrupt as stop:
            _leave(stop)
        except click.exceptions.Abort:
            _leave(Interrupt(128 + signal.SIGINT))
        except click.ClickException as error:
            with closed_pipes_tolerated(STDERR):
                error.show()
            sys.exit(error.exit_code)
        except ReproError as error:
            _fail(str(error), error.exit_code)
        except (ReaderGone, BrokenPipeError):
            silence(STDOUT)
            sys.exit(ExitCode.DONE)
        except OSError as error:
            _refused(error)
        except Exception:
            _bug()
        sys.exit(code if isinstance(code, int) else ExitCode.DONE)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse; this is where `--help` prints."""
        with _noticing_readers_go():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _noticing_readers_go():
            return super().invoke(ctx)


def finish(result: Result, show: Callable[[], None]) -> int:
    """Show a finished command's result and return its exit code, which counts even if it can't be shown.

    Raises ReproError or OSError where showing it fails and the result has no problem of its own.
    """
    try:
        show()
    except (ReproError, OSError) as error:
        if result.exit_code is ExitCode.DONE:
            raise
        tell(f"Error: {described(error)}")
    for problem in result.problems:
        tell(f"Error: {problem}")
    return result.exit_code


def described(error: Exception) -> str:
    """An error on one line; the machine's refusals as `PATH: REASON`."""
    if not isinstance(error, OSError):
        return str(error)
    return ": ".join(filter(None, (error.filename, os.strerror(error.errno or errno.EIO))))


@contextlib.contextmanager
def _noticing_readers_go() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error


def _interrupted(number: int, frame: Any) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    raise Interrupt(128 + number)


def _leave(stop: Interrupt) -> NoReturn:
    tell(f"Interrupted{stop.progress}.")
    last_resort = threading.Timer(SECONDS_TO_LEAVE, os._exit, [stop.code])
    last_resort.daemon = True
    last_resort.start()
    sys.exit(stop.code)


def _refused(error: OSError) -> NoReturn:
    """The machine can't read or write: a fault of the user's to mend where a file is named or the reason is known."""
    if error.filename is None and error.errno not in MACHINE_FAULTS:
        _bug()
    if error.filename is None:  # it may well be standard output
        tell(f"Error: {described(error)}")
        silence(STDOUT)
        sys.exit(ExitCode.MACHINE)
    _fail(described(error), ExitCode.USAGE if error.errno == errno.ENAMETOOLONG else ExitCode.MACHINE)


def _fail(message: str, code: int) -> NoReturn:
    tell(f"Error: {message}")
    sys.exit(code)


def _bug() -> NoReturn:
    """No fault of the user's. Its exit code is not that of a regression, for which CI would take Python's own."""
    tell(f"{traceback.format_exc()}This is a fault of repro itself; please report it with the lines above.")
    sys.exit(ExitCode.BUG)
