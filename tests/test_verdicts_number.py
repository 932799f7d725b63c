"""Verdicts on a reported figure, by hand, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from repro.verdicts.number import accuracy_margin, describe, judge_number

FIVE = np.array([0.80, 0.82, 0.84, 0.86, 0.88])
# Mean .84; squares .0016 + .0004 + 0 + .0004 + .0016 = .004, variance .001, s = .0316228, s / sqrt(5) = .0141421.
# t(.975, 4) = 2.7764451, t(.95, 4) = 2.1318468.
PREDICTION = 0.0961789  # 2.7764451 * .0316228 * sqrt(1.2)
CONFIDENCE = 0.0392649  # 2.7764451 * .0141421
NINETY = 0.0301489  # 2.1318468 * .0141421
H = 0.00005


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
    assert v.confidence == near(0.84, CONFIDENCE)
    assert (v.article, v.n, v.margin, v.half_width) == (0.86, 5, 0.06, H)
    assert (v.mean, v.sd) == (pytest.approx(0.84), pytest.approx(0.0316228, abs=1e-7))


@pytest.mark.parametrize(
    ("article", "margin", "verdict", "tests", "sentence"),
    [
        # Prediction interval (.7438, .9362); 90% interval of the mean (.8099, .8701).
        (
            *(0.86, 0.06, "REPRODUCED", (True, True)),
            "Our mean is within the margin, and a run like the article's is an ordinary one.",
        ),
        (
            *(0.90, 0.06, "CONSISTENT", (True, False)),
            "A run like the article's is plausible, but closeness of the mean is not shown.",
        ),
        (
            *(0.95, 0.15, "CLOSE", (False, True)),
            "Our mean is within the margin, yet the article's value lies outside the range of 95% of single runs.",
        ),
        (
            *(0.95, 0.05, "NOT REPRODUCED", (False, False)),
            "The article's value lies above the range of 95% of single runs, "
            "and our mean is not shown to be within the margin.",
        ),
        (
            *(0.70, 0.05, "NOT REPRODUCED", (False, False)),
            "The article's value lies below the range of 95% of single runs, "
            "and our mean is not shown to be within the margin.",
        ),
    ],
)
def test_each_verdict_and_its_sentence(article, margin, verdict, tests, sentence):
    v = judge_number(FIVE, article, H, margin)
    assert (v.verdict, (v.in_prediction, v.equivalent), v.sentence) == (verdict, tests, sentence)


@pytest.mark.parametrize(("n", "more"), [(1, 4), (2, 3), (4, 1)])
def test_too_few_seeds_says_how_many_more(n, more):
    v = judge_number(FIVE[:n], 0.84, H, 0.5)
    assert (v.verdict, v.n) == ("TOO FEW SEEDS", n)
    assert v.sentence == f"A verdict needs at least 5 seeds and has {n}: run {more} more."


def test_one_seed_leaves_spread_and_intervals_undefined():
    v = judge_number([0.84], 0.84, H, 0.05)
    assert (v.sd, v.prediction, v.mean_interval, v.confidence) == (None, None, None, None)
    assert (v.in_prediction, v.equivalent, v.rank) == (False, False, (1, 2))


@pytest.mark.parametrize(("article", "verdict"), [(0.88004, "REPRODUCED"), (0.8812, "CLOSE"), (0.90, "NOT REPRODUCED")])
def test_seeds_that_all_agree_leave_it_to_rounding_and_margin(article, verdict):
    v = judge_number(np.full(10, 0.88), article, H, 0.006)
    assert v.verdict == verdict
    assert (v.sd, v.mean_interval) == (0.0, (0.88, 0.88))
    assert v.prediction == near(0.88, H)


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
    ("y", "n_test", "points"),
    [
        (0.5, 100, 9.8),  # 1.96 * sqrt(.25 / 100) = 1.96 * .05
        (0.8604, 208, 4.71),  # sqrt(.8604 * .1396 / 208) = .02403
        (0.8812, 10_000, 0.634),  # sqrt(.8812 * .1188 / 10000) = .003236
        (0.9635, 10_000, 0.368),
        (1.0, 10_000, 0.0),
    ],
)
def test_default_margin(y, n_test, points):
    assert 100 * accuracy_margin(y, n_test) == pytest.approx(points, abs=5e-3)


@pytest.mark.parametrize(("y", "n_test"), [(86.04, 208), (-0.1, 208), (0.86, 0), (float("nan"), 208)])
def test_default_margin_refuses_what_is_no_accuracy(y, n_test):
    with pytest.raises(ValueError, match=f"between 0 and 1 and at least one test row, got {y} and {n_test}$"):
        accuracy_margin(y, n_test)


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


def four_sigma(runs, rate):
    """Bounds that a rate of `runs` independent simulations leaves once in some 16,000 times."""
    return pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / runs))


def test_one_true_number_in_twenty_falls_outside():
    draws = np.random.default_rng(1).normal(0.85, 0.02, size=(2000, 31))
    outside = [not judge_number(x[1:], x[0], 0.0, 0.05).in_prediction for x in draws]
    assert np.mean(outside) == four_sigma(2000, 0.05)


def test_a_mean_at_the_margin_is_called_equivalent_once_in_twenty():
    draws = np.random.default_rng(2).normal(0.85, 0.02, size=(2000, 30))
    equivalent = [judge_number(x, 0.85 + 0.05 + H, H, 0.05).equivalent for x in draws]
    assert np.mean(equivalent) == four_sigma(2000, 0.05)
