"""Stored runs in, verdicts on the claims of an article out."""

from __future__ import annotations

import numpy as np
import pytest
from stored_results import (
    EBB,
    FIXED,
    HERE,
    ROWS,
    N,
    article,
    claim,
    crossed,
    every_verdict,
    fixed,
    load,
    made_cells,
    store,
)

from repro.analysis.claims import judge_article
from repro.analysis.summarize import summarize
from repro.config.resolution import resolution_of
from repro.report import claim_words
from repro.results.provenance import write_provenance
from repro.results.records import CellResult, Record
from repro.verdicts.claim import holm, judge_claim

FIVE = np.array([0.01, 0.03, 0.02, 0.04, 0.0])


def rows(out, *claims):
    return judged(article(claims), out)


def judged(made, out):
    stored = load(out)
    return judge_article(made, stored, {name: summarize(each) for name, each in stored.items()})


@pytest.fixture
def pair(tmp_path):
    """`better` against `base`, five seeds, differences of FIVE."""
    store(tmp_path, fixed("base", 0.9), made_cells(np.full(5, 0.8), epochs=2))
    store(tmp_path, fixed("better", 0.7), made_cells(0.8 + FIVE, epochs=2))
    return tmp_path


@pytest.mark.parametrize("direction", ["greater", "less", "equivalent"])
def test_comparison_by_hand(pair, direction):
    (row,) = rows(pair, claim("better", direction, note="A note."))
    c = row.judged
    assert (row.kind, row.claim.note) == ("comparison", "A note.")
    assert (row.claim.a, row.claim.b, c.direction, row.claim.metric) == ("better", "base", direction, "accuracy")
    assert (c.n, row.left_out) == (5, ())
    assert c.difference == pytest.approx(0.02)
    assert c.interval == pytest.approx((0.02 - 0.0196324, 0.02 + 0.0196324), abs=1e-6)
    assert c.means == pytest.approx((0.82, 0.8))
    expected = judge_claim(0.8 + FIVE, np.full(5, 0.8), direction, c.margin)
    assert (row.verdict, row.sentence) == (expected.verdict, expected.sentence)
    assert (c.wins, c.losses, c.ties, c.share) == (expected.wins, expected.losses, expected.ties, expected.share)
    assert row.shared == "the same training and test rows and base seed 0"
    assert c.beyond is None
    assert row.experiments == ("better", "base")


def test_figures_are_those_of_the_last_evaluation(tmp_path):
    store(tmp_path, fixed("base"), made_cells(np.full(5, 0.8), epochs=3))
    store(tmp_path, fixed("longer", training=trained_for(9)), made_cells(np.full(5, 0.9), epochs=9))
    (row,) = rows(tmp_path, claim("longer", "greater"))
    assert row.judged.difference == pytest.approx(0.1)


def trained_for(epochs):
    return fixed("any").training.model_dump(mode="json") | {"epochs": epochs}


def test_seeds_are_matched_and_those_without_a_finite_figure_left_out(tmp_path):
    a, b = made_cells(0.8 + FIVE), made_cells(np.full(6, 0.8))
    a[1] = CellResult(1, 1.0, HERE, (Record(0, 1, 9, "test", "accuracy", float("nan")),), {0: "diverged: loss is NaN"})
    a[2] = CellResult(2, 1.0, HERE, error="out of memory")
    b[4] = CellResult(4, 1.0, HERE, (Record(0, 1, 9, "test", "accuracy", float("inf")),))
    store(tmp_path, fixed("better"), a)
    store(tmp_path, fixed("base"), b)
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert (row.judged.n, row.left_out) == (2, (1, 2, 4, 5))
    assert row.judged.difference == pytest.approx((0.01 + 0.04) / 2)
    assert row.verdict == "TOO FEW SEEDS"
    assert "Left out, not finite or not there in both: seeds 1 to 2, 4 to 5." in claim_words.remarks(row)


def test_one_seed_has_no_interval(tmp_path):
    for name in ("base", "better"):
        store(tmp_path, fixed(name), made_cells([0.9]))
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert (row.verdict, row.judged.interval, row.judged.p_holm) == ("TOO FEW SEEDS", None, None)
    assert claim_words.outcome(row) == "accuracy is 0.00 points: 90.00% against 90.00%, 1 pair"


