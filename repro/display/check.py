"""What `check` says in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click
import numpy as np

from repro.check import Result
from repro.display.check_page import differences, rule, shift, value, words
from repro.report.text import seeds
from repro.update import Change
from repro.verdicts.intervals import Floats


def print_check(result: Result) -> None:
    """One paragraph a row, what differs from when the results were made, and the rule."""
    for line in differences(result.differences):
        click.echo(line)
    for row in result.rows:
        click.echo(f"\n{row.experiment}, {row.figure}: {row.verdict}\n  {words(row)}")
    if text := rule(result):
        click.echo(f"\n{text}")


def print_changes(changes: Sequence[Change]) -> None:
    """Old reference and new, side by side."""
    for change in changes:
        metric = change.metric
        moved = shift(float(change.new.mean() - change.old.mean()), metric) if change.old.size else "–"
        click.echo(f"{change.experiment}, test {metric}: {over(change.old, metric)} -> {over(change.new, metric)}")
        click.echo(f"  shift of the mean {moved}")


def over(values: Floats, metric: str) -> str:
    """Mean ± sd over seeds, and how many."""
    if not values.size:
        return "no seed"
    spread = f" ± {value(float(np.std(values, ddof=1)), metric)}" if values.size > 1 else ""
    return f"{value(float(values.mean()), metric)}{spread} ({seeds(values.size)})"
