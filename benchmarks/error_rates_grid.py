"""How often verdicts over variants are wrong: best of a grid, regions, trends, readings, and times to a level."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rates import FAILING, MARGIN, NORMAL, ROOT_SEED, SKEWED, WIDE, Cell, Experiment, Section, rate

from repro.verdicts.claim import judge_claims
from repro.verdicts.grid.best import below_best, compare_best, judge_best
from repro.verdicts.grid.readings import judge_readings
from repro.verdicts.grid.region import steps, within_best
from repro.verdicts.grid.speed import first_reached, speed_claim
from repro.verdicts.grid.trend import trend_weights
from repro.verdicts.number import judge_number
from repro.verdicts.types import ClaimInput, ClaimWord, Floats

ALPHA = 0.05
POINTS = 8
"""Of a grid: dropout rates of 0 to 90%."""
ALIKE = np.zeros(POINTS)
ONE_BEST = np.where(np.arange(POINTS) == 3, 0.0, -MARGIN)
DECIDED = ("CLAIM HOLDS", "OPPOSITE HOLDS")
SEEDS = (20, 30, 60)


def draw(experiment: Experiment, offsets: Floats, shape: tuple[int, int], key: Sequence[int]) -> Floats:
    """Grids of shape (simulations, points, seeds), each point's mean moved by its offset."""
    rng = np.random.default_rng([ROOT_SEED, *key])
    return experiment.draw(rng, (shape[0], offsets.size, shape[1])) + offsets[:, None]


def word(given: ClaimInput) -> ClaimWord:
    return judge_claims([given])[0].verdict


def bests(simulations: int) -> Section:
    """The best of a grid on one half of the seeds measured on the other, and measured on all that chose it."""
    worlds = [(e, "all alike", ALIKE) for e in (WIDE, SKEWED, FAILING)] + [(WIDE, "one best by the margin", ONE_BEST)]
    rows = []
    for index, (experiment, words, offsets) in enumerate(worlds):
        for n in (30, 60):
            truth = experiment.mean + offsets
            judged = [judge_best(x, range(n)) for x in draw(experiment, offsets, (simulations, n), (21, index, n))]
            honest = [v.over.confidence for v in judged]
            plain = [v.plain.confidence for v in judged]
            covers = rate([covered(i, truth[v.point]) for i, v in zip(honest, judged, strict=True)], low=0.95)
            flattered = rate([covered(i, truth[v.plain_point]) for i, v in zip(plain, judged, strict=True)])
            bias = np.mean([v.over.mean - truth[v.point] for v in judged])
            excess = np.mean([v.plain.mean - truth[v.plain_point] for v in judged])
            worth = np.mean([v.flattery for v in judged])
            points = [f"{round(100 * float(figure), 2) + 0:+.2f}" for figure in (bias, excess, worth)]  # no -0.00
            right = rate([v.point == 3 for v in judged]) if offsets is ONE_BEST else "–"
            rows.append((f"{experiment.name}; {words}; {n} seeds", simulations, (covers, flattered, *points, right)))
    columns = (
        "interval on the other half holds the point's mean (at least 95%)",
        "interval of the plain best holds its mean",
        *("points too high: other half", "plain best", "plain best above the other half"),
        "the best is chosen",
    )
    return Section("The best of a grid", columns, tuple(rows), BESTS)


def covered(interval: tuple[float, float] | None, truth: float) -> bool:
    return interval is not None and interval[0] <= truth <= interval[1]


