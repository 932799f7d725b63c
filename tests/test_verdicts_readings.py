"""Verdicts over what an article leaves open, and times to a level: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from repro.verdicts.claim import judge_claim, judge_claims
from repro.verdicts.grid.readings import judge_readings
from repro.verdicts.grid.speed import first_reached, speed_claim
from repro.verdicts.grid.types import Decision
from repro.verdicts.number import judge_number

RUNS = np.resize([0.79, 0.81], 20)


def numbers(*words):
    """Verdicts on .80 from runs around it, or far from it."""
    off = {"REPRODUCED": 0.0, "NOT REPRODUCED": 0.2}
    judged = [judge_number(RUNS + off[word], 0.8, 0.00005, 0.01) for word in words]
    assert [v.verdict for v in judged] == list(words)
    return judged


SIX = [{"batch size": batch, "optimizer": name} for name in ("Adam", "SGD") for batch in ("32", "64", "128")]
YES, NO = "REPRODUCED", "NOT REPRODUCED"
OPEN = "readings of what the article leaves open"


@pytest.mark.parametrize(
    ("readings", "words", "word", "decisions", "sentence"),
    [
        (SIX, [YES] * 6, YES, (), f"REPRODUCED in all 6 {OPEN}."),
        (SIX[:1], [NO], NO, (), "NOT REPRODUCED in the only reading."),
        (
            *(SIX, [YES, YES, NO, YES, YES, NO], None),
            (Decision(YES, "batch size", ("32", "64")), Decision(NO, "batch size", ("128",))),
            f"REPRODUCED in 4 of 6 {OPEN}; NOT REPRODUCED in 2, exactly those with batch size 128.",
        ),
        (
            *(SIX, [NO, YES, NO, NO, YES, NO], None),
            (Decision(NO, "batch size", ("32", "128")), Decision(YES, "batch size", ("64",))),
            f"NOT REPRODUCED in 4 of 6 {OPEN}; REPRODUCED in 2, exactly those with batch size 64.",
        ),
        (
            *(SIX, [YES, YES, NO, YES, YES, YES], None, ()),
            f"REPRODUCED in 5 of 6 {OPEN}; NOT REPRODUCED in 1; no single choice decides.",
        ),
        (
            # Half of each: the better word first
            *(SIX, [NO, NO, NO, YES, YES, YES], None),
            (Decision(YES, "optimizer", ("SGD",)), Decision(NO, "optimizer", ("Adam",))),
            f"REPRODUCED in 3 of 6 {OPEN}; NOT REPRODUCED in 3, exactly those with optimizer Adam.",
        ),
        (
            # Two readings that differ in both choices can't tell them apart.
            *([SIX[0], SIX[5]], [YES, NO], None),
            (
                *(Decision(YES, "batch size", ("32",)), Decision(YES, "optimizer", ("Adam",))),
                *(Decision(NO, "batch size", ("128",)), Decision(NO, "optimizer", ("SGD",))),
            ),
            f"REPRODUCED in 1 of 2 {OPEN}; NOT REPRODUCED in 1, exactly those with batch size 128, "
            "which are those with optimizer SGD.",
        ),
        (
            *([{"batch size": str(size)} for size in range(6)], [YES] * 5 + [NO], None),
            (Decision(YES, "batch size", ("0", "1", "2", "3", "4")), Decision(NO, "batch size", ("5",))),
            f"REPRODUCED in 5 of 6 {OPEN}; NOT REPRODUCED in 1, exactly those with batch size 5.",
        ),
    ],
)
def test_a_number_under_each_reading(readings, words, word, decisions, sentence):
    v = judge_readings(readings, numbers(*words))
    assert (v.readings, v.word, v.decisions, v.sentence) == (len(words), word, decisions, sentence)
    assert dict(v.counts) == {each: words.count(each) for each in words}


def test_three_words_and_a_choice_that_decides_one_of_them():
    judged = [*numbers(YES, YES, NO, YES), judge_number(RUNS[:3], 0.8, 0.0, 0.01), *numbers(NO)]
    v = judge_readings(SIX, judged)
    assert v.counts == ((YES, 3), (NO, 2), ("TOO FEW SEEDS", 1))
    assert v.sentence == (
        f"REPRODUCED in 3 of 6 {OPEN}; NOT REPRODUCED in 2, exactly those with batch size 128; TOO FEW SEEDS in 1."
    )


def test_a_claim_under_each_reading():
    gains = [0.02, 0.02, -0.02]
    judged = [judge_claim(RUNS + gain, np.full(20, 0.8), "greater", 0.005) for gain in gains]
    v = judge_readings([{"shuffle": name} for name in ("each epoch", "once", "never")], judged)
    assert v.sentence == f"CLAIM HOLDS in 2 of 3 {OPEN}; OPPOSITE HOLDS in 1, exactly those with shuffle never."


@pytest.mark.parametrize(
    ("readings", "count", "message"),
    [
        ([], 0, "verdicts: expected one for each reading, got 0 for 0"),
        (SIX, 5, "verdicts: expected one for each reading, got 5 for 6"),
        (
            *([SIX[0], {"batch size": "64"}], 2),
            "readings: expected a choice of batch size, optimizer in each, got {'batch size': '64'}",
        ),
        (
            *([SIX[0], SIX[1], SIX[0]], 3),
            "readings: expected each once, got {'batch size': '32', 'optimizer': 'Adam'} again",
        ),
    ],
)
def test_what_are_no_readings_is_refused(readings, count, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        judge_readings(readings, numbers(*[YES] * count))
    assert str(caught.value) == message


EPOCHS = [5, 10, 20, 40]
CURVES = np.array([[0.5, 0.9, 0.8, 0.95], [0.5, 0.6, 0.7, 0.8], [0.9, 0.9, 0.9, 0.9], [0.5, 0.6, 0.9, 0.9]])


@pytest.mark.parametrize("towards", ["higher", "lower"])
def test_the_first_point_at_which_a_level_is_reached(towards):
    higher = towards == "higher"
    found = first_reached(CURVES if higher else 1 - CURVES, EPOCHS, 0.9 if higher else 1 - 0.9, towards)
    assert found.at.tolist() == [10, 40, 5, 20]
    assert found.reached.tolist() == [True, False, True, True]
    assert (found.share, found.median) == (0.75, 15)  # 5, 10, 20, never


def test_a_median_is_not_known_unless_more_than_half_reach_the_level():
    assert first_reached(CURVES[:2], EPOCHS, 0.9).median is None
    assert first_reached(CURVES[:3], EPOCHS, 0.9).median == 10
    assert first_reached(CURVES[1:2], EPOCHS, 0.9).share == 0


def test_a_run_that_never_gets_there_counts_with_the_horizon():
    slow = first_reached(np.tile(CURVES[1:], (2, 1)), EPOCHS, 0.9)
    fast = first_reached(np.full((6, 4), 0.9), EPOCHS, 0.9)
    (v,) = judge_claims([speed_claim(fast, slow, "less", 2.0)])
    # 5 each against 40, 5, 20 twice: -35, 0, -15; mean -16.667, squares 2 (336.1 + 277.8 + 2.8), s = 15.7056
    assert (v.difference, v.wins, v.losses, v.ties) == (pytest.approx(-50 / 3), 4, 0, 2)
    assert v.interval == pytest.approx((-50 / 3 - 16.482, -50 / 3 + 16.482), abs=1e-3)  # t(.975, 5) = 2.57058
    assert v.verdict == "CLAIM HOLDS"


def test_times_to_a_level_pair_only_where_they_were_looked_at_alike():
    found = first_reached(CURVES, EPOCHS, 0.9)
    message = "^expected one level and the same points, got 0.9 at 4 points to 40 and 0.8 at 4 points to 40$"
    with pytest.raises(ValueError, match=message):
        speed_claim(found, first_reached(CURVES, EPOCHS, 0.8), "less", 1.0)
    with pytest.raises(
        ValueError, match=r"^expected one level and the same points, got 0.9 at 4 points to 40 and 0.9 at 3"
    ):
        speed_claim(found, first_reached(CURVES[:, :3], EPOCHS[:3], 0.9), "less", 1.0)
    with pytest.raises(ValueError, match=r"^expected runs of the same seeds, got 4 and 3$"):
        speed_claim(found, first_reached(CURVES[:3], EPOCHS, 0.9), "less", 1.0)


@pytest.mark.parametrize(
    ("points", "level", "message"),
    [
        ([5, 10, 20], 0.9, r"points: expected 4 rising numbers, got \[5.0, 10.0, 20.0\]"),
        ([5, 10, 10, 20], 0.9, r"points: expected 4 rising numbers, got \[5.0, 10.0, 10.0, 20.0\]"),
        (EPOCHS, np.nan, "expected a finite level towards higher or lower, got nan towards 'higher'"),
    ],
)
def test_curves_without_their_points_are_refused(points, level, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        first_reached(CURVES, points, level)
