"""How often the verdicts are wrong: simulated experiments whose truth is known, judged by the code that judges ours.

    python benchmarks/error_rates.py

prints the tables and writes them to results/error_rates.md. Every random number comes from one fixed seed, so the file
is the same each time. About a minute and a half on one core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.random import Generator

from repro.verdicts.claim import ClaimInput, ClaimVerdict, judge_claim, judge_claims
from repro.verdicts.intervals import Floats, wilson
from repro.verdicts.number import accuracy_margin, judge_number
from repro.verdicts.permutation import (
    FRESH_SEEDS,
    RETRY_SEEDS,
    TOTAL_ALPHA,
    alpha_each,
    detectable_shift,
    permutation_p,
)
from repro.verdicts.power import detectable_effect

ROOT_SEED = 2014
SEEDS = 30
ROUNDING = 0.00005  # articles print accuracies to four decimals
FIGURES = 20
"""Figures of a check of all ten experiments: accuracy and test loss of each."""
CLAIMS = 4
HOLDS = ("CLAIM HOLDS", "HOLDS ON AVERAGE")
REPORT = Path(__file__).resolve().parent.parent / "results" / "error_rates.md"

Shape = tuple[int, ...]


@dataclass(frozen=True)
class World:
    """An experiment whose distribution of accuracies over seeds is known."""

    name: str
    draw: Callable[[Generator, Shape], Floats]
    mean: float
    sd: float
    n_test: int

    @property
    def margin(self) -> float:
        return accuracy_margin(self.mean, self.n_test)


def normal(mean: float, sd: float, rng: Generator, shape: Shape) -> Floats:
    return rng.normal(mean, sd, shape)


def skewed(rng: Generator, shape: Shape) -> Floats:
    return 0.890 - rng.exponential(0.004, shape)


def failing(rng: Generator, shape: Shape) -> Floats:
    return np.where(rng.random(shape) < 0.05, 0.1, rng.normal(0.881, 0.004, shape))


def binomial(rows: int, p: float, rng: Generator, shape: Shape) -> Floats:
    return rng.binomial(rows, p, shape) / rows


FAILING_MEAN = 0.95 * 0.881 + 0.05 * 0.1
FAILING_SD = float(np.sqrt(0.95 * 0.004**2 + 0.95 * 0.05 * (0.881 - 0.1) ** 2))
NORMAL = World("normal, sd 0.4 points, 10,000 test rows", partial(normal, 0.886, 0.004), 0.886, 0.004, 10_000)
SKEWED = World("skewed to the left, sd 0.4 points, 10,000 rows", skewed, 0.886, 0.004, 10_000)
WORLDS = (
    NORMAL,
    World("normal, sd 2 points, 208 rows", partial(normal, 0.835, 0.02), 0.835, 0.02, 208),
    SKEWED,
    World("5% of the runs fail (at chance), 10,000 rows", failing, FAILING_MEAN, FAILING_SD, 10_000),
    World("binomial, 208 rows", partial(binomial, 208, 0.835), 0.835, float(np.sqrt(0.835 * 0.165 / 208)), 208),
    World("binomial, 10,000 rows", partial(binomial, 10_000, 0.9635), 0.9635, 0.001875, 10_000),
)


@dataclass(frozen=True)
class Rate:
    """How often something happened, and the rate that was promised: at most so much, or (power) at least."""

    hits: int
    n: int
    promised: float | None = None
    at_least: bool = False

    @property
    def worse(self) -> bool:
        low, high = wilson(self.hits, self.n)
        return self.promised is not None and (high < self.promised if self.at_least else low > self.promised)

    def __str__(self) -> str:
        low, high = wilson(self.hits, self.n)
        text = f"{100 * self.hits / self.n:.2f}% ({100 * low:.2f} to {100 * high:.2f})"
        return f"**{text}, worse**" if self.worse else text


@dataclass(frozen=True)
class Section:
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[Rate, ...]], ...]
    words: str

    def lines(self) -> Iterator[str]:
        yield from (f"## {self.title}", "")
        yield f"| experiment | simulations | {' | '.join(self.columns)} |"
        yield "|---|---:|" + "---:|" * len(self.columns)
        for name, n, rates in self.rows:
            yield f"| {name} | {n:,} | {' | '.join(map(str, rates))} |"
        yield from ("", self.words, "")


def rate(hits: list[bool], promised: float | None = None, at_least: bool = False) -> Rate:
    return Rate(sum(hits), len(hits), promised, at_least)


def true_numbers(simulations: int) -> Section:
    rows = []
    for index, world in enumerate(WORLDS):
        draws = world.draw(np.random.default_rng([ROOT_SEED, 1, index]), (simulations, SEEDS + 1))
        articles = np.round(draws[:, 0], 4)
        judged = [
            judge_number(x[1:], y, ROUNDING, accuracy_margin(y, world.n_test))
            for x, y in zip(draws, articles, strict=True)
        ]
        outside = rate([not v.in_prediction for v in judged], 0.05)
        called = rate([v.verdict == "NOT REPRODUCED" for v in judged], 0.05)
        rows.append((world.name, simulations, (outside, called)))
    return Section(
        "A true number is rejected",
        ("outside the prediction interval (at most 5%)", "NOT REPRODUCED (at most 5%)"),
        tuple(rows),
        TRUE_NUMBERS,
    )


def wrong_numbers(simulations: int) -> Section:
    rows = []
    for index, world in enumerate(WORLDS):
        draws = world.draw(np.random.default_rng([ROOT_SEED, 2, index]), (simulations, SEEDS))
        side = np.resize([-1, 1], simulations)
        rates = []
        for times in (1, 2):
            articles = world.mean + side * times * (world.margin + ROUNDING)
            judged = [judge_number(x, y, ROUNDING, world.margin) for x, y in zip(draws, articles, strict=True)]
            rates.append(rate([v.verdict == "REPRODUCED" for v in judged], 0.05))
        rows.append((world.name, simulations, tuple(rates)))
    return Section(
        "A wrong number is called REPRODUCED",
        ("wrong by the margin (at most 5%)", "wrong by twice the margin (at most 5%)"),
        tuple(rows),
        WRONG_NUMBERS,
    )


def claims_without_difference(simulations: int) -> Section:
    rows = []
    pairs = [(world.name, world, world) for world in WORLDS] + [("normal against skewed, same mean", NORMAL, SKEWED)]
    for index, (name, world_a, world_b) in enumerate(pairs):
        rng = np.random.default_rng([ROOT_SEED, 3, index])
        a, b = world_a.draw(rng, (simulations, SEEDS)), world_b.draw(rng, (simulations, SEEDS))
        judged = [[judge_claim(x, y, "greater", world_a.margin)] for x, y in zip(a, b, strict=True)]
        rows.append((name, simulations, wrongly_decided(judged)))
    families = simulations // CLAIMS
    draws = NORMAL.draw(np.random.default_rng([ROOT_SEED, 3, len(pairs)]), (families, CLAIMS, 2, SEEDS))
    judged = [judge_claims([ClaimInput(a, b, "greater", NORMAL.margin) for a, b in family]) for family in draws]
    rows.append((f"an article of {CLAIMS} claims, normal: any of them", families, wrongly_decided(judged)))
    return Section(
        "A claim without any true difference is decided",
        (*(f"{verdict} (at most 2.5%)" for verdict in (*HOLDS, "REVERSED")), "a difference either way (at most 5%)"),
        tuple(rows),
        NO_DIFFERENCE,
    )


def wrongly_decided(families: list[list[ClaimVerdict]]) -> tuple[Rate, ...]:
    """Rates of each decision, and of any difference at all, in at least one claim of a family."""
    each = [rate([any(v.verdict == d for v in family) for family in families], 0.025) for d in (*HOLDS, "REVERSED")]
    p_values = [[v.p_value if v.p_holm is None else v.p_holm for v in family] for family in families]
    return *each, rate([any(p is not None and p <= 0.05 for p in family) for family in p_values], 0.05)


def true_effects(simulations: int) -> Section:
    rows = []
    for index, world in enumerate(WORLDS):
        rng = np.random.default_rng([ROOT_SEED, 4, index])
        a, b = world.draw(rng, (simulations, SEEDS)), world.draw(rng, (simulations, SEEDS))
        rates = []
        for times, promised in ((0.5, None), (1.0, 0.8), (1.5, 0.8)):
            effect = times * detectable_effect(np.sqrt(2) * world.sd, SEEDS)
            judged = [judge_claim(x + effect, y, "greater", world.margin) for x, y in zip(a, b, strict=True)]
            rates.append(rate([v.verdict in HOLDS for v in judged], promised, at_least=True))
        rows.append((world.name, simulations, tuple(rates)))
    return Section(
        "A true difference is found (CLAIM HOLDS or HOLDS ON AVERAGE)",
        ("half the detectable effect", "the detectable effect (at least 80%)", "one and a half times (at least 80%)"),
        tuple(rows),
        TRUE_EFFECTS,
    )


def red(reference: Floats, fresh: Floats, retry: Floats, alpha: float) -> tuple[bool, bool]:
    """Whether the fresh seeds fail, and whether the retry fails too."""
    failed = permutation_p(reference, fresh) <= alpha
    return failed, failed and permutation_p(reference, retry) <= alpha


def split(draws: Floats) -> tuple[Floats, Floats, Floats]:
    """Reference, fresh and retry seeds of one simulated check."""
    return draws[:SEEDS], draws[SEEDS : SEEDS + FRESH_SEEDS], draws[SEEDS + FRESH_SEEDS :]


TOTAL_SEEDS = SEEDS + FRESH_SEEDS + RETRY_SEEDS


def false_alarms(simulations: int) -> Section:
    rows = []
    for index, world in enumerate(WORLDS):
        rng = np.random.default_rng([ROOT_SEED, 5, index])
        outcomes = [red(*split(x), TOTAL_ALPHA) for x in world.draw(rng, (simulations, TOTAL_SEEDS))]
        rows.append((world.name, simulations, both(outcomes)))
    rng = np.random.default_rng([ROOT_SEED, 5, len(WORLDS)])
    alpha, families = alpha_each(TOTAL_ALPHA, FIGURES), simulations * 3 // 4
    outcomes = []
    for _ in range(families):
        worlds = [WORLDS[figure % len(WORLDS)] for figure in range(FIGURES)]
        figures = [red(*split(world.draw(rng, (TOTAL_SEEDS,))), alpha) for world in worlds]
        outcomes.append((any(first for first, _ in figures), any(second for _, second in figures)))
    rows.append((f"{FIGURES} figures, of all kinds above: any of them", families, both(outcomes)))
    return Section(
        "The check raises a false alarm",
        ("five fresh seeds fail (at most 1%)", "red: the retry fails too (at most 1%)"),
        tuple(rows),
        FALSE_ALARMS,
    )


def both(outcomes: list[tuple[bool, bool]]) -> tuple[Rate, Rate]:
    return rate([first for first, _ in outcomes], TOTAL_ALPHA), rate([second for _, second in outcomes], TOTAL_ALPHA)


def found_shifts(references: int, checks: int) -> Section:
    rows = []
    for index, world in enumerate(WORLDS):
        rng = np.random.default_rng([ROOT_SEED, 6, index])
        rates: dict[int, list[tuple[bool, bool]]] = {1: [], -1: []}
        for _ in range(references):
            reference = world.draw(rng, (SEEDS,))
            shift = detectable_shift(reference, FRESH_SEEDS, TOTAL_ALPHA)
            for sign, outcomes in rates.items():
                for draws in world.draw(rng, (checks, FRESH_SEEDS + RETRY_SEEDS)) + sign * shift:
                    outcomes.append(red(reference, draws[:FRESH_SEEDS], draws[FRESH_SEEDS:], TOTAL_ALPHA))
        cells = [rate([o[part] for o in rates[sign]], 0.8, at_least=True) for part in (0, 1) for sign in (1, -1)]
        rows.append((world.name, references * checks, tuple(cells)))
    return Section(
        "The check finds a shift of the printed size",
        (
            "up, five seeds (at least 80%)",
            "down, five seeds (at least 80%)",
            "up, red (at least 80%)",
            "down, red (at least 80%)",
        ),
        tuple(rows),
        FOUND_SHIFTS,
    )


INTRODUCTION = f"""# How often the verdicts are wrong

