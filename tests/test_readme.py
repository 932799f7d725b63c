"""The README is the front door: what it says has to be there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from repro.cli.app import main
from repro.config.catalogue import Catalogue
from repro.files import shipped

ROOT = shipped("configs").parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "results"


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


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|\$ )make (\w+)", README))))
def test_every_make_target_that_it_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_its_examples_of_an_experiment_and_its_article_are_valid(tmp_path: Path) -> None:
    blocks = [textwrap.dedent(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
    for block in blocks:
        path = tmp_path / block.splitlines()[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block, encoding="utf-8")
    configs = tmp_path / "configs"
    (configs / "tanh_wide.yaml").write_text("extends: tanh_small.yaml\n", encoding="utf-8")
    catalogue = Catalogue()
    small = catalogue.experiment(configs / "tanh_small.yaml")
    assert small.training.batch_size == 8
    article = catalogue.article_of(configs / "tanh_small.yaml", small)
    assert article
    assert len(article.claims) == 3
    catalogue.check_article(path)


def test_its_tables_of_results_are_those_of_the_results_folder() -> None:
    (shown,) = re.findall(r"<!-- results:.*?-->\n(.*?)<!-- end of results -->", README, re.DOTALL)
    index = (RESULTS / "README.md").read_text(encoding="utf-8")
    numbers, claims = (index.partition(f"## {title}\n")[2].partition("\n## ")[0] for title in ("Numbers", "Claims"))
    rows = [line for line in (numbers.replace("](", "](results/") + claims).splitlines() if line.startswith("|")]
    assert len(rows) > 15
    assert [line for line in shown.splitlines() if line.startswith("|")] == rows


def test_its_answers_are_those_of_the_results_folder() -> None:
    (shown,) = re.findall(r"<!-- results:.*?-->\n(.*?)<!-- end of results -->", README, re.DOTALL)
    index = (RESULTS / "README.md").read_text(encoding="utf-8")
    answers = re.findall(r"^\*\*.*", index.partition("\n## Numbers\n")[0], re.MULTILINE)
    assert len(answers) == 3
    assert re.findall(r"^\*\*.*", shown, re.MULTILINE) == answers


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
