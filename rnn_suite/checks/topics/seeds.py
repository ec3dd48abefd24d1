"""What `keras.utils.set_random_seed`, a layer's own seed and a `SeedGenerator` promise."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts.tensors import numbers
from rnn_suite.findings import Finding, equal
from rnn_suite.models import CELLS, cell_layer

SEED, OTHER_SEED = 1, 2
WIDTH = 24
"""Entries of a dropout mask: two masks agree once in 2^24, and a float32 holds that many bits."""


def every_source_of_random_numbers_is_seeded() -> Iterator[Finding]:
    """Draw from Python, NumPy and Keras, all of which `set_random_seed` names."""
    sources: dict[str, Callable[[], Any]] = {
        "Python": lambda: [random.random() for _ in range(4)],  # noqa: S311 (no secret)
        "NumPy": lambda: np.random.random(4).tolist(),  # noqa: NPY002 (the stream it seeds)
        "Keras": lambda: numbers(keras.random.uniform((4,))).tolist(),
    }
    for name, draw in sources.items():
        yield from _same_seed_same_draws(name, draw)


def models_built_after_it_begin_alike() -> Iterator[Finding]:
    """Build the classifier of every cell; kernels and embeddings follow the seed, and nothing else."""
    for cell in CELLS:
        yield from _same_seed_same_draws(cell, functools.partial(_initial_weights, cell))


def dropout_drops_the_same_after_it() -> Iterator[Finding]:
    """Call newly made layers in training, with weights that no seed moves."""
    ones = np.ones((1, 3, WIDTH), "float32")
    weights = {
        name: keras.initializers.RandomNormal(seed=SEED)
        for name in ("kernel_initializer", "recurrent_initializer")
    }
    layers: dict[str, Callable[[], Any]] = {
        "Dropout": lambda: keras.layers.Dropout(0.5),
        **{
            f"{cell}, {part}": functools.partial(cell_layer(cell), WIDTH, **{part: 0.5}, **weights)
            for cell in CELLS
            for part in ("dropout", "recurrent_dropout")
        },
    }
    for name, make in layers.items():

        def dropped(make: Callable[[], Any] = make) -> Any:
            return numbers(make()(ones, training=True)).tolist()

        yield from _same_seed_same_draws(name, dropped)


def fit_shuffles_the_same_after_it() -> Iterator[Finding]:
    """Train two epochs and note the rows in the order in which they come."""
    yield from _same_seed_same_draws("order of the rows", lambda: _order(epochs=2))
    keras.utils.set_random_seed(SEED)
    rows = _order(epochs=2)
    half = len(rows) // 2
    yield equal("every row once an epoch", sorted(rows), sorted([*range(half)] * 2))
    yield equal("not the order they were given in", rows[:half] != [*range(half)], True)


def fit_shuffles_anew_in_every_epoch_after_it() -> Iterator[Finding]:
    """Train two epochs and hold the order of the second against that of the first.

    Keras 3 on TensorFlow makes an iterator an epoch, and a seeded operation in the pipeline starts anew with
    each: once a seed is set, every epoch sees the rows in the same order.
    """
    keras.utils.set_random_seed(SEED)
    rows = _order(epochs=2)
    half = len(rows) // 2
    yield equal("another order in the next epoch", rows[:half] != rows[half:], True)


def a_seed_of_its_own_decides_what_a_layer_drops() -> Iterator[Finding]:
    """Give layers a seed and change the global one."""
    ones = np.ones((1, WIDTH), "float32")

    def drops(own: int, everywhere: int) -> list[float]:
        keras.utils.set_random_seed(everywhere)
        drawn: list[float] = numbers(keras.layers.Dropout(0.5, seed=own)(ones, training=True))[
            0
        ].tolist()
        return drawn

    def initial(own: int, everywhere: int) -> list[float]:
        keras.utils.set_random_seed(everywhere)
        glorot = keras.initializers.GlorotUniform(seed=own)
        drawn: list[float] = numbers(glorot((2, 3))).ravel().tolist()
        return drawn

    for name, draw in (("Dropout", drops), ("initializer", initial)):
        first = draw(SEED, 10)
        yield equal(f"{name}, another global seed", draw(SEED, 11) == first, True)
        yield equal(f"{name}, another own seed", draw(OTHER_SEED, 10) != first, True)


def an_integer_repeats_and_a_generator_moves_on() -> Iterator[Finding]:
    """Draw twice with an integer, with a generator, with two of one seed, and with one set back."""

    def draw(seed: Any) -> list[float]:
        drawn: list[float] = numbers(keras.random.uniform((4,), seed=seed)).tolist()
        return drawn

    yield equal("integer, twice", draw(SEED) == draw(SEED), True)
    yield equal("integer, another", draw(SEED) != draw(OTHER_SEED), True)
    generator, twin = (keras.random.SeedGenerator(SEED) for _ in range(2))
    start = numbers(generator.state.value)
    drawn = [draw(generator) for _ in range(3)]
    yield equal("generator, three times", len({*map(tuple, drawn)}), 3)
    yield equal("generators of one seed", [draw(twin) for _ in range(3)] == drawn, True)
    generator.state.assign(start)
    yield equal("generator, state set back", [draw(generator) for _ in range(3)] == drawn, True)


def an_initializer_repeats_itself_and_no_other() -> Iterator[Finding]:
    """Call initializers twice: one instance, two of one seed, two without, one with a generator.

    Keras: "an initializer seeded with an integer or None (unseeded) will produce the same random values
    across multiple calls"; a `SeedGenerator` gives different ones.
    """
    makers: dict[str, Callable[[Any], Any]] = {
        # The defaults of a recurrent layer and of Embedding.
        "glorot_uniform": lambda seed: keras.initializers.GlorotUniform(seed=seed),
        "orthogonal": lambda seed: keras.initializers.Orthogonal(seed=seed),
        "random_uniform": lambda seed: keras.initializers.RandomUniform(seed=seed),
    }
    for name, make in makers.items():

        def draw(initializer: Any) -> list[float]:
            drawn: list[float] = numbers(initializer((3, 3))).ravel().tolist()
            return drawn

        seeded, unseeded = make(SEED), make(None)
        moving = make(keras.random.SeedGenerator(SEED))
        yield equal(f"{name}, one seed, twice", draw(seeded) == draw(seeded), True)
        yield equal(f"{name}, two of one seed", draw(make(SEED)) == draw(seeded), True)
        yield equal(f"{name}, unseeded, twice", draw(unseeded) == draw(unseeded), True)
        yield equal(f"{name}, two unseeded", draw(make(None)) != draw(unseeded), True)
        yield equal(f"{name}, generator, twice", draw(moving) != draw(moving), True)


def traced_steps_keep_drawing() -> Iterator[Finding]:
    """Take training steps through one traced graph, with losses that tell the mask.

    Two kept outputs of powers of two give a sum that no other mask gives, so that equal losses mean equal
    masks. A graph that froze its mask would drop the same entries in every step.
    """
    inputs = keras.Input((1, WIDTH))
    recurrent = keras.layers.SimpleRNN(
        WIDTH,
        dropout=0.5,
        activation="linear",
        kernel_initializer="identity",
        recurrent_initializer="zeros",
    )(inputs)
    plain = keras.layers.Dropout(0.5)(keras.layers.Flatten()(inputs))
    powers = 2.0 ** -np.arange(WIDTH, dtype="float32")

    def told(_: Any, outputs: Any) -> Any:
        return keras.ops.sum(outputs * powers, axis=-1)

    ones, targets = np.ones((1, 1, WIDTH), "float32"), np.zeros((1, WIDTH))
    for name, outputs in {"recurrent": recurrent, "plain": plain}.items():
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.SGD(0.0), told)
        masks = set()
        for _ in range(6):
            model.reset_metrics()
            masks.add(float(model.train_on_batch(ones, targets)))
        # Five of six leave room for one pair that agrees by chance: 15 / 2^24, two pairs 1e-12.
        yield equal(f"{name}, masks that differ", len(masks) >= 5, True)


def _same_seed_same_draws(name: str, draw: Callable[[], Any]) -> Iterator[Finding]:
    """Draw after a seed, after the same again, and after another."""
    drawn = []
    for seed in (SEED, SEED, OTHER_SEED):
        keras.utils.set_random_seed(seed)
        drawn.append(draw())
    yield equal(f"{name}, same seed", drawn[1] == drawn[0], True)
    yield equal(f"{name}, another seed", drawn[2] != drawn[0], True)


def _initial_weights(cell: str) -> list[Any]:
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            keras.layers.Embedding(5, 3),
            cell_layer(cell)(2),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    return [weight.tolist() for weight in model.get_weights()]


def _order(epochs: int, rows: int = 24, batch: int = 4) -> list[int]:
    """Return the numbers of the rows as `fit` gives them to a step, over all epochs."""
    seen: list[int] = []

    def note(told: Any, outputs: Any) -> Any:
        seen.extend(int(number) for number in numbers(told).ravel())
        return keras.ops.mean(outputs)

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    # Operation by operation, the loss is called in every step and sees numbers.
    model.compile(keras.optimizers.SGD(0.0), note, run_eagerly=True)
    given = np.arange(rows, dtype="float32")[:, None]
    model.fit(given, given, batch_size=batch, epochs=epochs, verbose=0)
    return seen


RULES = (
    every_source_of_random_numbers_is_seeded,
    models_built_after_it_begin_alike,
    dropout_drops_the_same_after_it,
    fit_shuffles_the_same_after_it,
    fit_shuffles_anew_in_every_epoch_after_it,
    a_seed_of_its_own_decides_what_a_layer_drops,
    an_integer_repeats_and_a_generator_moves_on,
    an_initializer_repeats_itself_and_no_other,
    traced_steps_keep_drawing,
)
