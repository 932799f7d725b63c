"""What a table of text looks like: its separator, its header, the kinds of its columns, its missing values."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from repro.datasets.formats.table import WHITESPACE, Record, decoded, number, records
from repro.errors import DataError, shown

SEPARATORS = (",", ";", "\t", "|", WHITESPACE)
MISSING = frozenset({"", "?", "na", "n/a", "#n/a", "nan", "null", "none", "missing", "."})
"""Texts that stand for a missing value wherever they are met, in lower case."""

STRAY = 0.1
"""A column with no more texts than this fraction of the rows is taken for one of numbers."""

_COMMA = re.compile(r"-?[0-9]+,[0-9]+")


@dataclass(frozen=True)
class Table:
    """The rows of a table below its header, all of `count` cells."""

    name: str
    separator: str
    names: tuple[str, ...] | None
    records: tuple[Record, ...]

    @cached_property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """The cells of the rows."""
        return tuple(record.cells for record in self.records)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.cells)

    @property
    def count(self) -> int:
        """Columns."""
        return len(self.cells[0])

    @cached_property
    def missing(self) -> set[str]:
        """The texts that stand for missing values here, as they are written."""
        return {text for column in self._kinds for text in column if text.lower() in MISSING}

    def stray(self, index: int) -> set[str]:
        """The texts of a column that holds numbers but for a few rows."""
        found = {text for text in self.values(index) if not _finite(text)}
        count = sum(self._kinds[index][text] for text in found)
        return found if count <= STRAY * self.rows else set()

    @cached_property
    def _kinds(self) -> tuple[dict[str, int], ...]:
        """Of each column the values that are there, and how often."""
        return tuple(dict(Counter(column)) for column in zip(*self.cells, strict=True))

    def values(self, index: int) -> set[str]:
        """The different texts of a column, missing ones left out."""
        return {text for text in self._kinds[index] if text not in self.missing}

    def is_text(self, index: int) -> bool:
        """Whether a column holds anything but numbers."""
        return any(not _finite(text) for text in self.values(index))

    @cached_property
    def unused(self) -> tuple[tuple[int, str], ...]:
        """Columns that no model should get, and why."""
        found = []
        for index in range(self.count):
            if not self.values(index):
                found.append((index, "empty"))
            elif self.rows > 2 and _counts_up(row[index] for row in self.cells):
                found.append((index, "numbers of the rows"))
        return tuple(found)

    @cached_property
    def used(self) -> tuple[int, ...]:
        """The other columns."""
        gone = {index for index, _ in self.unused}
        found = tuple(index for index in range(self.count) if index not in gone)
        if not found:
            raise DataError(f"{self.name}: expected columns of inputs and a label, got only numbers of the rows")
        return found

    def whole_rows(self, columns: list[int]) -> int:
        """Rows in which none of these columns is missing."""
        if not self.missing:
            return self.rows
        return sum(self.missing.isdisjoint(row[index] for index in columns) for row in self.cells)

    def called(self, index: int) -> str:
        """What messages call a column."""
        return f"column {self.names[index]!r}" if self.names else f"column {index} (from 0)"


def read_table(content: bytes, name: str) -> Table:
    """The table in a file. Raises DataError for what is none, naming the line."""
    text = decoded(content, name)
    separator, rows = _separated(text, name)
    header = _has_header(rows)
    if header and len(rows) == 1:
        raise DataError(f"{name}: expected rows below the header, got none")
    below = rows[1:] if header else rows
    table = Table(name, separator, rows[0].cells if header else None, tuple(below))
    _refuse_stray_texts(table)
    return table


def _refuse_stray_texts(table: Table) -> None:
    """Raises DataError for a text in a column that holds numbers but for a few rows."""
    for index in range(table.count):
        if stray := table.stray(index):
            line, text = next((row.line, row.cells[index]) for row in table.records if row.cells[index] in stray)
            raise DataError(
                f"{table.name}, line {line}, {table.called(index)}: expected a number, as in most rows, got "
                f"{shown(text)}; mend it, or empty the cell if the value is missing"
            )


def _separated(text: str, name: str) -> tuple[str, list[Record]]:
    """The separator with which all rows have as many cells, the most of them, and the rows.

    Spaces separate only where nothing else does: they are in texts too.
    """
    found: dict[str, list[Record]] = {}
    fault: DataError | None = None
    for separator in SEPARATORS:
        try:
            found[separator] = list(records(text, separator, name))
        except DataError as error:
            fault = fault or error
    widths = {separator: Counter(len(row.cells) for row in rows) for separator, rows in found.items()}
    for separator, rows in found.items():
        if separator != "," and len(widths[separator]) == 1 and len(rows[0].cells) > 1:
            _refuse_commas(rows, name)
    even = {separator: next(iter(width)) for separator, width in widths.items() if len(width) == 1}
    even = {separator: count for separator, count in even.items() if count > 1}
    if len(even) > 1:
        even.pop(WHITESPACE, None)
    if even:
        most = max(even, key=lambda separator: even[separator])
        return most, found[most]
    if fault:
        raise fault
    _refuse_ragged(found, widths, name)
    raise DataError(f"{name}: expected two or more columns, inputs and a label, got one")


def _refuse_commas(rows: list[Record], name: str) -> None:
    """Raises DataError where another separator leaves a column of numbers with a decimal comma."""
    for column in zip(*(row.cells for row in rows), strict=True):
        if all(_COMMA.fullmatch(cell) for cell in column):
            line = f"line {rows[0].line}"
            raise DataError(f"{name}, {line}: expected numbers with a decimal point, got {shown(column[0])}")


def _refuse_ragged(found: dict[str, list[Record]], widths: dict[str, Counter[int]], name: str) -> None:
    """Raises DataError for a table in which most rows have as many cells, and one has not."""
    several = {
        separator: width
        for separator, width in widths.items()
        if separator != WHITESPACE and width.most_common(1)[0][0] > 1
    }
    if not several:
        several = {separator: width for separator, width in widths.items() if width.most_common(1)[0][0] > 1}
    for separator, width in several.items():
        count = width.most_common(1)[0][0]
        odd = next(row for row in found[separator] if len(row.cells) != count)
        raise DataError(f"{name}, line {odd.line}: expected {count} columns, as most lines have, got {len(odd.cells)}")


def _has_header(rows: list[Record]) -> bool:
    """Whether the first row names the columns: texts, above numbers or above texts that are others."""
    first, below = rows[0].cells, rows[1:]
    if any(_finite(cell) for cell in first):
        return False
    columns = [{row.cells[index] for row in below} for index in range(len(first))]
    there = [{cell for cell in column if cell.lower() not in MISSING} for column in columns]
    if any(column and all(map(_finite, column)) for column in there):
        return True
    named = len({cell for cell in first if cell.lower() not in MISSING}) == len(first)
    return named and all(cell not in column for cell, column in zip(first, columns, strict=True))


def _finite(text: str) -> bool:
    value = number(text)
    return value is not None and math.isfinite(value)


def _counts_up(values: Iterator[str]) -> bool:
    """Whether a column numbers the rows: whole numbers, each one more than the one above."""
    first = next(values)
    return first.isdecimal() and all(text == str(int(first) + index) for index, text in enumerate(values, start=1))
