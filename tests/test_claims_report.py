"""Stored runs in, verdicts on the claims of an article out."""

from __future__ import annotations

import numpy as np
import pytest
from stored_results import (
    EBB,
    FIXED,
    HERE,
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
from repro.report import words
from repro.results.provenance import write_provenance
from repro.results.records import CellResult, Record
from repro.verdicts.claim import holm, judge_claim
from repro.verdicts.intervals import nadeau_bengio
from repro.verdicts.number import accuracy_margin

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


@pytest.mark.parametrize(("direction", "sign"), [("greater", 1), ("less", -1), ("equivalent", 1)])
def test_comparison_by_hand(pair, direction, sign):
    (row,) = rows(pair, claim("better", direction, note="A note."))
    c = row.judged
    assert (row.kind, row.claim.note) == ("comparison", "A note.")
    assert (row.claim.a, row.claim.b, c.direction, row.claim.metric) == ("better", "base", direction, "accuracy")
    assert (c.n, row.left_out) == (5, ())
    assert c.difference == pytest.approx(sign * 0.02)
    assert c.interval == pytest.approx((sign * 0.02 - 0.0196324, sign * 0.02 + 0.0196324), abs=1e-6)
    expected = judge_claim(0.8 + FIVE, np.full(5, 0.8), direction, c.margin)
    assert (row.verdict, row.sentence) == (expected.verdict, expected.sentence)
    assert (c.wins, c.losses, c.ties, c.share) == (expected.wins, expected.losses, expected.ties, expected.share)
    assert row.shared == "the same training and test rows and base seed 0"
    assert c.nadeau_bengio is None


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
    assert "Left out, not finite or not there in both: seeds 1 to 2, 4 to 5." in words.remarks(row)


def test_one_seed_has_no_interval(tmp_path):
    for name in ("base", "better"):
        store(tmp_path, fixed(name), made_cells([0.9]))
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert (row.verdict, row.judged.interval, row.judged.p_holm) == ("TOO FEW SEEDS", None, None)
    assert words.outcome(row) == "+0.00 points, 1 pair"


def test_cross_validation_has_an_interval_beyond_its_rows(tmp_path):
    generator = np.random.default_rng(3)
    a, b = generator.uniform(0.7, 0.9, (2, 6, 4))
    store(tmp_path, crossed("better", folds=4), made_cells(a))
    store(tmp_path, crossed("base", folds=4), made_cells(b))
    (row,) = rows(tmp_path, claim("better", "less"))
    c = row.judged
    assert c.difference == pytest.approx((b - a).mean())
    assert c.nadeau_bengio == pytest.approx(nadeau_bengio(b - a, 1 / 3))
    assert row.shared == "the same 4 folds and base seed 0"


def test_a_seed_that_lacks_a_fold_is_left_out(tmp_path):
    a, b = made_cells(np.full((6, 2), 0.8)), made_cells(np.full((6, 2), 0.7))
    a[3] = CellResult(3, 1.0, HERE, a[3].records[:2])
    store(tmp_path, crossed("better"), a)
    store(tmp_path, crossed("base"), b)
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert (row.judged.n, row.left_out) == (5, (3,))


MARGINS = {
    "declared": ({"margin": 0.25}, 0.9, 0.7, 0.25, "declared with the claim"),
    "of b": ({}, 0.9, 0.7, accuracy_margin(0.9, 10_000), "the article's 0.9 for base"),
    "of a": ({}, None, 0.7, accuracy_margin(0.7, 10_000), "the article's 0.7 for better"),
    "ours": ({}, None, None, accuracy_margin(0.8, 10_000), "our own 80.00% for base, known only after the run"),
    "loss": ({"metric": "loss"}, 0.9, 0.7, 0.0, "none is declared, so any difference matters"),
}


@pytest.mark.parametrize("given", MARGINS)
def test_margin(tmp_path, given):
    values, b, a, margin, source = MARGINS[given]
    store(tmp_path, fixed("base", b), made_cells(np.full(5, 0.8)))
    store(tmp_path, fixed("better", a), made_cells(0.8 + FIVE))
    (row,) = rows(tmp_path, claim("better", "greater", **values))
    drawn = "what drawing 10,000 other test rows would make of " if given in ("of b", "of a", "ours") else ""
    assert row.judged.margin == pytest.approx(margin)
    assert row.margin_from == drawn + source


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
    assert row.sentence == (f"The two do not share their splits, so their seeds are no pairs: they differ in {named}.")


def test_other_points_of_evaluation_are_no_other_split(tmp_path):
    store(tmp_path, fixed("base"), made_cells(0.8 + FIVE))
    store(tmp_path, fixed("other", protocol={"fixed_split": {"evaluate_at_steps": [1, 9]}}), made_cells(0.8 + FIVE))
    (row,) = rows(tmp_path, claim("other", "greater"))
    assert row.judged.n == len(FIVE)


def test_nothing_finite_in_both_is_not_compared(pair):
    store(pair, fixed("lossless"), made_cells(0.8 + FIVE, loss=None))
    (row,) = rows(pair, claim("lossless", "less", metric="loss"))
    assert (row.verdict, row.sentence) == ("NOT COMPARABLE", "No seed has a finite test loss in both.")


@pytest.mark.parametrize(
    ("a", "b", "margin", "where"),
    [(None, 0.02, 0.02, "base"), (0.03, None, 0.03, "better"), (0.03, 0.02, 0.02, "base")],
)
def test_the_margin_of_a_figure_is_that_of_its_claims(tmp_path, a, b, margin, where):
    for name, declared in (("better", a), ("base", b)):
        figure = {"value": 0.5} | ({} if declared is None else {"margin": declared})
        store(tmp_path, fixed(name, reported={"loss": figure}), made_cells(np.full(5, 0.8), loss=0.5))
    (row,) = rows(tmp_path, claim("better", "equivalent", metric="loss"))
    assert (row.judged.margin, row.verdict) == (margin, "CLAIM HOLDS")
    assert row.margin_from == f"declared with the article's figure for {where}"


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
    assert words.outcome(row).endswith(", a trial with -S training.epochs=2") == (row.trial != "")
    if sentence:
        assert row.sentence == f"The two were run with different overrides: {sentence}."


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
        "The article's value lies above the range of 95% of single runs, "
        "and our mean is not shown to be within the margin."
    )
    assert (unreported.verdict, unreported.figure) == ("NOT JUDGED", None)
    assert unreported.sentence == "base has no loss that the article's can be compared with."


