"""What commands are run with: real worker processes and clocks, or those that a test brings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from repro.results.provenance import Environment
    from repro.training.executor import Executor


def _workers(count: int | None) -> Executor:
    from repro.training.environment import available_cores
    from repro.training.executor import LokyExecutor

    return LokyExecutor(count or available_cores())


def _environment() -> Environment:
    from repro.training.environment import environment

    return environment()


@dataclass(frozen=True)
class Machine:
    """An executor of so many workers, the environment, the time."""

    executor: Callable[[int | None], Executor] = _workers
    environment: Callable[[], Environment] = _environment
    clock: Callable[[], float] = time.time


pass_machine = click.make_pass_decorator(Machine, ensure=True)
