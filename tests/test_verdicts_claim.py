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
    """Judge B = .8 and A = B + differences."""
    b = np.full(len(differences), 0.8)
    return judge_claim(b + differences, b, direction, margin)


@pytest.mark.parametrize(("direction", "wins", "losses", "share"), [("greater", 4, 0, 0.9), ("less", 0, 4, 0.1)])
def test_claim_by_hand(direction, wins, losses, share):
    v = judge(FIVE, direction)
    assert v.difference == pytest.approx(0.02)
    assert v.interval == pytest.approx((0.02 - 0.0196324, 0.02 + 0.0196324), abs=1e-7)  # 2.7764451 * .0070711
    assert (v.n, v.weights, v.means) == (5, (1.0, -1.0), (pytest.approx(0.82), pytest.approx(0.8)))
    assert (v.wins, v.losses, v.ties, v.share) == (wins, losses, 1, pytest.approx(share))
    low, high = (0.462944, 0.989470) if direction == "greater" else (1 - 0.989470, 1 - 0.462944)
    assert v.wilson == pytest.approx((low, high), abs=2e-6)
    assert v.p_value == pytest.approx(0.04742, abs=5e-6)  # 2 P(T(4) > 2.8284)
    assert v.detectable == pytest.approx(0.0262861, abs=1e-7)  # (2.7764451 + .9409646) * .0070711
    assert v.size == pytest.approx(0.02 / np.sqrt(0.00025 / 2))  # variances .00025 of A and 0 of B
    assert (v.p_holm, v.beyond, v.article, v.seeds_needed) == (None, None, None, None)
    assert (v.direction, v.margin, v.level) == (direction, 0.01, 0.95)


HOLDS, OPPOSITE = (f"{what} holds on average on these rows" for what in ("The claim", "The opposite of the claim"))
USUAL = ", and at least three pairs of runs in four show it"
RARE = ", yet fewer than three pairs of runs in four show it"
TIES = " (ties count half)"
SMALL = "; the difference is small: all of its interval is within the resolution"


@pytest.mark.parametrize(
    ("differences", "verdict", "small", "average", "sentence"),
    [
        (twenty(0.01, 0.03), "CLAIM HOLDS", False, False, f"{HOLDS}{USUAL}."),
        (twenty(0.001, 0.003), "CLAIM HOLDS", True, False, f"{HOLDS}{USUAL}{SMALL}."),
        # Mean .026, s = .03016, t = 3.86; 12 of 20 wins
        (twenty(0.05, 0.05, 0.05, -0.01, -0.01), "CLAIM HOLDS", False, True, f"{HOLDS}{RARE}."),
        # 8 of 20 wins and 8 ties
        (twenty(0.001, 0.001, 0.0, 0.0, -0.0002), "CLAIM HOLDS", True, True, f"{HOLDS}{RARE}{TIES}{SMALL}."),
        (FIVE, "CLAIM HOLDS", False, False, f"{HOLDS}{USUAL}{TIES}."),
        (twenty(-0.01, -0.03), "OPPOSITE HOLDS", False, False, f"{OPPOSITE}{USUAL}."),
        (twenty(-0.001, -0.003), "OPPOSITE HOLDS", True, False, f"{OPPOSITE}{USUAL}{SMALL}."),
        (twenty(-0.05, -0.05, -0.05, 0.01, 0.01), "OPPOSITE HOLDS", False, True, f"{OPPOSITE}{RARE}."),
        (twenty(-0.001, -0.001, 0.0, 0.0, 0.0002), "OPPOSITE HOLDS", True, True, f"{OPPOSITE}{RARE}{TIES}{SMALL}."),
        (
            *(twenty(0.001, -0.001), "NO MATERIAL DIFFERENCE", False, False),
            "Whatever mean difference there is on these rows, it is within the resolution: it changes no conclusion.",
        ),
        (
            *(twenty(0.0), "NO MATERIAL DIFFERENCE", False, False),
            "Whatever mean difference there is on these rows, it is within the resolution: it changes no conclusion.",
        ),
        (
            # s = .045 sqrt(20/19) = .0461690
            *(twenty(0.05, -0.04), "UNDECIDED", False, False),
            "Neither the claim nor its opposite is shown, and a difference may matter; about 330 seeds decide.",
        ),
        (FIVE[:4], "TOO FEW SEEDS", False, False, "A verdict needs at least 5 seeds and has 4: run 1 more."),
        (FIVE[:1], "TOO FEW SEEDS", False, False, "A verdict needs at least 5 seeds and has 1: run 4 more."),
    ],
)
@pytest.mark.parametrize("direction", ["greater", "less"])
def test_each_verdict_and_its_sentence(differences, direction, verdict, small, average, sentence):
    v = judge(differences if direction == "greater" else -differences, direction)
    assert (v.verdict, v.small, v.on_average_only, v.sentence) == (verdict, small, average, sentence)


