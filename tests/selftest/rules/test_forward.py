"""Planted faults in outputs and states, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

from tests.selftest.planted import broken_rules, change_arguments, in_an_error, wrap

pytestmark = pytest.mark.selftest

OUTPUTS = "outputs_and_states_follow_the_equations"
CARRIED = "state_is_carried_where_it_is_asked_for"
MERGED = "both_directions_are_merged"
DROPPED = "dropped_inputs_and_states_are_multiplied_by_the_masks"


def another_activation(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", activation="sigmoid")


def hard_gates(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", recurrent_activation="hard_sigmoid")


def masks_ignored(patch: pytest.MonkeyPatch) -> None:
    def without_mask(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        return original(layer, *args, **kwargs | {"mask": None})

    wrap(patch, keras.layers.LSTM, "call", without_mask)


def masks_turned_round(patch: pytest.MonkeyPatch) -> None:
    def inverted(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("mask") is not None:
            kwargs["mask"] = keras.ops.logical_not(kwargs["mask"])
        return original(layer, *args, **kwargs)

    wrap(patch, keras.layers.LSTM, "call", inverted)


def never_backwards(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", go_backwards=False)


def initial_state_ignored(patch: pytest.MonkeyPatch) -> None:
    def from_zeros(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        # A stateful layer's own state comes in another way.
        return original(layer, *args, **kwargs | {"initial_state": None})

    wrap(patch, keras.layers.LSTM, "__call__", from_zeros)


def state_lost_between_calls(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", stateful=False)


def gates_in_another_order(patch: pytest.MonkeyPatch) -> None:
    def swapped(original: Any, layer: Any, weights: Any) -> Any:
        def exchange(array: Any) -> Any:
            i, f, c, o = keras.ops.split(array, 4, axis=-1)
            return keras.ops.convert_to_numpy(keras.ops.concatenate([f, i, c, o], axis=-1))

        return original(layer, [exchange(array) for array in weights])

    wrap(patch, keras.layers.LSTM, "set_weights", swapped)


def sums_called_averages(patch: pytest.MonkeyPatch) -> None:
    original = keras.layers.Bidirectional
    patch.setattr(
        keras.layers,
        "Bidirectional",
        lambda layer, merge_mode: original(
            layer, merge_mode="sum" if merge_mode == "ave" else merge_mode
        ),
    )


def recurrent_dropout_without_effect(patch: pytest.MonkeyPatch) -> None:
    def undropped(original: Any, cell: Any, *args: Any, **kwargs: Any) -> Any:
        # Masks are drawn all the same, and read by the rule.
        rate, cell.recurrent_dropout = cell.recurrent_dropout, 0.0
        try:
            return original(cell, *args, **kwargs)
        finally:
            cell.recurrent_dropout = rate

    wrap(patch, type(keras.layers.LSTM(1).cell), "call", undropped)


def argument_gone(patch: pytest.MonkeyPatch) -> None:
    original = keras.layers.LSTM

    def without_unroll(*args: Any, **kwargs: Any) -> Any:
        if "unroll" in kwargs:
            raise TypeError("LSTM got an unexpected keyword argument 'unroll'")
        return original(*args, **kwargs)

    patch.setattr(keras.layers, "LSTM", without_unroll)


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_unwounded_libraries_keep_every_rule(cell: str) -> None:
    assert broken_rules("forward", cell) == set()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (another_activation, {OUTPUTS, CARRIED, MERGED, DROPPED}),
        (hard_gates, {OUTPUTS, CARRIED, MERGED, DROPPED}),
        (masks_ignored, {OUTPUTS, MERGED}),
        (masks_turned_round, {OUTPUTS, MERGED}),
        (never_backwards, {OUTPUTS}),
        (initial_state_ignored, {OUTPUTS}),
        (state_lost_between_calls, {CARRIED}),
        (gates_in_another_order, {OUTPUTS, CARRIED, DROPPED}),
        (sums_called_averages, {MERGED}),
        (recurrent_dropout_without_effect, {DROPPED}),
        (argument_gone, in_an_error(OUTPUTS)),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("forward", "lstm") == broken


def test_the_first_gru_instead_of_the_default_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    change_arguments(monkeypatch, "GRU", reset_after=False)
    # It has other biases, which the equations of the default do not take.
    assert broken_rules("forward", "gru") == in_an_error(OUTPUTS, CARRIED, MERGED, DROPPED)
