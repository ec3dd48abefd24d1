"""The rules of dropout in a recurrent layer, read from outputs that show the masks.

A layer is given weights that let one gate pass on what dropout multiplies: linear activations, an identity
matrix in the gate's block, and biases that hold the other gates at 0 or 1. Called on ones, from a state of
ones, its first output is the mask.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from scipy import stats

from rnn_suite.checks.parts.drawn_layers import called, drawn, parts
from rnn_suite.findings import FLOAT32_EPSILON, Finding, close, equal, within
from rnn_suite.models import cell_layer
from rnn_suite.oracle.functions import Array

KINDS = ("dropout", "recurrent_dropout")
"""Dropout of the inputs and of the state (Gal and Ghahramani 2016)."""
SHAPE = ROWS, STEPS, WIDTH = 512, 3, 64
RATE = 0.2
"""Not one half, so that keeping and dropping are told apart; 1 / (1 - 0.2) is a float32, and its powers."""
SEED = 1
CHANCE = 1e-8
"""That a good library breaks one statistical finding: all of them together stay below 1e-6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A gate that shows its mask."""

    name: str
    block: int
    """Place among the columns of the kernels."""
    biases: tuple[Any, ...]
    """Of every gate, as Keras lays them out: what the others are held at."""
    carries: bool = False
    """Whether it multiplies the state, so that the masks of all steps pile up."""


GATES: dict[str, tuple[Gate, ...]] = {
    "simple_rnn": (Gate(name="state", block=0, biases=(0,)),),
    # i, f, g, o: h = o (f c + i g).
    "lstm": (
        Gate(name="input gate", block=0, biases=(0, 0, 1, 1)),
        Gate(name="forget gate", block=1, biases=(0, 0, 0, 1), carries=True),
        Gate(name="candidate", block=2, biases=(1, 0, 0, 1)),
        Gate(name="output gate", block=3, biases=(1, 0, 1, 0)),
    ),
    # z, r, n: h = z h + (1 - z) n, and n = x + r (h + b').
    "gru": (
        Gate(name="update gate", block=0, biases=((0, 0, 0), (0, 0, 0)), carries=True),
        Gate(name="reset gate", block=1, biases=((0, 0, 0), (0, 0, 1))),
        Gate(name="candidate", block=2, biases=((0, 1, 0), (0, 0, 0))),
    ),
}
"""The gates of every cell."""


def masks_have_the_rate_and_the_scale(cell: str) -> Iterator[Finding]:
    """Count the zeros of every gate's mask; what is kept is multiplied by 1 / (1 - rate)."""
    for kind, gate, shown in _shown(cell):
        mask = shown[:, 0]
        kept = mask[mask != 0]
        yield _share(f"{kind}, {gate.name}, dropped", mask.size - kept.size, mask.size, RATE)
        scale = np.full_like(kept, 1 / (1 - RATE))
        yield close(
            f"{kind}, {gate.name}, scale", kept, scale, bound=FLOAT32_EPSILON, source="1/(1-rate)"
        )


def masks_are_the_same_at_every_step(cell: str) -> Iterator[Finding]:
    """Hold all outputs against the powers of the first: a mask is drawn once for a sequence."""
    steps = np.arange(1, STEPS + 1)
    for kind, gate, shown in _shown(cell):
        if kind == "dropout":
            powers = steps if gate.carries else np.ones_like(steps)
        else:
            # The gate is the dropped state, and then h_t = mask h_{t-1}, or mask h_{t-1}^2.
            powers = 2**steps - 1 if gate.carries else steps
        expected = shown[:, :1].astype("float64") ** powers[:, np.newaxis]
        # The powers are exact where the scale is; a scale one epsilon off is off seven times at most.
        yield close(
            f"{kind}, {gate.name}",
            shown,
            expected,
            bound=16 * FLOAT32_EPSILON,
            source="the first mask",
        )


def masks_of_rows_units_and_calls_are_independent(cell: str) -> Iterator[Finding]:
    """Count where two masks agree: both keep or both drop."""
    gate = GATES[cell][-1]
    for kind in KINDS:
        layer = _showing(cell, gate, kind)
        first, second = (_call(cell, layer, steps=1, training=True)[:, 0] != 0 for _ in range(2))
        pairs = {
            "rows": (first[0::2], first[1::2]),
            "units": (first[:, 0::2], first[:, 1::2]),
            "calls": (first, second),
        }
        for name, (one, other) in pairs.items():
            agreed = int(np.sum(one == other))
            yield _share(f"{kind}, {name}", agreed, one.size, RATE**2 + (1 - RATE) ** 2)


