"""What an article's figures and claims can say, from its configs alone: nothing here needs a run.

A printed accuracy is a whole number of right rows, or a mean over folds of such shares; so many seeds give an interval
so wide. Everything is in stored units: an accuracy is a fraction.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from repro.analysis.margins import printed_figure
from repro.config.article import Article, Claim
from repro.config.data_description import DataDescription
from repro.config.protocol import KFold, StratifiedKFold
from repro.config.reported import Reported
from repro.config.schema import AnyExperiment, Experiment
from repro.datasets.splits import fold_sizes
from repro.verdicts.grim import mean_over_folds, whole_rows
from repro.verdicts.intervals import half_width
from repro.verdicts.power import detectable_effect
from repro.verdicts.types import Resolution

SEEDS = (5, 30, 120)
"""The fewest for a verdict, the usual number, and four times as many."""

OLDER = "scikit-learn 0.18"
TODAYS = "today's scikit-learn"
ANY = "scikit-learn"  # of folds that are not stratified


@dataclass(frozen=True)
class Way:
    """One way to come by a printed value: as a share of test rows, or as a mean over test folds."""

    rows: tuple[int, ...]
    """The test rows, or those of each fold."""
    rule: str
    """Whose rule divides the rows; empty where there are no folds."""
    own: bool
    """Whether the config divides them so."""
    possible: bool


@dataclass(frozen=True)
class PrintedValue:
    """A value that the article prints, and the ways to come by it that were checked, that of the config first."""

    text: str
    step: int | None
    """None for the figure itself."""
    ways: tuple[Way, ...]

    @property
    def possible(self) -> bool | None:
        """Whether the experiment as it is configured can print it; None where that could not be checked."""
        return next((way.possible for way in self.ways if way.own), None)


@dataclass(frozen=True)
class Spread:
    """Standard deviation of a figure over seeds, and where it is known from."""

    sd: float
    source: str


@dataclass(frozen=True)
class Precision:
    """What so many seeds can tell of a mean, or of a mean difference."""

    seeds: int
    half_width: float
    """Of its 95% interval."""
    detectable: float
    """Smallest difference that is found with 80% power."""


@dataclass(frozen=True)
class ExperimentAudit:
    """The accuracy that an article prints for an experiment."""

    experiment: str
    title: str
    values: tuple[PrintedValue, ...]
    always: bool
    """Whether every value with so many decimals is possible, so that this says nothing."""
    unchecked: str
    """What could not be checked, and what it takes; empty where everything was."""
    spread: Spread | None
    """None where it is not known from results, nor binomial."""
    precision: tuple[Precision, ...]

    @property
    def impossible(self) -> bool:
        """Whether a printed value can't be what the config gives."""
        return any(value.possible is False for value in self.values)


@dataclass(frozen=True)
class ClaimAudit:
    """A comparison or contrast: the difference that the article prints, and what seeds can tell of ours."""

    id: str
    metric: str
    added: bool
    difference: float | None
    """As the claim has it, A - B; None where the article does not print all figures, or the question is not its own."""
    rows: float | None
    """The same in test rows; None too where it is not of an accuracy."""
    of_rows: int
    spread: Spread | None
    """None where it is not known from results, nor binomial."""
    precision: tuple[Precision, ...]


@dataclass(frozen=True)
class ArticleAudit:
    """The claims of an article, the resolution of its accuracies, and what it leaves unsaid."""

    article: str
    title: str
    resolution: Resolution
    claims: tuple[ClaimAudit, ...]
    unsaid: tuple[str, ...]


def audit_experiment(
    experiment: Experiment, data: DataDescription, counts: Sequence[int] | None, stored: Spread | None
) -> ExperimentAudit | None:
    """Audit the accuracy that the article prints for an experiment; None where it prints none.

    counts: rows of each class in the order of the labels, None where the labels are not at hand. stored: the spread
    over seeds that is known from results.
    """
    figure = experiment.reported.get("accuracy")
    if figure is None:
        return None
    k_fold = experiment.protocol.cross_validation
    rows = _rows(experiment, data, figure)
    divided = _divided(k_fold, data.rows, counts) if k_fold else {"": (rows,)} if rows else {}
    own = _rule(k_fold) if k_fold else ""
    own_first = sorted(divided.items(), key=lambda each: each[0] != own)
    printed = [(None, figure.value), *(figure.steps or {}).items()]
    values = tuple(
        PrintedValue(
            figure.written(value),
            step,
            tuple(Way(sizes, rule, rule == own, _possible(figure, value, sizes)) for rule, sizes in own_first),
        )
        for step, value in printed
    )
    unchecked = "" if rows else "how many rows are tested is known from the files of the splits alone"
    if experiment.protocol.stratified_k_fold and counts is None:
        unchecked = f"folds of {OLDER} depend on the labels, which have to be at hand and few"
    always = not k_fold and rows > 0 and 2 * _half_width(figure) * rows >= 1
    spread = stored or (binomial(figure.stored, rows) if rows else None)
    precision = _precision(spread.sd) if spread else ()
    return ExperimentAudit(experiment.name, experiment.title, values, always, unchecked, spread, precision)


def audit_claims(
    article: Article,
    experiments: Mapping[str, AnyExperiment],
    rows: Mapping[str, int],
    stored: Mapping[tuple[str, str], Spread],
) -> Iterator[ClaimAudit]:
    """Audit the comparisons and contrasts of an article that are about experiments without variants.

    experiments: those that it names. rows: the judged rows of each, 0 where not known. stored: (experiment, metric) ->
    the spread over seeds that is known from results.
    """
    for claim in article.claims:
        if claim.weights and claim.weights.keys() <= experiments.keys() and not claim.until:
            yield _claim(claim, experiments, rows, stored)


