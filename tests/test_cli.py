"""The command line without training: help, faults of the user, what a run would do, and what it must not touch."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from test_records import contents
from tiny import (
    CHECKOUT,
    REAL,
    STAND_IN,
    TINY,
    command,
    elsewhere,
    invoke,
    stand_in,
    stand_in_cell,
    write_configs,
)

import repro
from repro.cli.app import main
from repro.cli.machine import Machine
from repro.cli.progress import Plain
from repro.config.catalogue import Catalogue
from repro.report import text
from repro.report.build import current_summary
from repro.results.stored import read_stored


def walk(group: click.Group, names: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command and group with the words that lead to it."""
    yield " ".join(names), group
    for name, child in group.commands.items():
        if isinstance(child, click.Group):
            yield from walk(child, (*names, name))
        else:
            yield " ".join((*names, name)), child


COMMANDS = dict(walk(main))


@pytest.fixture
def configs(tmp_path) -> Path:
    return write_configs(tmp_path / "configs")


@pytest.fixture
def out(configs, tmp_path) -> Path:
    """Results of `tiny` and `other`, trained by the stand-in."""
    result = invoke("run", configs, "-o", tmp_path / "out", "-q", machine=stand_in())
    assert (result.exit_code, result.output) == (0, "")
    return tmp_path / "out"


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


