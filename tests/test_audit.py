"""What can be known before any run: whole outputs, a planted impossible value, and what the command leaves alone."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from stored_results import crossed, described, fixed, made_cells, store
from tiny import invoke

from repro.analysis.audit import Spread, audit_claims, audit_experiment, binomial, missing_of
from repro.commands.audit import Audit, audit
from repro.config import Article, Catalogue, Experiment
from repro.files import shipped
from repro.report.build import build_experiment
from repro.results.stored import read_stored

DIGITS = """\
article: own
title: Digits
dataset: {name: digits, divide_by: 16}
model:
  - Dense: {units: 10}
training:
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  optimizer: {SGD: {learning_rate: 0.1}}
  batch_size: 479
  epochs: 2
protocol: {fixed_split: {evaluate_at_steps: [1, 3, 5]}}
reported:
  accuracy: {value: 0.8167, unit: fraction, steps: {1: 0.8155, 3: 0.8056, 5: 0.8167}}
"""
WIDER = """\
extends: digits.yaml
title: Wider
model:
  - Dense: {units: 20, activation: relu}
  - Dense: {units: 10}
reported:
  accuracy: {value: 82.22, unit: percent, steps: null}
"""
ARTICLE = """\
title: An article of one's own
source: a drawer
claims:
  - {id: wider, text: Wider is better., a: wider, b: digits, direction: greater}
  - {id: silent, text: Narrow is worse., a: narrow, b: digits, direction: less}
  - {id: loss, text: Wider has a lower loss., a: wider, b: digits, direction: less, metric: loss, added: true}
  - {id: reaches, text: It reaches 82%., figure_of: wider}
unsaid: [The batch size.]
"""
OUTPUT = """\
digits: Digits
  0.8155 at step 1: IMPOSSIBLE as whole rows of 360.
  0.8167, 0.8056 at step 3 and 0.8167 at step 5: possible as whole rows of 360.
  If runs differ by 2.04 points (binomial, as if each run had 360 test rows of its own), the 95% interval of the mean of
  5, 30 and 120 seeds is ± 2.53, 0.76 and 0.37 points.

wider: Wider
  82.22%: possible as whole rows of 360.
  If runs differ by 2.02 points (binomial, as if each run had 360 test rows of its own), the 95% interval of the mean of
  5, 30 and 120 seeds is ± 2.50, 0.75 and 0.36 points.