Simulated experiments whose truth is known, {SEEDS} seeds each, judged by the functions that judge the real ones.
Made by `python benchmarks/error_rates.py` from one fixed seed.

Each rate stands with its Wilson 95% interval. A rate is marked **worse** where the whole interval misses the rate
promised in the head of its column; of this many cells, one or two are so by chance alone.
"""

TRUE_NUMBERS = """The article's number is one more run of the same experiment, so to reject it is an error. *Outside
the prediction interval*: one true number in twenty, exactly so for normal figures; a little more where the figures are
skewed or some runs fail. *NOT REPRODUCED* asks in addition that the mean is not shown to be within the margin; that
makes it rarer where runs scatter less than the margin (208 rows, sd 2 points)."""

WRONG_NUMBERS = """The article's number lies away from the experiment's true mean by exactly the margin and the rounding
of the printed figure, or by twice that; to call it REPRODUCED is an error. At exactly the margin the test of
equivalence allows it once in twenty, and the prediction interval rejects some of those too. Where runs fail, the mean
is so uncertain that closeness is never shown: REPRODUCED cannot be had there, for a true number either."""

NO_DIFFERENCE = """A and B have the same mean, so every decision for a direction is an error. *CLAIM HOLDS* also asks
that three paired runs in four show it, and so is rarer than *HOLDS ON AVERAGE*. *REVERSED* hardly occurs, because a
difference against the claim and inside the margin is called NO MATERIAL DIFFERENCE; only the wide intervals of failing
runs reach out of it. *A difference either way*: the interval lies on one side of 0, whatever it is called: once in
twenty, less often where runs fail. The last row is an article with several claims after Holm's correction: at most one
such article in twenty has any of these errors."""

TRUE_EFFECTS = """A is better than B by the difference that the report gives as detectable with this number of seeds
(computed from the true spread), by half of it and by one and a half times. Half of it is found less than once in
three: UNDECIDED says little about differences below the detectable one."""

FALSE_ALARMS = f"""Nothing has changed: the fresh seeds come from the distribution of the {SEEDS} committed ones. *Five
fresh seeds fail*: about one run of the check in a hundred, whatever the distribution, and also for {FIGURES} figures
together (accuracy and loss of ten experiments), each tested at its share of 1%. *Red*: {RETRY_SEEDS} other fresh seeds
fail as well, which is what the check reports. That is much rarer, though not the square of the first: both share the
committed seeds."""

FOUND_SHIFTS = """The mean has moved, up or down, by the shift that the check prints as found with 80% power. It is
printed for the harder direction, so where the distribution is lopsided the other is found more often. The shift is
computed from the committed seeds, which show the spread and its tails only roughly; checks against the same committed
seeds are not independent, and these intervals are somewhat too narrow. *Red*: after the retry, which misses some of
the shifts that the first five seeds have found: fewer false alarms are paid for with one or two points of power, and
with up to seven where the distribution is lopsided."""


def main() -> None:
    sections = (
        true_numbers(20_000),
        wrong_numbers(10_000),
        claims_without_difference(10_000),
        true_effects(4_000),
        false_alarms(2_000),
        found_shifts(references=40, checks=20),
    )
    text = "\n".join([INTRODUCTION, *(line for section in sections for line in section.lines()), *worse(sections), ""])
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text, encoding="utf-8")
    print(text)


def worse(sections: tuple[Section, ...]) -> Iterator[str]:
    """The rates that miss their promise, one a line."""
    yield from ("## Worse than promised", "")
    found = False
    for section in sections:
        for name, _, rates in section.rows:
            for column, cell in zip(section.columns, rates, strict=True):
                if cell.worse:
                    found = True
                    yield f"- {section.title}; {name}; {column}: {100 * cell.hits / cell.n:.2f}%"
    if not found:
        yield "None."


if __name__ == "__main__":
    main()
