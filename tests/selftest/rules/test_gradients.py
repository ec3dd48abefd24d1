"""Planted faults in losses and gradients, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

from tests.selftest.planted import broken_rules, wrap

pytestmark = pytest.mark.selftest

EAGER = "losses_and_gradients_follow_the_equations"
TRACED = "a_traced_step_has_the_same_loss_and_gradients"
MIXED = "mixed_precision_loses_no_more_than_its_rounding"
ALL = {EAGER, TRACED, MIXED}


def change_loss(patch: pytest.MonkeyPatch, change: Callable[[Any, Any], Any]) -> None:
    """Let the loss of every model be `change(loss, model)`."""

    def changed(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return change(original(model, *args, **kwargs), model)

    wrap(patch, keras.Model, "compute_loss", changed)


def loss_summed_over_the_batch(patch: pytest.MonkeyPatch) -> None:
    change_loss(patch, lambda loss, _: loss * 4.0)


def loss_a_thousandth_larger(patch: pytest.MonkeyPatch) -> None:
    change_loss(patch, lambda loss, _: loss * 1.001)


def loss_halved_where_traced(patch: pytest.MonkeyPatch) -> None:
    change_loss(patch, lambda loss, _: loss if tf.executing_eagerly() else loss / 2.0)


def no_gradient_through_time(patch: pytest.MonkeyPatch) -> None:
    def cut(original: Any, cell: Any, inputs: Any, states: Any, **kwargs: Any) -> Any:
        return original(cell, inputs, [keras.ops.stop_gradient(s) for s in states], **kwargs)

    wrap(patch, type(keras.layers.LSTM(1).cell), "call", cut)


def words_rounded_in_half_precision(patch: pytest.MonkeyPatch) -> None:
    def coarse(original: Any, layer: Any, inputs: Any) -> Any:
        vectors = original(layer, inputs)
        if layer.compute_dtype == "float32":
            return vectors
        # The value changes and the gradient does not.
        return vectors + keras.ops.stop_gradient(keras.ops.round(vectors * 2) / 2 - vectors)

    wrap(patch, keras.layers.Embedding, "call", coarse)


def bias_not_trained(patch: pytest.MonkeyPatch) -> None:
    def frozen(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        made = original(layer, *args, **kwargs)
        layer.bias.trainable = False
        return made

    wrap(patch, keras.layers.Dense, "build", frozen)


def wrong_padding_word(patch: pytest.MonkeyPatch) -> None:
    def shifted(_original: Any, layer: Any, inputs: Any, *_: Any, **__: Any) -> Any:
        return keras.ops.not_equal(inputs, 1) if layer.mask_zero else None

    wrap(patch, keras.layers.Embedding, "compute_mask", shifted)


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_unwounded_libraries_keep_every_rule(cell: str) -> None:
    assert broken_rules("gradients", cell) == set()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (loss_summed_over_the_batch, ALL),
        # A thousandth lies within the rounding of bfloat16, and within that of float16.
        (loss_a_thousandth_larger, {EAGER, TRACED}),
        (loss_halved_where_traced, {TRACED}),
        (no_gradient_through_time, ALL),
        (words_rounded_in_half_precision, {MIXED}),
        (bias_not_trained, ALL),
        (wrong_padding_word, {EAGER, TRACED}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("gradients", "lstm") == broken
