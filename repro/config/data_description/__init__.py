"""What a data set is, where its files are, and how they are read."""

from __future__ import annotations

from repro.config.data_description.description import KINDS, DataDescription
from repro.config.data_description.files import Column
from repro.config.data_description.generated import SCIKIT_LEARN

__all__ = ["KINDS", "SCIKIT_LEARN", "Column", "DataDescription"]
