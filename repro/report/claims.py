"""Stored runs of two experiments in, a verdict on every claim of an article out.

Margin of a comparison, "a difference this small does not matter": the claim's own; else that declared with the
article's figure for b, or for a where there is none for b; else that of an accuracy, 1.96 sqrt(y(1-y)/n_test), with y
the article's figure for b, or for a, so that the margin is known before any run. Only where it gives neither is y our
own mean of b, and the report then says so. A loss has no default: any difference matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from repro.config.schema import Article, Claim, Experiment
from repro.report import text
from repro.report.stored import Stored
from repro.report.summary import Figure, Interval, finite_seeds, tested_rows
from repro.verdicts.claim import ClaimInput, judge_claims
from repro.verdicts.claim_verdict import ClaimVerdict, Direction
from repro.verdicts.number import accuracy_margin


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Frozen):
    """The figures behind the verdict on a > b, a < b or a ≈ b, in stored units (an accuracy is a fraction).

    `difference` and its intervals are positive in the claimed direction; for "equivalent" they are a - b.
    """

    a: str
    b: str
    direction: Direction
    metric: str
    n: int
    left_out: tuple[int, ...]
    """Seeds that could not be paired: missing in one of the two, or not finite."""
    split: str
    """What the pairs share, in words."""
    difference: float
    interval: Interval | None
    wins: int
    losses: int
    ties: int
    share: float
    wilson: Interval
    p_value: float | None
    p_holm: float | None
    family: int
    """Claims of the article that Holm's correction counts."""
    beyond_rows: Interval | None
    """Cross-validation: Nadeau and Bengio's 95% interval, which allows for other rows of data."""
    detectable: float | None
    seeds_needed: int | None
    margin: float
    margin_from: str
    too_small_to_matter: bool


class ClaimRow(_Frozen):
    """A claim with its verdict; `comparison` or `figure` holds what the verdict rests on, if there is any."""

    id: str
    text: str
    note: str
    added: bool
    """Our own question, not a statement of the article."""
    kind: Literal["comparison", "figure", "not tested"]
    verdict: str
    sentence: str
    experiments: tuple[str, ...]
    trial: str = ""
    """The overrides that its experiments were run with, if any."""
    comparison: Comparison | None = None
    figure: Figure | None = None


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two experiments matched by seed, ready to be judged."""

    given: ClaimInput
    left_out: tuple[int, ...]
    split: str
    margin_from: str
    trial: str


@dataclass(frozen=True)
class _Refusal:
    """Why a comparison is not judged."""

    verdict: Literal["NOT RUN YET", "NOT COMPARABLE"]
    sentence: str


def judge_article(article: Article, stored: Mapping[str, Stored]) -> tuple[ClaimRow, ...]:
    """A row for every claim of an article, in its order.

    `stored`: experiments by name, of this article or another. All comparisons that can be tested are one family for
    Holm's correction. Raises MachineError where the records of one can't be read.
    """
    pairs = {claim.id: _paired(claim, stored) for claim in article.claims if claim.direction}
    ready = {name: pair for name, pair in pairs.items() if isinstance(pair, _Pair)}
    verdicts = dict(zip(ready, judge_claims([pair.given for pair in ready.values()]), strict=True))
    family = sum(verdict.p_holm is not None for verdict in verdicts.values())
    rows = []
    for claim in article.claims:
        pair = pairs.get(claim.id)
        if isinstance(pair, _Pair):
            rows.append(_judged(claim, pair, verdicts[claim.id], family))
        elif pair is not None:
            rows.append(_row(claim, pair.verdict, pair.sentence))
        else:
            rows.append(_figure_row(claim, stored) if claim.figure_of else _row(claim, "NOT TESTED HERE", ""))
    return tuple(rows)


def _row(claim: Claim, verdict: str, sentence: str, figure: Figure | None = None, trial: str = "") -> ClaimRow:
    return ClaimRow(
        id=claim.id,
        text=claim.text,
        note=claim.note,
        added=claim.added,
        kind="comparison" if claim.direction else "figure" if claim.figure_of else "not tested",
        verdict=verdict,
        sentence=claim.not_tested or sentence,
        experiments=tuple(name for name in (claim.a, claim.b, claim.figure_of) if name),
        trial=trial,
        figure=figure,
    )


def _figure_row(claim: Claim, stored: Mapping[str, Stored]) -> ClaimRow:
    """A claim that is the reported figure of an experiment has that figure's verdict."""
    name = str(claim.figure_of)
    if name not in stored:
        return _row(claim, "NOT RUN YET", f"Not run yet: {name}.")
    reported = stored[name].experiment.reported.get(claim.metric)
    for figure in stored[name].summary.figures:
        if reported and (figure.metric, figure.split) == (claim.metric, reported.split):
            unjudged = "No margin is declared for this figure, so it is shown and not judged."
            trial = stored[name].summary.overrides
            return _row(claim, figure.verdict or "NOT JUDGED", figure.sentence or unjudged, figure, trial)
    return _row(claim, "NOT JUDGED", f"{name} has no {claim.metric} that the article's can be compared with.")


