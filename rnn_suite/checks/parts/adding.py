"""The adding problem: add the two numbers of a sequence that are marked (Hochreiter and Schmidhuber 1997)."""

from __future__ import annotations

import keras
import numpy as np

from rnn_suite.checks.parts.parity import Draws
from rnn_suite.models import cell_layer
from rnn_suite.oracle.functions import Array

STEPS, UNITS = 10, 16
ROWS, BATCH, EPOCHS = 4096, 64, 4
LEARNING_RATE = 1e-2
TEST_ROWS = 1000
VARIANCE = 1 / 6
"""Of the sum of two numbers that are uniform on 0 to 1: what the best constant answer is off, squared."""


def remaining_error(cell: str, seed: int) -> float:
    """Train `cell` from a seed and return its mean squared error on new sequences, over `VARIANCE`."""
    draws = Draws(seed)
    sequences, sums = _sequences(draws, ROWS)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((STEPS, 2)), cell_layer(cell)(UNITS), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "mse")
    # Otherwise built in the first step, which would then be traced twice.
    model.optimizer.build(model.trainable_variables)
    model.fit(sequences, sums, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    sequences, sums = _sequences(draws, TEST_ROWS)
    answers = keras.ops.convert_to_numpy(model(sequences))
    return float(np.mean((answers.astype("float64") - sums) ** 2)) / VARIANCE


def _sequences(draws: Draws, rows: int) -> tuple[Array, Array]:
    """Return numbers and marks, float32[rows, STEPS, 2], and the sums, float32[rows, 1].

    One number of the first half is marked, and one of the second.
    """
    numbers = draws.tokens(2**16, rows, STEPS).astype("float32") / 2**16
    marks = np.zeros_like(numbers)
    for half in (0, STEPS // 2):
        marks[np.arange(rows), half + draws.tokens(STEPS // 2, rows)] = 1
    return np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=1, keepdims=True)
