"""A made-up results folder for the tests of what is derived from one: figures are given, nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from conftest import experiment

from repro.config.article import Article
from repro.config.catalogue import Catalogue
from repro.config.data_description import DataDescription
from repro.config.resolution import resolution_of
from repro.config.schema import Experiment
from repro.files import sha256, shipped, write
from repro.report.build import Index, build_index
from repro.results.correct import correct_npz
from repro.results.provenance import Code, DataUsed, Environment, Made, Provenance, write_provenance
from repro.results.records import CellResult, Record, runs_csv
from repro.results.stored import StoredExperiment, read_stored, stored_names

HERE = Environment(
    training_version=2,
    python="3.11.7",
    packages={"keras": "3.15.1", "numpy": "2.4.6"},
    machine="x86_64",
    processor="a processor",
    gpus=(),
    threads_per_worker=1,
    flags={},
)

FIXED = {"fixed_split": {"evaluate_every_epochs": 1}}
MNIST = {"name": "mnist", "divide_by": 255.0}
"""10,000 test rows."""
ROWS = 10_000


def fixed(name: str, accuracy: float | None = None, **changes: Any) -> Experiment:
    """An experiment with a fixed split; `accuracy` is what the article reports."""
    reported = {} if accuracy is None else {"accuracy": {"value": accuracy, "unit": "fraction"}}
    values = {"name": name, "article": "made-up", "title": f"Title of {name}", "dataset": MNIST, "protocol": FIXED}
    return experiment(**(values | {"reported": reported} | changes))


def crossed(name: str, accuracy: float | None = None, folds: int = 2, **changes: Any) -> Experiment:
    """An experiment with cross-validation on Sonar; `accuracy` is what the article reports, in percent."""
    reported = {} if accuracy is None else {"accuracy": {"value": accuracy, "unit": "percent"}}
    values: dict[str, Any] = {"name": name, "article": "made-up", "title": f"Title of {name}", "reported": reported}
    return experiment(**(values | {"protocol": {"stratified_k_fold": {"folds": folds}}} | changes))


def made_cells(accuracy: Any, loss: float | None = 0.5, epochs: int = 1, rows: int = 0) -> list[CellResult]:
    """Cells with the given accuracies, of shape (n,) or (n, folds); each epoch before the last has half of it.

    Where `rows` says on how many, each seed predicts the first of them right, as many as its accuracy says.
    """
    table = np.asarray(accuracy, dtype=float).reshape(len(accuracy), -1)
    return [
        CellResult(
            seed,
            1.5,
            HERE,
            tuple(
                Record(fold, epoch, 10 * epoch - 1, "test", metric, value if epoch == epochs else value / 2)
                for fold, one in enumerate(row)
                for epoch in range(1, epochs + 1)
                for metric, value in (("accuracy", float(one)), ("loss", loss))
                if value is not None
            ),
            correct=np.packbits(np.arange(rows) < round(float(row.mean()) * rows)).tobytes(),
        )
        for seed, row in enumerate(table)
    ]


@cache
def described(name: str) -> DataDescription:
    """A shipped description."""
    return Catalogue().described(shipped("configs"), name)


def store(out: Path, made: Experiment, cells: Sequence[CellResult], **changes: Any) -> Path:
    """Write `runs.csv` and `provenance.json`, and nothing else; returns the experiment's folder."""
    folder = out / made.name
    runs = runs_csv(made.name, [({}, cells)])
    data = described(made.dataset.name)
    known = made.protocol.same_rows and data.classes is not None
    correct = correct_npz([cells], made.protocol.tested_rows(data.rows, data.test_rows) if known else 0)
    write(folder / "runs.csv", runs)
    write(folder / "correct.npz", correct)
    write_provenance(folder, provenance_of(made, runs, correct).model_copy(update=changes))
    return folder


