"""What every experiment has, and the kind whose figures are those of a function: nothing is trained in it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from repro.config.protocol import Draws
from repro.config.reported import Reported
from repro.config.strict import FIGURE, IDENTIFIER, METRICS, FileName, Name, Strict, as_tuple
from repro.config.variation.axes import Axes
from repro.config.vocabulary.specs import SpecError


class BaseExperiment(Strict):
    """What experiments of every kind have."""

    name: Name
    article: Name | None = Field(None, description="the file of that name in articles/ beside this one")
    title: str = Field(min_length=1, max_length=200)
    note: str = Field("", max_length=2000, description="what a reader of the table has to know")
    files: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of each file beside the config that a cell reads, by its name there; the loader fills it in."""
    seeds: int = Field(30, ge=1, le=10_000)
    base_seed: int = Field(0, ge=0, le=2**32 - 1)

    @property
    def axes(self) -> Axes:
        """What varies: axis -> label -> key path -> value; empty for an experiment without variants."""
        return {}


class PythonCall(Strict):
    """A function in a file beside the config, and what it is called with."""

    file: FileName
    function: str = Field(pattern=IDENTIFIER)
    arguments: dict[str, Any] = Field(default_factory=dict)


class DrawnFunction(Strict):
    """A function that draws random numbers and returns figures of what came of them: see `repro.models.draws`."""

    python: PythonCall = Field(description="called as FUNCTION(rng, draws, **arguments); returns {figure: number}")
    draws: int = Field(ge=1, le=100_000_000, description="how often it draws under one seed")


def once(figures: tuple[str, ...]) -> tuple[str, ...]:
    """The figures. Raises SpecError where one is listed twice."""
    for index, figure in enumerate(figures):
        if figure in figures[:index]:
            raise SpecError(f"expected each figure once, got {figure} a second time", (str(index),))
    return figures


class FunctionExperiment(BaseExperiment):
    """One YAML file of `configs/` with the key `function`: a seed is one batch of draws, its records are figures."""

    function: DrawnFunction = Field(description="in the place of dataset, model, training and protocol")
    figures: tuple[Annotated[str, Field(pattern=FIGURE)], ...] = Field(
        min_length=1, description="what the function returns; the first is the main one"
    )

    _tuple = field_validator("figures", mode="before")(as_tuple)

    @model_validator(mode="before")
    @classmethod
    def _nothing_trained(cls, value: Any) -> Any:
        keys = ("dataset", "model", "training", "protocol", "defaults", "reported")
        faults = [
            SpecError("expected none beside function, with which nothing is trained, got one", (key,))
            for key in keys
            if isinstance(value, dict) and key in value
        ]
        if faults:
            raise SpecError("; ".join(str(fault) for fault in faults), faults=faults)
        return value

    @field_validator("figures")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for index, figure in enumerate(value):
            if figure in METRICS:
                raise SpecError(f"expected another name than {figure}, which is a figure of a model", (str(index),))
        return once(value)

    @property
    def protocol(self) -> Draws:
        """In the place of the split of an experiment that trains."""
        return Draws()

    @property
    def data_name(self) -> str:
        """The data set."""
        return "none"

    @property
    def measured(self) -> tuple[str, ...]:
        """The figures that records have."""
        return self.figures

    @property
    def reported(self) -> dict[str, Reported]:
        """What the article prints: of a function it prints nothing that is judged as a number."""
        return {}

    def declared_margin(self, metric: str) -> float | None:
        """None, since there is no figure of the article that a margin could stand with."""
        return None

    @property
    def files_named(self) -> dict[tuple[str, ...], str]:
        """The file beside the config that a cell reads, by the key path that names it."""
        return {("function", "python", "file"): self.function.python.file}

    @property
    def main(self) -> str:
        """The figure that tables lead with."""
        return self.figures[0]

    @property
    def trained(self) -> dict[str, Any]:
        """The part of the configuration that figures depend on; a change elsewhere draws nothing again."""
        parts = {"function", "figures", "files", "base_seed"}
        return self.model_dump(mode="json", include=parts, exclude_defaults=True)
