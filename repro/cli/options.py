"""Options that several commands have, and the folders that they write to unless told otherwise."""

from __future__ import annotations

from pathlib import Path

import click

RESULTS = Path("results")
TRIALS = Path("trials")

configs_argument = click.argument("configs", nargs=-1, required=True, metavar="CONFIG...")
out_option = click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR", help="Results folder [default: results]."
)
set_option = click.option(
    "-S", "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a config value; repeatable."
)
jobs_option = click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Worker processes [default: one a core].")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
