"""Printing for readers who may have gone: the command goes on, for the sake of its exit code."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import click

STDOUT, STDERR = 1, 2


@contextlib.contextmanager
def closed_pipes_tolerated(descriptor: int) -> Iterator[None]:
    """A block that prints to standard output or standard error.

    Raises OSError where standard output can't be written for another reason, such as a full disk; there is nowhere to
    say so of standard error.
    """
    try:
        yield
    except OSError as error:
        silence(descriptor)
        if descriptor == STDOUT and not isinstance(error, BrokenPipeError):
            raise


def say(line: str) -> None:
    """One line to standard output."""
    with closed_pipes_tolerated(STDOUT):
        click.echo(line)


def tell(line: str) -> None:
    """One line to standard error."""
    with closed_pipes_tolerated(STDERR):
        click.echo(line, err=True)


def silence(descriptor: int) -> None:
    """What is printed from now on goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
