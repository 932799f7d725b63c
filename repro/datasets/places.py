"""Where the files of data sets lie: in the project, in the cache of downloads, inside scikit-learn."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repro.datasets import cache
from repro.datasets.base import DatasetInfo, FileStatus, Progress
from repro.datasets.mirrors import Fetcher
from repro.files import shipped


@dataclass(frozen=True)
class Bundled:
    """Files that come with the project, in `data/` unless another folder is given."""

    folder: Path | None = None
    present = "comes with the project"

    def path(self, info: DatasetInfo, file: str) -> Path:
        """The file in the checkout, or in the wheel."""
        return (self.folder or shipped("data")) / file

    def read(self, info: DatasetInfo, file: str) -> bytes | None:
        """All of it."""
        try:
            return self.path(info, file).read_bytes()
        except FileNotFoundError:
            return None

    def is_present(self, info: DatasetInfo, file: str) -> bool:
        """Whether the file exists."""
        return self.path(info, file).is_file()

    def remedy(self, info: DatasetInfo, file: str) -> str:
        """Restore it."""
        return f"it is part of the project: restore it (`git checkout data/{file}`) or install again"

    def fetch(self, info: DatasetInfo, wrong: Sequence[FileStatus], progress: Progress) -> None:
        """There is no other source: raises DataError where anything is wrong."""
        for status in wrong:
            raise status.fault(info.name, self.remedy(info, status.file))


@dataclass(frozen=True)
class ScikitLearn:
    """Data inside scikit-learn; `loader` returns them as the bytes that the checksum is of."""

    loader: Callable[[], bytes]
    present = "comes with scikit-learn"

    def path(self, info: DatasetInfo, file: str) -> Path:
        """The folder of scikit-learn."""
        spec = importlib.util.find_spec("sklearn")
        return Path(spec.origin).parent if spec and spec.origin else Path("sklearn")

    def read(self, info: DatasetInfo, file: str) -> bytes:
        """What scikit-learn makes of its own files."""
        return self.loader()

    def is_present(self, info: DatasetInfo, file: str) -> bool:
        """Whether scikit-learn is installed."""
        return importlib.util.find_spec("sklearn") is not None

    def remedy(self, info: DatasetInfo, file: str) -> str:
        """The data of another version may differ."""
        return "install the pinned version of scikit-learn again"

    def fetch(self, info: DatasetInfo, wrong: Sequence[FileStatus], progress: Progress) -> None:
        """There is no other source: raises DataError where anything is wrong."""
        for status in wrong:
            raise status.fault(info.name, self.remedy(info, status.file))


@dataclass(frozen=True)
class Cached:
    """Files in the cache folder, which are downloaded from `public` (see `Fetcher`); `sizes` bounds their bytes."""

    sizes: Callable[[DatasetInfo], Mapping[str, int]]
    public: Sequence[str]
    present = "already there"

    def path(self, info: DatasetInfo, file: str) -> Path:
        """The padded file in the cache folder."""
        return cache.path_of(info.name, file)

    def read(self, info: DatasetInfo, file: str) -> memoryview | None:
        """Memory-mapped."""
        return cache.mapped(self.path(info, file))

    def is_present(self, info: DatasetInfo, file: str) -> bool:
        """Whether the file is in the cache."""
        return self.path(info, file).is_file()

    def remedy(self, info: DatasetInfo, file: str) -> str:
        """Get it, or get it again."""
        return f"run `repro data fetch {info.name}`, which gets it"

    def fetch(self, info: DatasetInfo, wrong: Sequence[FileStatus], progress: Progress) -> None:
        """Download each; a damaged one is gone even where no source has a better one."""
        fetcher = Fetcher(info, self.sizes(info), self.public, progress)
        for status in wrong:
            status.where.unlink(missing_ok=True)
            cache.store(status.where, fetcher.get(status.file))
