"""A table in, its data description out, as YAML that loads as it stands when it is saved beside the table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from repro.config.data_description import DataDescription
from repro.config.faults import validated
from repro.config.strict_yaml import parse
from repro.datasets.columns import Table, read_table
from repro.datasets.formats import csv
from repro.errors import DataError, UsageError, shown, suggest
from repro.files import sha256

LABEL_NAMES = (
    *("label", "labels", "class", "classes", "target", "y", "outcome", "species", "diagnosis", "survived", "survival"),
    *("quality", "type", "medv", "price", "result", "output", "category"),
)
"""Names of columns that are labels or targets wherever they are met, the surest first."""

MOST_CLASSES = 20
"""More different numbers than this are a target, not labels; more different texts of an input are no categories."""
MOST_LABELS = 200


def describe(path: Path, label: str | None = None) -> str:
    """The description of a table of text, whose columns, label, header and separator are found out.

    label: the label's or target's column, its name or number from 0; None to find it. Raises UsageError where there is
    no such file or column, DataError where it holds no table that can be used.
    """
    content = _content(path)
    table = read_table(content, path.name)
    chosen, why = _label(table, label)
    text = _written(table, content, path, chosen, why)
    description = validated(
        DataDescription, "described", parse(text.encode(), path.name), filled={"folder": path.parent}
    )
    csv.parse(description, {path.name: content})
    return text


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"expected a table, found no file at {path}") from None
    except IsADirectoryError:
        raise UsageError(f"expected a table, found a folder at {path}") from None
    except ValueError:
        raise UsageError(f"expected a table, got {shown(str(path))}, which can't be a file's name") from None


def _label(table: Table, asked: str | None) -> tuple[int, str]:
    """The label's column, and why it is that one."""
    if asked is not None:
        return _asked(table, asked), "as asked for"
    names = [name.lower() for name in table.names or ()]
    for name in LABEL_NAMES:
        if names.count(name) == 1:
            return names.index(name), "a column of that name is mostly the label"
    texts = [index for index in table.used if table.is_text(index)]
    if len(texts) == 1 and len(table.values(texts[0])) <= max(2, table.rows // 2):
        return texts[0], "the only column of text"
    return table.used[-1], "the last column"


def _asked(table: Table, asked: str) -> int:
    names = list(table.names or ())
    if names.count(asked) == 1:
        return names.index(asked)
    if asked in ("first", "last"):
        return 0 if asked == "first" else table.count - 1
    if asked.isdecimal() and int(asked) < table.count:
        return int(asked)
    known = suggest(asked, names) if names else f"there is no header, so expected a number from 0 to {table.count - 1}"
    raise UsageError(f"--label: {table.name} has no column {asked!r}; {known}")


@dataclass(frozen=True)
class _Target:
    """What the label's column holds."""

    labels: tuple[str, ...]
    """Texts of 0, 1, ...; empty where it is a number to predict."""
    comment: str


def _target(table: Table, column: int) -> _Target:
    values = table.values(column)
    if table.is_text(column):
        if len(values) > min(MOST_LABELS, max(2, table.rows // 2)):
            raise DataError(
                f"{table.name}: {table.called(column)} has {len(values)} different texts in {table.rows} rows, too "
                "many for a label; say which column is the label with --label COLUMN"
            )
        labels = sorted(values)
        comment = "in the order 0, 1, ...: sorted as text"
    else:
        numbers = {float(text) for text in values}
        whole = all(each.is_integer() for each in numbers)
        if not whole or len(numbers) > MOST_CLASSES:
            what = f"{len(numbers)} different numbers" if whole else "numbers with a fraction"
            return _Target((), f"{what}: a number to predict (regression)")
        first = {float(text): text for text in sorted(values, reverse=True)}
        labels = [first[each] for each in sorted(numbers)]
        comment = "whole numbers, few of them: taken as classes; for a regression leave out classes and labels"
    if len(labels) < 2:
        raise DataError(f"{table.name}: expected two or more labels in {table.called(column)}, got only {labels[0]!r}")
    return _Target(tuple(labels), comment)


def _written(table: Table, content: bytes, path: Path, label: int, why: str) -> str:
    target = _target(table, label)
    inputs = [index for index in table.used if index != label]
    categories = {
        i: sorted(table.values(i)) for i in inputs if table.is_text(i) and 2 <= len(table.values(i)) <= MOST_CLASSES
    }
    dropped = [(index, reason) for index, reason in table.unused if index != label]
    dropped += [
        (i, f"{len(table.values(i))} different text(s)") for i in inputs if table.is_text(i) and i not in categories
    ]
    gone = {index for index, _ in dropped}
    width = sum(len(categories.get(index, "1")) for index in inputs if index not in gone)
    if not width:
        raise DataError(f"{table.name}: expected at least one column of inputs beside the label, got none")
    used = [index for index in range(table.count) if index not in gone]
    rows = table.whole_rows(used)
    if not rows:
        raise DataError(f"{table.name}: expected rows without missing values, got none of {table.rows}")
    lines = [
        f"# Save this beside {path.name}; then `dataset: {{name: FILE.yaml}}` in a config there takes it.",
        f"title: {_quoted(path.stem.replace('_', ' ') or path.name)}",
        "# licence, source, citation and note: what is to be known of the data, if you like",
        f"rows: {rows}" + (f" # of {table.rows}: the others have missing values" if rows < table.rows else ""),
        f"shape: [{width}] # inputs of a row",
    ]
    if target.labels:
        listed = ", ".join(map(_quoted, target.labels))
        lines += [f"classes: {len(target.labels)}", f"labels: [{listed}] # {target.comment}"]
    else:
        lines += [f"# no classes: the target has {target.comment}"]
    lines += ["csv:", f"  path: {_quoted(path.name)}", f'  sha256: "{sha256(content)}"']
    lines += [f"  header: {str(table.names is not None).lower()}", f"  separator: {_quoted(table.separator)}"]
    lines += [f"  label: {_column(table, label)} # {why}"]
    lines += _drops(table, dropped, categories)
    if table.missing:
        lines += (
            [f"  missing: [{', '.join(map(_quoted, sorted(table.missing - {''})))}]"] if table.missing - {""} else []
        )
        lines += ["  drop_missing: true # false refuses the file"] if rows < table.rows else []
    return "\n".join(lines) + "\n"


def _drops(table: Table, dropped: Sequence[tuple[int, str]], categories: dict[int, list[str]]) -> list[str]:
    lines = []
    if dropped:
        listed = ", ".join(_column(table, index) for index, _ in dropped)
        lines.append(f"  drop: [{listed}] # {'; '.join(dict.fromkeys(reason for _, reason in dropped))}")
    if categories:
        lines.append("  categories: # each value becomes an input that is 1 where the column has it, else 0")
        for index, values in categories.items():
            lines.append(f"    {_column(table, index)}: [{', '.join(map(_quoted, values))}]")
    return lines


def _column(table: Table, index: int) -> str:
    """What the description calls a column: its name where that is one, else its number."""
    name = table.names[index] if table.names else ""
    if (
        not table.names
        or not name
        or table.names.count(name) > 1
        or name in ("first", "last")
        or not name.isprintable()
    ):
        return str(index)
    return _quoted(name)


def _quoted(text: str) -> str:
    """A text as YAML: bare where that is safe, else in double quotes."""
    plain: Callable[[str], object] = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*").fullmatch
    reserved = text.lower() in ("y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf")
    return text if plain(text) and not reserved else json.dumps(text, ensure_ascii=False)
