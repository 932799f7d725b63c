"""The typed shape of an experiment; the JSON Schema for editors is generated from it.

`catalogue.py` is the only caller that constructs these from files. Past it every field is present and valid, so nobody
downstream asks whether a key is there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from repro.config.experiment import BaseExperiment, FunctionExperiment, PythonCall, once
from repro.config.protocol import Protocol
from repro.config.reported import Reported
from repro.config.strict import IDENTIFIER, METRICS, Strict, as_tuple
from repro.config.variation.axes import Axes, AxesField
from repro.config.vocabulary.defaults import check_defaults, with_defaults
from repro.config.vocabulary.specs import Spec, SpecError, check_each, layer_spec, loss_spec, optimizer_spec
from repro.errors import shown, suggest


class DatasetSpec(Strict):
    """Which data, and how inputs are prepared. At most one of the four ways to scale them is given."""

    name: str = Field(
        min_length=1,
        max_length=300,
        description="a data description: NAME of one that is shipped or beside the config, or a path ending in .yaml",
    )
    standardize: bool = Field(
        False, description="StandardScaler fitted on the training rows of each split, those for validation among them"
    )
    min_max: tuple[float, float] | None = Field(None, description="MinMaxScaler to this range, fitted on the same rows")
    fit_scaler_on: Literal["train", "all"] = Field(
        "train", description="all: the scaler has seen the test rows too, as in articles that scale before they split"
    )
    divide_by: float = Field(1.0, gt=0, description="inputs are divided by this (255 for 8-bit pixels)")
    num_words: int | None = Field(
        None, ge=1, description="of sequences: words from this number on become 2, as in imdb.load_data"
    )
    skip_top: int = Field(0, ge=0, description="of sequences: words below this number become 2")
    maxlen: int | None = Field(None, ge=1, description="of sequences: pad or cut all to this length")
    padding: Literal["pre", "post"] = Field("pre", description="of sequences: the end at which zeros are put")
    truncating: Literal["pre", "post"] = Field("pre", description="of sequences: the end at which words are cut")
    one_hot: int | None = Field(None, ge=2, description="whole numbers below this become vectors with a single 1")
    multi_hot: int | None = Field(
        None, ge=2, description="a row of whole numbers below this becomes a vector with a 1 for each that occurs"
    )

    @field_validator("min_max", mode="before")
    @classmethod
    def _range(cls, value: object) -> object:
        if value is None or isinstance(value, tuple):
            return value
        numbers = value if isinstance(value, list) and all(type(end) in (int, float) for end in value) else []
        if len(numbers) != 2 or numbers[0] >= numbers[1]:
            raise ValueError(f"expected [low, high], got {shown(value)}")
        return tuple(numbers)

    @model_validator(mode="after")
    def _one_scale(self) -> DatasetSpec:
        if self.one_hot is not None and self.multi_hot is not None:
            raise ValueError("expected one_hot or multi_hot, got both")
        if self.standardize + (self.min_max is not None) + (self.divide_by != 1) > 1:
            raise ValueError("expected one of standardize, min_max, divide_by, got several")
        if (self.one_hot or self.multi_hot) and (self.scaled or self.divide_by != 1):
            raise ValueError("one_hot and multi_hot: expected neither with standardize, min_max or divide_by, got both")
        if self.maxlen is not None and self.multi_hot is not None:
            raise ValueError("expected maxlen or multi_hot, got both: a vector of words has no length to cut")
        if self.fit_scaler_on == "all" and not self.scaled:
            raise ValueError("fit_scaler_on: expected it with standardize or min_max, which fit a scaler")
        return self

    @property
    def scaled(self) -> bool:
        """Whether a scaler is fitted, so that inputs depend on the split."""
        return self.standardize or self.min_max is not None


Monitored = Literal["loss", "accuracy", "val_loss", "val_accuracy"]


class EarlyStopping(Strict):
    """Keras' callback of that name, with its own defaults."""

    monitor: Monitored = "val_loss"
    min_delta: float = Field(0.0, ge=0)
    patience: int = Field(0, ge=0)
    mode: Literal["auto", "min", "max"] = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: int = Field(0, ge=0)


