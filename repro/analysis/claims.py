"""A verdict on every claim of an article, from stored experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from repro.analysis.figures import ExperimentSummary, Figure
from repro.analysis.grid_claims import epochs_until, of_best, places_of, variants_among
from repro.analysis.margins import claim_margin, printed_figure, split_of
from repro.analysis.pairs import Matched, NotMatched, matched
from repro.config.article import Article, Claim
from repro.config.protocol import DRAWS
from repro.results.stored import StoredExperiment
from repro.verdicts.claim import judge_claims
from repro.verdicts.types import ClaimInput, ClaimVerdict, Direction, Resolution

ALPHA = 0.05
"""Error of the claims of an article, all looks at them together."""


DIRECTIONS: Mapping[str | None, Direction] = {"greater": "greater", "less": "less", "equivalent": "equivalent"}
"""Of what a weighted sum may claim; the best of a grid has its own."""


@dataclass(frozen=True)
class ClaimResult:
    """A claim with its verdict; `judged` or `figure` is what it rests on, if it rests on any."""

    claim: Claim
    verdict: str
    sentence: str
    judged: ClaimVerdict | None = None
    """Of a comparison or contrast."""
    experiments: tuple[str, ...] = ()
    """Those that `judged.weights` and `judged.means` speak of, in their order; for A against B, A and B."""
    part: ClaimVerdict | None = None
    """What of the difference is not what the claim is about: `claim.part`, judged in the same direction."""
    figure: Figure | None = None
    """Of a claim that is a reported figure."""
    left_out: tuple[int, ...] = ()
    """Seeds that could not be paired: missing in one of the two, or not finite."""
    shared: str = ""
    """What the runs of a pair share, in words."""
    family: int = 0
    """Claims of the article that Holm's correction counts."""
    split: str = "test"
    """The split that a comparison is about."""
    knows_rows: bool = True
    """Whether a comparison of accuracies could say what holds beyond these rows of data."""
    margin_from: str = ""
    trial: str = ""
    """The overrides that its experiments were run with, if any."""

    @property
    def kind(self) -> Literal["comparison", "figure", "not tested"]:
        """What the claim is about."""
        return "comparison" if self.claim.compared else "figure" if self.claim.figure_of else "not tested"


@dataclass(frozen=True, eq=False)
class _Ready:
    """A comparison that can be judged, and what it is judged on."""

    given: ClaimInput
    names: tuple[str, ...]
    """Of what `given.values` are of."""
    matched: Matched
    margin: Resolution | None
    trial: str
    split: str
    knows_rows: bool
    looks: int
    """Looks at growing numbers of seeds that share the error."""


def judge_article(
    article: Article, stored: Mapping[str, StoredExperiment], summaries: Mapping[str, ExperimentSummary]
) -> tuple[ClaimResult, ...]:
    """A result for every claim of an article, in its order.

    `stored`, `summaries`: experiments by name, of this article or another. All comparisons that can be tested are one
    family for Holm's correction.
    """
    compared = [claim for claim in article.claims if claim.compared]
    found = {claim.id: _ready(claim, claim.weights, stored) for claim in compared}
    ready = {name: each for name, each in found.items() if isinstance(each, _Ready)}
    alpha = ALPHA / max((each.looks for each in ready.values()), default=1)
    verdicts = dict(zip(ready, judge_claims([each.given for each in ready.values()], alpha), strict=True))
    family = sum(verdict.p_holm is not None for verdict in verdicts.values())
    results = []
    for claim in article.claims:
        each = found.get(claim.id)
        if isinstance(each, _Ready):
            results.append(_compared(claim, each, verdicts[claim.id], family, _part(claim, stored, alpha)))
        elif isinstance(each, ClaimResult):
            results.append(each)
        elif claim.figure_of:
            results.append(_of_figure(claim, claim.figure_of, stored, summaries))
        else:
            results.append(ClaimResult(claim, "NOT TESTED HERE", claim.not_tested or ""))
    return tuple(results)


def _compared(
    claim: Claim, ready: _Ready, verdict: ClaimVerdict, family: int, part: ClaimVerdict | None
) -> ClaimResult:
    return ClaimResult(
        claim,
        verdict.verdict,
        verdict.sentence,
        judged=verdict,
        experiments=ready.names,
        part=part,
        left_out=ready.matched.left_out,
        shared=ready.matched.shared,
        family=family,
        split=ready.split,
        knows_rows=ready.knows_rows,
        margin_from=ready.margin.reason if ready.margin else "none is declared, so any difference matters",
        trial=ready.trial,
    )


