"""How often verdicts on claims are wrong: one claim, an article of several, and looks at growing numbers of seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rates import EXPERIMENTS, FAILING, MARGIN, NORMAL, ROOT_SEED, SKEWED, WIDE, Cell, Section, rate

from repro.verdicts.claim import judge_claim, judge_claims
from repro.verdicts.power import detectable_effect
from repro.verdicts.types import ClaimInput, ClaimVerdict, Direction, Floats

FEWER = (5, 10, 30)
CLAIMS = 4
LOOKS = (30, 60, 120, 240)
ALPHA = 0.05
DECIDED = ("CLAIM HOLDS", "OPPOSITE HOLDS")
SETTLED = (*DECIDED, "NO MATERIAL DIFFERENCE")


def one_claim(simulations: int) -> Section:
    """Claim that A > B, where A - B is truly 0, the margin, or the margin against the claim."""
    pairs = [(e.name, e, e) for e in (NORMAL, WIDE, SKEWED, FAILING)] + [("normal against skewed", NORMAL, SKEWED)]
    rows = []
    for index, (name, first, second) in enumerate(pairs):
        rng = np.random.default_rng([ROOT_SEED, 3, index])
        a, b = first.draw(rng, (simulations, 30)), second.draw(rng, (simulations, 30))
        effects = (("no difference", 0.0), ("the margin", MARGIN), ("the margin, against it", -MARGIN))
        for words, effect in effects if first is second else effects[:1]:
            for n in FEWER:
                judged = [judge_claim(x[:n] + effect, y[:n], "greater", MARGIN) for x, y in zip(a, b, strict=True)]
                rows.append((f"{name}; {words}; {n} seeds", simulations, directed(judged, effect)))
    columns = (*SETTLED, "UNDECIDED", "decided, but small", "decided, but on average only")
    return Section("A claim that A is better", columns, tuple(rows), ONE_CLAIM)


def directed(judged: Sequence[ClaimVerdict], effect: float, promise: float = ALPHA / 2) -> tuple[Cell, ...]:
    """Rates of each verdict; one that is wrong is promised in at most 2.5%, its side of a two-sided 5% test."""
    wrong = {
        "CLAIM HOLDS": effect <= 0,
        "OPPOSITE HOLDS": effect >= 0,
        "NO MATERIAL DIFFERENCE": abs(effect) >= MARGIN,
    }
    words = [rate([v.verdict == word for v in judged], high=promise if wrong[word] else None) for word in SETTLED]
    return (
        *words,
        rate([v.verdict == "UNDECIDED" for v in judged]),
        rate([v.small for v in judged]),
        rate([v.on_average_only for v in judged]),
    )


def equality(simulations: int) -> Section:
    """Claim that A equals B within the margin, where they differ by 0, by the margin or by twice that."""
    rows = []
    for index, experiment in enumerate((NORMAL, WIDE, SKEWED, FAILING)):
        rng = np.random.default_rng([ROOT_SEED, 11, index])
        a, b = experiment.draw(rng, (simulations, 30)), experiment.draw(rng, (simulations, 30))
        for words, times in (("no difference", 0), ("the margin", 1), ("twice the margin", 2)):
            judged = [judge_claim(x + times * MARGIN, y, "equivalent", MARGIN) for x, y in zip(a, b, strict=True)]
            holds = rate([v.verdict == "CLAIM HOLDS" for v in judged], high=ALPHA if times else None)
            opposite = rate([v.verdict == "OPPOSITE HOLDS" for v in judged], high=ALPHA / 2 if times < 2 else None)
            cells = holds, opposite, rate([v.verdict == "UNDECIDED" for v in judged])
            rows.append((f"{experiment.name}; {words}; 30 seeds", simulations, cells))
    return Section("A claim that A equals B", ("CLAIM HOLDS", "OPPOSITE HOLDS", "UNDECIDED"), tuple(rows), EQUALITY)


def true_effects(simulations: int) -> Section:
    rows = []
    for index, experiment in enumerate(EXPERIMENTS):
        rng = np.random.default_rng([ROOT_SEED, 4, index])
        a, b = experiment.draw(rng, (simulations, 30)), experiment.draw(rng, (simulations, 30))
        for n in FEWER:
            cells = []
            for times, promised in ((0.5, None), (1.0, 0.8), (1.5, 0.8)):
                effect = times * detectable_effect(np.sqrt(2) * experiment.sd, n)
                judged = [judge_claim(x[:n] + effect, y[:n], "greater", MARGIN) for x, y in zip(a, b, strict=True)]
                cells.append(rate([v.verdict == "CLAIM HOLDS" for v in judged], low=promised))
            rows.append((f"{experiment.name}; {n} seeds", simulations, tuple(cells)))
    columns = (
        "half the detectable effect",
        "the detectable effect (at least 80%)",
        "one and a half times (at least 80%)",
    )
    return Section("A true difference is found (CLAIM HOLDS)", columns, tuple(rows), TRUE_EFFECTS)


def articles(families: int) -> Section:
    """Several claims at once: any false decision, before and after Holm's correction."""
    rows = []
    for index, experiment in enumerate((NORMAL, SKEWED, FAILING)):
        draws = experiment.draw(np.random.default_rng([ROOT_SEED, 5, index]), (families, CLAIMS, 2, 30))
        for n in FEWER:
            judged = [judge_claims([contrast(pair[:, :n]) for pair in family]) for family in draws]
            alone = rate([any(v.p_value is not None and v.p_value <= ALPHA for v in family) for family in judged])
            holm = rate([any(v.verdict in DECIDED for v in family) for family in judged], high=ALPHA)
            rows.append((f"{experiment.name}; {CLAIMS} claims of {n} seeds", families, (alone, holm)))
    columns = ("any decided, uncorrected", "any decided, after Holm's correction (at most 5%)")
    return Section("An article without any true difference", columns, tuple(rows), ARTICLES)


