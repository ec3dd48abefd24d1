"""Planted faults in what the recurrent layers promise beside their equations, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest

from rnn_suite.checks.parts import drawn_layers
from rnn_suite.checks.topics import _dropout
from tests.selftest.faults import cells
from tests.selftest.planted import (
    broken_rules,
    change_arguments,
    in_an_error,
    of_the_catalogue,
    wrap,
)

pytestmark = pytest.mark.selftest

SHARED = "weights_are_shared_over_time"
NAMES = "weights_have_their_names_and_shapes"
SHAPES = "shapes_are_as_announced"
DTYPES = "dtypes_are_as_asked_for"
ROWS = "rows_do_not_lean_on_each_other"
CAUSAL = "later_steps_do_not_change_earlier_outputs"
LAST = "the_last_of_a_sequence_is_the_one_output"

RATE = "masks_have_the_rate_and_the_scale"
SAME = "masks_are_the_same_at_every_step"
INDEPENDENT = "masks_of_rows_units_and_calls_are_independent"
ACTIVE = "dropout_is_active_in_training_only"
RATE_0 = "a_rate_of_0_changes_nothing"

FORGETS = "a_stateless_layer_forgets"
RESET = "a_stateful_layer_is_reset_to_zeros"
OTHER_ROWS = "a_stateful_layer_refuses_another_number_of_rows"
MIXED = "a_stateful_layer_carries_its_state_in_mixed_precision"
BOTH_STATES = "a_stateful_layer_of_both_directions_returns_its_states"
PREDICTS = "predict_carries_the_state_from_batch_to_batch"
CONTINUES = "a_returned_state_continues_the_sequence"

HIDDEN = "masked_steps_change_nothing"
VECTOR = "the_vector_of_the_padding_word_changes_nothing"
HANDED = "only_a_layer_with_sequences_hands_its_mask_on"
TURNED = "a_mask_is_turned_round_with_its_steps"
STACK = "a_stack_masks_every_layer"
WORD_0 = "an_embedding_masks_the_word_0"

KNOWN = {*in_an_error(BOTH_STATES), TURNED}
"""Rules that released libraries break."""


@pytest.fixture(autouse=True)
def made_anew() -> Iterator[None]:
    """Let no layer outlive the fault that it was made with."""
    made = (drawn_layers.recurrent, drawn_layers.both_directions, _dropout._shown)
    for make in made:
        make.cache_clear()
    yield
    for make in made:
        make.cache_clear()


def change_call(patch: pytest.MonkeyPatch, change: Callable[..., Any]) -> None:
    """Let `call` of every LSTM be `change(original, layer, inputs, **kwargs)`."""
    wrap(patch, keras.layers.LSTM, "call", change)


def change_masks(patch: pytest.MonkeyPatch, method: str, change: Callable[[Any], Any]) -> None:
    """Let the masks of dropout that `method` of an LSTM's cell gives be `change(mask)`."""

    def changed(original: Any, cell: Any, step: Any) -> Any:
        masks = original(cell, step)
        if masks is None:
            return None
        return [change(mask) for mask in masks] if isinstance(masks, list) else change(masks)

    wrap(patch, lstm_cell(), method, changed)


def lstm_cell() -> Any:
    return type(keras.layers.LSTM(1).cell)


def a_weight_more(patch: pytest.MonkeyPatch) -> None:
    def added(original: Any, layer: Any, *args: Any, **kwargs: Any) -> None:
        original(layer, *args, **kwargs)
        layer.add_weight(shape=(1,), name="more")

    wrap(patch, keras.layers.LSTM, "build", added)


def weights_that_change_when_read(patch: pytest.MonkeyPatch) -> None:
    def worn(original: Any, layer: Any, inputs: Any, **kwargs: Any) -> Any:
        # A length that only the rule of lengths has.
        if inputs.shape[1] == 10:
            layer.set_weights([1.001 * weight for weight in layer.get_weights()])
        return original(layer, inputs, **kwargs)

    change_call(patch, worn)


