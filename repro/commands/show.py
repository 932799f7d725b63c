"""An experiment resolved, and the model that it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repro.commands.jobs import check_experiment
from repro.config.catalogue import Catalogue, find_config
from repro.config.schema import AnyExperiment, Experiment
from repro.training.choice import Choice, choose
from repro.training.executor import Executor
from repro.training.worker import model_summary


@dataclass(frozen=True)
class Shown:
    """An experiment with the engine that trains it and Keras' summary of its model."""

    experiment: AnyExperiment
    choice: Choice
    model: str
    """Empty where nothing is trained."""


def show(config: str, overrides: Sequence[str], catalogue: Catalogue, executor: Executor) -> Shown:
    """Resolve a config and build its model in a worker. Raises ConfigError for any fault of it."""
    path = find_config(config)
    experiment = catalogue.experiment(path, overrides)
    data = check_experiment(catalogue, path, experiment, overrides)
    summary = ""
    if isinstance(experiment, Experiment):
        summary = executor.call(model_summary, experiment, data, path.parent)
    return Shown(experiment, choose(experiment, "auto"), summary)