def binomial(accuracy: float, rows: int) -> Spread:
    """The spread of an accuracy as if every run had rows of its own: sqrt(y(1-y)/n).

    No row wrong, or none right, is taken as half a row: runs that all print the same are not what it says.
    """
    inner = min(max(accuracy, 0.5 / rows), 1 - 0.5 / rows)
    sd = math.sqrt(inner * (1 - inner) / rows)
    return Spread(sd, f"binomial, as if each run had {rows:,} test rows of its own")


def missing_of(article: Article, experiments: Mapping[str, AnyExperiment]) -> Iterator[str]:
    """What follows from the files alone that an article leaves unsaid; `experiments` are those that it names."""
    figures: dict[str, Reported] = {}
    for name, each in experiments.items():
        figure = each.reported.get("accuracy")
        if figure and each.article == article.name and figure not in figures.values():  # two configs share a figure
            figures[name] = figure
    over_folds = [name for name, figure in figures.items() if figure.spread_over == "folds"]
    if over_folds:
        yield f"How much runs differ: the spread printed of {listed(over_folds)} is over the folds of one run."
    without = [name for name, figure in figures.items() if figure.spread is None]
    if without:
        yield f"How much runs differ: no spread is printed of the accuracy of {listed(without)}."
    said = "\n".join(article.unsaid)
    for claim in article.claims:
        silent = [n for n in claim.weights if n in experiments and not experiments[n].reported and n not in said]
        if silent and not claim.added and all(isinstance(experiments[name], Experiment) for name in silent):
            yield f"The figure of {listed(silent)}, of which it claims something ({claim.id})."


def _claim(
    claim: Claim,
    experiments: Mapping[str, AnyExperiment],
    rows: Mapping[str, int],
    stored: Mapping[tuple[str, str], Spread],
) -> ClaimAudit:
    figures = {name: figure for name in claim.weights if (figure := printed_figure(claim, experiments[name]))}
    of_rows = max(rows[name] for name in claim.weights)
    difference = None
    if len(figures) == len(claim.weights) and not claim.added:
        terms = (Decimal(repr(weight)) * figures[name].exact for name, weight in claim.weights.items())
        difference = float(sum(terms, Decimal(0)) - Decimal(repr(claim.value or 0)))
    spread = _spread(claim, figures, rows, stored)
    return ClaimAudit(
        id=claim.id,
        metric=claim.metric,
        added=claim.added,
        difference=difference,
        rows=difference * of_rows if difference is not None and of_rows and claim.metric == "accuracy" else None,
        of_rows=of_rows,
        spread=spread,
        precision=_precision(spread.sd) if spread else (),
    )


def _spread(
    claim: Claim,
    figures: Mapping[str, Reported],
    rows: Mapping[str, int],
    stored: Mapping[tuple[str, str], Spread],
) -> Spread | None:
    """Of the difference, its runs taken as independent; without a figure of its own an experiment has another's."""
    spreads = {name: stored[name, claim.metric] for name in claim.weights if (name, claim.metric) in stored}
    if figures and claim.metric == "accuracy":
        other = next(iter(figures.values()))
        for name in claim.weights:
            if rows[name]:
                spreads.setdefault(name, binomial(figures.get(name, other).stored, rows[name]))
    if len(spreads) < len(claim.weights):
        return None
    sd = math.sqrt(sum((weight * spreads[name].sd) ** 2 for name, weight in claim.weights.items()))
    return Spread(sd, "; ".join(dict.fromkeys(spreads[name].source for name in claim.weights)))


def _precision(sd: float) -> tuple[Precision, ...]:
    return tuple(Precision(seeds, half_width(sd, seeds, 0.95), detectable_effect(sd, seeds)) for seeds in SEEDS)


def _rule(k_fold: KFold) -> str:
    """Whose rule divides the rows as the config has it."""
    return (k_fold.as_in or TODAYS) if isinstance(k_fold, StratifiedKFold) else ANY


def _divided(k_fold: KFold, rows: int, counts: Sequence[int] | None) -> dict[str, tuple[int, ...]]:
    """Rule -> rows of each test fold by it, as far as they are known."""
    sizes = fold_sizes([rows], k_fold.folds)
    if not isinstance(k_fold, StratifiedKFold):
        return {ANY: sizes}
    return {TODAYS: sizes} | ({} if counts is None else {OLDER: fold_sizes(counts, k_fold.folds, OLDER)})


def _rows(experiment: Experiment, data: DataDescription, figure: Reported) -> int:
    """Rows that a figure is a share of; 0 where the config does not say."""
    protocol = experiment.protocol
    tested = protocol.tested_rows(data.rows, data.test_rows)
    training = 0 if protocol.cross_validation else protocol.training_rows(data.rows)
    if figure.split == protocol.judged_split or training is None:
        return tested
    validation = protocol.kind.validation
    watched = len(range(training)[validation.rows(training)]) if validation else 0
    trained = training if validation is None or validation.trained_on else training - watched
    return watched if figure.split == "validation" else trained


def _possible(figure: Reported, value: float, sizes: tuple[int, ...]) -> bool:
    exact, half = Fraction(repr(value)) / int(figure.scale), _half_width(figure)
    if len(sizes) == 1:
        return len(whole_rows(exact, half, sizes[0])) > 0
    return mean_over_folds(exact, half, sizes)


def _half_width(figure: Reported) -> Fraction:
    """Half of the last printed digit, in stored units."""
    return Fraction(1, 2 * 10**figure.printed_decimals * int(figure.scale))


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