# Help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name):
    found = COMMANDS[name]
    assert found.help
    assert found.get_short_help_str(200).endswith((".", "?"))
    silent = [part.name for part in found.params if isinstance(part, click.Option) and not part.help]
    assert silent == []
    result = invoke(*name.split(), "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith(f"Usage: repro {name}".rstrip())


def test_help_lists_the_exit_codes():
    stdout = " ".join(invoke("--help").stdout.split())
    assert (
        "Exit codes: 0 done, 1 regression found, 2 usage or configuration, 3 data, 4 machine, 5 a replica failed"
    ) in stdout
    assert "130 or 143 interrupted." in stdout


def test_version():
    assert invoke("--version").stdout == f"repro, version {repro.__version__}\n"


def test_list_names_every_shipped_experiment_under_its_article():
    stdout = invoke("list").stdout
    articles = [line for line in stdout.splitlines() if not line.startswith(" ")]
    published = "Published experiments besides: `repro list configs/published`."
    assert articles == [
        *("keras-fashion-mnist", "keras-sonar", "numpy-dropout", "tf2-mnist-ablation", "why-dropout-works"),
        published,
    ]
    assert re.search(r"^  sonar_hidden +Dropout on the hidden layers \(accuracy 83\.59%\)$", stdout, re.MULTILINE)
    assert re.search(r"^  sonar_control +Optimizer and max-norm", stdout, re.MULTILINE)
    assert "(no figure reported)" in stdout


def test_data_list_names_every_data_set():
    stdout = invoke("data", "list").stdout
    assert "sonar: Connectionist Bench (Sonar, Mines vs. Rocks)\n  208 rows of 60, 2 classes; present\n" in stdout
    assert "\nmnist: MNIST handwritten digits\n  60000 rows and 10000 test rows of 28 x 28, 10 classes; " in stdout


# No TensorFlow in the parent

NO_TENSORFLOW = """
import sys
from repro.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    heavy = {"tensorflow", "keras", "jax", "torch"} & {name.partition(".")[0] for name in sys.modules}
    sys.exit(f"imported: {sorted(heavy)}" if heavy else stop.code)
"""


@pytest.mark.parametrize(
    "line",
    [["--help"], ["run", "--help"], ["list"], ["data", "list"], ["data", "verify", "sonar"], ["schema"]],
    ids=" ".join,
)
def test_commands_that_need_no_tensorflow_do_not_import_it(line):
    done = command([sys.executable, "-c", NO_TENSORFLOW], *line)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("line", [["run", "-n", "CONFIGS"], ["run", "CONFIGS"], ["report"]], ids=" ".join)
def test_nor_do_a_dry_run_a_run_without_anything_to_train_and_a_report(line, configs, out):
    line = [str(configs) if part == "CONFIGS" else part for part in line]
    done = command([sys.executable, "-c", NO_TENSORFLOW], *line, "-o", out)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


# Faults of the user

RUN_FAULTS = {
    "unknown key": ("seeds: 3", "seedz: 3", "CONFIG:14: seedz: unknown key 'seedz'; did you mean 'seeds'?"),
    "misspelt layer": ("Dropout:", "Dropuot:", "CONFIG:6: model.1: unknown layer 'Dropuot'; did you mean 'Dropout'?"),
    "no such argument": (
        "units: 1,",
        "unit: 1, units: 1,",
        "CONFIG:7: model.2.Dense.unit: unknown argument 'unit' ",
    ),
    "5e-4": (
        "0.05",
        "5e-4",
        "CONFIG:10: training.optimizer.SGD.learning_rate: YAML reads 5e-4 as text: write 5.0e-4, ",
    ),
    "not a number": ("0.05", ".nan", "CONFIG:10: training.optimizer.SGD.learning_rate: expected a finite decimal "),
    "infinite": ("0.05", ".inf", "CONFIG:10: training.optimizer.SGD.learning_rate: expected a finite decimal number, "),
    "negative rate": (
        "0.05",
        "-0.05",
        "CONFIG:10: training.optimizer.SGD.learning_rate: expected learning_rate in (0, ",
    ),
    "no rate": ("0.05", "0", "CONFIG:10: training.optimizer.SGD.learning_rate: expected learning_rate in (0, 1000], "),
    "huge rate": ("0.05", "1.0e+9", "CONFIG:10: training.optimizer.SGD.learning_rate: expected learning_rate in (0, "),
    "duplicate key": ("seeds: 3", "seeds: 3\nseeds: 4", "CONFIG:15: seeds: duplicate key, first given on line 14"),
    "no folds": ("folds: 3", "folds: 0", "CONFIG:13: protocol.stratified_k_fold.folds: expected at least 2, got 0"),
    "no epochs": ("epochs: 3", "epochs: 0", "CONFIG:12: training.epochs: expected at least 1, got 0"),
    "no seeds": ("seeds: 3", "seeds: 0", "CONFIG:14: seeds: expected at least 1, got 0"),
    "negative seeds": ("seeds: 3", "seeds: -1", "CONFIG:14: seeds: expected at least 1, got -1"),
    "negative base seed": ("seeds: 3", "base_seed: -1", "CONFIG:14: base_seed: expected at least 0, got -1"),
    "a boolean": ("epochs: 3", "epochs: yes", "CONFIG:12: training.epochs: YAML reads yes as a boolean: "),
    "an object": ("seeds: 3", "note: !!python/object:os.system {}", "CONFIG:14: note: tags are not supported, "),
    "path in a name": ("sonar,", "../../x,", "CONFIG:3: dataset.name: expected a data description, NAME "),
    "path in the article": ("article: tiny", "article: ../x", "CONFIG:1: article: expected a name of a-z, 0-9, - and "),
    "unknown data set": ("sonar,", "sonra,", "CONFIG:3: dataset.name: unknown data set 'sonra'; did"),
    "more folds than rows": (
        "folds: 3",
        "folds: 209",
        "CONFIG: protocol.stratified_k_fold.folds: expected at most 208 (the rows of sonar), got 209",
    ),
    "more folds than rows of a class": (
        "folds: 3",
        "folds: 98",
        "configs/tiny.yaml: protocol.stratified_k_fold: 98 folds need at least 98 rows of every class, but class 1 has "
        "97: use at most 97 folds",
    ),
    "no test part": (
        "{stratified_k_fold: {folds: 3}}",
        "{fixed_split: {}}",
        "CONFIG: protocol: expected hold_out, k_fold, stratified_k_fold, splits_from or no_split, got fixed_split: "
        "data set 'sonar' has no test part of its own",
    ),
}


def refused(result: click.testing.Result, start: str, code: int, untouched: Path, only: str = "configs") -> None:
    """One message, the exit code, and nothing written beside what was there."""
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"Error: {start}")
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("\n")
    assert [path.name for path in untouched.iterdir()] == [only]


@pytest.mark.parametrize("fault", RUN_FAULTS)
def test_a_faulty_config_is_refused_with_one_message_and_nothing_written(configs, tmp_path, fault, monkeypatch):
    monkeypatch.chdir(tmp_path)
    old, new, message = RUN_FAULTS[fault]
    assert TINY.count(old) == 1
    config = configs / "tiny.yaml"
    config.write_text(TINY.replace(old, new))
    result = invoke("run", config)
    refused(result, message.replace("CONFIG", str(config)), 2, tmp_path)


