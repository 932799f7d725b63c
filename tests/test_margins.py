"""What may differ without changing a conclusion: what is declared first, then the stored resolution."""

from __future__ import annotations

from typing import Any

import pytest
from stored_results import fixed, made_cells, provenance_of, store

from repro.analysis.margins import claim_margin, figure_margin, spread_margin
from repro.config.article import Claim
from repro.config.reported import Reported
from repro.results.stored import StoredExperiment, read_stored
from repro.verdicts.types import Resolution

HALF = Resolution(0.007, "half of 1.4 points")


@pytest.fixture
def stored(tmp_path) -> Any:
    """Makes stored results of an experiment, whose article has a resolution of its own."""

    def make(name: str, **reported: dict[str, Any]) -> StoredExperiment:
        store(tmp_path, fixed(name, reported=reported), made_cells([0.8, 0.9]), resolution=HALF)
        return read_stored(tmp_path, name)

    return make


def claim(**values: Any) -> Claim:
    return Claim.model_validate({"id": "c", "text": "t", "a": "a", "b": "b", "direction": "less"} | values)


DECLARED = {"value": 50.0, "unit": "percent", "margin": 2.5, "margin_reason": "as told"}
LOSS = {"value": 0.5, "margin": 0.1, "margin_reason": "as told"}


def test_of_a_figure(stored):
    one = stored("a", accuracy={"value": 0.9})
    assert figure_margin(one, "accuracy", Reported(value=0.9)) == HALF
    assert figure_margin(one, "accuracy", Reported(**DECLARED)) == Resolution(0.025, "as told")
    assert figure_margin(one, "loss", Reported(value=0.5)) is None
    assert figure_margin(one, "loss", Reported(**LOSS)) == Resolution(0.1, "as told")


def test_of_a_spread(stored):
    reason = "one point: no claim of made-up draws a conclusion from a spread"
    assert spread_margin(stored("a"), "accuracy") == Resolution(0.01, reason)


def test_of_a_claim_about_an_accuracy(stored):
    a, b = stored("a", accuracy={"value": 0.9}), stored("b", accuracy=DECLARED)
    own = claim(margin=0.03, margin_reason="said here")
    assert claim_margin(own, [a, b]) == Resolution(0.03, "said here")
    assert claim_margin(claim(), [a, b]) == Resolution(0.025, "as told")
    assert claim_margin(claim(), [a, a]) == HALF


def test_of_a_claim_about_a_loss(stored):
    a, b = stored("a", loss={"value": 0.5}), stored("b", loss=LOSS)
    c = stored("c", loss=LOSS | {"split": "train"})
    assert claim_margin(claim(metric="loss"), [a, b]) == Resolution(0.1, "as told")
    assert claim_margin(claim(metric="loss"), [a, c]) is None, "a margin of another split is another matter"


def test_what_is_stored_is_enough(stored):
    one = stored("a")
    assert one.provenance.resolution == HALF
    assert provenance_of(one.experiment, one.runs).resolution.value == 0.01