def near_best(simulations: int) -> Section:
    """Claim that some points are within the margin of the best; where that is false, the first is a margin below it."""
    alone = np.array([-MARGIN, -5 * MARGIN, -5 * MARGIN, 0.0, *[-5 * MARGIN] * 4])
    least = np.array([-MARGIN, *[0.0] * 7])
    worlds: list[tuple[Experiment, str, Floats, tuple[int, ...]]] = [
        *((e, "all alike", ALIKE, (0,)) for e in (NORMAL, WIDE, SKEWED, FAILING)),
        *((e, "all alike, three of them claimed", ALIKE, (0, 1, 2)) for e in (NORMAL, WIDE)),
        *((e, "a margin below one, no other near", alone, (0,)) for e in (NORMAL, WIDE, SKEWED)),
        *((e, "a margin below one, as all others are", ONE_BEST, (0,)) for e in (NORMAL, WIDE, SKEWED)),
        *((e, "a margin below all others", least, (0,)) for e in (NORMAL, WIDE, SKEWED)),
    ]
    rows = []
    for index, (experiment, words, offsets, points) in enumerate(worlds):
        false = offsets.max() - offsets[0] >= MARGIN
        for n in (30, 60):
            grids = draw(experiment, offsets, (simulations, n), (22, index, n))
            found = [word(within_best(x, points, MARGIN).given) for x in grids]
            halves = rate([word(on_halves(x)) == "CLAIM HOLDS" for x in grids]) if len(points) == 1 else "–"
            holds = rate([w == "CLAIM HOLDS" for w in found], high=ALPHA if false else None)
            opposite = rate([w == "OPPOSITE HOLDS" for w in found], high=ALPHA / 2)
            rows.append((f"{experiment.name}; {words}; {n} seeds", simulations, (holds, opposite, halves)))
    columns = (
        "CLAIM HOLDS (at most 5% where false)",
        "OPPOSITE HOLDS (at most 2.5%)",
        "best chosen on one half: CLAIM HOLDS",
    )
    return Section("Points within the margin of the best of a grid", columns, tuple(rows), NEAR_BEST)


def with_points(offsets: Floats, points: dict[int, float]) -> Floats:
    moved = offsets.copy()
    for point, value in points.items():
        moved[point] = value
    return moved


def on_halves(x: Floats) -> ClaimInput:
    """The same claim about the best as one half of the seeds chooses it, for the other half: what is not done."""
    return compare_best(x, range(x.shape[1]), [0], range(1, POINTS), "noninferior", MARGIN).given


def below(simulations: int) -> Section:
    """Claim that point 0 is below the best of the others."""
    worlds: list[tuple[Experiment, str, Floats]] = [(e, "all alike", ALIKE) for e in (WIDE, SKEWED, FAILING)] + [
        (WIDE, "it is the best by the margin", with_points(np.full(POINTS, -MARGIN), {0: 0.0})),
        (WIDE, "one is a little better, the others worse by the margin", with_points(ONE_BEST, {0: -MARGIN / 10})),
        (WIDE, "all others are better by the margin", with_points(np.full(POINTS, MARGIN), {0: 0.0})),
        (WIDE, "all others are better by three margins", with_points(np.full(POINTS, 3 * MARGIN), {0: 0.0})),
    ]
    rows = []
    for index, (experiment, words, offsets) in enumerate(worlds):
        worse = offsets[0] < offsets.max()
        for n in SEEDS:
            grids = draw(experiment, offsets, (simulations, n), (23, index, n))
            claims = [below_best(x, range(n), 0, MARGIN) for x in grids]
            found = [(word(claim.given), offsets[claim.points[0]]) for claim in claims]
            naive = [word(named(x, 1 + int(np.argmax(x[1:].mean(axis=1))))) for x in grids]
            holds = rate([w == "CLAIM HOLDS" for w, _ in found], high=None if worse else ALPHA / 2)
            opposite = [(w == "OPPOSITE HOLDS", chosen >= offsets[0]) for w, chosen in found]
            cells = (
                holds,
                rate([said for said, _ in opposite]),
                rate([said and wrong for said, wrong in opposite], high=ALPHA / 2),
                rate([said and offsets[1:].max() >= offsets[0] for said, _ in opposite]),
                rate([w == "CLAIM HOLDS" for w in naive]),
            )
            rows.append((f"{experiment.name}; {words}; {n} seeds", simulations, cells))
    columns = (
        "CLAIM HOLDS (at most 2.5% where false)",
        "OPPOSITE HOLDS",
        "... and wrong of the one that was chosen (at most 2.5%)",
        "... and wrong of the best",
        "best chosen on the same seeds: CLAIM HOLDS",
    )
    return Section("A point below the best of a grid", columns, tuple(rows), BELOW)


