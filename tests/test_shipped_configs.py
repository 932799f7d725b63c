"""The shipped files say what the articles say: hyper-parameters, figures and claims."""

from __future__ import annotations

import pytest

from repro.config import Catalogue, experiment_files, find_config
from repro.config.protocol import Protocol
from repro.config.schema import DatasetSpec, PythonFunction, PythonModel
from repro.files import shipped

SGD_BASELINE = {"SGD": {"learning_rate": 0.01, "momentum": 0.8}}
SGD_DROPOUT = {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}
L2 = {"L2": {"l2": 0.00005}}
CATALOGUE = Catalogue()
EXPERIMENTS = {path.stem: CATALOGUE.experiment(path) for path in experiment_files(shipped("configs"))}


def sonar_layers(dropout_before=(), **of_hidden_layers):
    layers = []
    for index, (units, activation) in enumerate([(60, "relu"), (30, "relu"), (1, "sigmoid")]):
        if index in dropout_before:
            layers.append({"Dropout": {"rate": 0.2}})
        dense = {"units": units, "activation": activation, "kernel_initializer": "random_normal"}
        layers.append({"Dense": dense | (of_hidden_layers if units > 1 else {})})
    return layers


def mnist_layers(*, dropout: bool, l2: bool):
    layers = [{"Flatten": {}}]
    for units in (256, 128, 64, 32, 10):
        penalty = {"kernel_regularizer": L2, "bias_regularizer": L2} if l2 else {}
        layers.append({"Dense": {"units": units, **({"activation": "relu"} if units > 10 else {}), **penalty}})
        if dropout and units >= 128:
            layers.append({"Dropout": {"rate": 0.5}})
    return layers


def fashion_mnist_model(rate: float) -> PythonModel:
    return PythonModel(python=PythonFunction(file="fashion_mnist_model.py", arguments={"rate": rate}, stacked=True))


MAX_NORM = {"kernel_constraint": {"MaxNorm": {"max_value": 3.0}}}
SONAR = {
    "sonar_baseline": sonar_layers(),
    "sonar_control": sonar_layers(**MAX_NORM),
    "sonar_visible": sonar_layers(dropout_before=[0], **MAX_NORM),
    "sonar_hidden": sonar_layers(dropout_before=[1, 2], **MAX_NORM),
}
FRESH = "_fresh_folds"
ADDED = {"sonar_control", "fashion_mnist_no_dropout", "mnist_plain", *(name + FRESH for name in SONAR)}
"""Experiments that are not in the articles."""
MODELS = {
    **SONAR,
    **{name + FRESH: model for name, model in SONAR.items()},
    "fashion_mnist": fashion_mnist_model(0.2),
    "fashion_mnist_no_dropout": fashion_mnist_model(0.0),
    "mnist_dropout": mnist_layers(dropout=True, l2=False),
    "mnist_dropout_l2": mnist_layers(dropout=True, l2=True),
    "mnist_l2": mnist_layers(dropout=False, l2=True),
    "mnist_plain": mnist_layers(dropout=False, l2=False),
}
STEPS = (0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 4689)


def test_these_experiments_are_shipped():
    assert set(EXPERIMENTS) >= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_models(name):
    assert EXPERIMENTS[name].model == MODELS[name]


@pytest.mark.parametrize("name", MODELS)
def test_default_seeds_and_shared_base_seed(name):
    assert (EXPERIMENTS[name].seeds, EXPERIMENTS[name].base_seed) == (30, 0)


def recipe(name: str):
    training = EXPERIMENTS[name].training
    return training.loss, training.optimizer, training.batch_size, training.epochs


@pytest.mark.parametrize("name", [name for name in MODELS if name.startswith("sonar")])
def test_sonar(name):
    experiment = EXPERIMENTS[name]
    optimizer = SGD_BASELINE if name.startswith("sonar_baseline") else SGD_DROPOUT
    folds = {} if FRESH in name else {"as_in": "scikit-learn 0.18", "random_state": 7}
    assert experiment.article == "keras-sonar"
    assert experiment.dataset == DatasetSpec(name="sonar", standardize=True)
    assert recipe(name) == ({"BinaryCrossentropy": {}}, optimizer, 16, 300)
    assert experiment.protocol == Protocol.model_validate({"stratified_k_fold": {"folds": 10} | folds})
    assert experiment.files == {}