def test_what_holds_beyond_these_rows_rests_on_the_rows_that_were_predicted_right(tmp_path):
    store(tmp_path, fixed("better"), made_cells(0.82 + FIVE, rows=ROWS))
    store(tmp_path, fixed("base"), made_cells(np.full(5, 0.8), rows=ROWS))
    (row,) = rows(tmp_path, claim("better", "less"))
    c = row.judged
    assert (c.beyond.word, c.beyond.rows) == ("opposite shown", ROWS)
    assert claim_words.beyond_words(row) == "beyond these rows: opposite shown"
    assert 0 < c.beyond.interval[0] < c.difference < c.beyond.interval[1]


def test_folds_are_the_same_pairs(tmp_path):
    generator = np.random.default_rng(3)
    a, b = generator.uniform(0.7, 0.9, (2, 6, 4))
    store(tmp_path, crossed("better", folds=4), made_cells(a))
    store(tmp_path, crossed("base", folds=4), made_cells(b))
    (row,) = rows(tmp_path, claim("better", "less"))
    assert row.judged.difference == pytest.approx((a - b).mean())
    assert row.shared == "the same 4 folds and base seed 0"


def test_a_seed_that_lacks_a_fold_is_left_out(tmp_path):
    a, b = made_cells(np.full((6, 2), 0.8)), made_cells(np.full((6, 2), 0.7))
    a[3] = CellResult(3, 1.0, HERE, a[3].records[:2])
    store(tmp_path, crossed("better"), a)
    store(tmp_path, crossed("base"), b)
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert (row.judged.n, row.left_out) == (5, (3,))


ONE_POINT = resolution_of(None, {}).reason
MARGINS = {
    "declared": ({"margin": 0.25, "margin_reason": "a quarter"}, 0.25, "a quarter"),
    "none": ({}, 0.01, ONE_POINT),
    "loss": ({"metric": "loss"}, 0.0, "none is declared, so any difference matters"),
}


@pytest.mark.parametrize("given", MARGINS)
def test_margin(tmp_path, given):
    values, margin, source = MARGINS[given]
    store(tmp_path, fixed("base", 0.9), made_cells(np.full(5, 0.8)))
    store(tmp_path, fixed("better", 0.7), made_cells(0.8 + FIVE))
    (row,) = rows(tmp_path, claim("better", "greater", **values))
    assert row.judged.margin == pytest.approx(margin)
    assert row.margin_from == source
    told = "The test loss has no resolution" if given == "loss" else f"Resolution {100 * margin:.2f} points"
    assert claim_words.pairing([row]).endswith(f" {told}: {source}.")
    assert ("resolution" in dict(claim_words.facts(row))) == (given != "loss")


UNLIKE = {
    "base_seed": ({"base_seed": 7}, "base_seed (7 and 0)"),
    "data set": ({"dataset": {"name": "fashion-mnist"}}, "data set (fashion-mnist and mnist)"),
    "split": ({"protocol": {"stratified_k_fold": {"folds": 2}}}, "split (2 folds and a fixed split)"),
}


@pytest.mark.parametrize("key", UNLIKE)
def test_experiments_that_share_no_split_are_not_compared(tmp_path, key):
    changes, named = UNLIKE[key]
    store(tmp_path, fixed("base"), made_cells(0.8 + FIVE))
    store(tmp_path, fixed("other", **changes), made_cells(0.8 + FIVE))
    (row,) = rows(tmp_path, claim("other", "greater"))
    assert (row.verdict, row.judged) == ("NOT COMPARABLE", None)
    assert row.sentence == (f"They do not share their splits, so their seeds are no pairs: they differ in {named}.")


def test_other_points_of_evaluation_are_no_other_split(tmp_path):
    store(tmp_path, fixed("base"), made_cells(0.8 + FIVE))
    store(tmp_path, fixed("other", protocol={"fixed_split": {"evaluate_at_steps": [1, 9]}}), made_cells(0.8 + FIVE))
    (row,) = rows(tmp_path, claim("other", "greater"))
    assert row.judged.n == len(FIVE)


def test_nothing_finite_in_both_is_not_compared(pair):
    store(pair, fixed("lossless"), made_cells(0.8 + FIVE, loss=None))
    (row,) = rows(pair, claim("lossless", "less", metric="loss"))
    assert (row.verdict, row.sentence) == ("NOT COMPARABLE", "No seed has a finite test loss in both.")


