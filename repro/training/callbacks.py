"""Keras' own callbacks that change a training, driven after each epoch."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from repro.config.schema import Experiment
from repro.errors import ConfigError

_BETTER = {"accuracy": "max", "loss": "min"}
"""What Keras' mode "auto" comes to for a figure."""


class Watch:
    """The callbacks of one training of one replica.

    Args:
        experiment: one whose training recipe names callbacks.
        model: what is trained, with its optimizer; early stopping keeps and restores its weights.

    Raises:
        ConfigError: where the learning rate is to be reduced and follows a schedule.
    """

    def __init__(self, experiment: Experiment, model: keras.Model) -> None:
        training = experiment.training
        self._model = model
        self._callbacks: list[keras.callbacks.Callback] = []
        if training.early_stopping:
            self._callbacks.append(keras.callbacks.EarlyStopping(**_arguments(training.early_stopping.model_dump())))
        if training.reduce_lr_on_plateau:
            (arguments,) = training.optimizer.values()
            if isinstance(arguments.get("learning_rate"), dict):
                raise ConfigError(
                    f"{experiment.name}: training.reduce_lr_on_plateau: expected a number as the optimizer's "
                    "learning_rate, got a schedule, which leaves nothing to reduce; leave one of the two out"
                )
            settings = _arguments(training.reduce_lr_on_plateau.model_dump())
            self._callbacks.append(keras.callbacks.ReduceLROnPlateau(**settings))
        for callback in self._callbacks:
            callback.set_model(model)
            callback.on_train_begin()

    def epoch_ended(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Let them see an epoch, counted from 0, with its `logs` as Keras names them; whether training is to stop."""
        self._model.stop_training = False
        for callback in self._callbacks:
            callback.on_epoch_end(epoch, dict(logs))
        return bool(self._model.stop_training)

    def training_ended(self) -> None:
        """Let early stopping restore the best weights, if it is asked to."""
        for callback in self._callbacks:
            callback.on_train_end()


def watch(experiment: Experiment, model: keras.Model) -> Watch | None:
    """The callbacks of a training that begins, if the recipe has any."""
    return Watch(experiment, model) if experiment.training.monitored else None


def watched_split(experiment: Experiment) -> str | None:
    """The split whose figures callbacks know as `val_...`; None where none of them asks for it.

    Raises ConfigError where they ask and the protocol has no validation part.
    """
    if not any(name.startswith("val_") for name in experiment.training.monitored):
        return None
    validation = experiment.protocol.kind.validation
    if validation is None:
        raise ConfigError(
            f"{experiment.name}: training: expected `validation` in the protocol, got none: a callback monitors "
            f"{', '.join(experiment.training.monitored)}"
        )
    return "test" if validation.same_as == "test" else "validation"


def _arguments(settings: dict[str, object]) -> dict[str, object]:
    """With the direction that is better spelt out: Keras would look it up among the metrics of a compiled model."""
    if settings["mode"] == "auto":
        settings["mode"] = _BETTER[str(settings["monitor"]).removeprefix("val_")]
    return settings
