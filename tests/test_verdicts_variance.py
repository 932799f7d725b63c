"""The budget of variance and the spread over folds, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from repro.verdicts.types import FoldSpread
from repro.verdicts.variance import fold_spread, fold_spreads, variance_budget

FOLDS = np.array([[0.8, 0.9], [0.7, 0.9]])


def test_budget_of_a_cross_validation_by_hand():
    budget = variance_budget(FOLDS.mean(axis=1), n_test=100, folds=FOLDS)
    assert [(part.name, part.label) for part in budget] == [
        ("seed", "between seeds, of a seed's accuracy"),
        ("fold", "between the folds of one seed"),
        ("test_set", "re-drawing 100 test rows (binomial)"),
        ("fold_test_set", "re-drawing the 50.0 rows of one fold (binomial)"),
    ]
    assert [part.sd for part in budget] == pytest.approx(
        [
            0.0353553,  # seeds .85 and .80: .05 / sqrt(2)
            0.1118034,  # variances .01 / 2 and .04 / 2, mean .0125
            0.0379967,  # sqrt(.825 * .175 / 100)
            0.0537355,  # sqrt(.825 * .175 / 50)
        ],
        abs=1e-7,
    )


def test_budget_of_a_fixed_test_set_has_no_folds():
    budget = variance_budget([0.88, 0.90], n_test=10_000)
    # .02 / sqrt(2) and sqrt(.89 * .11 / 10000)
    assert [(part.name, round(part.sd, 7)) for part in budget] == [("seed", 0.0141421), ("test_set", 0.0031289)]


def test_binomial_noise_alone_makes_8_points_in_a_fold_of_20_rows():
    budget = variance_budget(np.full(3, 0.83), n_test=200, folds=np.full((3, 10), 0.83))
    assert {part.name: round(100 * part.sd, 1) for part in budget} == {
        "seed": 0.0,
        "fold": 0.0,
        "test_set": 2.7,
        "fold_test_set": 8.4,
    }


def test_a_single_seed_has_no_spread_between_seeds():
    assert [part.name for part in variance_budget([0.5], n_test=100)] == ["test_set"]


def test_fold_spread_is_the_population_deviation_of_each_seed():
    # ddof 0: .05 and .10
    assert fold_spreads(FOLDS) == pytest.approx([0.05, 0.10])
    spread = fold_spread(FOLDS)
    assert spread == FoldSpread(pytest.approx(0.075), pytest.approx(0.05), pytest.approx(0.10))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([2.3], 100), "a budget of variance needs accuracies between 0 and 1 and at least one test row"),
        (([0.5], 0), "a budget of variance needs accuracies between 0 and 1 and at least one test row"),
        (([0.5], 100, FOLDS), "expected the folds of 1 seeds, got those of 2"),
        (
            ([0.5], 100, [[0.5]]),
            "folds: expected a matrix of seeds by two folds or more, got an array of shape (1, 1)",
        ),
    ],
)
def test_bad_figures_are_refused(arguments, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        variance_budget(*arguments)
    assert str(caught.value) == message