EXPECTED = {
    "base": "REPRODUCED",
    "unmargined": "NOT JUDGED",
    "higher": "CLAIM HOLDS",
    "hardly": "CLAIM HOLDS, TOO SMALL TO MATTER",
    "often": "HOLDS ON AVERAGE",
    "level": "NO MATERIAL DIFFERENCE",
    "lower": "REVERSED",
    "apart": "UNDECIDED",
    "few": "TOO FEW SEEDS",
    "elsewhere": "NOT COMPARABLE",
    "absent": "NOT RUN YET",
    "background": "NOT TESTED HERE",
}


def test_every_verdict(tmp_path):
    made = every_verdict(tmp_path)
    found = judged(made, tmp_path)
    assert {row.claim.id: words.verdict_words(row) for row in found} == EXPECTED
    by_id = {row.claim.id: row for row in found}
    assert by_id["unmargined"].sentence == "No margin is declared for this figure, so it is shown and not judged."
    assert by_id["background"].sentence == "Background of the article."
    undecided = by_id["apart"]
    assert undecided.judged.seeds_needed > N
    assert words.seeds(undecided.judged) == f"{N} of {undecided.judged.seeds_needed} needed"
    assert words.remarks(undecided)[-1] == "Smallest difference that 30 seeds find with 80% power: 1.53 points."


def test_protocols_are_compared_without_their_defaults(tmp_path):
    written_out = {"fixed_split": FIXED["fixed_split"] | {"validation_from_train": 0}}
    store(tmp_path, fixed("base"), made_cells(0.8 + FIVE))
    store(tmp_path, fixed("better", protocol=written_out), made_cells(0.8 + FIVE))
    (row,) = rows(tmp_path, claim("better", "greater"))
    assert row.judged is not None
