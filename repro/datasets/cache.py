"""The folder that downloaded data is kept in, shared by every checkout and process of a user.

A stored file is `PADDING` zero bytes followed by the uncompressed IDX content, under the name `<file>.padded`. The
padding puts the first pixel (after a header of 16 bytes) on a multiple of 64 bytes, where TensorFlow can use a
memory map in place; the SHA-256 is that of the content after it (`tail -c +49 FILE.padded | sha256sum`).
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from repro.errors import MachineError
from repro.files import replace

PADDING = 48
_STALE_SECONDS = 24 * 3600


def folder(default: Callable[[str], str] = platformdirs.user_cache_dir) -> Path:
    """`REPRO_DATA_DIR`, or else the platform's cache folder for `repro`. It need not exist.

    Raises MachineError if neither gives an absolute path.
    """
    if chosen := os.environ.get("REPRO_DATA_DIR"):
        return Path(chosen).absolute()
    found = Path(default("repro"))
    if not found.is_absolute():  # no HOME and no entry for this user
        raise MachineError(f"no cache folder: expected an absolute path, got {found}: set REPRO_DATA_DIR to a folder")
    return found


def path_of(dataset: str, file: str) -> Path:
    """Where the cache keeps a file of a data set."""
    return folder() / dataset / f"{file}.padded"


def mapped(path: Path) -> memoryview | None:
    """The content of a stored file, memory-mapped and private: pages are shared until written, writes stay in memory.

    None if there is no such file; an empty view if it is too short or not padded, which no checksum matches.
    Raises OSError if it can't be read.
    """
    try:
        with path.open("rb") as stored:
            if os.fstat(stored.fileno()).st_size <= PADDING:
                return memoryview(b"")
            view = memoryview(mmap.mmap(stored.fileno(), 0, access=mmap.ACCESS_COPY))
    except FileNotFoundError:
        return None
    except OSError as error:  # mmap's own, of a file system that can't map, doesn't name the file
        raise OSError(error.errno, error.strerror, str(path)) from error
    return view[PADDING:] if not any(view[:PADDING]) else memoryview(b"")


def store(path: Path, content: bytes) -> None:
    """Store content padded, whole or not at all.

    Raises MachineError if the folder can't be written; what was at `path` is then as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        replace(path, bytes(PADDING), content)
    except OSError as error:
        raise MachineError(
            f"can't write {path}: {error.strerror}: free space there, or set REPRO_DATA_DIR to another folder"
        ) from error


def _sweep(directory: Path) -> None:
    """Delete what killed processes left; a day is longer than any write that is still going on."""
    for orphan in directory.glob(".*.tmp"):
        with suppress(FileNotFoundError):
            if orphan.stat().st_mtime < time.time() - _STALE_SECONDS:
                orphan.unlink()
