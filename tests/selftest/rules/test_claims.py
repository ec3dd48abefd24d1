"""Planted faults in what a cell remembers, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest

from rnn_suite.checks.parts import distance
from rnn_suite.checks.topics import claims
from tests.selftest.planted import broken_rules, change_arguments, wrap

pytestmark = pytest.mark.selftest

EQUATIONS = "gradients_by_distance_follow_the_equations"
FADES = "the_gradient_fades_with_distance"
KEPT = "an_open_gate_keeps_the_gradient"
LEARNED = "a_sum_over_time_is_learned"


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    caches = (distance.distances, claims._mean_shares)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def no_gradient_through_time(patch: pytest.MonkeyPatch, layer: str) -> None:
    def cut(original: Any, cell: Any, inputs: Any, states: Any, **kwargs: Any) -> Any:
        return original(cell, inputs, [keras.ops.stop_gradient(s) for s in states], **kwargs)

    wrap(patch, type(getattr(keras.layers, layer)(1).cell), "call", cut)


def lstm_forgets_its_gradient(patch: pytest.MonkeyPatch) -> None:
    no_gradient_through_time(patch, "LSTM")


def forget_gate_without_its_bias(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "LSTM", unit_forget_bias=False)


def sums_told_wrong(patch: pytest.MonkeyPatch) -> None:
    def shuffled(original: Any, model: Any, x: Any, y: Any, **kwargs: Any) -> Any:
        return original(model, x, y[::-1].copy(), **kwargs)

    wrap(patch, keras.Model, "fit", shuffled)


def state_forgotten_in_every_step(patch: pytest.MonkeyPatch) -> None:
    def forgotten(original: Any, cell: Any, inputs: Any, states: Any, **kwargs: Any) -> Any:
        return original(cell, inputs, [0.5 * state for state in states], **kwargs)

    wrap(patch, type(keras.layers.LSTM(1).cell), "call", forgotten)


def no_saturation(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "SimpleRNN", activation="linear")


def recurrence_not_orthogonal_at_first(patch: pytest.MonkeyPatch) -> None:
    change_arguments(
        patch, "SimpleRNN", recurrent_initializer=keras.initializers.RandomNormal(0.15)
    )


def update_gate_shut(patch: pytest.MonkeyPatch) -> None:
    change_arguments(patch, "GRU", recurrent_activation=lambda x: keras.ops.sigmoid(x - 5.0))


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_unwounded_libraries_keep_every_rule(cell: str) -> None:
    assert broken_rules("claims", cell) == set()


@pytest.mark.parametrize(
    ("cell", "fault", "broken"),
    [
        ("lstm", lstm_forgets_its_gradient, {EQUATIONS, FADES, KEPT}),
        ("lstm", state_forgotten_in_every_step, {EQUATIONS, FADES, KEPT}),
        ("lstm", forget_gate_without_its_bias, {FADES}),
        ("lstm", sums_told_wrong, {LEARNED}),
        ("simple_rnn", no_saturation, {EQUATIONS, FADES}),
        ("simple_rnn", recurrence_not_orthogonal_at_first, {FADES}),
        ("gru", update_gate_shut, {EQUATIONS, KEPT}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    cell: str,
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("claims", cell) == broken
