"""Planted faults in Keras's training loop, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.src.optimizers.base_optimizer import BaseOptimizer

from rnn_suite.checks.parts import seen_rows
from rnn_suite.checks.topics import training_loop
from tests.selftest.faults import optimizing
from tests.selftest.planted import broken_rules, of_the_catalogue, wrap

pytestmark = pytest.mark.selftest

EVALUATE = "evaluate_averages_over_samples"
LOGS = "fit_logs_average_over_samples"
SAMPLE_WEIGHTS = "sample_weights_count_in_the_loss_and_in_weighted_metrics"
CLASS_WEIGHTS = "class_weights_are_sample_weights_in_training_alone"
ALONE = "a_call_on_a_batch_tells_of_that_batch_alone"
GRADIENT = "a_step_follows_the_mean_gradient_of_its_batch"
TRACED = "a_traced_model_logs_the_same"
TAIL = "validation_split_takes_the_tail_in_order"
EVERY_ROW = "every_row_is_trained_on_once_an_epoch"
PAIRS = "shuffled_rows_keep_their_labels_and_weights"
COUNTED = "epochs_and_steps_are_counted"
FROZEN = "frozen_layers_stay"
PREDICT = "predict_answers_row_by_row"
UNCHANGED = "testing_and_predicting_change_nothing"
PRINTED = "what_is_printed_is_what_is_logged"
TOGETHER = "steps_taken_together_are_steps"
IN_PARTS = "parts_of_a_step_are_one_step"
SCALE = "a_loss_scale_is_taken_back"


@pytest.fixture(autouse=True)
def run_anew() -> Iterator[None]:
    kept = (training_loop._compiled, seen_rows.seen_rows)
    for cached in kept:
        cached.cache_clear()
    yield
    for cached in kept:
        cached.cache_clear()


def wrap_model(patch: pytest.MonkeyPatch, method: str, wrapper: Any) -> None:
    wrap(patch, keras.Model, method, wrapper)


def a_smaller_batch_scaled_as_a_full_one(patch: pytest.MonkeyPatch) -> None:
    def scaled(original: Any, model: Any, x: Any, y: Any, *args: Any, **kwargs: Any) -> Any:
        loss = original(model, x, y, *args, **kwargs)
        share = keras.ops.cast(keras.ops.shape(y)[0], "float32") / training_loop.BATCH
        # The gradient changes and the value does not.
        return loss + (share - 1) * (loss - keras.ops.stop_gradient(loss))

    wrap_model(patch, "compute_loss", scaled)


def change_weights_of_losses(patch: pytest.MonkeyPatch, change: Callable[[Any], Any]) -> None:
    def changed(
        original: Any, model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, **kwargs: Any
    ) -> Any:
        weight = None if sample_weight is None else change(sample_weight)
        return original(model, x, y, y_pred, weight, **kwargs)

    wrap_model(patch, "compute_loss", changed)


def sample_weights_ignored_in_the_loss(patch: pytest.MonkeyPatch) -> None:
    change_weights_of_losses(patch, lambda _: None)


def weighted_losses_divided_by_their_weights(patch: pytest.MonkeyPatch) -> None:
    change_weights_of_losses(patch, lambda weight: weight / keras.ops.mean(weight))


def weighted_metrics_without_weights(patch: pytest.MonkeyPatch) -> None:
    def unweighted(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return original(model, *args, **kwargs | {"sample_weight": None})

    wrap_model(patch, "compute_metrics", unweighted)


def class_weights_in_validation_too(patch: pytest.MonkeyPatch) -> None:
    def everywhere(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("class_weight") and kwargs.get("validation_data"):
            x, y = kwargs["validation_data"]
            weight = np.array([kwargs["class_weight"][int(label)] for (label,) in y])
            kwargs["validation_data"] = (x, y, weight)
        return original(model, *args, **kwargs)

    wrap_model(patch, "fit", everywhere)


def metrics_kept_from_call_to_call(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(keras.Model, "reset_metrics", lambda _: None)
            return original(model, *args, **kwargs)

    wrap_model(patch, "train_on_batch", kept)


def metrics_in_order_of_the_alphabet(patch: pytest.MonkeyPatch) -> None:
    def by_name(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        logs = original(model, *args, **kwargs | {"return_dict": True})
        return logs if kwargs.get("return_dict") else [logs[name] for name in sorted(logs)]

    wrap_model(patch, "evaluate", by_name)


def loss_halved_where_traced(patch: pytest.MonkeyPatch) -> None:
    def halved(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        loss = original(model, *args, **kwargs)
        return loss if tf.executing_eagerly() else loss / 2

    wrap_model(patch, "compute_loss", halved)


def rates_differ_in_fit(patch: pytest.MonkeyPatch) -> None:
    def faster(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        model.optimizer.learning_rate = 1.001 * model.optimizer.learning_rate
        return original(model, *args, **kwargs)

    wrap_model(patch, "fit", faster)


def change_fit(
    patch: pytest.MonkeyPatch, change: Callable[[Any, Any, dict[str, Any]], tuple[Any, Any]]
) -> None:
    def changed(original: Any, model: Any, x: Any, y: Any, **kwargs: Any) -> Any:
        x, y = change(x, y, kwargs)
        return original(model, x, y, **kwargs)

    wrap_model(patch, "fit", changed)


def change_order_before_split(patch: pytest.MonkeyPatch, change: Callable[[int], Any]) -> None:
    def changed(x: Any, y: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        if not kwargs.get("validation_split"):
            return x, y
        order = change(len(x))
        kwargs["sample_weight"] = kwargs["sample_weight"][order]
        return x[order], y[order]

    change_fit(patch, changed)


def validation_takes_the_head(patch: pytest.MonkeyPatch) -> None:
    change_order_before_split(patch, lambda rows: np.arange(rows)[::-1])


def shuffled_before_the_split(patch: pytest.MonkeyPatch) -> None:
    change_order_before_split(patch, np.random.RandomState(0).permutation)


def smaller_batches_dropped(patch: pytest.MonkeyPatch) -> None:
    def dropped(x: Any, y: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        kept = len(x) // kwargs["batch_size"] * kwargs["batch_size"]
        if kwargs.get("sample_weight") is not None:
            kwargs["sample_weight"] = kwargs["sample_weight"][:kept]
        return x[:kept], y[:kept]

    change_fit(patch, dropped)


def labels_of_other_rows(patch: pytest.MonkeyPatch) -> None:
    def rolled(x: Any, y: Any, _kwargs: dict[str, Any]) -> tuple[Any, Any]:
        # Only where labels are not 0 and 1.
        return x, (np.roll(y, 1, axis=0) if y.max() > 1 else y)

    change_fit(patch, rolled)


def weights_of_other_rows(patch: pytest.MonkeyPatch) -> None:
    def rolled(x: Any, y: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        if y.max() > 1 and kwargs.get("sample_weight") is not None:
            kwargs["sample_weight"] = np.roll(kwargs["sample_weight"], 1)
        return x, y

    change_fit(patch, rolled)


def initial_epoch_ignored(patch: pytest.MonkeyPatch) -> None:
    def from_zero(x: Any, y: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        kwargs["initial_epoch"] = 0
        return x, y

    change_fit(patch, from_zero)


def steps_per_epoch_ignored(patch: pytest.MonkeyPatch) -> None:
    def all_steps(x: Any, y: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        kwargs["steps_per_epoch"] = None
        return x, y

    change_fit(patch, all_steps)


def everything_is_trained(patch: pytest.MonkeyPatch) -> None:
    def thawed(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        for layer in model.layers:
            layer.trainable = True
        return original(model, *args, **kwargs)

    wrap_model(patch, "compile", thawed)


def predictions_out_of_order(patch: pytest.MonkeyPatch) -> None:
    def turned(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return original(model, *args, **kwargs)[::-1]

    wrap_model(patch, "predict", turned)


def predictions_of_the_first_batch(patch: pytest.MonkeyPatch) -> None:
    def first(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return original(model, *args, **kwargs)[: kwargs["batch_size"]]

    wrap_model(patch, "predict", first)


def evaluate_trains(patch: pytest.MonkeyPatch) -> None:
    def trained(original: Any, model: Any, x: Any, y: Any, **kwargs: Any) -> Any:
        answer = original(model, x, y, **kwargs)
        # Not where `fit` evaluates.
        if not kwargs.get("_use_cached_eval_dataset"):
            model.train_on_batch(x, y)
        return answer

    wrap_model(patch, "evaluate", trained)


def a_step_too_many_in_the_last_call(patch: pytest.MonkeyPatch) -> None:
    def further(original: Any, model: Any, x: Any, y: Any, **kwargs: Any) -> Any:
        history = original(model, x, y, **kwargs)
        if model.steps_per_execution > 1:
            model.train_on_batch(x[-2:], y[-2:])
        return history

    wrap_model(patch, "fit", further)


def parts_of_a_step_taken_one_by_one(patch: pytest.MonkeyPatch) -> None:
    def whole(original: Any, optimizer: Any, *args: Any, **kwargs: Any) -> None:
        original(optimizer, *args, **kwargs | {"gradient_accumulation_steps": None})

    wrap(patch, keras.optimizers.SGD, "__init__", whole)


def steps_that_overflow_taken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        keras.optimizers.LossScaleOptimizer,
        "check_finite",
        lambda *_: keras.ops.convert_to_tensor(True),
    )


def losses_not_scaled_in_mixed_precision(patch: pytest.MonkeyPatch) -> None:
    def plain(original: Any, model: Any, *args: Any, **kwargs: Any) -> None:
        original(model, *args, **kwargs | {"auto_scale_loss": False})

    wrap_model(patch, "compile", plain)


def test_unwounded_libraries_keep_every_rule() -> None:
    assert broken_rules("training_loop") == set()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (
            of_the_catalogue(
                optimizing.mean_of_the_batches_means, keras.metrics.Mean, "update_state"
            ),
            {EVALUATE, LOGS, SAMPLE_WEIGHTS, CLASS_WEIGHTS, TRACED, PAIRS, TOGETHER},
        ),
        (a_smaller_batch_scaled_as_a_full_one, {GRADIENT, TOGETHER, SCALE}),
        (sample_weights_ignored_in_the_loss, {SAMPLE_WEIGHTS, CLASS_WEIGHTS, GRADIENT, PAIRS}),
        (
            weighted_losses_divided_by_their_weights,
            {SAMPLE_WEIGHTS, CLASS_WEIGHTS, GRADIENT, PAIRS},
        ),
        (weighted_metrics_without_weights, {SAMPLE_WEIGHTS, CLASS_WEIGHTS}),
        (class_weights_in_validation_too, {CLASS_WEIGHTS}),
        (metrics_kept_from_call_to_call, {ALONE}),
        (metrics_in_order_of_the_alphabet, {EVALUATE}),
        (rates_differ_in_fit, {GRADIENT, TOGETHER}),
        (loss_halved_where_traced, {GRADIENT, TRACED, TOGETHER}),
        (validation_takes_the_head, {TAIL}),
        (shuffled_before_the_split, {TAIL}),
        (
            smaller_batches_dropped,
            {
                LOGS,
                SAMPLE_WEIGHTS,
                CLASS_WEIGHTS,
                GRADIENT,
                TRACED,
                TAIL,
                EVERY_ROW,
                COUNTED,
                TOGETHER,
            },
        ),
        (labels_of_other_rows, {EVERY_ROW, PAIRS, TAIL, COUNTED}),
        (weights_of_other_rows, {PAIRS}),
        (initial_epoch_ignored, {EVERY_ROW, COUNTED}),
        (steps_per_epoch_ignored, {COUNTED}),
        (everything_is_trained, {FROZEN}),
        (predictions_out_of_order, {PREDICT, TRACED}),
        (predictions_of_the_first_batch, {PREDICT, TRACED}),
        (evaluate_trains, {UNCHANGED}),
        (
            of_the_catalogue(
                optimizing.the_bar_shows_means_of_means, keras.utils.Progbar, "update"
            ),
            {PRINTED},
        ),
        (a_step_too_many_in_the_last_call, {TOGETHER}),
        (
            of_the_catalogue(optimizing.no_logs_of_many_steps_together, keras.Model, "fit"),
            {TOGETHER},
        ),
        (of_the_catalogue(optimizing.parts_of_a_step_clipped, BaseOptimizer, "apply"), {IN_PARTS}),
        (parts_of_a_step_taken_one_by_one, {IN_PARTS}),
        (
            of_the_catalogue(
                optimizing.loss_scale_not_taken_back, keras.optimizers.LossScaleOptimizer, "apply"
            ),
            {SCALE},
        ),
        (steps_that_overflow_taken, {SCALE}),
        (losses_not_scaled_in_mixed_precision, {SCALE}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("training_loop") == broken
