"""Activations and the loss, each with its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Float array of any precision."""


@dataclass(frozen=True, slots=True)
class Activation:
    """An elementwise function and its derivative."""

    of: Callable[[Array], Array]
    """From argument to value."""
    slope: Callable[[Array], Array]
    """From *value* to derivative: all functions here know theirs from what they gave."""


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), in the form that no argument can overflow."""
    value: Array = (np.tanh(x / 2) + 1) / 2
    return value


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(np.tanh, lambda y: 1 - y * y),
    "sigmoid": Activation(sigmoid, lambda y: y * (1 - y)),
    "relu": Activation(lambda x: np.maximum(x, 0), lambda y: (y > 0).astype(y.dtype)),
    "linear": Activation(lambda x: x, np.ones_like),
}
"""Activations, by Keras's names."""


def binary_cross_entropy(logits: Array, labels: Array) -> Array:
    """Return -y log p - (1 - y) log(1 - p) for each p = sigmoid(logit).

    Written as log(1 + exp(-|z|)) + max(z, 0) - y z, which loses nothing where p is close to 0 or 1.
    Goodfellow, Bengio and Courville 2016, section 6.2.2.2.
    """
    loss: Array = np.log1p(np.exp(-np.abs(logits))) + np.maximum(logits, 0) - labels * logits
    return loss


def binary_cross_entropy_slope(logits: Array, labels: Array) -> Array:
    """Return the derivative of `binary_cross_entropy` by the logit: p - y."""
    return sigmoid(logits) - labels
