"""How much of the gradient reaches a word that stands some steps before the end."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np

from rnn_suite import oracle
from rnn_suite.checks.parts.parity import Draws, as_dtype
from rnn_suite.models import cell_layer
from rnn_suite.oracle.functions import Array

ROWS, STEPS, WIDTH, UNITS = 8, 31, 16, 16
LEARNING_RATE = 2.0**60
"""One step of gradient descent shows the gradient, as in `gradients`; so large because a gradient that has
vanished must stand out of the rounding of the vectors it is taken from."""

OPEN_GATE = 5.0
"""Bias of a gate that keeps sigmoid(5) = 0.993 of the state in every step."""


def initial_weights(cell: str, seed: int) -> list[Array]:
    """Return the weights that Keras gives a new layer."""
    keras.utils.set_random_seed(seed)
    layer = cell_layer(cell)(UNITS)
    layer.build((ROWS, STEPS, WIDTH))
    weights: list[Array] = layer.get_weights()
    return weights


def with_open_gate(cell: str, weights: list[Array]) -> list[Array]:
    """Return the weights with the bias of LSTM's forget gate, or of GRU's update gate, at `OPEN_GATE`."""
    *kernels, bias = weights
    bias = bias.copy()
    if cell == "lstm":
        bias[UNITS : 2 * UNITS] = OPEN_GATE
    else:
        bias[0, :UNITS] = OPEN_GATE
    return [*kernels, bias]


class Distances:
    """A recurrent layer behind word vectors, traced once, that is given weights and asked for gradients."""

    def __init__(self, cell: str) -> None:
        self.cell = cell
        draws = Draws(900)
        self._vectors = draws.normal(ROWS * STEPS, WIDTH)
        # Each place has a word of its own, so the gradient by a word's vector is that by one input.
        self._tokens = np.arange(ROWS * STEPS, dtype="int32").reshape(ROWS, STEPS)
        self._directions = draws.normal(ROWS, UNITS)
        self._model = keras.Sequential(
            [
                keras.Input((STEPS,), dtype="int32"),
                keras.layers.Embedding(*self._vectors.shape),
                cell_layer(cell)(UNITS),
            ]
        )
        self._model.compile(keras.optimizers.SGD(LEARNING_RATE), _along)
        # Otherwise built in the first step, which would then be traced twice.
        self._model.optimizer.build(self._model.trainable_variables)

    def gradient(self, weights: list[Array]) -> Array:
        """Return the gradient by the inputs, from Keras: float64[ROWS, STEPS, WIDTH]."""
        self._model.set_weights([self._vectors, *weights])
        self._model.train_on_batch(self._tokens, self._directions)
        after: Array = self._model.get_weights()[0].astype("float64")
        difference: Array = (self._vectors - after) / LEARNING_RATE
        return difference.reshape(ROWS, STEPS, WIDTH)

    def equations(self, weights: list[Array], dtype: str) -> Array:
        """Return the same from the oracle."""
        vectors, directions, *own = as_dtype(dtype, [self._vectors, self._directions, *weights])
        cell = oracle.make_cell(self.cell, own)
        unrolled = oracle.unroll(cell, vectors.reshape(ROWS, STEPS, WIDTH))
        d_outputs = np.zeros_like(unrolled.outputs)
        d_outputs[:, -1] = directions / ROWS
        return oracle.unroll_back(cell, unrolled, d_outputs)[0]


@functools.cache
def distances(cell: str) -> Distances:
    """Return the one `Distances` of `cell`."""
    return Distances(cell)


def share_by_distance(gradient: Array) -> Array:
    """Return the norm of the gradient by the input k steps before the last over that by the last: [STEPS]."""
    norms = np.linalg.norm(gradient, axis=(0, 2))[::-1]
    shares: Array = norms / norms[0]
    return shares


def _along(directions: Any, states: Any) -> Any:
    return keras.ops.sum(directions * states, axis=-1)
