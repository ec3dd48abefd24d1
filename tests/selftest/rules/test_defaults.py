"""Planted faults in defaults, and the rules that see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

from tests.selftest.planted import broken_rules, in_an_error, wrap

pytestmark = pytest.mark.selftest

KERNELS = "kernels_begin_uniform_as_glorot_has_it"
EMBEDDINGS = "embeddings_begin_uniform"
ORTHOGONAL = "recurrent_kernels_begin_orthogonal"
BIASES = "biases_begin_at_0_and_those_of_forget_gates_at_1"
FUNCTIONS = "recurrent_layers_compute_tanh_and_sigmoid"
KEEP_NOTHING = "recurrent_layers_return_the_last_output_and_keep_nothing"
SIDE_BY_SIDE = "both_directions_are_laid_side_by_side"
PLAIN = "embeddings_mask_nothing_and_dense_layers_change_nothing"
FLOAT32 = "numbers_are_float32"
CONSTANTS = "optimizers_have_their_constants"
NAMES = "names_stand_for_what_has_no_arguments"
LOSSES = "losses_without_arguments_are_the_cross_entropy"
CLIPPED = "gradients_are_clipped_where_it_is_asked_for"
BATCHES = "fit_evaluate_and_predict_take_batches_of_32"


def change_default(owner: Any, name: str, **changed: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Return a fault: `owner.name` has other values where it is given none."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **kwargs: original(*args, **changed | kwargs))

    return plant


def layer(name: str, **changed: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return change_default(keras.layers, name, **changed)


def optimizer(name: str, **changed: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return change_default(keras.optimizers, name, **changed)


def method(name: str, **changed: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return change_default(keras.Model, name, **changed)


def orthogonal_without_random_signs(patch: pytest.MonkeyPatch) -> None:
    def signed(original: Any, initializer: Any, *args: Any, **kwargs: Any) -> Any:
        drawn = original(initializer, *args, **kwargs)
        return -drawn * keras.ops.sign(drawn[:1, :1])

    wrap(patch, keras.initializers.Orthogonal, "__call__", signed)


def orthogonal_of_one_seed(patch: pytest.MonkeyPatch) -> None:
    def seeded(original: Any, initializer: Any, gain: float = 1.0, **_: Any) -> None:
        original(initializer, gain, 7)

    wrap(patch, keras.initializers.Orthogonal, "__init__", seeded)


def adam_with(change: dict[str, Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """Return a fault: Adam has other constants, by whichever name it is called."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        def changed(original: Any, adam: Any, *args: Any, **kwargs: Any) -> None:
            original(adam, *args, **change | kwargs)

        wrap(patch, keras.optimizers.Adam, "__init__", changed)

    return plant


def steps_a_thousandth_too_far(patch: pytest.MonkeyPatch) -> None:
    def far(original: Any, adam: Any, gradient: Any, variable: Any, rate: Any) -> Any:
        return original(adam, gradient, variable, 1.001 * rate)

    wrap(patch, keras.optimizers.Adam, "update_step", far)


def adam_means(what: str) -> Callable[[pytest.MonkeyPatch], None]:
    return compiled(lambda given: given.update(optimizer=what))


