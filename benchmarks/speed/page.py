"""The page of a benchmark: a table of each work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.speed.measured import Measured, agreement, differing, reference_of
from benchmarks.speed.peers import LIMIT, PEERS
from benchmarks.speed.work import WORKS
from repro.report.markdown import table

TITLES = {peer.name: peer.title for peer in PEERS}
HEADER = ("program", "seconds a seed", "times ours", "accuracy", "may differ by", "compile s")

WORDS = """\
All programs of a work run in turn, each as often as the table says, in processes that stay; the figure is the median,
with the fastest and slowest behind it. A seed's seconds hold all that a seed costs: order of the data, initial weights,
noise, training, evaluation of the held-out rows. Imports and compilation are apart. Where a process runs on each core,
the seconds are the wall time over all seeds. *Times ours* is relative to the engine that repro takes by itself.

Accuracies are means over held-out rows and the trainings of all repetitions, in percent, with the difference from ours;
a program that differs by more than the next column says does not do the same work (a t interval of 99.99%, from the
standard deviation of our trainings within a fold). The limit is the arithmetic of the work at the rate of a large
float32 matrix product in NumPy, on as many cores, measured in turn with the others."""


@dataclass(frozen=True)
class Circumstances:
    """Where and when a benchmark ran."""

    date: str
    processor: str
    cores: int
    versions: Mapping[str, str | None]
    missing: Sequence[str] = ()
    failed: Sequence[str] = ()


def page(works: Sequence[Sequence[Measured]], at: Circumstances) -> str:
    """Markdown."""
    return "\n".join(_lines(works, at)) + "\n"


def _lines(works: Sequence[Sequence[Measured]], at: Circumstances) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in at.versions.items() if version)
    yield from ("# Speed, beside other programs", "")
    yield from (f"Made by `make bench` on {at.date}, {at.cores} cores of {at.processor}; {versions}.", "")
    yield from (WORDS, "", "![Seconds a seed of each program as a multiple of ours](benchmark.svg)", "")
    faults = [*at.missing, *at.failed, *differing(works)]
    if faults:
        yield from (*(f"- {fault}" for fault in faults), "")
    for work in works:
        yield from _section(work)
    yield from ("## What is scaled", "", SCALED, "", "Every time that was measured is in `benchmark.csv`.")


def _section(work: Sequence[Measured]) -> Iterator[str]:
    (title,) = (each.title for each in WORKS if each.name == work[0].work)
    repetitions = max(len(each.seconds) for each in work)
    yield from (f"## {title}", "", f"Repetitions: {repetitions}.", "")
    ours = reference_of(work)
    yield table(HEADER, [_row(each, ours) for each in sorted(work, key=lambda each: -each.typical)])
    yield ""


def _row(found: Measured, ours: Measured | None) -> tuple[str, ...]:
    low, high = min(found.seconds), max(found.seconds)
    seconds = f"{found.typical:.3g} ({low:.3g} to {high:.3g})" if len(found.seconds) > 1 else f"{found.typical:.3g}"
    ratio = f"{found.typical / ours.typical:.3g}" if ours else ""
    name = TITLES[found.program]
    if found is ours:
        name = f"**{name}**"
    if found.program == LIMIT:
        return (name, seconds, ratio, "", "", "")
    return (name, seconds, ratio, *_accuracy(found, ours), f"{found.compile_seconds:.1f}")


def _accuracy(found: Measured, ours: Measured | None) -> tuple[str, str]:
    if found is ours or ours is None:
        return (f"{100 * found.accuracy:.2f}" if found.accuracy is not None else "", "")
    compared = agreement(found, ours)
    if compared is None or found.accuracy is None:
        return ("not compared", "")
    text = f"{100 * found.accuracy:.2f} ({100 * compared.difference:+.2f}"
    if compared.updates != ours.updates:
        text += f", after {compared.updates:,} of {ours.updates:,} updates"
    if not compared.agrees:
        text = f"**{text}), differs**"
    else:
        text += ")"
    return text, f"{100 * compared.tolerance:.2f}"


SCALED = """\
- Keras, the article's way: Sonar from one fold of ten, another one in each repetition; the eager loop of MNIST from
  its first 501 steps and an evaluation; Fashion-MNIST from an epoch. Tracing counts where the article's program traces
  anew.
- PyTorch, a loop: Sonar from two folds of ten, others in each repetition. torch.func: from 5 seeds a process.
- scikit-learn: Sonar from a seed a process.
- repro, graph engine: Sonar from a seed a process.
- repro, keras engine: Sonar from 1 and 11 epochs, MNIST and Fashion-MNIST from 1 and 2: the first, and the difference
  as often as it follows."""
