"""Verdicts over a grid of variants: by hand, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from repro.verdicts.claim import judge_claim, judge_claims
from repro.verdicts.grid.best import below_best, compare_best, judge_best
from repro.verdicts.grid.region import all_of, steps, within_best
from repro.verdicts.grid.trend import trend_weights
from repro.verdicts.intervals import sd_of
from repro.verdicts.power import seeds_to_decide, seeds_to_show_equivalence
from repro.verdicts.types import ClaimInput

FIVE = np.array([0.01, 0.03, 0.02, 0.04, 0.0])
# Mean .02; squares .0001 + .0001 + 0 + .0004 + .0004 = .001, variance .00025, s / sqrt(5) = .0070711.


def halves(even, odd):
    """A point's figures over seeds 0 to 9, its even and odd ones apart."""
    row = np.empty(10)
    row[::2], row[1::2] = even, odd
    return row


GRID = np.array([halves(0.80, 0.80 + FIVE), halves(0.90, 0.80 + FIVE), halves(0.85, 0.99)])
"""Even means .80, .90 and .85; odd ones .82, .82 and .99; all together .81, .86 and .92."""


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_the_best_of_a_grid_by_hand(better):
    v = judge_best(GRID if better == "higher" else 1 - GRID, range(10), better)
    assert (v.better, v.point, v.choosing, v.over.n, v.plain_point, v.plain.n) == (better, 1, 5, 5, 2, 10)
    mean = 0.82 if better == "higher" else 0.18
    assert v.over.mean == pytest.approx(mean)
    assert v.over.confidence == pytest.approx((mean - 0.0196324, mean + 0.0196324), abs=1e-7)  # 2.7764451 * .0070711
    assert v.plain.mean == pytest.approx(0.92 if better == "higher" else 0.08)
    assert v.flattery == pytest.approx(0.1)
    assert sum(v.shares) == pytest.approx(1)
    assert v.sentence == (
        "The even seeds chose the point, the odd ones measured it; "
        "which point is the best is not settled: other seeds may choose another."
    )


def test_a_seed_belongs_to_a_half_by_its_number_wherever_it_stands():
    order = np.random.default_rng(1).permutation(10)
    v, moved = judge_best(GRID, range(10)), judge_best(GRID[:, order], order.tolist())
    assert (moved.point, moved.over.mean, moved.plain.mean) == (v.point, pytest.approx(0.82), pytest.approx(0.92))


def test_shares_are_those_of_a_bootstrap_over_the_seeds():
    # Two seeds drawn from two: both the first 1/4 (1 against 0), one of each 1/2 (.5 against .25), both the second 1/4.
    v = judge_best([[1.0, 0.0], [0.0, 0.5]], [0, 1])
    assert v.shares == pytest.approx((0.75, 0.25), abs=4 * np.sqrt(0.75 * 0.25 / 2000))
    assert judge_best([[1.0, 0.0], [0.0, 0.5]], [0, 1]) == v


def test_a_choice_is_settled_where_all_seeds_agree_on_it():
    v = judge_best(np.array([[0.7], [0.9], [0.8]]) + halves(FIVE, FIVE), range(10))
    assert (v.point, v.plain_point, v.shares) == (1, 1, (0.0, 1.0, 0.0))
    assert v.flattery == pytest.approx(0)
    assert v.sentence == (
        "The even seeds chose the point, the odd ones measured it; "
        "all seeds together choose the same, and nearly always other seeds would."
    )


def test_a_choice_of_both_is_not_settled_where_other_seeds_may_choose_another():
    # Ten seeds of mean .005; variance .002 / 9, so their mean is 1.06 standard errors above 0.
    v = judge_best(np.array([halves(FIVE, FIVE) - 0.015, np.zeros(10)]), range(10))
    assert (v.point, v.plain_point) == (0, 0)
    assert 0.7 < v.shares[0] < 0.95
    assert v.sentence.endswith("which point is the best is not settled: other seeds may choose another.")


def test_of_points_that_tie_the_first_is_the_best():
    v = judge_best(np.tile(0.8 + FIVE, (3, 1)) + np.array([[0.0], [5e-8], [0.0]]), range(5))
    assert (v.point, v.plain_point, v.shares) == (0, 0, (1.0, 0.0, 0.0))


