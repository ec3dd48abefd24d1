from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from rnn_suite.errors import UnknownNameError
from rnn_suite.experiment import Experiment, profile_experiment
from rnn_suite.models import CELLS, build_model, cell_layer, head_of, textbook_parameter_count


def trainable_parameters(model: Any) -> int:
    return sum(math.prod(weight.shape) for weight in model.trainable_variables)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_textbook_count_is_the_number_of_kerass_parameters(
    tiny: Callable[..., Experiment], cell: str, bidirectional: bool, layers: int
) -> None:
    # No two sizes are equal, so that a width in another's place shows.
    experiment = tiny(
        cell, bidirectional=bidirectional, layers=layers, units=5, embedding_dim=3, num_words=11
    )
    assert textbook_parameter_count(experiment) == trainable_parameters(build_model(experiment))


@pytest.mark.parametrize(
    ("cell", "expected"),
    # 10000 * 128 words, gates * 128 * (128 + 128 + biases), 128 + 1 of the head; by hand.
    [("simple_rnn", 1_313_025), ("lstm", 1_411_713), ("gru", 1_379_201)],
)
def test_the_notebooks_models_have_the_parameters_worked_out_by_hand(
    cell: str, expected: int
) -> None:
    experiment = profile_experiment("full", corpus="imdb", cell=cell)
    assert textbook_parameter_count(experiment) == expected
    assert trainable_parameters(build_model(experiment)) == expected


@pytest.mark.parametrize(("cell", "layer"), [(name, cell.layer) for name, cell in CELLS.items()])
def test_the_full_profile_is_the_notebooks_model_layer_by_layer(cell: str, layer: str) -> None:
    import keras

    model = build_model(profile_experiment("full", corpus="imdb", cell=cell))
    embedding, recurrent, dense = model.layers
    assert type(embedding) is keras.layers.Embedding
    assert (embedding.input_dim, embedding.output_dim, embedding.mask_zero) == (10_000, 128, False)
    assert type(recurrent) is getattr(keras.layers, layer)
    theirs = getattr(keras.layers, layer)(128).get_config()
    ours = recurrent.get_config()
    for config in (ours, theirs):
        config.pop("name")
    assert ours == theirs
    assert type(dense) is keras.layers.Dense
    assert (dense.units, dense.activation) == (1, keras.activations.sigmoid)
    assert model.input_shape == (None, 500)
    assert model.output_shape == (None, 1)


def test_the_model_is_compiled_as_the_notebook_compiles_it() -> None:
    import keras

    model = build_model(profile_experiment("full", corpus="imdb", cell="lstm"))
    ours, theirs = model.optimizer.get_config(), keras.optimizers.Adam(1e-3).get_config()
    for config in (ours, theirs):
        config.pop("name")
    assert type(model.optimizer) is keras.optimizers.Adam
    assert ours == theirs
    assert model.loss == "binary_crossentropy"
    config = model.get_compile_config()
    assert config["metrics"] == ["accuracy"]


@pytest.mark.parametrize("cell", CELLS)
def test_dropout_reaches_the_recurrent_layer(tiny: Callable[..., Experiment], cell: str) -> None:
    model = build_model(tiny(cell, dropout=0.25, recurrent_dropout=0.125))
    recurrent = model.layers[1]
    assert (recurrent.dropout, recurrent.recurrent_dropout) == (0.25, 0.125)


def test_every_recurrent_layer_but_the_last_hands_on_all_its_states(
    tiny: Callable[..., Experiment],
) -> None:
    model = build_model(tiny("gru", layers=3))
    assert [layer.return_sequences for layer in model.layers[1:4]] == [True, True, False]


def test_both_directions_are_concatenated(tiny: Callable[..., Experiment]) -> None:
    import keras

    recurrent = build_model(tiny("gru", bidirectional=True, units=5)).layers[1]
    assert type(recurrent) is keras.layers.Bidirectional
    assert recurrent.merge_mode == "concat"
    assert recurrent.output.shape == (None, 10)


@pytest.mark.parametrize("of", [textbook_parameter_count, build_model])
def test_an_unknown_cell_is_refused_with_the_known_ones(
    tiny: Callable[..., Experiment], of: Callable[[Experiment], Any]
) -> None:
    with pytest.raises(UnknownNameError, match=r"one of gru, lstm, simple_rnn\nReceived: 'ltsm'"):
        of(tiny("ltsm"))


@pytest.mark.parametrize("of", [head_of, textbook_parameter_count, build_model])
def test_an_unknown_head_is_refused_with_the_known_ones(
    tiny: Callable[..., Experiment], of: Callable[[Experiment], Any]
) -> None:
    with pytest.raises(
        UnknownNameError, match=r"head.\nExpected: one of .*binary.*\nReceived: 'tenfold'"
    ):
        of(tiny(head="tenfold"))


def test_an_unknown_cell_is_refused_before_keras_is_asked_for() -> None:
    with pytest.raises(UnknownNameError):
        cell_layer("Layer")
