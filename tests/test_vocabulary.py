"""What YAML may name of Keras: the generated table, what is refused of it, and that all the rest builds."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import experiment

from repro.config import Catalogue
from repro.config.schema import Experiment
from repro.config.vocabulary import names
from repro.config.vocabulary.defaults import DEFAULTS, with_defaults
from repro.config.vocabulary.specs import SpecError, layer_spec, loss_spec, optimizer_spec
from repro.config.vocabulary.tables import ACTIVATIONS, FILE, GROUPS
from repro.datasets.base import RowType

FOLDER = Path("nowhere")
DENSE = {"Dense": {"units": 2}}

ARGUMENTS: dict[str, dict[str, object]] = {
    "Activation": {"activation": "relu"},
    "Bidirectional": {"layer": {"LSTM": {"units": 2}}},
    "CategoryEncoding": {"num_tokens": 9},
    "CenterCrop": {"height": 4, "width": 4},
    "Discretization": {"bin_boundaries": [0.0, 1.0]},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": "c"},
    "Embedding": {"input_dim": 9, "output_dim": 2},
    "GaussianNoise": {"stddev": 0.1},
    "GroupNormalization": {"groups": 3},
    "Hashing": {"num_bins": 3},
    "IntegerLookup": {"vocabulary": [1, 2, 3]},
    "MelSpectrogram": {"num_mel_bins": 4, "sequence_length": 16, "fft_length": 16, "sequence_stride": 8},
    "Normalization": {"mean": 0.5, "variance": 2.0},
    "Permute": {"dims": [2, 1]},
    "Pipeline": {"layers": [{"RandomFlip": {}}, {"Rescaling": {"scale": 0.5}}]},
    "RNN": {"cell": [{"LSTMCell": {"units": 2}}, {"GRUCell": {"units": 3}}]},
    "RandomCrop": {"height": 4, "width": 4},
    "RandomPosterization": {"factor": 4},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "RepeatVector": {"n": 3},
    "Rescaling": {"scale": 0.5},
    "Reshape": {"target_shape": [2, 3]},
    "Resizing": {"height": 4, "width": 4},
    "ReversibleEmbedding": {"input_dim": 9, "output_dim": 2},
    "SpectralNormalization": {"layer": DENSE},
    "STFTSpectrogram": {"frame_length": 8, "frame_step": 4, "fft_length": 8},
    "TimeDistributed": {"layer": DENSE},
}
USUAL: dict[str, object] = {
    "factor": 0.3,
    "filters": 2,
    "kernel_size": 3,
    "kl_weight": 0.01,
    "output_size": 2,
    "pool_size": 2,
    "rate": 0.5,
    "units": 3,
}
"""Values of arguments that have to be given."""

TOKENS = {"CategoryEncoding", "Embedding", "Hashing", "IntegerLookup", "ReversibleEmbedding"}
SEQUENCES = {"Bidirectional", "GRU", "LSTM", "Permute", "RNN", "SimpleRNN", "TimeDistributed"}
IMAGES = re.compile(
    r"2D|^Aug|^Auto|^Center|^Contrast|^Equal|^Pipeline|^Rand|^Resizing|^Solar|^GroupNormalization|^SpectralNorm"
)


def row_type(layer: str) -> RowType:
    """Rows that a layer takes."""
    if layer in TOKENS:
        return RowType((6,), "int32")
    if layer in ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"):
        return RowType((2, *[6] * int(layer[-2]), 2), "float32")
    if layer in SEQUENCES or "1D" in layer:
        return RowType((8, 3), "float32")
    if "3D" in layer:
        return RowType((6, 6, 6, 2), "float32")
    if layer in ("MelSpectrogram", "STFTSpectrogram"):
        return RowType((64,) if layer[0] == "M" else (64, 1), "float32")
    return RowType((8, 8, 3), "float32") if IMAGES.search(layer) else RowType((6,), "float32")


def spec_of(layer: str) -> dict[str, object]:
    """A layer with as few arguments as it takes."""
    needed = [name for name, each in names.LAYERS.classes[layer].items() if each.required]
    return {layer: ARGUMENTS[layer] if layer in ARGUMENTS else {name: USUAL[name] for name in needed}}


@pytest.mark.slow
def test_the_table_is_that_of_the_installed_keras():
    from repro.models.keras_tables import text

    assert FILE.read_text(encoding="utf-8") == text(), "run: make keras-tables"


@pytest.mark.slow
@pytest.mark.parametrize("layer", names.LAYERS.classes)
def test_every_layer_builds_and_trains_in_a_graph(layer):
    import tensorflow as tf

    from repro.models.build import build_model

    rows = row_type(layer)
    model = build_model(experiment(model=[spec_of(layer)]), rows, FOLDER)
    x = np.random.default_rng(0).integers(0, 5, (4, *rows.shape)).astype(rows.dtype)

    @tf.function(autograph=False)
    def step(trained, untrained):
        with tf.GradientTape() as tape:
            tape.watch(trained)
            outputs, state = model.stateless_call(trained, untrained, x, training=True)
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32))
        return tape.gradient(loss, trained), state

    trained, untrained = ([each.value for each in each_of] for each_of in (
        model.trainable_variables, model.non_trainable_variables))  # fmt: skip
    gradients, state = step(trained, untrained)
    assert [tuple(gradient.shape) for gradient in gradients] == [tuple(each.shape) for each in trained]
    assert len(state) == len(untrained)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", names.OPTIMIZERS.classes)
def test_every_optimizer_builds_with_a_schedule_and_clipping(optimizer):
    from repro.models.build import build_optimizer

    rate = {"ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}}
    built = build_optimizer(optimizer_spec({optimizer: {"learning_rate": rate, "clipvalue": 1}}))
    assert type(built).__name__ == optimizer
    assert float(built.learning_rate) == pytest.approx(0.1)
    assert built.clipvalue == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("loss", names.LOSSES.classes)
def test_every_loss_is_one_number_for_each_row(loss):
    from repro.models.build import build_loss

    probabilities = np.full((3, 2), 0.5, np.float32)
    labels = np.array([0, 1, 1]) if loss in names.INTEGER_LABELS else np.eye(2, dtype=np.float32)[[0, 1, 1]]
    assert tuple(build_loss(loss_spec(loss))(labels, probabilities).shape) == (3,)


SCHEDULES: dict[str, dict[str, object]] = {
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "warmup_target": 0.2, "warmup_steps": 2},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 10},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundaries": [2, 4], "values": [0.1, 0.05, 0.01]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 10},
}


@pytest.mark.slow
@pytest.mark.parametrize("schedule", names.SCHEDULES.classes)
def test_every_schedule_builds(schedule):
    from repro.models.build import build_optimizer

    spec = optimizer_spec({"SGD": {"learning_rate": {schedule: SCHEDULES[schedule]}}})
    assert float(build_optimizer(spec).learning_rate) == pytest.approx(0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("kernel_initializer", {"Constant": {"value": 1}}),
        *[("kernel_initializer", name) for name in names.INITIALIZERS.classes if name not in ("Constant", "STFT")],
        *[("kernel_initializer", name) for name in ("he_uniform", "glorot_normal", "zeros", "orthogonal", "identity")],
        *[("kernel_regularizer", value) for value in ("l1", "l2", {"L1L2": {"l1": 0.1, "l2": 1}})],
        *[("kernel_regularizer", name) for name in ("OrthogonalRegularizer",)],
        ("kernel_constraint", {"MaxNorm": {"max_value": 3, "axis": 0}}),
        *[("kernel_constraint", name) for name in ("NonNeg", "non_neg", "unit_norm", "MinMaxNorm")],
        ("activity_regularizer", {"L2": {"l2": 0.01}}),
        *[("activation", name) for name in ACTIVATIONS],
        *[("activation", name) for name in names.ACTIVATION_LAYERS.classes],
        ("activation", {"LeakyReLU": {"negative_slope": 0.1}}),
    ],
)
def test_every_initializer_regularizer_constraint_and_activation_builds(argument, value):
    from repro.models.build import build_model

    model = build_model(experiment(model=[{"Dense": {"units": 6, argument: value}}]), RowType((6,), "float32"), FOLDER)
    assert model.layers[0].get_config()[argument] is not None


@pytest.mark.slow
def test_nested_layers_are_those_that_were_written():
    from repro.models.build import build_model

    layers = [
        {"TimeDistributed": {"layer": {"Conv1D": {"filters": 2, "kernel_size": 2, "kernel_constraint": "NonNeg"}}}},
        {"TimeDistributed": {"layer": "Flatten"}},
        {"Bidirectional": {"layer": {"GRU": {"units": 3, "reset_after": False}}, "merge_mode": "sum"}},
    ]
    model = build_model(experiment(model=layers), RowType((4, 5, 2), "float32"), FOLDER)
    assert tuple(model.output_shape) == (None, 3)
    assert type(model.layers[0].layer.kernel_constraint).__name__ == "NonNeg"
    assert model.layers[2].merge_mode == "sum"
    assert not model.layers[2].forward_layer.cell.reset_after


@pytest.mark.parametrize(
    ("check", "given", "meant"),
    [
        (optimizer_spec, "adam", {"Adam": {}}),
        (optimizer_spec, "rmsprop", {"RMSprop": {}}),
        (optimizer_spec, {"sgd": {"momentum": 1}}, {"SGD": {"momentum": 1.0}}),
        (loss_spec, "mse", {"MeanSquaredError": {}}),
        (loss_spec, "mae", {"MeanAbsoluteError": {}}),
        (loss_spec, "categorical_crossentropy", {"CategoricalCrossentropy": {}}),
        (loss_spec, {"Huber": {"delta": 2}}, {"Huber": {"delta": 2.0}}),
        (layer_spec, {"Convolution2D": {"filters": 3, "kernel_size": [3, 3]}},
         {"Conv2D": {"filters": 3, "kernel_size": [3, 3]}}),
        (layer_spec, "MaxPool2D", {"MaxPooling2D": {}}),
        (layer_spec, {"ZeroPadding2D": {"padding": [[1, 0], [0, 1]]}},
         {"ZeroPadding2D": {"padding": [[1, 0], [0, 1]]}}),
        (layer_spec, {"Dense": {"units": 1, "kernel_initializer": "he_uniform", "bias_regularizer": "l2"}},
         {"Dense": {"units": 1, "kernel_initializer": "he_uniform", "bias_regularizer": {"L2": {"l2": 0.01}}}}),
        (layer_spec, {"Dense": {"units": 1, "activation": None}}, {"Dense": {"units": 1, "activation": None}}),
        (layer_spec, {"ReLU": {"max_value": None}}, {"ReLU": {"max_value": None}}),
    ],
)  # fmt: skip
def test_names_that_keras_takes_are_one_configuration(check, given, meant):
    assert check(given) == meant


SEVERAL = "it takes several inputs, and a list of layers is one chain; use model: {python: {file: FILE.py, function: " \
    "build}}"  # fmt: skip
NEVER = "random numbers come from the experiment's own seeds: leave it out"


@pytest.mark.parametrize(
    ("check", "given", "message"),
    [
        (layer_spec, "Dens", "unknown layer 'Dens'; did you mean 'Dense'?"),
        (layer_spec, "Qqqq", "unknown layer 'Qqqq'; Keras 3.15 has none of that name"),
        (layer_spec, "CuDNNLSTM", "unknown layer 'CuDNNLSTM'; today it is 'LSTM'"),
        (layer_spec, "Add", f"unknown layer 'Add'; Keras has it, but {SEVERAL}"),
        (layer_spec, {"MultiHeadAttention": {"num_heads": 2}},
         f"unknown layer 'MultiHeadAttention'; Keras has it, but {SEVERAL}"),
        (layer_spec, {"Lambda": {"function": "x"}},
         "unknown layer 'Lambda'; Keras has it, but it holds code, which YAML "
         "can't; use model: {python: {file: FILE.py, function: build}}"),
        (layer_spec, "InputLayer",
         "unknown layer 'InputLayer'; Keras has it, but the shape of rows is that of the data"),
        (layer_spec, "TextVectorization",
         "unknown layer 'TextVectorization'; Keras has it, but it takes text, and rows are numbers"),
        (layer_spec, {"LSTMCell": {"units": 2}},
         "unknown layer 'LSTMCell'; Keras has it, but it is a cell; write RNN: {cell: ...}"),
        (layer_spec, "Normalization", "expected mean and variance, which Normalization has to name"),
        (layer_spec, {"Conv2D": {"filters": 3}}, "expected kernel_size, which Conv2D has to name"),
        (layer_spec, {"Conv2D": {"filters": 3, "kernel_sise": 3}},
         "expected kernel_size, which Conv2D has to name; unknown argument 'kernel_sise' of Conv2D; did you mean "
         "'kernel_size'?"),
        (layer_spec, {"Conv2D": {"filters": 3, "kernel_size": 3.5}},
         "expected a whole number or a list of whole numbers, got 3.5"),
        (layer_spec, {"Conv2D": {"filters": 0, "kernel_size": 3}}, "expected filters in [1, 1000000], got 0"),
        (layer_spec, {"Conv2D": {"filters": 3, "kernel_size": 3, "padding": "sam"}},
         "unknown padding 'sam'; did you mean 'same'?"),
        (layer_spec, {"Conv2D": {"filters": 3, "kernel_size": 3, "border_mode": "same"}},
         "unknown argument 'border_mode' of Conv2D; today it is 'padding'"),
        (layer_spec, {"Dropout": {"rate": 0.5, "seed": 1}}, f"unknown argument 'seed' of Dropout; {NEVER}"),
        (layer_spec, {"Dense": {"units": 2, "input_dim": 8}},
         "unknown argument 'input_dim' of Dense; the shape of rows is that of the data: leave it out"),
        (layer_spec, {"LSTM": {"units": 2, "stateful": True}},
         "unknown argument 'stateful' of LSTM; it carries state from "
         "one batch to the next, and batches are drawn at random"),
        (layer_spec, {"LSTM": {"units": 2, "return_sequences": 1}}, "expected true or false, got 1"),
        (layer_spec, {"Bidirectional": {"layer": {"LSTN": {"units": 2}}}},
         "unknown layer 'LSTN'; did you mean 'LSTM'?"),
        (layer_spec, {"RNN": {"cell": {"LSTM": {"units": 2}}}}, "unknown cell 'LSTM'; did you mean 'LSTMCell'?"),
        (layer_spec, {"Dense": {"units": 2, "activation": "relo"}}, "unknown activation 'relo'; did you mean 'relu'?"),
        (layer_spec, {"Dense": {"units": 2, "activation": {"Dense": {"units": 2}}}},
         "unknown activation 'Dense'; known: ELU, LeakyReLU, PReLU, ReLU, Softmax"),
        (layer_spec, {"Dense": {"units": 2, "kernel_initializer": "normal"}},
         "unknown initializer 'normal'; did you mean "
         "'random_normal', which is what Keras makes of it?"),
        (layer_spec, {"Dense": {"units": 2, "kernel_constraint": "max_norm"}},
         "a bare max-norm means 2 in Keras: write {MaxNorm: {max_value: ...}}"),
        (layer_spec, {"Dense": {"units": 2, "kernel_regularizer": "l1_l2"}},
         "expected l1 and l2, which L1L2 has to name"),
        (layer_spec, {"Embedding": {"input_dim": 9, "output_dim": 2, "input_length": 5}},
         "unknown argument 'input_length' of Embedding; the shape of rows is that of the data: leave it out; dataset: "
         "{maxlen: ...} is how long sequences are"),
        (optimizer_spec, "rmsprob", "unknown optimizer 'rmsprob'; did you mean 'rmsprop'?"),
        (optimizer_spec, "LossScaleOptimizer",
         "unknown optimizer 'LossScaleOptimizer'; Keras has it, but it wraps other "
         "optimizers, which YAML can't hold"),
        (optimizer_spec, {"SGD": {"lr": 0.1}}, "unknown argument 'lr' of SGD; today it is 'learning_rate'"),
        (optimizer_spec, {"SGD": {"decay": 0.1}},
         "unknown argument 'decay' of SGD; it is a schedule today: learning_rate: "
         "{InverseTimeDecay: {initial_learning_rate: RATE, decay_steps: 1, decay_rate: DECAY}}"),
        (optimizer_spec, {"SGD": {"learning_rate": "fast"}},
         "unknown learning-rate schedule 'fast'; known: CosineDecay, CosineDecayRestarts, ExponentialDecay, "
         "InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay"),
        (optimizer_spec, {"SGD": {"learning_rate": {"ExponentialDecay": {"decay_steps": 5}}}},
         "expected initial_learning_rate and decay_rate, which ExponentialDecay has to name"),
        (optimizer_spec, {"Adam": {"clipnorm": 0}}, "expected clipnorm in (0, 1000000000], got 0"),
        (loss_spec, "CTC",
         "unknown loss 'CTC'; Keras has it, but it compares sequences of labels, and a row has one label"),
        (loss_spec, {"MeanSquaredError": {"reduction": "sum"}},
         "unknown argument 'reduction' of MeanSquaredError; the loss "
         "is the mean over the rows of a batch: leave it out"),
        (loss_spec, "kullback_leibler_divergence", "unknown loss 'kullback_leibler_divergence'; today it is "
         "'kl_divergence'"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_with_the_reason(check, given, message):
    with pytest.raises(SpecError) as caught:
        check(given)
    assert str(caught.value) == message


def test_a_fault_in_a_nested_layer_has_its_place():
    with pytest.raises(SpecError) as caught:
        layer_spec({"Bidirectional": {"layer": {"LSTM": {"units": 2, "dropout": 1.5}}}})
    assert [fault.path for fault in caught.value.faults] == [("Bidirectional", "layer", "LSTM", "dropout")]


@pytest.mark.parametrize("name", [*names.REFUSED_ARGUMENTS, *names.RENAMED, *names.BOUNDS, *names.CHOICES])
def test_rules_for_an_argument_of_a_class_name_one_that_keras_has(name):
    owner, dot, argument = name.partition(".")
    if dot:
        tables = [group.classes[owner] for group in GROUPS.values() if owner in group.classes]
        known = names.REFUSED_ARGUMENTS.keys() | names.RENAMED.keys()
        assert tables
        assert name in known or argument in tables[0]


def test_every_bound_and_choice_is_of_an_argument_that_exists():
    everywhere = {argument for group in GROUPS.values() for row in group.classes.values() for argument in row}
    assert {name.rpartition(".")[2] for name in (*names.BOUNDS, *names.CHOICES)} <= everywhere
    for owner, needed in names.REQUIRED.items():
        table = next(group.classes[owner] for group in GROUPS.values() if owner in group.classes)
        assert set(needed) <= set(table)


def test_what_is_refused_is_there_in_keras_and_not_in_our_tables():
    classes = {name for group in GROUPS.values() for name in group.classes} | {"Input"}
    assert set(names.REFUSED) <= classes
    for group in (names.LAYERS, names.LOSSES, names.OPTIMIZERS):
        assert not set(names.REFUSED) & set(group.classes)


def in_the_day_of(name: str, **changes: object) -> Experiment:
    return experiment(**changes, defaults=name)


@pytest.mark.parametrize(
    ("name", "optimizer", "meant"),
    [
        ("keras-2.0", "adadelta", {"learning_rate": 1.0, "epsilon": 1e-8}),
        ("keras-2.1", "adadelta", {"learning_rate": 1.0}),
        ("keras-2.3", {"Adagrad": {"epsilon": 0.1}}, {"learning_rate": 0.01, "initial_accumulator_value": 0.0,
                                                      "epsilon": 0.1}),
        ("keras-2.3", {"Adamax": {"learning_rate": 0.5}}, {"learning_rate": 0.5}),
        ("keras-1.2", "adam", {"epsilon": 1e-8}),
        ("keras-2.3", "adam", {}),
        ("tf-keras-2", "adadelta", {}),
    ],
)  # fmt: skip
def test_defaults_of_the_day_fill_in_what_an_optimizer_leaves_out(name, optimizer, meant):
    training = experiment().training.model_dump() | {"optimizer": optimizer}
    made = in_the_day_of(name, training=training)
    (arguments,) = made.training.optimizer.values()
    assert arguments == meant
    assert made.trained["training"]["optimizer"] == made.training.optimizer
    assert Experiment.model_validate(made.model_dump()) == made


def test_defaults_of_the_day_reach_layers_within_layers():
    layers = [{"Bidirectional": {"layer": {"GRU": {"units": 2, "recurrent_initializer": "orthogonal"}}}}, "Dropout"]
    (wrapped,) = in_the_day_of("keras-1.2", model=layers[:1]).model
    assert wrapped["Bidirectional"]["layer"]["GRU"] == {
        "units": 2,
        "recurrent_activation": "hard_sigmoid",
        "reset_after": False,
        "recurrent_initializer": {"Orthogonal": {"gain": 1.1}},
    }
    assert with_defaults([DENSE], "keras-1.2") == [DENSE]


def test_an_override_takes_back_what_the_defaults_of_the_day_have_filled_in(tmp_path):
    text = (
        "title: Old\ndataset: {name: sonar}\nmodel: [{Dense: {units: 1}}]\n"
        "training: {loss: mse, optimizer: adadelta, batch_size: 8, epochs: 1}\n"
        "protocol: {k_fold: {folds: 2}}\ndefaults: keras-2.0\n"
    )
    (tmp_path / "old.yaml").write_text(text)
    made = {
        override: Catalogue().experiment(tmp_path / "old.yaml", override).training.optimizer["Adadelta"]
        for override in ((), ("defaults=null",), ("defaults=keras-2.3",), ("training.optimizer.Adadelta.rho=0.5",))
    }
    assert list(made.values()) == [
        {"learning_rate": 1.0, "epsilon": 1e-8},
        {},
        {"learning_rate": 1.0},
        {"learning_rate": 1.0, "epsilon": 1e-8, "rho": 0.5},
    ]


def test_unknown_defaults_are_suggested():
    with pytest.raises(ValueError, match=r"unknown defaults 'keras-2\.00'; did you mean 'keras-2\.0'\?"):
        in_the_day_of("keras-2.00")


def test_old_defaults_differ_from_todays_and_are_of_arguments_that_exist():
    for each in DEFAULTS.values():
        for cls, values in each.values.items():
            table = next(group.classes[cls] for group in GROUPS.values() if cls in group.classes)
            assert all(table[argument].default != value for argument, value in values.items())
