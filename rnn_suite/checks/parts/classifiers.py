"""The notebook's classifier and its variants, built twice: of Keras's layers and of the oracle's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from rnn_suite import oracle
from rnn_suite.checks.parts.parity import Draws, as_dtype
from rnn_suite.models import CELLS, cell_layer
from rnn_suite.oracle.functions import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """`Embedding`, one or more recurrent layers, `Dense` with one sigmoid; and a batch to feed it."""

    name: str
    batch: int = 4
    steps: int = 6
    words: int = 12
    width: int = 5
    units: int = 4
    layers: int = 1
    bidirectional: bool = False
    many_to_many: bool = False
    mask_zero: bool = False
    layer: dict[str, Any] = field(default_factory=dict)
    """Further arguments of Keras's recurrent layers."""
    equations: dict[str, Any] = field(default_factory=dict)
    """Arguments of the oracle's cells that say the same."""
    cells: tuple[str, ...] = tuple(CELLS)
    """Cells that know those arguments."""

    def build(self, cell: str, draws: Draws, *, dtype: str | None = None) -> keras.Model:
        """Return Keras's model, not compiled, with drawn weights: int32[batch, steps] to [batch, 1].

        Args:
            cell: a row of `CELLS`.
            draws: where the weights come from.
            dtype: policy of all layers, such as `mixed_bfloat16`; Keras's default where None.
        """
        stack: list[Any] = [
            keras.Input((self.steps,), dtype="int32"),
            keras.layers.Embedding(self.words, self.width, mask_zero=self.mask_zero, dtype=dtype),
        ]
        for depth in range(self.layers):
            sequences = self.many_to_many or depth < self.layers - 1
            recurrent = cell_layer(cell)(
                self.units, return_sequences=sequences, dtype=dtype, **self.layer
            )
            stack.append(
                keras.layers.Bidirectional(recurrent, dtype=dtype)
                if self.bidirectional
                else recurrent
            )
        stack.append(keras.layers.Dense(1, activation="sigmoid", dtype=dtype))
        model = keras.Sequential(stack)
        model.set_weights(draws.weights(weight.shape for weight in model.get_weights()))
        return model

    def equations_of(self, cell: str, weights: Sequence[Array], dtype: str) -> oracle.Network:
        """Return the oracle's network with `weights` as Keras lists them; its last layer gives logits."""
        arrays = iter(as_dtype(dtype, weights))
        stack: list[oracle.Layer] = [oracle.Embedding(next(arrays), mask_zero=self.mask_zero)]
        for depth in range(self.layers):
            sequences = self.many_to_many or depth < self.layers - 1
            if self.bidirectional:
                stack.append(
                    oracle.Bidirectional(
                        self._recurrent(cell, arrays, sequences, backwards=False),
                        self._recurrent(cell, arrays, sequences, backwards=True),
                    )
                )
            else:
                backwards = bool(self.layer.get("go_backwards"))
                stack.append(self._recurrent(cell, arrays, sequences, backwards=backwards))
        stack.append(oracle.Dense(next(arrays), next(arrays)))
        return oracle.Network(stack)

    def _recurrent(
        self, cell: str, arrays: Iterator[Array], sequences: bool, *, backwards: bool
    ) -> oracle.Recurrent:
        count = 3 if self.layer.get("use_bias", True) else 2
        weights = [next(arrays) for _ in range(count)]
        return oracle.Recurrent(
            oracle.make_cell(cell, weights, **self.equations),
            return_sequences=sequences,
            go_backwards=backwards,
        )

    def feed(self, draws: Draws) -> tuple[Array, Array]:
        """Return int32 tokens [batch, steps], 0 among them, and float32 labels of the outputs' shape."""
        tokens = draws.tokens(self.words, self.batch, self.steps)
        if self.mask_zero:
            tokens[0, 2:] = 0
            tokens[-1] = 0
        shape = (self.batch, self.steps, 1) if self.many_to_many else (self.batch, 1)
        return tokens, draws.tokens(2, *shape).astype("float32")
