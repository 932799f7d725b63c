"""What a reader can repeat of an article: every verdict in words, and nothing that the verdicts do not say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from stored_results import EBB, article, build, claim, every_verdict, fixed, load, made_cells, store

from repro.analysis.claims import ClaimResult
from repro.analysis.summarize import summarize
from repro.config.article import Claim
from repro.report.answer import answer, article_figures
from repro.report.sections import Member, Section, sections_of
from repro.verdicts.claim import judge_claim
from repro.verdicts.types import Beyond

BASE = 0.96 + EBB
JITTER = np.resize([0.0004, -0.0004], 30)


def section(out, *claims, **changes):
    """The section of an article over all that is stored."""
    members = [Member(each, summarize(each)) for each in load(out).values()]
    made = article(claims, experiments=[member.name for member in members], **changes)
    (only,) = sections_of(members, {made.name: made})
    return only


def of_claim(shift, *, part=None, direction="less", metric="accuracy", short="a is worse", beyond=None, **changes):
    """The answer to an article with one claim about 30 pairs that differ by `shift`, give or take 0.0004."""
    about = None if part is None else {"a": "c", "b": "b", "what": "the optimizer"}
    given = {"id": "it", "text": "Text.", "a": "a", "b": "b", "direction": direction, "short": short}
    told = Claim.model_validate(given | {"metric": metric, "part": about})
    judged = replace(judge_claim(BASE + shift + JITTER, BASE, direction, 0.01), **changes)
    if beyond:
        judged = replace(judged, beyond=Beyond(beyond, (-0.1, 0.1), 0.5, 0.5, 208))
    of_part = None if part is None else judge_claim(BASE + part + JITTER, BASE, direction, 0.01)
    row = ClaimResult(told, judged.verdict, judged.sentence, judged=judged, part=of_part)
    return answer(Section("made-up", None, (), (row,)))


CLAIMS = {
    "holds": ({}, "holds on these rows, by 2.00 points."),
    "not beyond": ({"beyond": "not shown"}, "holds on these rows, by 2.00 points."),
    "beyond": ({"beyond": "shown"}, "holds on these rows and beyond them, by 2.00 points."),
    "small": ({"shift": -0.002}, "holds on these rows, by 0.20 points, which is small (within 1.00 points)."),
    "on average": ({"on_average_only": True}, "holds on these rows, by 2.00 points, on average only."),
    "part": (
        {"part": -0.01},
        "holds on these rows, by 2.00 points, of which 1.00 (0.98 to 1.02) come from the optimizer.",
    ),
    "part undecided": (
        {"part": 0.0},
        "holds on these rows, by 2.00 points; how much of that comes from the optimizer is not decided.",
    ),
    "part against": (
        {"part": 0.01},
        "holds on these rows, by 2.00 points; 1.00 points (0.98 to 1.02) the other way come from the optimizer.",
    ),
    "part that is more": (
        {"part": -0.03},
        "holds on these rows, by 2.00 points; 3.00 points (2.98 to 3.02) the same way come from the optimizer.",
    ),
    "opposite": ({"shift": 0.02}, "does not hold: the opposite holds on these rows, by 2.00 points."),
    "opposite beyond": (
        {"shift": 0.02, "beyond": "opposite shown"},
        "does not hold: the opposite holds on these rows and beyond them, by 2.00 points.",
    ),
    "no material difference": ({"shift": 0.0}, "is not shown; on these rows any difference is within 1.00 points."),
    "undecided": ({"verdict": "UNDECIDED"}, "is not decided."),
    "too few": ({"verdict": "TOO FEW SEEDS", "n": 3}, "needs more than 3 seeds."),
    "equivalent": ({"shift": 0.0, "direction": "equivalent"}, "holds on these rows, within 1.00 points."),
    "not equivalent": ({"direction": "equivalent"}, "does not hold on these rows: they differ by 2.00 points."),
    "loss": ({"metric": "loss"}, "holds on these rows, by 0.0200 of loss."),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_a_claim_in_words(case):
    given, expected = CLAIMS[case]
    seeds = given.get("n", 30)
    assert of_claim(**{"shift": -0.02} | given) == f"Over {seeds} seeds, the claim that a is worse {expected}"


def test_a_claim_without_a_short_form_is_quoted():
    assert of_claim(-0.02, short="") == "Over 30 seeds, the claim “Text” holds on these rows, by 2.00 points."


def test_an_article_with_every_verdict(tmp_path):
    made = every_verdict(tmp_path)
    build(tmp_path, made)
    members = [Member(each, summarize(each)) for each in load(tmp_path).values()]
    (only,) = sections_of(members, {made.name: made})
    numbers, *claims = answer(only).split(". ")
    assert numbers.split("; ") == [
        "Over 3 to 30 seeds, one of seven numbers is reproduced",
        "no ordinary run prints 0.9622, though our mean of 0.9605 is close to it",
        "0.99 is not reproduced: our mean is 0.9500",
        "one run may print 0.945, though our mean is 0.9300",
        "one run may print 0.956, which is at the edge of our runs, though our mean is 0.9300",
        "3 seeds cannot judge 0.96",
        "a loss of 0.5 is not judged: it has rank 1 to 31 of 31, and our mean is 0.5000",
    ]
    assert claims == [
        "The claim that more is better holds on these rows and beyond them, by 1.00 points, of which 0.12 (0.10 to "
        "0.14) come from the optimizer",
        "The claim “Text of hardly” holds on these rows, by 0.12 points, which is small (within 1.00 points)",
        "The claim “Text of often” holds on these rows, by 1.00 points, on average only",
        "The claim “Text of level” is not shown; on these rows any difference is within 1.00 points",
        "The claim “Text of lower” does not hold: the opposite holds on these rows and beyond them, by 1.00 points",
        "The claim “Text of apart” is not decided",
        "The claim “Text of few” needs more than 3 seeds",
        "The claim “Text of sum” holds on these rows, by 0.38 points, which is small (within 1.00 points)",
        "The claim “Text of elsewhere” could not be judged",
        "One more claim has not been run yet",
        "One more claim is not tested here.",
    ]


def test_so_few_seeds_are_compatible_at_most_however_close(tmp_path):
    store(tmp_path, fixed("base", 0.96), made_cells(BASE[:8]))
    assert answer(section(tmp_path)) == "Over 8 seeds, one run may print 0.96, and our mean of 0.9602 is close."


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "its one number is reproduced"), (2, "both numbers are reproduced"), (3, "all three numbers are reproduced")],
)
def test_numbers_that_are_all_reproduced(tmp_path, count, told):
    for place in range(count):
        store(tmp_path, fixed(f"m{place}", round(0.96 + place / 10_000, 4)), made_cells(BASE))
    assert answer(section(tmp_path)) == f"Over 30 seeds, {told}."


def test_a_number_that_several_experiments_repeat_counts_once_as_the_first_has_it(tmp_path):
    for name, ours in (("first", BASE), ("second", BASE - 0.05)):
        store(tmp_path, fixed(name, 0.96), made_cells(ours))
    assert answer(section(tmp_path)) == "Over 30 seeds, its one number is reproduced."


def test_trials_are_not_the_articles_experiments(tmp_path):
    for name in ("base", "better"):
        store(tmp_path, fixed(name, 0.96), made_cells(BASE), overrides=("training.epochs=2",))
    assert answer(section(tmp_path, claim("better", "greater"))) == (
        "Nothing that the article reports has been run as it reports it."
    )


def test_questions_of_our_own_are_no_claims_of_the_article(tmp_path):
    store(tmp_path, fixed("base", 0.96), made_cells(BASE))
    store(tmp_path, fixed("better"), made_cells(BASE + 0.02))
    untested = [claim(name, not_tested="Why.") for name in ("x", "y")]
    told = section(tmp_path, claim("better", "greater", added=True), claim("base", figure_of="base"), *untested)
    assert answer(told) == "Over 30 seeds, its one number is reproduced. Two more claims are not tested here."


def test_articles_come_by_the_first_year_that_they_name(tmp_path):
    store(tmp_path, fixed("a"), made_cells(BASE))
    (each,) = load(tmp_path).values()
    published = {"one": "updated March 2018 and May 2019", "two": "with Keras 2", "three": "copyright 2016", "four": ""}
    members = [Member(each, summarize(each).model_copy(update={"article": name})) for name in [*published, None]]
    articles = {name: article([], name=name, published=when) for name, when in published.items()}
    assert [one.name for one in sections_of(members, articles)][:4] == ["three", "one", "four", "two"]


def test_a_figure_of_the_training_rows_is_one_of_the_article(tmp_path):
    """As in `tf_classification`, whose article prints what fit shows of the last epoch."""
    made = fixed("a", reported={"accuracy": {"value": 0.91, "quote": "0.91", "split": "train"}})
    cells = [replace(cell, records=(*cell.records, *_trained(cell.records))) for cell in made_cells(BASE)]
    store(tmp_path, made, cells)
    only = section(tmp_path, claim("number", figure_of="a"))
    assert [(figure.split, figure.verdict) for figure in article_figures(only.members)] == [("train", "REPRODUCED")]


def _trained(records):
    return [replace(each, split="train", value=0.91) for each in records if each.metric == "accuracy"]