class ReduceLROnPlateau(Strict):
    """Keras' callback of that name, with its own defaults."""

    monitor: Monitored = "val_loss"
    factor: float = Field(0.1, gt=0, lt=1)
    patience: int = Field(10, ge=0)
    mode: Literal["auto", "min", "max"] = "auto"
    min_delta: float = Field(1e-4, ge=0)
    cooldown: int = Field(0, ge=0)
    min_lr: float = Field(0.0, ge=0)


class Training(Strict):
    """The training recipe, in Keras' own names."""

    loss: Annotated[Spec, Field(description="a Keras loss: a name, or {Class: {argument: value}}")]
    optimizer: Annotated[Spec, Field(description="a Keras optimizer: {Class: {argument: value}}")]
    batch_size: int = Field(ge=1, le=1_000_000)
    epochs: int = Field(ge=1, le=1_000_000)
    shuffle: bool = Field(True, description="false: every epoch takes the training rows as they stand")
    class_weight: dict[int, float] | None = Field(
        None, description="label -> weight of its rows in the training loss; every class has one"
    )
    early_stopping: EarlyStopping | None = None
    reduce_lr_on_plateau: ReduceLROnPlateau | None = None

    @field_validator("loss", mode="before")
    @classmethod
    def _loss(cls, value: object) -> Spec:
        return loss_spec(value)

    @field_validator("optimizer", mode="before")
    @classmethod
    def _optimizer(cls, value: object) -> Spec:
        return optimizer_spec(value)

    @field_validator("class_weight")
    @classmethod
    def _weights(cls, value: dict[int, float] | None) -> dict[int, float] | None:
        if value is not None and any(label < 0 or weight < 0 for label, weight in value.items()):
            raise ValueError("expected labels from 0 and weights of at least 0")
        return value

    @property
    def monitored(self) -> tuple[str, ...]:
        """What callbacks watch after every epoch; empty without any."""
        return tuple(each.monitor for each in (self.early_stopping, self.reduce_lr_on_plateau) if each)


PYTHON = "{python: {file: FILE.py, function: NAME}}"


class PythonFunction(PythonCall):
    """A function that builds and returns a Keras model."""

    function: str = Field("build", pattern=IDENTIFIER)
    stacked: bool = Field(
        False,
        description="all its layers can be stacked, and noise comes from repro's own Dropout: train it as dense nets",
    )


class PythonModel(Strict):
    """A model that a list of layers can't express."""

    python: PythonFunction


ModelSpec = list[Spec] | PythonModel


def _model_kind(value: object) -> str:
    return "layers" if isinstance(value, list) else "python"


Figure = Literal["accuracy", "loss", "mean_squared_error", "mean_absolute_error", "root_mean_squared_error", "r2"]
NEVER_NEGATIVE = ("mean_squared_error", "mean_absolute_error", "root_mean_squared_error")


def _reported(metric: str, figure: object) -> None:
    assert isinstance(figure, Reported)
    if metric not in METRICS:
        raise SpecError(f"unknown metric {metric!r}; {suggest(metric, METRICS)}")
    if metric != "accuracy" and figure.unit != "none":
        raise SpecError(f"expected no unit with {metric}, got {figure.unit}", ("unit",))
    if metric in NEVER_NEGATIVE and figure.value < 0:
        raise SpecError(f"expected at least 0, got {shown(figure.value)}", ("value",))
    if metric == "accuracy" and not 0 <= figure.stored <= 1:
        unit = "0 and 100" if figure.unit == "percent" else "0 and 1 (or unit: percent)"
        raise SpecError(f"expected an accuracy between {unit}, got {shown(figure.value)}", ("value",))


