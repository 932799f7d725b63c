from __future__ import annotations

import inspect
import re

import pytest

from repro.config import keras_names as names
from repro.config.keras_specs import SpecError, layer_spec

pytestmark = pytest.mark.slow

TABLES = {
    "layers": names.LAYERS,
    "optimizers": names.OPTIMIZERS,
    "initializers": names.INITIALIZERS,
    "constraints": names.CONSTRAINTS,
    "regularizers": names.REGULARIZERS,
    "losses": names.LOSSES,
}
ROWS = [(module, name, arguments) for module, table in TABLES.items() for name, arguments in table.items()]


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def signature(keras, module: str, name: str) -> set[str]:
    """Arguments of a Keras class, those of the optimizers' shared base included."""
    cls = getattr(getattr(keras, module), name)
    bases = [cls, keras.optimizers.Optimizer] if module == "optimizers" else [cls]
    return {argument for base in bases for argument in inspect.signature(base.__init__).parameters}


@pytest.mark.parametrize(("module", "name", "arguments"), ROWS, ids=[f"{row[0]}.{row[1]}" for row in ROWS])
def test_keras_has_every_class_with_every_argument(keras, module, name, arguments):
    assert set(arguments) - signature(keras, module, name) == set()


@pytest.mark.parametrize("name", names.REFUSED)
def test_what_is_refused_is_there_in_keras_and_not_in_our_tables(keras, name):
    modules = (keras.layers, keras.optimizers)
    assert any(hasattr(module, name) for module in modules) or name in (
        signature(keras, "optimizers", "SGD") | signature(keras, "layers", "Dense")
    )
    assert not any(name in table or any(name in row for row in table.values()) for table in TABLES.values())
    with pytest.raises(SpecError, match=f"Keras has it, but {re.escape(names.REFUSED[name])}; known: Activation,"):
        layer_spec(name)


@pytest.mark.parametrize("name", names.ACTIVATIONS)
def test_keras_has_every_activation(keras, name):
    assert callable(keras.activations.get(name))


@pytest.mark.parametrize("name", names.INITIALIZER_NAMES)
def test_keras_has_every_initializer_name(keras, name):
    initializer = keras.initializers.get(name)
    assert type(initializer).__name__ in names.INITIALIZERS


def test_normal_initializer_has_the_articles_standard_deviation(keras):
    assert keras.initializers.get("random_normal").get_config()["stddev"] == 0.05


@pytest.mark.parametrize(("name", "cls"), names.LOSS_NAMES.items())
def test_keras_has_every_loss_name(keras, name, cls):
    assert keras.losses.get(name) is getattr(keras.losses, name)
    assert getattr(keras.losses, cls)().name == name


@pytest.mark.parametrize(
    ("argument", "value"), [(key, value) for key in ("mode", "distribution") for value in names.CHOICES[key]]
)
def test_keras_takes_every_choice_of_variance_scaling(keras, argument, value):
    assert keras.initializers.VarianceScaling(**{argument: value}).get_config()[argument] == value