@pytest.mark.parametrize("name", ["fashion_mnist", "fashion_mnist_no_dropout"])
def test_fashion_mnist(name):
    experiment = EXPERIMENTS[name]
    assert experiment.article == "keras-fashion-mnist"
    assert experiment.dataset == DatasetSpec(name="fashion-mnist", divide_by=255.0)
    assert recipe(name) == ({"SparseCategoricalCrossentropy": {}}, {"SGD": {"learning_rate": 0.01}}, 32, 60)
    split = {"evaluate_every_epochs": 1, "validation": {"first": 5000, "trained_on": True}}
    assert experiment.protocol == Protocol.model_validate({"fixed_split": split})
    assert list(experiment.files) == ["fashion_mnist_model.py"]


@pytest.mark.parametrize("name", ["mnist_dropout", "mnist_dropout_l2", "mnist_l2", "mnist_plain"])
def test_mnist(name):
    experiment = EXPERIMENTS[name]
    loss = {"SparseCategoricalCrossentropy": {"from_logits": True}}
    assert experiment.article == "tf2-mnist-ablation"
    assert experiment.dataset == DatasetSpec(name="mnist", divide_by=255.0)
    assert recipe(name) == (loss, {"Adam": {"learning_rate": 0.01}}, 128, 10)
    assert experiment.protocol == Protocol.model_validate(
        {"fixed_split": {"evaluate_at_steps": STEPS, "judged_step": 4500}}
    )


@pytest.mark.parametrize(
    ("name", "value", "spread", "quote"),
    [
        ("sonar_baseline", 86.04, 4.58, "Baseline: 86.04% (4.58%)"),
        ("sonar_visible", 83.52, 7.68, "Visible: 83.52% (7.68%)"),
        ("sonar_hidden", 83.59, 7.31, "Hidden: 83.59% (7.31%)"),
    ],
)
def test_figures_of_sonar(name, value, spread, quote):
    figure = EXPERIMENTS[name].reported["accuracy"]
    assert (figure.value, figure.unit, figure.printed_decimals, figure.quote) == (value, "percent", 2, quote)
    assert (figure.spread, figure.spread_over, figure.split) == (spread, "folds", "test")


def test_figures_of_fashion_mnist():
    accuracy, loss = (EXPERIMENTS["fashion_mnist"].reported[metric] for metric in ("accuracy", "loss"))
    assert (accuracy.stored, accuracy.printed_decimals, accuracy.margin, accuracy.split) == (0.8812, 4, None, "test")
    assert (loss.stored, loss.printed_decimals, loss.margin, loss.split) == (0.323, 4, None, "test")


ACCURACIES = {
    "mnist_dropout": (0.2225, 0.9414, 0.9523, 0.9559, 0.9541, 0.9557, 0.9623, 0.963, 0.961, 0.9635),
    "mnist_dropout_l2": (0.223, 0.9446, 0.9497, 0.9488, 0.9535, 0.9492, 0.9511, 0.9401, 0.9522, 0.9496),
    "mnist_l2": (0.2086, 0.942, 0.9467, 0.9648, 0.9653, 0.9577, 0.9623, 0.956, 0.9651, 0.9652),
}
LOSSES = {  # first, judged and last row of the article's table
    "mnist_dropout": (2.3945655822753906, 0.24929602444171906, 0.25821831822395325),
    "mnist_dropout_l2": (2.4295244216918945, 0.38989314436912537, 0.6070573329925537),
    "mnist_l2": (2.354185104370117, 0.13722452521324158, 0.18181777000427246),
}


@pytest.mark.parametrize("name", ACCURACIES)
def test_figures_of_mnist(name):
    accuracy, loss = (EXPERIMENTS[name].reported[metric] for metric in ("accuracy", "loss"))
    assert accuracy.steps == dict(zip(STEPS[:-1], ACCURACIES[name], strict=True)), "4689 repeats what 4500 measured"
    assert (accuracy.stored, accuracy.printed_decimals, accuracy.split) == (ACCURACIES[name][-1], 4, "test")
    assert tuple(loss.steps) == STEPS
    assert (loss.steps[0], loss.steps[4500], loss.steps[4689]) == LOSSES[name]
    assert (loss.stored, loss.split, loss.margin) == (LOSSES[name][1], "batch", None)


