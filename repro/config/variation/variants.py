"""The variants of an experiment: each an experiment of its own, with the same name, seeds and folder of results."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repro.config.faults import validated
from repro.config.overrides import set_value, tree_of
from repro.config.schema import AnyExperiment, Experiment
from repro.config.strict_yaml import Document, Mark
from repro.config.variation.references import label_of
from repro.errors import ConfigError, suggest


@dataclass(frozen=True)
class Variant:
    """One point of a grid, or one reading of what an article leaves open.

    Args:
        labels: axis -> the value that it has here, as text; empty for an experiment without variants.
        experiment: resolved, without `grid` and `unstated`. What the article reports is its own where it is the
            experiment as its file has it, or a reading of it.
        main: whether it is the experiment as its file has it.
    """

    labels: Mapping[str, str]
    experiment: AnyExperiment
    main: bool

    @property
    def label(self) -> str:
        """`rate=0.2, width=60`; empty for an experiment without variants."""
        return label_of(self.labels)

    @property
    def name(self) -> str:
        """As claims name it: `sonar_rates[rate=0.2]`."""
        return f"{self.experiment.name}[{self.label}]" if self.labels else self.experiment.name


def variants_of(experiment: AnyExperiment) -> tuple[Variant, ...]:
    """The variants in the order of the file, the last axis fastest; the experiment itself where it has none.

    Raises ConfigError where a variant is no valid experiment, and where no reading is the file's own.
    """
    axes = experiment.axes
    if not axes or not isinstance(experiment, Experiment):
        return (Variant({}, experiment, main=True),)
    plain = _plain(experiment)
    made = [
        _variant(plain, dict(zip(axes, labels, strict=True)), experiment)
        for labels in itertools.product(*axes.values())
    ]
    if experiment.unstated and not any(each.main for each in made):
        raise ConfigError(
            "expected the values that the experiment itself has among the readings, found no such reading"
        )
    return tuple(made)


def _plain(experiment: Experiment) -> Experiment:
    return experiment.model_copy(update={"grid": {}, "unstated": {}})


def _variant(plain: Experiment, labels: Mapping[str, str], experiment: Experiment) -> Variant:
    tree = tree_of(plain)
    source = f"variant {label_of(labels)}"
    for key, value in _values(experiment, labels):
        set_value(tree, tuple(key.split(".")), value, f"{source}: {key}")
    varied = validated(Experiment, plain.name, Document(tree, {(): Mark(source)}), filled={"files": {}})
    files = {name: plain.files[name] for name in sorted(varied.files_named.values()) if name in plain.files}
    varied = varied.model_copy(update={"files": files})
    main = varied.model_copy(update={"files": {}}).trained == plain.model_copy(update={"files": {}}).trained
    if not main and experiment.grid:
        varied = varied.model_copy(update={"reported": {}})
    return Variant(labels, varied, main)


def _values(experiment: Experiment, labels: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for axis, label in labels.items():
        yield from experiment.axes[axis][label].items()


def find_variant(experiment: AnyExperiment, labels: Mapping[str, str]) -> Variant | str:
    """The variant with these labels, the file's own where there are none; or why there is none."""
    if not labels:
        own = next((each for each in variants_of(experiment) if each.main), None)
        axes = ", ".join(f"{axis}=..." for axis in experiment.axes)
        return own or f"expected one of its variants, {experiment.name}[{axes}]: it has none as its file stands"
    for axis in labels:
        if axis not in experiment.axes:
            return f"{experiment.name} does not vary {axis}; {suggest(axis, experiment.axes)}"
    for axis, values in experiment.axes.items():
        if axis not in labels:
            return f"expected a value of {axis}, too, got none"
        if labels[axis] not in values:
            return f"{experiment.name} has no {axis}={labels[axis]}; known: {', '.join(values)}"
    assert isinstance(experiment, Experiment), "only these vary"
    return _variant(_plain(experiment), {axis: labels[axis] for axis in experiment.axes}, experiment)