FIXED = """\
extends: tiny.yaml
dataset: {name: mnist, standardize: false, divide_by: 255}
training: {batch_size: 100, loss: sparse_categorical_crossentropy}
"""
FIXED_FAULTS = {
    "a step that never comes": (
        "protocol: {fixed_split: {evaluate_at_steps: [0, 1800]}}",
        "protocol.fixed_split.evaluate_at_steps: expected 1799 as the last step (3 epochs of 600 steps, counted "
        "from 0), got 1800",
    ),
    "a training cut short": (
        "protocol: {fixed_split: {evaluate_at_steps: [0, 500]}}",
        "protocol.fixed_split.evaluate_at_steps: expected 1799 as the last step (3 epochs of 600 steps, counted "
        "from 0), got 500",
    ),
    "more validation than training": (
        "protocol: {fixed_split: {validation: {first: 60001}}}",
        "protocol.fixed_split.validation: expected some of the 60000 training rows of mnist and some left to train on, "
        "got 60001",
    ),
}


@pytest.mark.parametrize("options", [[], ["-n"]], ids=["run", "dry run"])
@pytest.mark.parametrize("fault", FIXED_FAULTS)
def test_a_protocol_that_does_not_fit_is_refused_before_any_data_is_read(
    configs, tmp_path, fault, options, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    protocol, message = FIXED_FAULTS[fault]
    (configs / "fixed.yaml").write_text(f"{FIXED}{protocol}\n")
    config = configs / "fixed.yaml"
    refused(invoke("run", config, *options), f"{config}: {message}\n", 2, tmp_path)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (
            "{name: digits, standardize: false}",
            "training.loss: expected sparse_categorical_crossentropy for the 10 classes of digits, "
            "got BinaryCrossentropy",
        ),
    ],
)
def test_a_data_set_that_does_not_fit_is_refused(configs, tmp_path, monkeypatch, dataset, message):
    monkeypatch.chdir(tmp_path)
    config = configs / "scaled.yaml"
    config.write_text(f"extends: tiny.yaml\ndataset: {dataset}\n")
    refused(invoke("run", config), f"{config}: {message}\n", 2, tmp_path)


@pytest.mark.parametrize(
    ("name", "text"),
    [("README.md", "# My notes\n\nYears of work.\n"), ("report.html", "<!doctype html><title>Mine</title>")],
)
@pytest.mark.parametrize("line", [("run", "configs/tiny.yaml", "-o"), ("report", "-o")], ids=["run", "report"])
def test_pages_of_others_are_not_replaced(configs, tmp_path, monkeypatch, name, text, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / name).write_text(text)
    start = f"docs/{name}: not made by repro, which would replace it; give results a folder of their own\n"
    refused(invoke(*line, "docs"), start, 2, tmp_path / "docs", name)
    assert (tmp_path / "docs" / name).read_text() == text


