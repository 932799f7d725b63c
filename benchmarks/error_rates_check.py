"""How often the check raises a false alarm, and how often it finds what has changed."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from rates import EXPERIMENTS, ROOT_SEED, Cell, Experiment, Section, rate

from repro.verdicts.permutation import (
    FRESH_SEEDS,
    RETRY_SEEDS,
    TOTAL_ALPHA,
    alpha_each,
    detectable_shift,
    permutation_p,
)
from repro.verdicts.types import Floats

SEEDS = 30
FIGURES = 20
"""Figures of a check of all ten experiments: accuracy and test loss of each."""
ARRANGEMENTS = 1_999
"""Of the permutation test that is repeated for one reference after another; the check itself has up to 99,999."""


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
    for index, world in enumerate(EXPERIMENTS):
        rng = np.random.default_rng([ROOT_SEED, 5, index])
        outcomes = [red(*split(x), TOTAL_ALPHA) for x in world.draw(rng, (simulations, TOTAL_SEEDS))]
        rows.append((world.name, simulations, both(outcomes)))
    rng = np.random.default_rng([ROOT_SEED, 5, len(EXPERIMENTS)])
    alpha, families = alpha_each(TOTAL_ALPHA, FIGURES), simulations * 3 // 4
    outcomes = []
    for _ in range(families):
        worlds = [EXPERIMENTS[figure % len(EXPERIMENTS)] for figure in range(FIGURES)]
        figures = [red(*split(world.draw(rng, (TOTAL_SEEDS,))), alpha) for world in worlds]
        outcomes.append((any(first for first, _ in figures), any(second for _, second in figures)))
    rows.append((f"{FIGURES} figures, of all kinds above: any of them", families, both(outcomes)))
    return Section(
        "The check raises a false alarm",
        ("five fresh seeds fail (at most 1%)", "red: the retry fails too (at most 1%)"),
        tuple(rows),
        FALSE_ALARMS,
    )


def both(outcomes: list[tuple[bool, bool]]) -> tuple[Cell, ...]:
    return tuple(rate([outcome[part] for outcome in outcomes], high=TOTAL_ALPHA) for part in (0, 1))


def alarms_by_reference(references: int, draws: int) -> Section:
    """Draw many references, and for each of them the share of fresh seeds that fail, and fail again."""
    rows = []
    for index, world in enumerate(EXPERIMENTS[:4]):
        rng = np.random.default_rng([ROOT_SEED, 10, index])
        alarms = np.empty((references, 2))
        for number in range(references):
            reference = world.draw(rng, (SEEDS,))
            first, retry = (share_failing(reference, m, draws, world, rng) for m in (FRESH_SEEDS, RETRY_SEEDS))
            alarms[number] = first, first * retry  # independent of each other, once the reference is given
        cells = [
            f"{100 * value:.2f}%" for part in alarms.T for value in (part.mean(), np.quantile(part, 0.9), part.max())
        ]
        rows.append((world.name, references, tuple(cells)))
    return Section(
        "The same by reference",
        (
            *("five fail: average", "90th percentile of references", "worst of them"),
            *("red: average", "90th percentile of references", "worst of them"),
        ),
        tuple(rows),
        BY_REFERENCE,
    )


def share_failing(reference: Floats, m: int, draws: int, world: Experiment, rng: Generator) -> float:
    """Share of draws of m fresh seeds that the permutation test fails, with fewer arrangements, all draws at once."""
    size = len(reference) + m
    chosen = (np.argsort(rng.random((ARRANGEMENTS, size)), axis=1) < m).astype(np.float32)
    fresh = world.draw(rng, (m, draws))
    pooled = np.concatenate([np.tile(reference[:, None], draws), fresh])
    pooled = (pooled - pooled.mean(axis=0)) / pooled.std(axis=0)
    limit = np.abs(pooled[len(reference) :].sum(axis=0)) - 1e-4
    extreme = (np.abs(chosen @ pooled.astype(np.float32)) >= limit).sum(axis=0)
    return float(np.mean((extreme + 1) / (ARRANGEMENTS + 1) <= TOTAL_ALPHA))


def found_shifts(references: int, checks: int) -> Section:
    rows = []
    for index, world in enumerate(EXPERIMENTS):
        rng = np.random.default_rng([ROOT_SEED, 6, index])
        rates: dict[int, list[tuple[bool, bool]]] = {1: [], -1: []}
        for _ in range(references):
            reference = world.draw(rng, (SEEDS,))
            shift = detectable_shift(reference, FRESH_SEEDS, TOTAL_ALPHA)
            for sign, outcomes in rates.items():
                for draws in world.draw(rng, (checks, FRESH_SEEDS + RETRY_SEEDS)) + sign * shift:
                    outcomes.append(red(reference, draws[:FRESH_SEEDS], draws[FRESH_SEEDS:], TOTAL_ALPHA))
        cells = [rate([o[part] for o in rates[sign]], low=0.8) for part in (0, 1) for sign in (1, -1)]
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


FALSE_ALARMS = f"""Nothing has changed: the fresh seeds come from the distribution of the {SEEDS} committed ones. *Five
fresh seeds fail*: about one run of the check in a hundred, whatever the distribution, and also for {FIGURES} figures
together (accuracy and loss of ten experiments), each tested at its share of 1%. *Red*: {RETRY_SEEDS} other fresh seeds
fail as well, which is what the check reports. That is much rarer, though not the square of the first: both share the
committed seeds."""

BY_REFERENCE = f"""The committed seeds are drawn once and then stay, so a repository has one of these rates for good:
the table above is their average over references. One reference in ten, whose mean happens to lie off, has more than two
and a half times as many first alarms, or four times where some runs fail. Each rate is estimated from 1,000 draws of
fresh seeds with {ARRANGEMENTS:,} arrangements, so the percentiles contain a little noise of their own."""

FOUND_SHIFTS = """The mean has moved, up or down, by the shift that the check prints as found with 80% power. It is
printed for the harder direction, so where the distribution is lopsided the other is found more often. The shift is
computed from the committed seeds, which show the spread and its tails only roughly; checks against the same committed
seeds are not independent, and these intervals are somewhat too narrow. *Red*: after the retry, which misses some of
the shifts that the first five seeds have found: fewer false alarms are paid for with one or two points of power, and
with up to seven where the distribution is lopsided."""
