"""What layers, `compile` and `fit` do where they are not told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnn_suite import oracle
from rnn_suite.checks.parts.drawn_layers import (
    BATCH,
    INPUTS,
    ROUNDING,
    STEPS,
    UNITS,
    called,
    drawn,
    flat,
    sequences,
)
from rnn_suite.checks.parts.parity import Draws, against_the_oracle, as_dtype
from rnn_suite.checks.parts.tensors import numbers
from rnn_suite.checks.topics._compiling import COMPILING
from rnn_suite.checks.topics._initial_weights import INITIAL_WEIGHTS
from rnn_suite.findings import Finding, close, equal
from rnn_suite.models import CELLS, cell_layer
from rnn_suite.oracle.functions import Array

OPTIONS: dict[str, Any] = {
    "activation": "tanh",
    "use_bias": True,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "return_sequences": False,
    "return_state": False,
    "go_backwards": False,
    "stateful": False,
    "unroll": False,
    "zero_output_for_mask": False,
}
"""Options of every recurrent layer."""
FURTHER: dict[str, dict[str, Any]] = {
    "lstm": {"recurrent_activation": "sigmoid", "unit_forget_bias": True},
    "gru": {"recurrent_activation": "sigmoid", "reset_after": True},
}
"""Options that only one cell has."""
ROWS, SIZES = 70, [32, 32, 6]
"""Rows that are no multiple of a batch of 32, and the batches that they give."""


def recurrent_layers_compute_tanh_and_sigmoid() -> Iterator[Finding]:
    """Call every cell with drawn weights and no options; the oracle's defaults are the textbook's."""
    inputs = sequences(0)
    for cell in CELLS:
        layer = drawn(cell_layer(cell)(UNITS))
        weights = layer.get_weights()

        def compute(dtype: str, cell: str = cell, weights: list[Array] = weights) -> list[Array]:
            equations = oracle.make_cell(cell, as_dtype(dtype, weights))
            return [oracle.unroll(equations, inputs.astype(dtype)).outputs[:, -1]]

        yield from against_the_oracle([cell], called(layer, inputs), compute)


def recurrent_layers_return_the_last_output_and_keep_nothing() -> Iterator[Finding]:
    """Call every cell with no options: twice, in training, and for sequences of any length."""
    inputs = sequences(0)
    for cell in CELLS:
        layer = drawn(cell_layer(cell)(UNITS))
        first = called(layer, inputs)
        yield equal(f"{cell}, shapes", [part.shape for part in first], [(BATCH, UNITS)])
        yield equal(f"{cell}, called again", called(layer, inputs)[0], first[0])
        yield equal(f"{cell}, in training", called(layer, inputs, training=True)[0], first[0])
        # Only a layer that was not unrolled can be traced for a length that is not known.
        graph = tf.function(layer).get_concrete_function(tf.TensorSpec((None, None, INPUTS)))
        shapes = [tuple(part.shape) for part in flat(graph.structured_outputs)]
        yield equal(f"{cell}, of any length", shapes, [(None, UNITS)])
        config = layer.get_config()
        for option, value in {**OPTIONS, **FURTHER.get(cell, {})}.items():
            yield equal(f"{cell}, {option}", config.get(option), value)


def both_directions_are_laid_side_by_side() -> Iterator[Finding]:
    """Call `Bidirectional` with no options, and its two layers one by one."""
    inputs = sequences(0)
    for cell in CELLS:
        layer = drawn(keras.layers.Bidirectional(cell_layer(cell)(UNITS)))
        apart = [called(side, inputs)[0] for side in (layer.forward_layer, layer.backward_layer)]
        yield close(
            cell,
            called(layer, inputs)[0],
            np.concatenate(apart, axis=-1),
            bound=ROUNDING,
            source="its layers",
        )


def embeddings_mask_nothing_and_dense_layers_change_nothing() -> Iterator[Finding]:
    """Call `Embedding` on all its words, and `Dense` with a known kernel: W x + b."""
    words = np.arange(STEPS, dtype="int32")[np.newaxis]
    embedding = keras.layers.Embedding(STEPS, INPUTS)
    tokens = keras.ops.convert_to_tensor(words)
    yield equal("Embedding, vectors", numbers(embedding(tokens))[0], embedding.get_weights()[0])
    yield equal("Embedding, mask", embedding.compute_mask(tokens), None)
    dense = keras.layers.Dense(UNITS)
    inputs = sequences(0)[:, 0]
    dense.build(inputs.shape)
    kernel, bias = (Draws(700).normal(*weight.shape) for weight in dense.get_weights())
    dense.set_weights([kernel, bias])
    expected = inputs.astype("float64") @ kernel + bias
    yield close("Dense", numbers(dense(inputs)), expected, bound=ROUNDING)


def numbers_are_float32() -> Iterator[Finding]:
    """Look at Keras's settings, and at a layer that was told nothing."""
    yield equal("floatx", keras.config.floatx(), "float32")
    yield equal("epsilon", keras.config.epsilon(), 1e-7)
    dense = keras.layers.Dense(1)
    outputs = numbers(dense(np.ones((1, 1))))
    yield equal("outputs", str(outputs.dtype), "float32")
    yield equal("weights", {str(weight.dtype) for weight in dense.get_weights()}, {"float32"})


def fit_evaluate_and_predict_take_batches_of_32() -> Iterator[Finding]:
    """Number the rows and note them as they come; `fit` shuffles them, and reads them once."""
    for name in ("fit", "evaluate", "predict"):
        sizes, rows = _noted(name)
        yield equal(f"{name}, sizes of the batches", sizes, SIZES)
        yield equal(f"{name}, rows, in order", sorted(rows), [*range(ROWS)])
        # Shuffled rows stand in their old order once in 70! runs.
        yield equal(f"{name}, shuffled", rows != [*range(ROWS)], name == "fit")


class _Outputs(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the answers of `predict`, batch by batch."""

    def __init__(self, note: Callable[[Any], None]) -> None:
        super().__init__()
        self._note = note

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the answers."""
        self._note(logs["outputs"])


def _noted(method: str) -> tuple[list[int], list[int]]:
    """Return the sizes of the batches that `method` takes, and the rows in the order in which they come."""
    sizes: list[int] = []
    rows: list[int] = []

    def note(seen: Any) -> None:
        batch = [int(number) for number in numbers(seen).ravel()]
        sizes.append(len(batch))
        rows.extend(batch)

    def told(seen: Any, outputs: Any) -> Any:
        note(seen)
        return keras.ops.mean(outputs, axis=-1)

    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)]
    )
    # Operation by operation, the loss is called in every step and sees numbers.
    model.compile(keras.optimizers.SGD(learning_rate=0.0), told, run_eagerly=True)
    given = np.arange(ROWS, dtype="float32")[:, np.newaxis]
    if method == "predict":
        model.predict(given, verbose=0, callbacks=[_Outputs(note)])
    else:
        getattr(model, method)(given, given, verbose=0)
    return sizes, rows


RULES = (
    *INITIAL_WEIGHTS,
    recurrent_layers_compute_tanh_and_sigmoid,
    recurrent_layers_return_the_last_output_and_keep_nothing,
    both_directions_are_laid_side_by_side,
    embeddings_mask_nothing_and_dense_layers_change_nothing,
    numbers_are_float32,
    *COMPILING,
    fit_evaluate_and_predict_take_batches_of_32,
)
