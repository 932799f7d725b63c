"""A made-up results folder for the tests of what is derived from one: figures are given, nothing is trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from conftest import experiment

from repro.config.schema import Article, Experiment
from repro.datasets.base import sha256
from repro.records import pretty, runs_csv, write
from repro.report.stored import Stored, read_provenance, read_runs
from repro.report.summary import runs_frame, summarize
from repro.training.worker import Outcome

FIXED = {"fixed_split": {"evaluate_every_epochs": 1}}
MNIST = {"name": "mnist", "divide_by": 255.0}
"""10,000 test rows: an accuracy of 0.96 has a margin of 0.0038."""


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


def outcomes(accuracy: Any, loss: float | None = 0.5, epochs: int = 1) -> list[Outcome]:
    """Cells with the given accuracies, of shape (n,) or (n, folds); each epoch before the last has half of it."""
    table = np.asarray(accuracy, dtype=float).reshape(len(accuracy), -1)
    return [
        Outcome(
            seed,
            1.5,
            tuple(
                (fold, epoch, 10 * epoch - 1, "test", metric, value if epoch == epochs else value / 2)
                for fold, one in enumerate(row)
                for epoch in range(1, epochs + 1)
                for metric, value in (("accuracy", float(one)), ("loss", loss))
                if value is not None
            ),
        )
        for seed, row in enumerate(table)
    ]


def store(out: Path, made: Experiment, cells: Sequence[Outcome]) -> Path:
    """Write `runs.csv` and `provenance.json`, and nothing else; returns the experiment's folder."""
    folder = out / made.name
    runs = runs_csv(made, cells)
    write(folder / "runs.csv", runs)
    provenance = {
        "experiment": made.model_dump(mode="json"),
        "trained": made.trained,
        "engine": "stacked",
        "command": f"repro run configs/{made.name}.yaml",
        "fingerprint": "f" * 64,
        "data": {"data.csv": "d" * 64},
        "runs": sha256(runs.encode()),
        "repro": "0.1.0",
        "environment": {"python": "3.11.7", "packages": {"keras": "3.15.1", "numpy": "2.4.6"}, "flags": {}},
        "code": {"commit": "c" * 40, "dirty": False},
        "cores": 2,
        "started": "2024-05-06T07:08:09+00:00",
        "wall_seconds": 3725.0,
        "cell_seconds": 59.9,
    }
    write(folder / "provenance.json", pretty(provenance))
    return folder


def load(out: Path) -> dict[str, Stored]:
    """The experiments of a folder, summarised afresh."""
    stored = {}
    for path in sorted(out.glob("*/runs.csv")):
        provenance = read_provenance(out, path.parent.name)
        made = Experiment.model_validate_json(pretty(provenance["experiment"]))
        frame = runs_frame(read_runs(path.parent, provenance))
        stored[made.name] = Stored(path.parent, summarize(made, frame, provenance, ""), provenance)
    return stored


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
    """A comparison `NAME` against `base` where there is a direction, else what `values` say."""
    compared = {"a": name, "b": "base", "direction": direction} if direction else {}
    return {"id": name.replace("_", "-"), "text": f"Text of {name}."} | compared | values


N = 30
EBB = np.resize([0.001, -0.001, 0.002, -0.002, 0.0], N)
"""A spread whose mean is 0, sd 0.0014."""


def every_verdict(out: Path) -> Article:
    """Records from which every verdict follows, and their article."""
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
        (fixed("apart", 0.965), base + apart - 0.0015),
        (fixed("few", 0.96), base[:3]),
        (fixed("elsewhere", base_seed=7), base),
        (fixed("unmargined", reported={"loss": {"value": 0.5}}), base),
    ]
    for made, accuracies in figures:
        store(out, made, outcomes(accuracies))
    claims = [
        claim("base", figure_of="base"),
        claim("unmargined", figure_of="unmargined", metric="loss"),
        *(claim(name, "greater") for name in ("higher", "hardly", "often", "level", "lower", "apart", "few")),
        claim("elsewhere", "greater"),
        claim("absent", "greater"),
        claim("background", not_tested="Background of the article."),
    ]
    order = [*(made.name for made, _ in figures), "absent"]
    notes = {"deviations": ["A deviation."], "slips": ["A slip."], "summary": "What the article does."}
    return article(claims, experiments=order, published="2020", **notes)
