"""`fit`, `evaluate`, `predict`, `train_on_batch` and `test_on_batch` against logistic regression in NumPy."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from collections.abc import Iterator, Mapping

import keras
import numpy as np

from rnn_suite.checks.parts import logistic
from rnn_suite.checks.parts.logistic import ROUNDING, Rows, held
from rnn_suite.checks.parts.parity import Draws
from rnn_suite.checks.parts.seen_rows import SeenRows, seen_rows
from rnn_suite.checks.parts.small_models import flat
from rnn_suite.checks.topics._stepping import STEPPING
from rnn_suite.findings import Finding, close, equal
from rnn_suite.oracle.functions import Array

BATCH = 4
TRAIN = Rows.drawn(Draws(701), 10)
"""Two full batches and one of two rows."""
TEST = Rows.drawn(Draws(702), 7)
ROWS, SHARE = 10, 0.25
"""A share that leaves half a row: Keras rounds down what is trained on."""
CLASS_WEIGHT = {0: 0.25, 1: 3.0}
LEARNING_RATE = 1.0


def evaluate_averages_over_samples() -> Iterator[Finding]:
    """Evaluate in batches that leave a smaller one at the end: not the mean of the batches' means."""
    expected = logistic.logs(logistic.start(), TRAIN)
    yield close(
        "loss and then the metrics as compiled",
        _model().evaluate(TRAIN.x, TRAIN.y, batch_size=BATCH, verbose=0),
        list(expected.values()),
        bound=ROUNDING,
        source="NumPy",
    )
    by_name = _model().evaluate(TRAIN.x, TRAIN.y, batch_size=3, verbose=0, return_dict=True)
    yield from held("by name", by_name, expected)


def fit_logs_average_over_samples() -> Iterator[Finding]:
    """Train with a rate of 0, so that every epoch is the same."""
    history = _model().fit(
        TRAIN.x,
        TRAIN.y,
        batch_size=BATCH,
        epochs=2,
        validation_data=(TEST.x, TEST.y),
        verbose=0,
    )
    start = logistic.start()
    for epoch in range(2):
        received = {name: values[epoch] for name, values in history.history.items()}
        expected = logistic.logs(start, TRAIN) | _validated(logistic.logs(start, TEST))
        yield from held(f"epoch {epoch}", received, expected)


def sample_weights_count_in_the_loss_and_in_weighted_metrics() -> Iterator[Finding]:
    """Give every row a weight, in all four ways; `metrics` stay as they are without weights."""
    start = logistic.start()
    train = logistic.logs(start, TRAIN, TRAIN.weight)
    test = logistic.logs(start, TEST, TEST.weight)
    history = _model().fit(
        TRAIN.x,
        TRAIN.y,
        sample_weight=TRAIN.weight,
        batch_size=BATCH,
        validation_data=(TEST.x, TEST.y, TEST.weight),
        verbose=0,
    )
    yield from held("fit", _only(history), train | _validated(test))
    received = _model().evaluate(
        TEST.x,
        TEST.y,
        sample_weight=TEST.weight,
        batch_size=BATCH,
        verbose=0,
        return_dict=True,
    )
    yield from held("evaluate", received, test)
    for name in ("train_on_batch", "test_on_batch"):
        received = getattr(_model(), name)(
            TRAIN.x, TRAIN.y, sample_weight=TRAIN.weight, return_dict=True
        )
        yield from held(name, received, train)


def class_weights_are_sample_weights_in_training_alone() -> Iterator[Finding]:
    """Weight the classes: documented to weight the loss "during training only"."""
    start = logistic.start()
    train = logistic.logs(start, TRAIN, _by_class(TRAIN))
    history = _model().fit(
        TRAIN.x,
        TRAIN.y,
        class_weight=CLASS_WEIGHT,
        batch_size=BATCH,
        validation_data=(TEST.x, TEST.y),
        verbose=0,
    )
    yield from held("fit", _only(history), train | _validated(logistic.logs(start, TEST)))
    received = _model().train_on_batch(
        TRAIN.x, TRAIN.y, class_weight=CLASS_WEIGHT, return_dict=True
    )
    yield from held("train_on_batch", received, train)


def a_call_on_a_batch_tells_of_that_batch_alone() -> Iterator[Finding]:
    """Call on two batches, one after the other: loss and then the metrics as compiled.

    Before 3.15 Keras 3 gave the mean over all calls since the metrics were last reset
    (keras-team/keras#22617).
    """
    start = logistic.start()
    for name in ("train_on_batch", "test_on_batch"):
        model = _model()
        for number, rows in enumerate((TRAIN, TEST), start=1):
            yield close(
                f"{name}, call {number}",
                getattr(model, name)(rows.x, rows.y),
                list(logistic.logs(start, rows).values()),
                bound=ROUNDING,
                source="NumPy",
            )


