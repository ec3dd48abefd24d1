"""A replayed short training run: fixed weights, fixed batches, the loss before each optimizer step.

The same steps are taken with the equations in float64, which say what the losses should have been, and in
float32, which say how far from that rounding alone may lead.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rnn_suite.errors import InvalidExperimentError, TrainingError
from rnn_suite.experiment import Experiment
from rnn_suite.models import renew_model
from rnn_suite.oracle import Adam
from rnn_suite.oracle.functions import Array
from rnn_suite.questions.replay import STEPS, ReplayLosses

_STREAM = 20_110_624
"""Seed of the weights and batches; any number would do, it must only stay."""


def replay_losses(experiment: Experiment, model: Any) -> ReplayLosses:
    """Train `model` for a few steps from fixed weights on fixed batches; return its losses and the true ones.

    Weights, tokens and labels come from `numpy.random.RandomState`, whose stream NumPy has promised
    never to change, so no initializer and no seed of Keras takes part. Each label is the parity of the
    review's last token, so the loss has something to fall towards. `model` is left with other weights
    and another optimizer state.

    Args:
        experiment: gives the batch size, length and vocabulary.
        model: made by `build_model` for this experiment, traced or not.

    Raises:
        InvalidExperimentError: if the model has dropout or another head.
        TrainingError: if a loss is NaN or infinite, or the weights are those of other equations.
    """
    if (
        experiment.model.head != "binary"
        or experiment.model.dropout
        or experiment.model.recurrent_dropout
    ):
        raise InvalidExperimentError(
            "A run is replayed without dropout and with the head whose equations are written out.\n"
            "Expected: head 'binary', dropout and recurrent_dropout 0\n"
            f"Received: {experiment.model}"
        )
    stream = np.random.RandomState(_STREAM)
    renew_model(model, experiment)
    model.set_weights(
        [stream.standard_normal(shape) / math.sqrt(shape[0]) for shape in _shapes(model)]
    )
    weights = model.get_weights()
    shape = (experiment.training.batch_size, experiment.corpus.maxlen)
    batches = [
        stream.randint(0, experiment.corpus.num_words, shape).astype("int32") for _ in range(STEPS)
    ]
    losses = []
    for step, tokens in enumerate(batches):
        # Without this, Keras would give the mean over all steps so far, which hides a late error.
        model.reset_metrics()
        loss = float(model.train_on_batch(tokens, _labels(tokens), return_dict=True)["loss"])
        if not math.isfinite(loss):
            raise TrainingError(
                f"{experiment.cell}: the loss of replayed step {step + 1} is {loss}.\n"
                "Expected: a finite number\nNext: the forward pass or the optimizer is broken; the "
                "layers' outputs on these fixed weights show which"
            )
        losses.append(loss)
    double, single = (
        _by_equations(experiment, weights, batches, dtype) for dtype in ("float64", "float32")
    )
    return ReplayLosses(losses=tuple(losses), equations=double, single=single)


def _by_equations(
    experiment: Experiment, weights: list[Array], batches: list[Array], dtype: str
) -> tuple[float, ...]:
    # Here and not above: both import Keras, which collecting tests must not.
    from rnn_suite.checks.parts.adam import squares_apart
    from rnn_suite.checks.parts.classifiers import Classifier

    model = experiment.model
    classifier = Classifier(name="replay", layers=model.layers, bidirectional=model.bidirectional)
    try:
        network = classifier.equations_of(model.cell, weights, dtype)
    except ValueError as error:
        raise TrainingError(
            f"{model.cell}: the weights of the model are not those of the equations.\n"
            f"Expected: the layer's default equations\nReceived: {error}\n"
            "Next: see the question parameters of this cell: a default of the layer changed"
        ) from error
    adam = Adam(experiment.training.learning_rate)
    losses = []
    for tokens in batches:
        loss, gradients = network.loss_and_gradients(tokens, _labels(tokens)[:, np.newaxis])
        losses.append(loss)
        # A known fault of Keras 3, which a rule of `short_runs` looks at, is followed here.
        squares = network.squares_apart if squares_apart() else None
        adam.step(network.weights, gradients, squares)
    return tuple(losses)


def _labels(tokens: Array) -> Array:
    labels: Array = tokens[:, -1] % 2
    return labels


def _shapes(model: Any) -> list[tuple[int, ...]]:
    return [weight.shape for weight in model.get_weights()]
