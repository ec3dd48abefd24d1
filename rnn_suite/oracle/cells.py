"""One step of each recurrent cell, and its derivative.

Shapes: x is [batch, inputs], each state [batch, units]. Weights have Keras's layout: a kernel for x, a
recurrent kernel for the state, a bias, the blocks of the gates side by side in their columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rnn_suite.oracle.functions import ACTIVATIONS, Activation, Array

TANH, SIGMOID = ACTIVATIONS["tanh"], ACTIVATIONS["sigmoid"]

State = tuple[Array, ...]
"""What a cell carries from step to step: (h,) or, for LSTM, (h, c)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout:
    """Factors that a step's inputs and state are multiplied by: 0, or 1 / (1 - rate).

    One matrix a gate, in the order of the gates; the same at every step (Gal and Ghahramani 2016).
    """

    inputs: Array | None = None
    """[gates, batch, inputs], or None for no dropout."""
    state: Array | None = None
    """[gates, batch, units], or None for no dropout."""


NO_DROPOUT = Dropout()


class Cell(Protocol):
    """A recurrent cell."""

    gates: int
    states: int

    @property
    def units(self) -> int:
        """Width of the state."""

    @property
    def weights(self) -> list[Array]:
        """Kernel, recurrent kernel and, where there is one, bias, as Keras lists them."""

    def step(self, x: Array, state: State, dropout: Dropout) -> tuple[State, Any]:
        """Return the next state, whose first part is the output, and what `step_back` needs."""

    def step_back(self, memory: Any, d_state: State) -> tuple[Array, State, list[Array]]:
        """Return the gradients by x, by the state before, and by each of `weights`."""


def _dropped(values: Array, factors: Array | None, gates: int) -> Array:
    """Return `values` once for each gate, dropped: [gates, batch, width]."""
    repeated = np.broadcast_to(values, (gates, *values.shape))
    return repeated if factors is None else repeated * factors


def _undropped(d_values: Array, factors: Array | None) -> Array:
    """Return the gradient by what `_dropped` was given."""
    total: Array = (d_values if factors is None else d_values * factors).sum(axis=0)
    return total


def _affine(values: Array, kernel: Array) -> Array:
    """Return each gate's values times its block of the kernel: [gates, batch, units]."""
    return np.stack([v @ k for v, k in zip(values, _blocks(kernel, len(values)), strict=True)])


def _affine_back(d_gates: Array, values: Array, kernel: Array) -> tuple[Array, Array]:
    """Return the gradients of `_affine` by its values and by the kernel."""
    blocks = _blocks(kernel, len(values))
    d_values = np.stack([d @ k.T for d, k in zip(d_gates, blocks, strict=True)])
    d_kernel = np.concatenate([v.T @ d for v, d in zip(values, d_gates, strict=True)], axis=1)
    return d_values, d_kernel


def _blocks(kernel: Array, gates: int) -> list[Array]:
    return np.split(kernel, gates, axis=1)


def _rows(bias: Array | None, gates: int) -> Array | float:
    """Return the bias as one row a gate: [gates, 1, units]."""
    return 0.0 if bias is None else bias.reshape(gates, 1, -1)


