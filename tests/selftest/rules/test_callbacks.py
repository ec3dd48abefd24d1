"""Planted faults in Keras's callbacks, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest

from rnn_suite.checks.parts import scripted
from rnn_suite.checks.topics import _early_stopping
from tests.selftest.planted import broken_rules, wrap

pytestmark = pytest.mark.selftest

WAITS = "early_stopping_waits_as_asked"
RESTORES = "early_stopping_restores_the_best_epoch_where_asked"
ANEW = "callbacks_begin_anew_with_every_fit"
NAN = "nan_is_never_the_best"
BEST = "model_checkpoint_keeps_the_best_epoch"
ORDER = "callbacks_are_called_in_order"
RATE = "a_rate_that_is_set_is_used"
FINITE = "training_ends_with_the_batch_that_is_not_finite"
STOP = "a_request_to_stop_is_obeyed"
CSV = "csv_logger_writes_what_history_holds"

KNOWN = {NAN}
"""Broken by Keras 3.15.1 itself."""


@pytest.fixture(autouse=True)
def run_anew() -> Iterator[None]:
    kept = (scripted._model, _early_stopping._ended)
    for cached in kept:
        cached.cache_clear()
    yield
    for cached in kept:
        cached.cache_clear()


def change_callback(
    patch: pytest.MonkeyPatch, name: str, change: Callable[[dict[str, Any]], None]
) -> None:
    """Let the callback called `name` be made with changed arguments."""
    original = getattr(keras.callbacks, name)

    def wounded(*args: Any, **given: Any) -> Any:
        change(given)
        return original(*args, **given)

    patch.setattr(keras.callbacks, name, wounded)


def wrap_callback(patch: pytest.MonkeyPatch, name: str, method: str, wrapper: Any) -> None:
    wrap(patch, getattr(keras.callbacks, name), method, wrapper)


def an_epoch_more_of_patience(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "EarlyStopping", lambda given: given.update(patience=3))


def min_delta_ignored(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "EarlyStopping", lambda given: given.update(min_delta=0.0))


def accuracy_that_ought_to_fall(patch: pytest.MonkeyPatch) -> None:
    def falling(given: dict[str, Any]) -> None:
        given["mode"] = given.get("mode", "min")

    change_callback(patch, "EarlyStopping", falling)
    change_callback(patch, "ModelCheckpoint", falling)


def start_from_epoch_ignored(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "EarlyStopping", lambda given: given.pop("start_from_epoch", None))


def baseline_ignored(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "EarlyStopping", lambda given: given.pop("baseline", None))


def best_weights_not_restored(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "EarlyStopping", lambda given: given.update(restore_best_weights=False))


def restored_only_where_stopped(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, callback: Any, logs: Any = None) -> Any:
        return original(callback, logs) if callback.stopped_epoch else None

    wrap_callback(patch, "EarlyStopping", "on_train_end", kept)


def best_taken_along(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, callback: Any, logs: Any = None) -> None:
        best = callback.best
        original(callback, logs)
        callback.best = best

    wrap_callback(patch, "EarlyStopping", "on_train_begin", kept)


def best_taken_along_in_plateaus(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, callback: Any, logs: Any = None) -> None:
        best = callback.best
        original(callback, logs)
        callback.best = best

    wrap_callback(patch, "ReduceLROnPlateau", "on_train_begin", kept)


def history_that_goes_on(patch: pytest.MonkeyPatch) -> None:
    everything: dict[str, list[float]] = {}

    def shared(original: Any, callback: Any) -> None:
        original(callback)
        callback.history = everything

    wrap_callback(patch, "History", "__init__", shared)


def nan_counts_as_the_best(patch: pytest.MonkeyPatch) -> None:
    def improved(original: Any, callback: Any, value: Any, reference: Any) -> Any:
        return value != value or original(callback, value, reference)

    for name in ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau"):
        wrap_callback(patch, name, "_is_improvement", improved)


def every_epoch_is_written(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "ModelCheckpoint", lambda given: given.update(save_best_only=False))


def batches_counted_from_one(patch: pytest.MonkeyPatch) -> None:
    def counted(original: Any, callbacks: Any, batch: int, logs: Any = None) -> None:
        original(callbacks, batch + 1, logs)

    wrap_callback(patch, "CallbackList", "on_train_batch_end", counted)


def validation_without_its_beginning(patch: pytest.MonkeyPatch) -> None:
    def silent(original: Any, callbacks: Any, logs: Any = None) -> None:
        members, callbacks.callbacks = callbacks.callbacks, []
        original(callbacks, logs)
        callbacks.callbacks = members

    wrap_callback(patch, "CallbackList", "on_test_begin", silent)


def schedule_an_epoch_early(patch: pytest.MonkeyPatch) -> None:
    def early(original: Any, callback: Any, epoch: int, logs: Any = None) -> None:
        original(callback, epoch + 1, logs)

    wrap_callback(patch, "LearningRateScheduler", "on_epoch_begin", early)


def rates_reduced_too_far(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "ReduceLROnPlateau", lambda given: given.update(factor=0.49))


def min_lr_ignored(patch: pytest.MonkeyPatch) -> None:
    change_callback(patch, "ReduceLROnPlateau", lambda given: given.pop("min_lr", None))


def rates_that_are_not_used(patch: pytest.MonkeyPatch) -> None:
    def flatter(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        loss = original(model, *args, **kwargs)
        # The loss keeps its value and half of its gradient.
        return (loss + keras.ops.stop_gradient(loss)) / 2

    wrap(patch, keras.Model, "compute_loss", flatter)


def nan_is_let_pass(patch: pytest.MonkeyPatch) -> None:
    wrap_callback(patch, "TerminateOnNaN", "on_batch_end", lambda *_, **__: None)


def requests_forgotten_within_an_epoch(patch: pytest.MonkeyPatch) -> None:
    def forgotten(original: Any, callbacks: Any, batch: int, logs: Any = None) -> None:
        original(callbacks, batch, logs)
        for callback in callbacks.callbacks:
            callback.model.stop_training = False

    wrap_callback(patch, "CallbackList", "on_train_batch_end", forgotten)


def requests_forgotten_at_the_end_of_an_epoch(patch: pytest.MonkeyPatch) -> None:
    def forgotten(original: Any, callbacks: Any, epoch: int, logs: Any = None) -> None:
        before = callbacks.callbacks[0].model.stop_training
        original(callbacks, epoch, logs)
        callbacks.callbacks[0].model.stop_training = before

    wrap_callback(patch, "CallbackList", "on_epoch_end", forgotten)


def epochs_counted_from_one_in_the_file(patch: pytest.MonkeyPatch) -> None:
    def counted(original: Any, callback: Any, epoch: int, logs: Any = None) -> None:
        original(callback, epoch + 1, logs)

    wrap_callback(patch, "CSVLogger", "on_epoch_end", counted)


def test_unwounded_libraries_keep_every_rule_but_the_known_one() -> None:
    assert broken_rules("callbacks") == KNOWN


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (an_epoch_more_of_patience, {WAITS, RESTORES, ANEW}),
        (min_delta_ignored, {WAITS, RESTORES}),
        (accuracy_that_ought_to_fall, {WAITS, RESTORES, BEST}),
        (start_from_epoch_ignored, {WAITS, RESTORES}),
        (baseline_ignored, {WAITS}),
        (best_weights_not_restored, {RESTORES, ANEW}),
        (restored_only_where_stopped, {RESTORES}),
        (best_taken_along, {ANEW}),
        (best_taken_along_in_plateaus, {ANEW}),
        (history_that_goes_on, {ANEW, RATE, CSV}),
        (nan_counts_as_the_best, {WAITS, RESTORES}),
        (every_epoch_is_written, {BEST}),
        (batches_counted_from_one, {ORDER, FINITE, STOP}),
        (validation_without_its_beginning, {ORDER}),
        (schedule_an_epoch_early, {RATE}),
        (rates_reduced_too_far, {ANEW, RATE}),
        (min_lr_ignored, {RATE}),
        (rates_that_are_not_used, {RATE}),
        (nan_is_let_pass, {FINITE}),
        (requests_forgotten_within_an_epoch, {FINITE, STOP}),
        (requests_forgotten_at_the_end_of_an_epoch, {WAITS, RESTORES, ANEW, STOP}),
        (epochs_counted_from_one_in_the_file, {CSV}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("callbacks") == broken | KNOWN


def test_callbacks_to_which_nan_is_worst_keep_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    def improved(original: Any, callback: Any, value: Any, reference: Any) -> Any:
        return value == value and original(callback, value, reference)

    for name in ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau"):
        wrap_callback(monkeypatch, name, "_is_improvement", improved)
    assert broken_rules("callbacks") == set()