def states_not_announced(patch: pytest.MonkeyPatch) -> None:
    def short(original: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        announced = original(layer, *args, **kwargs)
        return (announced[0], announced[1]) if layer.return_state else announced

    wrap(patch, keras.layers.LSTM, "compute_output_shape", short)


def outputs_always_float32(patch: pytest.MonkeyPatch) -> None:
    def cast(original: Any, layer: Any, inputs: Any, **kwargs: Any) -> Any:
        given = original(layer, inputs, **kwargs)
        if not layer.return_state:
            return given
        return tuple(keras.ops.cast(part, "float32") for part in given)

    change_call(patch, cast)


def a_row_alone_read_in_another_way(patch: pytest.MonkeyPatch) -> None:
    def alone(original: Any, layer: Any, inputs: Any, **kwargs: Any) -> Any:
        return original(layer, inputs * 1.001 if inputs.shape[0] == 1 else inputs, **kwargs)

    change_call(patch, alone)


def long_sequences_know_their_end(patch: pytest.MonkeyPatch) -> None:
    def leaking(original: Any, layer: Any, inputs: Any, **kwargs: Any) -> Any:
        if inputs.shape[1] > 3:
            inputs = inputs + 1e-3 * (inputs[:, :1] if layer.go_backwards else inputs[:, -1:])
        return original(layer, inputs, **kwargs)

    change_call(patch, leaking)


def a_last_output_that_is_larger(patch: pytest.MonkeyPatch) -> None:
    def larger(original: Any, layer: Any, inputs: Any, **kwargs: Any) -> Any:
        given = original(layer, inputs, **kwargs)
        if layer.return_sequences or not layer.go_backwards:
            return given
        if layer.return_state:
            return given[0] * 1.001, *given[1:]
        return given * 1.001

    change_call(patch, larger)


def another_rate(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", dropout=0.25)


def inputs_not_scaled(patch: pytest.MonkeyPatch) -> None:
    change_masks(patch, "get_dropout_mask", lambda mask: keras.ops.minimum(mask, 1.0))


def states_not_scaled(patch: pytest.MonkeyPatch) -> None:
    change_masks(patch, "get_recurrent_dropout_mask", lambda mask: keras.ops.minimum(mask, 1.0))


def inputs_dropped_anew_at_every_step(patch: pytest.MonkeyPatch) -> None:
    def anew(original: Any, cell: Any, *args: Any, **kwargs: Any) -> Any:
        cell.reset_dropout_mask()
        return original(cell, *args, **kwargs)

    wrap(patch, lstm_cell(), "call", anew)


def states_dropped_anew_at_every_step(patch: pytest.MonkeyPatch) -> None:
    def anew(original: Any, cell: Any, *args: Any, **kwargs: Any) -> Any:
        cell.reset_recurrent_dropout_mask()
        return original(cell, *args, **kwargs)

    wrap(patch, lstm_cell(), "call", anew)


def one_mask_for_two_rows(patch: pytest.MonkeyPatch) -> None:
    change_masks(
        patch,
        "get_recurrent_dropout_mask",
        lambda mask: keras.ops.repeat(mask[::2], 2, axis=0) if mask.shape[0] > 1 else mask,
    )


def one_mask_for_all_calls(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, lstm_cell(), "reset_dropout_mask", lambda _original, _cell: None)


def dropout_in_inference(patch: pytest.MonkeyPatch) -> None:
    change_call(
        patch,
        lambda original, layer, inputs, **kwargs: original(
            layer, inputs, **kwargs | {"training": True}
        ),
    )


def dropout_never(patch: pytest.MonkeyPatch) -> None:
    change_call(
        patch,
        lambda original, layer, inputs, **kwargs: original(
            layer, inputs, **kwargs | {"training": False}
        ),
    )


def a_stateless_layer_that_tires(patch: pytest.MonkeyPatch) -> None:
    def tired(original: Any, layer: Any, batch_size: Any = None) -> Any:
        layer.calls = getattr(layer, "calls", -1) + 1
        return [state + 0.01 * layer.calls for state in original(layer, batch_size)]

    wrap(patch, keras.layers.LSTM, "get_initial_state", tired)


def a_reset_without_effect(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, keras.layers.LSTM, "reset_state", lambda _original, _layer: None)


def state_lost_in_half_precision(patch: pytest.MonkeyPatch) -> None:
    def lost(original: Any, layer: Any, inputs: Any, **kwargs: Any) -> Any:
        given = original(layer, inputs, **kwargs)
        if layer.stateful and layer.compute_dtype == "float16":
            layer.reset_state()
        return given

    change_call(patch, lost)


def state_lost_between_calls(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", stateful=False)


def state_lost_between_batches_of_predict(patch: pytest.MonkeyPatch) -> None:
    def forgetful(original: Any, model: Any, data: Any) -> Any:
        for layer in model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_state()
        return original(model, data)

    wrap(patch, keras.Model, "predict_step", forgetful)


def h_returned_for_c(patch: pytest.MonkeyPatch) -> None:
    def doubled(original: Any, layer: Any, inputs: Any, **kwargs: Any) -> Any:
        given = original(layer, inputs, **kwargs)
        return (given[0], given[1], given[1]) if layer.return_state else given

    change_call(patch, doubled)


def masks_ignored(patch: pytest.MonkeyPatch) -> None:
    change_call(
        patch,
        lambda original, layer, inputs, **kwargs: original(
            layer, inputs, **kwargs | {"mask": None}
        ),
    )


def a_mask_for_the_last_output(patch: pytest.MonkeyPatch) -> None:
    def leaked(original: Any, layer: Any, inputs: Any, mask: Any) -> Any:
        return original(layer, inputs, mask) if layer.return_state else mask

    wrap(patch, keras.layers.LSTM, "compute_mask", leaked)


def no_mask_for_sequences(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, keras.layers.LSTM, "compute_mask", lambda _original, _layer, _inputs, _mask: None)


def masks_turned_round(patch: pytest.MonkeyPatch) -> None:
    def turned(original: Any, layer: Any, inputs: Any, mask: Any) -> Any:
        found = original(layer, inputs, mask)
        if found is None or layer.return_state or not layer.go_backwards:
            return found
        return keras.ops.flip(found, axis=1)

    wrap(patch, keras.layers.LSTM, "compute_mask", turned)


def wrong_padding_word(patch: pytest.MonkeyPatch) -> None:
    def shifted(_original: Any, layer: Any, inputs: Any, *_: Any, **__: Any) -> Any:
        return keras.ops.not_equal(inputs, 1) if layer.mask_zero else None

    wrap(patch, keras.layers.Embedding, "compute_mask", shifted)


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_unwounded_libraries_keep_every_rule_but_the_known_ones(cell: str) -> None:
    assert broken_rules("layers", cell) == KNOWN


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        # It stands before the others, so that the rules that set weights give them to wrong ones.
        (a_weight_more, {SHARED, NAMES} | in_an_error(RATE, SAME, INDEPENDENT, ACTIVE)),
        (weights_that_change_when_read, {SHARED}),
        (states_not_announced, {SHAPES}),
        (outputs_always_float32, {DTYPES}),
        (a_row_alone_read_in_another_way, {ROWS}),
        (long_sequences_know_their_end, {CAUSAL, PREDICTS}),
        (a_last_output_that_is_larger, {LAST}),
        (another_rate, {RATE, INDEPENDENT, RATE_0}),
        (inputs_not_scaled, {RATE}),
        (states_not_scaled, {RATE}),
        (inputs_dropped_anew_at_every_step, {SAME}),
        (states_dropped_anew_at_every_step, {SAME}),
        (one_mask_for_two_rows, {INDEPENDENT}),
        (one_mask_for_all_calls, {INDEPENDENT}),
        (dropout_in_inference, {ACTIVE}),
        (dropout_never, {RATE, INDEPENDENT, ACTIVE}),
        # Every rule that calls a layer from rest more than once, or after another rule did.
        (
            a_stateless_layer_that_tires,
            {
                FORGETS,
                CONTINUES,
                PREDICTS,
                ROWS,
                CAUSAL,
                LAST,
                HIDDEN,
                VECTOR,
                ACTIVE,
                RATE_0,
                STACK,
            },
        ),
        (a_reset_without_effect, {RESET}),
        (of_the_catalogue(cells.any_number_of_rows_taken, keras.layers.RNN, "call"), {OTHER_ROWS}),
        (state_lost_in_half_precision, {MIXED}),
        (state_lost_between_batches_of_predict, {PREDICTS}),
        (h_returned_for_c, {CONTINUES}),
        (masks_ignored, {HIDDEN, VECTOR, STACK}),
        (a_mask_for_the_last_output, {HANDED}),
        (no_mask_for_sequences, {HANDED, STACK}),
        (wrong_padding_word, {VECTOR, STACK, WORD_0}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("layers", "lstm") == broken | KNOWN


def test_a_lost_state_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    state_lost_between_calls(monkeypatch)
    # A layer that is not stateful can return its states.
    assert broken_rules("layers", "lstm") == {
        *in_an_error(RESET),
        OTHER_ROWS,
        MIXED,
        PREDICTS,
        TURNED,
    }


def test_a_mask_that_is_turned_round_keeps_the_known_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    masks_turned_round(monkeypatch)
    assert broken_rules("layers", "lstm") == KNOWN - {TURNED}


def test_masks_of_states_that_are_a_tuple_keep_the_known_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def mended(original: Any, layer: Any, inputs: Any, mask: Any) -> Any:
        if not layer.return_state:
            return original(layer, inputs, mask)
        return mask if layer.return_sequences else None

    wrap(monkeypatch, keras.layers.Bidirectional, "compute_mask", mended)
    assert broken_rules("layers", "lstm") == {TURNED}
