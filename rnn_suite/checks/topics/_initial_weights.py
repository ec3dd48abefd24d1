"""The rules of initial weights: how each kind of layer draws them where it is not told otherwise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from scipy import stats

from rnn_suite.findings import FLOAT32_EPSILON, Finding, close, equal, within
from rnn_suite.models import CELLS, cell_layer
from rnn_suite.oracle.functions import Array

SEED = 1
INPUTS, UNITS = 128, 96
CHANCE = 1e-8
"""That a good library breaks one statistical finding: all of them together stay below 1e-6."""
LAYERS = 40
"""Layers whose first recurrent weight is looked at; all of one sign by chance: 2^-39."""
ORTHOGONAL = 16 * FLOAT32_EPSILON
"""A QR decomposition in float32: below 5 epsilon was measured."""


def kernels_begin_uniform_as_glorot_has_it() -> Iterator[Finding]:
    """Look at the kernels of every cell and of `Dense`: U(-a, a), a = sqrt(6 / (inputs + outputs)).

    Glorot and Bengio 2010. The outputs are all columns, those of all gates together.
    """
    for name, layer in _built().items():
        kernel = layer.get_weights()[0]
        yield from _uniform(name, kernel, math.sqrt(6 / sum(kernel.shape)))


def embeddings_begin_uniform() -> Iterator[Finding]:
    """Look at the vectors of `Embedding`: U(-0.05, 0.05)."""
    keras.utils.set_random_seed(SEED)
    layer = keras.layers.Embedding(INPUTS, UNITS)
    layer.build((1, 1))
    yield from _uniform("Embedding", layer.get_weights()[0], 0.05)


def recurrent_kernels_begin_orthogonal() -> Iterator[Finding]:
    """Multiply the recurrent kernel, [units, gates * units], by itself: its rows are orthonormal.

    And look at the first weight of many: a decomposition without its random signs gives all of them one
    sign (Mezzadri 2007).
    """
    built = _built()
    for cell in CELLS:
        rows = built[cell].get_weights()[1].astype("float64")
        yield close(cell, rows @ rows.T, np.eye(UNITS), bound=ORTHOGONAL, source="the identity")
        initial = built[cell].recurrent_initializer
        # One initializer repeats itself; each layer has its own.
        each = [type(initial).from_config(initial.get_config()) for _ in range(LAYERS)]
        first = [float(keras.ops.convert_to_numpy(draw((2, 2)))[0, 0]) for draw in each]
        yield equal(f"{cell}, first weights that differ", len(set(first)), LAYERS)
        low, high = (stats.binom.ppf(tail, LAYERS, 0.5) for tail in (CHANCE / 2, 1 - CHANCE / 2))
        positive = sum(weight > 0 for weight in first)
        yield within(f"{cell}, first weights above 0", positive, low, high)


def biases_begin_at_0_and_those_of_forget_gates_at_1() -> Iterator[Finding]:
    """Look at the biases; a GRU has two rows (`reset_after`), an LSTM's gates stand i, f, g, o."""
    expected = {
        "simple_rnn": np.zeros(UNITS, "float32"),
        # Jozefowicz et al. 2015.
        "lstm": np.repeat(np.array([0, 1, 0, 0], "float32"), UNITS),
        "gru": np.zeros((2, 3 * UNITS), "float32"),
        "Dense": np.zeros(UNITS, "float32"),
    }
    for name, layer in _built().items():
        yield equal(name, layer.get_weights()[-1], expected[name])


def _built() -> dict[str, Any]:
    """Return a layer of every cell and a `Dense`, newly drawn."""
    keras.utils.set_random_seed(SEED)
    layers: dict[str, Any] = {cell: cell_layer(cell)(UNITS) for cell in CELLS}
    for layer in layers.values():
        layer.build((1, 1, INPUTS))
    dense = keras.layers.Dense(UNITS)
    dense.build((1, INPUTS))
    return {**layers, "Dense": dense}


def _uniform(name: str, weights: Array, limit: float) -> Iterator[Finding]:
    """Hold independent draws against the uniform distribution between -`limit` and `limit`."""
    draws = np.abs(weights.astype("float64")).ravel()
    # All of n draws stay below a share s of the limit with chance s^n.
    least = CHANCE ** (1 / draws.size) * limit
    yield within(f"{name}, largest", float(draws.max()), least, limit * (1 + FLOAT32_EPSILON))
    # A square has the mean a^2 / 3 and the variance 4 a^4 / 45; thousands of them are normal.
    variance = limit**2 / 3
    reach = stats.norm.isf(CHANCE / 2) * limit**2 * math.sqrt(4 / 45 / draws.size)
    yield within(f"{name}, variance", float(np.mean(draws**2)), variance - reach, variance + reach)
    distance = stats.kstest(weights.ravel(), stats.uniform(-limit, 2 * limit).cdf).statistic
    bound = stats.kstwo.isf(CHANCE, draws.size)
    yield Finding(
        name=f"{name}, distribution",
        error=float(distance),
        bound=float(bound),
        expected=f"uniform within {limit:.4g}, Kolmogorov-Smirnov distance up to {bound:.2g}",
        received=f"{distance:.2g}",
    )


INITIAL_WEIGHTS = (
    kernels_begin_uniform_as_glorot_has_it,
    embeddings_begin_uniform,
    recurrent_kernels_begin_orthogonal,
    biases_begin_at_0_and_those_of_forget_gates_at_1,
)
