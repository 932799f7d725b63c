"""Digits: the small images that come with scikit-learn, so that a first run needs no download."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from repro.datasets.base import Contents, Part, Parts, aligned
from repro.datasets.data_set import DataSet
from repro.errors import DataError

_LARGEST_PIXEL = 16
_COLUMNS = 65
"""64 pixels and the label."""


@dataclass(frozen=True)
class DigitsDataset(DataSet):
    """scikit-learn's `load_digits`, split into its first `info.rows` rows and the rest.

    The rows keep the order of the UCI file, in which neighbours tend to be one writer's: the last 360 rows (a fifth)
    as test part keep writers apart better than random ones do. A nearest-neighbour classifier gets 95.6% right there,
    and 98.6% on random fifths, where a test image's twin by the same hand is among the training images.
    """

    present: ClassVar[str] = "comes with scikit-learn, verified"

    def where(self, file: str) -> Path:
        """The folder of scikit-learn."""
        found = importlib.util.find_spec("sklearn")
        return Path(found.origin if found and found.origin else "sklearn").parent

    def read(self, file: str) -> bytes:
        """The pixels and labels of scikit-learn's own file, as bytes row by row."""
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        return np.column_stack([pixels, labels]).astype(np.uint8).tobytes()

    def remedy(self, file: str) -> str:
        """Another scikit-learn may have other data."""
        return "install the pinned version of scikit-learn again"

    def parse(self, contents: Contents) -> Parts:
        """Images as uint8 (0..16) in shape (rows, 8, 8)."""
        ((_, content),) = contents.items()
        table = np.frombuffer(content, np.uint8).reshape(-1, _COLUMNS)
        rows, classes = self.info.rows, self.info.classes
        expected = (rows + self.info.test_rows, _COLUMNS)
        if table.shape != expected or table[:, :-1].max() > _LARGEST_PIXEL or table[:, -1].max() >= classes:
            raise DataError(
                f"{self.info.name}: expected {expected} with pixels to {_LARGEST_PIXEL} and labels to {classes - 1}, "
                f"got {table.shape} with {table[:, :-1].max()} and {table[:, -1].max()}"
            )
        images = table[:, :-1].reshape(-1, *self.info.input_shape)
        labels = table[:, -1].astype(np.int32)
        train, test = (Part(aligned(images[part]), aligned(labels[part])) for part in (slice(rows), slice(rows, None)))
        return train, test
