"""How seconds and peak memory grow: a training with its seeds, folds, units and rows; commands with what is stored.

    .venv/bin/python benchmarks/growth.py [--only training|commands] [--quick]

Every measurement is a fresh process: wall seconds, and the most memory that it or one of its workers ever held. Sizes
rise by one factor, and `grows as n^` is the exponent of the last two steps: the logarithm of the ratio of what they
added, to that base. So what a command costs at any size (imports, compilation) is left out, and 1 is linear; there is
none where a step adds less than a tenth of a second or a mebibyte.

training: a small network by `repro run` with one worker, one size changed at a time. Some three minutes.
commands: on results folders with 3, 30 and 300 experiments of 30 seeds, made in a temporary folder
(`benchmarks/made_results.py`); `check` with cells that are made up, on the machine that made the results and on another
one. Some ten minutes on one core. --quick uses few and small sizes once: it shows that this script works.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

MADE = str(Path(__file__).with_name("made_results.py"))
MIB = 2**20 if sys.platform == "darwin" else 2**10
"""Units of `ru_maxrss` in a mebibyte."""
SEEDS = 30
LEAST_SECONDS, LEAST_MIB = 0.1, 1.0

NETWORK = """\
title: A small network
dataset: {name: rows_data.yaml, standardize: true}
model:
  - Dense: {units: 32, activation: relu}
  - Dropout: {rate: 0.2}
  - Dense: {units: 1, activation: sigmoid}
