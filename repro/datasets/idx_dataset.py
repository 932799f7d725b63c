"""Data sets of four IDX files (MNIST and those made after it), kept in the cache folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from repro.datasets import cache
from repro.datasets.base import Dataset, DatasetInfo, FileStatus, Part, Progress, aligned, sha256
from repro.datasets.idx import IdxFile, parse
from repro.datasets.sources import Fetcher
from repro.errors import DataError


@dataclass(frozen=True)
class IdxDataset:
    """Images and labels, for training and for test, and where the public has them (see `Fetcher`)."""

    info: DatasetInfo
    train: tuple[IdxFile, IdxFile]
    test: tuple[IdxFile, IdxFile]
    public: Sequence[str]

    @property
    def files(self) -> tuple[IdxFile, ...]:
        """Images, labels, test images, test labels."""
        return self.train + self.test

    def load(self) -> Dataset:
        """Images as uint8 in shape (rows, height, width), memory-mapped; every content is hashed first.

        Raises DataError if a file is missing, damaged or not what it should be.
        """
        name = self.info.name
        train, test = self._part(self.train), self._part(self.test)
        return Dataset(name, train, test, self.info.classes, {file.name: file.sha256 for file in self.files})

    def fetch(self, progress: Progress) -> None:
        """Get the files that are missing or damaged."""
        fetcher = Fetcher(self.info.name, self.files, self.public, progress)
        for file, status in zip(self.files, self.verify(), strict=True):
            if status.state == "ok":
                progress(f"{self.info.name}/{file.name}: already there, verified")
                continue
            cache.remove(status.where)
            cache.store(status.where, fetcher.get(file))

    def is_present(self) -> bool:
        """Whether all four files exist."""
        return all(cache.path_of(self.info.name, file.name).is_file() for file in self.files)

    def verify(self) -> list[FileStatus]:
        """The state of the four files."""
        return [self._status(file) for file in self.files]

    def _status(self, file: IdxFile) -> FileStatus:
        path = cache.path_of(self.info.name, file.name)
        content = cache.mapped(path)
        if content is None:
            return FileStatus(file.name, "missing", file.sha256, None, path)
        actual = sha256(content)
        return FileStatus(file.name, "ok" if actual == file.sha256 else "damaged", file.sha256, actual, path)

    def _part(self, files: tuple[IdxFile, IdxFile]) -> Part:
        images, labels = (self._array(file) for file in files)
        if len(images) != len(labels):
            raise DataError(f"{self.info.name}: {len(images)} images, but {len(labels)} labels")
        if labels.max(initial=0) >= self.info.classes:
            raise DataError(
                f"{self.info.name}/{files[1].name}: expected labels from 0 to {self.info.classes - 1}, "
                f"got {labels.max()}"
            )
        return Part(images, aligned(labels.astype(np.int32)))

    def _array(self, file: IdxFile) -> np.ndarray:
        path = cache.path_of(self.info.name, file.name)
        content = cache.mapped(path)
        if content is None:
            raise DataError(
                f"{self.info.name}: expected {path}, which is not there: run `repro data fetch {self.info.name}`"
            )
        if (actual := sha256(content)) != file.sha256:
            raise DataError(
                f"{self.info.name}: {path} is damaged: its content has SHA-256 {actual}, expected {file.sha256}: "
                f"run `repro data fetch {self.info.name}`, which replaces it"
            )
        return parse(content, file, path)
