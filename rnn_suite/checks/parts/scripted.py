"""Training runs whose course is written beforehand: the loss of every epoch is known."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnn_suite.findings import Finding, equal
from rnn_suite.oracle.functions import Array

X = np.array([[0.25], [0.5], [0.75], [0.5]], "float32")
Y = np.ones((4, 1), "float32")
SLOPE = 0.5
"""Mean of `X`: what the loss grows by when the weight grows by 1. Powers of two keep all of it exact."""


def losses(script: Sequence[float]) -> list[float]:
    """Return the loss of each epoch of `script`."""
    return [SLOPE * weight for weight in script]


def accuracies(script: Sequence[float]) -> list[float]:
    """Return the accuracy of each epoch: the share of outputs above a half, for all labels are 1."""
    return [float(np.mean(weight * X > 0.5)) for weight in script]


def run(
    script: Sequence[float],
    *callbacks: keras.callbacks.Callback,
    learning_rate: float = 0.0,
    inputs: Array = X,
    batch_size: int = len(X),
) -> keras.callbacks.History:
    """Train one epoch for each weight in `script`, which the epoch begins with, and return Keras's history.

    Args:
        script: the model's only weight at the beginning of every epoch; the output is weight times input,
            and the loss is the mean output.
        callbacks: what is looked at.
        learning_rate: at the beginning; a rate of 0 leaves the weight as in the script.
        inputs: what is trained on, of the shape of `X`; it is validated on `X`, in one batch.
        batch_size: of training.
    """
    model = _model()
    model.optimizer.learning_rate = learning_rate
    return model.fit(
        batches(inputs, batch_size),
        epochs=len(script),
        validation_data=batches(X, len(X)),
        callbacks=[_Script(script), *callbacks],
        # By default Keras warns that a data set keeps its order.
        shuffle=False,
        verbose=0,
    )


def batches(inputs: Array, batch_size: int) -> tf.data.Dataset:
    """Return inputs and labels in batches, in order; what Keras makes of arrays takes longer to set up."""
    return tf.data.Dataset.from_tensor_slices((inputs, Y)).batch(batch_size)


def last_weight() -> float:
    """Return the weight that the last run left."""
    return weight_of(_model())


def weight_of(model: keras.Model) -> float:
    """Return the only weight of a model such as `untrained` gives."""
    return float(model.get_weights()[0][0, 0])


def same_number(name: str, received: float, expected: float) -> Finding:
    """Return a finding that holds where both are one number, or both NaN."""
    return equal(name, repr(received), repr(float(expected)))


def untrained() -> keras.Model:
    """Return a model of the same kind, not compiled."""
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])


@functools.cache
def _model() -> keras.Model:
    # Traced: with so many epochs, one graph is cheaper than every operation by itself.
    model = untrained()
    model.compile(keras.optimizers.SGD(0.0), _mean_output, metrics=["accuracy"])
    return model


def _mean_output(labels: Array, outputs: Any) -> Any:
    del labels
    return keras.ops.mean(outputs, axis=-1)


class _Script(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Sets the weight when an epoch begins."""

    def __init__(self, script: Sequence[float]) -> None:
        super().__init__()
        self._script = script

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.set_weights([np.full((1, 1), self._script[epoch], "float32")])