class Experiment(BaseExperiment):
    """One YAML file of `configs/` that trains a model, resolved."""

    dataset: DatasetSpec
    model: Annotated[
        Annotated[list[Spec], Tag("layers")] | Annotated[PythonModel, Tag("python")], Discriminator(_model_kind)
    ] = Field(description=f"a list of Keras layers, or {PYTHON}")
    training: Training
    protocol: Protocol
    defaults: str | None = Field(
        None, description="the Keras of the article's day, whose defaults are used where today's differ"
    )
    figures: tuple[Figure, ...] = Field(
        ("accuracy",), min_length=1, description="what is measured beside the loss; the first is the main one"
    )
    reported: dict[str, Reported] = Field(default_factory=dict)
    grid: AxesField = Field(description="what varies: KEY.PATH: [values], one variant for each combination")
    unstated: AxesField = Field(description="likewise, readings of what the article leaves open; one is this file's")

    @field_validator("model", mode="before")
    @classmethod
    def _model(cls, value: object) -> object:
        if isinstance(value, PythonModel) or (isinstance(value, dict) and "python" in value):
            return value
        if not isinstance(value, list):
            raise ValueError(f"expected a list of layers, or {PYTHON}, got {shown(value)}")
        if not value:
            raise ValueError("expected at least one layer")
        layers = check_each(((str(index), item) for index, item in enumerate(value)), lambda _, item: layer_spec(item))
        return list(layers.values())

    @field_validator("defaults")
    @classmethod
    def _defaults(cls, value: str | None) -> str | None:
        return value if value is None else check_defaults(value)

    @model_validator(mode="after")
    def _of_its_day(self) -> Experiment:
        if self.defaults is None:
            return self
        recipe = {"optimizer": with_defaults(self.training.optimizer, self.defaults)}
        changes: dict[str, Any] = {"training": self.training.model_copy(update=recipe)}
        if isinstance(self.model, list):
            changes["model"] = with_defaults(self.model, self.defaults)
        return self.model_copy(update=changes)

    _figures = field_validator("figures", mode="before")(as_tuple)

    _once = field_validator("figures")(once)

    @field_validator("reported")
    @classmethod
    def _metrics(cls, value: dict[str, Reported]) -> dict[str, Reported]:
        check_each(value.items(), _reported)
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Experiment:
        if self.grid and self.unstated:
            raise ValueError("expected grid or unstated, got both")
        return self

    @property
    def axes(self) -> Axes:
        """What varies, `grid` or `unstated`; empty for an experiment without variants."""
        return self.grid or self.unstated

    @property
    def data_name(self) -> str:
        """The data set."""
        return self.dataset.name

    @property
    def measured(self) -> tuple[str, ...]:
        """The figures that records have of the judged split."""
        return ("loss", *(figure for figure in self.figures if figure != "loss"))

    def declared_margin(self, metric: str) -> float | None:
        """The margin, in stored units, that is declared with the article's judged figure, if any is."""
        figure = self.reported.get(metric)
        if figure is None or figure.split != self.protocol.judged_split or figure.margin is None:
            return None
        return figure.margin / figure.scale

    @property
    def files_named(self) -> dict[tuple[str, ...], str]:
        """The files beside the config that training reads, by the key path that names them."""
        found: dict[tuple[str, ...], str] = {}
        if isinstance(self.model, PythonModel):
            found["model", "python", "file"] = self.model.python.file
        splits = self.protocol.splits_from
        for key, names in (("test", splits.test), ("train", splits.train or ())) if splits else ():
            found |= {("protocol", "splits_from", key, str(index)): name for index, name in enumerate(names)}
        return found

    @property
    def main(self) -> str:
        """The metric that tables lead with."""
        return self.figures[0]

    @property
    def trained(self) -> dict[str, Any]:
        """The part of the configuration that training depends on; a change elsewhere re-trains nothing.

        What is as it is by default is left out, so that a new key changes nothing for those who don't give it.
        """
        parts = ("dataset", "model", "training", "protocol", "figures", "files", "base_seed", "grid", "unstated")
        return self.model_dump(mode="json", include={*parts}, exclude_defaults=True)


AnyExperiment = Experiment | FunctionExperiment
"""What a file of `configs/` can be."""
