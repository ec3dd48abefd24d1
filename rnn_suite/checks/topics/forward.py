"""Outputs and states of the installed Keras's layers against the equations, over a matrix of cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import numpy as np

from rnn_suite import oracle
from rnn_suite.checks.parts.parity import Draws, against_the_oracle, as_dtype
from rnn_suite.findings import Finding
from rnn_suite.models import CELLS, cell_layer
from rnn_suite.oracle.functions import Array

BATCH, STEPS, INPUTS, UNITS = 3, 7, 5, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recurrent layer with some options, called on inputs of some size."""

    name: str
    layer: dict[str, Any] = field(default_factory=dict)
    """Arguments of Keras's layer."""
    equations: dict[str, Any] = field(default_factory=dict)
    """Arguments of the oracle's cell that say the same."""
    batch: int = BATCH
    steps: int = STEPS
    traced: bool = False
    """Whether it is called in a graph: operation by operation, a long sequence takes seconds."""
    mask: Literal["mixed", "nothing hidden", "all hidden"] | None = None
    initial_state: bool = False
    cells: tuple[str, ...] = tuple(CELLS)

    def mask_array(self) -> Array | None:
        """Return bool[batch, steps]; mixed has a row all hidden, one all seen, and holes in the others."""
        if self.mask is None:
            return None
        shape = (self.batch, self.steps)
        if self.mask != "mixed":
            return np.full(shape, self.mask == "nothing hidden")
        mask: Array = np.arange(self.batch * self.steps).reshape(shape) % 3 != 1
        mask[0], mask[1] = False, True
        return mask


_RELU = oracle.ACTIVATIONS["relu"]
CASES = (
    Case(name="many to one"),
    Case(name="sequences", layer={"return_sequences": True}),
    Case(name="initial state", initial_state=True),
    Case(name="backwards", layer={"go_backwards": True, "return_sequences": True}),
    Case(name="mask", mask="mixed"),
    Case(name="mask and sequences", mask="mixed", layer={"return_sequences": True}),
    Case(name="mask backwards", mask="mixed", layer={"go_backwards": True}),
    Case(name="mask and initial state", mask="mixed", initial_state=True),
    Case(name="nothing hidden", mask="nothing hidden"),
    Case(name="all hidden", mask="all hidden", initial_state=True),
    Case(name="one step", steps=1, layer={"return_sequences": True}),
    Case(name="one row", batch=1),
    Case(name="one row of one step", batch=1, steps=1),
    Case(name="length 500", batch=2, steps=500, traced=True),
    Case(name="unrolled", layer={"unroll": True, "return_sequences": True}),
    Case(name="no bias", layer={"use_bias": False}),
    Case(name="relu", layer={"activation": "relu"}, equations={"activation": _RELU}),
    Case(
        name="reset before",
        layer={"reset_after": False},
        equations={"reset_after": False},
        cells=("gru",),
    ),
)


def outputs_and_states_follow_the_equations(cell: str) -> Iterator[Finding]:
    """Call the layer once in every case."""
    for number, case in enumerate(CASES):
        if cell not in case.cells:
            continue
        draws = Draws(number)
        inputs = draws.normal(case.batch, case.steps, INPUTS)
        state = [draws.normal(case.batch, UNITS) for _ in range(_states(cell))]
        layer = cell_layer(cell)(UNITS, return_state=True, **case.layer)
        layer.build(inputs.shape)
        weights = draws.weights(weight.shape for weight in layer.get_weights())
        layer.set_weights(weights)
        mask = case.mask_array()
        if case.traced:
            entry = keras.Input(inputs.shape[1:])
            received = keras.Model(entry, layer(entry)).predict_on_batch(inputs)
        else:
            received = layer(
                inputs,
                initial_state=[keras.ops.convert_to_tensor(part) for part in state]
                if case.initial_state
                else None,
                mask=None if mask is None else keras.ops.convert_to_tensor(mask),
            )

        def compute(
            dtype: str,
            case: Case = case,
            inputs: Array = inputs,
            state: list[Array] = state,
            weights: list[Array] = weights,
            mask: Array | None = mask,
        ) -> list[Array]:
            unrolled = oracle.unroll(
                oracle.make_cell(cell, as_dtype(dtype, weights), **case.equations),
                inputs.astype(dtype),
                initial_state=tuple(as_dtype(dtype, state)) if case.initial_state else None,
                mask=mask,
                go_backwards=bool(case.layer.get("go_backwards")),
            )
            every = bool(case.layer.get("return_sequences"))
            return [unrolled.outputs if every else unrolled.outputs[:, -1], *unrolled.state]

        names = [f"{case.name}, {part}" for part in ("output", "h", "c")]
        yield from against_the_oracle(
            names[: 1 + len(state)], [keras.ops.convert_to_numpy(r) for r in received], compute
        )


