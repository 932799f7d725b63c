"""How often the verdicts are wrong: simulated experiments whose truth is known, judged by the code that judges ours.

    python benchmarks/error_rates.py

prints the tables and writes them to results/error_rates.md. Every random number comes from one fixed seed, so the file
is the same each time. About seven minutes on one core.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from beyond_rates import beyond, on_these_rows
from error_rates_check import alarms_by_reference, false_alarms, found_shifts
from error_rates_claims import articles, equality, one_claim, sequential, true_effects
from error_rates_grid import below, bests, contrasts, near_best, readings, speeds
from rates import EXPERIMENTS, FAILING, MARGIN, NORMAL, ROOT_SEED, SKEWED, WIDE, Cell, Section, missed, rate

from repro.verdicts.number import judge_listing, judge_number
from repro.verdicts.types import NumberVerdict

ROUNDING = 0.00005  # articles print accuracies to four decimals
FEWER = (5, 10, 30)
WORDS = ("REPRODUCED", "COMPATIBLE", "CLOSE", "NOT REPRODUCED")
REPORT = Path(__file__).resolve().parent.parent / "results" / "error_rates.md"


def true_numbers(simulations: int) -> Section:
    """The article's number is one more run of the same experiment."""
    rows = []
    for index, experiment in enumerate(EXPERIMENTS):
        draws = experiment.draw(np.random.default_rng([ROOT_SEED, 1, index]), (simulations, 31))
        articles = np.round(draws[:, 0], 4)
        for n in FEWER:
            judged = [judge_number(x[1 : n + 1], y, ROUNDING, MARGIN) for x, y in zip(draws, articles, strict=True)]
            outside = rate([not v.in_prediction for v in judged], high=0.05)
            refused = rate([v.verdict == "NOT REPRODUCED" for v in judged], high=0.05)
            cells = (outside, *each_word(judged)[:3], refused, rate([v.at_edge for v in judged]))
            rows.append((f"{experiment.name}; {n} seeds", simulations, cells))
    columns = ("outside the prediction interval (at most 5%)", *WORDS[:3], "NOT REPRODUCED (at most 5%)", "at the edge")
    return Section("A true number", columns, tuple(rows), TRUE_NUMBERS)


def each_word(judged: Sequence[NumberVerdict]) -> list[Cell]:
    return [rate([v.verdict == word for v in judged]) for word in WORDS]


def other_experiments(simulations: int) -> Section:
    """The article's number is one run of an experiment whose mean is off, by one and by two margins, either way."""
    rows = []
    for index, experiment in enumerate((NORMAL, WIDE, SKEWED, FAILING)):
        draws = experiment.draw(np.random.default_rng([ROOT_SEED, 2, index]), (simulations, 31))
        side = np.resize([-1, 1], simulations)
        for times in (1, 2):
            articles = np.round(draws[:, 0] + side * times * MARGIN, 4)
            for n in FEWER:
                judged = [judge_number(x[1 : n + 1], y, ROUNDING, MARGIN) for x, y in zip(draws, articles, strict=True)]
                name = f"{experiment.name}; off by {('the margin', 'twice the margin')[times - 1]}; {n} seeds"
                rows.append((name, simulations, (*each_word(judged), rate([v.at_edge for v in judged]))))
    return Section("A number of another experiment", (*WORDS, "at the edge"), tuple(rows), OTHER_EXPERIMENTS)


def fixed_numbers(simulations: int) -> Section:
    """The article's number lies away from the true mean by exactly the margin and its rounding, or twice that."""
    rows = []
    for index, experiment in enumerate((NORMAL, WIDE, SKEWED, FAILING)):
        draws = experiment.draw(np.random.default_rng([ROOT_SEED, 12, index]), (simulations, 30))
        side = np.resize([-1, 1], simulations)
        for n in FEWER:
            cells = []
            for times in (1, 2):
                articles = experiment.mean + side * times * (MARGIN + ROUNDING)
                judged = [judge_number(x[:n], y, ROUNDING, MARGIN) for x, y in zip(draws, articles, strict=True)]
                cells.append(rate([v.close for v in judged], high=0.05))
            rows.append((f"{experiment.name}; {n} seeds", simulations, tuple(cells)))
    columns = ("off by the margin (at most 5%)", "off by twice the margin (at most 5%)")
    return Section("The mean is called close to a number that it is not close to", columns, tuple(rows), FIXED_NUMBERS)


