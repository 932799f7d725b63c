"""What can be known before any run, as a terminal shows it."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

import click

from repro.analysis.audit import SEEDS, ArticleAudit, ClaimAudit, ExperimentAudit, Precision, PrintedValue, Way, listed
from repro.commands.audit import Audit
from repro.report.text import decimals

WIDTH = 120


def print_audit(result: Audit) -> None:
    """A paragraph for each experiment, the impossible ones first, and one for each article."""
    blocks = [*map(_experiment, result.experiments), *map(_article, result.articles)]
    told = "\n\n".join("\n".join(block) for block in blocks)
    click.echo(told or "No accuracy of an article and no claim: nothing can be known of these before a run.")


def _experiment(each: ExperimentAudit) -> Iterator[str]:
    yield f"{each.experiment}: {each.title}"
    by_ways: dict[tuple[Way, ...], list[PrintedValue]] = {}
    for value in each.values:
        by_ways.setdefault(value.ways, []).append(value)
    for ways, values in sorted(by_ways.items(), key=lambda item: item[1][0].possible is not False):
        yield from _wrapped(_values(ways, values) + " Every value of so many decimals is." * each.always)
    if each.unchecked:
        yield from _wrapped(f"Not checked: {each.unchecked}.")
    if each.spread is None:
        return
    widths = listed(f"{100 * one.half_width:.2f}" for one in each.precision)
    yield from _wrapped(
        f"If runs differ by {100 * each.spread.sd:.2f} points ({each.spread.source}), the 95% interval of the mean of "
        f"{listed(map(str, SEEDS))} seeds is ± {widths} points."
    )


def _values(ways: Sequence[Way], values: Sequence[PrintedValue]) -> str:
    """Whether values can be printed by the ways that were checked, that of the config first."""
    words = ["possible" if way.possible else "impossible" for way in ways]
    if not ways:
        return f"{_names(values)}."
    if not ways[0].possible and ways[0].own:
        words[0] = words[0].upper()
    if not ways[0].rule:
        return f"{_names(values)}: {words[0]} as whole rows of {ways[0].rows[0]:,}."
    told = [
        f"{word} with {way.rule}{', as configured' if way.own else ''} ({_folds(way.rows)} rows)"
        for word, way in zip(words, ways, strict=True)
    ]
    return f"{_names(values)} as a mean over folds: {'; '.join(told)}."


def _names(values: Sequence[PrintedValue]) -> str:
    """Values with their steps; many that are possible are counted."""
    if len(values) > 3 and values[0].possible:
        first, rest = values[0], values[1:]
        return f"{first.text} and {len(rest)} values by step"
    return listed(f"{each.text}{'' if each.step is None else f' at step {each.step}'}" for each in values)


def _folds(rows: Sequence[int]) -> str:
    """`22, 21 x 6, 20 x 3`."""
    counts = sorted(Counter(rows).items(), reverse=True)
    return ", ".join(f"{size} x {count}" if count > 1 else f"{size}" for size, count in counts)


def _article(each: ArticleAudit) -> Iterator[str]:
    yield f"Article {each.article}" + (f": {each.title}" if each.title else "")
    yield from _wrapped(f"Resolution {100 * each.resolution.value:.3f} points: {each.resolution.reason}.")
    if each.claims:
        yield ""
        yield from _table(each.claims)
    if each.unsaid:
        yield ""
        yield "  The article leaves unsaid"
        for line in each.unsaid:
            yield from textwrap.wrap(line, WIDTH, initial_indent="  - ", subsequent_indent="    ")


def _table(claims: Sequence[ClaimAudit]) -> Iterator[str]:
    """What each claim rests on, and what seeds can tell of it: accuracies in points, losses as they are."""
    width = max(len(claim.id) for claim in claims)
    seeds = "".join(f"{count:>7}" for count in SEEDS)
    yield f"  {'':{width}}  {'printed difference':>25}  {'95% interval, ±':>21}  {'found with 80% power':>21}  runs"
    yield f"  {'claim':{width}}  {'':>8}{'test rows':>17}  {seeds}  {seeds}  differ by"
    for claim in claims:
        difference = "–" if claim.difference is None else _amount(claim.difference, claim.metric, "+")
        rows = "–" if claim.rows is None else f"{abs(claim.rows):.1f} of {claim.of_rows:,}"
        widths, found = (_row(claim, which) for which in ("half_width", "detectable"))
        spread = _amount(claim.spread.sd, claim.metric) if claim.spread else "not known"
        yield f"  {claim.id:{width}}  {difference:>8}{rows:>17}  {widths}  {found}  {spread}"
    sources: dict[str, list[str]] = {}
    for claim in claims:
        if claim.spread:
            sources.setdefault(claim.spread.source, []).append(claim.id)
    for source, ids in sources.items():
        of = "" if len(sources) == 1 else f" of {listed(ids)}"
        yield from _wrapped(f"What runs differ by{of}: {source}; those of a claim as independent ones.")
    if len(claims) > 1:
        yield from _wrapped("Each claim is taken alone here; among several, Holm's correction asks for more seeds.")


def _row(claim: ClaimAudit, which: str) -> str:
    values: Sequence[Precision | None] = claim.precision or [None] * len(SEEDS)
    return "".join(f"{'–' if each is None else _amount(getattr(each, which), claim.metric):>7}" for each in values)


def _amount(value: float, metric: str, sign: str = "") -> str:
    return f"{100 * value:{sign}.2f}" if metric == "accuracy" else f"{value:{sign}.{decimals(value)}f}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
