"""Marks of Markdown, and given text without any."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repro.report import words

URL = re.compile(r"https?://[\w.~:/?#@!$&'()*+,;=%-]+")
"""A source that may stand in <...>: nothing in it ends the link or begins anything else."""

MARKS = re.compile(r"[\\`*\[\]<~]|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|^[#>]|^[+-](?=[\s-]|$)")
"""What Markdown, as GitHub reads it, or HTML may take for a mark."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def plain(given: str) -> str:
    """Text of a config or record on one line, its marks of Markdown and HTML without effect."""
    escaped = MARKS.sub(r"\\\g<0>", " ".join(given.split()))
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", escaped)  # the number of a list


def code(given: str) -> str:
    """A command as a code span on one line, whatever backticks are in it."""
    line = " ".join(given.split())
    fence = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def bullets(lines: Sequence[str]) -> str:
    """A list of given text."""
    return "\n".join(f"- {plain(line)}" for line in lines)


def bold(verdict: str) -> str:
    """A verdict, bold where it is one: not where nothing was judged."""
    return verdict if words.TONES.get(verdict) == "none" else f"**{verdict}**"