LINE_FAULTS = {
    "a file for results": (
        ["run", "configs/tiny.yaml", "-o", "configs/tiny.yaml"],
        "configs/tiny.yaml: expected a folder",
    ),
    "no such file": (
        ["run", "nowhere.yaml"],
        "expected a config, got 'nowhere.yaml': no such file, nor an experiment in ",
    ),
    "outside": (["run", "../../etc/passwd"], "expected a config, got '../../etc/passwd': no such file, nor an "),
    "absolute": (["run", "/nowhere/x.yaml"], "expected a config, got '/nowhere/x.yaml': no such file, nor an "),
    "NUL": (["run", "sonar\0hidden"], "expected a config, got 'sonar\\x00hidden': no such file, nor an experiment"),
    "long name": (["run", "a" * 300], "expected a config, got 'aaaaaaaaa"),
    "empty folder": (["run", "configs/empty"], "configs/empty: expected at least one experiment (*.yaml)\n"),
    "an article": (
        ["run", "configs/articles"],
        "configs/articles/mine.yaml: expected an experiment, got what looks like an article; name its experiments' fi",
    ),
    "an override that does not fit": (
        ["run", "configs/tiny.yaml", "-S", "dataset={name: digits, standardize: true}"],
        "configs/tiny.yaml -S dataset={name: digits, standardize: true}: training.loss: expected sparse_categorical_cr",
    ),
    "not a name": (["run", "configs/Tiny.yaml"], "expected a file called NAME.yaml, NAME of at most 64 of a-z, 0-9, "),
    "the same twice": (["run", "configs/tiny.yaml", "configs/tiny.yaml"], "expected each experiment once, got tiny tw"),
    "override without value": (["run", "configs/tiny.yaml", "-S", "seeds"], "-S seeds: expected KEY.PATH=VALUE, such"),
    "unknown override": (["run", "configs/tiny.yaml", "-S", "training.epoch=3"], "-S training.epoch: unknown key 'epo"),
    "no number": (
        ["run", "configs/tiny.yaml", "-S", "training.epochs=1e3"],
        "-S training.epochs: YAML reads 1e3 as te",
    ),
    "show of what does not fit": (
        ["show", "configs/tiny.yaml", "-S", "dataset={name: digits}"],
        "configs/tiny.yaml -S dataset={name: digits}: training.loss: expected sparse_categorical_crossentropy for the ",
    ),
    "show": (["show", "sonar_hiden"], "expected a config, got 'sonar_hiden': no such file, nor an experiment in "),
    "report": (["report", "-o", "nowhere"], "nowhere: no such results folder; `repro run CONFIG` makes one\n"),
    "data fetch": (["data", "fetch", "sonra"], "unknown data set 'sonra'; did you mean 'sonar'?\n"),
    "data verify": (
        ["data", "verify", "../x"],
        "expected a data description, NAME or a path ending in .yaml, got '../x'",
    ),
}


@pytest.mark.parametrize("fault", LINE_FAULTS)
def test_a_faulty_command_line_is_refused_with_one_message_and_nothing_written(configs, tmp_path, fault, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (configs / "empty").mkdir()
    (configs / "articles").mkdir()
    (configs / "articles" / "mine.yaml").write_text("title: Mine\nsource: here\n")
    (configs / "Tiny.yaml").write_text(TINY)
    line, message = LINE_FAULTS[fault]
    refused(invoke(*line), message, 2, tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["run"], "Missing argument 'CONFIG...'."),
        (["run", "sonar_hidden", "--seeds", "0"], "Invalid value for '--seeds': 0 is not in the range 1<=x<=10000."),
        (["run", "sonar_hidden", "--seeds", "-1"], "Invalid value for '--seeds': -1 is not in the range 1<=x<=10000."),
        (["run", "sonar_hidden", "-j", "0"], "Invalid value for '-j' / '--jobs': 0 is not in the range 1<=x<=256."),
        (["run", "sonar_hidden", "--engine", "jax"], "Invalid value for '--engine': 'jax' is not one of 'auto', "),
        (["run", "sonar_hidden", "--seed", "3"], "No such option '--seed'."),
        (["rum"], "No such command 'rum'."),
    ],
)
def test_wrong_usage_is_exit_code_2(line, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = invoke(*line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"\nError: {message}" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "word"), [(lambda path: path.write_text("M\n"), "damaged"), (Path.unlink, "not there")]
)
def test_damaged_data_is_exit_code_3_and_nothing_written(configs, tmp_path, damage, word):
    for name in ("sonar.yaml", "sonar.csv"):
        shutil.copy(CHECKOUT / "data" / name, configs)
    damage(configs / "sonar.csv")
    result = invoke("run", configs / "tiny.yaml", "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (3, "")
    first, second = result.stderr.splitlines()
    assert first == "tiny: left out, its data can't be had"
    assert second.startswith("Error: sonar: ")
    assert str(configs / "sonar.csv") in second
    assert word in second
    assert str(configs / "sonar.yaml") in second
    assert not (tmp_path / "out").exists()


# What a run would do, and why


def dry_run(configs: Path, out: Path, *options: str, machine: Machine | None = None) -> list[str]:
    before = snapshot(out) if out.is_dir() else None
    result = invoke("run", "-n", configs, "-o", out, *options, machine=machine)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (snapshot(out) if out.is_dir() else None) == before
    return result.stdout.splitlines()


def test_a_dry_run_on_nothing_says_so_and_writes_nothing(configs, tmp_path):
    assert dry_run(configs, tmp_path / "out") == [
        "other: 3 seeds to train, 0 stored (nothing is stored yet)",
        "tiny: 3 seeds to train, 0 stored (nothing is stored yet)",
        "other, tiny: stacked engine (all replicas of a seed can be trained in one program)",
    ]


UNCHANGED = "3 stored (nothing has changed)"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("", "", f"0 seeds to train, {UNCHANGED}"),
        ("seeds: 3", "# thirty would be better\nseeds: 3  # for now", f"0 seeds to train, {UNCHANGED}"),
        ("epochs: 3", "epochs: 4", "3 seeds to train, 0 stored (changed: training.epochs 3 -> 4)"),
        ("rate: 0.2", "rate: 0.25", "3 seeds to train, 0 stored (changed: model.1.Dropout.rate 0.2 -> 0.25)"),
        ("folds: 3", "folds: 4", "3 seeds to train, 0 stored (changed: protocol.stratified_k_fold.folds 3 -> 4)"),
        ("seeds: 3", "seeds: 3\nbase_seed: 1", "3 seeds to train, 0 stored (changed: base_seed not given -> 1)"),
        ("seeds: 3", "seeds: 5", "2 seeds to train, 3 stored (these seeds are not there yet)"),
        ("seeds: 3", "seeds: 2", "0 seeds to train, 2 stored (nothing has changed)"),
        ("title: A tiny network", "title: Another", f"0 seeds to train, {UNCHANGED}"),
        ("value: 0.7", "value: 0.8", f"0 seeds to train, {UNCHANGED}"),
    ],
)
def test_a_dry_run_says_what_would_be_trained_and_why(configs, out, old, new, line):
    assert old in TINY
    (configs / "tiny.yaml").write_text(TINY.replace(old, new) if old else TINY)
    assert dry_run(configs, out)[1] == f"tiny: {line}"