def _part(claim: Claim, stored: Mapping[str, StoredExperiment], alpha: float) -> ClaimVerdict | None:
    """The part of a comparison that is about something else, judged by itself; None where it can't be."""
    if claim.part is None:
        return None
    ready = _ready(claim, {claim.part.a: 1.0, claim.part.b: -1.0}, stored)
    return judge_claims([ready.given], alpha)[0] if isinstance(ready, _Ready) else None


def _of_figure(
    claim: Claim, name: str, stored: Mapping[str, StoredExperiment], summaries: Mapping[str, ExperimentSummary]
) -> ClaimResult:
    """A claim that is the reported figure of an experiment has that figure's verdict."""
    if name not in stored:
        return ClaimResult(claim, "NOT RUN YET", f"Not run yet: {name}.")
    reported = stored[name].experiment.reported.get(claim.metric)
    figure = summaries[name].figure(claim.metric, reported.split) if reported else None
    if figure is None or figure.judged is None:
        sentence = f"{name} has no {claim.metric.replace('_', ' ')} that the article's can be compared with."
        return ClaimResult(claim, "NOT JUDGED", sentence)
    trial = stored[name].provenance.trial
    return ClaimResult(claim, figure.judged.verdict, figure.judged.sentence, figure=figure, trial=trial)


def _ready(claim: Claim, weights: Mapping[str, float], stored: Mapping[str, StoredExperiment]) -> _Ready | ClaimResult:
    """What is compared, matched by seed, or why there is nothing to judge; no `weights` for the points of a grid."""
    members = [stored[name] for name in weights if name in stored]
    missing = [name for name in weights if name not in stored]
    places: list[int] = []
    if claim.among and not weights:
        members = variants_among(claim, [each for name, each in stored.items() if each.name == name])
        there = places_of(claim, members)
        if isinstance(there, str) or not members:
            missing = [claim.among if not members else f"{claim.among} with {there}"]
        else:
            places = there
    if missing:
        return ClaimResult(claim, "NOT RUN YET", f"Not run yet: {', '.join(missing)}.")
    found = matched(members, claim.metric, claim.split)
    if isinstance(found, Matched) and claim.until:
        times = epochs_until(claim.until, claim.metric, members, found.seeds)
        if isinstance(times, str):
            return ClaimResult(claim, "NOT COMPARABLE", f"{times}.", split=claim.until.split)
        found = replace(found, values=times, correct=None)
    split = claim.until.split if claim.until else split_of(claim, members[0].experiment)
    if isinstance(found, NotMatched) or len({each.provenance.trial for each in members}) > 1:
        return ClaimResult(claim, "NOT COMPARABLE", _not_comparable(claim, members, found, split), split=split)
    margin = claim_margin(claim, members)
    names = tuple(weights)
    if places:
        grid = of_best(claim, found, places, margin.value if margin else 0.0)
        given, names = grid.given, tuple(members[place].name for place in grid.points)
    else:
        given = _input(claim, weights, members, found, margin)
    return _Ready(
        given,
        names,
        found,
        margin,
        members[0].provenance.trial,
        split,
        claim.measure != "accuracy" or all(each.knows_rows for each in members),
        max(each.provenance.looks for each in members),
    )


def _not_comparable(claim: Claim, members: Sequence[StoredExperiment], found: Matched | NotMatched, split: str) -> str:
    if isinstance(found, NotMatched) and found.unlike:
        return f"They do not share their splits, so their seeds are no pairs: they differ in {found.unlike}."
    if isinstance(found, Matched):
        told = [f"{each.name} {each.provenance.trial or 'as configured'}" for each in members]
        return f"They were run with different overrides: {' and '.join(told)}."
    every = "" if len(members) == 1 else " in both" if len(members) == 2 else " in all"
    return f"No seed has a finite {split} {claim.metric.replace('_', ' ')}{every}."


def _input(
    claim: Claim,
    weights: Mapping[str, float],
    members: Sequence[StoredExperiment],
    found: Matched,
    margin: Resolution | None,
) -> ClaimInput:
    """What is judged; with the article's own difference, where it prints a figure of each experiment.

    A figure against a number is judged for other seeds alone.
    """
    reported = (printed_figure(claim, each.experiment) for each in members)
    printed = [figure for figure in reported if figure]
    whole = len(printed) == len(members)
    pairs = list(zip(weights.values(), printed, strict=True)) if whole else []
    against = claim.value or 0.0
    return ClaimInput(
        found.values,
        tuple(weights.values()),
        DIRECTIONS[claim.direction],
        margin.value if margin else 0.0,
        found.correct if claim.value is None else None,
        sum(weight * figure.stored for weight, figure in pairs) - against if whole else None,
        sum(abs(weight) * figure.half_width for weight, figure in pairs),
        against=against,
        of_rows=split_of(claim, members[0].experiment) != DRAWS,
    )
