"""What recurrent layers promise beside their equations: weights, shapes, order, dropout, state, padding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts.drawn_layers import (
    BATCH,
    INPUTS,
    MAKERS,
    ROUNDING,
    STEPS,
    UNITS,
    both_directions,
    called,
    drawn,
    flat,
    parts,
    recurrent,
    sequences,
)
from rnn_suite.checks.topics._dropout import DROPOUT
from rnn_suite.checks.topics._padding import PADDING
from rnn_suite.checks.topics._states import STATES
from rnn_suite.findings import Finding, close, equal
from rnn_suite.models import cell_layer, cell_named
from rnn_suite.oracle.functions import Array

LENGTHS = (1, 10, 500)
READ = 10
"""Longest of them that is read step by step; 500 would take longer than all else."""
RETURNS = {
    "last output": {},
    "sequences": {"return_sequences": True},
    "last output and states": {"return_state": True},
    "sequences and states": {"return_sequences": True, "return_state": True},
}
"""What a layer can be asked to give."""


def weights_are_shared_over_time(cell: str) -> Iterator[Finding]:
    """Count the weights of layers for sequences of several lengths, and of one that has read them all."""
    asked = cell_named(cell)
    # A gate of u units over d inputs, with b biases each: u (d + u + b).
    textbook = asked.gates * UNITS * (INPUTS + UNITS + asked.biases)
    reader = drawn(cell_layer(cell)(UNITS))
    before = reader.get_weights()
    for steps in LENGTHS:
        layer = cell_layer(cell)(UNITS)
        model = keras.Sequential([keras.Input((steps, INPUTS)), layer])
        counts = [
            sum(int(np.prod(weight.shape)) for weight in weights)
            for weights in (model.trainable_weights, model.non_trainable_weights)
        ]
        yield equal(f"length {steps}, trainable", counts[0], textbook)
        yield equal(f"length {steps}, not trainable", counts[1], 0)
        yield equal(f"length {steps}, count_params", model.count_params(), textbook)
        if steps <= READ:
            called(reader, sequences(0, steps=steps))
            after = reader.get_weights()
            same = [np.array_equal(*pair) for pair in zip(after, before, strict=True)]
            yield equal(f"length {steps}, weights after a call", all(same), True)


def weights_have_their_names_and_shapes(cell: str) -> Iterator[Finding]:
    """Look at kernel, recurrent kernel and bias: the blocks of all gates lie side by side."""
    asked = cell_named(cell)
    columns = asked.gates * UNITS
    bias = (columns,) if asked.biases == 1 else (asked.biases, columns)
    expected = [
        ("kernel", (INPUTS, columns)),
        ("recurrent_kernel", (UNITS, columns)),
        ("bias", bias),
    ]
    for name, layer, weights in (
        ("plain", recurrent(cell), expected),
        ("use_bias=False", recurrent(cell, use_bias=False), expected[:2]),
        ("both directions", both_directions(cell), expected * 2),
    ):
        received = [(weight.name, tuple(weight.shape)) for weight in layer.weights]
        yield equal(name, received, weights)
        kinds = {str(weight.dtype) for weight in layer.get_weights()}
        yield equal(f"{name}, dtype", kinds, {"float32"})


def shapes_are_as_announced(cell: str) -> Iterator[Finding]:
    """Hold the shapes of all that is returned against the arguments, and what Keras says beforehand."""
    states = len(parts(cell)) - 1
    for name, options in RETURNS.items():
        for side, (make, directions) in MAKERS.items():
            layer, width = make(cell, **options), directions * UNITS
            for rows in (BATCH, None):
                output = (rows, STEPS, width) if "return_sequences" in options else (rows, width)
                count = directions * states if "return_state" in options else 0
                expected = [output, *[(rows, UNITS)] * count]
                announced = layer.compute_output_shape((rows, STEPS, INPUTS))
                yield equal(
                    f"{side}{name}, announced for {rows} rows", _as_list(announced), expected
                )
                if rows is None:
                    symbolic = flat(layer(keras.Input((STEPS, INPUTS))))
                    received = [tuple(part.shape) for part in symbolic]
                    yield equal(f"{side}{name}, symbolic", received, expected)
                else:
                    received = [part.shape for part in called(layer, sequences(0))]
                    yield equal(f"{side}{name}, given", received, expected)


def dtypes_are_as_asked_for(cell: str) -> Iterator[Finding]:
    """Call layers of several policies, and look at what they return and at their weights."""
    for policy, given, kept in (
        ("float32", "float32", "float32"),
        ("float64", "float64", "float64"),
        ("mixed_float16", "float16", "float32"),
    ):
        layer = recurrent(cell, return_state=True, dtype=policy)
        for name, part in zip(parts(cell), called(layer, sequences(0)), strict=True):
            yield equal(f"{policy}, {name}", str(part.dtype), given)
        yield equal(f"{policy}, weights", {str(w.dtype) for w in layer.get_weights()}, {kept})


def rows_do_not_lean_on_each_other(cell: str) -> Iterator[Finding]:
    """Call a layer on a batch, on its rows in another order, and on one of them alone."""
    layer = recurrent(cell, return_sequences=True, return_state=True)
    inputs, order = sequences(0), [2, 0, 3, 1]
    names, together = parts(cell), called(layer, inputs)
    shuffled, alone = called(layer, inputs[order]), called(layer, inputs[1:2])
    for name, part, other, one in zip(names, together, shuffled, alone, strict=True):
        yield _near(f"another order, {name}", other, part[order])
        yield _near(f"alone, {name}", one, part[1:2])


def later_steps_do_not_change_earlier_outputs(cell: str) -> Iterator[Finding]:
    """Call layers on sequences that begin alike; one that goes backwards, on sequences that end alike."""
    inputs, more = sequences(0), sequences(1)
    forwards = recurrent(cell, return_sequences=True)
    backwards = recurrent(cell, return_sequences=True, go_backwards=True)
    for name, layer, longer in (
        ("forwards", forwards, np.concatenate([inputs, more], axis=1)),
        ("backwards", backwards, np.concatenate([more, inputs], axis=1)),
    ):
        received, expected = called(layer, longer)[0], called(layer, inputs)[0]
        yield _near(name, received[:, :STEPS], expected)
        # The later ones are no copies.
        copied = bool(np.array_equal(received[:, STEPS:], expected))
        yield equal(f"{name}, later outputs are copies", copied, False)


def the_last_of_a_sequence_is_the_one_output(cell: str) -> Iterator[Finding]:
    """Call layers with the same weights with `return_sequences` and without; h is the last output too."""
    inputs = sequences(0)
    for name, options in {"forwards": {}, "backwards": {"go_backwards": True}}.items():
        every, *states = _both(recurrent, cell, inputs, return_state=True, **options)
        (many, one), (state_of_many, state_of_one) = every, states[0]
        yield _near(f"{name}, output", many[:, -1], one)
        yield _near(f"{name}, h", state_of_one, one)
        yield _near(f"{name}, h of sequences", state_of_many, one)
    ((many, one),) = _both(both_directions, cell, inputs)
    # The backward layer's sequence is turned round again: its last output stands first.
    last = np.concatenate([many[:, -1, :UNITS], many[:, 0, UNITS:]], axis=-1)
    yield _near("both directions", last, one)


def _both(make: Any, cell: str, inputs: Array, **options: Any) -> list[tuple[Array, Array]]:
    """Return all that a layer gives with `return_sequences`, each part beside the same without."""
    given = [
        called(make(cell, return_sequences=every, **options), inputs) for every in (True, False)
    ]
    return list(zip(*given, strict=True))


def _near(name: str, received: Array, expected: Array) -> Finding:
    return close(name, received, expected, bound=ROUNDING, source="the other call")


def _as_list(shapes: Any) -> list[tuple[int | None, ...]]:
    """Return one shape, or many, as a list of tuples."""
    one = not isinstance(shapes[0], (list, tuple))
    return [tuple(shape) for shape in ([shapes] if one else shapes)]


RULES = (
    weights_are_shared_over_time,
    weights_have_their_names_and_shapes,
    shapes_are_as_announced,
    dtypes_are_as_asked_for,
    rows_do_not_lean_on_each_other,
    later_steps_do_not_change_earlier_outputs,
    the_last_of_a_sequence_is_the_one_output,
    *DROPOUT,
    *STATES,
    *PADDING,
)
