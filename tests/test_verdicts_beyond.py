"""What is said beyond the rows at hand, by hand, and how often its interval misses."""

from __future__ import annotations

import numpy as np
import pytest

from repro.verdicts.beyond import standard_error
from repro.verdicts.claim import judge_claim, judge_claims
from repro.verdicts.types import ClaimInput


def test_standard_error_by_hand():
    # Mean 1, seeds 2 and 0, rows 2, .5 and .5. MS_seeds = 3 * 2 = 6; MS_rows = 2 * 1.5 / 2 = 1.5;
    # residuals 0, -.5, .5 and their opposites: MS_residual = 1 / (1 * 2) = .5. Var = (6 + 1.5 - .5) / 6 = 7/6;
    # df = 7**2 / (6**2 / 1 + 1.5**2 / 2 + .5**2 / 2) = 49 / 37.25
    error, df = standard_error(np.array([[3.0, 1.0, 2.0], [1.0, 0.0, -1.0]]))
    assert (error, df) == (pytest.approx(np.sqrt(7 / 6)), pytest.approx(49 / 37.25))


@pytest.mark.parametrize("turned", [False, True])
def test_a_negative_component_is_zero(turned):
    # Mean .5, seeds 1.5 and -.5, rows .5 and .5: MS_seeds = 4, MS_rows = 0, residuals ±.5: MS_residual = 1.
    # Not (4 + 0 - 1) / 4 but 4 / 4, with the one degree of freedom of the seeds; or of the rows, turned.
    rows = np.array([[2.0, 1.0], [-1.0, 0.0]])
    assert standard_error(rows.T if turned else rows) == (pytest.approx(1.0), 1)


def test_a_negative_component_of_seeds_leaves_the_rows():
    # Seeds 2/3 and 1/3, rows 1, 0 and .5: MS_seeds = 1/6 = MS_residual, MS_rows = .5; .5 / 6, two degrees of freedom
    error, df = standard_error(np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))
    assert (error, df) == (pytest.approx(np.sqrt(1 / 12)), 2)


def test_rows_that_all_agree_leave_no_error():
    assert standard_error(np.ones((5, 4)))[0] == 0.0


A = np.array([[1, 1, 0, 1], [1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1], [1, 1, 0, 0]], dtype=bool)
B = np.array([[0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]], dtype=bool)


def judged(direction="greater", a=A, b=B, margin=0.1):
    return judge_claim(a.mean(axis=1), b.mean(axis=1), direction, margin, correct_a=a, correct_b=b)


@pytest.mark.parametrize(("direction", "word"), [("greater", "shown"), ("less", "opposite shown")])
def test_a_claim_beyond_these_rows_by_hand(direction, word):
    # A - B by seed: .5, .5, .5, .75, .25, mean .5; by row: .8, .2, .4, .6.
    # Squares between seeds 2 * .0625 = .125, MS = 4 * .125 / 4 = .125; between rows .09 + .09 + .01 + .01 = .2,
    # MS = 5 * .2 / 3 = 1/3. All squares sum to 10, about the mean 10 - 20 * .25 = 5, less .5 and 1: 3.5 over 12,
    # MS = .2917: more than that of the seeds. So the rows alone: Var = (1/3) / 20, error .1290994,
    # three degrees of freedom, t(.975, 3) = 3.1824463.
    v = judged(direction).beyond
    assert v.interval == pytest.approx((0.5 - 0.4108521, 0.5 + 0.4108521), abs=1e-6)
    assert v.p_value == pytest.approx(0.0305, abs=5e-4)  # t = 3.873 with three: between .05 (3.182) and .02 (4.541)
    assert (v.word, v.rows, v.p_holm) == (word, 4, None)


def test_equivalence_beyond_these_rows():
    # The mean is .5, its error .129.
    assert judged("equivalent", margin=1.5).beyond.word == "shown"
    assert judged("equivalent", margin=0.5).beyond.word == "not shown"
    assert judged("equivalent", margin=0.01).beyond.word == "opposite shown"