def test_two_changes_are_both_named(configs, out):
    lines = dry_run(configs, out, "-S", "training.epochs=4", "-S", "training.batch_size=8")
    reason = "changed: training.batch_size 64 -> 8; training.epochs 3 -> 4"
    assert lines[:2] == [f"{name}: 3 seeds to train, 0 stored ({reason})" for name in ("other", "tiny")]


def test_the_order_of_keys_re_trains_nothing(configs, out):
    head, tail = TINY.split("training:\n")
    training, rest = tail.split("protocol:")
    lines = training.splitlines(keepends=True)
    (configs / "tiny.yaml").write_text(f"protocol:{rest}training:\n{''.join(reversed(lines))}{head}")
    assert dry_run(configs, out)[1] == f"tiny: 0 seeds to train, {UNCHANGED}"


def test_other_versions_are_named(configs, out):
    python = sys.version.split()[0]
    expected = f"3 seeds to train, 0 stored (changed: environment.python '{python}' -> '3.99.0')"
    assert dry_run(configs, out, machine=stand_in(where=elsewhere()))[1] == f"tiny: {expected}"


def accuracy(out):
    return text.main_value(current_summary(read_stored(out, "tiny")))


def test_a_run_that_replaces_stored_results_says_why(configs, out):
    there = stand_in(moved, elsewhere())
    old = accuracy(out)
    result = invoke("run", configs / "tiny.yaml", "-o", out, machine=there)
    python, new = sys.version.split()[0], accuracy(out)
    said = (
        f"tiny: stored results replaced (environment.python '{python}' -> '3.99.0'); "
        f"test accuracy before: {old}, now: {new}\n"
    )
    assert old != new
    assert (result.exit_code, said in result.stderr) == (0, True)
    assert f"\n3 seeds trained · 2 of 3 seeds identical to the stored ones · {out}/report.html\n" in result.stdout
    assert invoke("run", configs / "tiny.yaml", "-o", out, "-q", machine=there).stderr == ""


def moved(task):
    """Another accuracy in the last fold of seed 1."""
    cell = stand_in_cell(task)
    *records, last, loss = cell.records
    last = dataclasses.replace(last, value=last.value + 0.1 * (task.seed == 1))
    return dataclasses.replace(cell, records=(*records, last, loss))


