"""Real learners on a known population: what the intervals of a claim are tried on.

On every data set A and B are trained by many seeds, by ten-fold cross-validation or with one fixed split. A seed
decides random features, bootstrap weights, initial weights and the order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from repro.verdicts.types import Floats

Right = NDArray[np.bool_]

FOLDS = 10


@dataclass(frozen=True)
class Data:
    """Rows with labels of -1 and 1, and a partition in folds that seeds may share."""

    x: Floats
    y: Floats
    order: NDArray[np.intp]


@dataclass(frozen=True)
class World:
    """Two learners and a population; `train` returns which rows A and B predict right: (seeds, rows) each.

    `training_rows`: the first rows of a fixed split, 0 in cross-validation. `training_sets`: the data sets share so
    many of them, and differ in their test rows alone; 0 where all rows are drawn anew.
    """

    name: str
    rows: int
    train: Callable[[Generator, Data, int], tuple[Right, Right]]
    skewed: bool = False
    training_rows: int = 0
    training_sets: int = 0

    @property
    def test_over_train(self) -> float:
        """Test rows over training rows, all ten folds together in cross-validation."""
        return self.rows / self.training_rows - 1 if self.training_rows else FOLDS / (FOLDS - 1)

    def data(self, root: tuple[int, ...], index: int) -> Data:
        """The data set of this number."""
        rng = np.random.default_rng([*root, index])
        x, y = self.draw(rng, self.rows)
        if self.training_sets:
            again = np.random.default_rng([*root, 1_000_000, index % self.training_sets])
            x[: self.training_rows], y[: self.training_rows] = self.draw(again, self.training_rows)
        return Data(x, y, rng.permutation(self.rows))

    def draw(self, rng: Generator, rows: int) -> tuple[Floats, Floats]:
        """Ten columns, five of which tell something about the label, two of them by their product alone."""
        x = rng.normal(size=(rows, 10))
        score = 2 * (x[:, 0] + 0.8 * x[:, 1] * x[:, 2] + 0.6 * x[:, 3] + 0.7 * np.sin(2 * x[:, 4]))
        positive = rng.random(rows) < 1 / (1 + np.exp(-score - 2 * self.skewed))
        return np.exp(0.7 * x) if self.skewed else x, np.where(positive, 1.0, -1.0)


def features(rng: Generator, x: Floats, seeds: int, count: int, scale: Floats | float = 1.0) -> Floats:
    """A random hidden layer for each seed and a constant: (seeds, rows, count + 1)."""
    weights = scale * rng.normal(size=(seeds, x.shape[1], count)) / np.sqrt(x.shape[1])
    return with_constant(np.tanh(x @ weights + rng.normal(size=(seeds, 1, count))))


def with_constant(columns: Floats) -> Floats:
    return np.concatenate([columns, np.ones((*columns.shape[:2], 1))], axis=2)


def for_all(columns: Floats, seeds: int) -> Floats:
    """The same columns and a constant for every seed."""
    return with_constant(np.broadcast_to(columns, (seeds, *columns.shape)))


def in_folds(values: Floats, order: NDArray[np.intp]) -> Floats:
    """(seeds, rows, ...) as (seeds, folds, rows of a fold, ...): row `order[j]` in fold j mod 10, missing rows 0."""
    index = order.reshape(*order.shape, *(1,) * (values.ndim - 2))
    ordered = np.take_along_axis(values, index, axis=1)
    length = -(-order.shape[1] // FOLDS)
    padded = np.zeros((len(ordered), length * FOLDS, *values.shape[2:]))
    padded[:, : order.shape[1]] = ordered
    return np.swapaxes(padded.reshape(len(ordered), length, FOLDS, *values.shape[2:]), 1, 2)


def out_of_folds(values: Floats, order: NDArray[np.intp]) -> Floats:
    """The inverse of `in_folds`, for (seeds, folds, rows of a fold)."""
    ordered = np.swapaxes(values, 1, 2).reshape(len(values), -1)[:, : order.shape[1]]
    result = np.empty(order.shape)
    np.put_along_axis(result, order, ordered, axis=1)
    return result


def ridge(columns: Floats, data: Data, order: NDArray[np.intp], penalty: float, weights: Floats | None = None) -> Right:
    """Ridge regression of the labels by ten-fold cross-validation: which rows have the right sign."""
    seeds, rows, count = columns.shape
    weights = np.ones((seeds, rows)) if weights is None else weights
    z = in_folds(columns, order)
    weighted = z * in_folds(weights, order)[..., None]
    gram = np.swapaxes(weighted, 2, 3) @ z
    moment = (weighted * in_folds(np.broadcast_to(data.y, (seeds, rows)), order)[..., None]).sum(axis=2)
    others = gram.sum(axis=1, keepdims=True) - gram + penalty * np.eye(count)
    fitted = np.linalg.solve(others, (moment.sum(axis=1, keepdims=True) - moment)[..., None])
    return np.asarray(out_of_folds((z @ fitted)[..., 0], order) * data.y > 0)


def shared(data: Data, seeds: int) -> NDArray[np.intp]:
    return np.tile(data.order, (seeds, 1))


def widths(a: int, b: int, rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    order = shared(data, seeds)
    first, second = (ridge(features(rng, data.x, seeds, count), data, order, 1.0) for count in (a, b))
    return first, second


def penalties(rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    """Folds drawn anew by each seed."""
    order = np.argsort(rng.random((seeds, len(data.y))), axis=1)
    first, second = (ridge(features(rng, data.x, seeds, 20), data, order, penalty) for penalty in (0.3, 30.0))
    return first, second


def bagged(rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    """All ten columns against five; the seed draws bootstrap weights."""
    order = shared(data, seeds)
    draws = rng.poisson(1.0, (2, seeds, len(data.y))).astype(np.float64)
    return (
        ridge(for_all(data.x, seeds), data, order, 1.0, draws[0]),
        ridge(for_all(data.x[:, :5], seeds), data, order, 1.0, draws[1]),
    )


def scales(rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    """The seed draws the scale of its features too, with long tails."""
    order, scale = shared(data, seeds), np.exp(1.2 * rng.normal(size=(2, seeds, 1, 1)))
    return (
        ridge(features(rng, data.x, seeds, 20, scale[0]), data, order, 1.0),
        ridge(features(rng, data.x, seeds, 20, 1.5 * scale[1]), data, order, 1.0),
    )


def with_products(x: Floats) -> Floats:
    """The columns and 18 of their products, which say more and need more rows."""
    return np.column_stack([x, *(x[:, i] * x[:, j] for i in range(6) for j in range(i + 1, i + 4))])


def products(rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    """Random features against products of columns, with bootstrap weights."""
    order, draws = shared(data, seeds), rng.poisson(1.0, (seeds, len(data.y))).astype(np.float64)
    return (
        ridge(features(rng, data.x, seeds, 20), data, order, 1.0),
        ridge(for_all(with_products(data.x), seeds), data, order, 1.0, draws),
    )


def descent(
    rng: Generator, data: Data, order: NDArray[np.intp], rate: float, epochs: int = 2, batch: int = 17
) -> Right:
    """Logistic regression by stochastic gradient descent; the seed draws initial weights and the order of the rows."""
    seeds, rows = order.shape
    x = np.column_stack([data.x, np.ones(rows)])
    fold = np.empty((seeds, rows), dtype=np.intp)
    np.put_along_axis(fold, order, np.broadcast_to(np.arange(rows) % FOLDS, (seeds, rows)), axis=1)
    own = fold[:, None, :] == np.arange(FOLDS)[:, None]
    w = 0.5 * rng.normal(size=(seeds, FOLDS, x.shape[1], 1))
    for _ in range(epochs):
        turn = np.argsort(own + rng.random((seeds, FOLDS, rows)), axis=2)[..., : rows - rows // FOLDS - 1]
        for start in range(0, turn.shape[2] - batch + 1, batch):
            rows_now = turn[..., start : start + batch]
            z, y = x[rows_now], data.y[rows_now][..., None]
            w += rate / batch * (np.swapaxes(z, 2, 3) @ (y / (1 + np.exp(y * (z @ w)))))
    scores = np.take_along_axis((x @ w)[..., 0], fold[:, None, :], axis=1)[:, 0]
    return np.asarray(scores * data.y > 0)


def rates_of_learning(rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    order = shared(data, seeds)
    return descent(rng, data, order, 0.3), descent(rng, data, order, 0.5)


def fitted_on_first(z: Floats, data: Data, rows: int, weights: Floats | float = 1.0) -> Right:
    """Ridge regression trained on the first rows: which of the others have the right sign."""
    train = z[:, :rows]
    turned = np.swapaxes(train, 1, 2) * weights
    fitted = np.linalg.solve(turned @ train + np.eye(z.shape[2]), (turned @ data.y[:rows])[..., None])
    return np.asarray((z[:, rows:] @ fitted)[..., 0] * data.y[rows:] > 0)


def held_out(rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    """20 random features against 12, trained on the first 300 rows."""
    first, second = (fitted_on_first(features(rng, data.x, seeds, count), data, 300) for count in (20, 12))
    return first, second


def products_held_out(rng: Generator, data: Data, seeds: int) -> tuple[Right, Right]:
    """Columns against columns and products, with bootstrap weights, trained on the first 200 rows."""
    draws = rng.poisson(1.0, (2, seeds, 1, 200)).astype(np.float64)
    first, second = (
        fitted_on_first(for_all(x, seeds), data, 200, draw)
        for x, draw in zip((data.x, with_products(data.x)), draws, strict=True)
    )
    return first, second


WORLDS = (
    World("random features, no difference", 208, partial(widths, 20, 20)),
    World("random features, penalty of 0.3 or 30, folds by seed", 208, penalties),
    World("bagged linear, ten columns or five", 208, bagged),
    World("logistic by SGD, rate of 0.3 or 0.5", 208, rates_of_learning),
    World("skewed seeds and columns", 208, scales, skewed=True),
    World("30 random features or 10", 208, partial(widths, 30, 10)),
    World("random features or products of columns", 208, products),
    World("fixed split, 300 training and 1,000 test rows", 1_300, held_out, training_rows=300),
    World("fixed split, 300 and 1,000 rows, other test rows alone", 1_300, held_out, False, 300, 4),
    World(
        "fixed split, products or not, 200 training and 4,000 test rows", 4_200, products_held_out, training_rows=200
    ),
    World("fixed split, 200 and 4,000 rows, other test rows alone", 4_200, products_held_out, False, 200, 4),
)
