"""Formats: the verified contents of a data set's files in, its training and test part out. Nothing is read here."""

from __future__ import annotations

from collections.abc import Callable

from repro.config.data_description import DataDescription
from repro.datasets.base import Contents, Parts
from repro.datasets.formats import cifar_binary, csv, idx, matlab, npz, scikit_learn, sequences

_PARSERS: dict[str, Callable[[DataDescription, Contents], Parts]] = {
    "cifar_binary": cifar_binary.parse,
    "csv": csv.parse,
    "idx": idx.parse,
    "matlab": matlab.parse,
    "npz": npz.parse,
    "scikit_learn": scikit_learn.parse,
    "sequences": sequences.parse,
}


def parser(description: DataDescription) -> Callable[[DataDescription, Contents], Parts]:
    """What reads the contents of the files of a description: raises DataError where they are not as described."""
    return _PARSERS[description.key]
