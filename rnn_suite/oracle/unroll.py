"""A cell over time, and back: the recurrence and backpropagation through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_suite.oracle.cells import NO_DROPOUT, Cell, Dropout, State
from rnn_suite.oracle.functions import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrolled:
    """What a cell made of a sequence."""

    outputs: Array
    """[batch, time, units], in the order in which the steps were taken."""
    state: State
    """After the last step."""
    memories: Sequence[Any]
    """What each step left for its derivative."""
    mask: Array
    """bool[batch, time]: whether a step was taken, in that same order."""
    go_backwards: bool
    zero_output_for_mask: bool


def unroll(
    cell: Cell,
    inputs: Array,
    *,
    initial_state: State | None = None,
    mask: Array | None = None,
    go_backwards: bool = False,
    zero_output_for_mask: bool = False,
    dropout: Dropout = NO_DROPOUT,
) -> Unrolled:
    """Apply `cell` to `inputs` step by step.

    A masked step leaves a row's state as it was and repeats its last output, 0 before the first: what Keras
    documents for `keras.layers.RNN`.

    Args:
        cell: the equations of a step.
        inputs: [batch, time, inputs].
        initial_state: before the first step; zeros where None.
        mask: bool[batch, time], false where a step is padding; all true where None.
        go_backwards: whether to begin with the last step.
        zero_output_for_mask: whether a masked step gives 0 instead of the last output.
        dropout: factors, the same at every step.
    """
    batch, steps = inputs.shape[:2]
    taken = np.ones((batch, steps), bool) if mask is None else mask.astype(bool)
    if go_backwards:
        inputs, taken = inputs[:, ::-1], taken[:, ::-1]
    nothing = np.zeros((batch, cell.units), cell.weights[0].dtype)
    state = (nothing,) * cell.states if initial_state is None else initial_state
    output, outputs, memories = nothing, [], []
    for t in range(steps):
        alive = taken[:, t, np.newaxis]
        after, memory = cell.step(inputs[:, t], state, dropout)
        output = np.where(alive, after[0], nothing if zero_output_for_mask else output)
        state = tuple(np.where(alive, new, old) for new, old in zip(after, state, strict=True))
        outputs.append(output)
        memories.append(memory)
    return Unrolled(
        outputs=np.stack(outputs, axis=1),
        state=state,
        memories=memories,
        mask=taken,
        go_backwards=go_backwards,
        zero_output_for_mask=zero_output_for_mask,
    )


def unroll_back(
    cell: Cell, unrolled: Unrolled, d_outputs: Array, d_state: State | None = None
) -> tuple[Array, State, list[Array]]:
    """Return the gradients by inputs, initial state and weights: backpropagation through time.

    Rumelhart, Hinton and Williams 1986; Werbos 1990: each step's gradient is that of its output plus what
    flows back from the step after it, and the weights, shared over time, collect the sum over all steps.

    Args:
        cell: the cell that was unrolled.
        unrolled: what `unroll` returned.
        d_outputs: gradient by `unrolled.outputs`, of the same shape and order.
        d_state: gradient by `unrolled.state`; zeros where None.
    """
    d_after = tuple(np.zeros_like(s) for s in unrolled.state) if d_state is None else d_state
    d_weights = [np.zeros_like(weight) for weight in cell.weights]
    d_inputs = []
    # Gradient of the outputs that repeat the one of the step that is looked at.
    d_repeated = np.zeros_like(d_after[0])
    for t in reversed(range(len(unrolled.memories))):
        alive = unrolled.mask[:, t, np.newaxis]
        d_output = d_repeated + d_outputs[:, t]
        d_taken = tuple(np.where(alive, d, 0) for d in d_after)
        d_taken = (d_taken[0] + np.where(alive, d_output, 0), *d_taken[1:])
        d_x, d_before, d_step = cell.step_back(unrolled.memories[t], d_taken)
        d_inputs.append(d_x)
        d_weights = [total + one for total, one in zip(d_weights, d_step, strict=True)]
        d_after = tuple(
            before + np.where(alive, 0, passed)
            for before, passed in zip(d_before, d_after, strict=True)
        )
        if not unrolled.zero_output_for_mask:
            d_repeated = np.where(alive, 0, d_output)
    if not unrolled.go_backwards:
        d_inputs.reverse()
    return np.stack(d_inputs, axis=1), d_after, d_weights
