"""Keras's callbacks against what they are documented to do, in runs whose course is written beforehand."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts import scripted
from rnn_suite.checks.parts.noting import Noting
from rnn_suite.checks.parts.scripted import (
    SLOPE,
    X,
    accuracies,
    last_weight,
    losses,
    run,
    same_number,
    weight_of,
)
from rnn_suite.checks.topics._early_stopping import EARLY_STOPPING, stopped
from rnn_suite.findings import FLOAT32_EPSILON, Finding, close, equal

NAN = math.nan


def callbacks_begin_anew_with_every_fit() -> Iterator[Finding]:
    """Use the same callbacks in a second run, all of whose losses are above those of the first.

    Keras 3 took the best loss along in `EarlyStopping` before 3.7 (keras-team/keras#20521), and in both
    callbacks from 3.11 until 3.15 (keras-team/keras#20256).
    """
    first, second = (0.5, 0.25, 0.5), (4, 3, 2, 2.5, 2.25, 1)
    stopping = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    histories = [run(script, stopping) for script in (first, second)]
    epochs, best = stopped(losses(second), patience=2)
    yield equal("EarlyStopping, epochs", len(histories[1].epoch), epochs)
    yield same_number("EarlyStopping, weight", last_weight(), second[best])
    yield equal(
        "History, losses",
        [history.history["val_loss"] for history in histories],
        [losses(first), losses(second[:epochs])],
    )
    reducing = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=2, min_delta=0.0)
    for script in (first, second):
        history = run(script, reducing, learning_rate=2.0**-4)
    yield equal(
        "ReduceLROnPlateau, rates",
        history.history["learning_rate"],
        _reduced(losses(second), 2.0**-4, patience=2),
    )


def nan_is_never_the_best() -> Iterator[Finding]:
    """Begin with NaN: any number is better, and an epoch of NaN is not to be restored or kept."""
    script = (NAN, 3, 2, 2.5, 2.25, 1)
    history = run(script, keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True))
    epochs, best = stopped(losses(script), patience=2)
    yield equal("EarlyStopping, epochs", len(history.epoch), epochs)
    yield same_number("EarlyStopping, weight", last_weight(), script[best])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "best.weights.h5")
        run(script[:4], _checkpoint(path, save_best_only=True))
        yield same_number("ModelCheckpoint", _read(path), script[2])
    reducing = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=2, min_delta=0.0)
    history = run(script, reducing, learning_rate=2.0**-4)
    yield equal(
        "ReduceLROnPlateau, rates",
        history.history["learning_rate"],
        _reduced(losses(script), 2.0**-4, patience=2),
    )


def model_checkpoint_keeps_the_best_epoch() -> Iterator[Finding]:
    """Write the best epoch by loss and by accuracy, as weights and as a model, and every epoch."""
    script = (1.5, 2.5, 0.5, 0.75)
    lowest, highest = (script[np.argmin(losses(script))], script[np.argmax(accuracies(script))])
    with tempfile.TemporaryDirectory() as folder:
        by_loss, by_accuracy = Path(folder, "loss.weights.h5"), Path(folder, "hits.weights.h5")
        whole, every = Path(folder, "model.keras"), Path(folder, "{epoch:02d}.weights.h5")
        run(
            script,
            _checkpoint(by_loss, save_best_only=True),
            _checkpoint(by_accuracy, save_best_only=True, monitor="val_accuracy"),
            keras.callbacks.ModelCheckpoint(whole, save_best_only=True),
            _checkpoint(every),
        )
        yield equal("val_loss", _read(by_loss), lowest)
        yield equal("val_accuracy", _read(by_accuracy), highest)
        model = keras.saving.load_model(whole, compile=False)
        yield equal("val_loss, whole model", weight_of(model), lowest)
        written = sorted(Path(folder).glob("0*.weights.h5"))
        yield equal("every epoch, weights", [_read(path) for path in written], list(script))
        names = [f"{epoch:02d}.weights.h5" for epoch in range(1, 1 + len(script))]
        yield equal("every epoch, names", [path.name for path in written], names)


def callbacks_are_called_in_order() -> Iterator[Finding]:
    """Train two epochs of two batches, validated in one; then evaluate and predict."""
    script = (2.0, 1.0)
    noting = Noting()
    run(script, noting, batch_size=2)
    steps = [
        f"{when} {batch}" for batch in range(2) for when in ("train batch begin", "train batch end")
    ]
    test = ["test begin", "test batch begin 0", "test batch end 0", "test end"]
    epochs = [[f"epoch begin {epoch}", *steps, *test, f"epoch end {epoch}"] for epoch in range(2)]
    calls = ["train begin", *epochs[0], *epochs[1], "train end"]
    yield equal("fit", [call for call, _ in noting.calls], calls)
    logs = dict(noting.calls)
    # The second epoch came last. After a batch, logs tell of the epoch so far.
    for call, rows, prefixes in (
        ("train batch end 0", X[:2], ("",)),
        ("train batch end 1", X, ("",)),
        ("test batch end 0", X, ("",)),
        ("test end", X, ("",)),
        ("epoch end 1", X, ("", "val_")),
    ):
        outputs = script[1] * rows
        expected = {
            f"{prefix}{name}": float(np.mean(values))
            for prefix in prefixes
            for name, values in (("loss", outputs), ("accuracy", outputs > 0.5))
        }
        yield equal(f"fit, logs at {call}", logs.get(call), expected)

    model = scripted.untrained()
    model.compile(loss="mean_squared_error", run_eagerly=True)
    noting = Noting()
    model.evaluate(scripted.batches(X, 4), callbacks=[noting], verbose=0)
    yield equal("evaluate", [call for call, _ in noting.calls], test)
    noting = Noting()
    model.predict(scripted.batches(X, 4), callbacks=[noting], verbose=0)
    predict = [call.replace("test", "predict") for call in test]
    yield equal("predict", [call for call, _ in noting.calls], predict)


def a_rate_that_is_set_is_used() -> Iterator[Finding]:
    """Set the rate by schedule and by plateau, and hold every step and every log against it."""
    start, script = 2.0**-3, (4.0, 4.0, 4.0, 4.0)
    asked: list[tuple[int, float]] = []

    def halved(epoch: int, rate: float) -> float:
        asked.append((epoch, rate))
        return rate / 2

    rates = [start / 2**halvings for halvings in range(1, 5)]
    steps = _Steps()
    scheduled = keras.callbacks.LearningRateScheduler(halved)
    history = run(script, scheduled, steps, learning_rate=start)
    yield equal("schedule, what it is asked", asked, [*enumerate([start, *rates[:-1]])])
    yield equal("schedule, steps", steps.taken, [SLOPE * rate for rate in rates])
    yield equal("schedule, logs", history.history["learning_rate"], rates)

    plateau = (4.0, 3.0, 3.5, 3.25, 2.0, 2.5, 2.25, 2.5, 2.75, 2.5)
    for name, least in (("plateau", 0.0), ("plateau, min_lr", start / 3)):
        rates = _reduced(losses(plateau), start, patience=2, min_lr=least)
        steps = _Steps()
        reducing = keras.callbacks.ReduceLROnPlateau(
            factor=0.5, patience=2, min_delta=0.0, min_lr=least
        )
        history = run(plateau, reducing, steps, learning_rate=start)
        # A third is rounded to float32, and so is the weight that it is taken from.
        bound = 2 * FLOAT32_EPSILON * max(plateau) / (SLOPE * start / 3)
        yield close(f"{name}, steps", steps.taken, [SLOPE * rate for rate in rates], bound=bound)
        yield close(f"{name}, logs", history.history["learning_rate"], rates, bound=FLOAT32_EPSILON)


def training_ends_with_the_batch_that_is_not_finite() -> Iterator[Finding]:
    """Feed a row of NaN or of infinity as the third batch of four, to `TerminateOnNaN`."""
    for value in (NAN, math.inf):
        rows = X.copy()
        rows[2] = value
        noting = Noting()
        with contextlib.redirect_stdout(io.StringIO()):
            run((1.0, 1.0), keras.callbacks.TerminateOnNaN(), noting, inputs=rows, batch_size=1)
        yield equal(f"{value}, batches", noting.numbers("train batch end"), [0, 1, 2])
        yield equal(f"{value}, epochs", noting.numbers("epoch begin"), [0])


def a_request_to_stop_is_obeyed() -> Iterator[Finding]:
    """Set `stop_training` after a batch and after an epoch."""
    for when, batches, epochs in (
        ("train batch end 1", [0, 1], [0]),
        ("epoch end 1", [0, 1, 2, 3] * 2, [0, 1]),
    ):
        noting = Noting(stop=when)
        run((1.0, 1.0, 1.0), noting, batch_size=1)
        yield equal(f"{when}, batches", noting.numbers("train batch end"), batches)
        yield equal(f"{when}, epochs", noting.numbers("epoch end"), epochs)
        yield equal(f"{when}, last call", noting.calls[-1][0], "train end")


def csv_logger_writes_what_history_holds() -> Iterator[Finding]:
    """Read the file again: a row an epoch, a column for its number and for every log."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.csv")
        history = run((2.0, 1.0, 1.5), keras.callbacks.CSVLogger(path))
        with path.open(newline="") as file:
            rows = [
                {name: float(value) for name, value in row.items()} for row in csv.DictReader(file)
            ]
    expected = [
        {"epoch": float(epoch)} | {name: values[epoch] for name, values in history.history.items()}
        for epoch in range(3)
    ]
    yield equal("rows", rows, expected)


def _reduced(
    values: Sequence[float], rate: float, *, patience: int, min_lr: float = 0.0
) -> list[float]:
    """Return the rate of every epoch, halved after `patience` epochs without a lower value."""
    best, waited, rates = math.inf, 0, []
    for value in values:
        rates.append(rate)
        waited = 0 if value < best else waited + 1
        best = min(best, value)
        if waited == patience:
            rate, waited = max(rate / 2, min_lr), 0
    return rates


def _checkpoint(path: Path, **asked: Any) -> keras.callbacks.ModelCheckpoint:
    return keras.callbacks.ModelCheckpoint(path, save_weights_only=True, **asked)


def _read(path: Path) -> float:
    model = scripted.untrained()
    model.load_weights(path)
    return weight_of(model)


class _Steps(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """How far every step went down; one step is one epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._before = weight_of(self.model)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.taken.append(self._before - weight_of(self.model))


RULES = (
    *EARLY_STOPPING,
    callbacks_begin_anew_with_every_fit,
    nan_is_never_the_best,
    model_checkpoint_keeps_the_best_epoch,
    callbacks_are_called_in_order,
    a_rate_that_is_set_is_used,
    training_ends_with_the_batch_that_is_not_finite,
    a_request_to_stop_is_obeyed,
    csv_logger_writes_what_history_holds,
)
