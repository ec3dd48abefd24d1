"""The rules of steps that are not taken one by one: several in one call, one in parts, of a scaled loss."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts import logistic
from rnn_suite.checks.parts.logistic import ROUNDING, Rows, held
from rnn_suite.checks.parts.parity import Draws
from rnn_suite.checks.parts.small_models import flat
from rnn_suite.findings import FLOAT16_EPSILON, Finding, close, equal

BATCH = 4
TRAIN = Rows.drawn(Draws(704), 10)
"""Two full batches and one of two rows: three steps."""
STEPS = 3
LEARNING_RATE = 1.0
PARTS = 2
FITTING, OVERFLOWING = 2.0**8, 2.0**40
"""A loss times the second has gradients beyond 65,504, the largest number of 16 bits."""

_HALF_ROUNDING = 4 * FLOAT16_EPSILON
"""Products and gradients of 16 bits, added to weights of 32; a sixth of it was measured."""


def steps_taken_together_are_steps() -> Iterator[Finding]:
    """Fit with two steps in a call, which does not divide three, and with more than there are.

    Up to Keras 3.6 a call of more steps than there are left no logs (keras-team/keras#20390).
    """
    start = logistic.start()
    for together in (2, STEPS + 2):
        model = logistic.compiled_model(steps_per_execution=together)
        model.set_weights(start)
        history = _fitted(model).history
        # The rate is 0 so far: the loss is that of the weights at the start.
        expected = logistic.logs(start, TRAIN)
        received = {name: values[-1] for name, values in history.items()}
        yield from held(f"{together} together", received, expected)
        model.optimizer.learning_rate = LEARNING_RATE
        _fitted(model)
        yield close(
            f"{together} together, weights",
            flat(model.get_weights()),
            flat(logistic.epoch(start, TRAIN, BATCH, LEARNING_RATE)),
            bound=ROUNDING,
            source="NumPy",
        )


def parts_of_a_step_are_one_step() -> Iterator[Finding]:
    """Give an optimizer the parts of two steps, and another one the means of the parts.

    Up to Keras 3.4 decay, clipping and Adam's count ran at every part (keras-team/keras#19990).
    """
    slopes = [Draws(705 + number).normal(5) for number in range(2 * PARTS)]
    means = [np.mean(slopes[at : at + PARTS], axis=0) for at in range(0, len(slopes), PARTS)]
    for name, kind, options in (
        ("Adam", keras.optimizers.Adam, {}),
        ("Adam, clipped", keras.optimizers.Adam, {"clipnorm": 0.5}),
        ("SGD, clipped", keras.optimizers.SGD, {"clipnorm": 0.5}),
        ("SGD, with decay", keras.optimizers.SGD, {"weight_decay": 0.1}),
    ):
        in_parts = kind(learning_rate=0.1, gradient_accumulation_steps=PARTS, **options)
        whole = kind(learning_rate=0.1, **options)
        received, expected = (keras.Variable(np.ones(5, "float32")) for _ in range(2))
        in_parts.apply([keras.ops.convert_to_tensor(slopes[0])], [received])
        yield equal(
            f"{name}, after a part", keras.ops.convert_to_numpy(received), np.ones(5, "float32")
        )
        for slope in slopes[1:]:
            in_parts.apply([keras.ops.convert_to_tensor(slope)])
        for slope in means:
            whole.apply([keras.ops.convert_to_tensor(slope)], [expected])
        yield equal(
            f"{name}, steps", int(keras.ops.convert_to_numpy(in_parts.iterations)), len(means)
        )
        yield close(
            f"{name}, after two steps",
            keras.ops.convert_to_numpy(received),
            keras.ops.convert_to_numpy(expected),
            bound=ROUNDING,
            source="steps taken whole",
        )


def a_loss_scale_is_taken_back() -> Iterator[Finding]:
    """Train in mixed precision with SGD; with Adam, which divides by its gradients, a scale left in hides.

    A step whose gradients overflow is left out, and the scale is halved.
    """
    start = logistic.start()
    sgd = _in_mixed_precision(keras.optimizers.SGD(LEARNING_RATE)).optimizer
    yield equal("scaled without being asked", type(sgd).__name__, "LossScaleOptimizer")
    expected = flat(logistic.step(start, TRAIN, LEARNING_RATE)) - flat(start)
    for name, scale, moved, kept in (
        ("step", FITTING, expected, FITTING),
        ("overflow", OVERFLOWING, np.zeros_like(expected), OVERFLOWING / 2),
    ):
        optimizer = keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(LEARNING_RATE), initial_scale=scale
        )
        model = _in_mixed_precision(optimizer)
        model.train_on_batch(TRAIN.x, TRAIN.y)
        received = flat(model.get_weights()) - flat(start)
        yield close(name, received, moved, bound=_HALF_ROUNDING, source="NumPy")
        one = keras.ops.convert_to_tensor(np.float32(1))
        yield equal(f"{name}, scale", float(optimizer.scale_loss(one)), kept)


def _fitted(model: keras.Model) -> keras.callbacks.History:
    return model.fit(TRAIN.x, TRAIN.y, batch_size=BATCH, shuffle=False, verbose=0)


def _in_mixed_precision(optimizer: Any) -> keras.Model:
    """Return logistic regression that computes in 16 bits, as at the start."""
    kept = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = logistic.compiled_model(optimizer, run_eagerly=True)
    finally:
        keras.config.set_dtype_policy(kept)
    model.set_weights(logistic.start())
    return model


STEPPING = (
    steps_taken_together_are_steps,
    parts_of_a_step_are_one_step,
    a_loss_scale_is_taken_back,
)
