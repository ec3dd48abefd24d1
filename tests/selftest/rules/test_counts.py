"""Planted faults in tracing, graphs and variables, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

from tests.selftest.planted import broken_rules, change_arguments, wrap

pytestmark = pytest.mark.selftest

CALLS = "fit_evaluate_and_predict_trace_once_and_not_again"
BATCHES = "train_on_batch_traces_one_size_and_then_any_size"
LOOP = "a_step_is_a_loop_over_time"
UNROLLED = "an_unrolled_layer_is_none"
ADAM = "adam_keeps_two_moments_a_weight"


def made_anew_in_every_call(patch: pytest.MonkeyPatch, step: str) -> None:
    def forced(original: Any, model: Any, **_: Any) -> Any:
        return original(model, force=True)

    wrap(patch, keras.Model, f"make_{step}_function", forced)


def training_made_anew(patch: pytest.MonkeyPatch) -> None:
    made_anew_in_every_call(patch, "train")


def evaluation_made_anew(patch: pytest.MonkeyPatch) -> None:
    made_anew_in_every_call(patch, "test")


def prediction_made_anew(patch: pytest.MonkeyPatch) -> None:
    made_anew_in_every_call(patch, "predict")


def every_size_traced(patch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    original = tf.function

    def exact(*args: Any, **kwargs: Any) -> Any:
        return original(*args, **kwargs | {"reduce_retracing": False})

    patch.setattr(tf, "function", exact)


def always_unrolled(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "SimpleRNN", unroll=True)


def never_unrolled(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "SimpleRNN", unroll=False)


def words_looked_up_one_by_one(patch: pytest.MonkeyPatch) -> None:
    def each(original: Any, layer: Any, words: Any) -> Any:
        vectors = [original(layer, words[:, step]) for step in range(words.shape[1])]
        return keras.ops.stack(vectors, axis=1)

    wrap(patch, keras.layers.Embedding, "call", each)


def a_third_moment(patch: pytest.MonkeyPatch) -> None:
    original = keras.optimizers.Adam
    patch.setattr(keras.optimizers, "Adam", lambda: original(amsgrad=True))


def bias_not_trained(patch: pytest.MonkeyPatch) -> None:
    def frozen(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        made = original(layer, *args, **kwargs)
        layer.bias.trainable = False
        return made

    wrap(patch, keras.layers.Dense, "build", frozen)


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_unwounded_libraries_keep_every_rule(cell: str) -> None:
    assert broken_rules("counts", cell) == set()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (training_made_anew, {CALLS, BATCHES}),
        (evaluation_made_anew, {CALLS}),
        (prediction_made_anew, {CALLS}),
        (every_size_traced, {BATCHES}),
        (always_unrolled, {LOOP, UNROLLED}),
        (never_unrolled, {UNROLLED}),
        (words_looked_up_one_by_one, {LOOP}),
        (a_third_moment, {ADAM}),
        (bias_not_trained, {ADAM}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("counts", "simple_rnn") == broken
