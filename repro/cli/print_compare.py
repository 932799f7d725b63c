"""What `compare` says in a terminal."""

from __future__ import annotations

import click

from repro.analysis.comparison import Comparison
from repro.analysis.record_diff import RecordDiff
from repro.cli.words import over, shift, together
from repro.commands.compare import Folders
from repro.report.text import amount, figure_name
from repro.verdicts.types import ClaimVerdict, Interval


def print_comparison(comparison: Comparison) -> None:
    """What A and B were run with that differs, and what came of it."""
    for line in comparison.differences:
        click.echo(f"differs: {line}")
    _print_values(comparison)


def _print_values(comparison: Comparison) -> None:
    """A, B, their difference and one sentence; of results that are the same to the last digit only that."""
    metric, diff = comparison.metric, comparison.records
    click.echo(f"\n{figure_name(metric, comparison.split)}, {comparison.why}")
    _line("A", f"{comparison.name_a}: {over(comparison.values_a, metric)}")
    _line("B", f"{comparison.name_b}: {over(comparison.values_b, metric)}")
    if diff is None or diff.differing or not diff.records:
        _print_difference(comparison)
    if diff is not None:
        click.echo(f"  {described(diff)}")


def _print_difference(comparison: Comparison) -> None:
    metric, paired = comparison.metric, comparison.paired
    judged = paired or comparison.unpaired
    assert judged is not None
    _line("A - B", f"{shift(judged.difference, metric)}, {_interval(judged.interval, metric)}")
    if paired:
        low, high = (f"{100 * end:.0f}" for end in paired.wilson)
        _line("share of pairs", f"{_higher(paired)}: {100 * paired.share:.0f}%, 95% interval {low} to {high}%")
    else:
        _line("share of pairs", f"{100 * judged.share:.0f}% of all pairs of runs have A above B")
    if paired and paired.beyond:
        _line("beyond these rows", f"{_interval(paired.beyond.interval, metric)}, other seeds and other rows of data")
    click.echo(f"  {_sentence(comparison)}")


def _line(name: str, text: str) -> None:
    click.echo(f"  {name:<18}{text}")


def print_folders(folders: Folders) -> None:
    """Every experiment of two results folders, and which are in one alone."""
    differences = {comparison.a.name: comparison.differences for comparison in folders.comparisons}
    for line, names in together(differences).items():
        click.echo(f"{', '.join(names)}: {line}")
    for which, names_only in (("A", folders.only_a), ("B", folders.only_b)):
        if names_only:
            click.echo(f"only in {which}: {', '.join(names_only)}")
    for comparison in folders.comparisons:
        _print_values(comparison)


def described(diff: RecordDiff) -> str:
    """Whether records of the same seeds are the same to the last digit."""
    if not diff.records:
        return "No seed is in both, so no values can be the same."
    if not diff.differing:
        return f"Every value of every seed that both have is the same, to the last digit ({diff.records} records)."
    return f"{diff.differing} of {diff.records} records of the seeds that both have differ, the first at {diff.first}."


def _sentence(comparison: Comparison) -> str:
    judged, metric = comparison.paired or comparison.unpaired, comparison.metric
    assert judged is not None
    if judged.interval is None:
        return "A single seed says nothing about a difference of the means."
    low, high = judged.interval
    if low == high == 0:
        return "A and B have the same value in every seed."
    if low > 0 or high < 0:
        return f"The mean of A is {'higher' if low > 0 else 'lower'} than that of B: the 95% interval leaves out 0."
    text = "No difference of the means is shown: the 95% interval holds 0"
    if comparison.paired and comparison.paired.detectable:
        found = amount(comparison.paired.detectable, metric)
        text += f"; {comparison.paired.n} seeds have 80% power to find a difference of {found}"
    return f"{text}."


def _higher(claim: ClaimVerdict) -> str:
    ties = f" ({claim.ties} tie)" if claim.ties == 1 else f" ({claim.ties} ties)" if claim.ties else ""
    return f"A is above B in {claim.wins} of {claim.n}{ties}"


def _interval(pair: Interval | None, metric: str) -> str:
    if pair is None:
        return "no interval"
    return f"95% interval {shift(pair[0], metric).removesuffix(' points')} to {shift(pair[1], metric)}"