def test_a_run_that_makes_the_same_records_elsewhere_changes_no_file(configs, out):
    before, there = contents(out), stand_in(where=elsewhere())
    shutil.rmtree(out / ".cells")  # as in a fresh clone
    result = invoke("run", configs / "tiny.yaml", "-o", out, machine=there)
    assert f"\n3 seeds trained · 3 of 3 seeds identical to the stored ones · {out}/report.html\n" in result.stdout
    assert "replaced" not in result.stderr
    after = contents(out)
    assert {name: after[name] for name in after if ".cells" not in name} == {
        name: before[name] for name in before if ".cells" not in name
    }
    again = invoke("run", configs / "tiny.yaml", "-o", out, machine=there)
    assert again.stdout.splitlines()[-1].startswith("Nothing to train")


def test_the_other_engine_is_named(configs, out):
    assert dry_run(configs, out, "--engine", "keras")[1:] == [
        "tiny: 3 seeds to train, 0 stored (changed: engine 'stacked' -> 'keras')",
        "other, tiny: keras engine (asked for)",
    ]


def test_force_is_named(configs, out):
    assert dry_run(configs, out, "-f")[1] == "tiny: 3 seeds to train, 0 stored (asked for (--force))"


def test_a_cache_that_is_gone_is_named(configs, out):
    shutil.rmtree(out / ".cells")
    assert dry_run(configs, out)[1] == "tiny: 3 seeds to train, 0 stored (its finished seeds are not in the cache here)"


# What a run writes, and what it leaves alone


def test_the_same_run_again_writes_nothing(configs, out):
    before = snapshot(out)
    result = invoke("run", configs, "-o", out)
    assert result.exit_code == 0
    assert result.stdout.endswith(f"\nNothing to train: every seed is stored · {out}/report.html\n")
    assert snapshot(out) == before


def test_another_title_and_figure_train_nothing_and_are_in_the_tables(configs, out):
    before = snapshot(out)
    (configs / "tiny.yaml").write_text(TINY.replace("A tiny network", "Renamed").replace("0.7,", "0.71234,"))
    result = invoke("run", configs, "-o", out)
    assert "Nothing to train" in result.stdout
    table = (out / "tiny" / "table.md").read_text()
    assert table.startswith("# tiny: Renamed\n")
    assert "| 0.7123 |" in table
    assert "Renamed" in (out / "README.md").read_text()
    after = snapshot(out)
    kept = [name for name in before if name.startswith(".cells") or name.endswith("runs.csv")]
    assert len(kept) == 8
    assert [name for name in kept if after[name] != before[name]] == []


def test_fewer_seeds_use_those_that_are_there(configs, out):
    full = (out / "tiny" / "runs.csv").read_text()
    invoke("run", configs / "tiny.yaml", "-o", out, "--seeds", "2", "-q", machine=stand_in())
    fewer = (out / "tiny" / "runs.csv").read_text()
    assert full.startswith(fewer)
    assert {line.split(",")[1] for line in fewer.splitlines()[1:]} == {"0", "1"}
    invoke("run", configs / "tiny.yaml", "-o", out, "-q", machine=stand_in())
    assert (out / "tiny" / "runs.csv").read_text() == full


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ([], "results"),
        (["-S", "training.epochs=4"], "trials"),
        (["--seeds", "2"], "trials"),
        (["--engine", "keras"], "trials"),
        (["--seeds", "2", "-o", "mine"], "mine"),
    ],
)
def test_a_trial_is_kept_apart_from_the_results(configs, tmp_path, monkeypatch, options, folder):
    monkeypatch.chdir(tmp_path)
    result = invoke("run", "configs/tiny.yaml", *options, machine=stand_in())
    assert result.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"configs", folder}
    extra = " ".join(options).replace("--seeds 2", "-S seeds=2").replace(" -o mine", "")
    line = f"Made by `repro run configs/tiny.yaml{' ' * bool(extra)}{extra}`"
    assert line in (tmp_path / folder / "tiny" / "table.md").read_text()


def test_a_report_from_stored_records_alone_gives_the_same_bytes(out):
    def kept():  # all but the cache and the lock, which says when it was held
        return {name: file[0] for name, file in snapshot(out).items() if not name.startswith((".cells", ".lock"))}

    before = kept()
    shutil.rmtree(out / ".cells")
    for name in ("README.md", "report.html", "tiny/table.md", "tiny/summary.json", "tiny.svg"):
        (out / name).unlink()
    result = invoke("report", "-o", out)
    assert (result.exit_code, result.stderr) == (0, "")
    assert kept() == before