def state_is_carried_where_it_is_asked_for(cell: str) -> Iterator[Finding]:
    """Call a stateful layer on two pieces of a sequence, one after the other."""
    draws = Draws(100)
    pieces = [draws.normal(BATCH, STEPS, INPUTS) for _ in range(2)]
    layer = cell_layer(cell)(UNITS, stateful=True)
    layer.build(pieces[0].shape)
    weights = draws.weights(weight.shape for weight in layer.get_weights())
    layer.set_weights(weights)
    received = [keras.ops.convert_to_numpy(layer(piece)) for piece in pieces]

    def compute(dtype: str) -> list[Array]:
        equations = oracle.make_cell(cell, as_dtype(dtype, weights))
        first, second = as_dtype(dtype, pieces)
        before = oracle.unroll(equations, first)
        after = oracle.unroll(equations, second, initial_state=before.state)
        return [before.outputs[:, -1], after.outputs[:, -1]]

    yield from against_the_oracle(["first piece", "second piece"], received, compute)


def both_directions_are_merged(cell: str) -> Iterator[Finding]:
    """Call `Bidirectional` with every way of merging, with and without sequences and a mask."""
    for number, merge in enumerate(("concat", "sum", "mul", "ave", None)):
        for sequences in (False, True):
            draws = Draws(200 + number)
            inputs = draws.normal(BATCH, STEPS, INPUTS)
            mask = Case(name="", mask="mixed").mask_array() if sequences else None
            layer = keras.layers.Bidirectional(
                cell_layer(cell)(UNITS, return_sequences=sequences), merge_mode=merge
            )
            layer.build(inputs.shape)
            weights = draws.weights(weight.shape for weight in layer.get_weights())
            layer.set_weights(weights)
            received = layer(
                inputs, mask=None if mask is None else keras.ops.convert_to_tensor(mask)
            )
            if merge is None:
                received = keras.ops.concatenate(received)

            def compute(
                dtype: str,
                merge: Any = merge,
                sequences: bool = sequences,
                inputs: Array = inputs,
                weights: list[Array] = weights,
                mask: Array | None = mask,
            ) -> list[Array]:
                half = len(weights) // 2
                ahead, behind = (
                    oracle.Recurrent(
                        oracle.make_cell(cell, as_dtype(dtype, part)),
                        return_sequences=sequences,
                        go_backwards=backwards,
                    )
                    for part, backwards in ((weights[:half], False), (weights[half:], True))
                )
                outputs, _ = oracle.Bidirectional(ahead, behind, merge).forward(
                    inputs.astype(dtype), mask
                )
                # The oracle lays the two outputs side by side, `concatenate` above one on the other.
                return [np.concatenate(np.split(outputs, 2, axis=-1)) if merge is None else outputs]

            name = f"{merge}, sequences and mask" if sequences else f"{merge}"
            yield from against_the_oracle([name], [keras.ops.convert_to_numpy(received)], compute)


def dropped_inputs_and_states_are_multiplied_by_the_masks(cell: str) -> Iterator[Finding]:
    """Call the layer in training with masks that are known, read from its cell beforehand."""
    draws = Draws(300)
    inputs = draws.normal(BATCH, STEPS, INPUTS)
    layer = cell_layer(cell)(UNITS, dropout=0.4, recurrent_dropout=0.3, seed=1)
    layer.build(inputs.shape)
    weights = draws.weights(weight.shape for weight in layer.get_weights())
    layer.set_weights(weights)
    gates = oracle.make_cell(cell, weights).gates
    # The cell keeps the masks it has given until the layer has been called.
    masks = [
        _a_gate(masks, gates)
        for masks in (
            layer.cell.get_dropout_mask(keras.ops.convert_to_tensor(inputs[:, 0])),
            layer.cell.get_recurrent_dropout_mask(keras.ops.zeros((BATCH, UNITS))),
        )
    ]
    received = keras.ops.convert_to_numpy(layer(inputs, training=True))

    def compute(dtype: str) -> list[Array]:
        by_inputs, by_state = as_dtype(dtype, masks)
        unrolled = oracle.unroll(
            oracle.make_cell(cell, as_dtype(dtype, weights)),
            inputs.astype(dtype),
            dropout=oracle.Dropout(inputs=by_inputs, state=by_state),
        )
        return [unrolled.outputs[:, -1]]

    yield from against_the_oracle(["output"], [received], compute)


def _a_gate(masks: Any, gates: int) -> Array:
    """Return [gates, ...], whether Keras drew one mask for all gates or one for each."""
    each = masks if isinstance(masks, (list, tuple)) else [masks] * gates
    return np.stack([keras.ops.convert_to_numpy(mask) for mask in each])


def _states(cell: str) -> int:
    return 2 if cell == "lstm" else 1


RULES = (
    outputs_and_states_follow_the_equations,
    state_is_carried_where_it_is_asked_for,
    both_directions_are_merged,
    dropped_inputs_and_states_are_multiplied_by_the_masks,
)
