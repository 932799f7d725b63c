"""Every random number of a training as a function of (base seed, seed, fold, purpose, step) and of nothing else.

NumPy's `SeedSequence` derives independent streams from the tuple (O'Neill's seed_seq, as NumPy documents it); what
runs on the device is keyed by 64 bits from the same place (`repro.models.noise`). Experiments that share a base seed
share splits, orders and initial weights seed by seed, so their accuracies can be compared in pairs.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every result: never re-use or re-order them."""

    SPLIT = 0
    WEIGHTS = 1
    ORDER = 2
    NOISE = 3
    STATES = 4
    DRAWS = 5


def _sequence(base_seed: int, seed: int, fold: int, purpose: Purpose) -> np.random.SeedSequence:
    return np.random.SeedSequence(base_seed, spawn_key=(seed, fold, purpose))


def split_state(base_seed: int, seed: int) -> int:
    """The `random_state` of the split into folds: all folds of a seed come from one shuffle."""
    return int(_sequence(base_seed, seed, 0, Purpose.SPLIT).generate_state(1)[0])


def weight_seeds(base_seed: int, seed: int, fold: int, variables: int) -> list[int]:
    """One 31-bit seed per trainable variable, in the model's order (31 bits: Keras takes a signed int).

    The first ones are the same however many are asked for.
    """
    return _seeds(base_seed, seed, fold, Purpose.WEIGHTS, variables)


def generator_states(base_seed: int, seed: int, fold: int, generators: int) -> list[int]:
    """A 31-bit start for each random generator that layers of a model keep, in the model's order."""
    return _seeds(base_seed, seed, fold, Purpose.STATES, generators)


def _seeds(base_seed: int, seed: int, fold: int, purpose: Purpose, count: int) -> list[int]:
    return [int(value >> 1) for value in _sequence(base_seed, seed, fold, purpose).generate_state(count)]


def data_order(base_seed: int, seed: int, fold: int, epochs: int, rows: int) -> np.ndarray:
    """A fresh permutation of the training rows for each epoch.

    Returns int32 of shape (epochs, rows). Epoch e's permutation does not depend on how many epochs are asked for.
    """
    generator = np.random.Generator(np.random.PCG64(_sequence(base_seed, seed, fold, Purpose.ORDER)))
    identity = np.broadcast_to(np.arange(rows, dtype=np.int32), (epochs, rows))
    return generator.permuted(identity, axis=1)


def draws(base_seed: int, seed: int) -> np.random.Generator:
    """The stream that a function draws from under a seed."""
    return np.random.Generator(np.random.PCG64(_sequence(base_seed, seed, 0, Purpose.DRAWS)))


def noise_key(base_seed: int, seed: int) -> int:
    """The 64-bit Threefry key of a cell; fold and step go into the counter."""
    return int(_sequence(base_seed, seed, 0, Purpose.NOISE).generate_state(1, np.uint64)[0])