@pytest.mark.parametrize(("a", "b", "margin"), [(None, 0.02, 0.02), (0.03, None, 0.03), (0.03, 0.02, 0.03)])
def test_the_margin_of_a_figure_is_that_of_its_claims(tmp_path, a, b, margin):
    for name, declared in (("better", a), ("base", b)):
        figure = {"value": 0.5} | ({} if declared is None else {"margin": declared, "margin_reason": f"as {name} says"})
        store(tmp_path, fixed(name, reported={"loss": figure}), made_cells(np.full(5, 0.8), loss=0.5))
    (row,) = rows(tmp_path, claim("better", "equivalent", metric="loss"))
    assert (row.judged.margin, row.verdict) == (margin, "CLAIM HOLDS")
    assert row.margin_from == f"as {'base' if a is None else 'better'} says"


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            (("training.epochs=2",), ("training.epochs=20",)),
            "better -S training.epochs=2 and base -S training.epochs=20",
        ),
        ((("training.epochs=2",), ()), "better -S training.epochs=2 and base as configured"),
        ((("training.epochs=2", "seeds=5"), ("training.epochs=2",)), ""),
        ((("seeds=5",), ()), ""),
    ],
)
def test_runs_with_different_overrides_are_not_compared(pair, overrides, sentence):
    for name, given in zip(("better", "base"), overrides, strict=True):
        stored = load(pair)[name]
        write_provenance(stored.folder, stored.provenance.model_copy(update={"overrides": given}))
    (row,) = rows(pair, claim("better", "greater"))
    assert (row.verdict == "NOT COMPARABLE") == bool(sentence)
    assert claim_words.outcome(row).endswith(", a trial with -S training.epochs=2") == (row.trial != "")
    if sentence:
        assert row.sentence == f"They were run with different overrides: {sentence}."


def test_missing_experiments_are_named(pair):
    both, one, figure = rows(
        pair,
        claim("x", "greater", b="y"),
        claim("z", "greater"),
        claim("w", figure_of="w"),
    )
    assert {row.verdict for row in (both, one, figure)} == {"NOT RUN YET"}
    assert [row.sentence for row in (both, one, figure)] == ["Not run yet: x, y.", "Not run yet: z.", "Not run yet: w."]


def test_holm_counts_the_comparisons_that_can_be_tested(tmp_path):
    store(tmp_path, fixed("base", 0.8), made_cells(0.8 + EBB))
    store(tmp_path, fixed("up"), made_cells(0.8 + 0.001 + EBB[::-1]))
    store(tmp_path, fixed("down"), made_cells(0.8 - 0.002 + EBB[::-1]))
    store(tmp_path, fixed("few"), made_cells(0.8 + EBB[:3]))
    claims = [claim(name, "greater") for name in ("up", "few", "absent", "down")]
    up, few, absent, down = rows(tmp_path, *claims)
    assert [up.judged.p_holm, down.judged.p_holm] == holm([up.judged.p_value, down.judged.p_value])
    assert down.judged.p_value < up.judged.p_value
    assert down.judged.p_holm == pytest.approx(2 * down.judged.p_value)
    assert (up.family, few.judged.p_holm, absent.judged) == (2, None, None)


def test_a_claim_about_a_figure_has_its_verdict(pair):
    told, unreported = rows(pair, claim("base", figure_of="base"), claim("b2", figure_of="base", metric="loss"))
    assert (told.verdict, told.kind, told.figure.reported.value) == ("NOT REPRODUCED", "figure", 0.9)
    assert told.sentence == (
        "The article's value lies above the range of 95% of single runs, and our mean is not shown to be close to it."
    )
    assert (unreported.verdict, unreported.figure) == ("NOT JUDGED", None)
    assert unreported.sentence == "base has no loss that the article's can be compared with."


EXPECTED = {
    "base": "REPRODUCED",
    "unmargined": "NOT JUDGED",
    "edge": "COMPATIBLE, AT THE EDGE",
    "higher": "CLAIM HOLDS",
    "hardly": "CLAIM HOLDS, small",
    "often": "CLAIM HOLDS, on average only",
    "level": "NO MATERIAL DIFFERENCE",
    "lower": "OPPOSITE HOLDS",
    "apart": "UNDECIDED",
    "few": "TOO FEW SEEDS",
    "sum": "CLAIM HOLDS, small",
    "elsewhere": "NOT COMPARABLE",
    "absent": "NOT RUN YET",
    "background": "NOT TESTED HERE",
}

