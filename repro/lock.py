"""One run at a time on a results folder: a kernel lock, which a dead process can't hold."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from repro.errors import BusyError, MachineError


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the folder's lock for the block.

    Raises BusyError at once if another process holds it (naming host, process and start), MachineError if the folder
    can't be written, or if its file system has no locks.
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
