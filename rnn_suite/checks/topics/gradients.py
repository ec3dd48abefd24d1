"""Loss and gradients of the installed Keras's models against backpropagation through time, written out."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from rnn_suite import oracle
from rnn_suite.checks.parts.classifiers import Classifier
from rnn_suite.checks.parts.parity import Draws, against_the_oracle
from rnn_suite.findings import FLOAT16_EPSILON, Finding
from rnn_suite.oracle.functions import Array

LEARNING_RATE = 1024.0
"""One step of plain gradient descent shows the gradient: (before - after) / rate. With a rate of 1 the
subtraction would lose what the weights are larger by; a power of two loses nothing itself."""

MIXED = 12.0
"""Allowance of mixed precision; measured over 12 sets of numbers, 144 findings: at most 3.6 times."""

CLASSIFIERS = (
    Classifier(name="many to one"),
    Classifier(name="mask", mask_zero=True),
    Classifier(name="many to many", many_to_many=True),
    Classifier(name="many to many, mask", many_to_many=True, mask_zero=True),
    Classifier(name="stacked", layers=2),
    Classifier(name="stacked, mask", layers=2, mask_zero=True),
    Classifier(name="both directions", bidirectional=True),
    Classifier(
        name="both directions, many to many, mask",
        bidirectional=True,
        many_to_many=True,
        mask_zero=True,
    ),
    Classifier(name="backwards", layer={"go_backwards": True}),
    Classifier(name="one step", steps=1),
    Classifier(name="one row", batch=1),
    Classifier(name="no bias", layer={"use_bias": False}),
    Classifier(
        name="relu",
        layer={"activation": "relu"},
        equations={"activation": oracle.ACTIVATIONS["relu"]},
    ),
    Classifier(
        name="reset before",
        layer={"reset_after": False},
        equations={"reset_after": False},
        cells=("gru",),
    ),
)


def losses_and_gradients_follow_the_equations(cell: str) -> Iterator[Finding]:
    """Take one step of gradient descent with every classifier, operation by operation."""
    for number, classifier in enumerate(CLASSIFIERS):
        if cell in classifier.cells:
            yield from _Step(cell, classifier, Draws(number), eagerly=True).findings()


def a_traced_step_has_the_same_loss_and_gradients(cell: str) -> Iterator[Finding]:
    """Take one step with a long and involved classifier, traced into a graph as `fit` does."""
    classifier = Classifier(
        name="length 100",
        steps=100,
        batch=2,
        bidirectional=True,
        many_to_many=True,
        mask_zero=True,
    )
    yield from _Step(cell, classifier, Draws(50), eagerly=False).findings()


def mixed_precision_loses_no_more_than_its_rounding(cell: str) -> Iterator[Finding]:
    """Take one step in each mixed precision; in which dtype weights are kept is asked in `layers`."""
    for name, epsilon in (("mixed_bfloat16", 2.0**-7), ("mixed_float16", FLOAT16_EPSILON)):
        step = _Step(cell, Classifier(name=name, batch=8), Draws(60), eagerly=True, dtype=name)

        def compute(dtype: str, step: _Step = step) -> list[Array]:
            return _as_one(step.equations(dtype))

        # All gradients as one: that of a bias can come close to 0 by cancelling, but not all of them.
        yield from against_the_oracle(
            [f"{name}, loss", f"{name}, all gradients"],
            _as_one(step.received),
            compute,
            epsilon=epsilon,
            allowance=MIXED,
        )


class _Step:
    """One step of gradient descent with Keras, and what the oracle says of it."""

    def __init__(
        self,
        cell: str,
        classifier: Classifier,
        draws: Draws,
        *,
        eagerly: bool,
        dtype: str | None = None,
    ) -> None:
        self._cell, self._classifier = cell, classifier
        model = classifier.build(cell, draws, dtype=dtype)
        model.compile(
            keras.optimizers.SGD(LEARNING_RATE), "binary_crossentropy", run_eagerly=eagerly
        )
        self._tokens, self._labels = classifier.feed(draws)
        self._before = model.get_weights()
        loss = np.float64(model.train_on_batch(self._tokens, self._labels))
        gradients = [
            (old.astype("float64") - new) / LEARNING_RATE
            for old, new in zip(self._before, model.get_weights(), strict=True)
        ]
        self.received: list[Array] = [np.asarray(loss), *gradients]
        """Loss and gradients from Keras."""
        parts = ("loss", *_weight_names(model))
        self.names = [f"{classifier.name}, {part}" for part in parts]

    def equations(self, dtype: str) -> list[Array]:
        """Return loss and gradients from the oracle."""
        network = self._classifier.equations_of(self._cell, self._before, dtype)
        loss, gradients = network.loss_and_gradients(self._tokens, self._labels)
        return [np.asarray(loss), *gradients]

    def findings(self) -> Iterator[Finding]:
        """Hold the two against each other, weight by weight."""
        yield from against_the_oracle(self.names, self.received, self.equations)


def _as_one(loss_and_gradients: list[Array]) -> list[Array]:
    loss, *gradients = loss_and_gradients
    return [loss, np.concatenate([gradient.ravel() for gradient in gradients])]


def _weight_names(model: keras.Model) -> list[str]:
    """Return a name for each weight: the layer's place and kind, and the weight's."""
    return [
        f"gradient of {place}.{index} {type(layer).__name__.lower()}"
        for place, layer in enumerate(model.layers)
        for index, _ in enumerate(layer.get_weights())
    ]


RULES = (
    losses_and_gradients_follow_the_equations,
    a_traced_step_has_the_same_loss_and_gradients,
    mixed_precision_loses_no_more_than_its_rounding,
)