# Places


def test_a_folder_with_spaces_and_other_letters_and_no_home(tmp_path):
    folder = tmp_path / "Ergebnisse für 実験 №1"
    config = write_configs(folder / "my configs") / "tiny.yaml"
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "LANG", "LC_ALL")}
    environment |= {"LC_ALL": "C", "PYTHONPATH": str(CHECKOUT)}
    done = command(STAND_IN, "run", config, "-o", folder / "out", env=environment)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        0,
        f"3 seeds trained · {folder}/out/report.html",
    )
    assert done.stderr.splitlines()[-1] == "3 of 3 seeds (tiny), 0.0 s left"
    assert (folder / "out" / "tiny" / "table.md").is_file()


def test_a_terminal_that_knows_no_plus_minus_sign_is_no_obstacle(configs, out):
    done = command(REAL, "run", configs, "-o", out, env=os.environ | {"PYTHONIOENCODING": "ascii:strict"})
    assert (done.returncode, done.stderr) == (0, "")
    assert " over 3 seeds\n" in done.stdout


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder that this process may read and not write, even if it is root's."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    user = os.geteuid()
    yield folder
    os.seteuid(user)
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def lose_rights(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_a_read_only_results_folder_is_read_and_not_written(configs, out, nobody):
    shutil.copytree(out, nobody / "out", copy_function=shutil.copy2)
    shutil.copytree(configs, nobody / "configs")
    lose_rights(nobody)
    cached = invoke("run", nobody / "configs", "-o", nobody / "out")
    assert (cached.exit_code, cached.stderr) == (0, "")
    refused = invoke("run", nobody / "configs" / "tiny.yaml", "--seeds", "4", "-o", nobody / "out")
    assert (refused.exit_code, refused.stdout, refused.stderr) == (
        4,
        "",
        f"Error: {nobody}/out/.lock: can't be opened for locking: Permission denied; mend that or use -o FOLDER\n",
    )
    elsewhere = invoke("run", nobody / "configs" / "tiny.yaml", "-o", nobody / "new")
    assert (elsewhere.exit_code, elsewhere.stdout, elsewhere.stderr) == (
        4,
        "",
        f"Error: {nobody}/new/.lock: can't be opened for locking: Permission denied; mend that or use -o FOLDER\n",
    )


@pytest.mark.parametrize("line", [["schema"], ["list"], ["--help"], ["run", "-n", "sonar_hidden"]], ids=" ".join)
def test_a_reader_that_has_had_enough_is_no_error(line):
    with subprocess.Popen([*REAL, *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("line", "code"), [("run nowhere", 2), ("check -o nowhere", 6), ("run --sed 3", 2), ("data verify x", 2)]
)
def test_an_error_that_nobody_reads_has_its_exit_code(line, code):
    with subprocess.Popen([*REAL, *line.split()], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stderr.close()
    assert process.returncode == code


def test_a_run_that_nobody_watches_goes_on(configs, tmp_path):
    line = [*STAND_IN, "run", str(configs / "tiny.yaml"), "-o", str(tmp_path / "out")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stderr.close()
    assert process.returncode == 0
    assert (tmp_path / "out" / "tiny" / "table.md").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="left out: a device that is always full is Linux'")
def test_a_full_disk_behind_standard_output_is_a_fault_of_the_machine():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*REAL, "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (4, "Error: No space left on device\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="left out: a device that is always full is Linux'")
def test_an_error_that_can_not_be_written_has_its_exit_code():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*REAL, "run", "--sed", "3"], stdout=full, stderr=full, check=False)
    assert done.returncode == 2


def test_a_command_without_standard_output_does_its_work():
    done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *REAL, "--version"], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_quiet_progress_is_warnings_alone(capsys):
    for quiet in (False, True):
        plain = Plain(quiet)
        plain.say("fetched")
        plain.note("damaged")
    assert capsys.readouterr().err == "fetched\ndamaged\ndamaged\n"