training: {loss: binary_crossentropy, optimizer: adam, batch_size: 32, epochs: 2}
protocol: {stratified_k_fold: {folds: 2}}
"""
COLUMNS = 32


@dataclass(frozen=True)
class Cost:
    """Of one process: wall seconds, and peak memory of it or the largest of its workers."""

    seconds: float
    mib: float


def cost(line: Sequence[str | Path], folder: Path, **variables: str) -> Cost:
    """Run a command in a process of its own; ends the program where it fails."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | variables
    start = perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(line, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
        if os.waitstatus_to_exitcode(status):
            said.seek(0)
            sys.exit(f"{' '.join(map(str, line))}\n{said.read().decode()}")
    return Cost(seconds, used.ru_maxrss / MIB)


def repro(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "repro", *arguments]


def made_up(*arguments: str | Path) -> list[str | Path]:
    """`repro` with made-up cells in the place of a training."""
    return [sys.executable, MADE, "repro", *arguments]


def exponent(sizes: Sequence[int], values: Sequence[float], least: float) -> str:
    """The power of the size that the values grow with, from what the last two steps have added."""
    if len(values) < 3:
        return "–"
    before, after = values[-2] - values[-3], values[-1] - values[-2]
    if before <= 0 or after < least:
        return "–"
    return f"{math.log(after / before) / math.log(sizes[-1] / sizes[-2]):.2f}"


def header(title: str) -> None:
    print(f"\n{title}\n  {'':<32}{'':<24}{'wall seconds':>27}{'as n^':>7}  {'peak MiB':>21}{'as n^':>7}")


def show(title: str, sizes: Sequence[int], costs: Sequence[Cost]) -> None:
    """One line of the table."""
    seconds, mib = [each.seconds for each in costs], [each.mib for each in costs]
    figures = "".join(f"{value:9.2f}" for value in seconds) + f"{exponent(sizes, seconds, LEAST_SECONDS):>7}  "
    figures += "".join(f"{value:7.0f}" for value in mib) + f"{exponent(sizes, mib, LEAST_MIB):>7}"
    print(f"  {title:<32}{', '.join(f'{size:,}' for size in sizes):<24}{figures}", flush=True)


def write_rows(folder: Path, rows: int) -> None:
    """A table of random rows, its description, and a small network on it."""
    folder.mkdir()
    draw = np.random.default_rng(rows)
    table = np.column_stack([draw.normal(size=(rows, COLUMNS)).round(6), draw.permutation(np.arange(rows) % 2)])
    np.savetxt(folder / "rows.csv", table, fmt=[*["%.6f"] * COLUMNS, "%d"], delimiter=",")
    described = subprocess.run(
        repro("data", "describe", "rows.csv", "--label", str(COLUMNS)), cwd=folder, check=True, capture_output=True
    )
    (folder / "rows_data.yaml").write_bytes(described.stdout)
    (folder / "network.yaml").write_text(NETWORK)


@dataclass(frozen=True)
class Axis:
    """A size that a training can grow in: its values, and the overrides that set one."""

    title: str
    sizes: tuple[int, ...]
    overrides: tuple[str, ...] = ()
    """With N for the size; of rows none, which are in files of their own."""
    engine: str = "auto"
    value: Callable[[int], str] = str
    """What N is for a size."""


_HIDDEN = "{Dense: {units: N, activation: relu}}"
WIDTH = f"[{_HIDDEN}, {_HIDDEN}, {{Dense: {{units: 1, activation: sigmoid}}}}]"


def rates(count: int) -> str:
    """So many dropout rates, each a variant."""
    return ",".join(str(rate / 100) for rate in range(count))


AXES = (
    Axis("seeds", (1, 10, 100), ("seeds=N",)),
    Axis("seeds, graph engine", (1, 10, 100), ("seeds=N",), "graph"),
    Axis("folds", (2, 8, 32), ("protocol={stratified_k_fold: {folds: N}}",)),
    Axis("folds, graph engine", (2, 8, 32), ("protocol={stratified_k_fold: {folds: N}}",), "graph"),
    Axis("variants", (2, 8, 32), ("model.1.Dropout.rate=N",), value=rates),
    Axis("units of two layers", (64, 256, 1024), (f"model={WIDTH}",)),
    Axis("rows", (2_000, 20_000, 200_000)),
    Axis("rows, graph engine", (2_000, 20_000, 200_000), engine="graph"),
)
QUICK_AXES = (Axis("seeds", (1, 2), ("seeds=N",)), Axis("rows", (200, 400)))
ROWS = 500
"""Where something else grows."""


def training(folder: Path, axes: Sequence[Axis]) -> None:
    """Cost of a whole `repro run` with one worker against each of its sizes."""
    header("a training by one worker")
    for rows in {ROWS, *(size for axis in axes if not axis.overrides for size in axis.sizes)}:
        write_rows(folder / str(rows), rows)
    for axis in axes:
        costs = []
        for size in axis.sizes:
            overrides = [f"-S{override.replace('N', axis.value(size))}" for override in ("seeds=1", *axis.overrides)]
            there = folder / str(ROWS if axis.overrides else size)
            named = ("network.yaml", "-j1", "--engine", axis.engine, "--force", "-q", *overrides)
            costs.append(cost(repro("run", *named), there))
        show(axis.title, axis.sizes, costs)


def commands(folder: Path, sizes: Sequence[int]) -> None:
    """Cost of every command that reads stored results, against how many there are."""
    header(f"commands on stored experiments of {SEEDS} seeds")
    made = [folder / f"made-{size}" for size in sizes]
    show(
        "run (nothing stored)",
        sizes,
        [
            cost([sys.executable, MADE, each, str(size), str(SEEDS)], folder)
            for each, size in zip(made, sizes, strict=True)
        ],
    )
    lines: Mapping[str, list[str | Path]] = {
        "--help": repro("--help"),
        "list": repro("list", "configs"),
        "run -n": repro("run", "configs", "-n"),
        "run (nothing to train)": repro("run", "configs", "-q"),
        "run of one (nothing to train)": repro("run", "configs/e000.yaml", "-q"),
        "audit": repro("audit", "configs"),
        "show": made_up("show", "configs/e000.yaml"),
        "compare": repro("compare", "e000", "e001"),
        "report": repro("report"),
        "check": made_up("check", "configs"),
    }
    for title, line in lines.items():
        show(title, sizes, [cost(line, each) for each in made])
    elsewhere = [cost(made_up("check", "configs"), each, XLA_FLAGS="--xla_dump_to=") for each in made]
    show("check, as if made elsewhere", sizes, elsewhere)


def main() -> None:
    parser = argparse.ArgumentParser(description="How seconds and peak memory grow.")
    parser.add_argument("--only", choices=["training", "commands"], help="measure half of it")
    parser.add_argument("--quick", action="store_true", help="show that the script works; figures mean nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if given.only != "commands":
            training(Path(name), QUICK_AXES if given.quick else AXES)
        if given.only != "training":
            commands(Path(name), (2, 4) if given.quick else (3, 30, 300))


if __name__ == "__main__":
    main()