@pytest.mark.parametrize(
    ("differences", "average"), [(twenty(0.05, 0.05, 0.05, -0.01), False), (twenty(0.05, 0.0), True)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_three_pairs_in_four_are_enough_and_ties_count_half(differences, average, sign):
    # 15 of 20 wins; then 10 wins and 10 ties: 15 again, less one where a tie becomes a loss
    assert judge(sign * differences).on_average_only is False
    differences = differences.copy()
    differences[-1] = -0.01
    assert judge(sign * differences).on_average_only is average


@pytest.mark.parametrize(
    ("differences", "margin", "verdict", "needed", "sentence"),
    [
        (
            *(twenty(0.001, -0.001), 0.01, "CLAIM HOLDS", None),
            "Whatever mean difference there is on these rows, it is within the resolution.",
        ),
        (
            twenty(0.05, 0.07),
            0.01,
            "OPPOSITE HOLDS",
            None,
            "The mean difference on these rows is beyond the resolution.",
        ),
        (
            twenty(-0.05, -0.07),
            0.01,
            "OPPOSITE HOLDS",
            None,
            "The mean difference on these rows is beyond the resolution.",
        ),
        (
            *(twenty(0.05, -0.04), 0.01, "UNDECIDED", 185),
            "Neither closeness nor a difference beyond the resolution is shown; "
            "about 185 seeds have 80% power to show closeness if there is no difference at all.",
        ),
        (
            # s = .0010260, far less than the margin, but the mean is right at it
            *(twenty(0.009, 0.011), 0.01, "UNDECIDED", None),
            "Neither closeness nor a difference beyond the resolution is shown; "
            "the mean is so near the resolution that no set number of seeds is sure to decide.",
        ),
    ],
)
def test_equivalence_each_verdict_and_its_sentence(differences, margin, verdict, needed, sentence):
    v = judge(differences, "equivalent", margin)
    assert (v.verdict, v.small, v.on_average_only) == (verdict, False, False)
    assert (v.seeds_needed, v.sentence) == (needed, sentence)


def test_equivalence_counts_runs_within_the_margin():
    v = judge(twenty(0.001, -0.001, 0.005, -0.05), "equivalent", 0.004)
    assert (v.wins, v.losses, v.ties, v.share) == (10, 10, 0, 0.5)


def test_equivalence_p_values_by_hand():
    # s / sqrt(5) = .0070711; to the margin .03 it is .01 = 1.41421 standard errors; beyond .01 likewise, two-sided
    assert judge(FIVE, "equivalent", 0.03).p_value == pytest.approx(0.1151, abs=5e-5)  # P(T(4) > 1.41421)
    assert judge(FIVE, "equivalent", 0.01).p_value == pytest.approx(0.2302, abs=5e-5)


@pytest.mark.parametrize(
    ("differences", "margin", "verdict", "needed", "sentence"),
    [
        # However much better: .03 from the bound; in both, 4.24264 standard errors of one
        (
            *(FIVE, 0.01, "CLAIM HOLDS", None),
            "Whatever mean difference there is on these rows, it is not below 0 by the resolution.",
        ),
        (-FIVE, 0.05, "CLAIM HOLDS", None, None),
        (
            *(twenty(-0.05, -0.07), 0.01, "OPPOSITE HOLDS", None),
            "The mean difference on these rows is below 0 by more than the resolution.",
        ),
        (
            *(twenty(0.04, -0.05), 0.01, "UNDECIDED", 134),
            "Neither is shown, that it is below 0 by less than the resolution or by more; "
            "about 134 seeds have 80% power to show less if there is no difference at all.",
        ),
        (
            *(twenty(-0.009, -0.011), 0.01, "UNDECIDED", None),
            "Neither is shown, that it is below 0 by less than the resolution or by more; "
            "the mean is so near the resolution that no set number of seeds is sure to decide.",
        ),
    ],
)
def test_noninferiority_each_verdict_and_its_sentence(differences, margin, verdict, needed, sentence):
    v = judge(differences, "noninferior", margin)
    assert (v.verdict, v.small, v.on_average_only, v.seeds_needed) == (verdict, False, False, needed)
    assert sentence is None or v.sentence == sentence


def test_noninferiority_by_hand():
    # s / sqrt(5) = .0070711; the bound is .01 away on one side or the other: 1.41421 standard errors
    assert judge(-FIVE, "noninferior", 0.03).p_value == pytest.approx(0.1151, abs=5e-5)
    assert judge(-FIVE, "noninferior", 0.01).p_value == pytest.approx(0.2302, abs=5e-5)
    v = judge(-FIVE, "noninferior", 0.02)
    assert (v.wins, v.losses, v.ties) == (3, 2, 0)


def test_of_several_comparisons_the_opposite_alone_is_corrected():
    values = np.array([0.8 + FIVE, np.full(5, 0.8)])
    for direction, times in (("greater", 1), ("less", 4)):
        (v,) = judge_claims([ClaimInput(values, (1, -1), direction, 0.0, stands_for=4)])
        assert v.p_value == pytest.approx(times * 0.04742, abs=2e-5)
        (v,) = judge_claims([ClaimInput(values, (1, -1), direction, 0.0, stands_for=40)])
        assert v.p_value == (pytest.approx(0.04742, abs=5e-6) if direction == "greater" else 1.0)


def test_without_any_spread_the_difference_decides():
    v = judge(twenty(0.02))
    assert (v.verdict, v.p_value, v.size) == ("CLAIM HOLDS", pytest.approx(0.0, abs=1e-12), None)
    assert judge(twenty(0.0)).p_value == 1.0
    assert judge(twenty(0.02), "less").verdict == "OPPOSITE HOLDS"
    assert judge(twenty(0.0), "equivalent").verdict == "CLAIM HOLDS"


def test_single_precision_rounding_is_a_tie():
    v = judge(twenty(3e-8, -6e-8))
    assert (v.wins, v.losses, v.ties, v.difference) == (0, 0, 20, 0.0)


def test_one_seed_leaves_the_interval_undefined():
    v = judge(FIVE[:1])
    assert (v.interval, v.p_value, v.detectable, v.size, v.seeds_needed, v.wins) == (None, None, None, None, 5, 1)


def test_with_a_margin_of_zero_nothing_is_immaterial_and_no_number_of_seeds_is_sure_to_decide():
    v = judge(twenty(0.05, -0.04), margin=0.0)
    assert (v.verdict, v.seeds_needed) == ("UNDECIDED", None)
    assert v.sentence == (
        "Neither the claim nor its opposite is shown, and a difference may matter; "
        "without a resolution no set number of seeds is sure to decide."
    )
    assert judge(twenty(0.0), margin=0.0).verdict == "UNDECIDED"
    assert judge(twenty(0.001, 0.003), margin=0.0).small is False


def test_a_contrast_of_four_experiments_by_hand():
    # The interaction of a design of two by two: .92 - .8 - .7 + .6; seed by seed the differences are those of FIVE.
    values = np.array([0.9 + FIVE, np.full(5, 0.8), np.full(5, 0.7), np.full(5, 0.6)])
    (v,) = judge_claims([ClaimInput(values, (1, -1, -1, 1), "greater", 0.001, article=0.05, article_half_width=0.0002)])
    assert v.means == pytest.approx((0.92, 0.8, 0.7, 0.6))
    assert (v.difference, v.verdict) == (pytest.approx(0.02), "CLAIM HOLDS")
    assert v.sentence == f"{HOLDS}, and at least three seeds in four show it{TIES}."
    assert v.size == pytest.approx(0.02 / np.sqrt(0.00025 / 4))
    # 2.7764451 * .0158114 * sqrt(1.2) = .0480895 around .02, and the rounding
    assert v.article.prediction == pytest.approx((0.02 - 0.0482895, 0.02 + 0.0482895), abs=1e-7)
    assert (v.article.verdict, v.article.rank) == ("COMPATIBLE", (6, 6))
    assert v.article.difference == pytest.approx(-0.03)


def test_without_a_margin_the_articles_own_difference_is_not_judged():
    (v,) = judge_claims([ClaimInput([FIVE, FIVE * 0], (1, -1), "greater", 0.0, article=0.02)])
    assert (v.article.verdict, v.article.rank) == ("NOT JUDGED", (3, 4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((FIVE, FIVE[:4], "greater", 0.01), "expected a and b of the same seeds, got 5 and 4 figures"),
        ((FIVE, FIVE, "larger", 0.01), "direction: expected greater, less, equivalent or noninferior, got 'larger'"),
        ((FIVE, FIVE, "noninferior", 0), "margin: expected a number above 0 for noninferior, got 0"),
        ((FIVE, FIVE, "less", -0.01), "margin: expected a number of 0 or more, got -0.01"),
        ((FIVE, FIVE * np.nan, "less", 0.01), "b: expected finite figures, got 5 of 5 that are NaN or infinite"),
    ],
)
def test_bad_figures_are_refused(arguments, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared below
        judge_claim(*arguments)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([FIVE, FIVE], (1, -1, 1), "values: expected a matrix of experiments by seeds and as many weights, not all 0"),
        ([FIVE, FIVE], (0, 0), "values: expected a matrix of experiments by seeds and as many weights, not all 0"),
        ([FIVE, FIVE], (1, np.nan), "weights: expected finite figures, got 1 of 2"),
        ([FIVE, [np.inf] * 5], (1, -1), "values: expected finite figures, got 5 of 10 that are NaN or infinite"),
    ],
)
def test_bad_contrasts_are_refused(values, weights, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        judge_claims([ClaimInput(values, weights, "greater", 0.01)])


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.05, float("nan")])
def test_a_level_that_is_none_is_refused(alpha):
    with pytest.raises(ValueError, match=f"^alpha: expected a number between 0 and 1, got {alpha}$"):
        judge_claims([], alpha)


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
    return ClaimInput([0.8 + differences, np.full(len(differences), 0.8)], (1, -1), direction, margin)


