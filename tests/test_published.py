"""The experiments of `configs/published/`: each belongs to an article, and the table there names each."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from repro.config.catalogue import Catalogue, article_file, experiment_files
from repro.config.reported import Reported
from repro.files import shipped

CONFIGS = shipped("configs")
PUBLISHED = CONFIGS / "published"
FOLDERS = sorted(path for path in PUBLISHED.iterdir() if path.is_dir())
EXPERIMENTS = [path for folder in FOLDERS for path in experiment_files(folder)]
ARTICLES = sorted(PUBLISHED.glob("*/articles/*.yaml"))

TABLE = (PUBLISHED / "README.md").read_text(encoding="utf-8")
LISTED = 74
"""Figures of the list that the table follows."""


def _stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", EXPERIMENTS, ids=_stem)
def test_experiment_belongs_to_an_article_that_lists_it(path: Path) -> None:
    catalogue = Catalogue()
    experiment = catalogue.experiment(path)
    article = article_file(path, experiment)
    assert article is not None
    assert article.stem == path.parent.name
    assert experiment.name in catalogue.article(article).experiments


@pytest.mark.parametrize("path", EXPERIMENTS, ids=_stem)
def test_figure_has_a_quote_with_a_number(path: Path) -> None:
    reported = Catalogue().experiment(path).reported
    assert [metric for metric, figure in reported.items() if not re.search("[0-9]", figure.quote)] == []


@pytest.mark.parametrize("path", EXPERIMENTS, ids=_stem)
def test_data_is_described(path: Path) -> None:
    catalogue = Catalogue()
    name = catalogue.experiment(path).dataset.name
    assert catalogue.data(path, name).name == Path(name).stem


@pytest.mark.parametrize("path", ARTICLES, ids=_stem)
def test_article_is_consistent(path: Path) -> None:
    catalogue = Catalogue()
    catalogue.check_article(path)
    article = catalogue.article(path)
    assert path.stem == path.parent.parent.name
    assert article.source.startswith("https://")
    assert article.deviations
    assert {file.stem for file in experiment_files(path.parent.parent)} == set(article.experiments)


def test_every_folder_has_one_article() -> None:
    assert [path.parent.parent for path in ARTICLES] == FOLDERS


def test_names_are_unique_over_all_shipped_experiments() -> None:
    names = [path.stem for path in [*experiment_files(CONFIGS), *EXPERIMENTS]]
    assert sorted(set(names)) == sorted(names)


def test_table_links_to_every_experiment_and_article_and_to_nothing_else() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TABLE)
    there = [path.relative_to(PUBLISHED).as_posix() for path in [*EXPERIMENTS, *ARTICLES]]
    assert sorted(links) == sorted(there)


def test_make_published_trains_what_takes_a_minute_or_so_a_seed() -> None:
    """The last column of the table: s and m are seconds and a minute or so."""
    dry = ["make", "-n", "published"]
    line = subprocess.run(dry, cwd=CONFIGS.parent, check=True, capture_output=True, text=True).stdout
    trained = {
        file.stem
        for given in re.findall(r"configs/published/(\S+)", line)
        for file in ([PUBLISHED / given] if given.endswith(".yaml") else experiment_files(PUBLISHED / given))
    }
    short = re.findall(r"^\| \[(\S+)\]\(.*\| runs here[^|]* \| [sm] \|$", TABLE, re.MULTILINE)
    assert trained == set(short)


def test_totals_of_the_table_are_its_lines() -> None:
    said = {name: int(count) for name, count in re.findall(r"^\| ([a-z][^|]+?) \| (\d+)%? \|$", TABLE, re.MULTILINE)}
    lines = [line.split(" | ") for line in TABLE.splitlines() if line.count("|") == 5 and not line.startswith("| **")]
    here = [line[2] for line in lines[2:] if "beside the list" not in line[1]]
    counts = {
        "runs here": sum(text.startswith("runs here") for text in here),
        "data must be fetched": sum(text.startswith("data must be fetched") for text in here),
        "expressible, no config: its recipe could not be read": sum("no config: the" in text for text in here),
        "not expressible": sum(text.startswith("not expressible") for text in here),
    }
    counts["in Python, or with a data file of one's own"] = len(here) - sum(counts.values())
    counts[f"expressible, of all {LISTED}"] = round(100 * (1 - counts["not expressible"] / LISTED))
    assert len(here) == LISTED
    assert said == counts


def test_a_quoted_error_stands_for_the_accuracy_and_for_no_other_figure() -> None:
    assert Reported(value=98.09, unit="percent", quote="Baseline Error: 1.91%").stored == pytest.approx(0.9809)
    with pytest.raises(ValueError, match="a value that its quote has"):
        Reported(value=98.9, unit="percent", quote="Baseline Error: 1.91%")
    with pytest.raises(ValueError, match="a value that its quote has"):
        Reported(value=98.09, quote="a squared error of 1.91")
