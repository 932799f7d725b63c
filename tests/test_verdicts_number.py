"""Verdicts on reported figures, by hand, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from repro.verdicts.number import describe, judge_listing, judge_number

FIVE = np.array([0.80, 0.82, 0.84, 0.86, 0.88])
# Mean .84; squares .0016 + .0004 + 0 + .0004 + .0016 = .004, variance .001, s = .0316228, s / sqrt(5) = .0141421.
# t(.975, 4) = 2.7764451, t(.95, 4) = 2.1318468.
PREDICTION = 0.0961789  # 2.7764451 * .0316228 * sqrt(1.2)
CONFIDENCE = 0.0392649  # 2.7764451 * .0141421
NINETY = 0.0301489  # 2.1318468 * .0141421
H = 0.00005
TEN = np.array([0.80, 0.82, 0.84, 0.86, 0.88] * 2)
# Mean .84, variance 2 * .004 / 9 = .00088889, s = .0298142, s / sqrt(10) = .0094281.
# t(.975, 9) = 2.2621572, t(.95, 9) = 1.8331129: prediction .84 ± 2.2621572 * .0298142 * sqrt(1.1) = .0707356,
# 90% interval .84 ± .0172828.
THIRTY = np.arange(30) / 100


def near(center, half):
    return pytest.approx((center - half, center + half), abs=1e-7)


def test_summary_by_hand():
    summary = describe(FIVE)
    assert (summary.n, summary.minimum, summary.maximum) == (5, 0.80, 0.88)
    assert summary.mean == pytest.approx(0.84)
    assert summary.sd == pytest.approx(0.0316228, abs=1e-7)
    assert summary.prediction == near(0.84, PREDICTION)
    assert summary.confidence == near(0.84, CONFIDENCE)


def test_summary_of_one_seed_has_no_intervals():
    summary = describe([0.84])
    assert (summary.n, summary.mean, summary.minimum, summary.maximum) == (1, 0.84, 0.84, 0.84)
    assert (summary.sd, summary.prediction, summary.confidence) == (None, None, None)


def test_number_by_hand():
    v = judge_number(FIVE, article=0.86, half_width=H, margin=0.06)
    assert v.prediction == near(0.84, PREDICTION + H)
    assert v.mean_interval == near(0.84, NINETY)
    assert v.difference == pytest.approx(-0.02)
    assert v.difference_interval == near(-0.02, CONFIDENCE)
    assert (v.article, v.n, v.margin, v.half_width, v.seeds_needed) == (0.86, 5, 0.06, H, None)
    assert (v.mean, v.sd) == (pytest.approx(0.84), pytest.approx(0.0316228, abs=1e-7))


@pytest.mark.parametrize(
    ("article", "margin", "verdict", "tests", "sentence"),
    [
        # Prediction interval (.7692, .9108); 90% interval of the mean (.8227, .8573).
        (
            *(0.85, 0.03, "REPRODUCED", (True, True)),
            "One run could have printed the article's value, and our mean is close to it.",
        ),
        (
            *(0.85, 0.02, "COMPATIBLE", (True, False)),
            "One run could have printed the article's value, though our mean is not shown to be close to it.",
        ),
        (
            *(0.92, 0.10, "CLOSE", (False, True)),
            "The article's value lies above the range of 95% of single runs, "
            "yet our mean is close to it: the difference changes no conclusion.",
        ),
        (
            *(0.76, 0.10, "CLOSE", (False, True)),
            "The article's value lies below the range of 95% of single runs, "
            "yet our mean is close to it: the difference changes no conclusion.",
        ),
        (
            *(0.92, 0.05, "NOT REPRODUCED", (False, False)),
            "The article's value lies above the range of 95% of single runs, "
            "and our mean is not shown to be close to it.",
        ),
        (
            *(0.76, 0.05, "NOT REPRODUCED", (False, False)),
            "The article's value lies below the range of 95% of single runs, "
            "and our mean is not shown to be close to it.",
        ),
    ],
)
def test_each_verdict_and_its_sentence(article, margin, verdict, tests, sentence):
    v = judge_number(TEN, article, H, margin)
    assert (v.verdict, (v.in_prediction, v.close), v.at_edge, v.sentence) == (verdict, tests, False, sentence)


@pytest.mark.parametrize(("margin", "close"), [(0.0222, False), (0.0223, True)])
@pytest.mark.parametrize("article", [0.835, 0.845])
def test_close_is_the_whole_90_percent_interval_within_margin_and_rounding(article, margin, close):
    # It reaches .0172828 beyond the mean, which is .005 away: .0222828 in all, .00005 of which is rounding.
    assert judge_number(TEN, article, H, margin).close is close


@pytest.mark.parametrize(("n", "verdict"), [(5, "COMPATIBLE"), (9, "COMPATIBLE"), (10, "REPRODUCED")])
def test_fewer_than_ten_seeds_earn_compatible_at_most(n, verdict):
    v = judge_number(TEN[:n], 0.84, H, 0.5)
    assert (v.verdict, v.in_prediction, v.close) == (verdict, True, True)
    assert v.sentence == "One run could have printed the article's value, and our mean is close to it" + (
        "; fewer than 10 seeds earn no more." if n < 10 else "."
    )
    assert judge_number(TEN[:n], 2.0, H, 2.0).verdict == "CLOSE"
    assert judge_number(TEN[:n], 2.0, H, 0.1).verdict == "NOT REPRODUCED"


@pytest.mark.parametrize(("n", "more"), [(1, 4), (2, 3), (4, 1)])
@pytest.mark.parametrize("margin", [0.5, None])
def test_too_few_seeds_says_how_many_more(n, more, margin):
    v = judge_number(FIVE[:n], 0.84, H, margin)
    assert (v.verdict, v.n, v.seeds_needed, v.at_edge) == ("TOO FEW SEEDS", n, 5, False)
    assert v.sentence == f"A verdict needs at least 5 seeds and has {n}: run {more} more."


def test_one_seed_leaves_spread_and_intervals_undefined():
    v = judge_number([0.84], 0.85, H, 0.05)
    assert (v.sd, v.prediction, v.mean_interval, v.difference_interval) == (None, None, None, None)
    assert (v.in_prediction, v.close, v.rank, v.difference) == (False, False, (2, 2), pytest.approx(-0.01))


@pytest.mark.parametrize(
    ("article", "place", "rank"), [(0.85, "within", (7, 7)), (0.92, "above", (11, 11)), (0.76, "below", (1, 1))]
)
def test_without_a_margin_a_value_is_ranked_and_no_more(article, place, rank):
    v = judge_number(TEN, article, H, None)
    assert (v.verdict, v.margin, v.close, v.at_edge, v.rank) == ("NOT JUDGED", None, False, False, rank)
    assert v.in_prediction is (place == "within")
    assert v.mean_interval == near(0.84, 0.0172828)
    assert v.sentence == (
        f"The article's value lies {place} the range of 95% of single runs; "
        "without a resolution it is ranked, not judged."
    )


@pytest.mark.parametrize(("article", "verdict"), [(0.88004, "REPRODUCED"), (0.8812, "CLOSE"), (0.90, "NOT REPRODUCED")])
def test_seeds_that_all_agree_leave_it_to_rounding_and_margin(article, verdict):
    v = judge_number(np.full(10, 0.88), article, H, 0.006)
    assert v.verdict == verdict
    assert (v.sd, v.mean_interval) == (0.0, (0.88, 0.88))
    assert v.prediction == near(0.88, H)


def test_without_spread_rounding_and_margin_only_the_same_figure_is_reproduced():
    same = np.full(10, np.float32(0.1))
    assert judge_number(same, 0.1, 0.0, 0.0).verdict == "REPRODUCED"  # though not to the last bit
    assert judge_number(same, 0.1001, 0.0, 0.0).verdict == "NOT REPRODUCED"


@pytest.mark.parametrize(
    ("article", "half_width", "rank"),
    [
        (0.70, 0.0, (1, 1)),
        (0.84, 0.0, (3, 4)),  # two of ours below, one equal
        (0.85, 0.0, (4, 4)),
        (0.95, 0.0, (6, 6)),
        (0.84, 0.0201, (2, 5)),  # .82, .84 and .86 would be printed as the article's figure
    ],
)
def test_rank_among_all_six_values(article, half_width, rank):
    assert judge_number(FIVE, article, half_width, 0.05).rank == rank


@pytest.mark.parametrize(
    ("article", "rank", "edge"),
    [
        (-0.005, (1, 1), "lowest"),
        (0.015, (3, 3), "lowest"),
        (0.02, (3, 4), None),
        (0.025, (4, 4), None),
        (0.265, (28, 28), None),
        (0.27, (28, 29), None),
        (0.275, (29, 29), "highest"),
        (0.295, (31, 31), "highest"),
    ],
)
def test_the_outer_tenth_of_31_values_is_three_ranks_at_either_end(article, rank, edge):
    v = judge_number(THIRTY, article, 0.0, 0.001)
    assert (v.verdict, v.rank, v.at_edge) == ("COMPATIBLE", rank, edge is not None)
    assert ("the value is at the edge" in v.sentence) is (edge is not None)
    assert edge is None or v.sentence.endswith(f"; the value is at the edge, among the {edge} tenth.")


def test_the_edge_is_that_of_the_ranks_though_an_outlier_pulls_the_mean_beyond():
    v = judge_number(np.append(np.zeros(29), 1000.0), 1.0, 0.0, 0.5)
    assert (v.rank, v.at_edge, v.mean > v.article) == ((30, 30), True, True)
    assert v.sentence.endswith("among the highest tenth.")


def test_only_a_compatible_value_is_at_the_edge():
    assert judge_number(THIRTY, 0.005, 0.0, 0.5).verdict == "REPRODUCED"
    assert judge_number(THIRTY, 0.005, 0.0, 0.5).at_edge is False
    assert judge_number(THIRTY, 0.5, 0.0, 0.001).at_edge is False


@pytest.mark.parametrize(("n", "edge"), [(8, False), (9, True)])
@pytest.mark.parametrize("article", [-0.5, 0.5])
def test_nine_seeds_are_the_fewest_that_have_an_outer_tenth(n, edge, article):
    v = judge_number(np.linspace(-0.4, 0.4, n), article, 0.0, 0.001)
    assert (v.verdict, v.at_edge) == ("COMPATIBLE", edge)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.8, np.nan], 0.8, H, 0.05), "values: expected finite figures, got 1 of 2 that are NaN or infinite"),
        ((FIVE, np.inf, H, 0.05), "article: expected a finite figure, got inf"),
        ((FIVE, 0.8, -H, 0.05), "half_width: expected a number of 0 or more, got -5e-05"),
        ((FIVE, 0.8, H, np.nan), "margin: expected a number of 0 or more, got nan"),
    ],
)
def test_bad_figures_are_refused(arguments, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        judge_number(*arguments)
    assert str(caught.value) == message


def test_a_listing_by_hand():
    # Each of 0 .. 19 against the 19 others, at one step: 0 (mean 10, s = sqrt(570 / 18) = 5.6273,
    # t(.975, 18) = 2.1009220, times sqrt(20/19): 12.1296) and 19 lie inside. So does no figure of ours lie outside,
    # at this step and at the same step again; the article's lies outside once, the other time inside.
    values = np.repeat(np.arange(20.0)[:, None], 2, axis=1)
    v = judge_listing(values, [30.0, 10.0], 0.0)
    assert (v.outside, v.expected, v.probability, v.verdict) == (1, 0.0, pytest.approx(1 / 21), "NOT REPRODUCED")
    assert [(one.verdict, one.in_prediction) for one in v.each] == [("NOT JUDGED", False), ("NOT JUDGED", True)]
    assert v.sentence == "More of the listed values lie outside the range of 95% of single runs than chance explains."
    # Rounding by 6 more reaches it: 9.5 ± (2.0930241 * 5.9160798 * sqrt(1.05) = 12.6883) + 8
    assert judge_listing(values, [30.0, 10.0], 8.0).outside == 0


def test_runs_of_ours_that_lie_outside_are_what_is_expected():
    # 30 runs at 0 or 1 and one at 9: against the 30 others (s = .5085, t(.975, 29) = 2.0452) 9 lies outside at all
    # three steps; against others among which it is (s = 1.6 and more) no other run does.
    values = np.repeat(np.append(np.resize([0.0, 1.0], 30), 9.0)[:, None], 3, axis=1)
    v = judge_listing(values, [0.0, 9.0, 9.0], 0.0)
    assert (v.outside, v.expected, v.probability) == (2, pytest.approx(3 / 31), pytest.approx(2 / 32))
    assert v.verdict == "COMPATIBLE"
    assert (
        v.sentence == "No more of the listed values lie outside the range of 95% of single runs than chance explains."
    )
    assert judge_listing(values, [0.0, 0.0, 0.0], 0.0).probability == 1.0


@pytest.mark.parametrize(("n", "verdict"), [(5, "COMPATIBLE"), (18, "COMPATIBLE"), (19, "NOT REPRODUCED")])
def test_a_listing_of_fewer_than_19_seeds_cannot_be_refused_and_says_so(n, verdict):
    values = np.repeat(np.arange(float(n))[:, None], 2, axis=1)
    v = judge_listing(values, [99.0, -99.0], 0.0)
    assert (v.outside, v.probability, v.verdict) == (2, pytest.approx(1 / (n + 1)), verdict)
    assert ("cannot show" in v.sentence) is (n < 19)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_listing_of_too_few_seeds(n):
    v = judge_listing(np.arange(2.0 * n).reshape(n, 2), [99.0, 0.0], 0.0)
    assert (v.verdict, v.probability, len(v.each)) == ("TOO FEW SEEDS", None, 2)
    assert v.sentence == f"A verdict needs at least 5 seeds and has {n}: run {5 - n} more."


def test_a_listing_of_other_steps_is_refused():
    with pytest.raises(
        ValueError, match=r"^values: expected a matrix of seeds by 2 steps, got an array of shape \(5,\)$"
    ):
        judge_listing(FIVE, [0.8, 0.9], H)


def four_sigma(runs, rate):
    """Bounds that a rate of `runs` independent simulations leaves once in some 16,000 times."""
    return pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / runs))


def test_one_true_number_in_twenty_falls_outside():
    draws = np.random.default_rng(1).normal(0.85, 0.02, size=(2000, 31))
    outside = [not judge_number(x[1:], x[0], 0.0, 0.05).in_prediction for x in draws]
    assert np.mean(outside) == four_sigma(2000, 0.05)


def test_a_mean_at_the_margin_is_called_close_once_in_twenty():
    draws = np.random.default_rng(2).normal(0.85, 0.02, size=(2000, 30))
    close = [judge_number(x, 0.85 + 0.05 + H, H, 0.05).close for x in draws]
    assert np.mean(close) == four_sigma(2000, 0.05)


def test_at_most_one_true_listing_in_twenty_is_refused_though_its_steps_are_alike():
    rng = np.random.default_rng(3)
    draws = 0.85 + 0.02 * (rng.normal(size=(400, 31, 1)) + 0.5 * rng.normal(size=(400, 31, 8)))
    refused = [judge_listing(x[1:], x[0], 0.0).verdict == "NOT REPRODUCED" for x in draws]
    assert np.mean(refused) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)
