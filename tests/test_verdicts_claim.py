"""Verdicts on claims, by hand, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import nctdtr

from repro.verdicts.claim import holm, judge_claim, judge_claims
from repro.verdicts.intervals import half_width, t_quantile
from repro.verdicts.power import detectable_effect, seeds_to_decide, seeds_to_show_equivalence
from repro.verdicts.types import ClaimInput

FIVE = np.array([0.01, 0.03, 0.02, 0.04, 0.0])
# Mean .02; squares .0001 + .0001 + 0 + .0004 + .0004 = .001, variance .00025, s / sqrt(5) = .0070711, t = 2.8284.
# t(.975, 4) = 2.7764451, t(.8, 4) = .9409646.


def twenty(*pattern):
    return np.resize(pattern, 20)


def judge(differences, direction="greater", margin=0.01):
    """Judge B = .8 and A = B + differences, which a claim of "less" has the other way round."""
    b = np.full(len(differences), 0.8)
    a = b + differences
    return judge_claim(b, a, direction, margin) if direction == "less" else judge_claim(a, b, direction, margin)


@pytest.mark.parametrize("direction", ["greater", "less"])
def test_claim_by_hand(direction):
    v = judge(FIVE, direction)
    assert v.difference == pytest.approx(0.02)
    assert v.interval == pytest.approx((0.02 - 0.0196324, 0.02 + 0.0196324), abs=1e-7)  # 2.7764451 * .0070711
    assert (v.n, v.wins, v.losses, v.ties, v.share) == (5, 4, 0, 1, 0.9)
    assert v.wilson == pytest.approx((0.462944, 0.989470), abs=2e-6)
    assert v.p_value == pytest.approx(0.04742, abs=5e-6)  # 2 P(T(4) > 2.8284)
    assert v.detectable == pytest.approx(0.0262861, abs=1e-7)  # (2.7764451 + .9409646) * .0070711
    assert (v.p_holm, v.nadeau_bengio, v.seeds_needed, v.direction, v.margin) == (None, None, None, direction, 0.01)


@pytest.mark.parametrize(
    ("differences", "verdict", "small", "sentence"),
    [
        (
            *(twenty(0.01, 0.03), "CLAIM HOLDS", False),
            "The claim holds on average and in a usual single run: 20 of 20 paired runs show it.",
        ),
        (
            *(twenty(0.001, 0.003), "CLAIM HOLDS", True),
            "The claim holds on average and in a usual single run: 20 of 20 paired runs show it; "
            "yet the difference is too small to matter: its mean is within the margin.",
        ),
        (
            # Mean .026, s = .03016, t = 3.86; 12 of 20 wins
            *(twenty(0.05, 0.05, 0.05, -0.01, -0.01), "HOLDS ON AVERAGE", False),
            "The claim holds on average, yet a single run often shows the opposite: 12 of 20 paired runs show it.",
        ),
        (
            *(twenty(0.001, 0.001, 0.0, 0.0, -0.0002), "HOLDS ON AVERAGE", True),
            "The claim holds on average, yet a single run often shows the opposite: "
            "8 of 20 paired runs show it (8 ties); "
            "yet the difference is too small to matter: its mean is within the margin.",
        ),
        (
            *(FIVE, "HOLDS ON AVERAGE", False),
            "The claim holds on average: 4 of 5 paired runs show it (1 tie), "
            "too few seeds to say that a single run usually does.",
        ),
        (
            *(twenty(0.001, -0.001), "NO MATERIAL DIFFERENCE", False),
            "Whatever mean difference there is, it is within the margin and does not matter.",
        ),
        (
            *(twenty(-0.001, -0.003), "NO MATERIAL DIFFERENCE", True),
            "The mean difference is opposite to the claim, but within the margin: it does not matter.",
        ),
        (
            *(twenty(0.0), "NO MATERIAL DIFFERENCE", False),
            "Whatever mean difference there is, it is within the margin and does not matter.",
        ),
        (
            *(twenty(-0.01, -0.03), "REVERSED", False),
            "The mean difference is opposite to the claim: 0 of 20 paired runs show it.",
        ),
        (
            # s = .045 sqrt(20/19) = .0461690; (2.0930241 + .8609506) s / sqrt(20) = .0304961
            *(twenty(0.05, -0.04), "UNDECIDED", False),
            "20 seeds have 80% power to find a difference of 0.03; about 330 seeds decide.",
        ),
        (*(FIVE[:4], "TOO FEW SEEDS", False), "A verdict needs at least 5 seeds and has 4: run 1 more."),
        (*(FIVE[:1], "TOO FEW SEEDS", False), "A verdict needs at least 5 seeds and has 1: run 4 more."),
    ],
)
@pytest.mark.parametrize("direction", ["greater", "less"])
def test_each_verdict_and_its_sentence(differences, direction, verdict, small, sentence):
    v = judge(differences, direction)
    assert (v.verdict, v.too_small_to_matter, v.sentence) == (verdict, small, sentence)


@pytest.mark.parametrize(
    ("differences", "margin", "verdict", "needed", "sentence"),
    [
        (
            *(twenty(0.001, -0.001), 0.01, "CLAIM HOLDS", None),
            "Whatever mean difference there is, it is within the margin; so is that of 20 of 20 paired runs.",
        ),
        (
            *(twenty(0.05, 0.07), 0.01, "REVERSED", None),
            "The two differ by more than the margin on average; 0 of 20 paired runs are within it.",
        ),
        (
            *(twenty(-0.05, -0.07), 0.01, "REVERSED", None),
            "The two differ by more than the margin on average; 0 of 20 paired runs are within it.",
        ),
        (
            *(twenty(0.05, -0.04), 0.01, "UNDECIDED", 185),
            "Neither closeness nor a difference beyond the margin is shown; "
            "185 seeds would have 80% power to show it if there were no difference at all.",
        ),
        (
            # s = .0010260, far less than the margin, but the mean is right at it
            *(twenty(0.009, 0.011), 0.01, "UNDECIDED", None),
            "Neither closeness nor a difference beyond the margin is shown; "
            "the mean is so near the margin that no set number of seeds decides.",
        ),
    ],
)
def test_equivalence_each_verdict_and_its_sentence(differences, margin, verdict, needed, sentence):
    v = judge(differences, "equivalent", margin)
    assert (v.verdict, v.too_small_to_matter, v.seeds_needed, v.sentence) == (verdict, False, needed, sentence)


def test_equivalence_counts_runs_within_the_margin():
    v = judge(twenty(0.001, -0.001, 0.005, -0.05), "equivalent", 0.004)
    assert (v.wins, v.losses, v.ties, v.share) == (10, 10, 0, 0.5)


def test_equivalence_p_values_by_hand():
    # s / sqrt(5) = .0070711; to the margin .03 it is .01 = 1.41421 standard errors; beyond .01 likewise, two-sided
    assert judge(FIVE, "equivalent", 0.03).p_value == pytest.approx(0.1151, abs=5e-5)  # P(T(4) > 1.41421)
    assert judge(FIVE, "equivalent", 0.01).p_value == pytest.approx(0.2302, abs=5e-5)


def test_without_any_spread_the_difference_decides():
    assert judge(twenty(0.02)).verdict == "CLAIM HOLDS"
    assert judge(twenty(0.02)).p_value == pytest.approx(0.0, abs=1e-12)
    assert judge(twenty(0.0)).p_value == 1.0
    assert judge(twenty(-0.02), "less").verdict == "REVERSED"
    assert judge(twenty(0.0), "equivalent").verdict == "CLAIM HOLDS"


def test_single_precision_rounding_is_a_tie():
    v = judge(twenty(3e-8, -6e-8))
    assert (v.wins, v.losses, v.ties, v.difference) == (0, 0, 20, 0.0)


def test_one_seed_leaves_the_interval_undefined():
    v = judge(FIVE[:1])
    assert (v.interval, v.p_value, v.detectable, v.seeds_needed, v.wins) == (None, None, None, 5, 1)


def test_a_margin_of_zero_is_never_sure_to_be_decided():
    v = judge(twenty(0.05, -0.04), margin=0.0)
    assert (v.verdict, v.seeds_needed) == ("UNDECIDED", None)
    assert v.sentence == (
        "20 seeds have 80% power to find a difference of 0.03; with a margin of 0 no set number of seeds decides."
    )


@pytest.mark.parametrize(("direction", "sign"), [("greater", 1), ("less", -1), ("equivalent", 1)])
def test_folds_give_the_interval_that_holds_beyond_these_rows(direction, sign):
    folds_b = np.full((5, 2), 0.8)
    folds_a = folds_b + FIVE[:, None] + np.array([-0.01, 0.01])
    v = judge_claim(
        folds_a.mean(axis=1), folds_b.mean(axis=1), direction, 0.01, folds_a=folds_a, folds_b=folds_b, test_fraction=1.0
    )
    # As in the test of nadeau_bengio: .02 ± .0433170
    assert v.nadeau_bengio == pytest.approx((sign * 0.02 - 0.0433170, sign * 0.02 + 0.0433170), abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((FIVE, FIVE[:4], "greater", 0.01), {}, "expected a and b of the same seeds, got 5 and 4 figures"),
        ((FIVE, FIVE, "larger", 0.01), {}, "direction: expected greater, less or equivalent, got 'larger'"),
        ((FIVE, FIVE, "less", -0.01), {}, "margin: expected a number of 0 or more, got -0.01"),
        ((FIVE, FIVE * np.nan, "less", 0.01), {}, "b: expected finite figures, got 5 of 5 that are NaN or infinite"),
        (
            *((FIVE, FIVE, "less", 0.01), {"test_fraction": 1.0}),
            "folds_a, folds_b and test_fraction belong together: give all three or none",
        ),
        (
            (FIVE, FIVE, "less", 0.01),
            {"folds_a": np.zeros((4, 2)), "folds_b": np.zeros((4, 2)), "test_fraction": 1.0},
            "expected folds of the same 5 seeds, got arrays of shape (4, 2) and (4, 2)",
        ),
    ],
)
def test_bad_figures_are_refused(arguments, options, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        judge_claim(*arguments, **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        # .005 * 4, .01 * 3, .03 * 2, .04 * 1 raised to the one before
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        # R: p.adjust(c(.01, .02, .03, .04, .05), "holm")
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([0.04], [0.04]),
        ([], []),
    ],
)
def test_holm_gives_the_known_corrections(p, corrected):
    assert holm(p) == pytest.approx(corrected)


def claim(differences, margin=0.01, direction="greater"):
    return ClaimInput(0.8 + differences, np.full(len(differences), 0.8), direction, margin)


def test_holm_takes_back_what_stands_only_alone():
    lost, spared, kept, few = judge_claims(
        [claim(FIVE), claim(FIVE, margin=0.05), claim(twenty(0.01, 0.03)), claim(FIVE[:3])]
    )
    # p = .04742 twice and one near 0, in a family of three: 2 * .04742 for the first two
    assert (lost.verdict, lost.p_holm) == ("UNDECIDED", pytest.approx(0.09484, abs=1e-5))
    assert lost.sentence == (
        "Alone the claim would be decided (p = 0.047), not among all claims of its article (Holm's p = 0.095); "
        f"about {lost.seeds_needed} seeds decide."
    )
    assert (spared.verdict, spared.too_small_to_matter) == ("NO MATERIAL DIFFERENCE", False)
    assert (kept.verdict, few.verdict, few.p_holm) == ("CLAIM HOLDS", "TOO FEW SEEDS", None)
    # t(1 - .05/6, n-1) s / sqrt(n) <= .005 with s = .0158114: the interval corrected for three claims
    assert half_width(0.0158114, lost.seeds_needed, 1 - 0.05 / 3) <= 0.005
    assert half_width(0.0158114, lost.seeds_needed - 1, 1 - 0.05 / 3) > 0.005


def test_a_family_of_one_is_judged_like_the_claim_alone():
    (v,) = judge_claims([claim(FIVE)])
    assert v.p_holm == v.p_value
    assert v.verdict == judge(FIVE).verdict == "HOLDS ON AVERAGE"
    assert judge_claims([]) == []


def test_holm_takes_back_a_reversal_and_an_equivalence():
    reversal, equivalence, _ = judge_claims(
        [claim(-FIVE), claim(FIVE, 0.036, "equivalent"), claim(twenty(0.05, -0.04), 0.001)]
    )
    # Equivalence: (.036 - .02) / .0070711 = 2.2627 standard errors, p = .0432
    assert (judge(-FIVE).verdict, judge(FIVE, "equivalent", 0.036).verdict) == ("REVERSED", "CLAIM HOLDS")
    assert (reversal.verdict, equivalence.verdict) == ("UNDECIDED", "UNDECIDED")


@pytest.mark.parametrize("mean", np.linspace(-0.02, 0.02, 41))
def test_the_seeds_needed_decide_whatever_the_mean_is(mean):
    needed = seeds_to_decide(0.03, 0.01, 20, 0.05)
    noise = np.random.default_rng(5).normal(size=needed)
    differences = mean + 0.03 * (noise - noise.mean()) / noise.std(ddof=1)
    assert judge(differences).verdict != "UNDECIDED"


@pytest.mark.parametrize(("n", "accuracy"), [(5, 0.015), (10, 0.005), (30, 0.002)])
def test_detectable_effect_has_80_percent_power_by_the_noncentral_t(n, accuracy):
    ncp = detectable_effect(1.0, n) * np.sqrt(n)
    assert 1 - nctdtr(n - 1, ncp, t_quantile(0.975, n - 1)) == pytest.approx(0.8, abs=accuracy)


def test_seeds_needed_are_the_first_that_are_enough():
    # s = .0461690: t(.975, 329) = 1.96720, 1.96720 s / sqrt(330) = .0049997; with 329 seeds .0050073
    assert seeds_to_decide(0.0461690, 0.01, 20, 0.05) == 330
    assert seeds_to_decide(0.0461690, 0.0, 20, 0.05) is None
    # (t(.95, 184) + t(.9, 184)) s / sqrt(185) = (1.65318 + 1.28617) * .0033944 = .0099774; with 184 seeds .0100047
    assert seeds_to_show_equivalence(0.0461690, 0.01, 20, 0.05) == 185
    # at .05 / 4, for a family of four: (t(.9875, 266) + t(.9, 266)) s / sqrt(267)
    # = (2.25416 + 1.28474) * .0028255
    # = .0099992; with 266 seeds .0100181
    assert seeds_to_show_equivalence(0.0461690, 0.01, 20, 0.0125) == 267
    assert seeds_to_show_equivalence(0.0461690, 0.01, 185, 0.05) is None
    assert seeds_to_show_equivalence(0.0461690, 0.0, 20, 0.05) is None


def four_sigma(runs, rate):
    """Bounds that a rate of `runs` independent simulations leaves once in some 16,000 times."""
    return pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / runs))


DECIDED = ("CLAIM HOLDS", "HOLDS ON AVERAGE", "REVERSED")


def test_without_a_difference_one_claim_in_twenty_is_decided():
    draws = np.random.default_rng(3).normal(0, 0.02, size=(2000, 30))
    assert np.mean([judge(d, margin=1e-6).verdict in DECIDED for d in draws]) == four_sigma(2000, 0.05)


def test_the_detectable_effect_is_found_four_times_in_five():
    draws = np.random.default_rng(4).normal(detectable_effect(0.02, 30), 0.02, size=(2000, 30))
    found = [judge(d, margin=1e-6).verdict in ("CLAIM HOLDS", "HOLDS ON AVERAGE") for d in draws]
    assert np.mean(found) == four_sigma(2000, 0.8)


def test_a_difference_of_the_margin_is_called_equivalent_once_in_twenty():
    draws = np.random.default_rng(5).normal(0.05, 0.02, size=(2000, 30))
    assert np.mean([judge(d, "equivalent", 0.05).verdict == "CLAIM HOLDS" for d in draws]) == four_sigma(2000, 0.05)
    assert np.mean([judge(d, "equivalent", 0.05).verdict == "REVERSED" for d in draws]) == four_sigma(2000, 0.025)


def test_a_family_without_differences_is_wrong_once_in_twenty():
    draws = np.random.default_rng(6).normal(0, 0.02, size=(600, 4, 30))
    wrong = [any(v.verdict in DECIDED for v in judge_claims([claim(d, 1e-6) for d in family])) for family in draws]
    assert np.mean(wrong) == four_sigma(600, 1 - (1 - 0.05 / 4) ** 4)


def test_the_corrected_interval_covers_when_folds_share_training_rows():
    # Ten folds: differences correlated by n_test / (n_test + n_train) = .1, the assumption of Nadeau and Bengio.
    rng = np.random.default_rng(7)
    outside = 0
    for _ in range(2000):
        folds = np.sqrt(0.1) * rng.normal() + np.sqrt(0.9) * rng.normal(size=(5, 10))
        zero = np.zeros((5, 10))
        low, high = judge_claim(
            folds.mean(axis=1), zero.mean(axis=1), "greater", 1.0, folds_a=folds, folds_b=zero, test_fraction=1 / 9
        ).nadeau_bengio
        outside += not low <= 0 <= high
    assert outside / 2000 == four_sigma(2000, 0.05)
