"""The small models that are saved and read again: a row for each way to put recurrent layers together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts.parity import Draws
from rnn_suite.models import cell_layer
from rnn_suite.oracle.functions import Array

BATCH, STEPS, WORDS, WIDTH, UNITS = 3, 4, 20, 5, 4
ADAM = {"learning_rate": 0.003, "beta_1": 0.8, "clipnorm": 1.5}
"""Settings that are not Keras's defaults, so that a lost one is seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """`Embedding`, one or more recurrent layers, `Dense` with one sigmoid."""

    layers: tuple[Mapping[str, Any], ...] = ({},)
    """Options of each recurrent layer."""
    further: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Options that only one cell has, for all its layers."""
    merge_mode: str | None = None
    """How `Bidirectional` merges; None leaves it out."""
    mask_zero: bool = False
    batch_shape: tuple[int | None, int | None] = (None, STEPS)

    def options(self, cell: str) -> list[dict[str, Any]]:
        """Return the options of each recurrent layer of `cell`."""
        return [{**layer, **self.further.get(cell, {})} for layer in self.layers]

    def build(self, cell: str, *, units: int = UNITS) -> keras.Model:
        """Return the model, not compiled: int32[batch, steps] to float32[batch, 1]."""
        stack: list[Any] = [
            keras.Input(batch_shape=self.batch_shape, dtype="int32"),
            keras.layers.Embedding(WORDS, WIDTH, mask_zero=self.mask_zero),
        ]
        for options in self.options(cell):
            layer = cell_layer(cell)(units, **options)
            stack.append(
                keras.layers.Bidirectional(layer, merge_mode=self.merge_mode)
                if self.merge_mode
                else layer
            )
        stack.append(keras.layers.Dense(1, activation="sigmoid"))
        return keras.Sequential(stack)


ARCHITECTURES: dict[str, Architecture] = {
    "classifier": Architecture(),
    "bidirectional": Architecture(
        layers=({"dropout": 0.2, "recurrent_dropout": 0.1, "activation": "relu"},),
        further={"gru": {"reset_after": False}, "lstm": {"unit_forget_bias": False}},
        merge_mode="sum",
        batch_shape=(None, None),
    ),
    "stacked": Architecture(
        layers=({"return_sequences": True, "go_backwards": True}, {"use_bias": False}),
    ),
    "stateful": Architecture(
        layers=({"stateful": True},), mask_zero=True, batch_shape=(BATCH, STEPS)
    ),
}
"""Every way to put them together, by name."""


def with_weights(model: keras.Model, draws: Draws) -> keras.Model:
    """Give `model` drawn weights and return it."""
    model.set_weights(draws.weights(weight.shape for weight in model.get_weights()))
    return model


def compiled(model: keras.Model, *, eagerly: bool = False) -> keras.Model:
    """Compile `model` as the notebook does, but with the settings of `ADAM`, and return it."""
    adam = keras.optimizers.Adam(**ADAM)
    model.compile(adam, "binary_crossentropy", metrics=["accuracy"], run_eagerly=eagerly)
    model.optimizer.build(model.trainable_variables)
    return model


def feed(draws: Draws, steps: int = STEPS) -> tuple[Array, Array]:
    """Return int32 tokens [batch, steps], padded with 0 in the first row, and float32 labels [batch, 1]."""
    tokens = draws.tokens(WORDS, BATCH, steps)
    tokens[0, steps // 2 :] = 0
    return tokens, draws.tokens(2, BATCH, 1).astype("float32")


def outputs(model: Any, tokens: Array) -> Array:
    """Return what `model`, a Keras model or an exported function, gives in inference: float32[batch, 1]."""
    # A tensor: before Keras 3.4 layers cast the integers of NumPy to float.
    answer: Array = keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(tokens)))
    return answer


def flat(arrays: Any) -> Array:
    """Return all numbers of the arrays or variables as one float array."""
    return np.concatenate([keras.ops.convert_to_numpy(array).ravel() for array in arrays])
