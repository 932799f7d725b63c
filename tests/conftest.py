from __future__ import annotations

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# One thread, as in the workers: rounding depends on their number, and some tests compare bits.
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

import numpy as np
import pytest

from repro.config.schema import Experiment
from repro.datasets import Dataset, Part


def experiment(**changes: object) -> Experiment:
    """A small cross-validated experiment; keyword arguments replace its top-level keys."""
    values: dict[str, object] = {
        "name": "small",
        "article": "tests",
        "title": "A small experiment",
        "dataset": {"name": "sonar", "standardize": True},
        "model": [
            {"Dense": {"units": 6, "activation": "relu"}},
            {"Dropout": {"rate": 0.25}},
            {"Dense": {"units": 1, "activation": "sigmoid"}},
        ],
        "training": {
            "loss": "binary_crossentropy",
            "optimizer": {"SGD": {"learning_rate": 0.05, "momentum": 0.9}},
            "batch_size": 16,
            "epochs": 3,
        },
        "protocol": {"stratified_k_fold": {"folds": 4}},
        "seeds": 2,
    }
    return Experiment.model_validate(values | changes)


def blobs(rows: int = 90, test_rows: int = 0, shape: tuple[int, ...] = (5,), classes: int = 2) -> Dataset:
    """Overlapping Gaussian classes."""
    generator = np.random.default_rng(8)
    labels = np.arange(rows + test_rows, dtype=np.int32) % classes
    x = generator.normal(size=(rows + test_rows, *shape)) + labels.reshape(-1, *[1] * len(shape))
    x = x.astype(np.float32)
    test = Part(x[rows:], labels[rows:]) if test_rows else None
    return Dataset("blobs", Part(x[:rows], labels[:rows]), test, classes, {})


@pytest.fixture(autouse=True)
def _no_real_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write to folders of their own, never to the user's."""
    if "REPRO_DATA_DIR" not in os.environ and "REPRO_DATA_MIRROR" not in os.environ:
        monkeypatch.setenv("REPRO_DATA_DIR", str(tmp_path_factory.getbasetemp() / "data-cache"))
