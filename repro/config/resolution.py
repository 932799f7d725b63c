"""The resolution of an article's accuracies: what may differ without changing a conclusion, known before any run."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from repro.config.article import Article, Claim
from repro.config.schema import AnyExperiment
from repro.verdicts.types import Resolution

ONE_POINT = 0.01
"""The region of practical equivalence of A. Benavoli, G. Corani, J. Demsar and M. Zaffalon (2017): Time for a change.
JMLR 18(77)."""


def resolution_of(article: Article | None, experiments: Mapping[str, AnyExperiment]) -> Resolution:
    """The resolution of an article's accuracies, as a fraction; `experiments` by name are those that it names.

    Half of the smallest difference between two reported accuracies from which a claim of the article itself draws
    a conclusion; one point where there is none. Differences are those of the printed digits.
    """
    found = [_difference(claim, article.name, experiments) for claim in article.claims] if article else []
    differences = [each for each in found if each and each[0]]
    if not differences:
        reason = (
            "one point, the region of practical equivalence of Benavoli, Corani, Demsar and Zaffalon (2017), since no "
            "claim of an article draws a conclusion from two reported accuracies"
        )
        return Resolution(ONE_POINT, reason)
    smallest, higher, lower = min(differences)
    points = f"{(100 * smallest).normalize():f} point{'s' * (smallest != Decimal('0.01'))}"
    reason = (
        f"half of {points}, the smallest reported difference from which the article draws a conclusion "
        f"({higher} and {lower})"
    )
    return Resolution(float(smallest / 2), reason)


def _difference(
    claim: Claim, article: str, experiments: Mapping[str, AnyExperiment]
) -> tuple[Decimal, str, str] | None:
    """How far apart the figures are from which a claim draws its conclusion, and the names, the higher one first."""
    if claim.added or claim.metric != "accuracy" or claim.direction not in ("greater", "less"):
        return None
    a, b = (_printed(name, claim.split, article, experiments) for name in (claim.a, claim.b))
    if a is None or b is None:
        return None
    lower, higher = sorted([(a, str(claim.a)), (b, str(claim.b))])
    return higher[0] - lower[0], higher[1], lower[1]


def _printed(
    name: str | None, split: str | None, article: str, experiments: Mapping[str, AnyExperiment]
) -> Decimal | None:
    """The accuracy that the article prints for an experiment of its own: of a split, the judged one unless given."""
    experiment = experiments.get(name or "")
    if experiment is None or experiment.article != article:
        return None
    figure = experiment.reported.get("accuracy")
    return figure.exact if figure and figure.split == (split or experiment.protocol.judged_split) else None