def named(x: Floats, best: int) -> ClaimInput:
    return ClaimInput(x[[best, 0]], (1.0, -1.0), "greater", MARGIN)


def contrasts(simulations: int) -> Section:
    """An interaction, the trend of a gain over five widths, and a fall from each of four points to the next."""
    widths = np.log2([15, 30, 60, 120, 240])
    slope = trend_weights(widths)
    gain = np.concatenate([widths - widths.mean(), np.zeros(5)])
    fall = -np.arange(4.0)
    kinds: list[tuple[str, Floats, Callable[[Floats], ClaimInput], float]] = [
        ("gain at one width minus gain at another", np.array([1.0, 0, 0, 0]), interaction, MARGIN),
        ("trend of a gain over 5 widths, by a doubling", gain, lambda x: trend(x, slope), MARGIN / 4),
        ("fall over 4 points, each step", fall, lambda x: steps(x, range(4), "less", MARGIN).given, MARGIN),
    ]
    rows = []
    for index, (name, shape, make, unit) in enumerate(kinds):
        for kind, experiment in enumerate((WIDE, SKEWED, FAILING)):
            for words, times in (("none", 0), ("the margin", 1), ("the margin, against it", -1)):
                grids = draw(experiment, times * unit * shape, (simulations, 30), (24, index, kind, times + 1))
                found = [word(make(x)) for x in grids]
                cells = tuple(
                    rate([w == each for w in found], high=None if right else ALPHA / 2)
                    for each, right in zip(DECIDED, (times > 0, times < 0), strict=True)
                )
                undecided = rate([w == "UNDECIDED" for w in found])
                rows.append((f"{name}; {experiment.name}; {words}", simulations, (*cells, undecided)))
    return Section("Contrasts and trends over a grid", (*DECIDED, "UNDECIDED"), tuple(rows), CONTRASTS)


def interaction(x: Floats) -> ClaimInput:
    return ClaimInput(x, (1.0, -1.0, -1.0, 1.0), "greater", MARGIN)


def trend(x: Floats, slope: tuple[float, ...]) -> ClaimInput:
    return ClaimInput(x, (*slope, *(-weight for weight in slope)), "greater", MARGIN / 4)


def readings(simulations: int) -> Section:
    """Six readings, 3 x 2 choices, of a number that is one run of all, of those with one choice, or of none."""
    choices = [{"batch size": batch, "optimizer": name} for batch in ("32", "64", "128") for name in ("Adam", "SGD")]
    last = np.array([reading["batch size"] == "128" for reading in choices])
    worlds = (
        ("true in all", np.zeros(6)),
        ("true except with one batch size, off by two margins", np.where(last, -2 * MARGIN, 0.0)),
        ("true with one batch size only, else off by two margins", np.where(last, 0.0, -2 * MARGIN)),
        ("off by two margins in all", np.full(6, -2 * MARGIN)),
    )
    rows = []
    for index, (words, offsets) in enumerate(worlds):
        for kind, experiment in enumerate((NORMAL, WIDE)):
            grids = draw(experiment, offsets, (simulations, 30), (25, index, kind))
            rng = np.random.default_rng([ROOT_SEED, 25, index, kind, 1])
            articles = np.round(experiment.draw(rng, (simulations,)), 4)
            judged = [
                judge_readings(choices, [judge_number(x, float(y), 0.00005, MARGIN) for x in grid])
                for grid, y in zip(grids, articles, strict=True)
            ]
            refused = [dict(v.counts).get("NOT REPRODUCED", 0) for v in judged]
            decided = [
                any(d.word == "NOT REPRODUCED" and d.choice == "batch size" for d in v.decisions) for v in judged
            ]
            cells = (
                rate([v.word == "REPRODUCED" for v in judged]),
                rate([count == 0 for count in refused]),
                rate([0 < count < 6 for count in refused]),
                rate([count == 6 for count in refused], high=ALPHA if (offsets == 0).any() else None),
                rate(decided),
            )
            rows.append((f"{experiment.name}; {words}", simulations, cells))
    columns = (
        *("REPRODUCED in all", "NOT REPRODUCED in none", "in some", "in all (at most 5% where one is true)"),
        "the batch size decides it",
    )
    return Section("A number under six readings", columns, tuple(rows), READINGS)


