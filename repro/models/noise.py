"""Random bits for noise layers: where they come from, what they are made into, and Threefry as TensorFlow operations.

A dropout layer asks `draw` for as many 16-bit numbers as its input has units. Who answers is decided by the context:
the stacked engine draws the noise of a step for all replicas in one call and feeds each layer its part; the other
engines draw the same numbers one replica at a time; outside them a layer draws its own, as any Keras layer does.

16 bits a unit meet a rate to 2^-17, and halve the cost of the generator.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

import tensorflow as tf

LEVELS = 65536
"""Noise values are integers in [0, LEVELS)."""

_UNITS_PER_COUNTER = 4
"""A counter gives two 32-bit words, i.e. four numbers."""


class NoiseSource(Protocol):
    """Answers a layer's request for noise."""

    def draw(self, shape: Any) -> tf.Tensor:
        """Return int32 noise in [0, LEVELS) of `shape` (batch first)."""


_current: ContextVar[NoiseSource | None] = ContextVar("noise_source", default=None)
_step: ContextVar[Callable[[], tf.Tensor] | None] = ContextVar("step", default=None)


@contextlib.contextmanager
def noise_from(source: NoiseSource | None, step: Callable[[], tf.Tensor] | None = None) -> Iterator[None]:
    """Within the block every noise layer of this thread takes its noise from `source`.

    Args:
        source: None where layers draw their own.
        step: returns the number of updates so far, for layers whose rate depends on it.
    """
    tokens = _current.set(source), _step.set(step)
    try:
        yield
    finally:
        _current.reset(tokens[0])
        _step.reset(tokens[1])


def current_source() -> NoiseSource | None:
    """The source set by `noise_from`, if any."""
    return _current.get()


def current_step() -> tf.Tensor:
    """The number of updates so far, an integer scalar; 0 where `noise_from` does not say."""
    step = _step.get()
    return tf.constant(0) if step is None else step()


def uniform(drawn: tf.Tensor) -> tf.Tensor:
    """Float32 numbers in (0, 1), the middles of 65,536 classes, of int32 ones in [0, 65536): all of them exact."""
    return (tf.cast(drawn, tf.float32) + 0.5) / LEVELS


def normal(drawn: tf.Tensor) -> tf.Tensor:
    """Standard normal float32 numbers, of int32 ones in [0, 65536).

    The inverse of the distribution function at `uniform`: 65,536 quantiles, equally likely. Their mean is 0, their
    variance 1 - 2e-5, their fourth moment 3 - 9e-4, and none is further out than 4.33.
    """
    return tf.math.ndtri(uniform(drawn))


class Recorder:
    """Notes the shape of every request, in order, and answers with zeros: how the engines learn a model's needs."""

    def __init__(self) -> None:
        self.units: list[int] = []

    def draw(self, shape: Any) -> tf.Tensor:
        """Zeros of `shape`."""
        self.units.append(math.prod(int(size) for size in shape[1:]))
        return tf.zeros(shape, tf.int32)


class Feed:
    """Hands out tensors that were drawn before, one a request, in order."""

    def __init__(self, tensors: Sequence[tf.Tensor]) -> None:
        self._rest = list(tensors)

    def draw(self, shape: Any) -> tf.Tensor:
        """The next tensor, as `shape`."""
        return tf.reshape(self._rest.pop(0), shape)


class ShortFeed(Feed):
    """As `Feed`, for one replica whose batch may be short: a request gets the first rows of its tensor.

    Args:
        tensors: int32 (batch size, units) each.
    """

    def draw(self, shape: Any) -> tf.Tensor:
        """The next tensor's first rows, as `shape`."""
        return tf.reshape(self._rest.pop(0)[: shape[0]], shape)