Article own: An article of one's own
  Resolution 0.275 points: half of 0.55 points, the smallest reported difference from which the article draws a
  conclusion (wider and digits).

                 printed difference        95% interval, ±   found with 80% power  runs
  claim                   test rows        5     30    120        5     30    120  differ by
  wider      +0.55       2.0 of 360     3.56   1.07   0.52     4.77   1.52   0.74  2.87
  silent         –                –     3.58   1.08   0.52     4.79   1.53   0.74  2.88
  loss           –                –        –      –      –        –      –      –  not known
  What runs differ by: binomial, as if each run had 360 test rows of its own; those of a claim as independent ones.
  Each claim is taken alone here; among several, Holm's correction asks for more seeds.

  The article leaves unsaid
  - The batch size.
  - How much runs differ: no spread is printed of the accuracy of digits and wider.
  - The figure of narrow, of which it claims something (silent).
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of configs with an article, one of whose figures is impossible."""
    folder = tmp_path / "own"
    (folder / "articles").mkdir(parents=True)
    narrow = "extends: digits.yaml\ntitle: Narrow\nreported: null\n"
    for name, text in (("digits", DIGITS), ("wider", WIDER), ("narrow", narrow), ("articles/own", ARTICLE)):
        (folder / f"{name}.yaml").write_text(text)
    return folder


def possible(result: Audit) -> dict[str, dict[str, bool | None]]:
    """Experiment -> rule -> whether its figure is possible by it."""
    return {each.experiment: {way.rule: way.possible for way in each.values[0].ways} for each in result.experiments}


def test_configs_of_ones_own_with_an_impossible_value(own, tmp_path):
    result = invoke("audit", own, "-o", tmp_path / "none")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == OUTPUT


def test_the_folds_of_todays_scikit_learn_cannot_give_the_figures_of_sonar(tmp_path):
    names = ["sonar_visible", "sonar_baseline", "sonar_baseline_fresh_folds", "sonar_hidden", "sonar_control"]
    result = audit(names, tmp_path, Catalogue())
    old_alone = {"scikit-learn 0.18": True, "today's scikit-learn": False}
    assert possible(result) == {
        "sonar_baseline_fresh_folds": old_alone,  # first: as configured, its value is impossible
        "sonar_visible": {"scikit-learn 0.18": True, "today's scikit-learn": True},
        "sonar_baseline": old_alone,
        "sonar_hidden": old_alone,
    }
    assert next(iter(possible(result))) == "sonar_baseline_fresh_folds"
    assert [each.impossible for each in result.experiments] == [True, False, False, False]
    shown = invoke("audit", "sonar_baseline_fresh_folds", "sonar_baseline", "-o", tmp_path).stdout
    assert shown.startswith(
        "sonar_baseline_fresh_folds: Baseline without dropout, fresh folds\n"
        "  86.04% as a mean over folds: IMPOSSIBLE with today's scikit-learn, as configured (21 x 8, 20 x 2 rows); "
        "possible with\n  scikit-learn 0.18 (22, 21 x 6, 20 x 3 rows).\n"
    )
    assert "with scikit-learn 0.18, as configured (22, 21 x 6, 20 x 3 rows); impossible with" in shown


def test_a_claimed_difference_in_rows(tmp_path):
    (article,) = audit(["sonar_hidden"], tmp_path, Catalogue()).articles
    claims = {claim.id: claim for claim in article.claims}
    assert all("hidden" in name for name in claims), "claims about other experiments alone are left out"
    found = claims["hidden-below-baseline"]
    assert (found.difference, found.rows, found.of_rows) == (-0.0245, pytest.approx(-5.096), 208)
    assert article.resolution.value == 0.01225


def test_labels_that_are_not_at_hand(tmp_path):
    text = "protocol: {stratified_k_fold: {folds: 7RULE}}\nreported: {accuracy: {value: 0.9, unit: fraction}}\n"
    base = (shipped("configs") / "mnist_plain.yaml").read_text().partition("extends")[0]
    recipe = DIGITS.partition("protocol")[0].replace("digits", "mnist")
    for name, rule in (("older", ", as_in: scikit-learn 0.18"), ("newer", "")):
        (tmp_path / f"{name}.yaml").write_text(base + recipe + text.replace("RULE", rule))
    result = audit([str(tmp_path)], tmp_path / "none", Catalogue())
    todays = {"today's scikit-learn": True}
    assert possible(result) == {"newer": todays, "older": todays}
    assert [each.values[0].possible for each in result.experiments] == [True, None]
    told = "Not checked: folds of scikit-learn 0.18 depend on the labels, which have to be at hand and few."
    assert invoke("audit", tmp_path, "-o", tmp_path / "none").stdout.count(told) == 2


def test_json(own, tmp_path):
    result = invoke("audit", own, "--json", "-o", tmp_path / "none")
    found = json.loads(result.stdout)
    assert found.keys() == {"experiments", "articles"}
    digits, wider = found["experiments"]
    assert digits.keys() == {"experiment", "title", "values", "always", "unchecked", "spread", "precision"}
    assert [value["ways"][0]["possible"] for value in digits["values"]] == [True, False, True, True]
    assert wider["values"] == [
        {"text": "82.22%", "step": None, "ways": [{"rows": [360], "rule": "", "own": True, "possible": True}]}
    ]
    (article,) = found["articles"]
    assert article.keys() == {"article", "title", "resolution", "claims", "unsaid"}
    assert article["resolution"]["value"] == 0.00275
    assert article["claims"][0]["difference"] == 0.0055
    assert [each["seeds"] for each in article["claims"][0]["precision"]] == [5, 30, 120]


def test_a_wrong_config_is_refused(own):
    (own / "wider.yaml").write_text(WIDER.replace("82.22", "822.2"))
    result = invoke("audit", own)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "wider.yaml:7: reported.accuracy.value: expected an accuracy between 0 and 100, got 822.2" in result.stderr


def test_the_spread_of_stored_results(tmp_path):
    experiment = Catalogue().experiment(shipped("configs") / "sonar_baseline.yaml", ["seeds=6"])
    accuracies = [[0.8 + 0.01 * seed] * 10 for seed in range(6)]
    store(tmp_path, experiment, made_cells(accuracies))
    build_experiment(read_stored(tmp_path, "sonar_baseline"))
    result = audit(["sonar_baseline", "sonar_hidden"], tmp_path, Catalogue())
    baseline, hidden = (each.spread for each in result.experiments)
    assert baseline == Spread(pytest.approx(0.01 * math.sqrt(3.5)), "6 stored seeds")
    assert hidden.source == "binomial, as if each run had 208 test rows of its own"
    claim = next(claim for claim in result.articles[0].claims if claim.id == "hidden-below-baseline")
    assert claim.spread.sd == pytest.approx(math.hypot(baseline.sd, hidden.sd))
    assert claim.spread.source == f"{hidden.source}; 6 stored seeds"


def test_stored_results_of_another_training_say_nothing(tmp_path):
    experiment = Catalogue().experiment(shipped("configs") / "sonar_baseline.yaml", ["training.epochs=5"])
    store(tmp_path, experiment, made_cells([[0.8] * 10, [0.9] * 10]))
    build_experiment(read_stored(tmp_path, "sonar_baseline"))
    (found,) = audit(["sonar_baseline"], tmp_path, Catalogue()).experiments
    assert found.spread.source.startswith("binomial")


def test_what_seeds_can_tell_by_hand():
    experiment = fixed("one", 0.9)
    found = audit_experiment(experiment, described("mnist"), None, Spread(0.01, "told"))
    five, thirty, _ = found.precision
    assert five.half_width == pytest.approx(2.776445 * 0.01 / math.sqrt(5), rel=1e-6)
    assert five.detectable == pytest.approx((2.776445 + 0.940965) * 0.01 / math.sqrt(5), rel=1e-6)
    assert thirty.half_width == pytest.approx(2.045230 * 0.01 / math.sqrt(30), rel=1e-6)
    assert found.always, "1 of 10,000 rows is smaller than the one decimal that is printed"
    assert binomial(0.5, 100).sd == 0.05
    none_right, none_wrong = binomial(0.0, 100), binomial(1.0, 100)
    assert none_right.sd == pytest.approx(math.sqrt(0.005 * 0.995 / 100))
    assert none_wrong.sd == pytest.approx(none_right.sd)
    assert audit_experiment(fixed("silent"), described("mnist"), None, None) is None


def test_a_value_is_shown_to_the_digit_as_it_is_written():
    figure = {"value": 0.84, "unit": "fraction", "decimals": 20}
    found = audit_experiment(fixed("one", reported={"accuracy": figure}), described("mnist"), None, None)
    assert found.values[0].text == "0.84000000000000000000"


@pytest.mark.parametrize(("split", "rows"), [("validation", 50), ("train", 59_950), ("test", 10_000)])
def test_rows_of_a_split(split, rows):
    protocol = {"fixed_split": {"evaluate_every_epochs": 1, "validation": {"first": 50}}}
    reported = {"accuracy": {"value": 0.93, "unit": "fraction", "split": split}}
    found = audit_experiment(fixed("one", protocol=protocol, reported=reported), described("mnist"), None, None)
    assert found.values[0].ways[0].rows == (rows,)


def article(**claim: object) -> Article:
    values = {"name": "made-up", "title": "t", "source": "s", "claims": [{"id": "c", "text": "t", **claim}]}
    return Article.model_validate(values)


def test_a_contrast_of_several_experiments():
    experiments = {name: fixed(name, value) for name, value in (("a", 0.9), ("b", 0.8), ("c", 0.6))}
    claims = article(contrast={"a": 1.0, "b": -0.5, "c": -0.5}, direction="greater")
    stored = {(name, "accuracy"): Spread(sd, "told") for name, sd in (("a", 0.03), ("b", 0.08), ("c", 0.06))}
    (found,) = audit_claims(claims, experiments, dict.fromkeys("abc", 10_000), stored)
    assert (found.difference, found.rows) == (0.2, 2000)
    assert found.spread == Spread(pytest.approx(math.sqrt(0.03**2 + 0.04**2 + 0.03**2)), "told")


def test_a_loss_has_no_rows_and_a_spread_only_from_results():
    reported = {"loss": {"value": 0.5}}
    experiments: dict[str, Experiment] = {name: fixed(name, reported=reported) for name in "ab"}
    claims = article(a="a", b="b", direction="less", metric="loss")
    (found,) = audit_claims(claims, experiments, dict.fromkeys("ab", 10_000), {})
    assert (found.difference, found.rows, found.spread, found.precision) == (0, None, None, ())
    stored = {(name, "loss"): Spread(0.1, "told") for name in "ab"}
    (found,) = audit_claims(claims, experiments, dict.fromkeys("ab", 10_000), stored)
    assert found.spread == Spread(pytest.approx(0.1 * math.sqrt(2)), "told")


def test_what_an_article_leaves_unsaid():
    over = {"accuracy": {"value": 86.04, "unit": "percent", "spread": 4.58, "spread_over": "folds"}}
    experiments = {
        "folds": crossed("folds", reported=over),
        "fresh": crossed("fresh", reported=over),  # the same figure
        "seeds": fixed("seeds", reported={"accuracy": {"value": 0.9, "spread": 0.01, "spread_over": "seeds"}}),
        "bare": fixed("bare", 0.9),
        "foreign": fixed("foreign", 0.8, article="another"),
        "silent": fixed("silent"),
    }
    found = article(a="silent", b="bare", direction="less")
    assert list(missing_of(found, experiments)) == [
        "How much runs differ: the spread printed of folds is over the folds of one run.",
        "How much runs differ: no spread is printed of the accuracy of bare.",
        "The figure of silent, of which it claims something (c).",
    ]
    said = found.model_copy(update={"unsaid": ("What silent reaches.",)})
    assert len(list(missing_of(said, experiments))) == 2
    ours = article(a="silent", b="bare", direction="less", added=True)
    assert len(list(missing_of(ours, experiments))) == 2


def test_nothing_heavy_is_imported(tmp_path):
    code = (
        "import sys\n"
        "from repro.cli.app import main\n"
        "try:\n"
        "    main(sys.argv[1:])\n"
        "finally:\n"
        "    heavy = {'tensorflow', 'keras', 'pandas', 'scipy.stats', 'sklearn', 'matplotlib', 'joblib'}\n"
        "    print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    line = [sys.executable, "-c", code, "audit", str(shipped("configs")), "-o", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert done.stdout.startswith("sonar_baseline_fresh_folds: ")