def listings(simulations: int) -> Section:
    """The article lists ten steps of one more run of the same experiment."""
    rows = []
    for index, (name, own) in enumerate((("steps alike", 0.2), ("steps independent", 1.0))):
        for n in (10, 19, 30):
            rng = np.random.default_rng([ROOT_SEED, 13, index, n])
            run = rng.normal(0.886, 0.004, (simulations, 31, 1))
            draws = np.sqrt(1 - own**2) * (run - 0.886) + own * rng.normal(0, 0.004, (simulations, 31, 10)) + 0.886
            judged = [judge_listing(x[1 : n + 1], np.round(x[0], 4), ROUNDING) for x in draws]
            any_outside = rate([v.outside > 0 for v in judged])
            refused = rate([v.verdict == "NOT REPRODUCED" for v in judged], high=0.05)
            rows.append((f"{name}; {n} seeds", simulations, (any_outside, refused)))
    columns = ("any step outside its interval", "NOT REPRODUCED (at most 5%)")
    return Section("A true listing by step", columns, tuple(rows), LISTINGS)


def main() -> None:
    sections = (
        true_numbers(6_000),
        other_experiments(3_000),
        fixed_numbers(3_000),
        listings(600),
        one_claim(1_500),
        equality(2_000),
        true_effects(1_000),
        articles(800),
        sequential(1_500),
        bests(1_000),
        near_best(1_000),
        below(1_000),
        contrasts(1_000),
        readings(1_500),
        speeds(2_000),
        on_these_rows(pools=8, pool=600),
        beyond(data_sets=250),
        false_alarms(1_200),
        alarms_by_reference(references=150, draws=1_000),
        found_shifts(references=20, checks=20),
    )
    text = "\n".join([INTRODUCTION, *(line for section in sections for line in section.lines()), *missed(sections), ""])
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text, encoding="utf-8")
    print(text)


INTRODUCTION = """# How often the verdicts are wrong

Simulated experiments whose truth is known, judged by the functions that judge the real ones, with a margin of one point
of accuracy. Made by `python benchmarks/error_rates.py` from one fixed seed.

A rate with a promise stands with its Wilson 95% interval, and is marked **missed** where the whole interval lies beyond
the promise; of this many cells, some are so by chance alone. Rates without an interval promise nothing.
"""

TRUE_NUMBERS = """The article's number is one more run of the same experiment, so to reject it is an error. *Outside the
prediction interval*: one true number in twenty, exactly so for normal figures; a few more where the figures are skewed
or some runs fail, and more so with few seeds. How often a true number earns *REPRODUCED* depends on the spread of the
runs against the margin, because closeness is measured from the article's single run: nearly always where the sd is 0.4
points, one time in three where it is 1.4 points, with 30 seeds. *COMPATIBLE* is then the word that a true number can
expect. Fewer than ten seeds earn no more. *At the edge* are those of the COMPATIBLE that have an outer rank."""

OTHER_EXPERIMENTS = """The article's number is one run of an experiment whose mean is higher or lower by one or two
margins, so it scatters as ours do. The wider the runs, the less one number can tell: with an sd of 1.4 points and 30
seeds, a quarter of the numbers of an experiment that is one margin off are REPRODUCED, against a third of the true
ones, and two margins off six in ten are still COMPATIBLE, two in five of these at the edge. A verdict on a number is
about the number; whether two experiments have the same mean takes many runs of both. Few seeds make COMPATIBLE a cheap
word: 5 seeds give it to half of the numbers that are one margin off where the sd is 0.4 points, and to nine in ten
where it is 1.4."""

FIXED_NUMBERS = """The number lies away from the true mean by exactly the margin and its rounding, or by twice the
margin. Two one-sided tests at 5% call the mean close to the first once in twenty; skewed runs exceed that, the more the
fewer seeds there are."""

LISTINGS = """An article lists ten steps of one more run of the same experiment; the steps share nearly all of their
variation or none of it. Judged one by one, four in ten of such articles have a figure outside where the steps are
independent. Judged together, fewer than one in twenty are refused: counts tie, and a tie counts for the article. With
fewer than 19 seeds none can be."""


if __name__ == "__main__":
    main()
