"""Where files are to be had, and which source's content is the right one."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from repro.datasets.base import DatasetInfo, Progress
from repro.datasets.download import RefusedError, download
from repro.datasets.formats.idx import encode
from repro.errors import DataError
from repro.files import sha256

_SLACK = 1 << 16
"""Bytes that a wrapper may add: gzip of what can't be compressed, the headers of an npz."""

_ARCHIVE_ARRAYS = {
    "train-images-idx3-ubyte": "x_train",
    "train-labels-idx1-ubyte": "y_train",
    "t10k-images-idx3-ubyte": "x_test",
    "t10k-labels-idx1-ubyte": "y_test",
}
"""The arrays of keras.datasets' mnist.npz, by the name of the IDX file with the same content."""


@dataclass(frozen=True)
class Fetcher:
    """Gets the files of one data set, trying `REPRO_DATA_MIRROR` and then `public` in order.

    Each entry of `public` is a path or URL in which `{file}` stands for the file's name; one that ends in `.npz` is
    an archive of all files, downloaded once. `sizes` has the bytes of each file, uncompressed.
    """

    info: DatasetInfo
    sizes: Mapping[str, int]
    public: Sequence[str]
    progress: Progress
    _archives: dict[str, bytes] = field(default_factory=dict)

    def get(self, file: str) -> bytes:
        """The uncompressed content with the right SHA-256.

        Raises DataError that lists every source tried, with what was wrong with each.
        """
        label = f"{self.info.name}/{file}"
        tried = []
        for location in [*_mirror(label), *(entry.format(file=file) for entry in self.public)]:
            try:
                content = self._content(location, file, label)
            except RefusedError as error:
                tried.append(f"{location}: {error}")
                self.progress(f"{label}: {location}: {error}")
                continue
            self.progress(f"{label}: verified, from {location}")
            return content
        raise DataError(
            f"{label}: expected content with SHA-256 {self.info.sha256[file]}; no source has it:\n"
            + "".join(f"  {line}\n" for line in tried)
            + f"Set REPRO_DATA_MIRROR to a folder or URL that holds {label}.gz (or the same uncompressed, without "
            f".gz), or run `repro data fetch {self.info.name}` on a machine with a network, copy its cache folder here "
            "and set REPRO_DATA_DIR to the copy."
        )

    def _content(self, location: str, file: str, label: str) -> bytes:
        body = self._body(location, label)
        if body[:1024].lstrip().lower().startswith((b"<!doctype html", b"<html")):
            raise RefusedError("got an HTML page")
        unpack = _from_archive if location.endswith(".npz") else _gunzip
        content = unpack(body, file, self.sizes[file])
        if (actual := sha256(content)) != self.info.sha256[file]:
            raise RefusedError(f"its content has SHA-256 {actual}, expected {self.info.sha256[file]}")
        return content

    def _body(self, location: str, label: str) -> bytes:
        limit = sum(self.sizes.values()) + _SLACK
        try:
            scheme = urlsplit(location).scheme
        except ValueError as error:
            raise RefusedError(f"not a URL: {error}") from error
        if scheme not in ("http", "https"):
            return _read(_local(location, scheme), limit)
        if location not in self._archives:
            body = download(location, label, limit, self.progress)
            if not location.endswith(".npz"):
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


def _gunzip(body: bytes, file: str, size: int) -> bytes:
    """At most `size` bytes, decompressed if compressed: servers differ in whether they undo gzip on the way."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as compressed:
            content = compressed.read(size + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise RefusedError(f"damaged gzip: {error}") from error
    if len(content) > size:
        raise RefusedError(f"decompresses to more than the expected {size} bytes")
    return content


def _from_archive(body: bytes, file: str, size: int) -> bytes:
    """The IDX file with the content of one array of an npz. Pickled arrays are refused."""
    member = f"{_ARCHIVE_ARRAYS[file]}.npy"
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
    return encode(array)
