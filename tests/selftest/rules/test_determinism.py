"""Planted chance that no seed decides, and the rules that see it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from rnn_suite.backend import tensorflow as tensorflow_backend
from rnn_suite.checks.parts import seeded_training
from rnn_suite.checks.topics import determinism
from tests.selftest.planted import broken_rules, wrap

pytestmark = pytest.mark.selftest

SAME = "one_seed_gives_one_training"
OTHER = "another_seed_gives_another_training"
CELL = "simple_rnn"


def chance() -> np.random.Generator:
    """Numbers that nobody can repeat."""
    return np.random.default_rng(int.from_bytes(os.urandom(8), "big"))


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    determinism._processes.cache_clear()
    yield
    determinism._processes.cache_clear()


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one cell be trained twice where the faults are planted; op determinism would stay on for ever."""
    monkeypatch.setattr(
        determinism, "in_fresh_processes", lambda ask, count: [ask() for _ in range(count)]
    )
    monkeypatch.setattr(seeded_training, "SUBJECTS", (CELL,))
    monkeypatch.setattr(tensorflow_backend, "enable_op_determinism", lambda: None)


def seeds_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keras.utils, "set_random_seed", lambda _: None)


def always_the_same_seed(patch: pytest.MonkeyPatch) -> None:
    original = keras.utils.set_random_seed
    patch.setattr(keras.utils, "set_random_seed", lambda _: original(1))


def initial_weights_by_chance(patch: pytest.MonkeyPatch) -> None:
    def drawn(_original: Any, _initializer: Any, shape: Any, *_: Any, **__: Any) -> Any:
        return keras.ops.convert_to_tensor(chance().uniform(-0.05, 0.05, shape).astype("float32"))

    wrap(patch, keras.initializers.RandomUniform, "__call__", drawn)


def rows_shuffled_by_chance(patch: pytest.MonkeyPatch) -> None:
    def shuffled(original: Any, model: Any, x: Any, y: Any, **kwargs: Any) -> Any:
        order = chance().permutation(len(x))
        return original(model, x[order], y[order], **kwargs)

    wrap(patch, keras.Model, "fit", shuffled)


def dropout_by_chance(patch: pytest.MonkeyPatch) -> None:
    original = keras.layers.SimpleRNN
    patch.setattr(
        keras.layers,
        "SimpleRNN",
        lambda *args, **kwargs: original(*args, **kwargs, seed=int(chance().integers(2**31))),
    )


def weights_rounded_otherwise_in_every_training(patch: pytest.MonkeyPatch) -> None:
    trainings = itertools.count()

    def rounded(original: Any, model: Any) -> Any:
        *others, bias = original(model)
        return [*others, bias + np.float32(2.0**-20 * next(trainings))]

    wrap(patch, keras.Model, "get_weights", rounded)


def test_unwounded_libraries_keep_every_rule() -> None:
    assert broken_rules("determinism") == set()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (seeds_ignored, {SAME}),
        (always_the_same_seed, {OTHER}),
        (initial_weights_by_chance, {SAME}),
        (rows_shuffled_by_chance, {SAME}),
        (dropout_by_chance, {SAME}),
        (weights_rounded_otherwise_in_every_training, {SAME}),
    ],
)
@pytest.mark.usefixtures("in_this_process")
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("determinism") == broken
