"""Which engine trains an experiment, and why: no TensorFlow is imported here."""

from __future__ import annotations

from dataclasses import dataclass

from repro.config.schema import AnyExperiment, Experiment
from repro.errors import ConfigError
from repro.models.stackable import not_stackable

__all__ = ["Choice", "choose", "not_stackable"]


FUNCTION = "function"
"""The engine of experiments that train nothing."""


@dataclass(frozen=True)
class Choice:
    """An engine's name, and why it is that one."""

    engine: str
    reason: str


def choose(experiment: AnyExperiment, asked: str = "auto") -> Choice:
    """The engine for an experiment.

    asked: `auto` for the stacked engine where it can train the experiment, else the graph engine; or an engine's name.

    A function has the same one whatever is asked for, so that a folder with some can be run by any engine.

    Raises ConfigError where the stacked engine is asked for and can't.
    """
    if not isinstance(experiment, Experiment):
        return Choice(FUNCTION, "figures of a function's draws: nothing is trained")
    reason = not_stackable(experiment)
    if asked == "auto":
        stacked = Choice("stacked", "all replicas of a seed can be trained in one program")
        return Choice("graph", reason) if reason else stacked
    if asked == "stacked" and reason:
        raise ConfigError(
            f"{experiment.name}: the stacked engine can't train it ({reason}); leave the engine out, or take graph"
        )
    return Choice(asked, "asked for")