def test_holm_takes_back_what_stands_only_alone():
    lost, spared, kept, few = judge_claims(
        [claim(FIVE), claim(FIVE, margin=0.05), claim(twenty(0.01, 0.03)), claim(FIVE[:3])]
    )
    # p = .04742 twice and one near 0, in a family of three: 2 * .04742 for the first two
    assert (lost.verdict, lost.p_holm) == ("UNDECIDED", pytest.approx(0.09484, abs=1e-5))
    assert lost.sentence == (
        "Taken alone the claim would be decided; among all claims of its article it is not; "
        f"about {lost.seeds_needed} seeds decide."
    )
    assert (spared.verdict, spared.small) == ("NO MATERIAL DIFFERENCE", False)
    assert (kept.verdict, few.verdict, few.p_holm) == ("CLAIM HOLDS", "TOO FEW SEEDS", None)
    # t(1 - .05/6, n-1) s / sqrt(n) <= .005 with s = .0158114: the interval corrected for three claims
    assert half_width(0.0158114, lost.seeds_needed, 1 - 0.05 / 3) <= 0.005
    assert half_width(0.0158114, lost.seeds_needed - 1, 1 - 0.05 / 3) > 0.005


def test_a_family_of_one_is_judged_like_the_claim_alone():
    (v,) = judge_claims([claim(FIVE)])
    assert v.p_holm == v.p_value
    assert v.verdict == judge(FIVE).verdict == "CLAIM HOLDS"
    assert judge_claims([]) == []


