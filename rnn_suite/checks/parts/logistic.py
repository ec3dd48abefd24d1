"""Logistic regression, built twice: of Keras's `Dense`, and written out in NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts.parity import Draws
from rnn_suite.findings import FLOAT32_EPSILON, Finding, close, equal
from rnn_suite.oracle.functions import Array

INPUTS = 3
METRICS = ("mean_squared_error", "accuracy", "weighted_accuracy")
"""Not in the order of the alphabet, so that sorting shows; the last is weighted."""
ROUNDING = 32 * FLOAT32_EPSILON
"""Sigmoid, logarithm and sums over ten rows or three steps; 1.2 epsilon at most were measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Samples that are trained or tested on."""

    x: Array
    """float32[rows, INPUTS]."""
    y: Array
    """float32[rows, 1], 0 or 1."""
    weight: Array
    """float32[rows], a sample weight each; not 1 on average."""

    @classmethod
    def drawn(cls, draws: Draws, rows: int) -> Rows:
        """Return rows of both classes."""
        y = draws.tokens(2, rows, 1).astype("float32")
        y[0], y[-1] = 0, 1
        weight = 0.25 + np.abs(draws.normal(rows))
        return cls(x=draws.normal(rows, INPUTS), y=y, weight=weight)

    def part(self, rows: slice) -> Rows:
        """Return some of them."""
        return Rows(x=self.x[rows], y=self.y[rows], weight=self.weight[rows])

    def parts(self, batch: int) -> list[Rows]:
        """Return them in batches, the last with what is left."""
        return [self.part(slice(at, at + batch)) for at in range(0, len(self.x), batch)]


def start() -> list[Array]:
    """Return the weights that everything begins with: kernel [INPUTS, 1] and bias [1]."""
    draws = Draws(700)
    return [draws.normal(INPUTS, 1), draws.normal(1)]


def compiled_model(optimizer: Any = None, **options: Any) -> keras.Model:
    """Return Keras's model: float32[rows, INPUTS] to the chance [rows, 1] of class 1.

    Args:
        optimizer: of Keras; SGD with a rate of 0 where None.
        options: further arguments of `compile`.
    """
    model = keras.Sequential(
        [keras.Input((INPUTS,)), keras.layers.Dense(1, activation="sigmoid")],
    )
    squares, hits, weighted = METRICS
    model.compile(
        optimizer or keras.optimizers.SGD(0.0),
        "binary_crossentropy",
        metrics=[squares, hits],
        weighted_metrics=[keras.metrics.BinaryAccuracy(name=weighted)],
        **options,
    )
    return model


def chances(weights: Sequence[Array], x: Array) -> Array:
    """Return the chance of class 1, float64[rows, 1]."""
    kernel, bias = (weight.astype("float64") for weight in weights)
    chance: Array = 1 / (1 + np.exp(-(x.astype("float64") @ kernel + bias)))
    return chance


def logs(
    weights: Sequence[Array], rows: Rows, sample_weight: Array | None = None
) -> dict[str, float]:
    """Return loss and metrics of all rows, by name.

    Keras's reduction "sum_over_batch_size" divides the sum of weighted losses by the number of rows;
    a weighted metric divides by the sum of the weights; other metrics know no weights.
    """
    chance, label = chances(weights, rows.x), rows.y.astype("float64")
    weight = np.ones(len(label)) if sample_weight is None else sample_weight.astype("float64")
    entropy = -(label * np.log(chance) + (1 - label) * np.log(1 - chance))[:, 0]
    hit = ((chance > 0.5) == label)[:, 0]
    squares, hits, weighted = METRICS
    return {
        "loss": float(np.mean(weight * entropy)),
        squares: float(np.mean((chance - label) ** 2)),
        hits: float(np.mean(hit)),
        weighted: float(np.sum(weight * hit) / np.sum(weight)),
    }


def step(
    weights: Sequence[Array],
    rows: Rows,
    learning_rate: float,
    sample_weight: Array | None = None,
) -> list[Array]:
    """Return the weights, float64, after one step down the gradient of the loss in `logs`."""
    weight = np.ones(len(rows.x)) if sample_weight is None else sample_weight.astype("float64")
    slope = weight[:, None] * (chances(weights, rows.x) - rows.y) / len(rows.x)
    kernel, bias = weights
    return [
        kernel - learning_rate * rows.x.T.astype("float64") @ slope,
        bias - learning_rate * slope.sum(axis=0),
    ]


def epoch(weights: Sequence[Array], rows: Rows, batch: int, learning_rate: float) -> list[Array]:
    """Return the weights, float64, after a step for each batch of `rows`, in order."""
    now = list(weights)
    for part in rows.parts(batch):
        now = step(now, part, learning_rate)
    return now


def held(
    name: str, received: Mapping[str, Any], expected: Mapping[str, float]
) -> Iterator[Finding]:
    """Yield what holds logs against those expected: their names, and each of them."""
    yield equal(f"{name}, names", sorted(received), sorted(expected))
    for part, value in expected.items():
        yield close(f"{name}, {part}", received.get(part, np.nan), value, bound=ROUNDING)
