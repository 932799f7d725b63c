"""The content that a checksum is of: that of a file as it is, or uncompressed."""

from __future__ import annotations

import gzip
import io
import zlib

from repro.datasets.base import Content
from repro.files import sha256

LARGEST = 1 << 31
"""Bytes that a file may have, uncompressed, where its description doesn't tell."""


class RefusedError(Exception):
    """A source that does not give the file; the text says why, in a few words."""


def recognised(body: Content, expected: str, limit: int = LARGEST) -> tuple[Content, str]:
    """The content with the SHA-256 that is expected, else what comes nearest to it, and its SHA-256.

    Servers differ in whether they undo gzip on the way, and so do checksums in what they are of: the archive that is
    published as it is, or a file in any compression. Raises RefusedError for a damaged gzip, and for one of more than
    `limit` bytes.
    """
    actual = sha256(body)
    if actual == expected or bytes(body[:2]) != b"\x1f\x8b":
        return body, actual
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as compressed:
            content = compressed.read(limit + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise RefusedError(f"damaged gzip: {error}") from error
    if len(content) > limit:
        raise RefusedError(f"decompresses to more than the expected {limit} bytes")
    return content, sha256(content)