def _bias_gradient(d_gates: Array) -> Array:
    total: Array = d_gates.sum(axis=1).ravel()
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleRNN:
    """h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h) (Elman 1990)."""

    kernel: Array
    """W_xh: [inputs, units]."""
    recurrent_kernel: Array
    """W_hh: [units, units]."""
    bias: Array | None = None
    """b_h: [units]."""
    activation: Activation = TANH
    gates = 1
    states = 1

    @property
    def units(self) -> int:
        """Width of the state."""
        return len(self.recurrent_kernel)

    @property
    def weights(self) -> list[Array]:
        """W_xh, W_hh, b_h."""
        return _present(self.kernel, self.recurrent_kernel, self.bias)

    def step(self, x: Array, state: State, dropout: Dropout) -> tuple[State, Any]:
        """Return (h_t,) and what `step_back` needs."""
        xs = _dropped(x, dropout.inputs, 1)
        hs = _dropped(state[0], dropout.state, 1)
        (argument,) = (
            _affine(xs, self.kernel) + _affine(hs, self.recurrent_kernel) + _rows(self.bias, 1)
        )
        h = self.activation.of(argument)
        return (h,), (xs, hs, h, dropout)

    def step_back(self, memory: Any, d_state: State) -> tuple[Array, State, list[Array]]:
        """Return the gradients by x_t, by (h_{t-1},) and by the weights."""
        xs, hs, h, dropout = memory
        d_gates = (d_state[0] * self.activation.slope(h))[np.newaxis]
        d_xs, d_kernel = _affine_back(d_gates, xs, self.kernel)
        d_hs, d_recurrent = _affine_back(d_gates, hs, self.recurrent_kernel)
        d_weights = [d_kernel, d_recurrent]
        if self.bias is not None:
            d_weights.append(_bias_gradient(d_gates))
        return (
            _undropped(d_xs, dropout.inputs),
            (_undropped(d_hs, dropout.state),),
            d_weights,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LSTM:
    """Long short-term memory with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000).

    i, f, o = sigmoid(W x_t + U h_{t-1} + b), one block each: input, forget and output gate;
    g = tanh(W_c x_t + U_c h_{t-1} + b_c), the candidate;
    c_t = f * c_{t-1} + i * g;  h_t = o * tanh(c_t).
    The blocks stand in the order i, f, g, o.
    """

    kernel: Array
    """W: [inputs, 4 units]."""
    recurrent_kernel: Array
    """U: [units, 4 units]."""
    bias: Array | None = None
    """b: [4 units]."""
    activation: Activation = TANH
    recurrent_activation: Activation = SIGMOID
    gates = 4
    states = 2

    @property
    def units(self) -> int:
        """Width of the state."""
        return len(self.recurrent_kernel)

    @property
    def weights(self) -> list[Array]:
        """W, U, b."""
        return _present(self.kernel, self.recurrent_kernel, self.bias)

    def step(self, x: Array, state: State, dropout: Dropout) -> tuple[State, Any]:
        """Return (h_t, c_t) and what `step_back` needs."""
        h_before, c_before = state
        xs = _dropped(x, dropout.inputs, 4)
        hs = _dropped(h_before, dropout.state, 4)
        arguments = (
            _affine(xs, self.kernel) + _affine(hs, self.recurrent_kernel) + _rows(self.bias, 4)
        )
        i, f, o = (self.recurrent_activation.of(arguments[gate]) for gate in (0, 1, 3))
        g = self.activation.of(arguments[2])
        c = f * c_before + i * g
        squashed = self.activation.of(c)
        return (o * squashed, c), (xs, hs, c_before, i, f, g, o, squashed, dropout)

    def step_back(self, memory: Any, d_state: State) -> tuple[Array, State, list[Array]]:
        """Return the gradients by x_t, by (h_{t-1}, c_{t-1}) and by the weights."""
        xs, hs, c_before, i, f, g, o, squashed, dropout = memory
        d_h, d_c = d_state
        gate, squash = self.recurrent_activation.slope, self.activation.slope
        # c_t is reached directly from the next step and through h_t.
        d_c = d_c + d_h * o * squash(squashed)
        d_gates = np.stack(
            [
                d_c * g * gate(i),
                d_c * c_before * gate(f),
                d_c * i * squash(g),
                d_h * squashed * gate(o),
            ]
        )
        d_xs, d_kernel = _affine_back(d_gates, xs, self.kernel)
        d_hs, d_recurrent = _affine_back(d_gates, hs, self.recurrent_kernel)
        d_weights = [d_kernel, d_recurrent]
        if self.bias is not None:
            d_weights.append(_bias_gradient(d_gates))
        return (
            _undropped(d_xs, dropout.inputs),
            (_undropped(d_hs, dropout.state), d_c * f),
            d_weights,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GRU:
    """Gated recurrent unit (Cho et al. 2014).

    z, r = sigmoid(W x_t + U h_{t-1} + b), one block each: update and reset gate;
    h_t = z * h_{t-1} + (1 - z) * n, where the candidate n is
    tanh(W_n x_t + b_n + U_n (r * h_{t-1})) with `reset_after` false, as in the paper, or
    tanh(W_n x_t + b_n + r * (U_n h_{t-1} + b'_n)) with `reset_after` true, as in cuDNN and in Keras.
    The blocks stand in the order z, r, n.
    """

    kernel: Array
    """W: [inputs, 3 units]."""
    recurrent_kernel: Array
    """U: [units, 3 units]."""
    bias: Array | None = None
    """b: [3 units]; with `reset_after`, [2, 3 units]: one row for x and one for the state."""
    reset_after: bool = True
    activation: Activation = TANH
    recurrent_activation: Activation = SIGMOID
    gates = 3
    states = 1

    def __post_init__(self) -> None:
        rows = 2 if self.reset_after else 1
        if self.bias is not None and self.bias.ndim != rows:
            raise ValueError(
                f"with reset_after {self.reset_after} a bias has {rows} dimensions, received shape "
                f"{self.bias.shape}"
            )

    @property
    def units(self) -> int:
        """Width of the state."""
        return len(self.recurrent_kernel)

    @property
    def weights(self) -> list[Array]:
        """W, U, b."""
        return _present(self.kernel, self.recurrent_kernel, self.bias)

    def step(self, x: Array, state: State, dropout: Dropout) -> tuple[State, Any]:
        """Return (h_t,) and what `step_back` needs."""
        (h_before,) = state
        xs = _dropped(x, dropout.inputs, 3)
        hs = _dropped(h_before, dropout.state, 3)
        input_bias, state_bias = self._biases()
        from_x = _affine(xs, self.kernel) + _rows(input_bias, 3)
        u_z, u_r, u_n = _blocks(self.recurrent_kernel, 3)
        b_z, b_r, b_n = (0.0, 0.0, 0.0) if state_bias is None else state_bias.reshape(3, 1, -1)
        z = self.recurrent_activation.of(from_x[0] + hs[0] @ u_z + b_z)
        r = self.recurrent_activation.of(from_x[1] + hs[1] @ u_r + b_r)
        if self.reset_after:
            inner = hs[2] @ u_n + b_n
            n = self.activation.of(from_x[2] + r * inner)
        else:
            inner = r * hs[2]
            n = self.activation.of(from_x[2] + inner @ u_n)
        h = z * h_before + (1 - z) * n
        return (h,), (xs, hs, h_before, z, r, n, inner, dropout)

    def step_back(self, memory: Any, d_state: State) -> tuple[Array, State, list[Array]]:
        """Return the gradients by x_t, by (h_{t-1},) and by the weights."""
        xs, hs, h_before, z, r, n, inner, dropout = memory
        (d_h,) = d_state
        u_z, u_r, u_n = _blocks(self.recurrent_kernel, 3)
        d_n = d_h * (1 - z) * self.activation.slope(n)
        # `d_recurrent_n` is the gradient by what stands behind U_n.
        if self.reset_after:
            d_r, d_recurrent_n = d_n * inner, d_n * r
            d_h_n, d_u_n = d_recurrent_n @ u_n.T, hs[2].T @ d_recurrent_n
        else:
            d_inner = d_n @ u_n.T
            d_r, d_recurrent_n = d_inner * hs[2], d_n
            d_h_n, d_u_n = d_inner * r, inner.T @ d_n
        d_r = d_r * self.recurrent_activation.slope(r)
        d_z = d_h * (h_before - n) * self.recurrent_activation.slope(z)
        d_x_gates = np.stack([d_z, d_r, d_n])
        d_h_gates = np.stack([d_z, d_r, d_recurrent_n])
        d_xs, d_kernel = _affine_back(d_x_gates, xs, self.kernel)
        d_recurrent = np.concatenate([hs[0].T @ d_z, hs[1].T @ d_r, d_u_n], axis=1)
        d_hs = np.stack([d_z @ u_z.T, d_r @ u_r.T, d_h_n])
        d_weights = [d_kernel, d_recurrent]
        if self.bias is not None:
            by_input, by_state = _bias_gradient(d_x_gates), _bias_gradient(d_h_gates)
            d_weights.append(np.stack([by_input, by_state]) if self.reset_after else by_input)
        return (
            _undropped(d_xs, dropout.inputs),
            (_undropped(d_hs, dropout.state) + d_h * z,),
            d_weights,
        )

    def _biases(self) -> tuple[Array | None, Array | None]:
        if self.bias is None or not self.reset_after:
            return self.bias, None
        return self.bias[0], self.bias[1]


def _present(*weights: Array | None) -> list[Array]:
    return [weight for weight in weights if weight is not None]


KINDS: dict[str, type[SimpleRNN | LSTM | GRU]] = {
    "simple_rnn": SimpleRNN,
    "lstm": LSTM,
    "gru": GRU,
}
"""The cells, by the names they have in `rnn_suite.models.CELLS`."""


def make_cell(name: str, weights: Sequence[Array], **options: Any) -> Cell:
    """Return the cell called `name` with `weights` as Keras lists them.

    Args:
        name: a row of `KINDS`.
        weights: kernel, recurrent kernel and, where there is one, bias.
        options: further fields of the cell, such as `reset_after` and `activation`.
    """
    kernel, recurrent_kernel, *bias = weights
    return KINDS[name](
        kernel=kernel, recurrent_kernel=recurrent_kernel, bias=bias[0] if bias else None, **options
    )
