"""Planted leaks, and the rules that see them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from rnn_suite.checks.topics import memory
from tests.selftest.planted import broken_rules, wrap

pytestmark = pytest.mark.selftest

CALLS = "memory_does_not_grow_from_call_to_call"
MODELS = "memory_does_not_grow_from_model_to_model"
THREADS = "threads_do_not_grow"
FREED = "models_that_were_dropped_are_freed"

KEPT: list[Any] = []
ENOUGH = threading.Event()


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    memory._repeated.cache_clear()
    ENOUGH.clear()
    yield
    memory._repeated.cache_clear()
    KEPT.clear()
    ENOUGH.set()


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the question be asked where the faults are planted."""
    monkeypatch.setattr(memory, "in_fresh_processes", lambda ask: [ask()])


def a_hundred_kilobytes_kept_by_every_fit(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        KEPT.append(np.ones(100_000, "uint8"))
        return original(model, *args, **kwargs)

    wrap(patch, keras.Model, "fit", kept)


def weights_kept_of_every_model(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        KEPT.append(model.get_weights())
        return original(model, *args, **kwargs)

    wrap(patch, keras.Model, "compile", kept)


def models_kept(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        KEPT.append(model)
        return original(model, *args, **kwargs)

    wrap(patch, keras.Model, "compile", kept)


def optimizers_kept(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        made = original(model, *args, **kwargs)
        KEPT.append(model.optimizer)
        return made

    wrap(patch, keras.Model, "compile", kept)


def a_thread_left_by_every_evaluate(patch: pytest.MonkeyPatch) -> None:
    def left(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        threading.Thread(target=ENOUGH.wait, daemon=True).start()
        return original(model, *args, **kwargs)

    wrap(patch, keras.Model, "evaluate", left)


def test_unwounded_libraries_keep_every_rule() -> None:
    assert broken_rules("memory") == set()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (a_hundred_kilobytes_kept_by_every_fit, {CALLS}),
        (weights_kept_of_every_model, {MODELS}),
        (models_kept, {MODELS, FREED}),
        (optimizers_kept, {MODELS, FREED}),
        (a_thread_left_by_every_evaluate, {THREADS}),
    ],
)
@pytest.mark.usefixtures("in_this_process")
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("memory") == broken
