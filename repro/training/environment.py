"""What trained numbers depend on besides the configuration: versions, processor, flags; and the state of the code."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from repro.files import sha256
from repro.results.provenance import Code, Environment
from repro.training import TRAINING_VERSION

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")
FLAGS = {"XLA_FLAGS": None, "TF_XLA_FLAGS": None, "TF_ENABLE_ONEDNN_OPTS": "1", "CUDA_VISIBLE_DEVICES": None}
"""Environment variables that may move a bit, with what a worker sets where they are not set."""


@cache
def environment() -> Environment:
    """Everything outside the config that may move a bit of a record: part of every fingerprint."""
    return Environment(
        training_version=TRAINING_VERSION,
        python=platform.python_version(),
        packages=versions(PACKAGES),
        machine=platform.machine(),
        processor=processor(),
        gpus=_gpus(),
        threads_per_worker=1,
        flags={name: os.environ[name] for name, default in FLAGS.items() if os.environ.get(name, default) != default},
    )


def set_flags() -> None:
    """Set the flags that are not set; without effect once TensorFlow is imported.

    oneDNN's kernels: TensorFlow leaves them out on processors without VNNI, where they train convolutions up to 1.7
    times as fast.
    """
    os.environ.update({name: value for name, value in FLAGS.items() if value and name not in os.environ})


def code_state(package: Path) -> Code:
    """Git commit of the checkout that a package's folder lies in, and whether files differ from it.

    Unknown for a package that is installed without its project: a repository around it is somebody else's.
    """
    folder = package.parent
    unknown = Code(commit=None, dirty=None)
    if not (folder / "pyproject.toml").is_file():
        return unknown
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results", ":!README.md")
    except (OSError, subprocess.SubprocessError):
        return unknown
    return Code(commit=commit, dirty=bool(changed))


def _git(folder: Path, *arguments: str) -> str:
    line = ["git", "-C", str(folder), *arguments]
    return subprocess.run(line, check=True, capture_output=True, text=True, timeout=10).stdout.strip()


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Package -> installed version, None where it is missing."""
    return {name: _version(name) for name in packages}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _gpus() -> tuple[str, ...]:
    """Models of the NVIDIA cards that there are; TensorFlow with CUDA trains on them."""
    found: list[str] = []
    for path in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [value.strip() for key, _, value in (line.partition(":") for line in lines) if key == "Model"]
    return tuple(found)


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model name and a digest of the instruction sets: XLA compiles for what the processor offers."""
    if sys.platform != "linux":
        return platform.processor()
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines[:60])}
    flags = fields.get("flags", fields.get("Features", ""))
    digest = sha256(" ".join(sorted(flags.split())).encode())[:8]
    return f"{fields.get('model name', platform.processor())} (flags {digest})"


def available_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM that come within the block act at its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    numbers = signal.SIGINT, signal.SIGTERM
    handlers = {number: signal.signal(number, lambda n, _: came.append(n)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for each in came:
            signal.raise_signal(each)