def test_holm_takes_back_an_opposite_and_an_equivalence():
    opposite, equivalence, _ = judge_claims(
        [claim(-FIVE), claim(FIVE, 0.036, "equivalent"), claim(twenty(0.05, -0.04), 0.001)]
    )
    # Equivalence: (.036 - .02) / .0070711 = 2.2627 standard errors, p = .0432
    assert (judge(-FIVE).verdict, judge(FIVE, "equivalent", 0.036).verdict) == ("OPPOSITE HOLDS", "CLAIM HOLDS")
    assert (opposite.verdict, equivalence.verdict) == ("UNDECIDED", "UNDECIDED")
    assert all(v.sentence.startswith("Taken alone the claim would be decided; among") for v in (opposite, equivalence))


def test_a_look_at_its_share_of_the_error_asks_for_more():
    (v,) = judge_claims([claim(FIVE)], alpha=0.0125)
    assert (v.verdict, v.level, v.p_holm) == ("UNDECIDED", 0.9875, pytest.approx(0.04742, abs=5e-6))
    # t(1 - .00625, 4) = 4.3147 (between 3.7469 at .99 and 4.6041 at .995), times .0070711
    half = t_quantile(1 - 0.00625, 4) * 0.00707107
    assert 3.7469 * 0.0070711 < half < 4.6041 * 0.0070711
    assert v.interval == pytest.approx((0.02 - half, 0.02 + half), abs=1e-7)
    assert half_width(0.0158114, v.seeds_needed, 0.9875) <= 0.005 < half_width(0.0158114, v.seeds_needed - 1, 0.9875)
    assert not v.sentence.startswith("Alone")


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


