"""The rules of `compile` and of the optimizers' constants: what a short name stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from rnn_suite import oracle
from rnn_suite.checks.parts.parity import against_the_oracle, as_dtype
from rnn_suite.findings import FLOAT32_EPSILON, Finding, close, equal
from rnn_suite.oracle.functions import Array

UNTOUCHED: dict[str, Any] = {
    "weight_decay": None,
    "clipnorm": None,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": False,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
"""What no optimizer does unless it is asked to."""
ADAM: dict[str, Any] = {
    "learning_rate": 1e-3,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-7,
    "amsgrad": False,
    **UNTOUCHED,
}
"""Kingma and Ba 2015, but for Keras's larger epsilon."""
SGD: dict[str, Any] = {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False, **UNTOUCHED}
SLOPES: dict[str, tuple[float, ...]] = {
    "constant": (1.0,) * 6,
    "turning": (1.0, -2.0, 0.5, -0.1, 3.0, -1.0),
    # Clipping would make them alike, and the largest square so far (`amsgrad`) is the first.
    "falling": (1e3, 1e2, 1e1, 1.0, 0.1, 0.01),
    # Of the size of epsilon.
    "small": (1e-6, -2e-6, 3e-6, 1e-6, 1e-6, -1e-6),
    # Only decay would change what has no slope.
    "none": (0.0,) * 6,
}
"""Gradients of one number each, step by step."""
STARTS = {"none": 2.0}
"""Where the numbers start that do not start at 0."""
_ROUNDING = 16 * FLOAT32_EPSILON
"""A few operations on numbers of one size."""
_LOWER, _UPPER = np.nextafter(np.float32(0.5), np.array([0, 1], "float32"))


def optimizers_have_their_constants() -> Iterator[Finding]:
    """Read them, and take steps with optimizers that were told nothing."""
    adam, sgd = keras.optimizers.Adam(), keras.optimizers.SGD()
    yield from _constants("Adam", adam, ADAM)
    yield from _steps("Adam", adam, lambda: oracle.Adam(ADAM["learning_rate"]))
    yield from _constants("SGD", sgd, SGD)
    yield from _steps("SGD", sgd, lambda: oracle.SGD(SGD["learning_rate"]))


def names_stand_for_what_has_no_arguments() -> Iterator[Finding]:
    """Compile with "adam", "binary_crossentropy" and "accuracy", and judge chances that are known."""
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    yield equal("adam", type(model.optimizer).__name__, "Adam")
    yield from _constants("adam", model.optimizer, ADAM)

    chances = np.array([0.1, 0.3, 0.45, 0.6, 0.9])
    labels = np.array([0, 1, 0, 1, 1])
    logs = _judged(model, chances, labels)
    yield equal("names of loss and metric", sorted(logs), ["accuracy", "loss"])
    entropy = -np.mean(np.log(np.where(labels, chances, 1 - chances)))
    # A loss that took the chances for logits would be another one.
    yield close("binary_crossentropy", logs["loss"], entropy, bound=_ROUNDING)
    impossible = _judged(model, np.array([0.0]), np.array([1]))["loss"]
    yield close("binary_crossentropy of 0 for 1", impossible, -np.log(1e-7), bound=_ROUNDING)
    yield close("accuracy", logs["accuracy"], 4 / 5, bound=_ROUNDING)
    for name, chance, answer in (
        ("below one half", _LOWER, 0),
        ("one half", 0.5, 0),
        ("above one half", _UPPER, 1),
    ):
        received = _judged(model, np.array([chance]), np.array([1]))["accuracy"]
        yield equal(f"accuracy, {name} counts as", float(received), float(answer))


def losses_without_arguments_are_the_cross_entropy() -> Iterator[Finding]:
    """Call `BinaryCrossentropy` with chances that are known, and with their logits."""
    chances, labels = np.array([0.1, 0.3, 0.45, 0.6, 0.9]), np.array([0, 1, 0, 1, 1])
    entropy = -np.mean(np.log(np.where(labels, chances, 1 - chances)))
    for name, from_logits, given in (
        ("chances", False, chances),
        ("logits", True, np.log(chances / (1 - chances))),
    ):
        loss = keras.losses.BinaryCrossentropy(from_logits=from_logits)
        rows = labels[:, np.newaxis].astype("float32"), given[:, np.newaxis].astype("float32")
        yield close(f"of {name}", float(loss(*rows)), entropy, bound=_ROUNDING)


def gradients_are_clipped_where_it_is_asked_for() -> Iterator[Finding]:
    """Take one step of length 1 along gradients (3, 4) and (0, 12), each clipped in one way."""
    slopes = np.array([3, 4], "float32"), np.array([0, 12], "float32")
    for name, limit, expected in (
        ("clipnorm", 1.0, ([0.6, 0.8], [0.0, 1.0])),
        ("clipnorm", 5.0, ([3.0, 4.0], [0.0, 5.0])),
        ("clipvalue", 3.5, ([3.0, 3.5], [0.0, 3.5])),
        # The norm of both together is 13.
        ("global_clipnorm", 6.5, ([1.5, 2.0], [0.0, 6.0])),
    ):
        variables = [keras.Variable(np.zeros(2, "float32")) for _ in slopes]
        optimizer = keras.optimizers.SGD(learning_rate=1.0, **{name: limit})
        optimizer.apply([keras.ops.convert_to_tensor(slope) for slope in slopes], variables)
        for variable, step, one in zip(variables, expected, ("first", "second"), strict=True):
            moved = -variable.numpy()
            yield close(f"{name} {limit:g}, {one} gradient", moved, step, bound=_ROUNDING)


def _constants(name: str, optimizer: Any, expected: dict[str, Any]) -> Iterator[Finding]:
    config = optimizer.get_config()
    for constant, value in expected.items():
        received = config.get(constant)
        if isinstance(value, float) and isinstance(received, float):
            # The learning rate is kept as a float32.
            received, value = float(np.float32(received)), float(np.float32(value))  # noqa: PLW2901
        yield equal(f"{name}, {constant}", received, value)


def _steps(name: str, optimizer: Any, rule: Callable[[], Any]) -> Iterator[Finding]:
    """Let `optimizer` change one number along each row of `SLOPES`, all of them at once."""
    starts = [np.full(1, STARTS.get(slopes, 0.0), "float32") for slopes in SLOPES]
    steps = [
        [np.full(1, slope, "float32") for slope in step]
        for step in zip(*SLOPES.values(), strict=True)
    ]
    variables = [keras.Variable(start) for start in starts]
    for step in steps:
        optimizer.apply([keras.ops.convert_to_tensor(slope) for slope in step], variables)

    def compute(dtype: str) -> list[Array]:
        numbers, walker = as_dtype(dtype, starts), rule()
        for step in steps:
            walker.step(numbers, as_dtype(dtype, step))
        return numbers

    names = [f"{name}, {slopes} slopes" for slopes in SLOPES]
    received = [variable.numpy() for variable in variables]
    yield from against_the_oracle(names, received, compute)


def _judged(model: keras.Model, chances: Array, labels: Array) -> dict[str, Any]:
    """Return loss and metric of a model that answers what it is given."""
    model.reset_metrics()
    logs: dict[str, Any] = model.test_on_batch(
        chances[:, np.newaxis].astype("float32"),
        labels[:, np.newaxis].astype("float32"),
        return_dict=True,
    )
    return logs


COMPILING = (
    optimizers_have_their_constants,
    names_stand_for_what_has_no_arguments,
    losses_without_arguments_are_the_cross_entropy,
    gradients_are_clipped_where_it_is_asked_for,
)