OUTCOMES = {
    "base": "article 0.9605, ours 0.9600 ± 0.0014, 30 seeds",
    "higher": "raises accuracy by 1.00 points (0.98 to 1.02): 97.00% against 96.00%, 30 pairs",
    "level": "accuracy is 0.00 points (0.02 lower to 0.02 higher): 96.00% against 96.00%, 30 pairs",
    "lower": "lowers accuracy by 1.00 points (0.98 to 1.02): 95.00% against 96.00%, 30 pairs",
    "sum": (
        "higher (97.00%) − hardly (96.12%) + 0.5 × lower (95.00%) − 0.5 × base (96.00%) is 0.38 points above 0 "
        "(0.37 to 0.39), 30 seeds"
    ),
    "background": "Background of the article.",
}
BEYOND = {"higher": "shown", "level": "not shown", "lower": "opposite shown"}


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """The results of claims with every verdict, by id."""
    out = tmp_path_factory.mktemp("every")
    return {row.claim.id: row for row in judged(every_verdict(out), out)}


def test_every_verdict(every):
    assert {name: claim_words.verdict_words(row) for name, row in every.items()} == EXPECTED
    assert {name: claim_words.outcome(every[name]) for name in OUTCOMES} == OUTCOMES
    words = {name: claim_words.beyond_words(row) for name, row in every.items() if claim_words.beyond_words(row)}
    assert words == {name: f"beyond these rows: {word}" for name, word in BEYOND.items()}
    assert every["background"].sentence == "Background of the article."
    undecided = every["apart"]
    assert undecided.judged.seeds_needed > N
    assert claim_words.seeds(undecided.judged) == f"{N} of {undecided.judged.seeds_needed} needed"
    # (t(1 - .05/14, 29) + t(.8, 29)) s / sqrt(30), where t alone finds 1.53 points
    found = "Smallest difference that 30 seeds find with 80% power among 7 comparisons: 1.98 points."
    assert claim_words.remarks(undecided)[-1] == found


def test_what_a_comparison_has_come_to(every):
    assert claim_words.facts(every["lower"]) == [
        ("on these rows (95% interval)", "lowers accuracy by 1.00 points (0.98 to 1.02): 95.00% against 96.00%"),
        ("beyond these rows (95% interval)", "opposite shown: 0.82 to 1.18 points lower, as 10,000 rows tell"),
        ("size, in standard deviations of a run", "6.82"),
        ("pairs that show it (95% interval of the share)", "0 of 30 (0 to 11%)"),
        (
            "the article's own difference",
            "2.95 points higher, which is outside the range of 95% of pairs (rank 31 of 31); ours is 1.00 points lower "
            "on average",
        ),
        ("resolution", "1.00 points"),
        ("Holm's p", "< 0.0001"),
        ("pairs", "30"),
    ]
    assert ("from the optimizer alone", "0.12 points higher (0.10 to 0.14): hardly against base") in claim_words.facts(
        every["higher"]
    )


def test_a_contrast_names_its_terms(every):
    row = every["sum"]
    assert claim_words.relation(row.claim) == "higher − hardly + 0.5 × lower − 0.5 × base > 0"
    assert row.judged.difference == pytest.approx(0.97 - 0.9612 + 0.5 * (0.95 - 0.96))
    assert dict(claim_words.facts(row))["seeds that show it (95% interval of the share)"] == "30 of 30 (89 to 100%)"


def test_protocols_are_compared_without_their_defaults(tmp_path):
    written_out = {"fixed_split": FIXED["fixed_split"] | {"validation": None, "evaluate_at_steps": None}}
    store(tmp_path, fixed("base"), made_cells(0.8 + FIVE))
    store(tmp_path, fixed("better", protocol=written_out), made_cells(0.8 + FIVE))
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert row.judged is not None


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (0.9201, "2.00 points higher, which is an ordinary pair (rank 16 of 31)"),
        (0.9041, "0.40 points higher, which is within the range of 95% of pairs, at its edge (rank 1 of 31)"),
        (0.8901, "1.00 points lower, which is outside the range of 95% of pairs (rank 1 of 31)"),
    ],
)
def test_the_place_of_the_articles_own_difference(tmp_path, printed, told):
    # Differences of .005 to .035 with a sd of .0091, so that 95% of pairs are from .0011 to .0389.
    store(tmp_path, fixed("base", 0.9001), made_cells(np.full(30, 0.8)))
    store(tmp_path, fixed("better", printed), made_cells(0.82 + np.linspace(-0.015, 0.015, 30)))
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert claim_words.own_difference(row) == f"{told}; ours is 2.00 points higher on average"
