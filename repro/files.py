"""Files: written whole or not at all, one run at a time on a folder, told apart by their content, found by one rule.

What the machine refuses is raised as OSError with the path in it; `repro.cli` turns it into a line and an exit code.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from repro.errors import BusyError, MachineError

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str, package: Path = _PACKAGE) -> Path:
    """A folder that comes with repro (`configs`, `data`): that of the source checkout, else the copy in a wheel.

    package: where repro is installed. Raises MachineError if there is neither.
    """
    checkout, bundled = package.parent / name, package / "_bundled" / name
    if (package.parent / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    if bundled.is_dir():
        return bundled
    raise MachineError(f"expected the folder {name} at {checkout} or {bundled}, found neither; install repro again")


def sha256(content: bytes | memoryview) -> str:
    """The SHA-256 of content, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def canonical(value: Any) -> str:
    """One text of JSON for equal values, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Any) -> str:
    """SHA-256 of the canonical text."""
    return sha256(canonical(value).encode())


def pretty(value: Any) -> str:
    """JSON for people: indented, keys in the order given, a final newline."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write(path: Path, content: str | bytes) -> None:
    """Replace a file atomically and durably, making its folder; one that already has this content is left alone.

    Raises OSError if the disk is full or the folder can't be written; the old file is then intact.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, data)


def replace(path: Path, *parts: bytes) -> None:
    """Put `parts`, one after the other, in the place of a file: a temporary name beside it, fsync, rename, fsync again.

    Raises OSError that names `path`; what was there is then as it was, and the temporary file is gone.
    """
    try:
        _replace(path, parts)
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or errno.EIO), str(path)) from error


def _replace(path: Path, parts: tuple[bytes, ...]) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold a folder's lock for the block: a kernel lock, which a dead process can't hold.

    Raises BusyError at once if another process holds it (naming host, process and start), MachineError if the lock's
    file can't be opened, or if its file system has no locks.
    """
    import fcntl

    path = out / ".lock"
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        reason = "it is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise MachineError(f"{path}: can't be opened for locking: {reason}; mend that or use -o FOLDER") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "unknown"
            raise BusyError(
                f"{out}: another run is at work there ({holder}); wait for it, or write elsewhere with -o FOLDER"
            ) from None
        except OSError as error:
            raise MachineError(f"{path}: this file system can't lock files: {error.strerror}; use -o FOLDER") from error
        since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with contextlib.suppress(OSError):  # of a full disk: the lock holds all the same
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()} since {since}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
