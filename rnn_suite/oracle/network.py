"""Layers one after the other, and the loss of a binary classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_suite.oracle.functions import Array, binary_cross_entropy, binary_cross_entropy_slope
from rnn_suite.oracle.layers import Embedding, Layer, Mask


class Network:
    """A stack of layers whose last one gives logits: `Embedding`, recurrent layers, `Dense`."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Take the layers, the first one first."""
        self.layers = layers

    @property
    def weights(self) -> list[Array]:
        """All weights, layer by layer."""
        return [weight for layer in self.layers for weight in layer.weights]

    @property
    def gradients(self) -> list[Array]:
        """The gradients by `weights`, after `loss_and_gradients`."""
        return [gradient for layer in self.layers for gradient in layer.gradients]

    @property
    def squares_apart(self) -> list[Array]:
        """The squared gradients; those of an `Embedding` squared place by place, then added."""
        first, *others = self.layers
        squares = [g * g for layer in others for g in layer.gradients]
        if isinstance(first, Embedding):
            return [first.squares_apart, *squares]
        return [*(g * g for g in first.gradients), *squares]

    def logits(self, inputs: Array) -> tuple[Array, Mask]:
        """Return the last layer's outputs and the mask that goes with them."""
        outputs, mask = inputs, None
        for layer in self.layers:
            outputs, mask = layer.forward(outputs, mask)
        return outputs, mask

    def loss_and_gradients(self, inputs: Array, labels: Array) -> tuple[float, list[Array]]:
        """Return the mean binary cross-entropy over all answers that no mask hides, and its gradients.

        Args:
            inputs: what the first layer takes, such as int[batch, time].
            labels: 0 or 1, of the shape of the logits.
        """
        logits, mask = self.logits(inputs)
        counted = np.ones(logits.shape[:-1], bool) if mask is None else mask
        share = (counted / counted.sum())[..., np.newaxis].astype(logits.dtype) / logits.shape[-1]
        labels = labels.astype(logits.dtype)
        loss = float((binary_cross_entropy(logits, labels) * share).sum())
        d_outputs = binary_cross_entropy_slope(logits, labels) * share
        for layer in reversed(self.layers):
            d_outputs = layer.backward(d_outputs)
        return loss, self.gradients
