"""Short training runs with Adam, in every way that Keras can run them, against the oracle's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from rnn_suite import oracle
from rnn_suite.checks.parts.adam import squares_apart, step_of_a_repeated_word
from rnn_suite.checks.parts.classifiers import Classifier
from rnn_suite.checks.parts.parity import Draws, against_the_oracle
from rnn_suite.findings import Finding, close
from rnn_suite.oracle.functions import Array

STEPS = 20
LEARNING_RATE = 1e-2
CLASSIFIER = Classifier(name="notebook's", batch=8, steps=5, words=30, width=8, units=8)


def a_word_that_stands_twice_is_one_gradient_to_adam(cell: str) -> Iterator[Finding]:
    """Adam's g is the gradient of the loss: two places of one word are added before they are squared.

    Keras 3 on TensorFlow squares them one by one, so that a word which stands n times in a batch moves up
    to sqrt(n) times as far as in Keras 2 and in the paper. The other rules here follow what this one finds.
    """
    del cell
    yield close("step of a word that stands twice", step_of_a_repeated_word(), 1.0, bound=1e-5)


def a_traced_run_follows_the_equations(cell: str) -> Iterator[Finding]:
    """Train as `fit` does by default: a graph of operations."""
    yield from _run(cell, "graph")


def an_eager_run_follows_the_equations(cell: str) -> Iterator[Finding]:
    """Train operation by operation."""
    yield from _run(cell, "eager", run_eagerly=True)


def a_compiled_run_follows_the_equations(cell: str) -> Iterator[Finding]:
    """Train with `jit_compile`: the graph compiled by XLA."""
    yield from _run(cell, "XLA", jit_compile=True)


def _run(cell: str, name: str, **options: Any) -> Iterator[Finding]:
    draws = Draws(400)
    model = CLASSIFIER.build(cell, draws)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), "binary_crossentropy", **options)
    start = model.get_weights()
    batches = [CLASSIFIER.feed(draws) for _ in range(STEPS)]
    losses = []
    for tokens, labels in batches:
        # Otherwise Keras gives the mean over all steps so far, which hides a late error.
        model.reset_metrics()
        losses.append(float(model.train_on_batch(tokens, labels)))

    def compute(dtype: str) -> list[Array]:
        network = CLASSIFIER.equations_of(cell, start, dtype)
        adam = oracle.Adam(LEARNING_RATE)
        curve = []
        for tokens, labels in batches:
            loss, gradients = network.loss_and_gradients(tokens, labels)
            curve.append(loss)
            squares = network.squares_apart if squares_apart() else None
            adam.step(network.weights, gradients, squares)
        return [np.array(curve), *network.weights]

    names = [f"{STEPS} losses", *(f"weight {place} after them" for place in range(len(start)))]
    yield from against_the_oracle(
        [f"{part}, {name}" for part in names], [np.array(losses), *model.get_weights()], compute
    )


RULES = (
    a_word_that_stands_twice_is_one_gradient_to_adam,
    a_traced_run_follows_the_equations,
    an_eager_run_follows_the_equations,
    a_compiled_run_follows_the_equations,
)
