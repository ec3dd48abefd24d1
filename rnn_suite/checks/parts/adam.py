"""How the installed Keras's Adam treats a word that stands more than once in a batch."""

from __future__ import annotations

import functools
import math

import keras
import numpy as np


@functools.cache
def step_of_a_repeated_word() -> float:
    """Return how far Adam moves a word with gradient 1 + 1, in units of the learning rate.

    With both betas at 0 it is (1 + 1) / sqrt((1 + 1)^2) = 1; squared apart, 2 / sqrt(1^2 + 1^2) = 1.41.
    """
    model = keras.Sequential(
        [
            keras.Input((2,), dtype="int32"),
            keras.layers.Embedding(3, 1, embeddings_initializer="zeros"),
            keras.layers.Flatten(),
        ]
    )
    adam = keras.optimizers.Adam(1.0, beta_1=0.0, beta_2=0.0)
    model.compile(adam, lambda _, outputs: keras.ops.sum(outputs, axis=-1), run_eagerly=True)
    model.train_on_batch(np.array([[1, 1]]), np.zeros((1, 2)))
    return -float(model.get_weights()[0][1, 0])


def squares_apart() -> bool:
    """Return whether the installed Keras squares the gradients of a repeated word one by one."""
    return abs(step_of_a_repeated_word() - math.sqrt(2)) < 1e-3