def provenance_of(made: Experiment, runs: str, correct: bytes = b"") -> Provenance:
    """What vouches for the records of an experiment, made up."""
    data = described(made.dataset.name)
    sums = {"data.csv": "d" * 64}
    return Provenance(
        experiment=made,
        article=None,
        resolution=resolution_of(None, {}),
        config=f"configs/{made.name}.yaml",
        overrides=(),
        runs=sha256(runs.encode()),
        correct=sha256(correct),
        made=Made(
            engine="stacked",
            data=DataUsed(rows=data.rows, test_rows=data.test_rows, classes=data.classes, sha256=sums),
            environment=HERE,
            repro="0.1.0",
            code=Code(commit="c" * 40, dirty=False),
            cores=2,
            started="2024-05-06T07:08:09+00:00",
            wall_seconds=3725.0,
            cell_seconds=59.9,
        ),
    )


def load(out: Path) -> dict[str, StoredExperiment]:
    """The experiments of a folder."""
    return {name: read_stored(out, name) for name in stored_names(out)}


def build(out: Path, *articles: Article, force: bool = False) -> Index:
    """Everything derived in a results folder."""
    stored = list(load(out).values())
    return build_index(out, stored, {article.name: article for article in articles}, force)


def article(claims: Sequence[dict[str, Any]], **changes: Any) -> Article:
    """An article with claims."""
    values = {"name": "made-up", "title": "A made-up article", "source": "https://example.org/article"}
    return Article.model_validate(values | {"claims": list(claims)} | changes)


def write_article(configs: Path, made: Article) -> Path:
    """The article's file in `articles/` of a configs folder."""
    path = configs / "articles" / f"{made.name}.yaml"
    values = made.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
    write(path, yaml.safe_dump(values, sort_keys=False, allow_unicode=True))
    return path


def claim(name: str, direction: str | None = None, **values: Any) -> dict[str, Any]:
    """A comparison `NAME` against `base`, or a contrast, where there is a direction; else what `values` say."""
    pair = {} if "contrast" in values else {"a": name, "b": "base"}
    compared = pair | {"direction": direction} if direction else {}
    return {"id": name.replace("_", "-"), "text": f"Text of {name}."} | compared | values


N = 30
EBB = np.resize([0.001, -0.001, 0.002, -0.002, 0.0], N)
"""A spread whose mean is 0, sd 0.0014."""


def every_verdict(out: Path) -> Article:
    """Records from which every verdict follows, and their article; its resolution is one point."""
    base = 0.96 + EBB
    jitter = np.resize([0.0004, -0.0004], N)
    often = np.resize([0.02, 0.02, -0.01], N)
    apart = np.resize([0.03, -0.027], N)
    figures = [
        (fixed("base", 0.9605, note="A note with <b>marks</b> & a | bar."), base),
        (fixed("steady", 0.9622), 0.9605 + 0.1 * EBB),
        (fixed("higher"), base + 0.01 + jitter),
        (fixed("hardly"), base + 0.0012 + jitter),
        (fixed("often"), base + often),
        (fixed("level"), base + jitter),
        (fixed("lower", 0.99), base - 0.01 + jitter),
        (fixed("apart"), base + apart - 0.0015),
        (fixed("wide", 0.945), 0.93 + 10 * EBB),
        (fixed("edge", 0.956), 0.93 + 10 * EBB),
        (fixed("few", 0.96), base[:3]),
        (fixed("elsewhere", base_seed=7), base),
        (fixed("unmargined", reported={"loss": {"value": 0.5}}), base),
    ]
    for made, accuracies in figures:
        store(out, made, made_cells(accuracies, rows=ROWS if made.name in ("base", "higher", "lower", "level") else 0))
    part = {"a": "hardly", "b": "base", "what": "the optimizer"}
    claims = [
        claim("base", figure_of="base"),
        claim("unmargined", figure_of="unmargined", metric="loss"),
        claim("edge", figure_of="edge"),
        claim("higher", "greater", short="more is better", part=part),
        *(claim(name, "greater") for name in ("hardly", "often", "level", "lower", "apart", "few")),
        claim("sum", "greater", contrast={"higher": 1, "hardly": -1, "lower": 0.5, "base": -0.5}),
        claim("elsewhere", "greater"),
        claim("absent", "greater"),
        claim("background", not_tested="Background of the article."),
    ]
    order = [*(made.name for made, _ in figures), "absent"]
    notes = {"deviations": ["A deviation."], "unsaid": ["Unsaid."], "slips": ["A slip."]}
    return article(claims, experiments=order, published="2020", summary="What the article does.", **notes)
