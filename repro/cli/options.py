"""Options that several commands have, and the folders that they write to unless told otherwise."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from repro.files import digest

RESULTS = Path("results")
TRIALS = Path("trials")

LONGEST = 60
"""Characters of the name of a trial's folder that are the user's own words."""


def trial_folder(overrides: Sequence[str], engine: str) -> Path:
    """Where the results of a trial go: those of other values stand beside it, and more seeds of the same join it."""
    given = [each for each in overrides if not each.startswith("seeds=")]
    told = " ".join([*given, *([f"engine={engine}"] if engine != "auto" else [])])
    if not told:
        return TRIALS / "as-configured"
    name = re.sub(r"[^A-Za-z0-9_=.,+-]+", "_", told).strip("_.")[:LONGEST]
    return TRIALS / (name if name == told.replace(" ", "_") else f"{name}-{digest(told)[:8]}")


configs_argument = click.argument("configs", nargs=-1, required=True, metavar="CONFIG...")
out_option = click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Results folder [default: results]."
)
set_option = click.option(
    "-S",
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a config value; repeatable. KEY=A,B,C makes a grid.",
)
jobs_option = click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Worker processes [default: one a core].")


SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(context: click.Context, option: click.Parameter, value: str | None) -> float | None:
    """A time such as 90s, 10m, 1.5h or, in seconds, 90."""
    if value is None:
        return None
    number, unit = (value[:-1], value[-1]) if value[-1:] in SECONDS else (value, "s")
    with contextlib.suppress(ValueError):
        seconds = float(number) * SECONDS[unit]
        if 0 < seconds < float("inf"):
            return seconds
    raise click.BadParameter(f"expected a time such as 90s, 10m or 1.5h, got {value!r}")


def until_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Those of a run that goes on until the claims are decided."""
    options = (
        click.option(
            "--until",
            type=click.Choice(["decided"]),
            help="More seeds (looks at 30, 60, 120 ...) for the claims that are not decided yet.",
        ),
        click.option(
            "--max-seeds",
            type=click.IntRange(5, 10_000),
            help="With --until: seeds of an experiment, at most [default: 240].",
        ),
        click.option(
            "--budget",
            metavar="TIME",
            callback=_seconds,
            help="With --until: begin no look that would end after this time (90s, 10m, 1.5h).",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
