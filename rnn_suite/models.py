"""From an experiment to a compiled Keras model: one table of cells, one table of heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnn_suite.errors import UnknownNameError
from rnn_suite.experiment import Experiment

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A recurrent cell: its layer, and the sizes its equations ask for."""

    layer: str
    """Name of the layer in `keras.layers`."""
    gates: int
    """Matrices W_x and W_h of the size of the state, gates and candidate counted."""
    biases: int
    """Bias vectors a gate."""


CELLS: dict[str, Cell] = {
    "simple_rnn": Cell(layer="SimpleRNN", gates=1, biases=1),
    # Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    "lstm": Cell(layer="LSTM", gates=4, biases=1),
    # Cho et al. 2014; Keras's default `reset_after` has a bias on either side.
    "gru": Cell(layer="GRU", gates=3, biases=2),
}
"""Recurrent cells, by our name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands on the last state, and what it is trained and judged by."""

    outputs: int
    activation: str
    loss: str
    metric: str


HEADS: dict[str, Head] = {
    "binary": Head(outputs=1, activation="sigmoid", loss="binary_crossentropy", metric="accuracy"),
}
"""Heads: a corpus with another kind of answer adds its row here."""


def cell_named(name: str) -> Cell:
    """Return the row of `CELLS` called `name`.

    Raises:
        UnknownNameError: if there is none.
    """
    if name not in CELLS:
        raise UnknownNameError("cell", name, sorted(CELLS))
    return CELLS[name]


def cell_layer(name: str) -> Callable[..., Any]:
    """Return the Keras layer class of the cell called `name`.

    Raises:
        UnknownNameError: if no row of `CELLS` has that name.
    """
    cell = cell_named(name)
    import keras

    layer: Callable[..., Any] = getattr(keras.layers, cell.layer)
    return layer


def head_of(experiment: Experiment) -> Head:
    """Return the head of the experiment's model.

    Raises:
        UnknownNameError: if no row of `HEADS` has its name.
    """
    name = experiment.model.head
    if name not in HEADS:
        raise UnknownNameError("head", name, sorted(HEADS))
    return HEADS[name]


def build_model(experiment: Experiment) -> keras.Model:
    """Build and compile the experiment's model: `int32[batch, maxlen]` to `float32[batch, outputs]`.

    The profile `full` gives the notebook's `Sequential(Embedding(10000, 128), cell(128),
    Dense(1, sigmoid))` with Adam and binary cross-entropy. Initial weights come from Keras's
    global seed.

    Raises:
        UnknownNameError: if the cell or the head is in no table.
    """
    model, corpus = experiment.model, experiment.corpus
    layer, head = cell_layer(model.cell), head_of(experiment)
    import keras

    stack: list[Any] = [
        keras.Input((corpus.maxlen,), dtype="int32"),
        keras.layers.Embedding(corpus.num_words, model.embedding_dim),
    ]
    for depth in range(model.layers):
        recurrent = layer(
            model.units,
            dropout=model.dropout,
            recurrent_dropout=model.recurrent_dropout,
            return_sequences=depth < model.layers - 1,
        )
        stack.append(keras.layers.Bidirectional(recurrent) if model.bidirectional else recurrent)
    stack.append(keras.layers.Dense(head.outputs, activation=head.activation))
    network = keras.Sequential(stack)
    network.compile(
        optimizer=keras.optimizers.Adam(experiment.training.learning_rate),
        loss=head.loss,
        metrics=[head.metric],
    )
    # Otherwise built in the first step, and a model could not be renewed before it.
    network.optimizer.build(network.trainable_variables)
    return network


def renew_model(model: keras.Model, experiment: Experiment) -> None:
    """Give `model` the state of a newly built one, keeping what is traced.

    Weights, optimizer state and the seeds of dropout become those that `build_model` would make now.

    Args:
        model: made by `build_model` for this experiment.
        experiment: what the model was built for.
    """
    fresh = build_model(experiment)
    for ours, theirs in (
        *zip(model.variables, fresh.variables, strict=True),
        *zip(model.optimizer.variables, fresh.optimizer.variables, strict=True),
    ):
        ours.assign(theirs)


def textbook_parameter_count(experiment: Experiment) -> int:
    """Return the number of trainable parameters that the equations ask for.

    A gate of width u over d inputs with b biases has u * (d + u + b) parameters.

    Raises:
        UnknownNameError: if the cell or the head is in no table.
    """
    model = experiment.model
    cell = cell_named(model.cell)
    directions = 2 if model.bidirectional else 1
    count = experiment.corpus.num_words * model.embedding_dim
    inputs = model.embedding_dim
    for _ in range(model.layers):
        count += directions * cell.gates * model.units * (inputs + model.units + cell.biases)
        inputs = directions * model.units
    return count + (inputs + 1) * head_of(experiment).outputs
