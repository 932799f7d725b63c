"""One file over HTTP, bounded in size and time. The network is used nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from repro.datasets.base import Progress
from repro.datasets.content import RefusedError

if TYPE_CHECKING:
    from requests import RequestException, Response

_CONNECT_SECONDS = 10
_CHUNK = 1 << 16
_MEGABYTE = 1_000_000


def download(url: str, label: str, limit: int, progress: Progress, read_seconds: float = 30) -> bytes:
    """The body at `url`, at most `limit` bytes; one progress line about every tenth, beginning with `label`.

    read_seconds: how long the server may keep silent. Raises RefusedError for anything but a complete answer with
    status 200.
    """
    import requests

    chunks: list[bytes] = []
    try:
        timeout, headers = (_CONNECT_SECONDS, read_seconds), {"Accept-Encoding": "identity"}
        with requests.get(url, stream=True, timeout=timeout, headers=headers) as response:
            response.raise_for_status()
            for chunk in _chunks(response, label, limit, progress):
                chunks.append(chunk)
    except requests.RequestException as error:
        raise RefusedError(_reason(error, bool(chunks), read_seconds)) from error
    return b"".join(chunks)


def _chunks(response: Response, label: str, limit: int, progress: Progress) -> Iterator[bytes]:
    announced = response.headers.get("Content-Length", "")
    total = int(announced) if announced.isdecimal() else 0
    received, next_report = 0, _MEGABYTE
    for chunk in response.iter_content(_CHUNK):
        received += len(chunk)
        if received > limit:
            raise RefusedError(f"more than {limit} bytes, which is too many for this file")
        if received >= next_report:
            of_total = f" of {total / _MEGABYTE:.0f}" if total else ""
            progress(f"{label}: {received / _MEGABYTE:.0f}{of_total} MB")
            next_report = received + max(_MEGABYTE, total // 10)
        yield chunk


def _reason(error: RequestException, begun: bool, read_seconds: float) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    if begun or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut before the end"
    if isinstance(error, requests.Timeout):
        return f"no answer within {_CONNECT_SECONDS} to {read_seconds} seconds"
    if isinstance(error, requests.ConnectionError):
        cause = getattr(error.args[0] if error.args else None, "reason", error)
        return f"no connection ({type(cause).__name__})"
    return f"{type(error).__name__}: {error}"
