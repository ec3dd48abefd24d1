"""Layers of a network: each goes forward, then back, and keeps the gradients by its weights."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np

from rnn_suite.oracle.cells import NO_DROPOUT, Cell, Dropout, State
from rnn_suite.oracle.functions import ACTIVATIONS, Array
from rnn_suite.oracle.unroll import Unrolled, unroll, unroll_back

Mask = Array | None
"""bool[batch, time], or None where every step counts."""

Merge = Literal["concat", "sum", "mul", "ave"] | None


class Layer(Protocol):
    """A layer; `backward` belongs to the last `forward`."""

    @property
    def weights(self) -> list[Array]:
        """Its arrays, as Keras lists them; an optimizer changes them in place."""

    gradients: list[Array]
    """By each of the weights, after `backward`."""

    def forward(self, inputs: Array, mask: Mask) -> tuple[Array, Mask]:
        """Return the outputs and the mask that goes with them."""

    def backward(self, d_outputs: Array) -> Array:
        """Return the gradient by the inputs, and keep that by the weights."""


class Embedding:
    """From words to vectors: row k of the matrix for word k (Bengio et al. 2003)."""

    def __init__(self, matrix: Array, *, mask_zero: bool = False) -> None:
        """Take the vectors [words, width]; with `mask_zero`, word 0 is padding."""
        self.matrix, self.mask_zero = matrix, mask_zero
        self.gradients: list[Array] = []
        self.squares_apart: Array
        """Sum over places of the squared gradient, after `backward`: the square of `gradients` where no
        word stands twice; what Keras 3 gives its optimizers on TensorFlow instead of it where one does."""

    @property
    def weights(self) -> list[Array]:
        """The matrix."""
        return [self.matrix]

    def forward(self, inputs: Array, mask: Mask) -> tuple[Array, Mask]:
        """From int[batch, time] to [batch, time, width]."""
        self._tokens = inputs
        return self.matrix[inputs], inputs != 0 if self.mask_zero else mask

    def backward(self, d_outputs: Array) -> Array:
        """Add up, row by row, what every place of a word asks for; words have no gradient themselves."""
        gradient, squares = np.zeros_like(self.matrix), np.zeros_like(self.matrix)
        np.add.at(gradient, self._tokens, d_outputs)
        np.add.at(squares, self._tokens, d_outputs * d_outputs)
        self.gradients = [gradient]
        self.squares_apart = squares
        return np.zeros(self._tokens.shape, self.matrix.dtype)


class Dense:
    """y = f(W x + b), at every step where the inputs are a sequence: y_t = W_hy h_t + b_y."""

    def __init__(self, kernel: Array, bias: Array, activation: str = "linear") -> None:
        """Take W transposed, [inputs, outputs], and b, [outputs]."""
        self.kernel, self.bias, self.activation = kernel, bias, ACTIVATIONS[activation]
        self.gradients: list[Array] = []

    @property
    def weights(self) -> list[Array]:
        """The kernel and the bias."""
        return [self.kernel, self.bias]

    def forward(self, inputs: Array, mask: Mask) -> tuple[Array, Mask]:
        """From [..., inputs] to [..., outputs]."""
        self._inputs = inputs
        self._outputs = self.activation.of(inputs @ self.kernel + self.bias)
        return self._outputs, mask

    def backward(self, d_outputs: Array) -> Array:
        """Return the gradient by the inputs."""
        d_argument = d_outputs * self.activation.slope(self._outputs)
        rows, d_rows = (a.reshape(-1, a.shape[-1]) for a in (self._inputs, d_argument))
        self.gradients = [rows.T @ d_rows, d_rows.sum(axis=0)]
        d_inputs: Array = d_argument @ self.kernel.T
        return d_inputs


class Recurrent:
    """A cell over time: many-to-one, or many-to-many with `return_sequences`."""

    def __init__(
        self, cell: Cell, *, return_sequences: bool = False, go_backwards: bool = False
    ) -> None:
        """Take the cell and which of its outputs to give."""
        self.cell, self.return_sequences, self.go_backwards = cell, return_sequences, go_backwards
        self.zero_output_for_mask = False
        """Whether a masked step gives 0 instead of the last output."""
        self.initial_state: State | None = None
        """State before the first step; zeros where None. Assign `state` to carry on (stateful)."""
        self.dropout: Dropout = NO_DROPOUT
        self.gradients: list[Array] = []

    @property
    def weights(self) -> list[Array]:
        """Those of the cell."""
        return self.cell.weights

    @property
    def state(self) -> State:
        """State after the last step of the last `forward`."""
        return self._unrolled.state

    def forward(self, inputs: Array, mask: Mask) -> tuple[Array, Mask]:
        """From [batch, time, inputs] to [batch, units], or [batch, time, units] with the mask."""
        self._unrolled: Unrolled = unroll(
            self.cell,
            inputs,
            initial_state=self.initial_state,
            mask=mask,
            go_backwards=self.go_backwards,
            zero_output_for_mask=self.zero_output_for_mask,
            dropout=self.dropout,
        )
        outputs = self._unrolled.outputs
        return (outputs, mask) if self.return_sequences else (outputs[:, -1], None)

    def backward(self, d_outputs: Array) -> Array:
        """Return the gradient by the inputs."""
        if not self.return_sequences:
            last = np.zeros_like(self._unrolled.outputs)
            last[:, -1] = d_outputs
            d_outputs = last
        d_inputs, _, self.gradients = unroll_back(self.cell, self._unrolled, d_outputs)
        return d_inputs


class Bidirectional:
    """Two layers, one reading forward and one backward, and their outputs merged (Schuster and Paliwal 1997).

    Where sequences are given, the backward layer's outputs are turned round first, so that both speak of
    the same step, and a masked step gives 0: the last output of one direction is not that of the other.
    """

    def __init__(self, forward: Recurrent, backward: Recurrent, merge: Merge = "concat") -> None:
        """Take a layer and one that goes backwards; `merge` None gives both outputs side by side."""
        self.forwards, self.backwards, self.merge = forward, backward, merge
        forward.zero_output_for_mask = backward.zero_output_for_mask = forward.return_sequences
        self.gradients: list[Array] = []

    @property
    def weights(self) -> list[Array]:
        """Those of the forward layer, then those of the backward layer."""
        return self.forwards.weights + self.backwards.weights

    def forward(self, inputs: Array, mask: Mask) -> tuple[Array, Mask]:
        """From [batch, time, inputs] to what the layers give, merged."""
        ahead, mask_after = self.forwards.forward(inputs, mask)
        behind, _ = self.backwards.forward(inputs, mask)
        self._parts = ahead, self._turned(behind)
        return self._merged(*self._parts), mask_after

    def backward(self, d_outputs: Array) -> Array:
        """Return the gradient by the inputs."""
        ahead, behind = self._parts
        match self.merge:
            case "sum":
                d_ahead, d_behind = d_outputs, d_outputs
            case "ave":
                d_ahead, d_behind = d_outputs / 2, d_outputs / 2
            case "mul":
                d_ahead, d_behind = d_outputs * behind, d_outputs * ahead
            case _:
                d_ahead, d_behind = np.split(d_outputs, 2, axis=-1)
        d_inputs = self.forwards.backward(d_ahead) + self.backwards.backward(self._turned(d_behind))
        self.gradients = self.forwards.gradients + self.backwards.gradients
        return d_inputs

    def _turned(self, values: Array) -> Array:
        return values[:, ::-1] if self.forwards.return_sequences else values

    def _merged(self, ahead: Array, behind: Array) -> Array:
        match self.merge:
            case "sum":
                return ahead + behind
            case "ave":
                return (ahead + behind) / 2
            case "mul":
                return ahead * behind
            case _:
                return np.concatenate([ahead, behind], axis=-1)