def _paired(claim: Claim, stored: Mapping[str, Stored]) -> _Pair | _Refusal:
    """Figures of the seeds that both experiments have, all of them finite; or why there is nothing to compare."""
    missing = [name for name in dict.fromkeys((claim.a, claim.b)) if name and name not in stored]
    if missing:
        return _Refusal("NOT RUN YET", f"Not run yet: {', '.join(missing)}.")
    a, b = stored[str(claim.a)], stored[str(claim.b)]
    unlike = unlike_splits(a.experiment, b.experiment)
    if unlike:
        return _Refusal(
            "NOT COMPARABLE",
            f"The two do not share their splits, so their seeds are no pairs: they differ in {unlike}.",
        )
    if a.summary.overrides != b.summary.overrides:
        told = [f"{each.name} {each.summary.overrides or 'as configured'}" for each in (a, b)]
        return _Refusal("NOT COMPARABLE", f"The two were run with different overrides: {' and '.join(told)}.")
    protocol = a.experiment.protocol
    tables = [finite_seeds(each.frame, claim.metric, "test").reindex(columns=range(protocol.folds)) for each in (a, b)]
    seeds = tables[0].dropna().index.intersection(tables[1].dropna().index).sort_values()
    if not len(seeds):
        return _Refusal("NOT COMPARABLE", f"No seed has a finite test {claim.metric} in both.")
    folds_a, folds_b = (table.loc[seeds].to_numpy() for table in tables)
    margin, margin_from = _margin(claim, a, b)
    cross = protocol.stratified_k_fold is not None
    given = ClaimInput(
        a=folds_a.mean(axis=1),
        b=folds_b.mean(axis=1),
        direction=claim.direction or "equivalent",
        margin=margin,
        folds_a=folds_a if cross else None,
        folds_b=folds_b if cross else None,
        test_fraction=1 / (protocol.folds - 1) if cross else None,
    )
    every = np.union1d(a.frame["seed"].unique(), b.frame["seed"].unique())
    left_out = tuple(int(seed) for seed in every if seed not in seeds)
    split = f"the same {protocol.folds} folds" if cross else "the same training and test rows"
    return _Pair(given, left_out, f"{split} and base seed {a.experiment.base_seed}", margin_from, a.summary.overrides)


def unlike_splits(a: Experiment, b: Experiment) -> str:
    """What keeps seed s of one experiment from having the split of seed s of the other; empty if nothing does."""
    folds = [each.protocol.stratified_k_fold for each in (a, b)]
    pairs = {
        "data set": (a.dataset.name, b.dataset.name),
        "split": tuple(split.described if split else "a fixed split" for split in folds),
        "base_seed": (a.base_seed, b.base_seed),
    }
    return "; ".join(f"{what} ({of_a} and {of_b})" for what, (of_a, of_b) in pairs.items() if of_a != of_b)


def _margin(claim: Claim, a: Stored, b: Stored) -> tuple[float, str]:
    """Margin in stored units, and where it comes from; see the head of this module."""
    if claim.margin is not None:
        return claim.margin, "declared with the claim"
    for each in (b, a):
        declared = each.experiment.declared_margin(claim.metric)
        if declared is not None:
            return declared, f"declared with the article's figure for {each.name}"
    if claim.metric != "accuracy":
        return 0.0, "none is declared, so any difference matters"
    rows = tested_rows(b.experiment)
    for each in (b, a):
        figure = text.main_figure(each.summary)
        if figure and figure.article:
            y, whose = figure.article.stored, f"the article's {text.article_number(figure)} for {each.name}"
            return accuracy_margin(y, rows), f"what drawing {rows:,} other test rows would make of {whose}"
    y = float(finite_seeds(b.frame, "accuracy", "test").to_numpy().mean())
    ours = f"our own {text.number(y, True, 2)} for {b.name}, known only after the run"
    return accuracy_margin(y, rows), f"what drawing {rows:,} other test rows would make of {ours}"


def _judged(claim: Claim, pair: _Pair, v: ClaimVerdict, family: int) -> ClaimRow:
    comparison = Comparison(
        a=str(claim.a),
        b=str(claim.b),
        direction=v.direction,
        metric=claim.metric,
        n=v.n,
        left_out=pair.left_out,
        split=pair.split,
        difference=v.difference,
        interval=v.interval,
        wins=v.wins,
        losses=v.losses,
        ties=v.ties,
        share=v.share,
        wilson=v.wilson,
        p_value=v.p_value,
        p_holm=v.p_holm,
        family=family,
        beyond_rows=v.nadeau_bengio,
        detectable=v.detectable,
        seeds_needed=v.seeds_needed,
        margin=v.margin,
        margin_from=pair.margin_from,
        too_small_to_matter=v.too_small_to_matter,
    )
    return _row(claim, v.verdict, v.sentence, trial=pair.trial).model_copy(update={"comparison": comparison})
