"""One file over HTTP, bounded in size and time. The network is used nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.datasets.base import Progress

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 10
READ_SECONDS = 30
_CHUNK = 1 << 16
_MEGABYTE = 1_000_000


class RefusedError(Exception):
    """A source that does not give the file; the text says why, in a few words."""


def download(url: str, label: str, limit: int, progress: Progress) -> bytes:
    """The body at `url`, at most `limit` bytes; one progress line about every tenth, beginning with `label`.

    Raises RefusedError for anything except a complete answer with status 200.
    """
    import requests

    body = bytearray()
    headers = {"Accept-Encoding": "identity"}
    try:
        with requests.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), headers=headers) as answer:
            answer.raise_for_status()
            _read(answer, body, label, limit, progress)
    except requests.RequestException as error:
        raise RefusedError(_reason(error, len(body))) from error
    return bytes(body)


def _read(answer: requests.Response, body: bytearray, label: str, limit: int, progress: Progress) -> None:
    """Add the body of an answer to `body`. Raises RefusedError where there is too much of it."""
    total = int(answer.headers.get("Content-Length") or 0)
    next_report = _MEGABYTE
    for chunk in answer.iter_content(_CHUNK):
        body += chunk
        if len(body) > limit:
            raise RefusedError(f"more than {limit} bytes, which is too many for this file")
        if len(body) >= next_report:
            of_total = f" of {total / _MEGABYTE:.0f}" if total else ""
            progress(f"{label}: {len(body) / _MEGABYTE:.0f}{of_total} MB")
            next_report = len(body) + max(_MEGABYTE, total // 10)


def _reason(error: requests.RequestException, received: int) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    if received or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut before the end"
    if isinstance(error, requests.Timeout):
        return f"no answer within {CONNECT_SECONDS} to {READ_SECONDS} seconds"
    if isinstance(error, requests.ConnectionError):
        cause = getattr(error.args[0] if error.args else None, "reason", error)
        return f"no connection ({type(cause).__name__})"
    return f"{type(error).__name__}: {error}"
