from __future__ import annotations

import numpy as np
import pytest

from repro.training import randomness


def test_order_is_a_permutation_and_differs_by_epoch_seed_fold_and_base_seed() -> None:
    order = randomness.data_order(0, 0, 0, epochs=4, rows=50)
    assert order.dtype == np.int32
    assert order.shape == (4, 50)
    assert (np.sort(order, axis=1) == np.arange(50)).all()
    others = [randomness.data_order(*where, epochs=4, rows=50) for where in ((0, 1, 0), (0, 0, 1), (1, 0, 0))]
    rows = [tuple(row) for table in [order, *others] for row in table]
    assert len(set(rows)) == len(rows)


def test_order_of_an_epoch_does_not_depend_on_how_many_follow() -> None:
    short, long = (randomness.data_order(3, 7, 2, epochs, 33) for epochs in (2, 9))
    assert (short == long[:2]).all()


def test_order_is_uniform() -> None:
    """Each row is first equally often: chi-square with 9 degrees of freedom below its 99.9% point, 27.9."""
    first = randomness.data_order(0, 0, 0, epochs=5000, rows=10)[:, 0]
    counts = np.bincount(first, minlength=10)
    assert ((counts - 500) ** 2 / 500).sum() < 27.9


def test_streams_of_different_purpose_are_independent_and_fixed_for_ever() -> None:
    """Golden values: a change here changes every result."""
    assert randomness.split_state(0, 0) == 3678467582
    assert randomness.weight_seeds(0, 0, 0, 3) == [872880836, 1781017112, 1244268370]
    assert randomness.noise_key(0, 0) == 13376392807078296664
    assert randomness.generator_states(0, 0, 0, 2) == [1201740054, 1267914318]
    assert randomness.data_order(0, 0, 0, 1, 8)[0].tolist() == [1, 0, 7, 5, 3, 6, 4, 2]


def test_weight_seeds_fit_what_keras_takes() -> None:
    seeds = [seed for fold in range(20) for seed in randomness.weight_seeds(9, 1, fold, 10)]
    assert max(seeds) < 2**31
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("purpose", list(randomness.Purpose))
def test_purposes_keep_their_numbers(purpose: randomness.Purpose) -> None:
    numbers = {"SPLIT": 0, "WEIGHTS": 1, "ORDER": 2, "NOISE": 3, "STATES": 4, "DRAWS": 5}
    assert purpose.value == numbers[purpose.name]
