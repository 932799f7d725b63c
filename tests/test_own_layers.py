"""Layers that Keras does not have, as a config names them; nothing is trained here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import experiment

from repro.config.catalogue import Catalogue
from repro.config.vocabulary.own import OWN_LAYERS
from repro.config.vocabulary.specs import layer_spec
from repro.config.vocabulary.tables import FILE, GROUPS
from repro.errors import ConfigError
from repro.files import shipped
from repro.models.stackable import LAYERS
from repro.training.choice import choose

CONFIG = """\
title: A layer of our own
dataset: {name: sonar, standardize: true}
model:
  - Dense: {units: 4, activation: relu}
  - LAYER
  - Dense: {units: 1, activation: sigmoid}
training: {loss: binary_crossentropy, optimizer: adam, batch_size: 16, epochs: 3}
protocol: {stratified_k_fold: {folds: 10}}
"""
PAGE = (shipped("configs") / "README.md").read_text("utf-8")
WRITTEN = [
    row for row in re.findall(r"^\| `(\w+: \{.*?\})` \|", PAGE, re.MULTILINE) if row.partition(":")[0] in OWN_LAYERS
]


def read(folder: Path, layer: str) -> Any:
    path = folder / "own.yaml"
    path.write_text(CONFIG.replace("LAYER", layer))
    return Catalogue().experiment(path)


@pytest.mark.parametrize("written", WRITTEN)
def test_each_is_written_as_the_page_says_and_stacked_unless_it_says_so(written: str, tmp_path: Path) -> None:
    made = read(tmp_path, written)
    assert next(iter(made.model[1])) == written.partition(":")[0]
    (line,) = [line for line in PAGE.splitlines() if f"`{written}`" in line]
    assert choose(made).engine == ("graph" if "not stacked" in line else "stacked")


def test_the_page_has_them_all() -> None:
    assert {written.partition(":")[0] for written in WRITTEN} == OWN_LAYERS.keys()


@pytest.mark.parametrize("layer", OWN_LAYERS)
def test_what_can_be_stacked_is_what_can_be_written(layer: str) -> None:
    arguments = GROUPS["layers"].classes[layer]
    assert set(LAYERS[layer]) <= set(arguments)
    assert set(OWN_LAYERS[layer][1]) - {"always"} <= set(LAYERS[layer])


def test_noise_that_stays_on_is_for_the_graph_engine() -> None:
    layers = [{"MultiplicativeNoise": {"rate": 0.5, "always": always}} for always in (False, True)]
    engines = [choose(experiment(model=[layer, {"Dense": {"units": 1}}])) for layer in layers]
    assert [choice.engine for choice in engines] == ["stacked", "graph"]
    assert engines[1].reason == "MultiplicativeNoise.always: its evaluation is without noise"


def test_a_layer_of_keras_keeps_its_meaning() -> None:
    assert not OWN_LAYERS.keys() & json.loads(FILE.read_text("utf-8"))["layers"].keys()
    assert layer_spec({"GaussianDropout": {"rate": 0.5}}) == {"GaussianDropout": {"rate": 0.5}}
    made = experiment(model=[{"GaussianDropout": {"rate": 0.5}}, {"Dense": {"units": 1}}])
    assert choose(made).engine == "graph"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("MultiplicativNoise: {rate: 0.5}",
         "model.1: unknown layer 'MultiplicativNoise'; did you mean 'MultiplicativeNoise'?"),
        ("MultiplicativeNoise: {}",
         "model.1.MultiplicativeNoise: expected rate, which MultiplicativeNoise has to name"),
        ("MultiplicativeNoise: {rate: 1}", "model.1.MultiplicativeNoise.rate: expected rate in [0, 1), got 1"),
        ("MultiplicativeNoise: {rate: 0.5, noise: gausian}",
         "model.1.MultiplicativeNoise.noise: unknown noise 'gausian'; did you mean 'gaussian'?"),
        ("MultiplicativeNoise: {rate: 0.5, scale: testing}",
         "model.1.MultiplicativeNoise.scale: unknown scale 'testing'; did you mean 'test'?"),
        ("MultiplicativeNoise: {rate: 0.5, noise: uniform, scale: test}",
         "model.1.MultiplicativeNoise.scale: expected training with uniform noise, whose mean is 1, got 'test'"),
        ("MultiplicativeNoise: {rate: 0.5, rate_end: 0}",
         "model.1.MultiplicativeNoise.rate_end: rate_end and over_updates belong together: give both or neither"),
        ("MultiplicativeNoise: {rate: 0.5, over_updates: 9}",
         "model.1.MultiplicativeNoise.over_updates: rate_end and over_updates belong together: give both or neither"),
        ("MultiplicativeNoise: {rate: 0.5, rate_end: 0.1, over_updates: 9, scale: test}",
         "model.1.MultiplicativeNoise.rate_end: expected none with scale: test, which knows one rate alone, got 0.1"),
        ("MultiplicativeNoise: {rate: 0.5, rate_end: 1, over_updates: 9}",
         "model.1.MultiplicativeNoise.rate_end: expected rate_end in [0, 1), got 1"),
        ("MultiplicativeNoise: {rate: 0.5, always: true, scale: test}",
         "model.1.MultiplicativeNoise.always: expected false with scale: test, which says what comes after training, "
         "got true"),
        ("MultiplicativeNoise: {rate: 0.5, always: true, rate_end: 0, over_updates: 9}",
         "model.1.MultiplicativeNoise.always: expected false with rate_end, which says what comes after training, got "
         "true"),
        ("VariationalDropout: {rate: 0.6, kl_weight: 0.1}",
         "model.1.VariationalDropout.rate: expected rate in (0, 0.5], got 0.6"),
        ("VariationalDropout: {rate: 0.5, kl_weight: 0.1, per: weight}",
         "model.1.VariationalDropout.per: unknown per 'weight'; known: layer, unit"),
        ("VariationalDense: {units: 3, rate: 0.5, kl_weight: 187}",
         "model.1.VariationalDense.kl_weight: expected kl_weight in [0, 1], got 187"),
        ("StandoutDense: {units: 3, alpha: big}", "model.1.StandoutDense.alpha: expected a number, got 'big'"),
        ("DropConnectDense: {units: 3, rate: 0.5, seed: 1}",
         "model.1.DropConnectDense.seed: unknown argument 'seed' of DropConnectDense; random numbers come from the "
         "experiment's own seeds: leave it out"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told_with_file_line_and_key(layer: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, layer)
    assert str(caught.value).replace(str(tmp_path / "own.yaml"), "own.yaml").split("\n") == [f"own.yaml:5: {message}"]