class Layout:
    """How the noise of one step of one replica is cut into the requests of its layers.

    Args:
        batch_size: rows of a full batch; a short batch uses the first rows of its noise.
        units: for each request of a forward pass, in order, the units per row.
    """

    def __init__(self, batch_size: int, units: Sequence[int]) -> None:
        self.batch_size = batch_size
        self.units = tuple(units)
        self.sizes = tuple(batch_size * count for count in units)
        self.counters = -(-sum(self.sizes) // _UNITS_PER_COUNTER)

    def draw(self, key: tf.Tensor, folds: tf.Tensor, step: tf.Tensor) -> list[tf.Tensor]:
        """The noise of `step` for every fold: int32 tensors of shape (folds, batch size * units), one a request."""
        if not self.sizes:
            return []
        planes = random_units(key, folds, step, self.counters)
        return list(tf.split(planes[:, : sum(self.sizes)], self.sizes, axis=1))

    def draw_one(self, key: tf.Tensor, fold: tf.Tensor, step: tf.Tensor) -> list[tf.Tensor]:
        """The noise of `step` for one fold: int32 tensors of shape (batch size, units), one a request."""
        drawn = self.draw(key, tf.reshape(fold, [1]), step)
        return [tf.reshape(part, (self.batch_size, units)) for part, units in zip(drawn, self.units, strict=True)]


class ReplicaNoise:
    """The noise of one replica, drawn when asked for: what the plain engine runs under.

    Args:
        step: returns the number of updates so far, read at each forward pass.
    """

    def __init__(self, layout: Layout, key: int, fold: int, step: Callable[[], tf.Tensor]) -> None:
        self._layout = layout
        self._key = key
        self._fold = fold
        self._step = step
        self._request = 0

    def draw(self, shape: Any) -> tf.Tensor:
        """The next request's noise; a short batch gets the first rows."""
        drawn = self._layout.draw_one(tf.constant(self._key, tf.uint64), tf.constant(self._fold), self._step())
        index = self._request % len(self._layout.sizes)
        self._request += 1
        return tf.reshape(drawn[index][: shape[0]], shape)


def random_units(key: tf.Tensor, folds: tf.Tensor, step: tf.Tensor, counters: int) -> tf.Tensor:
    """16-bit random numbers of a step, for several folds at once.

    Args:
        key: uint64 scalar. folds: int32 (F,). step: integer scalar.
        counters: Threefry counters per fold; each gives four numbers.

    Returns:
        int32 (F, 4 * counters) in [0, 65536). Fold f's row depends on (key, f, step, counters) alone.
    """
    block = folds[:, tf.newaxis] * counters + tf.range(counters, dtype=tf.int32)[tf.newaxis, :]
    counter = tf.cast(block, tf.uint32), tf.cast(tf.zeros_like(block) + tf.cast(step, tf.int32), tf.uint32)
    halves = tf.cast(tf.bitwise.right_shift(key, tf.constant(32, tf.uint64)), tf.uint32), tf.cast(key, tf.uint32)
    # XLA goes through all rounds again for each use of a word, but computes what it has to join only once. Both words
    # as one of 64 bits would go through them in vectors of half as many.
    words = tf.stack(threefry2x32(halves, counter), axis=1)
    # Planes side by side instead of interleaved halves: XLA vectorises this form and not the other.
    planes = tf.stack([words & _u32(0xFFFF), tf.bitwise.right_shift(words, _u32(16))], axis=2)
    return tf.reshape(tf.cast(planes, tf.int32), (folds.shape[0], 4 * counters))


def threefry2x32(key: tuple[tf.Tensor, tf.Tensor], counter: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Threefry2x32-20, a counter-based generator of Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".

    JAX's default generator. TensorFlow's own operation is Philox, which XLA expands into code that does not vectorise
    on a CPU: ten times as slow as this, and a Philox written like this is still slower by three quarters.

    Args:
        key: two uint32 scalars. counter: two uint32 tensors of one shape.

    Returns:
        Two uint32 tensors of that shape.
    """
    keys = (*key, key[0] ^ key[1] ^ _u32(0x1BD11BDA))
    x0, x1 = counter[0] + keys[0], counter[1] + keys[1]
    for group in range(5):
        for rotation in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            x0 = x0 + x1
            x1 = x0 ^ (tf.bitwise.left_shift(x1, _u32(rotation)) | tf.bitwise.right_shift(x1, _u32(32 - rotation)))
        x0, x1 = x0 + keys[(group + 1) % 3], x1 + keys[(group + 2) % 3] + _u32(group + 1)
    return x0, x1


def _u32(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint32)
