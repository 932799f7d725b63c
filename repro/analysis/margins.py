"""Margins, what may differ without changing a conclusion: one rule for figures, for spreads and for claims.

What is declared, with its reason, comes before anything else. Where nothing is, an accuracy has the resolution that is
stored with the experiment; any other figure has none, and is then shown and ranked and not judged.
"""

from __future__ import annotations

from collections.abc import Sequence

from repro.config.article import Claim
from repro.config.reported import Reported
from repro.config.resolution import ONE_POINT
from repro.config.schema import AnyExperiment
from repro.results.stored import StoredExperiment
from repro.verdicts.types import Resolution


def figure_margin(stored: StoredExperiment, metric: str, reported: Reported) -> Resolution | None:
    """Margin of an article's figure in stored units; None where it has none."""
    return _declared(reported) or (stored.provenance.resolution if metric == "accuracy" else None)


def spread_margin(stored: StoredExperiment, metric: str) -> Resolution | None:
    """Margin of an article's spread over folds, as a fraction of an accuracy; None of any other figure."""
    if metric != "accuracy":
        return None
    whose = f"no claim of {stored.experiment.article}" if stored.experiment.article else "no claim"
    return Resolution(ONE_POINT, f"one point: {whose} draws a conclusion from a spread")


def claim_margin(claim: Claim, stored: Sequence[StoredExperiment]) -> Resolution | None:
    """Margin of a comparison or contrast of stored experiments; None where any difference matters.

    It is declared with the claim, or with the article's figure on the same split of one of the experiments; else that
    of an accuracy is the resolution of the first, which shares its article with the others.
    """
    if claim.margin is not None:
        return Resolution(claim.margin, claim.margin_reason)
    if claim.trend:  # a slope is no accuracy
        return None
    figures = [printed_figure(claim, each.experiment) for each in stored]
    declared = (_declared(figure) for figure in figures if figure)
    first = next((margin for margin in declared if margin), None)
    return first or (stored[0].provenance.resolution if claim.in_points else None)


def split_of(claim: Claim, experiment: AnyExperiment) -> str:
    """The split that a comparison is about."""
    return claim.split or experiment.protocol.judged_split


def printed_figure(claim: Claim, experiment: AnyExperiment) -> Reported | None:
    """The article's figure of an experiment that a comparison is about; None where it prints none."""
    figure = experiment.reported.get(claim.metric)
    return figure if figure and figure.split == split_of(claim, experiment) else None


def _declared(reported: Reported) -> Resolution | None:
    if reported.margin is None:
        return None
    return Resolution(reported.margin / reported.scale, reported.margin_reason)
