"""Whether an experiment fits its data and itself, before any of the data is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from repro.config.data_description import DataDescription
from repro.config.protocol import EvaluatedAtSteps, FixedSplit, HoldOut, KFold, SplitsFrom, StratifiedKFold
from repro.config.reported import Reported
from repro.config.schema import Experiment
from repro.datasets.split_files import given_splits
from repro.datasets.splits import check_folds, divided
from repro.errors import ConfigError
from repro.training.plan import evaluation_points

OF_NUMBERS = ("mean_squared_error", "mean_absolute_error", "root_mean_squared_error", "r2")
"""Figures of targets that are numbers."""

LOSSES_OF_NUMBERS = (
    *("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError"),
    *("Huber", "LogCosh", "Poisson"),
)
"""Keras' losses that compare an output with a number; those of classes are all others, and these on vectors with one
1 as well."""


def check_plan(experiment: Experiment, description: DataDescription) -> None:
    """Raises ConfigError where an experiment asks for what the data set hasn't got, without reading the data."""
    checks: tuple[Callable[[Experiment, DataDescription], None], ...] = (
        *(_check_inputs, _check_targets, _check_protocol, _check_validation, _check_callbacks, _check_steps),
    )
    for check in checks:
        check(experiment, description)


def check_labels(experiment: Experiment, labels: np.ndarray, folder: Path) -> None:
    """Raises ConfigError where a class has too few rows for the protocol, or where split files don't fit the rows.

    labels: (rows,) of the training part. folder: where the config lies. Messages begin with the protocol's key.
    """
    match experiment.protocol.kind:
        case StratifiedKFold(folds=folds):
            check_folds(labels, folds)
        case HoldOut(stratify=True) as hold_out:
            divided(hold_out, labels, 0)
        case SplitsFrom() as given:
            given_splits(given, folder, experiment.files, len(labels))


def check_reported(experiment: Experiment, description: DataDescription) -> None:
    """Raises ConfigError where the article's figure is of a metric, split or step that is not recorded."""
    for metric, figure in experiment.reported.items():
        measured = ["loss", *(each for each in experiment.figures if each != "loss")]
        if metric not in measured:
            raise ConfigError(
                f"reported.{metric}: expected one of {', '.join(measured)}, which are measured, got {metric}; "
                f"add it to figures"
            )
        recorded = _recorded(experiment, metric)
        if figure.split not in recorded:
            raise ConfigError(
                f"reported.{metric}.split: expected {' or '.join(recorded)}, which this protocol records, "
                f"got {figure.split}"
            )
        if figure.spread_over == "folds" and experiment.protocol.folds == 1:
            raise ConfigError(
                f"reported.{metric}.spread_over: expected seeds, got folds: {experiment.protocol.key} has none"
            )
        if figure.steps:
            _check_reported_steps(experiment, description, metric, figure)


def _recorded(experiment: Experiment, metric: str) -> list[str]:
    """The splits that a metric is recorded of."""
    tracked = experiment.protocol.tracked
    of_batches = ("loss", "accuracy") if tracked == "train" else ("loss",) if tracked else ()
    return [*experiment.protocol.evaluated, *([str(tracked)] if metric in of_batches else [])]


def _check_reported_steps(experiment: Experiment, description: DataDescription, metric: str, figure: Reported) -> None:
    protocol = experiment.protocol
    if not isinstance(protocol.kind, EvaluatedAtSteps):
        raise ConfigError(f"reported.{metric}.steps: expected fixed_split, hold_out or no_split, got {protocol.key}")
    points = evaluation_points(experiment, _steps_per_epoch(experiment, description))
    unknown = sorted(set(figure.steps or ()) - {point.step for point in points})
    if unknown:
        raise ConfigError(f"reported.{metric}.steps: expected steps that are evaluated, got {unknown[0]}")


def _check_inputs(experiment: Experiment, description: DataDescription) -> None:
    spec, name = experiment.dataset, description.name
    if description.sequences is None:
        for key, given in (
            *(("num_words", spec.num_words is not None), ("skip_top", spec.skip_top > 0)),
            *(("maxlen", spec.maxlen is not None), ("padding", spec.padding != "pre")),
            ("truncating", spec.truncating != "pre"),
        ):
            if given:
                raise ConfigError(
                    f"dataset.{key}: expected it with sequences, got it with {name}, "
                    f"whose rows are {_shape(description)}"
                )
        return
    if spec.maxlen is None and spec.multi_hot is None:
        raise ConfigError(f"dataset: expected maxlen or multi_hot for the sequences of {name}, got neither")
    for key, given in (
        ("standardize", spec.standardize),
        ("min_max", spec.min_max is not None),
        ("divide_by", spec.divide_by != 1),
    ):
        if given:
            raise ConfigError(f"dataset.{key}: expected it with numbers, got it with {name}, whose rows are words")


def _shape(description: DataDescription) -> str:
    return f"{' x '.join(map(str, description.shape))} numbers"


