"""Steps downhill: each optimizer changes weights in place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_suite.oracle.functions import Array


class SGD:
    """w := w - a g (Robbins and Monro 1951)."""

    def __init__(self, learning_rate: float) -> None:
        """Take the learning rate a."""
        self.learning_rate = learning_rate

    def step(self, weights: Sequence[Array], gradients: Sequence[Array]) -> None:
        """Change `weights` in place."""
        for weight, gradient in zip(weights, gradients, strict=True):
            weight[...] -= self.learning_rate * gradient


class Adam:
    """Adaptive moments (Kingma and Ba 2015).

    m := b1 m + (1 - b1) g and v := b2 v + (1 - b2) g^2, both corrected for their start at 0, and
    w := w - a sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + e): the form at the end of the paper's section
    2, where e stands outside the correction, as Keras has it.
    """

    def __init__(
        self,
        learning_rate: float,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        """Take a, b1, b2 and e."""
        self.learning_rate, self.betas, self.epsilon = learning_rate, (beta_1, beta_2), epsilon
        self._moments: list[tuple[Array, Array]] = []
        self._steps = 0

    def step(
        self,
        weights: Sequence[Array],
        gradients: Sequence[Array],
        squares: Sequence[Array] | None = None,
    ) -> None:
        """Change `weights` in place; always the same ones.

        Args:
            weights: the arrays to change.
            gradients: of the loss by each of them.
            squares: what to take for g^2; the square of the gradients where None, as in the paper.
        """
        if squares is None:
            squares = [gradient * gradient for gradient in gradients]
        if not self._moments:
            self._moments = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
        self._steps += 1
        # Constants rounded to the weights' precision: in float32, 1 - 0.999 is 1.3e-5 off, relatively.
        kind = weights[0].dtype.type
        b1, b2 = map(kind, self.betas)
        rate = kind(self.learning_rate) * np.sqrt(1 - b2**self._steps) / (1 - b1**self._steps)
        share_1, share_2 = (kind(1 - beta) for beta in self.betas)
        for weight, gradient, square, (m, v) in zip(
            weights, gradients, squares, self._moments, strict=True
        ):
            m[...] += share_1 * (gradient - m)
            v[...] += share_2 * (square - v)
            weight[...] -= rate * m / (np.sqrt(v) + self.epsilon)
