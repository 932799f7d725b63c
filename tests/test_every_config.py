"""Every experiment that comes with repro, against its data; those that take a moment trained for real, in few steps."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from repro import datasets
from repro.config import Catalogue, shipped_experiments
from repro.config.experiment import FunctionExperiment
from repro.files import shipped
from repro.report.build import current_summary
from repro.results.stored import read_stored
from repro.training.checks import check_plan, check_reported

MANY_ROWS = 10_000
FLOORS = {"mnist": 0.8, "fashion-mnist": 0.2}
"""Below what one epoch reaches, well above a fault. Elsewhere: four fifths of guessing."""
CATALOGUE = Catalogue()
SHIPPED = shipped_experiments()
FUNCTIONS = [path for path in SHIPPED if isinstance(CATALOGUE.experiment(path), FunctionExperiment)]
PATHS = [path for path in SHIPPED if path not in FUNCTIONS]
OWN = [path for path in PATHS if path.parent == shipped("configs")]
DATA = {path: CATALOGUE.data(path, CATALOGUE.experiment(path).dataset.name) for path in PATHS}
SMALL = list({path.parent: path for path in PATHS if path not in OWN and DATA[path].rows <= MANY_ROWS}.values())
"""A published experiment of each article whose data is small: a moment each."""


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_config_fits_its_data(path: Path) -> None:
    experiment = CATALOGUE.experiment(path)
    check_plan(experiment, DATA[path])
    check_reported(experiment, DATA[path])


def shortened(path: Path) -> list[str]:
    """Overrides under which an experiment takes a moment: one epoch, of large batches where there are many rows."""
    experiment = CATALOGUE.experiment(path)
    fixed = experiment.protocol.fixed_split
    epoch = ["-S", "training.epochs=1"]
    batches = ["-S", "training.batch_size=500"] if DATA[path].rows > MANY_ROWS else []
    listed = "protocol={fixed_split: {evaluate_at_steps: [0, 60, 119]}}"
    steps = ["-S", listed] if fixed and fixed.evaluate_at_steps else []
    return [*epoch, *batches, *steps]


def train(paths: list[Path], out: Path) -> None:
    """Two seeds of each, shortened."""
    for overrides, group in itertools.groupby(sorted(paths, key=shortened), key=shortened):
        command = [sys.executable, "-m", "repro", "run", *map(str, group), *overrides, "--seeds", "2", "-q"]
        done = subprocess.run([*command, "-o", str(out)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == "sonar" else [pytest.mark.data])
        for name in sorted({DATA[path].name for path in OWN})
    ],
)
def test_every_config_trains(name: str, tmp_path: Path) -> None:
    paths = [path for path in OWN if DATA[path].name == name]
    data = DATA[paths[0]]
    if not datasets.is_present(data):
        if "REPRO_DATA_MIRROR" not in os.environ:
            pytest.skip(f"left out: training on {name}; set REPRO_DATA_MIRROR or run `repro data fetch {name}`")
        datasets.fetch(data)
    train(paths, tmp_path)
    for path in paths:
        summary = current_summary(read_stored(tmp_path, path.stem))
        assert summary
        assert summary.main
        accuracy = summary.main.over
        assert (accuracy.n, summary.failed, summary.diverged) == (2, (), ())
        assert data.classes
        floor = FLOORS.get(name, 0.8 / data.classes)
        assert floor < accuracy.minimum <= accuracy.maximum < 1


@pytest.mark.slow
def test_every_function_gives_its_figures(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "repro",
        "run",
        *map(str, FUNCTIONS),
        "-S",
        "function.draws=50",
        "--seeds",
        "2",
        "-q",
    ]
    done = subprocess.run([*command, "-o", str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    for path in FUNCTIONS:
        summary = current_summary(read_stored(tmp_path, path.stem))
        assert summary
        assert [figure.metric for figure in summary.figures] == list(CATALOGUE.experiment(path).figures)
        assert all(figure.over.n == 2 and 0 <= figure.over.mean <= 1.7 for figure in summary.figures)


@pytest.mark.slow
def test_published_experiments_on_small_data_train(tmp_path: Path) -> None:
    paths = [path for path in SMALL if datasets.is_present(DATA[path])]
    assert paths
    train(paths, tmp_path)
    for path in paths:
        summary = current_summary(read_stored(tmp_path, path.stem))
        assert summary
        assert (summary.failed, summary.diverged) == ((), ())
        for each in summary.variants or [summary]:
            assert each.main
            assert each.main.over.n == 2
