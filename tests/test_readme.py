"""The README is the front door: what it says has to be there."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from repro.cli import main
from repro.config import configs_folder

ROOT = configs_folder().parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "results"


PLACES = r"`((?:repro|configs|data|results|benchmarks|\.github|\.ci)/[^`*<> ]*)`"


@pytest.mark.parametrize("place", sorted(set(re.findall(PLACES, README))))
def test_every_place_that_it_names_exists(place: str) -> None:
    assert (ROOT / place).exists() or "my-article" in place or "tanh_small" in place


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!https:)([^)]*)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_it_lists_every_command_and_no_other() -> None:
    listed = set(re.findall(r"^\$ repro (\w+)", README, re.MULTILINE))
    assert listed == set(main.commands)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|\$ )make (\w+)", README))))
def test_every_make_target_that_it_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_its_example_of_a_config_is_a_valid_one(tmp_path: pytest.TempPathFactory) -> None:
    from repro.config import load_experiment

    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "tanh_small.yaml"  # type: ignore[operator]
    path.write_text("\n".join(line[3:] for line in block.splitlines()), encoding="utf-8")
    assert load_experiment(path).training.batch_size == 8


def test_its_tables_of_results_are_those_of_the_results_folder() -> None:
    (shown,) = re.findall(r"<!-- results:.*?-->\n(.*?)<!-- end of results -->", README, re.DOTALL)
    index = (RESULTS / "README.md").read_text(encoding="utf-8")
    numbers, claims = (index.partition(f"## {title}\n")[2].partition("\n## ")[0] for title in ("Numbers", "Claims"))
    rows = [line for line in (numbers.replace("](", "](results/") + claims).splitlines() if line.startswith("|")]
    assert len(rows) > 15
    assert [line for line in shown.splitlines() if line.startswith("|")] == rows


def test_its_exit_codes_are_those_of_the_help() -> None:
    stated = dict(re.findall(r"(\d+) ([a-z`][^·.]*)", README.partition("Exit codes: ")[2].partition("\n\n")[0]))
    text = " ".join(CliRunner().invoke(main, ["--help"], standalone_mode=False).output.split())
    for code in ("1", "2", "3", "4", "5", "6"):
        assert code in stated
        assert re.search(rf"\b{code} \w", text)
