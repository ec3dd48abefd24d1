"""A replayed short training run: fixed weights, fixed batches, the loss before each optimizer step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rnn_suite.errors import TrainingError
from rnn_suite.experiment import Experiment
from rnn_suite.models import renew_model
from rnn_suite.questions.replay import STEPS, ReplayLosses

_STREAM = 20_110_624
"""Seed of the weights and batches; any number would do, it must only stay."""


def replay_losses(experiment: Experiment, model: Any) -> ReplayLosses:
    """Train `model` for a few steps from fixed weights on fixed batches and return the losses.

    Weights, tokens and labels come from `numpy.random.RandomState`, whose stream NumPy has promised
    never to change, so no initializer and no seed of Keras takes part. Each label is the parity of the
    review's last token, so the loss has something to fall towards. `model` is left with other weights
    and another optimizer state.

    Args:
        experiment: gives the batch size, length and vocabulary.
        model: made by `build_model` for this experiment, traced or not.

    Raises:
        TrainingError: if a loss is NaN or infinite.
    """
    stream = np.random.RandomState(_STREAM)
    renew_model(model, experiment)
    model.set_weights(
        [stream.standard_normal(shape) / math.sqrt(shape[0]) for shape in _shapes(model)]
    )
    losses = []
    for step in range(STEPS):
        tokens = stream.randint(
            0,
            experiment.corpus.num_words,
            (experiment.training.batch_size, experiment.corpus.maxlen),
        ).astype("int32")
        # Without this, Keras would give the mean over all steps so far, which hides a late error.
        model.reset_metrics()
        loss = float(model.train_on_batch(tokens, tokens[:, -1] % 2, return_dict=True)["loss"])
        if not math.isfinite(loss):
            raise TrainingError(
                f"{experiment.cell}: the loss of replayed step {step + 1} is {loss}.\n"
                "Expected: a finite number\nNext: the forward pass or the optimizer is broken; the "
                "layers' outputs on these fixed weights show which"
            )
        losses.append(loss)
    return ReplayLosses(losses=tuple(losses))


def _shapes(model: Any) -> list[tuple[int, ...]]:
    return [weight.shape for weight in model.get_weights()]
