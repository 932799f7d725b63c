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

    @property
    def canonical(self) -> str:
        """The name of the variant, or the experiment's."""
        return f"{self.name}[{label_of(self.labels)}]" if self.labels else self.name


def reference(text: str) -> Reference:
    """`NAME` or `NAME[AXIS=LABEL, ...]`. Raises ValueError for anything else."""
    match = _REFERENCE.fullmatch(text)
    pairs = [part.partition("=") for part in (match["labels"] or "").split(",")] if match else []
    labels = {axis.strip(): label.strip() for axis, _, label in pairs if axis.strip()}
    if match is None or (
        match["labels"] is not None and (not labels or len(labels) < len(pairs) or "" in labels.values())
    ):
        raise ValueError(f"expected NAME or NAME[AXIS=VALUE, ...], got {shown(text)}")
    return Reference(match["name"], labels)
