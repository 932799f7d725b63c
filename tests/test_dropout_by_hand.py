"""Dropout in NumPy, as two articles have it: exact tests on their examples, and statistical ones with set bounds."""

from __future__ import annotations

import numpy as np
import pytest

from repro.models.dropout_by_hand import bernoulli_mask, dropout, dropout_unscaled, scaled_for_test, thinned_layer

EXAMPLE = np.arange(1, 11, dtype=np.float32)
LEVEL = 0.4
DRAWS = 100_000


def generator() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.mark.parametrize("function", [dropout, dropout_unscaled])
@pytest.mark.parametrize("level", [-0.1, 1, 1.5, float("nan")])
def test_a_level_that_is_none_is_refused_in_the_articles_words(function, level):
    with pytest.raises(ValueError, match=r"^Dropout level must be in interval \[0, 1\[\.$"):
        function(EXAMPLE, level, generator())


@pytest.mark.parametrize("level", [-0.1, 1, float("nan")])
def test_so_it_is_where_weights_are_scaled_for_the_test(level):
    with pytest.raises(ValueError, match="Dropout level must be in interval"):
        scaled_for_test(EXAMPLE, level)


def test_every_output_is_0_or_the_input_over_the_keep_probability():
    out = dropout(EXAMPLE, LEVEL, generator())
    mask = generator().binomial(1, 1 - LEVEL, EXAMPLE.shape)
    assert 0 < mask.sum() < len(mask)
    np.testing.assert_array_equal(out == 0, mask == 0)
    np.testing.assert_allclose(out[mask == 1], EXAMPLE[mask == 1] / 0.6, rtol=1e-6)


def test_without_scaling_every_output_is_0_or_the_input():
    out = dropout_unscaled(EXAMPLE, LEVEL, generator())
    mask = generator().binomial(1, 1 - LEVEL, EXAMPLE.shape)
    np.testing.assert_array_equal(out, EXAMPLE * mask)


def test_the_argument_stays_as_it_is():
    given = EXAMPLE.copy()
    given.flags.writeable = False
    for out in (dropout(given, LEVEL, generator()), dropout(given, 0, generator()), scaled_for_test(given, LEVEL)):
        assert not np.shares_memory(out, given)
    np.testing.assert_array_equal(given, EXAMPLE)


def test_level_0_drops_nothing():
    np.testing.assert_array_equal(dropout(EXAMPLE, 0, generator()), EXAMPLE)


@pytest.mark.parametrize(
    ("given", "kept"), [(np.float16, np.float16), (np.float32, np.float32), (np.float64, np.float64), (int, np.float64)]
)
def test_types_of_floating_point_numbers_are_kept_and_whole_numbers_become_float64(given, kept):
    x = np.arange(1, 11, dtype=given)
    assert dropout(x, LEVEL, generator()).dtype == kept
    assert dropout_unscaled(x, LEVEL, generator()).dtype == kept
    assert scaled_for_test(x, LEVEL).dtype == kept


def test_whole_numbers_and_lists_are_taken():
    whole = dropout([[1, 2], [3, 4]], LEVEL, generator())
    np.testing.assert_array_equal(whole, dropout(np.array([[1.0, 2.0], [3.0, 4.0]]), LEVEL, generator()))


def test_the_same_generator_gives_the_same_mask_and_another_call_another():
    rng = generator()
    first, second = (dropout(np.ones(100), LEVEL, rng) for _ in range(2))
    np.testing.assert_array_equal(first, dropout(np.ones(100), LEVEL, generator()))
    assert (first != second).any()


@pytest.mark.parametrize("level", [0.1, 0.4, 0.9])
def test_units_are_kept_independently_with_the_keep_probability(level):
    """Five standard errors of a binomial share on either side."""
    kept = dropout(np.ones((DRAWS, 4)), level, generator()) != 0
    keep = 1 - level
    error = np.sqrt(keep * level / DRAWS)
    np.testing.assert_allclose(kept.mean(axis=0), keep, atol=5 * error)
    both = (kept[:, 0] & kept[:, 1]).mean()
    assert both == pytest.approx(keep**2, abs=5 * np.sqrt(keep**2 * (1 - keep**2) / DRAWS))


def test_both_compensations_have_the_expectation_of_the_article():
    """Five standard errors of a mean over the draws: x sqrt(p (1 - p) / n), divided by p where it is scaled."""
    rows = np.tile(EXAMPLE.astype(np.float64), (DRAWS, 1))
    error = 5 * EXAMPLE * np.sqrt(0.6 * 0.4 / DRAWS)
    scaled, plain = dropout(rows, LEVEL, generator()).mean(axis=0), dropout_unscaled(rows, LEVEL, generator()).mean(0)
    assert (np.abs(scaled - EXAMPLE) < error / 0.6).all()
    assert (np.abs(plain - scaled_for_test(EXAMPLE, LEVEL)) < error).all()


def test_the_equations_mask_is_0_with_the_probability_p():
    mask = bernoulli_mask((DRAWS, 2), 0.2, generator())
    assert mask.dtype == np.float64
    assert set(np.unique(mask)) == {0.0, 1.0}
    np.testing.assert_array_equal(mask, generator().random((DRAWS, 2)) > 0.2)
    assert (mask == 0).mean() == pytest.approx(0.2, abs=5 * np.sqrt(0.16 / (2 * DRAWS)))


def test_a_layer_behind_a_mask_by_hand():
    """(1 * 2 + 0 * 3) + 0.5 and (1 * -1 + 0 * 1) - 0.5, then relu."""
    weights, bias = np.array([[2.0, -1.0], [3.0, 1.0]]), np.array([0.5, -0.5])
    out = thinned_layer(np.array([1, 1]), np.array([[1, 0]]), weights, bias, lambda z: np.maximum(z, 0))
    np.testing.assert_array_equal(out, [[2.5, 0.0]])
