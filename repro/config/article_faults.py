"""What an article says of experiments and that is not so: names that nothing has, figures that are not there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from repro.config.article import Article, Claim
from repro.config.schema import AnyExperiment
from repro.config.strict_yaml import KeyPath
from repro.config.variation.references import labels_of, reference
from repro.config.variation.variants import find_variant
from repro.errors import suggest


def mentioned(article: Article) -> Iterator[tuple[KeyPath, str]]:
    """Every place in an article that names an experiment, and the name."""
    for index, name in enumerate(article.experiments):
        yield ("experiments", str(index)), name
    for index, claim in enumerate(article.claims):
        places: list[tuple[KeyPath, str | None]] = [(("a",), claim.a), (("b",), claim.b)]
        places += [(("figure_of",), claim.figure_of), (("among",), claim.among)]
        places += [(("trend", "of"), name) for name in claim.trend.of] if claim.trend else []
        places += [(("contrast", name), name) for name in claim.contrast or ()]
        places += [(("part", "a"), claim.part.a), (("part", "b"), claim.part.b)] if claim.part else []
        for place, given in places:
            if given is not None:
                yield ("claims", str(index), *place), given


def _variants(article: Article) -> Iterator[tuple[KeyPath, str]]:
    """Every place in a claim that names an experiment or a variant of one, and its whole name."""
    for index, claim in enumerate(article.claims):
        place = ("claims", str(index))
        if claim.among:
            fixed = reference(claim.among)
            points = (fixed.extended(labels_of(point)).canonical for point in claim.points)
            yield from (((*place, "points", str(number)), point) for number, point in enumerate(points))
        elif claim.trend:
            along = itertools.chain.from_iterable(claim.trend.names.values())
            yield from (((*place, "trend"), name) for name in along)
    yield from (each for each in mentioned(article) if each[0][0] == "claims" and each[0][2] not in ("among", "trend"))


def named(article: Article) -> Iterator[tuple[KeyPath, str]]:
    """As `mentioned`, without the values of variants."""
    return ((place, reference(name).name) for place, name in mentioned(article))


def misfits(article: Article, experiments: Mapping[str, AnyExperiment]) -> Iterator[tuple[KeyPath, str]]:
    """What an article says of `experiments`, those that it names and that are there, and that is not so."""
    for index, name in enumerate(article.experiments):
        if name in experiments and experiments[name].article != article.name:
            fault = f"{name} belongs to article {experiments[name].article!r}, not to {article.name!r}"
            yield ("experiments", str(index)), fault
    for index, claim in enumerate(article.claims):
        place = ("claims", str(index))
        figure = experiments.get(reference(claim.figure_of).name) if claim.figure_of else None
        if figure and claim.metric not in figure.reported:
            yield (*place, "figure_of"), f"{figure.name} reports no {claim.metric}"
        compared = [experiments[name] for name in sorted(claim.compared) if name in experiments]
        if wrong := next((each for each in compared if claim.metric not in each.measured), None):
            yield (*place, "metric"), f"{wrong.name} has no {claim.metric}; {suggest(claim.metric, wrong.measured)}"
        elif claim.direction == "equivalent" and not _has_margin(claim, experiments):
            fault = f"expected a margin, here or with the article's figure: equality in {claim.metric} needs one"
            yield (*place, "margin"), fault
    for at, text in _variants(article):
        meant = reference(text)
        if meant.name in experiments:
            found = find_variant(experiments[meant.name], meant.labels)
            if isinstance(found, str):
                yield at, found


def _has_margin(claim: Claim, experiments: Mapping[str, AnyExperiment]) -> bool:
    compared = [experiments[name] for name in claim.compared if name in experiments]
    declared = [each.declared_margin(claim.metric) for each in compared]
    return claim.metric == "accuracy" or any(margin is not None for margin in (claim.margin, *declared))
