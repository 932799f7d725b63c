"""Repro beside the article's own program, PyTorch, JAX and scikit-learn, at the same work, in turn.

    make bench                                        all of it, into results/; leave the machine alone meanwhile
    .venv/bin/python -m benchmarks.speed --quick      shows that everything works; times mean nothing
    .venv/bin/python -m benchmarks.speed --only sonar_hidden --programs jax,stacked --repetitions 5

Prints the page; --out writes it, the drawing and the raw times into a folder. Ends with 1 where a program failed or
reached another accuracy than ours: then it did not do the same work. MNIST and Fashion-MNIST are needed: `repro data
fetch`.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.speed.measured import Measured, differing, raw, reference_of
from benchmarks.speed.page import Circumstances, page
from benchmarks.speed.peers import PEERS, missing
from benchmarks.speed.plot import plot
from benchmarks.speed.processes import Bench
from benchmarks.speed.work import CORES, WORKS
from repro.training.environment import processor, versions

PACKAGES = ("tensorflow", "keras", "torch", "jax", "scikit-learn", "numpy")
QUICK = ("sonar_baseline", "mnist_dropout", "lstm")
"""Works of the short mode: every program has a part in one of them."""


def main() -> int:
    given = _arguments()
    peers = [peer for peer in PEERS if peer.name in given.programs]
    absent = missing(peers)
    for line in absent:
        print(line, file=sys.stderr)
    with Bench([peer for peer in peers if peer.present], given.quick, _say) as bench:
        works = [bench.measure(name, given.repetitions) for name in given.only]
    works = [work for work in works if work]
    at = Circumstances(
        datetime.datetime.now(datetime.UTC).date().isoformat(),
        processor(),
        CORES,
        {"Python": sys.version.split()[0], **versions(PACKAGES)},
        absent,
        bench.failed,
    )
    _write(works, at, given.out)
    faults = [*bench.failed, *differing(works)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Repro beside other programs at the same work.", prog="speed")
    parser.add_argument("--quick", action="store_true", help="show that it works, on next to no work")
    parser.add_argument("--only", type=_names_of([work.name for work in WORKS]), help="works, with commas between")
    parser.add_argument(
        "--programs",
        type=_names_of([peer.name for peer in PEERS]),
        default=[peer.name for peer in PEERS],
        help="programs, with commas between",
    )
    parser.add_argument("--repetitions", type=int, help="time each so often, in turn (3)")
    parser.add_argument("--out", type=Path, help="write benchmark.md, benchmark.svg and benchmark.csv there")
    given = parser.parse_args()
    given.only = given.only or (list(QUICK) if given.quick else [work.name for work in WORKS])
    given.repetitions = given.repetitions or (1 if given.quick else 3)
    return given


def _names_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}, got {name}")
        return names

    return parse


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _write(works: Sequence[Sequence[Measured]], at: Circumstances, out: Path | None) -> None:
    text = page(works, at)
    print(text)
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / "benchmark.md").write_text(text, encoding="utf-8")
    (out / "benchmark.csv").write_text(raw(works), encoding="utf-8")
    if any(reference_of(work) for work in works):
        (out / "benchmark.svg").write_text(plot(works), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