@pytest.mark.parametrize("name", ["bob's", "my configs"])
def test_the_command_that_the_tables_name_can_be_given_again(configs, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    configs.rename(tmp_path / name)
    line = ["run", f"{name}/tiny.yaml", "-S", "training.epochs=2", "-o", "out"]
    assert invoke(*line, machine=stand_in()).exit_code == 0
    provenance = read_stored(tmp_path / "out", "tiny").provenance
    assert shlex.split(provenance.command) == ["repro", *line[:-2]]
    assert provenance.trial == "-S training.epochs=2"


def test_a_fault_of_repro_is_not_taken_for_a_regression(monkeypatch):
    monkeypatch.setattr(Catalogue, "experiment_files", lambda catalogue, folder: 1 / 0)
    result = invoke("list")
    assert result.exit_code == 70
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith(
        "ZeroDivisionError: division by zero\nThis is a fault of repro itself; please report it with the lines above.\n"
    )


# The installed package


@pytest.mark.slow
def test_the_wheel_carries_configs_and_data_and_works_anywhere(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    package, elsewhere = tmp_path / "site" / "repro", tmp_path / "elsewhere"
    elsewhere.mkdir()
    shipped = {
        str(path.relative_to(CHECKOUT))
        for folder in ("configs", "data")
        for path in (CHECKOUT / folder).rglob("*.*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    bundled = {str(path.relative_to(package / "_bundled")) for path in (package / "_bundled").rglob("*.*")}
    assert bundled == shipped
    assert not list(package.rglob("test_*.py"))

    def run(*line: str) -> str:
        done = command(REAL, *line, cwd=elsewhere, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")})
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert run("list") == invoke("list").stdout
    assert run("data", "verify", "sonar") == "sonar/sonar.csv: ok\n"
    assert run("run", "-n", "sonar_hidden") == (
        "sonar_hidden: 30 seeds to train, 0 stored (nothing is stored yet)\n"
        "sonar_hidden: stacked engine (all replicas of a seed can be trained in one program)\n"
    )
    assert list(elsewhere.iterdir()) == []
    location = (
        "import pathlib, repro.datasets as d, repro.config as c; "
        "print(d.verify(c.Catalogue().described(pathlib.Path(), 'sonar'))[0].where)"
    )
    done = command(
        [sys.executable, "-c", location], cwd=elsewhere, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    )
    assert done.stdout == f"{package}/_bundled/data/sonar.csv\n"


FIGURES = {
    "another split": (
        "split: validation",
        "reported.accuracy.split: expected test or train, which this protocol records, got validation",
    ),
    "a spread over folds": (
        "spread: 0.1, spread_over: folds",
        "reported.accuracy.spread_over: expected seeds, got folds: fixed_split has none",
    ),
    "a step that is not evaluated": (
        "steps: {599: 0.9, 700: 0.9}",
        "reported.accuracy.steps: expected steps that are evaluated, got 700",
    ),
}


@pytest.mark.parametrize("fault", FIGURES)
def test_a_figure_of_the_article_that_would_not_be_recorded_is_refused(configs, tmp_path, fault):
    given, message = FIGURES[fault]
    config = configs / "fixed.yaml"
    reported = f"reported:\n  accuracy: {{value: 0.9, unit: fraction, {given}}}\n"
    config.write_text(FIXED + "protocol: {fixed_split: {evaluate_every_epochs: 1}}\n" + reported)
    refused(invoke("run", "-n", config), f"{config}: {message}\n", 2, tmp_path)
    assert invoke("run", "-n", config, "-S", "training.epochs=1").exit_code == 0, "a trial may reach less"


@pytest.mark.parametrize("line", [("compare", "LONG", "x"), ("report", "-o", "LONG"), ("check", "-o", "LONG")])
def test_a_name_that_is_too_long_for_a_file_is_a_fault_of_the_user(line):
    long = "a" * 300
    result = invoke(*(long if part == "LONG" else part for part in line))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert long in result.stderr
    assert "File name too long" in result.stderr


def test_an_article_beside_a_config_of_ones_own_is_part_of_the_index(configs, out):
    (configs / "articles").mkdir()
    (configs / "articles" / "tiny.yaml").write_text("title: All mine\nsource: here\nslips: [One of mine.]\n")
    assert invoke("run", configs, "-o", out, "-q").exit_code == 0
    assert "One of mine." in (out / "README.md").read_text()
    assert invoke("report", "-o", out).exit_code == 0
    assert "One of mine." in (out / "README.md").read_text()