@pytest.mark.parametrize("name", sorted(ADDED))
def test_added_experiments_say_why_and_report_nothing_but_what_the_article_prints_of_their_model(name):
    assert EXPERIMENTS[name].note != ""
    of_the_article = EXPERIMENTS[name.removesuffix(FRESH)].reported if FRESH in name else {}
    assert EXPERIMENTS[name].reported == of_the_article


@pytest.mark.parametrize("name", sorted(set(MODELS) - ADDED))
def test_notes_are_not_inherited(name):
    assert EXPERIMENTS[name].note == ""


COMPARISONS = {
    "keras-sonar": {
        ("sonar_visible", "less", "sonar_baseline"),
        ("sonar_hidden", "less", "sonar_baseline"),
        ("sonar_visible", "less", "sonar_control"),
        ("sonar_hidden", "less", "sonar_control"),
        ("sonar_control", "less", "sonar_baseline"),
        ("sonar_control_fresh_folds", "less", "sonar_baseline_fresh_folds"),
        ("sonar_visible_fresh_folds", "less", "sonar_baseline_fresh_folds"),
        ("sonar_hidden_fresh_folds", "less", "sonar_baseline_fresh_folds"),
        ("sonar_visible_fresh_folds", "less", "sonar_control_fresh_folds"),
        ("sonar_hidden_fresh_folds", "less", "sonar_control_fresh_folds"),
    },
    "keras-fashion-mnist": {
        ("fashion_mnist", "greater", "fashion_mnist_no_dropout"),
        ("fashion_mnist", "less", "fashion_mnist_no_dropout"),
    },
    "tf2-mnist-ablation": {
        ("mnist_dropout_l2", "less", "mnist_dropout"),
        ("mnist_dropout_l2", "less", "mnist_l2"),
        ("mnist_dropout_l2", "less", "mnist_plain"),
        ("mnist_dropout", "less", "mnist_plain"),
        ("mnist_l2", "less", "mnist_plain"),
    },
}
CONTRASTS = {
    "main-effect-dropout": {"mnist_dropout": 0.5, "mnist_dropout_l2": 0.5, "mnist_plain": -0.5, "mnist_l2": -0.5},
    "main-effect-l2": {"mnist_l2": 0.5, "mnist_dropout_l2": 0.5, "mnist_plain": -0.5, "mnist_dropout": -0.5},
    "interaction": {"mnist_dropout_l2": 1, "mnist_plain": 1, "mnist_dropout": -1, "mnist_l2": -1},
}
FIGURES = {"keras-sonar": {"sonar_baseline"}, "keras-fashion-mnist": {"fashion_mnist"}, "tf2-mnist-ablation": set()}


def test_these_articles_are_shipped():
    assert {path.stem for path in (shipped("configs") / "articles").iterdir()} >= set(COMPARISONS)


@pytest.mark.parametrize("name", COMPARISONS)
def test_articles(name):
    path = shipped("configs") / "articles" / f"{name}.yaml"
    article = CATALOGUE.article(path)
    CATALOGUE.check_article(path)
    assert {
        (claim.a, claim.direction, claim.b) for claim in article.claims if claim.a and "[" not in claim.a
    } == COMPARISONS[name]
    assert {claim.figure_of for claim in article.claims if claim.figure_of} == FIGURES[name]
    assert article.deviations
    assert article.slips


def test_effects_of_the_ablation():
    article = CATALOGUE.article(shipped("configs") / "articles" / "tf2-mnist-ablation.yaml")
    assert {claim.id: claim.weights for claim in article.claims if claim.contrast and claim.added} == CONTRASTS


def test_what_the_sonar_claims_owe_to_the_optimizer():
    article = CATALOGUE.article(shipped("configs") / "articles" / "keras-sonar.yaml")
    parts = {claim.id: (claim.part.a, claim.part.b) for claim in article.claims if claim.part}
    control = ("sonar_control", "sonar_baseline")
    assert parts == {"visible-below-baseline": control, "hidden-below-baseline": control}


@pytest.mark.parametrize("name", MODELS)
def test_every_experiment_is_listed_by_its_article(name):
    article = CATALOGUE.article_of(find_config(name), EXPERIMENTS[name])
    assert name in article.experiments
