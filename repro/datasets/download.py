"""One file over HTTP, bounded in size and time. The network is used nowhere else."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING

from repro.datasets.base import Progress
from repro.errors import MachineError

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS = 10
_READ_SECONDS = 30
_CHUNK = 1 << 16
_MEGABYTE = 1_000_000


class RefusedError(Exception):
    """A source that does not give the file; the text says why, in a few words."""


class _Sink:
    """Receives a download (as pooch's output file) and its size (as pooch's progress bar)."""

    def __init__(self, out: IO[bytes], label: str, limit: int, progress: Progress) -> None:
        self.total = 0
        self.received = 0
        self._out = out
        self._label = label
        self._limit = limit
        self._progress = progress
        self._next_report = _MEGABYTE

    def write(self, chunk: bytes) -> None:
        self.received += len(chunk)
        if self.received > self._limit:
            raise RefusedError(f"more than {self._limit} bytes, which is too many for this file")
        self._out.write(chunk)
        if self.received >= self._next_report:
            of_total = f" of {self.total / _MEGABYTE:.0f}" if self.total else ""
            self._progress(f"{self._label}: {self.received / _MEGABYTE:.0f}{of_total} MB")
            self._next_report = self.received + max(_MEGABYTE, self.total // 10)

    def flush(self) -> None:
        self._out.flush()

    def update(self, _bytes: int) -> None:
        """pooch counts chunks; `write` counts bytes."""

    def reset(self) -> None:
        """Nothing to finish: the last line is the caller's."""

    def close(self) -> None:
        """The caller owns the file."""


def download(url: str, label: str, limit: int, progress: Progress) -> bytes:
    """The body at `url`, at most `limit` bytes; one progress line about every tenth, beginning with `label`.

    Raises RefusedError for anything but a complete answer with status 200.
    """
    import pooch
    import requests

    # an unnamed file: gone when closed, and gone when the process is killed
    with tempfile.TemporaryFile() as out:
        sink = _Sink(out, label, limit, progress)
        fetch = pooch.HTTPDownloader(
            progressbar=sink,
            chunk_size=_CHUNK,
            timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            headers={"Accept-Encoding": "identity"},
        )
        try:
            fetch(url, sink, None)
        except requests.RequestException as error:
            raise RefusedError(_reason(error, sink.received)) from error
        except OSError as error:
            raise MachineError(
                f"can't write to {tempfile.gettempdir()}: {error.strerror}: free space there or set TMPDIR"
            ) from error
        out.seek(0)
        return out.read()


def _reason(error: requests.RequestException, received: int) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    if received or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut before the end"
    if isinstance(error, requests.Timeout):
        return f"no answer within {_CONNECT_SECONDS} to {_READ_SECONDS} seconds"
    if isinstance(error, requests.ConnectionError):
        cause = getattr(error.args[0] if error.args else None, "reason", error)
        return f"no connection ({type(cause).__name__})"
    return f"{type(error).__name__}: {error}"