def test_the_interval_is_centred_on_the_claims_own_difference():
    # A mean over folds of unequal sizes differs from the mean over rows.
    (v,) = judge_claims([ClaimInput([np.full(5, 0.9), np.full(5, 0.3)], (1, -1), "greater", 0.1, np.stack([A, B]))])
    assert sum(v.beyond.interval) / 2 == pytest.approx(v.difference) == pytest.approx(0.6)


def test_a_contrast_weighs_the_rows_of_its_experiments():
    correct = np.stack([A, B, A, B])
    (v,) = judge_claims([ClaimInput(correct.mean(axis=2), (0.5, -0.5, 0.5, -0.5), "greater", 0.1, correct)])
    assert v.beyond.interval == pytest.approx(judged().beyond.interval)


def test_holm_corrects_beyond_these_rows_over_the_claims_that_have_rows():
    def claim(a, b, correct):
        return ClaimInput([a.mean(axis=1), b.mean(axis=1)], (1, -1), "greater", 0.1, correct)

    rows = np.stack([A, B])
    few = claim(A[:4], B[:4], rows[:, :4])
    first, second, without, too_few = judge_claims([claim(A, B, rows), claim(A, B, rows), claim(A, B, None), few])
    p = judged().beyond.p_value
    assert (first.beyond.p_value, first.beyond.p_holm, second.beyond.p_holm) == pytest.approx((p, 2 * p, 2 * p))
    assert (first.beyond.word, without.beyond, too_few.beyond) == ("not shown", None, None)
    assert first.p_holm == pytest.approx(3 * first.p_value)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (A, None, "correct_a and correct_b belong together: give both, of one shape, or none"),
        (A, B[:, :3], "correct_a and correct_b belong together: give both, of one shape, or none"),
        (
            *(A[:, :1], B[:, :1]),
            "correct: expected 2 experiments by 5 seeds by two rows or more, got an array of shape (2, 5, 1)",
        ),
        (
            *(A[:3], B[:3]),
            "correct: expected 2 experiments by 5 seeds by two rows or more, got an array of shape (2, 3, 4)",
        ),
    ],
)
def test_rows_of_other_shapes_are_refused(a, b, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        judge_claim(A.mean(axis=1), B.mean(axis=1), "greater", 0.1, correct_a=a, correct_b=b)
    assert str(caught.value) == message


def test_the_interval_covers_where_seeds_and_rows_are_drawn():
    rng = np.random.default_rng(8)
    missed = 0
    for _ in range(1000):
        rows = rng.normal(size=(10, 1)) + 2 * rng.normal(size=(1, 40)) + 3 * rng.normal(size=(10, 40))
        zero = np.zeros(10)
        values = [rows.mean(axis=1), zero]
        (v,) = judge_claims([ClaimInput(values, (1, -1), "greater", 0.1, np.stack([rows, 0 * rows]))])
        missed += v.beyond.interval[0] > 0 or v.beyond.interval[1] < 0
    assert missed / 1000 == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 1000))


def test_nothing_is_surer_beyond_these_rows_than_on_them():
    # By seed 3, -1, -1, 1, 3 and hardly anything else: the mean of 1 has the error .894 and four degrees of freedom on
    # these rows. That of the rows is .9, and it has 199.
    by_seed = np.array([3.0, -1.0, -1.0, 1.0, 3.0])
    by_row = np.linspace(-1, 1, 200)
    by_row *= 0.9 * np.sqrt(200) / by_row.std(ddof=1)
    rows = by_seed[:, None] + by_row[None, :]
    rows += 40 * np.random.default_rng(0).normal(size=rows.shape)
    rows -= rows.mean(axis=1, keepdims=True) - by_seed[:, None]
    rows += by_row - rows.mean(axis=0) + rows.mean()
    values = [rows.mean(axis=1), np.zeros(5)]
    error, df = standard_error(rows)
    assert df > 100
    assert error < 1.1 * 0.894427
    (v,) = judge_claims([ClaimInput(values, (1, -1), "greater", 0.1, np.stack([rows, 0 * rows]))])
    assert v.beyond.interval == pytest.approx(v.interval)
    assert v.beyond.p_value == v.p_value
