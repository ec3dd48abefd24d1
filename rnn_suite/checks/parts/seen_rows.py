"""Which rows `fit` trains and validates on, in which order and with which labels."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np


class SeenRows(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Rows in the order in which a step was given them."""

    def __init__(self) -> None:
        super().__init__()
        self.trained: list[list[int]] = []
        """Numbers of the rows, a list an epoch."""
        self.validated: list[list[int]] = []
        self.sizes: list[int] = []
        """Rows in each training batch."""
        self.strangers = 0
        """Rows that came with the label of another."""
        self.epochs: list[int] = []
        self.steps = 0
        """Steps that the optimizer counted."""
        self.logs: dict[str, float] = {}
        """Of the last epoch."""
        self._now = self.trained

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epochs.append(epoch)
        self.trained.append([])
        self._now = self.trained

    def on_test_begin(self, logs: Any = None) -> None:
        self.validated.append([])
        self._now = self.validated

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.logs = dict(logs)

    def on_train_end(self, logs: Any = None) -> None:
        self.steps = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))

    def note(self, labels: Any, outputs: Any) -> Any:
        """Note the rows of one step; the loss of a model whose output is its input."""
        numbers = keras.ops.convert_to_numpy(labels).ravel()
        self.strangers += int(np.sum(keras.ops.convert_to_numpy(outputs).ravel() != numbers))
        self._now[-1].extend(int(number) for number in numbers)
        if self._now is self.trained:
            self.sizes.append(len(numbers))
        return keras.ops.mean(outputs, axis=-1)


@functools.cache
def seen_rows(rows: int, *, batch_size: int, weighted: bool = False, **options: Any) -> SeenRows:
    """Fit a model that gives back its input, on rows whose input and label are their number.

    Args:
        rows: how many there are.
        batch_size: of `fit`.
        weighted: whether their numbers are their sample weights too.
        options: further arguments of `fit`.
    """
    seen = SeenRows()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.ones((1, 1))])
    # Operation by operation, the loss is called in every step and sees numbers.
    model.compile(keras.optimizers.SGD(0.0), seen.note, run_eagerly=True)
    numbers = np.arange(rows, dtype="float32")
    model.fit(
        numbers[:, None],
        numbers[:, None],
        batch_size=batch_size,
        sample_weight=numbers if weighted else None,
        callbacks=[seen],
        verbose=0,
        **options,
    )
    return seen
