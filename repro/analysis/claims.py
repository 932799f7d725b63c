"""A verdict on every claim of an article, from stored experiments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from repro.analysis.figures import ExperimentSummary, Figure
from repro.analysis.margins import Margin, claim_margin
from repro.analysis.pairs import NoPair, Pair, paired
from repro.config.article import Article, Claim
from repro.results.stored import StoredExperiment
from repro.verdicts.claim import judge_claims
from repro.verdicts.types import ClaimVerdict


@dataclass(frozen=True)
class ClaimResult:
    """A claim with its verdict; `judged` or `figure` is what it rests on, if it rests on any."""

    claim: Claim
    verdict: str
    sentence: str
    judged: ClaimVerdict | None = None
    """Of a comparison; positive in the claimed direction."""
    figure: Figure | None = None
    """Of a claim that is a reported figure."""
    left_out: tuple[int, ...] = ()
    """Seeds that could not be paired: missing in one of the two, or not finite."""
    shared: str = ""
    """What the runs of a pair share, in words."""
    family: int = 0
    """Claims of the article that Holm's correction counts."""
    margin_from: str = ""
    trial: str = ""
    """The overrides that its experiments were run with, if any."""

    @property
    def kind(self) -> Literal["comparison", "figure", "not tested"]:
        """What the claim is about."""
        return "comparison" if self.claim.direction else "figure" if self.claim.figure_of else "not tested"


@dataclass(frozen=True, eq=False)
class _Ready:
    """A comparison that can be judged."""

    pair: Pair
    margin: Margin
    trial: str


def judge_article(
    article: Article, stored: Mapping[str, StoredExperiment], summaries: Mapping[str, ExperimentSummary]
) -> tuple[ClaimResult, ...]:
    """A result for every claim of an article, in its order.

    `stored`, `summaries`: experiments by name, of this article or another. All comparisons that can be tested are one
    family for Holm's correction.
    """
    matched = {claim.id: _matched(claim, stored) for claim in article.claims if claim.direction}
    ready = {name: each for name, each in matched.items() if isinstance(each, _Ready)}
    inputs = [
        ready[claim.id].pair.claim(claim.direction, ready[claim.id].margin.value)
        for claim in article.claims
        if claim.direction and claim.id in ready
    ]
    verdicts = dict(zip(ready, judge_claims(inputs), strict=True))
    family = sum(verdict.p_holm is not None for verdict in verdicts.values())
    results = []
    for claim in article.claims:
        found = matched.get(claim.id)
        if isinstance(found, _Ready):
            results.append(_compared(claim, found, verdicts[claim.id], family))
        elif found:
            results.append(found)
        elif claim.figure_of:
            results.append(_of_figure(claim, claim.figure_of, stored, summaries))
        else:
            results.append(ClaimResult(claim, "NOT TESTED HERE", claim.not_tested or ""))
    return tuple(results)


def _compared(claim: Claim, ready: _Ready, verdict: ClaimVerdict, family: int) -> ClaimResult:
    pair = ready.pair
    return ClaimResult(
        claim,
        verdict.verdict,
        verdict.sentence,
        judged=verdict,
        left_out=pair.left_out,
        shared=pair.shared,
        family=family,
        margin_from=ready.margin.source,
        trial=ready.trial,
    )


def _of_figure(
    claim: Claim, name: str, stored: Mapping[str, StoredExperiment], summaries: Mapping[str, ExperimentSummary]
) -> ClaimResult:
    """A claim that is the reported figure of an experiment has that figure's verdict."""
    if name not in stored:
        return ClaimResult(claim, "NOT RUN YET", f"Not run yet: {name}.")
    reported = stored[name].experiment.reported.get(claim.metric)
    figure = summaries[name].figure(claim.metric, reported.split) if reported else None
    if figure is None:
        sentence = f"{name} has no {claim.metric} that the article's can be compared with."
        return ClaimResult(claim, "NOT JUDGED", sentence)
    trial = stored[name].provenance.trial
    if figure.judged is None:
        sentence = "No margin is declared for this figure, so it is shown and not judged."
        return ClaimResult(claim, "NOT JUDGED", sentence, figure=figure, trial=trial)
    return ClaimResult(claim, figure.judged.verdict, figure.judged.sentence, figure=figure, trial=trial)


def _matched(claim: Claim, stored: Mapping[str, StoredExperiment]) -> _Ready | ClaimResult:
    """Both experiments matched by seed, or why there is nothing to judge."""
    missing = [name for name in dict.fromkeys((claim.a, claim.b)) if name and name not in stored]
    if missing:
        return ClaimResult(claim, "NOT RUN YET", f"Not run yet: {', '.join(missing)}.")
    a, b = stored[str(claim.a)], stored[str(claim.b)]
    pair, trial = paired(a, b, claim.metric), a.provenance.trial
    if isinstance(pair, Pair) and trial == b.provenance.trial:
        return _Ready(pair, claim_margin(claim, a, b), trial)
    told = [f"{each.name} {each.provenance.trial or 'as configured'}" for each in (a, b)]
    if isinstance(pair, NoPair) and pair.unlike:
        sentence = f"The two do not share their splits, so their seeds are no pairs: they differ in {pair.unlike}."
    elif trial != b.provenance.trial:
        sentence = f"The two were run with different overrides: {' and '.join(told)}."
    else:
        sentence = f"No seed has a finite test {claim.metric} in both."
    return ClaimResult(claim, "NOT COMPARABLE", sentence)
