"""Every experiment that comes with repro, trained for real on its own data, with few steps."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from repro import datasets
from repro.config import Catalogue, experiment_files
from repro.files import shipped
from repro.report.build import current_summary
from repro.results.stored import read_stored

pytestmark = pytest.mark.slow

MANY_ROWS = 10_000
FLOORS = {"mnist": 0.8, "fashion-mnist": 0.2}
"""Below what one epoch reaches, well above a fault. Elsewhere: four fifths of guessing."""
PATHS = experiment_files(shipped("configs"))
CATALOGUE = Catalogue()
DATASETS = sorted({CATALOGUE.experiment(path).dataset.name for path in PATHS})


def shortened(path: Path) -> list[str]:
    """Overrides under which an experiment takes a moment: one epoch, of large batches where there are many rows."""
    experiment = CATALOGUE.experiment(path)
    fixed = experiment.protocol.fixed_split
    epoch = ["-S", "training.epochs=1"]
    batches = ["-S", "training.batch_size=500"] if datasets.info(experiment.dataset.name).rows > MANY_ROWS else []
    listed = "protocol={fixed_split: {evaluate_at_steps: [0, 60, 119]}}"
    steps = ["-S", listed] if fixed and fixed.evaluate_at_steps else []
    return [*epoch, *batches, *steps]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "sonar" else [pytest.mark.data]) for name in DATASETS]
)
def test_every_config_trains(name: str, tmp_path: Path) -> None:
    if not datasets.is_present(name):
        if "REPRO_DATA_MIRROR" not in os.environ:
            pytest.skip(f"left out: training on {name}; set REPRO_DATA_MIRROR or run `repro data fetch {name}`")
        datasets.fetch(name)
    paths = [path for path in PATHS if CATALOGUE.experiment(path).dataset.name == name]
    for overrides, group in itertools.groupby(sorted(paths, key=shortened), key=shortened):
        files = list(group)
        command = [sys.executable, "-m", "repro", "run", *map(str, files), *overrides, "--seeds", "2", "-q"]
        done = subprocess.run([*command, "-o", str(tmp_path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        for path in files:
            summary = current_summary(read_stored(tmp_path, path.stem))
            assert summary
            assert summary.main
            accuracy = summary.main.over
            assert (accuracy.n, summary.failed, summary.diverged) == (2, (), ())
            floor = FLOORS.get(name, 0.8 / datasets.info(name).classes)
            assert floor < accuracy.minimum <= accuracy.maximum < 1
