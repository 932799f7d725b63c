"""What trained numbers depend on besides the configuration: versions, processor, flags; and the state of the code."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from repro.training import TRAINING_VERSION

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")
FLAGS = ("XLA_FLAGS", "TF_XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS", "CUDA_VISIBLE_DEVICES")


@cache
def environment() -> dict[str, Any]:
    """Everything outside the config that may move a bit of a record: part of every fingerprint."""
    return {
        "training_version": TRAINING_VERSION,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": platform.machine(),
        "processor": _processor(),
        "gpus": _gpus(),
        "threads_per_worker": 1,
        "flags": {name: os.environ[name] for name in FLAGS if name in os.environ},
    }


def code_state(package: Path) -> dict[str, Any]:
    """Git commit of the checkout that a package's folder lies in, and whether files differ from it.

    None for a package that is installed without its project: a repository around it is somebody else's.
    """
    folder = package.parent
    if not (folder / "pyproject.toml").is_file():
        return {"commit": None, "dirty": None}
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results", ":!README.md")
    except (OSError, subprocess.SubprocessError):
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(changed)}


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, timeout=10
    )
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _gpus() -> list[str]:
    """Models of the NVIDIA cards that there are; TensorFlow with CUDA trains on them."""
    found = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [value.strip() for key, _, value in (line.partition(":") for line in lines) if key == "Model"]
    return found


def _processor() -> str:
    """Model name and a digest of the instruction sets: XLA compiles for what the processor offers."""
    if sys.platform != "linux":
        return platform.processor()
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines[:60])}
    flags = fields.get("flags", fields.get("Features", ""))
    digest = hashlib.sha256(" ".join(sorted(flags.split())).encode()).hexdigest()[:8]
    return f"{fields.get('model name', platform.processor())} (flags {digest})"