def contrast(pair: Floats, direction: Direction = "greater") -> ClaimInput:
    return ClaimInput(pair, (1.0, -1.0), direction, MARGIN)


def sequential(simulations: int) -> Section:
    """Looks at growing numbers of seeds, each at its share of the error; what is settled stops."""
    each = ALPHA / len(LOOKS)
    cases = (
        (WIDE, 0.0, each, "no difference"),
        (SKEWED, 0.0, each, "no difference"),
        (WIDE, 0.0, ALPHA, "no difference, every look at 5%"),
        (WIDE, MARGIN / 2, each, "half the margin"),
        (WIDE, MARGIN, each, "the margin"),
        (WIDE, -MARGIN, each, "the margin, against it"),
    )
    rows = []
    for index, (experiment, effect, alpha, words) in enumerate(cases):
        draws = experiment.draw(np.random.default_rng([ROOT_SEED, 6, index]), (simulations, 1, 2, LOOKS[-1]))
        draws[:, :, 0] += effect
        last = [looks(family, alpha)[0] for family in draws]
        cells = directed(last, effect, ALPHA / 2 if alpha == each else 1.0)[:4]
        seeds = f"{np.mean([v.n for v in last]):.0f}"
        rows.append((f"{experiment.name}; {words}", simulations, (*cells, seeds)))
    draws = WIDE.draw(np.random.default_rng([ROOT_SEED, 6, len(cases)]), (simulations // CLAIMS, CLAIMS, 2, LOOKS[-1]))
    families = [looks(family, each) for family in draws]
    any_of = tuple(
        rate([any(v.verdict == word for v in f) for f in families], high=ALPHA if word in DECIDED else None)
        for word in (*SETTLED, "UNDECIDED")
    )
    seeds = f"{np.mean([v.n for family in families for v in family]):.0f}"
    rows.append((f"{WIDE.name}; no difference, any of {CLAIMS} claims", len(families), (*any_of, seeds)))
    columns = (*SETTLED, "UNDECIDED at the last look", "seeds, on average")
    return Section(f"Looks at {', '.join(map(str, LOOKS))} seeds", columns, tuple(rows), SEQUENTIAL)


def looks(family: Floats, alpha: float) -> list[ClaimVerdict]:
    """Last verdicts on the claims of one article, (claims, 2, seeds): one that is settled gets no more seeds."""
    verdicts: list[ClaimVerdict] = []
    for n in LOOKS:
        seeds = [v.n if v.verdict in SETTLED else n for v in verdicts] or [n] * len(family)
        verdicts = judge_claims([contrast(pair[:, :m]) for pair, m in zip(family, seeds, strict=True)], alpha)
    return verdicts


ONE_CLAIM = """The margin is one point. A verdict that is wrong is promised in at most 2.5% of claims: one side of a
two-sided 5% test. *NO MATERIAL DIFFERENCE* where the difference is the margin itself is wrong as well; it asks for the
whole 95% interval within the margin, so it is as rare. *Small* and *on average only* are counted over all claims. Where
A and B differ in shape, the error is lopsided: 3.5 to 4% on one side, and half of that on the other. Where some runs
fail, more seeds decide less: a single run at chance among them moves a mean by more than the margin."""

EQUALITY = """Two one-sided tests at 5% allow a difference of exactly the margin to pass for equality once in twenty; to
be beyond the margin is one side of a two-sided 5% test. Where runs scatter by 1.4 points, 30 seeds leave three in
ten true equalities undecided."""

TRUE_EFFECTS = """A is better than B by the difference that the report gives as detectable with this number of seeds
(computed from the true spread), by half of it and by one and a half times. Half of it is found about once in three:
UNDECIDED says little about differences below the detectable one."""

ARTICLES = """All claims of an article are without a true difference. Uncorrected, up to one article in five has a
false decision; Holm's correction keeps it to one in twenty."""

SEQUENTIAL = """Each look is at 5% divided by the number of looks, so that all looks together keep 5%, half of it on
either side; a claim that is settled stops. The row with every look at 5% shows what is paid for without that: its error
is twice as large. Half the margin may be called either: it is a difference, and it changes no conclusion. In an article
of four, each look corrects for all four claims, those that have stopped among them; its rates are promised for any of
the four."""
