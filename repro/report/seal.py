"""Derived files that vouch for each other.

A sealed file carries a digest of all that it is made from, the SHA-256 of the files beside it that were written with
it, and a checksum of itself. What does not fit is not used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from repro.files import digest, pretty, sha256, write

PLOT = re.compile(r"[a-z0-9_][a-z0-9_-]*\.svg")
GOES = re.compile(r"[a-z0-9_][a-z0-9_-]*\.(svg|md)")
"""Files that go once nothing vouches for them any more; other names are always written again."""


def write_sealed(path: Path, content: dict[str, Any], files: Mapping[str, bytes], made_from: str) -> None:
    """Write files, and last the one at `path`, beside them, that vouches for them and for its own content.

    A plot or page that was vouched for, and is not among `files`, goes if it is still as it was written.
    """
    for name, sha in _vouched(path).items():
        old = path.parent / name
        if GOES.fullmatch(name) and name not in files and _is(old, sha):
            old.unlink()
    for name, data in files.items():
        write(path.parent / name, data)
    seal = {"made_from": made_from, "files": {name: sha256(files[name]) for name in sorted(files)}}
    checksum = digest([content, seal])
    write(path, pretty({"content": content, **seal, "checksum": checksum}))


def unsealed(path: Path, made_from: str) -> dict[str, Any] | None:
    """The content of the file at `path`; None where it, or a file that it vouches for, is not as it was written."""
    try:
        stored = json.loads(path.read_bytes())
        seal = {key: stored[key] for key in ("made_from", "files")}
        whole = stored["checksum"] == digest([stored["content"], seal]) and stored["made_from"] == made_from
        same = whole and all(sha256((path.parent / name).read_bytes()) == sha for name, sha in stored["files"].items())
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return None
    content: dict[str, Any] = stored["content"]
    return content if same else None


def vouched_plots(path: Path) -> dict[str, bytes]:
    """Name without `.svg` -> content of each plot that the sealed file at `path` vouches for and that is as written."""
    return {
        name.removesuffix(".svg"): (path.parent / name).read_bytes()
        for name, sha in _vouched(path).items()
        if PLOT.fullmatch(name) and _is(path.parent / name, sha)
    }


def _vouched(path: Path) -> dict[str, str]:
    """Name -> SHA-256 as the file at `path` has them; none where it can't be read."""
    try:
        files = json.loads(path.read_bytes())["files"]
        return {str(name): str(sha) for name, sha in files.items()}
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return {}


def _is(path: Path, sha: str) -> bool:
    return path.is_file() and not path.is_symlink() and sha256(path.read_bytes()) == sha