def test_too_few_seeds_say_how_many_there_are_of_each_half():
    assert judge_best(GRID[:, :7], range(7)).sentence == (
        "To choose and to measure take at least 5 seeds each; 4 even and 3 odd seeds are too few."
    )


@pytest.mark.parametrize(
    ("values", "seeds", "better", "message"),
    [
        (GRID[0], range(10), "higher", "values: expected a matrix, got an array of shape (10,)"),
        (GRID * np.nan, range(10), "lower", "values: expected finite figures, got 30 of 30 that are NaN or infinite"),
        (GRID, range(9), "lower", f"seeds: expected 10 different numbers, got {list(range(9))}"),
        (GRID[:, :3], [1, 2, 2], "lower", "seeds: expected 3 different numbers, got [1, 2, 2]"),
        (
            *(GRID[:, :2], [2, 4], "lower"),
            "seeds: expected even ones to choose and odd ones to measure, got [2, 4]",
        ),
        (GRID, range(10), "largest", "better: expected higher or lower, got 'largest'"),
    ],
)
def test_what_is_no_grid_is_refused(values, seeds, better, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        judge_best(values, seeds, better)
    assert str(caught.value) == message


HALF = " Half of the seeds chose what is compared, the other half judges it."


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_the_best_of_others_is_chosen_on_the_even_seeds_and_compared_on_the_odd_ones(better):
    correct = np.random.default_rng(1).random((3, 10, 4)) < 0.5
    values = GRID if better == "higher" else 1 - GRID
    found = below_best(values, range(10), 0, 0.01, better=better, correct=correct)
    given = found.given
    assert found.points == (1, 0)
    np.testing.assert_array_equal(given.values, values[[1, 0], 1::2])
    np.testing.assert_array_equal(given.correct, correct[[1, 0], 1::2])
    direction = "greater" if better == "higher" else "less"
    assert (given.weights, given.direction, given.margin, given.half) == ((1, -1), direction, 0.01, True)
    # Though all seeds together put point 2 far above: the choice never sees the odd ones.
    (v,) = judge_claims([given])
    assert (v.verdict, v.n, v.half) == ("NO MATERIAL DIFFERENCE", 5, True)
    assert v.sentence.endswith(f"it changes no conclusion.{HALF}")


def test_the_best_of_each_of_two_groups_is_compared():
    grid = np.vstack([GRID, GRID[:1] + 0.07])
    found = compare_best(grid, range(10), [0, 1], [2, 3], "equivalent", 0.2)
    assert found.points == (1, 3)  # .90 against .80, and .87 against .85
    (v,) = judge_claims([found.given])
    assert (v.difference, v.verdict) == (pytest.approx(-0.07), "CLAIM HOLDS")


@pytest.mark.parametrize(("first", "second"), [([], [1]), ([0], []), ([0, 3], [1]), ([0, 1], [1]), ([-1], [1])])
def test_groups_that_are_none_are_refused(first, second):
    with pytest.raises(ValueError, match=r"^points: expected two groups of rows 0 to 2, got "):
        compare_best(GRID, range(10), first, second, "greater", 0.01)


def test_seeds_needed_count_both_halves():
    noise = np.resize([0.05, -0.04], 20)
    grid = np.array([halves_of(0.9, noise), halves_of(0.85, 0 * noise), halves_of(0.8, 0 * noise)])
    (v,) = judge_claims([below_best(grid, range(40), 1, 0.01).given])
    # s = .045 sqrt(20/19) = .0461690, as in the test of a claim by itself: 330 seeds of the judging half
    assert seeds_to_decide(0.0461690, 0.01, 20, 0.05) == 330
    assert (v.n, v.verdict, v.seeds_needed) == (20, "UNDECIDED", 660)
    assert f"about 660 seeds decide.{HALF}" in v.sentence
    (few,) = judge_claims([below_best(GRID[:, :8], range(8), 0, 0.01).given])
    assert (few.verdict, few.seeds_needed) == ("TOO FEW SEEDS", 10)
    assert few.sentence == "A verdict needs at least 5 seeds in each half and has 4: run 2 more."


def test_claims_about_a_grid_stand_among_the_others_of_their_article():
    correct = np.random.default_rng(9).random((3, 40, 60)) < np.array([0.9, 0.5, 0.5])[:, None, None]
    grid = correct.mean(axis=2)
    below, near = below_best(grid, range(40), 2, 0.01, correct=correct), within_best(grid, [0], 0.01, correct=correct)
    other = ClaimInput(grid[1:], (1, -1), "equivalent", 0.01)
    judged = judge_claims([below.given, near.given, other])
    assert [v.verdict for v in judged] == ["CLAIM HOLDS", "CLAIM HOLDS", "UNDECIDED"]
    assert [v.n for v in judged] == [20, 40, 40]
    assert [v.beyond and (v.beyond.word, v.beyond.rows) for v in judged] == [("shown", 60), ("shown", 60), None]
    assert judged[2].p_holm == judged[2].p_value
    assert all(v.p_holm >= v.p_value for v in judged)


def halves_of(even, odd):
    """Forty seeds of a point, the even ones all the same and the odd ones at .85 and so much more."""
    row = np.full(40, even)
    row[1::2] = 0.85 + odd
    return row


def test_a_point_is_within_the_margin_of_the_best_where_its_least_favourable_comparison_says_so():
    grid = np.array([0.80 + FIVE, 0.82 + 0 * FIVE, 0.70 + 0 * FIVE])
    found = within_best(grid, [0], 0.03)
    # Against point 1 the mean is 0, .03 from the margin: 4.24264 standard errors, P(T(4) > 4.24264) = .00662
    assert (found.points, found.given.stands_for) == ((0, 1), 2)
    (v,) = judge_claims([found.given])
    assert (v.verdict, v.p_value) == ("CLAIM HOLDS", pytest.approx(0.00662, abs=5e-6))
    assert v.sentence == (
        "Whatever mean difference there is on these rows, it is not below 0 by the resolution. "
        "It is the least favourable of 2 comparisons, all of which are claimed."
    )


def test_a_region_is_within_the_margin_where_each_point_is_against_every_other():
    rng = np.random.default_rng(2)
    for _ in range(100):
        grid = rng.normal(0.8, 0.014, (5, 30)) + np.array([0.0, 0.004, 0.0, -0.01, -0.02])[:, None]
        (v,) = judge_claims([within_best(grid, [0, 2], 0.01).given])
        each = [judge_claim(grid[p], grid[j], "noninferior", 0.01) for p in (0, 2) for j in range(5) if j != p]
        assert (v.verdict == "CLAIM HOLDS") == all(one.verdict == "CLAIM HOLDS" for one in each)
        assert v.p_value == max(one.p_value for one in each) or v.difference < -0.01
        (lower,) = judge_claims([within_best(1 - grid, [0, 2], 0.01, better="lower").given])
        assert (lower.verdict, lower.p_value) == (v.verdict, pytest.approx(v.p_value))


def test_the_best_itself_is_within_the_margin_of_the_best_however_far_it_leads():
    grid = np.array([0.90 + FIVE, 0.80 + 0 * FIVE, 0.70 + 0 * FIVE])
    (v,) = judge_claims([within_best(grid, [0], 0.01).given])
    assert v.verdict == "CLAIM HOLDS"


def test_the_opposite_of_a_region_is_one_of_many_that_could_have_been_found():
    grid = np.array([0.80 + FIVE, 0.84 + 0 * FIVE, 0.70 + 0 * FIVE, 0.71 + 0 * FIVE])
    (v,) = judge_claims([within_best(grid, [0], 0.01).given])
    # .01 beyond the margin is 1.41421 standard errors: two-sided .2302, of three comparisons
    assert (v.verdict, v.p_value) == ("UNDECIDED", pytest.approx(3 * 0.2302, abs=3e-4))
    grid[1] += 0.05
    (v,) = judge_claims([within_best(grid, [0], 0.01).given])
    # 8.4853 standard errors: .001058 two-sided
    assert (v.verdict, v.p_value) == ("OPPOSITE HOLDS", pytest.approx(3 * 0.001058, abs=3e-6))
    assert v.sentence.startswith("The mean difference on these rows is below 0 by more than the resolution. It is the")


def test_the_seeds_that_a_region_needs_have_power_for_all_its_comparisons():
    noise = np.resize([0.05, -0.05], 20)
    grid = np.array([0.8 + noise, np.full(20, 0.8), np.full(20, 0.8)])
    (v,) = judge_claims([within_best(grid, [0], 0.01).given])
    # s = .05 sqrt(20/19) = .0512989; (t(.95) + t(.9)) s / sqrt(226) = (1.65166 + 1.28527) * .0034124 = .0100219
    assert v.verdict == "UNDECIDED"
    assert v.seeds_needed == seeds_to_show_equivalence(sd_of(noise), 0.01, 20, 0.05) == 227
    assert seeds_to_show_equivalence(sd_of(noise), 0.01, 20, 0.05, 1) < 227


def test_all_rows_of_the_least_favourable_comparison_go_with_it():
    correct = np.random.default_rng(3).random((3, 5, 7)) < 0.5
    grid = np.array([0.80 + FIVE, 0.82 + 0 * FIVE, 0.70 + 0 * FIVE])
    np.testing.assert_array_equal(within_best(grid, [0], 0.03, correct=correct).given.correct, correct[[0, 1]])


@pytest.mark.parametrize("points", [[], [0, 0], [3], [-1]])
def test_points_that_are_none_are_refused(points):
    with pytest.raises(ValueError, match=r"^points: expected different rows, 0 to 2, of two or more, got "):
        within_best(GRID, points, 0.01)


def test_a_fall_from_each_point_to_the_next():
    grid = np.array([0.90 + FIVE, 0.86 + 0 * FIVE, 0.80 + 0 * FIVE, 0.95 + 0 * FIVE])
    found = steps(grid, [0, 1, 2], "less", 0.01)
    # From .92 to .86 with some spread, from .86 to .80 with none: the first is the less certain
    assert (found.points, found.given.stands_for, found.given.direction) == ((1, 0), 2, "less")
    (v,) = judge_claims([found.given])
    assert (v.verdict, v.difference, v.p_value) == (
        "CLAIM HOLDS",
        pytest.approx(-0.06),
        pytest.approx(0.001058, abs=1e-6),
    )
    (rising,) = judge_claims([steps(grid, [0, 1, 2, 3], "less", 0.01).given])
    assert (rising.verdict, rising.difference) == ("OPPOSITE HOLDS", pytest.approx(0.15))
    with pytest.raises(ValueError, match=r"^points: expected two or more different rows, 0 to 3, got \[0\]$"):
        steps(grid, [0], "less", 0.01)


def test_that_the_least_step_is_immaterial_is_not_said_of_it():
    values = np.array([0.8 + np.resize([0.001, -0.001], 20), np.full(20, 0.8)])
    alone, chosen = (
        judge_claims([ClaimInput(values, (1, -1), "greater", 0.01, stands_for=count)])[0] for count in (1, 3)
    )
    assert (alone.verdict, chosen.verdict, chosen.seeds_needed) == ("NO MATERIAL DIFFERENCE", "UNDECIDED", None)
    assert chosen.sentence == (
        "Neither the claim nor its opposite is shown, and a difference may matter; "
        "no set number of seeds is sure to decide. "
        "It is the least favourable of 3 comparisons, all of which are claimed."
    )
    values[0] += 0.002
    alone, chosen = (
        judge_claims([ClaimInput(values, (1, -1), "greater", 0.01, stands_for=count)])[0] for count in (1, 3)
    )
    assert (alone.verdict, alone.small, chosen.verdict, chosen.small) == ("CLAIM HOLDS", True, "CLAIM HOLDS", False)
    assert alone.p_value == chosen.p_value


def test_claims_that_stand_for_several_add_up():
    fall, below = steps(GRID, [0, 1, 2], "less", 0.01), below_best(GRID, range(10), 0, 0.01)
    assert all_of([fall, below]).given.stands_for == 3
    assert all_of([below, below]).given.half is True
    with pytest.raises(ValueError, match=r"^claims: expected at least one, got none$"):
        all_of([])


@pytest.mark.parametrize(
    ("x", "weights"),
    [
        ([0, 1, 2], (-1 / 2, 0, 1 / 2)),
        (np.log2([60, 120, 240]), (-1 / 2, 0, 1 / 2)),
        # Mean 4/3; -4/3, -1/3 and 5/3 from it; squares 16/9 + 1/9 + 25/9 = 14/3
        ([0, 1, 3], (-2 / 7, -1 / 14, 5 / 14)),
        ([5, 3], (1 / 2, -1 / 2)),
    ],
)
def test_trend_weights_by_hand(x, weights):
    assert trend_weights(x) == pytest.approx(weights)


@pytest.mark.parametrize("x", [[1.0], [2.0, 2.0]])
def test_a_trend_over_one_value_is_refused(x):
    with pytest.raises(ValueError, match=f"^x: expected two different values or more, got \\{x}$"):
        trend_weights(x)


def test_a_trend_is_the_slope_of_the_line_through_the_means():
    x, grid = [0.0, 0.05, 0.2, 0.5], np.random.default_rng(4).normal(0.8, 0.02, (4, 12))
    (v,) = judge_claims([ClaimInput(grid, trend_weights(x), "greater", 0.0)])
    assert v.difference == pytest.approx(np.polyfit(x, grid.mean(axis=1), 1)[0])
    slopes = [np.polyfit(x, seed, 1)[0] for seed in grid.T]
    alone = judge_claim(slopes, np.zeros(12), "greater", 0.0)
    assert v.interval == pytest.approx(alone.interval)
    assert v.p_value == pytest.approx(alone.p_value)


def test_the_trend_of_a_gain_over_two_widths_is_their_contrast_of_contrasts_by_the_doubling():
    grid = np.random.default_rng(5).normal(0.8, 0.02, (4, 12))  # with it at 60 and 240, without it at 60 and 240
    slope = trend_weights(np.log2([60, 240]))
    (trend,) = judge_claims([ClaimInput(grid, (*slope, *(-w for w in slope)), "greater", 0.01)])
    (contrast,) = judge_claims([ClaimInput(grid, (-1, 1, 1, -1), "greater", 0.02)])
    gains = (grid[1] - grid[3]) - (grid[0] - grid[2])
    assert contrast.difference == pytest.approx(gains.mean())
    assert trend.difference == pytest.approx(gains.mean() / 2)
    assert (trend.verdict, trend.p_value) == (contrast.verdict, pytest.approx(contrast.p_value))


def four_sigma(runs, rate):
    """Bounds that a rate of `runs` independent simulations leaves once in some 16,000 times."""
    return pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / runs))


