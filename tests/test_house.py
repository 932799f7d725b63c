"""The structure: imports run one way, rooms stay small, files are read once, dependencies are declared."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny import CHECKOUT, command, write_configs

PACKAGE = CHECKOUT / "repro"
ROOMS = (
    *("errors", "verdicts", "files", "config", "datasets", "models"),
    *("results", "training", "analysis", "report", "commands", "cli"),
)
"""A room imports from those before it."""

MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION, FULL_ROOM = 300, 45, 14


def room(module: str) -> str:
    """`config` of `repro.config.load`; empty for `repro` itself."""
    return module.split(".")[1] if "." in module else ""


def imported(path: Path) -> Iterator[str]:
    """Absolute names of all modules that a file imports, wherever in it, for types alone included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_run_one_way() -> None:
    back = []
    for path in MODULES:
        here = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if here in ("__init__", "__main__"):
            continue
        for name in imported(path):
            there = room(name)
            if name.startswith("repro.") and there in ROOMS and ROOMS.index(there) > ROOMS.index(here):
                back.append(f"{path.relative_to(CHECKOUT)} imports {name}")
    assert back == []


def test_every_room_is_in_the_list_and_nothing_lies_loose() -> None:
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert there == {*ROOMS, "__init__", "__main__"}
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "__main__", "errors", "files"}


def test_no_room_is_full_and_nothing_is_too_long_to_read() -> None:
    full = {folder: count for folder, count in Counter(path.parent for path in MODULES).items() if count > FULL_ROOM}
    assert full == {}
    long = []
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LONGEST_MODULE:
            long.append(path.name)
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.FunctionDef)
                and node.end_lineno
                and node.end_lineno - node.lineno >= LONGEST_FUNCTION
            ):
                long.append(f"{path.name}: {node.name}")
    assert long == []


NAMES = {"pyyaml": "yaml", "scikit-learn": "sklearn"}
"""Distributions that are imported by another name."""


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [re.split(r"[><=\[ ]", line)[0] for line in project["dependencies"]]
    used = {name.partition(".")[0] for path in MODULES for name in imported(path)}
    foreign = used - set(sys.stdlib_module_names) - {"repro", "__future__"}
    assert foreign == {NAMES.get(name, name) for name in declared}


@pytest.mark.parametrize("private", ["repro"])
def test_no_test_reaches_for_a_private_name_of_a_module(private: str) -> None:
    found = []
    for path in sorted((CHECKOUT / "tests").glob("*.py")):
        for name in imported(path):
            if name.startswith(f"{private}.") and any(part.startswith("_") for part in name.split(".")):
                found.append(f"{path.name}: {name}")
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: {match}" for match in re.findall(r'"repro\.[\w.]*\._[a-z]\w*"', text)]
    assert found == []


OPENED = """
import json, sys
from pathlib import Path
opened = []
def hear(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and not isinstance(arguments[1], type(None)):
        if set(arguments[1]) <= set("rb"):
            opened.append(arguments[0])
from tiny import stand_in
from repro.cli.app import main
machine = stand_in()
machine.environment()
sys.addaudithook(hear)
try:
    main(sys.argv[1:], obj=machine)
finally:
    print(json.dumps(opened), file=sys.stderr)
"""


def opened(*line: object) -> Counter[Path]:
    """How often a command opens each file to read it."""
    done = command([sys.executable, "-c", OPENED], *line, cwd=CHECKOUT / "tests")
    assert done.returncode == 0, done.stderr
    return Counter(Path(name) for name in json.loads(done.stderr.splitlines()[-1]))


def test_a_dry_run_of_all_configs_opens_each_file_once(tmp_path: Path) -> None:
    configs = CHECKOUT / "configs"
    found = opened("run", configs, "-n", "-o", tmp_path)
    yamls = {path: count for path, count in found.items() if path.suffix == ".yaml"}
    data = {CHECKOUT / "data" / f"{name}.yaml" for name in ("fashion-mnist", "mnist", "sonar")}
    claimed = {path for path in yamls if path.parent == configs / "claims"}  # those that an article's claims are about
    assert yamls == dict.fromkeys({*configs.glob("*.yaml"), *configs.glob("articles/*.yaml"), *data, *claimed}, 1)


def test_the_first_run_of_an_experiment_reads_its_provenance_twice_at_most(tmp_path: Path) -> None:
    configs, out = write_configs(tmp_path / "configs"), tmp_path / "out"
    found = opened("run", configs / "tiny.yaml", "-o", out, "-q")
    assert (out / "tiny" / "provenance.json").is_file()
    assert found[out / "tiny" / "provenance.json"] <= 2
    assert found[out / "tiny" / "runs.csv"] <= 2
