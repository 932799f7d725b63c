"""Figures of a function under a seed: what it measures on its own draws. Imported in workers only."""

from __future__ import annotations

import math
from numbers import Real
from pathlib import Path

import numpy as np

from repro.config.experiment import FunctionExperiment
from repro.errors import ConfigError
from repro.models.python_file import called, kind_of


def drawn(experiment: FunctionExperiment, folder: Path, rng: np.random.Generator) -> dict[str, float]:
    """The figures of an experiment, in its order, as its function returns them for so many draws.

    folder: where the config is. Raises what `called` raises, ConfigError where other figures come back than the
    config lists, and ValueError for one that is not finite.
    """
    spec = experiment.function.python
    found = called(experiment, spec, folder, rng, experiment.function.draws)
    place = f"{folder / spec.file}: {spec.function}"
    if not isinstance(found, dict):
        raise ConfigError(f"{place}: expected a dict of figures, got {kind_of(found)}")
    if {*found} != {*experiment.figures}:
        listed, got = (", ".join(sorted(map(str, names))) or "none" for names in (experiment.figures, found))
        raise ConfigError(f"{place}: expected the figures that {experiment.name} lists ({listed}), got {got}")
    for name, value in found.items():
        if not isinstance(value, Real):
            raise ConfigError(f"{place}: expected a number for {name}, got {kind_of(value)}")
        if not math.isfinite(value):
            raise ValueError(f"{spec.function} has no finite {name}: {value}")
    return {name: float(found[name]) for name in experiment.figures}