def compiled(change: Callable[[dict[str, Any]], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Return a fault: `compile` is given something else where it is given names."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        def changed(original: Any, model: Any, optimizer: Any, loss: Any, **kwargs: Any) -> None:
            given = {"optimizer": optimizer, "loss": loss, **kwargs}
            if isinstance(optimizer, str):
                change(given)
            original(model, **given)

        wrap(patch, keras.Model, "compile", changed)

    return plant


def accuracy_above(threshold: float) -> Callable[[pytest.MonkeyPatch], None]:
    metric = keras.metrics.BinaryAccuracy
    return compiled(
        lambda given: given.update(metrics=[metric(name="accuracy", threshold=threshold)])
    )


def chances_taken_for_logits(given: dict[str, Any]) -> None:
    given["loss"] = keras.losses.BinaryCrossentropy(from_logits=True)


def labels_smoothed(given: dict[str, Any]) -> None:
    given["loss"] = keras.losses.BinaryCrossentropy(label_smoothing=0.01)


def test_unwounded_libraries_keep_every_rule() -> None:
    assert broken_rules("defaults") == set()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (layer("LSTM", kernel_initializer="he_uniform"), {KERNELS}),
        (layer("GRU", kernel_initializer="glorot_normal"), {KERNELS}),
        (layer("Dense", kernel_initializer="lecun_uniform"), {KERNELS}),
        (layer("Embedding", embeddings_initializer="random_normal"), {EMBEDDINGS}),
        (layer("LSTM", recurrent_initializer="glorot_uniform"), {ORTHOGONAL}),
        (orthogonal_without_random_signs, {ORTHOGONAL}),
        (orthogonal_of_one_seed, {ORTHOGONAL}),
        (layer("LSTM", unit_forget_bias=False), {BIASES, KEEP_NOTHING}),
        (layer("Dense", bias_initializer="ones"), {BIASES}),
        (layer("SimpleRNN", activation="relu"), {FUNCTIONS, KEEP_NOTHING}),
        (layer("LSTM", recurrent_activation="hard_sigmoid"), {FUNCTIONS, KEEP_NOTHING}),
        (layer("GRU", reset_after=False), {BIASES, KEEP_NOTHING} | in_an_error(FUNCTIONS)),
        (layer("GRU", dropout=0.1), {KEEP_NOTHING}),
        (layer("LSTM", return_sequences=True), {FUNCTIONS, KEEP_NOTHING, SIDE_BY_SIDE}),
        (layer("LSTM", go_backwards=True), {FUNCTIONS, KEEP_NOTHING} | in_an_error(SIDE_BY_SIDE)),
        (layer("LSTM", stateful=True), {KEEP_NOTHING, SIDE_BY_SIDE}),
        (layer("SimpleRNN", unroll=True), in_an_error(KEEP_NOTHING)),
        (layer("Bidirectional", merge_mode="sum"), {SIDE_BY_SIDE}),
        (layer("Embedding", mask_zero=True), {PLAIN}),
        (layer("Dense", activation="relu"), {PLAIN}),
        (layer("Dense", dtype="float64"), {BIASES, FLOAT32}),
        (optimizer("SGD", momentum=0.9), {CONSTANTS}),
        (optimizer("SGD", learning_rate=0.011), {CONSTANTS}),
        (optimizer("Adam", clipnorm=1.0), {CONSTANTS}),
        (optimizer("Adam", amsgrad=True), {CONSTANTS}),
        (adam_with({"beta_2": 0.9989}), {CONSTANTS, NAMES}),
        (adam_with({"epsilon": 1e-8}), {CONSTANTS, NAMES}),
        (adam_with({"weight_decay": 1e-3}), {CONSTANTS, NAMES}),
        (steps_a_thousandth_too_far, {CONSTANTS}),
        (adam_means("rmsprop"), {NAMES}),
        (compiled(chances_taken_for_logits), {NAMES}),
        (compiled(labels_smoothed), {NAMES}),
        (accuracy_above(0.4), {NAMES}),
        # One half itself counts as 1.
        (accuracy_above(0.49999997), {NAMES}),
        (method("fit", batch_size=64), {BATCHES}),
        (method("fit", epochs=2), {BATCHES}),
        (method("fit", shuffle=False), {BATCHES}),
        (method("evaluate", batch_size=64), {BATCHES}),
        (method("predict", batch_size=16), {BATCHES}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("defaults") == broken


def test_a_loss_that_smooths_its_labels_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def smoothed(original: Any, loss: Any, *args: Any, **kwargs: Any) -> Any:
        return original(loss, *args, **kwargs | {"label_smoothing": 0.001})

    wrap(monkeypatch, keras.losses.BinaryCrossentropy, "__init__", smoothed)
    assert broken_rules("defaults") == {LOSSES}


def test_clipping_that_is_ignored_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrap(monkeypatch, keras.optimizers.SGD, "_clip_gradients", lambda _, __, gradients: gradients)
    assert broken_rules("defaults") == {CLIPPED}


@pytest.fixture
def another_epsilon() -> Any:
    keras.config.set_epsilon(1e-6)
    yield
    keras.config.set_epsilon(1e-7)


@pytest.mark.usefixtures("another_epsilon")
def test_another_epsilon_is_seen() -> None:
    assert broken_rules("defaults") == {FLOAT32, NAMES}
