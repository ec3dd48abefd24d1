"""Recurrent layers with drawn weights, and sequences to call them on."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras

from rnn_suite.checks.parts.parity import Draws
from rnn_suite.findings import FLOAT32_EPSILON
from rnn_suite.models import cell_layer
from rnn_suite.oracle.functions import Array

BATCH, STEPS, INPUTS, UNITS = 4, 3, 5, 2
_REPLACED = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
"""Initial weights that take no time; drawn ones take their place."""
ROUNDING = 64 * FLOAT32_EPSILON
"""Where the same sums may be taken in another order: another batch or length can choose another routine.
What a row or a step should not lean on is of the size of the outputs themselves."""


def sequences(seed: int, *, steps: int = STEPS) -> Array:
    """Return float32[batch, steps, inputs]."""
    return Draws(seed).normal(BATCH, steps, INPUTS)


@functools.cache
def recurrent(cell: str, **options: Any) -> Any:
    """Return a built, stateless layer of `cell`; its weights are the same whatever the options."""
    return drawn(cell_layer(cell)(UNITS, **_REPLACED, **options))


@functools.cache
def both_directions(cell: str, *, merge_mode: str | None = "concat", **options: Any) -> Any:
    """Return a built, stateless `Bidirectional`; its weights are the same whatever the options."""
    layer = cell_layer(cell)(UNITS, **_REPLACED, **options)
    return drawn(keras.layers.Bidirectional(layer, merge_mode=merge_mode))


MAKERS: dict[str, tuple[Callable[..., Any], int]] = {
    "": (recurrent, 1),
    "both directions, ": (both_directions, 2),
}
"""What makes a layer, and the directions that it reads in, by how the names of findings begin."""


def drawn(layer: Any, *, inputs: int = INPUTS) -> Any:
    """Build `layer` for sequences, give it drawn weights and return it."""
    layer.build((BATCH, STEPS, inputs))
    layer.set_weights(Draws(600).weights(weight.shape for weight in layer.get_weights()))
    return layer


def called(
    layer: Any,
    inputs: Array,
    *,
    mask: Array | None = None,
    state: list[Array] | None = None,
    **options: Any,
) -> list[Array]:
    """Call `layer` and return all that it gives: outputs, then states.

    Args:
        layer: built, of Keras.
        inputs: [batch, steps, inputs].
        mask: bool[batch, steps].
        state: initial state; the layer's own where None.
        options: further arguments of the call.
    """
    given = layer(
        keras.ops.convert_to_tensor(inputs),
        mask=None if mask is None else keras.ops.convert_to_tensor(mask),
        initial_state=None if state is None else [*map(keras.ops.convert_to_tensor, state)],
        **options,
    )
    return [keras.ops.convert_to_numpy(part) for part in flat(given)]


def flat(given: Any) -> list[Any]:
    """Return what a layer gives as a list, one tensor or many."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


def parts(cell: str, *, directions: int = 1) -> list[str]:
    """Return names for the output and the states of a layer with `return_state`."""
    states = ("h", "c") if cell == "lstm" else ("h",)
    if directions == 1:
        return ["output", *states]
    return ["output", *(f"{side} {state}" for side in ("forward", "backward") for state in states)]