def a_step_follows_the_mean_gradient_of_its_batch() -> Iterator[Finding]:
    """Train one epoch in order; the last batch is divided by the rows it has."""
    kinds: dict[str, tuple[str, Array | None]] = {
        "without weights": ("", None),
        "with sample weights": ("sample_weight", TRAIN.weight),
        "with class weights": ("class_weight", _by_class(TRAIN)),
    }
    for name, (argument, weights) in kinds.items():
        model, expected = _model(LEARNING_RATE), logistic.start()
        for at, rows in zip(range(0, len(TRAIN.x), BATCH), TRAIN.parts(BATCH), strict=True):
            part = None if weights is None else weights[at : at + BATCH]
            given = {"sample_weight": part, "class_weight": CLASS_WEIGHT}
            model.train_on_batch(
                rows.x, rows.y, **({argument: given[argument]} if argument else {})
            )
            expected = logistic.step(expected, rows, LEARNING_RATE, part)
        yield _weights(f"train_on_batch, {name}", model, expected)
    for name, traced in (("fit", False), ("fit, traced", True)):
        model = _model(LEARNING_RATE, traced=traced)
        model.fit(TRAIN.x, TRAIN.y, batch_size=BATCH, shuffle=False, verbose=0)
        yield _weights(name, model, logistic.epoch(logistic.start(), TRAIN, BATCH, LEARNING_RATE))


def a_traced_model_logs_the_same() -> Iterator[Finding]:
    """Fit, validate and predict in a graph, the default; all else here is done operation by operation."""
    start = logistic.start()
    history = _model(traced=True).fit(
        TRAIN.x, TRAIN.y, batch_size=BATCH, validation_data=(TEST.x, TEST.y), verbose=0
    )
    expected = logistic.logs(start, TRAIN) | _validated(logistic.logs(start, TEST))
    yield from held("fit", _only(history), expected)
    received = _model(traced=True).predict(TRAIN.x, batch_size=BATCH, verbose=0)
    yield close(
        "predict", received, logistic.chances(start, TRAIN.x), bound=ROUNDING, source="NumPy"
    )


def validation_split_takes_the_tail_in_order() -> Iterator[Finding]:
    """Split off a share: "the last samples in the x and y data provided, before shuffling"."""
    seen, head = _split(), int(ROWS * (1 - SHARE))
    yield equal("trained", [sorted(epoch) for epoch in seen.trained], [[*range(head)]] * 2)
    yield equal("validated", seen.validated, [[*range(head, ROWS)]] * 2)


def every_row_is_trained_on_once_an_epoch() -> Iterator[Finding]:
    """Train without shuffling and look at the batches; shuffled rows are held to it by the rule above."""
    seen = _in_order()
    yield equal("rows", seen.trained, [[*range(ROWS)]] * 3)
    yield equal("rows in a batch", seen.sizes, [4, 4, 2] * 3)


def shuffled_rows_keep_their_labels_and_weights() -> Iterator[Finding]:
    """Train on rows whose input, label and weight are one number n: the loss is the mean of n squared."""
    seen = _split()
    yield equal("labels", seen.strangers, 0)
    for name, epochs in (("loss", seen.trained), ("val_loss", seen.validated)):
        expected = np.mean(np.square(epochs[-1]))
        yield close(name, seen.logs.get(name, np.nan), expected, bound=ROUNDING)


def epochs_and_steps_are_counted() -> Iterator[Finding]:
    """Ask for a later start, and for fewer steps than there are batches."""
    later = _in_order()
    yield equal("from epoch 2 up to 5, numbers of the epochs", later.epochs, [2, 3, 4])
    yield equal("from epoch 2 up to 5, steps", later.steps, 9)
    fewer = seen_rows(12, batch_size=BATCH, steps_per_epoch=2, shuffle=False)
    yield equal("two steps an epoch, rows", fewer.trained, [[*range(8)]])
    yield equal("two steps an epoch, steps", fewer.steps, 2)


def frozen_layers_stay() -> Iterator[Finding]:
    """Train a stack whose first layer is not trainable."""
    model = keras.Sequential(
        [keras.Input((logistic.INPUTS,)), keras.layers.Dense(2), keras.layers.Dense(1)]
    )
    model.set_weights(Draws(703).weights(weight.shape for weight in model.get_weights()))
    frozen, trained = model.layers
    frozen.trainable = False
    model.compile(keras.optimizers.SGD(0.1), "mean_squared_error", run_eagerly=True)
    before = flat(frozen.get_weights()), flat(trained.get_weights())
    model.train_on_batch(TRAIN.x, TRAIN.y)
    yield equal("frozen", flat(frozen.get_weights()), before[0])
    moved = bool(np.all(flat(trained.get_weights()) != before[1]))
    yield equal("trained, every weight moved", moved, True)


