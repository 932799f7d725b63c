"""How an experiment or one of its variants is named: `sonar_rates`, `sonar_rates[rate=0.2]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from repro.config.strict import NAME
from repro.errors import shown

PATTERN = rf"^{NAME.pattern}(\[[^\[\]]*\])?$"
_REFERENCE = re.compile(rf"(?P<name>{NAME.pattern})(?:\[(?P<labels>[^\[\]]*)\])?")


def label_of(labels: Mapping[str, str]) -> str:
    """Labels in the order of their axes' names, so that a variant has one name."""
    return ", ".join(f"{axis}={labels[axis]}" for axis in sorted(labels))


@dataclass(frozen=True)
class Reference:
    """What a claim names: an experiment, or one of its variants."""

    name: str
    labels: Mapping[str, str]

    def extended(self, labels: Mapping[str, str]) -> Reference:
        """The same with further labels."""
        return Reference(self.name, {**self.labels, **labels})

    @property
    def canonical(self) -> str:
        """The name of the variant, or the experiment's."""
        return f"{self.name}[{label_of(self.labels)}]" if self.labels else self.name


def reference(text: str) -> Reference:
    """`NAME` or `NAME[AXIS=LABEL, ...]`. Raises ValueError for anything else."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f"expected NAME or NAME[AXIS=VALUE, ...], got {shown(text)}")
    return Reference(match["name"], {} if match["labels"] is None else labels_of(match["labels"]))


def labels_of(text: str) -> dict[str, str]:
    """`AXIS=LABEL, ...` as labels. Raises ValueError for anything else."""
    pairs = [part.partition("=") for part in text.split(",")]
    labels = {axis.strip(): label.strip() for axis, _, label in pairs}
    if len(labels) < len(pairs) or not all(labels) or not all(labels.values()):
        raise ValueError(f"expected NAME or NAME[AXIS=VALUE, ...], got [{text}]")
    return labels