def test_the_interval_of_the_best_holds_its_mean_in_95_percent_and_that_of_the_plain_best_does_not():
    judged = [judge_best(x, range(20)) for x in np.random.default_rng(6).normal(0, 1, (1000, 8, 20))]
    assert np.mean([v.over.confidence[0] <= 0 <= v.over.confidence[1] for v in judged]) == four_sigma(1000, 0.95)
    assert np.mean([v.plain.confidence[0] <= 0 <= v.plain.confidence[1] for v in judged]) < 0.9
    # The largest of 8 standard normal means is 1.4236 standard errors too high on average.
    assert np.mean([v.plain.mean for v in judged]) == pytest.approx(1.4236 / np.sqrt(20), abs=0.02)
    assert np.mean([v.over.mean for v in judged]) == pytest.approx(0, abs=4 / np.sqrt(10_000))


def test_where_no_point_is_better_one_in_forty_is_called_below_the_best():
    grids = np.random.default_rng(7).normal(0, 1, (1000, 8, 20))
    words = [judge_claims([below_best(x, range(20), 0, 1e-6).given])[0].verdict for x in grids]
    assert np.mean([word == "CLAIM HOLDS" for word in words]) == four_sigma(1000, 0.025)


def test_a_point_one_margin_below_the_best_is_called_within_it_once_in_twenty():
    grids = np.random.default_rng(8).normal(0, 1, (1000, 4, 20)) + np.array([0.0, 1.0, -5.0, -5.0])[:, None]
    words = [judge_claims([within_best(x, [0], 1.0).given])[0].verdict for x in grids]
    assert np.mean([word == "CLAIM HOLDS" for word in words]) == four_sigma(1000, 0.05)
    grids += np.array([0.0, 0.0, 6.0, 6.0])[:, None]
    words = [judge_claims([within_best(x, [0], 1.0).given])[0].verdict for x in grids]
    assert np.mean([word == "OPPOSITE HOLDS" for word in words]) < 0.045  # 2.5%, and four standard errors
