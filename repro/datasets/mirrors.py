"""Where files are to be had, and which source's content is the right one."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from repro.config.data_description import DataDescription
from repro.datasets.base import Content, Progress
from repro.datasets.content import LARGEST, RefusedError, recognised
from repro.datasets.download import download
from repro.datasets.formats import idx
from repro.errors import DataError
from repro.files import sha256

_SLACK = 1 << 16
"""Bytes that a wrapper may add: gzip of what can't be compressed, the headers of an npz."""

_ARCHIVE_ARRAYS = ("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy")
"""The members of keras.datasets' mnist.npz, in the order of the four IDX files with the same content."""


@dataclass(frozen=True)
class Fetcher:
    """Gets the files of one data set, trying `REPRO_DATA_MIRROR` and then the description's `urls` in order.

    An entry that ends in `.npz` is, for IDX files, an archive of all four, which is downloaded once.
    """

    description: DataDescription
    progress: Progress
    _archives: dict[str, bytes] = field(default_factory=dict)

    def get(self, file: str) -> bytes:
        """The uncompressed content with the right SHA-256.

        Raises DataError that lists every source tried, with what was wrong with each.
        """
        label, urls = f"{self.description.name}/{file}", self.description.kind.urls
        tried = []
        for location in [*_mirror(label), *(entry.replace("{file}", file) for entry in urls)]:
            try:
                content = self._content(location, file, label)
            except RefusedError as error:
                tried.append(f"{location}: {error}")
                self.progress(f"{label}: {location}: {error}")
                continue
            self.progress(f"{label}: verified, from {location}")
            return content
        raise DataError(
            f"{label}: expected content with SHA-256 {self.description.files[file]}; no source has it:\n"
            + "".join(f"  {line}\n" for line in tried)
            + f"Set REPRO_DATA_MIRROR to a folder or URL that holds {label}.gz (or the same uncompressed, without "
            f".gz), or fetch {self.description.name} on a machine with a network, copy its cache folder here and set "
            "REPRO_DATA_DIR to the copy."
        )

    def _content(self, location: str, file: str, label: str) -> bytes:
        body = self._body(location, label)
        if body[:1024].lstrip().lower().startswith((b"<!doctype html", b"<html")):
            raise RefusedError("got an HTML page")
        expected, limit = self.description.files[file], self._sizes.get(file, LARGEST)
        if self._is_archive(location):
            content: Content = _from_archive(body, _ARCHIVE_ARRAYS[list(self._sizes).index(file)], limit)
            actual = sha256(content)
        else:
            content, actual = recognised(body, expected, limit)
        if actual != expected:
            raise RefusedError(f"its content has SHA-256 {actual}, expected {expected}")
        return bytes(content)

    @property
    def _sizes(self) -> dict[str, int]:
        """The bytes of the files, uncompressed, where the description tells them."""
        return idx.sizes(self.description) if self.description.idx else {}

    def _is_archive(self, location: str) -> bool:
        return self.description.idx is not None and location.endswith(".npz")

    def _body(self, location: str, label: str) -> bytes:
        limit = (sum(self._sizes.values()) or LARGEST) + _SLACK
        try:
            scheme = urlsplit(location).scheme
        except ValueError as error:
            raise RefusedError(f"not a URL: {error}") from error
        if scheme not in ("http", "https"):
            return _read(_local(location, scheme), limit)
        if location not in self._archives:
            body = download(location, label, limit, self.progress)
            if not self._is_archive(location):
                return body
            self._archives[location] = body
        return self._archives[location]


def _mirror(label: str) -> list[str]:
    mirror = os.environ.get("REPRO_DATA_MIRROR", "").rstrip("/")
    return [f"{mirror}/{label}.gz", f"{mirror}/{label}"] if mirror else []


def _local(location: str, scheme: str) -> Path:
    if scheme == "file":
        return Path(unquote(urlsplit(location).path))
    if "://" in location:
        raise RefusedError(f"expected a folder or a file, http or https URL, got {scheme!r}")
    return Path(location)


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stored:
            body = stored.read(limit + 1)
    except OSError as error:
        raise RefusedError(error.strerror or type(error).__name__) from error
    if len(body) > limit:
        raise RefusedError(f"more than {limit} bytes, which is too many for this file")
    return body


def _from_archive(body: bytes, member: str, size: int) -> bytes:
    """The IDX file with the content of one array of an npz. Pickled arrays are refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            packed = archive.getinfo(member)
            if packed.file_size > size + _SLACK:
                raise RefusedError(f"{member} decompresses to more than the expected {size} bytes")
            array = np.load(io.BytesIO(archive.read(packed)), allow_pickle=False)
    except (EOFError, KeyError, MemoryError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise RefusedError(f"damaged npz: {error}") from error
    if array.dtype != np.uint8:
        raise RefusedError(f"{member}: expected uint8, got {array.dtype}")
    return idx.encode(array)
