"""The README is the front door: what it says has to be there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tiny import REAL, STAND_IN, command

from repro.cli.app import main
from repro.config.catalogue import Catalogue
from repro.config.protocol import Protocol
from repro.config.variation.variants import variants_of
from repro.config.vocabulary.defaults import DEFAULTS
from repro.files import shipped
from repro.models.draws import drawn

ROOT = shipped("configs").parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "results"
CONFIGS_PAGE = (ROOT / "configs" / "README.md").read_text(encoding="utf-8")


PLACES = r"`((?:repro|configs|data|results|benchmarks|\.github|\.ci)/[^`*<> ]*)`"


@pytest.mark.parametrize("place", sorted(set(re.findall(PLACES, README))))
def test_every_place_that_it_names_exists(place: str) -> None:
    assert (ROOT / place).exists() or "my-article" in place or "tanh_" in place


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https:)([^)#]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_it_lists_every_command_and_no_other() -> None:
    listed = set(re.findall(r"^\$ repro (\w+)", README, re.MULTILINE))
    assert listed == set(main.commands)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|\$ )make ([\w-]+)", README))))
def test_every_make_target_that_it_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_its_experiment_of_ones_own_runs_on_a_table_of_ones_own(tmp_path: Path) -> None:
    """The two commands of the README on 150 rows with text labels; training is a stand-in's."""
    (block,) = re.findall(r"```yaml\n# flowers.yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "flowers.yaml").write_text(block, encoding="utf-8")
    (tmp_path / "flowers.csv").write_text(flowers(), encoding="utf-8")
    described = command(REAL, "data", "describe", "flowers.csv", cwd=tmp_path)
    assert (described.returncode, described.stderr) == (0, "")
    (tmp_path / "flowers_data.yaml").write_text(described.stdout, encoding="utf-8")
    done = command(STAND_IN, "run", "flowers.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "results" / "flowers" / "table.md").read_text(encoding="utf-8")
    assert "97.33%" in table
    assert "30" in table


def flowers() -> str:
    """Iris as people have it: a header, four numbers and a text a line."""
    from sklearn.datasets import load_iris

    iris = load_iris()
    rows = [",".join([*map(str, x), iris.target_names[y]]) for x, y in zip(iris.data, iris.target, strict=True)]
    return "\n".join(["sepal_length,sepal_width,petal_length,petal_width,species", *rows]) + "\n"


def test_the_examples_of_the_configs_page_are_valid(tmp_path: Path) -> None:
    small, model, function, grid, article = re.findall(r"```yaml\n(.*?)```", CONFIGS_PAGE, re.DOTALL)
    for name in ("tanh_small", "tanh_wide"):
        (tmp_path / f"{name}.yaml").write_text(f"article: my-article\n{small}", encoding="utf-8")
    (tmp_path / "my_model.py").write_text("def build(units): ...\n", encoding="utf-8")
    (tmp_path / "of_python.yaml").write_text(f"extends: tanh_small.yaml\n{model}", encoding="utf-8")
    (tmp_path / "varied.yaml").write_text(f"extends: tanh_small.yaml\n{grid}", encoding="utf-8")
    (tmp_path / "draws.yaml").write_text(function, encoding="utf-8")
    (python,) = re.findall(r"```python\n(.*?)```", CONFIGS_PAGE, re.DOTALL)
    (tmp_path / "my_draws.py").write_text(python, encoding="utf-8")
    (tmp_path / "articles").mkdir()
    path = tmp_path / "articles" / "my-article.yaml"
    path.write_text(article, encoding="utf-8")
    catalogue = Catalogue()
    assert catalogue.experiment(tmp_path / "tanh_small.yaml").training.batch_size == 8
    assert set(catalogue.experiment(tmp_path / "of_python.yaml").files) == {"my_model.py"}
    assert len(variants_of(catalogue.experiment(tmp_path / "varied.yaml"))) == 8
    catalogue.check_article(path)
    draws = catalogue.experiment(tmp_path / "draws.yaml")
    assert drawn(draws, tmp_path, np.random.default_rng(1))["share_kept"] == pytest.approx(0.6, abs=0.01)


def test_the_configs_page_lists_every_way_to_split_and_every_set_of_defaults() -> None:
    rows = CONFIGS_PAGE.partition("## `protocol`")[2].partition("## `figures`")[0]
    assert set(Protocol.model_fields) <= set(re.findall(r"`(\w+): \{", rows))
    assert all(f"`{name}`" in CONFIGS_PAGE for name in DEFAULTS if name != "keras-2.0")


def test_its_answers_and_articles_are_those_of_the_results_folders() -> None:
    (shown,) = re.findall(r"<!-- results:.*?-->\n(.*?)<!-- end of results -->", README, re.DOTALL)
    index = (RESULTS / "README.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\*\*.*", index.partition("\n## Numbers\n")[0], re.MULTILINE)
    assert len(answers) == 5
    assert re.findall(r"^\*\*.*", shown, re.MULTILINE) == answers
    published = (RESULTS / "published" / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    rows = [line for line in published.replace("](", "](results/published/").splitlines() if line.startswith("|")]
    assert len(rows) > 15
    assert [line for line in shown.splitlines() if line.startswith("|")] == rows


def test_its_rates_of_error_are_those_of_the_simulation() -> None:
    (shown,) = re.findall(r"<!-- rates:.*?-->\n(.*?)<!-- end of rates -->", README, re.DOTALL)
    figures = re.findall(r"\d+\.\d+%", shown)
    known = set(re.findall(r"\d+\.\d+%", (RESULTS / "error_rates.md").read_text(encoding="utf-8")))
    assert len(figures) > 20
    assert set(figures) <= known


def test_its_exit_codes_are_those_of_the_help() -> None:
    stated = dict(re.findall(r"(\d+) ([a-z`][^·.]*)", README.partition("Exit codes: ")[2].partition("\n\n")[0]))
    text = " ".join(CliRunner().invoke(main, ["--help"], standalone_mode=False).output.split())
    for code in ("1", "2", "3", "4", "5", "6", "70"):
        assert code in stated
        assert re.search(rf"\b{code} \w", text)