def predict_answers_row_by_row() -> Iterator[Finding]:
    """Predict in batches of several sizes, in order, the smaller last one included."""
    expected = logistic.chances(logistic.start(), TRAIN.x)
    for batch in (BATCH, 1):
        received = _model().predict(TRAIN.x, batch_size=batch, verbose=0)
        yield close(f"batches of {batch}", received, expected, bound=ROUNDING, source="NumPy")
    received = _model().predict_on_batch(TRAIN.x)
    yield close("predict_on_batch", received, expected, bound=ROUNDING, source="NumPy")


def testing_and_predicting_change_nothing() -> Iterator[Finding]:
    """Look at weights and optimizer before and after."""
    model = _model(LEARNING_RATE)
    before = flat(model.get_weights()), flat(model.optimizer.variables)
    model.evaluate(TEST.x, TEST.y, batch_size=BATCH, verbose=0)
    model.test_on_batch(TEST.x, TEST.y)
    model.predict(TEST.x, batch_size=BATCH, verbose=0)
    yield equal("weights", flat(model.get_weights()), before[0])
    yield equal("optimizer", flat(model.optimizer.variables), before[1])


def what_is_printed_is_what_is_logged() -> Iterator[Finding]:
    """Read the last line that `fit` and `evaluate` print, and hold it against what they return.

    Up to Keras 3.10 the progress bar showed means of means (keras-team/keras#21301).
    """
    for verbose in (1, 2):
        words = io.StringIO()
        with contextlib.redirect_stdout(words):
            history = _model(LEARNING_RATE).fit(
                TRAIN.x, TRAIN.y, batch_size=BATCH, shuffle=False, verbose=verbose
            )
        yield from _printed(f"fit, verbose={verbose}", words.getvalue(), _only(history))
        words = io.StringIO()
        with contextlib.redirect_stdout(words):
            logs = _model().evaluate(
                TRAIN.x, TRAIN.y, batch_size=BATCH, verbose=verbose, return_dict=True
            )
        yield from _printed(f"evaluate, verbose={verbose}", words.getvalue(), logs)


@functools.cache
def _compiled(*, traced: bool) -> keras.Model:
    return logistic.compiled_model(run_eagerly=not traced)


def _model(learning_rate: float = 0.0, *, traced: bool = False) -> keras.Model:
    """Return one of the two models, as at the start."""
    model = _compiled(traced=traced)
    model.set_weights(logistic.start())
    model.optimizer.learning_rate = learning_rate
    model.reset_metrics()
    return model


def _split() -> SeenRows:
    return seen_rows(ROWS, batch_size=BATCH, weighted=True, epochs=2, validation_split=SHARE)


def _in_order() -> SeenRows:
    return seen_rows(ROWS, batch_size=BATCH, shuffle=False, initial_epoch=2, epochs=5)


def _weights(name: str, model: keras.Model, expected: list[Array]) -> Finding:
    return close(name, flat(model.get_weights()), flat(expected), bound=ROUNDING, source="NumPy")


def _printed(name: str, words: str, logs: Mapping[str, float]) -> Iterator[Finding]:
    last = re.split("[\\r\\b\\n]", words.strip())[-1]
    received = dict(re.findall(r"(\w+): ([\d.e+-]+)", last))
    expected = {part: f"{value:.4f}" for part, value in logs.items()}
    yield equal(name, received, expected)


def _validated(logs: Mapping[str, float]) -> dict[str, float]:
    return {f"val_{name}": value for name, value in logs.items()}


def _only(history: keras.callbacks.History) -> dict[str, float]:
    return {name: value for name, (value,) in history.history.items()}


def _by_class(rows: Rows) -> Array:
    return np.array([CLASS_WEIGHT[int(label)] for (label,) in rows.y])


RULES = (
    evaluate_averages_over_samples,
    fit_logs_average_over_samples,
    sample_weights_count_in_the_loss_and_in_weighted_metrics,
    class_weights_are_sample_weights_in_training_alone,
    a_call_on_a_batch_tells_of_that_batch_alone,
    a_step_follows_the_mean_gradient_of_its_batch,
    a_traced_model_logs_the_same,
    validation_split_takes_the_tail_in_order,
    every_row_is_trained_on_once_an_epoch,
    shuffled_rows_keep_their_labels_and_weights,
    epochs_and_steps_are_counted,
    frozen_layers_stay,
    predict_answers_row_by_row,
    testing_and_predicting_change_nothing,
    what_is_printed_is_what_is_logged,
    *STEPPING,
)
