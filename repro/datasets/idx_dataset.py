"""Data sets of four IDX files (MNIST and those made after it), kept in the cache folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from repro.datasets import cache, idx
from repro.datasets.base import Contents, Part, Parts, Progress, aligned
from repro.datasets.data_set import DataSet
from repro.datasets.idx import IdxFile
from repro.datasets.sources import Fetcher
from repro.errors import DataError


@dataclass(frozen=True)
class IdxDataset(DataSet):
    """Images and labels, for training and for test, and where the public has them (see `Fetcher`)."""

    train: tuple[IdxFile, IdxFile]
    test: tuple[IdxFile, IdxFile]
    public: Sequence[str]

    present: ClassVar[str] = "already there, verified"

    @property
    def files(self) -> tuple[IdxFile, ...]:
        """Images, labels, test images, test labels."""
        return self.train + self.test

    def where(self, file: str) -> Path:
        """In the cache folder."""
        return cache.path_of(self.info.name, file)

    def read(self, file: str) -> memoryview | None:
        """The content, memory-mapped."""
        return cache.mapped(self.where(file))

    def remedy(self, file: str) -> str:
        """Fetching replaces what is damaged."""
        return f"run `repro data fetch {self.info.name}`"

    def get(self, files: Sequence[str], progress: Progress) -> None:
        """Fetch each file from the first source that has it."""
        fetcher = Fetcher(self.info.name, self.files, self.public, progress)
        for file in (each for each in self.files if each.name in files):
            self.where(file.name).unlink(missing_ok=True)
            cache.store(self.where(file.name), fetcher.get(file))

    def parse(self, contents: Contents) -> Parts:
        """Images as uint8 in shape (rows, height, width), in place."""
        return self._part(self.train, contents), self._part(self.test, contents)

    def _part(self, files: tuple[IdxFile, IdxFile], contents: Contents) -> Part:
        images, labels = (idx.parse(contents[file.name], file, f"{self.info.name}/{file.name}") for file in files)
        if len(images) != len(labels):
            raise DataError(f"{self.info.name}: {len(images)} images, but {len(labels)} labels")
        if labels.max(initial=0) >= self.info.classes:
            raise DataError(
                f"{self.info.name}/{files[1].name}: expected labels from 0 to {self.info.classes - 1}, "
                f"got {labels.max()}"
            )
        return Part(images, aligned(labels.astype(np.int32)))
