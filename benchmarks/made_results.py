"""A results folder of any size without training: configs and articles, and records drawn at random.

    .venv/bin/python benchmarks/made_results.py FOLDER EXPERIMENTS SEEDS     make FOLDER/configs and FOLDER/results
    .venv/bin/python benchmarks/made_results.py repro ARGUMENTS              `repro` with that in training's place

Ten experiments an article, seven in ten-fold cross-validation on Sonar and three with twenty evaluations on digits, and
four comparisons and a contrast between them. `repro run` itself writes the results, so cells, records, provenance,
tables and pages are what they always are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from repro.cli.app import main as repro
from repro.cli.machine import Machine
from repro.results.records import CellResult, Record
from repro.training.environment import environment
from repro.training.worker import Task

EXPERIMENTS_OF_AN_ARTICLE = 10
EPOCHS, STEPS = 20, 12
"""Of an experiment on digits, and of an epoch of it."""

SONAR = """\
article: {article}
title: Experiment {index}, ten-fold cross-validation
dataset: {{name: sonar, standardize: true}}
model:
  - Dense: {{units: {units}, activation: relu}}
  - Dropout: {{rate: 0.2}}
  - Dense: {{units: 1, activation: sigmoid}}
training: {{loss: binary_crossentropy, optimizer: {{SGD: {{learning_rate: 0.05}}}}, batch_size: 16, epochs: 100}}
protocol: {{stratified_k_fold: {{folds: 10, random_state: 7}}}}
seeds: {seeds}
reported:
  accuracy: {{value: 83.5, unit: percent, spread: 7.3, spread_over: folds, quote: "83.5% (7.3%)"}}
"""
DIGITS = """\
article: {article}
title: Experiment {index}, with a look after every epoch
dataset: {{name: digits, divide_by: 16}}
model:
  - Flatten: {{}}
  - Dense: {{units: {units}, activation: relu}}
  - Dense: {{units: 10, activation: softmax}}
training: {{loss: sparse_categorical_crossentropy, optimizer: adam, batch_size: 128, epochs: 20}}
protocol: {{fixed_split: {{evaluate_every_epochs: 1}}}}
seeds: {seeds}
reported:
  accuracy: {{value: 0.84, unit: fraction}}
"""
COMPARISON = """\
  - {{id: claim-{number}, text: "{a} is more accurate than {b}.", a: {a}, b: {b}, direction: greater}}
"""
CONTRAST = """\
  - {{id: contrast, text: "The gains do not add up.", direction: less, contrast: {{{0}: 1, {1}: -1, {2}: -1, {3}: 1}}}}
"""


def made_cell(task: Task) -> CellResult:
    """Figures around one mean, drawn from the experiment's name and the seed."""
    experiment, seed = task.experiment, task.seed
    draw = np.random.default_rng([*experiment.name.encode(), seed])
    folds, epochs = experiment.protocol.folds, EPOCHS if experiment.protocol.fixed_split else 1
    rows = experiment.protocol.tested_rows(task.data.rows, task.data.test_rows)
    right = draw.random(rows) < draw.normal(0.84, 0.01)
    values = np.round(np.stack([draw.normal(right.mean(), 0.03, (epochs, folds)), draw.random((epochs, folds))]), 9)
    splits = ("test", "train") if epochs > 1 else ("test",)
    records = tuple(
        Record(fold, epoch, STEPS * epoch - 1, split, metric, float(values[index, epoch - 1, fold]))
        for index, metric in enumerate(("accuracy", "loss"))
        for split in splits
        for epoch in range(1, epochs + 1)
        for fold in range(folds)
    )
    return CellResult(seed, 1.5, environment(), records, correct=np.packbits(right).tobytes())


class MadeUp:
    """An executor without workers."""

    def train(self, tasks: Sequence[Task], progress: object) -> Generator[tuple[Task, CellResult]]:
        for task in tasks:
            yield task, made_cell(task)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


MACHINE = Machine(executor=lambda count: MadeUp())


def write_configs(folder: Path, experiments: int, seeds: int) -> None:
    """Experiments `e000`, `e001` ... and the articles of ten of them each."""
    (folder / "articles").mkdir(parents=True)
    names = [f"e{index:03}" for index in range(experiments)]
    for index, name in enumerate(names):
        article = f"article-{index // EXPERIMENTS_OF_AN_ARTICLE:02}"
        text = SONAR if index % EXPERIMENTS_OF_AN_ARTICLE < 7 else DIGITS
        (folder / f"{name}.yaml").write_text(text.format(article=article, index=index, units=8 + index, seeds=seeds))
    for start in range(0, experiments, EXPERIMENTS_OF_AN_ARTICLE):
        own = names[start : start + EXPERIMENTS_OF_AN_ARTICLE]
        claims = [COMPARISON.format(number=each, a=own[each + 1], b=own[0]) for each in range(min(4, len(own) - 1))]
        claims += [CONTRAST.format(*own)] if len(own) > 3 else []
        text = f"title: Article {start}\nsource: https://example.org/{start}\npublished: '{1990 + start // 10}'\n"
        text += f"experiments: [{', '.join(own)}]\nclaims:\n{''.join(claims)}"
        (folder / "articles" / f"article-{start // EXPERIMENTS_OF_AN_ARTICLE:02}.yaml").write_text(text)


def main() -> None:
    if sys.argv[1] == "repro":
        repro(sys.argv[2:], prog_name="repro", obj=MACHINE)
    folder, experiments, seeds = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    write_configs(folder / "configs", experiments, seeds)
    repro(["run", str(folder / "configs"), "-o", str(folder / "results"), "-q"], obj=MACHINE)


if __name__ == "__main__":
    main()
