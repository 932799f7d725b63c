"""Digits: the small images that come with scikit-learn, so that a first run needs no download."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from repro.datasets.base import Dataset, DatasetInfo, FileStatus, Part, Progress, aligned, sha256
from repro.errors import DataError

FILE = "digits"
_LARGEST_PIXEL = 16


@dataclass(frozen=True)
class DigitsDataset:
    """scikit-learn's `load_digits`, split into its first `info.rows` rows and the rest.

    The rows keep the order of the UCI file, in which neighbours tend to be one writer's: the last 360 rows (a fifth)
    as test part keep writers apart better than random ones do. A nearest-neighbour classifier gets 95.6% right there,
    and 98.6% on random fifths, where a test image's twin by the same hand is among the training images.
    """

    info: DatasetInfo

    def load(self) -> Dataset:
        """Images as uint8 (0..16) in shape (rows, 8, 8); pixels and labels are hashed first.

        Raises DataError if this scikit-learn's data differ from those known here.
        """
        table = self._table()
        actual, expected = sha256(table.tobytes()), self.info.sha256[FILE]
        if actual != expected:
            raise DataError(
                f"{self.info.name}: scikit-learn's digits have SHA-256 {actual}, expected {expected}: "
                "install the pinned version of scikit-learn again"
            )
        return self._split(table)

    def fetch(self, progress: Progress) -> None:
        """Nothing to download: checks the data. Raises DataError as `load` does."""
        self.load()
        progress(f"{self.info.name}: comes with scikit-learn, verified")

    def is_present(self) -> bool:
        """Whether scikit-learn is installed."""
        return importlib.util.find_spec("sklearn") is not None

    def verify(self) -> list[FileStatus]:
        """The state of the data inside scikit-learn."""
        import sklearn

        actual, expected = sha256(self._table().tobytes()), self.info.sha256[FILE]
        where = Path(sklearn.__file__).parent
        return [FileStatus(FILE, "ok" if actual == expected else "damaged", expected, actual, where)]

    def _table(self) -> np.ndarray:
        """uint8, (rows, 65): 64 pixels and the label. What the checksum is of."""
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        return np.column_stack([pixels, labels]).astype(np.uint8)

    def _split(self, table: np.ndarray) -> Dataset:
        rows, classes = self.info.rows, self.info.classes
        expected = (rows + self.info.test_rows, 65)
        if table.shape != expected or table[:, :64].max() > _LARGEST_PIXEL or table[:, 64].max() >= classes:
            raise DataError(
                f"{self.info.name}: expected {expected} with pixels to {_LARGEST_PIXEL} and labels to {classes - 1}, "
                f"got {table.shape} with {table[:, :64].max()} and {table[:, 64].max()}"
            )
        images = table[:, :64].reshape(-1, *self.info.input_shape)
        labels = table[:, 64].astype(np.int32)
        train, test = (Part(aligned(images[part]), aligned(labels[part])) for part in (slice(rows), slice(rows, None)))
        return Dataset(self.info.name, train, test, classes, self.info.sha256)
