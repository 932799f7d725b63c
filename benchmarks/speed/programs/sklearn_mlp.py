"""scikit-learn's MLPClassifier: dense networks without dropout."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.speed.programs import Trained, together
from benchmarks.speed.work import Mlp, Work, mlp_of, problem_of


class Normal(MLPClassifier):
    """With the article's initial weights in place of Glorot's: there is no argument for them."""

    deviation = 0.05

    def _init_coef(self, fan_in: int, fan_out: int, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
        kernel = self._random_state.normal(0, self.deviation, (fan_in, fan_out))
        return kernel.astype(dtype), np.zeros(fan_out, dtype)


class SklearnMlp:
    """One process of a thread: its threads slow it down on matrices this small."""

    def prepare(self, work: Work, seeds: int) -> int:
        self._problem = problem_of(work)
        self._mlp: Mlp = mlp_of(self._problem)
        return 0

    def train(self, seeds: Sequence[int]) -> Trained:
        """One seed of those asked for."""
        problem = self._problem
        found = {}
        for index, fold in enumerate(problem.folds):
            _, arguments = problem.optimizer
            model = Normal(
                [layer.units for layer in self._mlp.layers[:-1]],
                solver="sgd",
                alpha=0,
                batch_size=problem.batch_size,
                learning_rate_init=arguments["learning_rate"],
                momentum=arguments["momentum"],
                nesterovs_momentum=False,
                max_iter=problem.epochs,
                tol=0,
                n_iter_no_change=problem.epochs,
                random_state=seeds[0] * len(problem.folds) + index,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # all epochs are asked for
                model.fit(fold.x, fold.y)
            found[f"{index}/{problem.points[-1]}"] = float(model.score(*fold.held_out["test"]))
        return together([found], 1)
