"""Tables of text: a row a line, inputs and the label or target in columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import Column, DataDescription
from repro.datasets.base import Content, Contents, Parts
from repro.datasets.formats.parts import check_rows, divided, part
from repro.datasets.formats.table import Record, decoded, number, records
from repro.errors import DataError, shown, suggest

_SHOWN = 10
"""Labels that a message lists."""


def parse(description: DataDescription, contents: Contents) -> Parts:
    """Inputs as float32, (rows, *shape), in the order of the columns; a column of text is one 0 or 1 for each value.

    Raises DataError naming file, line and column of what is not as described.
    """
    tables = [_Table(description, f"{description.name}/{file}").read(content) for file, content in contents.items()]
    (x, y), name = tables[0], f"{description.name}/{next(iter(contents))}"
    if len(tables) == 1:
        return divided(description, x, y, name)
    test_name = f"{description.name}/{list(contents)[1]}"
    check_rows(description, len(x), description.rows, name)
    check_rows(description, len(tables[1][0]), description.test_rows, test_name)
    return part(description, x, y, name), part(description, *tables[1], test_name)


@dataclass(frozen=True)
class _Columns:
    """Which columns a table has, and what each is for."""

    names: tuple[str, ...] | None
    count: int
    first_line: int
    label: int
    inputs: tuple[int, ...]
    values: Mapping[int, Mapping[str, int]]
    """Of columns of text: value -> its place among the inputs that the column becomes."""

    def called(self, index: int) -> str:
        """What messages call a column."""
        return f"column {self.names[index]!r}" if self.names and self.names[index] else f"column {index} (from 0)"


class _Table:
    """Reads one file; `name` is what messages call it."""

    def __init__(self, description: DataDescription, name: str) -> None:
        assert description.csv is not None
        self.description, self.csv, self.name = description, description.csv, name
        self.missing = {"", *self.csv.missing}
        self.labels = {text: index for index, text in enumerate(description.labels or ())}
        self.underscores = True

    def read(self, content: Content) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Inputs, (rows, *shape), and labels or targets, (rows,)."""
        text = decoded(content, self.name)
        self.underscores = "_" in text  # which `float` takes, as in 1_000
        columns, rows = self.columns(records(text, self.csv.separator, self.name))
        width = sum(len(columns.values.get(index, "1")) for index in columns.inputs)
        if width != math.prod(self.description.shape):
            raise DataError(
                f"{self.name}: expected {math.prod(self.description.shape)} inputs a row, as shape of "
                f"{self.description.path} says, got {width} in {columns.count} columns"
            )
        x: list[NDArray[np.float32]] = []
        y: list[float] = []
        for record in rows:
            if not self.is_whole(record, columns):
                continue
            x.append(np.array(self.inputs(record, columns), np.float32))
            y.append(self.label(record, columns))
        if not x:
            raise DataError(f"{self.name}: expected rows of a table, got none")
        return np.stack(x).reshape(len(x), *self.description.shape), np.array(y)

    def columns(self, rows: Iterator[Record]) -> tuple[_Columns, Iterator[Record]]:
        """What the columns are for, and the rows below the header."""
        first = next(rows, None)
        if first is None:
            raise DataError(f"{self.name}: expected a table, got an empty file")
        names = first.cells if self.csv.header else None
        count = len(first.cells)
        label = self.column(self.csv.label, names, count, "label")
        drop = {self.column(each, names, count, "drop") for each in self.csv.drop}
        values = {
            self.column(each, names, count, "categories"): {text: place for place, text in enumerate(texts)}
            for each, texts in self.csv.categories.items()
        }
        if wrong := ({label} & (drop | values.keys())) or (drop & values.keys()):
            raise DataError(
                f"{self.name}: expected different columns as label and under drop and categories, got column "
                f"{min(wrong)} (from 0) twice"
            )
        inputs = tuple(index for index in range(count) if index != label and index not in drop)
        found = _Columns(names, count, first.line, label, inputs, values)
        return found, rows if names else _after(first, rows)

    def column(self, column: Column, names: tuple[str, ...] | None, count: int, key: str) -> int:
        """The number of a column that the description names."""
        place = f"{self.name}: csv.{key} of {self.description.path}"
        if isinstance(column, str) and names and column in names:
            if names.count(column) > 1:
                raise DataError(f"{place}: two columns are called {column!r}: give a number, from 0")
            return names.index(column)
        if column in ("first", "last"):
            return 0 if column == "first" else count - 1
        if isinstance(column, str):
            raise DataError(f"{place}: unknown column {column!r}; {suggest(column, names or ())}")
        if not 0 <= column < count:
            raise DataError(f"{place}: expected a column from 0 to {count - 1}, got {column}")
        return column

    def is_whole(self, record: Record, columns: _Columns) -> bool:
        """Whether a row has all its values. Raises DataError for a missing one, unless such rows are left out."""
        if len(record.cells) != columns.count:
            got = f"got {len(record.cells)}"
            wanted = f"expected {columns.count} columns, as line {columns.first_line} has"
            raise DataError(f"{self.name}, line {record.line}: {wanted}, {got}")
        if self.missing.isdisjoint(record.cells):
            return True
        for index in (*columns.inputs, columns.label):
            if record.cells[index] in self.missing:
                if self.csv.drop_missing:
                    return False
                self.fail(
                    record,
                    columns,
                    index,
                    "a value, got none; fill it in, or leave such rows out with csv.drop_missing: true",
                )
        return True

    def inputs(self, record: Record, columns: _Columns) -> list[float]:
        """The numbers of a row that a model gets."""
        if not columns.values and not self.underscores:
            try:
                found = list(map(float, map(record.cells.__getitem__, columns.inputs)))
                if math.isfinite(sum(found)):
                    return found
            except ValueError:
                pass  # looked at cell by cell
        found = []
        for index in columns.inputs:
            found += self.cell(record, columns, index)
        return found

    def cell(self, record: Record, columns: _Columns, index: int) -> list[float]:
        """The inputs that one cell becomes."""
        text = record.cells[index]
        if index in columns.values:
            places = columns.values[index]
            if text not in places:
                self.fail(record, columns, index, f"one of {_listed(places)}, got {shown(text)}")
            return [float(place == places[text]) for place in range(len(places))]
        return [self.number(record, columns, index, "put the column under csv.categories or csv.drop")]

    def number(self, record: Record, columns: _Columns, index: int, otherwise: str) -> float:
        """The number in a cell."""
        text = record.cells[index]
        found = number(text)
        if found is None:
            hint = f"put it under csv.missing if it stands for a missing value, or {otherwise}"
            self.fail(record, columns, index, f"a number, got {shown(text)}; {hint}")
        elif not math.isfinite(found):
            self.fail(
                record,
                columns,
                index,
                f"a finite number, got {shown(text)}; put it under csv.missing if it stands for a missing value",
            )
        assert found is not None
        return found

    def label(self, record: Record, columns: _Columns) -> float:
        """The label or target of a row."""
        text = record.cells[columns.label]
        if not self.labels:
            return self.number(record, columns, columns.label, "list the texts as labels, in the order 0, 1, ...")
        if text in self.labels:
            return self.labels[text]
        same = [
            label for each, label in self.labels.items() if number(each) is not None and number(each) == number(text)
        ]
        if not same:
            self.fail(record, columns, columns.label, f"one of the labels {_listed(self.labels)}, got {shown(text)}")
        return same[0]

    def fail(self, record: Record, columns: _Columns, index: int, message: str) -> None:
        """Raise DataError about one cell."""
        raise DataError(f"{self.name}, line {record.line}, {columns.called(index)}: expected {message}")


def _after(first: Record, rows: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rows


def _listed(texts: Mapping[str, int]) -> str:
    found = list(texts)
    return ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} others" if len(found) > _SHOWN else "")
