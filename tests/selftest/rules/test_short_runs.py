"""Planted faults in optimizers and ways of running, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest
import tensorflow as tf

from rnn_suite.checks.parts import adam
from tests.selftest.planted import broken_rules, wrap

pytestmark = pytest.mark.selftest

REPEATED = "a_word_that_stands_twice_is_one_gradient_to_adam"
TRACED = "a_traced_run_follows_the_equations"
EAGER = "an_eager_run_follows_the_equations"
COMPILED = "a_compiled_run_follows_the_equations"
RUNS = {TRACED, EAGER, COMPILED}


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    adam.step_of_a_repeated_word.cache_clear()
    yield
    adam.step_of_a_repeated_word.cache_clear()


def change_adam(patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None]) -> None:
    """Let Adam be made with changed arguments; in the probe of a repeated word it is made as asked."""
    original = keras.optimizers.Adam

    def wounded(learning_rate: float, **given: Any) -> Any:
        arguments = {"learning_rate": learning_rate} | given
        if not given:
            change(arguments)
        return original(**arguments)

    patch.setattr(keras.optimizers, "Adam", wounded)


def learning_rate_a_thousandth_off(patch: pytest.MonkeyPatch) -> None:
    change_adam(patch, lambda given: given.update(learning_rate=1.001 * given["learning_rate"]))


def another_decay_of_the_second_moment(patch: pytest.MonkeyPatch) -> None:
    change_adam(patch, lambda given: given.update(beta_2=0.9989))


def a_larger_epsilon(patch: pytest.MonkeyPatch) -> None:
    change_adam(patch, lambda given: given.update(epsilon=1e-6))


def weight_decay(patch: pytest.MonkeyPatch) -> None:
    change_adam(patch, lambda given: given.update(weight_decay=1e-3))


def clipped_gradients(patch: pytest.MonkeyPatch) -> None:
    change_adam(patch, lambda given: given.update(global_clipnorm=0.01))


def only_where(patch: pytest.MonkeyPatch, mode: Callable[[dict[str, Any]], bool]) -> None:
    """Let a run in one way step a thousandth too far; not the probe of a repeated word."""

    def compiled(original: Any, model: Any, optimizer: Any, loss: Any, **options: Any) -> Any:
        if mode(options) and optimizer.beta_1:
            optimizer.learning_rate = 1.001 * optimizer.learning_rate
        return original(model, optimizer, loss, **options)

    wrap(patch, keras.Model, "compile", compiled)


def wrong_where_compiled(patch: pytest.MonkeyPatch) -> None:
    only_where(patch, lambda options: bool(options.get("jit_compile")))


def wrong_where_traced(patch: pytest.MonkeyPatch) -> None:
    only_where(patch, lambda options: not options)


def wrong_where_eager(patch: pytest.MonkeyPatch) -> None:
    only_where(patch, lambda options: bool(options.get("run_eagerly")))


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_unwounded_libraries_keep_every_rule_but_the_known_one(cell: str) -> None:
    assert broken_rules("short_runs", cell) == {REPEATED}


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (learning_rate_a_thousandth_off, RUNS),
        (another_decay_of_the_second_moment, RUNS),
        (a_larger_epsilon, RUNS),
        (weight_decay, RUNS),
        (clipped_gradients, RUNS),
        (wrong_where_compiled, {COMPILED}),
        (wrong_where_traced, {TRACED}),
        (wrong_where_eager, {EAGER}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("short_runs", "lstm") == broken | {REPEATED}


def test_an_adam_that_adds_before_it_squares_keeps_every_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def added(original: Any, adam: Any, gradient: Any, *args: Any) -> Any:
        return original(adam, tf.convert_to_tensor(gradient), *args)

    wrap(monkeypatch, keras.optimizers.Adam, "update_step", added)
    assert broken_rules("short_runs", "lstm") == set()
