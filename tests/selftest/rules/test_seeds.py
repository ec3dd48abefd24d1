"""Planted faults in seeds and what follows them, and the rules that see them."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.selftest.planted import broken_rules, change_arguments, wrap

pytestmark = pytest.mark.selftest

SOURCES = "every_source_of_random_numbers_is_seeded"
MODELS = "models_built_after_it_begin_alike"
DROPS = "dropout_drops_the_same_after_it"
SHUFFLE = "fit_shuffles_the_same_after_it"
ANEW = "fit_shuffles_anew_in_every_epoch_after_it"
OWN = "a_seed_of_its_own_decides_what_a_layer_drops"
GENERATOR = "an_integer_repeats_and_a_generator_moves_on"
INITIALIZER = "an_initializer_repeats_itself_and_no_other"
TRACED = "traced_steps_keep_drawing"


def python_not_seeded(patch: pytest.MonkeyPatch) -> None:
    original = keras.utils.set_random_seed

    def seeded(seed: int) -> None:
        state = random.getstate()
        original(seed)
        random.setstate(state)

    patch.setattr(keras.utils, "set_random_seed", seeded)


def recurrent_kernels_from_elsewhere(patch: pytest.MonkeyPatch) -> None:
    def drawn(original: Any, initializer: Any, shape: Any, *args: Any, **kwargs: Any) -> Any:
        value = original(initializer, shape, *args, **kwargs)
        return value * (1 + int.from_bytes(os.urandom(2)) / 2**16)

    wrap(patch, keras.initializers.Orthogonal, "__call__", drawn)


def embeddings_from_elsewhere(patch: pytest.MonkeyPatch) -> None:
    def built(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(layer, *args, **kwargs)
        layer.embeddings.assign(np.frombuffer(os.urandom(15), "uint8").reshape(5, 3))
        return result

    wrap(patch, keras.layers.Embedding, "build", built)


def lstm_dropout_always_from_one_seed(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", seed=7)


def own_seed_of_dropout_ignored(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "Dropout", seed=None)


def rows_not_shuffled(patch: pytest.MonkeyPatch) -> None:
    def in_order(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return original(model, *args, **kwargs | {"shuffle": False})

    wrap(patch, keras.Model, "fit", in_order)


def generators_stand_still(patch: pytest.MonkeyPatch) -> None:
    def again(original: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
        before = generator.state.value * 1
        drawn = original(generator, *args, **kwargs)
        generator.state.assign(before)
        return drawn

    wrap(patch, keras.random.SeedGenerator, "next", again)


def unseeded_initializers_alike(patch: pytest.MonkeyPatch) -> None:
    original = keras.initializers.GlorotUniform
    patch.setattr(
        keras.initializers,
        "GlorotUniform",
        lambda seed=None: original(seed=0 if seed is None else seed),
    )


def mask_frozen_where_traced(patch: pytest.MonkeyPatch) -> None:
    def frozen(original: Any, layer: Any, inputs: Any, training: bool = False) -> Any:
        if tf.executing_eagerly():
            return original(layer, inputs, training=training)
        return inputs * (np.arange(inputs.shape[-1]) % 2 * 2.0).astype("float32")

    wrap(patch, keras.layers.Dropout, "call", frozen)


def test_unwounded_libraries_keep_every_rule_but_the_known_one() -> None:
    assert broken_rules("seeds") == {ANEW}


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        # Keras takes the seeds of initializers and dropout from Python's stream.
        (python_not_seeded, {SOURCES, MODELS, DROPS}),
        (recurrent_kernels_from_elsewhere, {MODELS, INITIALIZER}),
        (embeddings_from_elsewhere, {MODELS}),
        (lstm_dropout_always_from_one_seed, {DROPS}),
        (own_seed_of_dropout_ignored, {OWN}),
        (rows_not_shuffled, {SHUFFLE}),
        (generators_stand_still, {GENERATOR, INITIALIZER, TRACED}),
        (unseeded_initializers_alike, {INITIALIZER}),
        (mask_frozen_where_traced, {TRACED}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("seeds") == broken | {ANEW}


def test_a_fit_that_shuffles_anew_in_every_epoch_keeps_every_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def anew(original: Any, model: Any, x: Any, y: Any, epochs: int, **kwargs: Any) -> None:
        for _ in range(epochs):
            rows = np.random.permutation(len(x))  # noqa: NPY002 (the stream that is seeded)
            original(model, x[rows], y[rows], shuffle=False, **kwargs)

    wrap(monkeypatch, keras.Model, "fit", anew)
    assert broken_rules("seeds") == set()