def speeds(simulations: int) -> Section:
    """Claim that A reaches a level sooner; a run takes a lognormal time and is followed for 60 epochs."""
    rows = []
    for index, (words, median, sigma) in enumerate(
        (("few never reach it", 25.0, 0.4), ("one in three never reaches it", 50.0, 0.4), ("a fifth faster", 25.0, 0.4))
    ):
        for n in (10, 30):
            rng = np.random.default_rng([ROOT_SEED, 26, index, n])
            times = median * np.exp(sigma * rng.normal(size=(simulations, 2, n)))
            times[:, 0] *= 0.8 if words == "a fifth faster" else 1.0
            found = [word(faster(a, b)) for a, b in times]
            promise = None if words == "a fifth faster" else ALPHA / 2
            cells: tuple[Cell, ...] = (
                rate([w == "CLAIM HOLDS" for w in found], high=promise),
                rate([w == "OPPOSITE HOLDS" for w in found], high=ALPHA / 2),
                rate([w == "UNDECIDED" for w in found]),
                rate((times > 60).ravel()),
            )
            rows.append((f"{words}; {n} seeds", simulations, cells))
    return Section("Epochs until a level", (*DECIDED, "UNDECIDED", "runs that never reach it"), tuple(rows), SPEEDS)


def faster(a: Floats, b: Floats) -> ClaimInput:
    epochs = np.arange(1.0, 61.0)
    first, second = (first_reached(epochs >= times[:, None], epochs, 1.0) for times in (a, b))
    return speed_claim(first, second, "less", 1.0)


BESTS = """The best of eight points is chosen on half of the seeds and measured on the other half. Measured on the seeds
that chose it, it looks better than it is, by a quarter of the runs' sd at 30 seeds where all points are alike; where
one is best by far, choosing costs nothing. The interval on the other half is that of any point with half of the seeds:
right for normal figures, too short where they are skewed, and of no use where some runs fail, since fifteen runs often
hold no failure at all. *Plain best above the other half* is what a report shows as the worth of choosing."""

NEAR_BEST = """That a point is within the margin of the best is shown where it is against every other point, on all
seeds. A point that is exactly the margin below one other passes once in twenty, below several hardly ever. To choose
the best on one half of the seeds and compare on the other errs up to twice as often (sd 1.4 points, 30 seeds), where
the chosen one is no better than the point itself; of points as good as all others it finds 58% instead of 53% with 30
seeds, and 84% instead of 94% with 60. Three points take more seeds than one, for each of 21 comparisons has to be
shown. Where some runs fail, next to nothing is. That some other point is better by more than the margin (OPPOSITE
HOLDS) is corrected for the number of comparisons."""

BELOW = """The best of the other points is chosen on one half of the seeds and compared with the point on the other. To
choose it on the same seeds puts one point in ten below the best that is as good as all others. OPPOSITE HOLDS is right
of the one that was chosen; that may be a lesser point, while another is a little better than the point in question: up
to 7% with 20 seeds. So the verdict is told with the name of the chosen one."""

CONTRASTS = """An interaction, a trend (margin: a quarter of a point by the doubling) and a fall from each of four
points to the next, which is as certain as its least certain step. Weighted sums average, so skewed runs err no more
than normal ones. Where some runs fail, nothing of this size is found."""

READINGS = """Six readings of what an article leaves open, all of them run. A true number is refused in some of them in
3 to 9% of articles, in all of them in 1%. Where the truth depends on one choice, it is found nearly always with an sd
of 0.4 points, and one time in five with 1.4. The more readings, the likelier one of them fits a wrong number: one
that is two margins off is refused by all six in 15% of articles where the sd is 1.4 points, against 29% by a single
reading (above). So it says little that some reading does not refuse a number."""

SPEEDS = """Times are compared up to the horizon of 60 epochs, with runs that never reach the level counted as 60. The
error is kept whether one run in a hundred or one in three never gets there."""