def dropout_is_active_in_training_only(cell: str) -> Iterator[Finding]:
    """Call layers and a model in training, in inference and without saying which."""
    gate = GATES[cell][-1]
    ones = np.ones(SHAPE, "float32")
    for kind in KINDS:
        layer = _showing(cell, gate, kind)
        yield equal(f"{kind}, training=False", _call(cell, layer, training=False), ones)
        yield equal(f"{kind}, no argument", _call(cell, layer), ones)
        dropped = bool(np.any(_call(cell, layer, training=True) == 0))
        yield equal(f"{kind}, training=True, drops", dropped, True)

    layer = drawn(
        cell_layer(cell)(WIDTH, dropout=0.5, recurrent_dropout=0.5, seed=SEED), inputs=WIDTH
    )
    inputs = _one_sequence()
    inference = called(layer, inputs, training=False)[0]
    model = keras.Sequential([keras.Input((STEPS, WIDTH)), layer])
    # A sum of squares, which no two masks share.
    model.compile(
        keras.optimizers.SGD(0.0),
        lambda _, outputs: keras.ops.sum(outputs * outputs, axis=-1),
        run_eagerly=True,
    )
    yield equal("predict", model.predict(inputs, verbose=0), inference)
    total = np.sum(inference.astype("float64") ** 2)
    # One rounding for each of the numbers that are added, at most.
    bound = WIDTH * FLOAT32_EPSILON
    evaluated = np.float64(model.test_on_batch(inputs, inference))
    yield close("evaluate", evaluated, total, bound=bound, source="inference")
    model.reset_metrics()
    trained = np.float64(model.train_on_batch(inputs, inference))
    yield equal("fit, drops", bool(abs(trained - total) > bound * total), True)


def a_rate_of_0_changes_nothing(cell: str) -> Iterator[Finding]:
    """Call a layer in training and in inference, and compare bit by bit."""
    layer = drawn(cell_layer(cell)(WIDTH, dropout=0.0, recurrent_dropout=0.0), inputs=WIDTH)
    training, inference = (
        called(layer, _one_sequence(), training=training) for training in (True, False)
    )
    yield equal("output", training[0], inference[0])


@functools.cache
def _shown(cell: str) -> list[tuple[str, Gate, Array]]:
    """Return what every gate of `cell` shows in training: [rows, steps, units]."""
    return [
        (kind, gate, _call(cell, _showing(cell, gate, kind), training=True))
        for kind in KINDS
        for gate in GATES[cell]
    ]


def _showing(cell: str, gate: Gate, kind: str) -> Any:
    """Return a layer whose `gate` shows the mask of `kind`."""
    options = {} if cell == "simple_rnn" else {"recurrent_activation": "linear"}
    layer = cell_layer(cell)(
        WIDTH,
        activation="linear",
        return_sequences=True,
        # Drawing weights that are replaced would take longer than all else.
        kernel_initializer="zeros",
        recurrent_initializer="zeros",
        seed=SEED,
        **{**options, kind: RATE},
    )
    layer.build(SHAPE)
    weights = [np.zeros_like(weight) for weight in layer.get_weights()]
    block = slice(gate.block * WIDTH, (gate.block + 1) * WIDTH)
    # Kernel, recurrent kernel, bias.
    weights[KINDS.index(kind)][:, block] = np.eye(WIDTH)
    weights[2] = np.repeat(np.array(gate.biases, "float32"), WIDTH, axis=-1)
    layer.set_weights(weights)
    return layer


def _call(cell: str, layer: Any, *, steps: int = STEPS, **options: Any) -> Array:
    """Call a layer that shows its mask on ones, from ones."""
    ones = np.ones((ROWS, steps, WIDTH), "float32")
    state = [ones[:, 0] for _ in parts(cell)[1:]]
    return called(layer, ones, state=state, **options)[0]


def _one_sequence() -> Array:
    """Return float32[1, steps, units]."""
    return np.linspace(-1, 1, STEPS * WIDTH, dtype="float32").reshape(1, STEPS, WIDTH)


def _share(name: str, hits: int, draws: int, chance: float) -> Finding:
    """Return a finding that holds where `hits` out of independent `draws` agree with `chance`."""
    low, high = (stats.binom.ppf(tail, draws, chance) for tail in (CHANCE / 2, 1 - CHANCE / 2))
    return within(name, hits / draws, low / draws, high / draws)


DROPOUT = (
    masks_have_the_rate_and_the_scale,
    masks_are_the_same_at_every_step,
    masks_of_rows_units_and_calls_are_independent,
    dropout_is_active_in_training_only,
    a_rate_of_0_changes_nothing,
)
