"""From an experiment to a compiled Keras model: one table of cells, one table of heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rnn_suite.errors import UnknownNameError
from rnn_suite.experiment import Experiment

if TYPE_CHECKING:
    import keras

CELLS: dict[str, str] = {"simple_rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
"""Recurrent cells: our name to the name of the layer in `keras.layers`."""


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


def cell_layer(name: str) -> Callable[..., Any]:
    """Return the Keras layer class of the cell called `name`.

    Raises:
        UnknownNameError: if no row of `CELLS` has that name.
    """
    if name not in CELLS:
        raise UnknownNameError("cell", name, sorted(CELLS))
    import keras

    layer: Callable[..., Any] = getattr(keras.layers, CELLS[name])
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
    return network


def textbook_parameter_count(experiment: Experiment) -> int:
    """Return the number of trainable parameters that the equations ask for.

    A gate of width u over d inputs has u * (d + u + 1) parameters. SimpleRNN has one gate, LSTM four
    (Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000), GRU three with a second
    bias each (`reset_after`, Keras's default).
    """
    model = experiment.model
    cell_layer(model.cell)
    gates, biases = {"simple_rnn": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[model.cell]
    directions = 2 if model.bidirectional else 1
    count = experiment.corpus.num_words * model.embedding_dim
    inputs = model.embedding_dim
    for _ in range(model.layers):
        count += directions * gates * model.units * (inputs + model.units + biases)
        inputs = directions * model.units
    return count + (inputs + 1) * head_of(experiment).outputs
