"""The rules of a recurrent layer's state: when it is forgotten, kept, reset and handed on."""

from __future__ import annotations

import functools
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
    parts,
    recurrent,
    sequences,
)
from rnn_suite.checks.parts.refusals import refused
from rnn_suite.findings import FLOAT16_EPSILON, Finding, close, equal
from rnn_suite.models import cell_layer

PIECES = 2
HALF_ROUNDING = 16 * FLOAT16_EPSILON
"""Six steps of 16 bits, perhaps in another routine; no error was measured, a lost state is 0.1 off."""


def a_stateless_layer_forgets(cell: str) -> Iterator[Finding]:
    """Call it twice on the same inputs, and on others between."""
    for side, (make, directions) in MAKERS.items():
        layer = make(cell, return_state=True)
        first, _, again = (called(layer, sequences(number)) for number in (0, 1, 0))
        for name, received, expected in zip(
            parts(cell, directions=directions), again, first, strict=True
        ):
            yield equal(f"{side}{name}", received, expected)


def a_stateful_layer_is_reset_to_zeros(cell: str) -> Iterator[Finding]:
    """Call it twice, reset it, and call it again; the first call began with zeros."""
    for side, layer in _stateful(cell).items():
        first, second = (called(layer, sequences(0))[0] for _ in range(2))
        yield equal(f"{side}forgets", bool(np.array_equal(first, second)), False)
        layer.reset_state()
        yield equal(f"{side}after a reset", called(layer, sequences(0))[0], first)


def a_stateful_layer_refuses_another_number_of_rows(cell: str) -> Iterator[Finding]:
    """Call layers that were built for four rows on one: whose state should it carry on?

    Up to Keras 3.11 the state of all four was overwritten (keras-team/keras#21183).
    """
    one_row = sequences(0)[:1]
    never_asked = _stateful(cell)
    for side, layer in _stateful(cell).items():
        called(layer, sequences(0))
        call = functools.partial(called, layer, one_row)
        yield refused(f"{side}one row", call, "taken")
        # What it refused has left its state alone.
        received = called(layer, sequences(0))[0]
        expected = [called(never_asked[side], sequences(0))[0] for _ in range(2)][-1]
        yield equal(f"{side}four rows after it", received, expected)


def a_stateful_layer_carries_its_state_in_mixed_precision(cell: str) -> Iterator[Finding]:
    """Call it on two pieces of a sequence; a stateless layer reads them as one.

    Up to Keras 3.7 it could not be built (keras-team/keras#20605).
    """
    pieces = [sequences(number) for number in range(PIECES)]
    layer = drawn(cell_layer(cell)(UNITS, stateful=True, dtype="mixed_float16"))
    received = [called(layer, piece)[0] for piece in pieces][-1]
    expected = called(recurrent(cell, dtype="mixed_float16"), np.concatenate(pieces, axis=1))[0]
    yield equal("dtype", str(received.dtype), "float16")
    yield close(
        "second piece", received, expected, bound=HALF_ROUNDING, source="the whole sequence"
    )


def a_stateful_layer_of_both_directions_returns_its_states(cell: str) -> Iterator[Finding]:
    """Call it once: it begins with zeros, as a stateless one does."""
    options = {"return_sequences": True, "return_state": True}
    names = parts(cell, directions=2)
    stateful = keras.layers.Bidirectional(cell_layer(cell)(UNITS, stateful=True, **options))
    received = called(drawn(stateful), sequences(0))
    expected = called(both_directions(cell, **options), sequences(0))
    for name, ours, theirs in zip(names, received, expected, strict=True):
        yield close(name, ours, theirs, bound=ROUNDING, source="a stateless layer")


def predict_carries_the_state_from_batch_to_batch(cell: str) -> Iterator[Finding]:
    """Predict pieces of sequences as batches, twice; a stateless layer reads them whole."""
    pieces = [sequences(number) for number in range(PIECES)]
    layer = drawn(cell_layer(cell)(UNITS, stateful=True))
    model = keras.Sequential([keras.Input(batch_shape=(BATCH, STEPS, INPUTS)), layer])
    # Operation by operation: the way of running is not the point.
    model.compile(run_eagerly=True)
    whole = np.concatenate(pieces * 2, axis=1)
    ends = called(recurrent(cell, return_sequences=True), whole)[0][:, STEPS - 1 :: STEPS]
    expected = np.split(np.concatenate(ends.swapaxes(0, 1)), 2)
    for name, answer in zip(("first time", "second time"), expected, strict=True):
        received = model.predict(np.concatenate(pieces), batch_size=BATCH, verbose=0)
        yield close(name, received, answer, bound=ROUNDING, source="the whole sequence")


def a_returned_state_continues_the_sequence(cell: str) -> Iterator[Finding]:
    """Cut a sequence in two, hand the state of the first part to the second, and read it whole."""
    layer = recurrent(cell, return_sequences=True, return_state=True)
    inputs = sequences(0)
    for cut in (1, STEPS - 1):
        first, *state = called(layer, inputs[:, :cut])
        second, *last = called(layer, inputs[:, cut:], state=state)
        received = [np.concatenate([first, second], axis=1), *last]
        for name, ours, expected in zip(parts(cell), received, called(layer, inputs), strict=True):
            source = "the whole sequence"
            yield close(f"cut at {cut}, {name}", ours, expected, bound=ROUNDING, source=source)


def _stateful(cell: str) -> dict[str, Any]:
    """Return a new stateful layer of one direction, and one of both."""
    one, both = (cell_layer(cell)(UNITS, stateful=True) for _ in range(2))
    return {"": drawn(one), "both directions, ": drawn(keras.layers.Bidirectional(both))}


STATES = (
    a_stateless_layer_forgets,
    a_stateful_layer_is_reset_to_zeros,
    a_stateful_layer_refuses_another_number_of_rows,
    a_stateful_layer_carries_its_state_in_mixed_precision,
    a_stateful_layer_of_both_directions_returns_its_states,
    predict_carries_the_state_from_batch_to_batch,
    a_returned_state_continues_the_sequence,
)
