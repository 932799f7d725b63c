"""What `repro check` catches: defects put into real trainings at full scale, held against the committed results.

    python benchmarks/check_catches.py > results/check_catches.md

Each defect is judged as on a machine other than the one that made the results, at the alpha that a check of every
stored experiment leaves to a figure; and, where this is the very machine, by one committed seed as well. About ten
minutes on two cores. Nothing is written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from loky import get_reusable_executor

from repro.cli.progress import make_progress
from repro.cli.words import shift, value
from repro.commands.check import METRICS, Row, check
from repro.commands.jobs import jobs_of
from repro.commands.references import Reference, read_references
from repro.config.catalogue import Catalogue
from repro.report.markdown import table
from repro.report.text import amount
from repro.results.records import CellResult
from repro.results.stored import stored_names
from repro.training.environment import available_cores, environment
from repro.training.executor import LokyExecutor
from repro.training.worker import Task, start_worker, train_cell
from repro.verdicts.permutation import TOTAL_ALPHA

RESULTS = Path(__file__).resolve().parent.parent / "results"
WRONG_LABELS = 100  # of 10,000


def dropout_not_applied() -> None:
    from repro.models import dropout

    dropout.apply_dropout = lambda inputs, drawn, rate: inputs


def evaluation_with_dropout() -> None:
    import tensorflow as tf

    from repro.models.dropout import Dropout

    applied = Dropout.call

    def call(self: Any, inputs: Any, training: bool = False) -> Any:
        if training:
            return applied(self, inputs, training)
        keep = tf.random.stateless_uniform(tf.shape(inputs), seed=[1, 2]) >= self.rate
        return tf.where(keep, inputs / (1 - self.rate), 0.0)

    Dropout.call = call


def swapped_labels() -> None:
    """Exchange the labels of pairs of test rows that differ."""
    from repro.datasets import formats

    parser = formats.parser

    def swapped(description: Any, contents: Any) -> Any:
        train, test = parser(description)(description, contents)
        labels = test.y.copy()
        pairs = np.random.default_rng(1).permutation(len(labels)).reshape(-1, 2)
        pairs = pairs[labels[pairs[:, 0]] != labels[pairs[:, 1]]][: WRONG_LABELS // 2]
        labels[pairs] = labels[pairs[:, ::-1]]
        return train, replace(test, y=labels)

    formats.parser = lambda description: swapped


@dataclass(frozen=True)
class Case:
    """A defect: `inject` is called in every worker before it trains, `overrides` change the configuration."""

    title: str
    experiment: str
    inject: Callable[[], None] | None = None
    overrides: tuple[str, ...] = ()


CASES = (
    Case("none", "sonar_hidden"),
    Case("none", "mnist_dropout"),
    Case("none", "mnist_l2"),
    Case("learning rate doubled", "sonar_hidden", overrides=("training.optimizer.SGD.learning_rate=0.2",)),
    Case("dropout silently not applied", "mnist_dropout", dropout_not_applied),
    Case("evaluation leaves dropout on", "mnist_dropout", evaluation_with_dropout),
    Case("labels of 1% of the test rows swapped", "mnist_l2", swapped_labels),
)

_injected: list[bool] = []


def defective_cell(inject: Callable[[], None] | None, task: Task) -> CellResult:
    """What a worker runs in the place of `train_cell`."""
    if inject and not _injected:
        start_worker()  # before the defect imports TensorFlow
        inject()
        _injected.append(True)
    return train_cell(task)


def judged(case: Case, figures: int) -> list[list[str]]:
    """The rows of one defect."""
    here = environment()
    jobs = jobs_of(Catalogue(), [case.experiment], here, case.overrides)
    ((reference,), _) = read_references(RESULTS, jobs, here, everything=False)
    executor = LokyExecutor(available_cores(), partial(defective_cell, case.inject))
    try:
        said = "not compared" if case.overrides else "made elsewhere"
        if not reference.differences:
            said = rows_of(reference, executor, figures)[0].verdict
        rows = rows_of(replace(reference, differences=("as if made elsewhere",)), executor, figures)
    finally:
        get_reusable_executor().shutdown(kill_workers=True)  # the next case wants workers without this defect
    return [cells(case, row, said) for row in rows]


def rows_of(reference: Reference, executor: LokyExecutor, figures: int) -> tuple[Row, ...]:
    with make_progress(quiet=True) as progress:
        return check([reference], (), executor, progress, TOTAL_ALPHA * len(METRICS) / figures).rows


def cells(case: Case, row: Row, here: str) -> list[str]:
    if row.judged is None:
        return [case.title, row.experiment, row.figure, *["–"] * 5, row.verdict, here]
    first, last, metric = row.judged.first, row.judged.last, row.figure.removeprefix("test ")
    return [
        case.title,
        row.experiment,
        row.figure,
        value(first.reference_mean, metric),
        shift(first.shift, metric),
        "–" if first.detectable is None else amount(first.detectable, metric),
        f"{first.p_value:.2g}",
        f"{last.p_value:.2g}" if row.judged.retry else "–",
        row.verdict,
        here,
    ]


HEADER = (
    "defect",
    "experiment",
    "figure",
    "committed",
    "shift, 5 fresh seeds",
    "detectable",
    "p",
    "p of the retry",
    "verdict elsewhere",
    "verdict here",
)

LEGEND = """*Shift*: mean of five fresh seeds less that of the committed ones. *Detectable*: the shift that such a test
finds with 80% power. *p*: of the five; *p of the retry*: of ten other seeds, where those have failed. *Elsewhere*:
on a machine or with packages other than those of the committed results. *Here*: on the same ones, where one committed
seed is trained again and compared to the last digit; a changed configuration is never compared so.
"""


def main() -> None:
    stored = len(stored_names(RESULTS))
    figures = len(METRICS) * stored
    rows = []
    for case in CASES:
        print(f"{case.experiment}: {case.title} ...", file=sys.stderr, flush=True)
        rows += judged(case, figures)
    print("# What the check catches\n")
    print("Defects put into real trainings, held against the committed results by `benchmarks/check_catches.py`. Each")
    print(
        f"figure is tested at {TOTAL_ALPHA / figures:.2g}, its share in a check of all {stored} stored experiments.\n"
    )
    print(LEGEND)
    print(table(HEADER, rows))


if __name__ == "__main__":
    main()
