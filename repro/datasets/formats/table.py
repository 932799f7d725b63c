"""Text in, the records of a table out: what `csv` and `repro data describe` share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from repro.datasets.base import Content
from repro.errors import DataError

WHITESPACE = "whitespace"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Record:
    """One row of a table: its cells without the spaces around them, and the line of the file that it ends on."""

    line: int
    cells: tuple[str, ...]


def decoded(content: Content, name: str) -> str:
    """The text of a file in UTF-8, without a byte order mark. `name` is what messages call the file.

    Raises DataError for an empty file, and for what is no text.
    """
    content = bytes(content)
    if not content.strip():
        raise DataError(f"{name}: expected a table, got an empty file")
    if content.startswith(_UTF16) or b"\0" in content:
        raise DataError(f"{name}: expected a table as text, got binary content; export it as CSV in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{content[error.start]:02x}"
        raise DataError(f"{name}, line {line}: expected UTF-8 text, got {byte}; save the file as UTF-8") from None


def records(text: str, separator: str, name: str) -> Iterator[Record]:
    """The rows of a table, those without any text left out.

    separator: a character, with which cells may be quoted as in RFC 4180, or `WHITESPACE`. Raises DataError for
    quotes that don't end.
    """
    if separator == WHITESPACE:
        for line, text_line in enumerate(text.splitlines(), start=1):
            if text_line.strip():
                yield Record(line, tuple(text_line.split()))
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for row in reader:
            cells = tuple(map(str.strip, row))
            if len(cells) > 1 or any(cells):
                yield Record(reader.line_num, cells)
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: expected cells of a table, got {error}") from None


def number(text: str) -> float | None:
    """The number that a cell holds, `nan` and `inf` among them; None where it is none."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
