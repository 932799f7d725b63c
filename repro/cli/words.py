"""Figures and differences as a terminal shows them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from repro.report.text import amount, decimals, seeds


def value(number: float, metric: str) -> str:
    """An accuracy in percent, any other figure as it is."""
    return f"{100 * number:.2f}%" if metric == "accuracy" else f"{number:.{decimals(number)}f}"


def shift(number: float, metric: str) -> str:
    """A difference with its sign."""
    return f"{'-' if number < 0 else '+'}{amount(abs(number), metric)}"


def over(values: NDArray[np.float64], metric: str) -> str:
    """Mean ± sd over seeds, (n,), and how many."""
    if not values.size:
        return "no seed"
    spread = f" ± {value(float(np.std(values, ddof=1)), metric)}" if values.size > 1 else ""
    return f"{value(float(values.mean()), metric)}{spread} ({seeds(values.size)})"


def together(by_experiment: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """Each line once, with the experiments that have it."""
    experiments: dict[str, list[str]] = {}
    for name, lines in by_experiment.items():
        for line in lines:
            experiments.setdefault(line, []).append(name)
    return experiments