def _check_targets(experiment: Experiment, description: DataDescription) -> None:
    training, classes, name = experiment.training, description.classes, description.name
    loss = next(iter(training.loss))
    if classes is None:
        if loss not in LOSSES_OF_NUMBERS:
            raise ConfigError(
                f"training.loss: expected mean_squared_error or another loss of numbers, got {loss}: the target of "
                f"{name} is a number"
            )
        if "accuracy" in experiment.figures:
            raise ConfigError(
                f"figures: expected some of {', '.join(OF_NUMBERS)}, got accuracy: the target of {name} is a number"
            )
        if training.class_weight is not None:
            raise ConfigError(f"training.class_weight: expected none, got one: the target of {name} is a number")
        return
    if loss == "BinaryCrossentropy" and classes != 2 and _single_output(experiment):
        raise ConfigError(
            f"training.loss: expected sparse_categorical_crossentropy for the {classes} classes of {name}, got {loss}"
        )
    wrong = next((figure for figure in experiment.figures if figure in OF_NUMBERS), None)
    if wrong:
        raise ConfigError(f"figures: expected accuracy or loss, got {wrong}: the target of {name} is a class")
    if training.class_weight is not None and sorted(training.class_weight) != list(range(classes)):
        raise ConfigError(
            f"training.class_weight: expected a weight for each of the labels 0 to {classes - 1} of {name}, got "
            f"{', '.join(map(str, sorted(training.class_weight))) or 'none'}"
        )


def _single_output(experiment: Experiment) -> bool:
    """Whether a list of layers ends with one unit, as far as that can be seen in it."""
    if not isinstance(experiment.model, list):
        return False
    units = [arguments.get("units") for layer in experiment.model for arguments in layer.values()]
    return next((each for each in reversed(units) if each is not None), None) == 1


def _check_protocol(experiment: Experiment, description: DataDescription) -> None:
    protocol, rows, name = experiment.protocol, description.rows, description.name
    kind = protocol.kind
    if protocol.fixed_split and not description.test_rows:
        raise ConfigError(
            "protocol: expected hold_out, k_fold, stratified_k_fold, splits_from or no_split, got fixed_split: data "
            f"set {name!r} has no test part of its own"
        )
    if isinstance(kind, FixedSplit) and (kind.train_rows or 0) > rows:
        raise ConfigError(
            f"protocol.fixed_split.train_rows: expected at most {rows} (the training rows of {name}), got "
            f"{kind.train_rows}"
        )
    stratified = isinstance(kind, StratifiedKFold) or (isinstance(kind, HoldOut) and kind.stratify)
    if stratified and description.classes is None:
        fault = f"the target of {name} is a number, and has no classes to keep in proportion"
        if isinstance(kind, HoldOut):
            raise ConfigError(f"protocol.hold_out.stratify: expected false, got true: {fault}")
        raise ConfigError(f"protocol: expected k_fold, got stratified_k_fold: {fault}")
    if isinstance(kind, KFold) and kind.folds > rows:
        raise ConfigError(
            f"protocol.{protocol.key}.folds: expected at most {rows} (the rows of {name}), got {kind.folds}"
        )
    if isinstance(kind, HoldOut) and not 0 < kind.test_rows(rows) < rows:
        key = "train_first" if kind.train_first is not None else "test_size"
        raise ConfigError(
            f"protocol.hold_out.{key}: expected rows on either side of the {rows} of {name}, got "
            f"{rows - kind.test_rows(rows)} for training and {kind.test_rows(rows)} for the test"
        )


def _check_validation(experiment: Experiment, description: DataDescription) -> None:
    validation, rows = experiment.protocol.kind.validation, experiment.protocol.training_rows(description.rows)
    if validation is None or validation.same_as or rows is None:
        return
    given = validation.first if validation.first is not None else validation.last
    watched = given if isinstance(given, int) else len(range(rows)[validation.rows(rows)])
    left = rows if validation.trained_on else rows - watched
    if not watched or watched > rows or left < 1:
        raise ConfigError(
            f"protocol.{experiment.protocol.key}.validation: expected some of the {rows} training rows of "
            f"{description.name}{'' if validation.trained_on else ' and some left to train on'}, got {watched}"
        )


def _check_callbacks(experiment: Experiment, description: DataDescription) -> None:
    training, protocol = experiment.training, experiment.protocol
    for key in ("early_stopping", "reduce_lr_on_plateau"):
        callback = getattr(training, key)
        if callback is None:
            continue
        if callback.monitor.startswith("val_") and protocol.kind.validation is None:
            raise ConfigError(
                f"training.{key}.monitor: expected loss or accuracy, or protocol.{protocol.key}.validation beside it, "
                f"got {callback.monitor} without any validation rows"
            )
        if callback.monitor.endswith("accuracy") and description.classes is None:
            raise ConfigError(
                f"training.{key}.monitor: expected loss or val_loss, got {callback.monitor}: the target of "
                f"{description.name} is a number"
            )
    if training.early_stopping and protocol.evaluate_at_steps:
        raise ConfigError(
            f"protocol.{protocol.key}.evaluate_at_steps: expected evaluate_every_epochs or neither with early "
            "stopping, which may end before these steps"
        )
    rate = next(iter(training.optimizer.values())).get("learning_rate")
    if training.reduce_lr_on_plateau and isinstance(rate, dict):
        raise ConfigError(
            "training.reduce_lr_on_plateau: expected a learning rate that is a number, got the schedule "
            f"{next(iter(rate))}"
        )


def _check_steps(experiment: Experiment, description: DataDescription) -> None:
    if experiment.protocol.evaluate_at_steps:
        evaluation_points(experiment, _steps_per_epoch(experiment, description))


def _steps_per_epoch(experiment: Experiment, description: DataDescription) -> int:
    """Of a protocol with a single split."""
    rows = experiment.protocol.training_rows(description.rows)
    assert rows is not None
    validation = experiment.protocol.kind.validation
    if validation and not validation.trained_on:
        rows -= len(range(rows)[validation.rows(rows)])
    return -(-rows // experiment.training.batch_size)
