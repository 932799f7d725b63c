"""What must not grow with the number of experiments: what a worker keeps, what a command looks at; the benchmark."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from stored_results import crossed, described
from tiny import CHECKOUT, write_configs

from repro.config.catalogue import Catalogue
from repro.config.strict_yaml import Document, parse_file
from repro.training.worker import KEPT, CellTrainer, Task
from repro.verdicts.permutation import detectable_shift


class Unusable:
    """In the place of a data set: no plan can be made of it."""


def test_a_worker_keeps_the_data_sets_of_the_last_experiments_alone() -> None:
    loaded: list[weakref.ref[Unusable]] = []

    def load(data: object) -> Unusable:
        found = Unusable()
        loaded.append(weakref.ref(found))
        return found

    trainer = CellTrainer(load)
    for name in ("sonar", "iris", "wine", "digits", "digits"):
        cell = trainer.train(Task(crossed("one"), described(name), Path(), "stacked", 0))
        assert cell.error
    assert len(loaded) == 4, "the last one was there"
    assert [each() is not None for each in loaded] == [False] * (4 - KEPT) + [True] * KEPT


def test_a_catalogue_reads_and_checks_what_an_article_names_and_nothing_else(tmp_path: Path) -> None:
    configs = write_configs(tmp_path)
    (configs / "articles").mkdir()
    article = configs / "articles" / "tiny.yaml"
    article.write_text("title: Tiny\nsource: https://example.org\nexperiments: [tiny, other]\n")
    (configs / "broken.yaml").write_text("[")
    opened: Counter[str] = Counter()

    def parse(path: Path) -> Document:
        opened[path.name] += 1
        return parse_file(path)

    catalogue = Catalogue(parse)
    catalogue.check_article(article)
    found = catalogue.experiments_of(article)
    assert [*found] == ["other", "tiny"]
    assert catalogue.experiment(configs / "tiny.yaml") is found["tiny"]
    assert catalogue.experiment(configs / "tiny.yaml", ["seeds=4"]).seeds == 4
    assert opened == {"tiny.yaml": 1 + 1, "other.yaml": 1}, "the article and the experiment are both called tiny"


@pytest.mark.parametrize(("fresh", "alpha"), [(5, 0.01), (2, 0.3)])
def test_the_detectable_shift_is_that_of_a_look_at_every_arrangement(fresh: int, alpha: float) -> None:
    reference = np.random.default_rng(3).normal(0.8, 0.01, 21)
    shift = detectable_shift(reference, fresh, alpha)
    assert 0 < shift < 0.1
    assert detectable_shift(reference + 1, fresh, alpha) == pytest.approx(shift)
    assert detectable_shift(2 * reference, fresh, alpha) == pytest.approx(2 * shift, rel=1e-4), "but for what is a tie"


@pytest.mark.slow
def test_the_benchmark_of_growth_runs() -> None:
    script = CHECKOUT / "benchmarks" / "growth.py"
    done = subprocess.run([sys.executable, script, "--quick"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    named = {line.split()[0] for line in done.stdout.splitlines() if line.strip()}
    assert named >= {"seeds", "rows", "report", "check"}