def test_detectable_effect_at_a_smaller_level_by_hand():
    # (t(.99375, 29) + t(.8, 29)) / sqrt(30) = (2.6632 + .8542) / 5.4772
    assert detectable_effect(1.0, 30, 0.0125) == pytest.approx(0.6422, abs=2e-4)


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
    # one bound: (t(.95, 133) + t(.8, 133)) s / sqrt(134) = (1.65639 + .84418) * .0039884 = .0099733; with 133 .0100112
    assert seeds_to_show_equivalence(0.0461690, 0.01, 20, 0.05, 1) == 134
    assert seeds_to_show_equivalence(0.0461690, 0.01, 185, 0.05) is None
    assert seeds_to_show_equivalence(0.0461690, 0.0, 20, 0.05) is None


def four_sigma(runs, rate):
    """Bounds that a rate of `runs` independent simulations leaves once in some 16,000 times."""
    return pytest.approx(rate, abs=4 * np.sqrt(rate * (1 - rate) / runs))


DECIDED = ("CLAIM HOLDS", "OPPOSITE HOLDS")


def test_without_a_difference_one_claim_in_twenty_is_decided():
    draws = np.random.default_rng(3).normal(0, 0.02, size=(2000, 30))
    verdicts = [judge(d, margin=1e-6).verdict for d in draws]
    assert np.mean([v in DECIDED for v in verdicts]) == four_sigma(2000, 0.05)
    assert np.mean([v == "OPPOSITE HOLDS" for v in verdicts]) == four_sigma(2000, 0.025)


def test_the_detectable_effect_is_found_four_times_in_five():
    draws = np.random.default_rng(4).normal(detectable_effect(0.02, 30), 0.02, size=(2000, 30))
    assert np.mean([judge(d, margin=1e-6).verdict == "CLAIM HOLDS" for d in draws]) == four_sigma(2000, 0.8)


def test_a_difference_of_the_margin_is_called_equivalent_once_in_twenty():
    draws = np.random.default_rng(5).normal(0.05, 0.02, size=(2000, 30))
    verdicts = [judge(d, "equivalent", 0.05).verdict for d in draws]
    assert np.mean([v == "CLAIM HOLDS" for v in verdicts]) == four_sigma(2000, 0.05)
    assert np.mean([v == "OPPOSITE HOLDS" for v in verdicts]) == four_sigma(2000, 0.025)


def test_a_family_without_differences_is_wrong_once_in_twenty():
    draws = np.random.default_rng(6).normal(0, 0.02, size=(600, 4, 30))
    wrong = [any(v.verdict in DECIDED for v in judge_claims([claim(d, 1e-6) for d in family])) for family in draws]
    assert np.mean(wrong) == four_sigma(600, 1 - (1 - 0.05 / 4) ** 4)


@pytest.mark.parametrize("direction", ["greater", "less", "equivalent"])
def test_a_figure_against_a_number_is_one_against_that_number_in_every_run(direction):
    """The same t test: a pair of which one side does not vary."""
    figures = 0.6 + np.array([0.01, -0.02, 0.005, 0.015, 0.0, 0.002])
    (alone,) = judge_claims([ClaimInput(figures[np.newaxis], (1.0,), direction, 0.03, against=0.59)])
    pair = judge_claim(figures, np.full(6, 0.59), direction, 0.03)
    assert (alone.verdict, alone.n, alone.wins) == (pair.verdict, pair.n, pair.wins)
    assert (alone.difference, alone.p_value) == pytest.approx((pair.difference, pair.p_value))
    assert alone.interval == pytest.approx(pair.interval)
    assert alone.means == pytest.approx((figures.mean(),))


def test_what_is_of_no_rows_is_not_worded_as_if():
    for direction, values in (("equivalent", 0.5), ("greater", 0.7), ("less", 0.7), ("equivalent", 0.7)):
        figures = np.full((1, 6), values)
        given = ClaimInput(figures, (1.0,), direction, 0.01, against=0.5, of_rows=False)
        (verdict,) = judge_claims([given])
        assert verdict.verdict in ("CLAIM HOLDS", "OPPOSITE HOLDS")
        assert "rows" not in verdict.sentence
