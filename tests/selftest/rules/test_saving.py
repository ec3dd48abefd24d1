"""Planted faults in saving and reading, and the rules that see them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import pytest

from rnn_suite.checks.topics import saving
from tests.selftest.planted import broken_rules, in_an_error, wrap

pytestmark = pytest.mark.selftest

WEIGHTS = "weights_are_kept"
OUTPUTS = "outputs_are_kept"
OPTIONS = "options_are_kept"
STATE = "state_is_carried_after_reading"
COMPILED = "compilation_is_kept"
SHORT = "losses_with_short_names_are_read"
RESUMED = "training_resumed_is_training_uninterrupted"
EXPORTED = "exported_models_give_the_same_outputs"
SAFE = "safe_mode_refuses_python_code"
DAMAGED = "damaged_files_are_refused"
ANOTHER = "weights_of_another_model_are_refused"
OLDER = "files_of_releases_are_read"
GOES_ON = "training_goes_on_from_files_of_releases"

KNOWN = {SHORT}
"""The rule that released libraries break."""


@pytest.fixture(autouse=True)
def saved_and_read_anew() -> Iterator[None]:
    def forget() -> None:
        saving._saved.cache_clear()
        saving._read.cache_clear()

    forget()
    yield
    forget()


def change_read(patch: pytest.MonkeyPatch, change: Callable[[Any, Path], None]) -> None:
    """Let `change` alter every model that is read from a file."""
    original = keras.saving.load_model

    def changed(path: Path, safe_mode: bool = True) -> Any:
        model = original(path, safe_mode=safe_mode)
        change(model, path)
        return model

    patch.setattr(keras.saving, "load_model", changed)


def a_weight_slightly_off(patch: pytest.MonkeyPatch) -> None:
    def moved(model: Any, _: Path) -> None:
        first = model.layers[0].weights[0]
        first.assign(first + 1e-3)

    change_read(patch, moved)


def last_bit_of_one_format_lost(patch: pytest.MonkeyPatch) -> None:
    def rounded(model: Any, path: Path) -> None:
        # The recurrent kernel of a Bidirectional from `.h5` only: no file of a release is one.
        if path.suffix == ".h5" and isinstance(model.layers[1], keras.layers.Bidirectional):
            kernel = model.layers[1].weights[1]
            kernel.assign(keras.ops.cast(keras.ops.cast(kernel, "float16"), "float32"))

    change_read(patch, rounded)


def activation_of_the_head_lost(patch: pytest.MonkeyPatch) -> None:
    def linear(model: Any, _: Path) -> None:
        model.layers[-1].activation = keras.activations.get("linear")

    change_read(patch, linear)


def change_config(patch: pytest.MonkeyPatch, owner: Any, **changed: Any) -> None:
    """Let `owner.from_config` take other values than the file has."""
    original = owner.from_config

    def read(config: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        known = {name: value for name, value in changed.items() if name in config}
        return original(config | known, *args, **kwargs)

    patch.setattr(owner, "from_config", read)


def dropout_lost(patch: pytest.MonkeyPatch) -> None:
    change_config(patch, keras.layers.LSTM, dropout=0.0)


def statefulness_lost(patch: pytest.MonkeyPatch) -> None:
    change_config(patch, keras.layers.LSTM, stateful=False)


def setting_of_the_optimizer_lost(patch: pytest.MonkeyPatch) -> None:
    change_config(patch, keras.optimizers.Adam, beta_1=0.9)


def state_of_the_optimizer_lost(patch: pytest.MonkeyPatch) -> None:
    wrap(patch, keras.optimizers.Adam, "load_own_variables", lambda *_: None)


def exported_with_other_weights(patch: pytest.MonkeyPatch) -> None:
    def exported(original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        kept = model.get_weights()
        model.set_weights([1.001 * weight for weight in kept])
        result = original(model, *args, **kwargs)
        model.set_weights(kept)
        return result

    wrap(patch, keras.Model, "export", exported)


def safe_mode_without_effect(patch: pytest.MonkeyPatch) -> None:
    original = keras.saving.load_model
    patch.setattr(keras.saving, "load_model", lambda path, **_: original(path, safe_mode=False))


def unreadable_files_give_an_empty_model(patch: pytest.MonkeyPatch) -> None:
    original = keras.saving.load_model

    def silent(path: Path, safe_mode: bool = True) -> Any:
        try:
            return original(path, safe_mode=safe_mode)
        except Exception:  # noqa: BLE001 (the fault)
            return keras.Sequential()

    patch.setattr(keras.saving, "load_model", silent)


def weights_that_do_not_fit_left_out(patch: pytest.MonkeyPatch) -> None:
    def silent(original: Any, model: Any, path: Any, *args: Any, **kwargs: Any) -> None:
        try:
            original(model, path, *args, **kwargs)
        except Exception:  # noqa: BLE001 (the fault)
            return

    wrap(patch, keras.Model, "load_weights", silent)


def files_of_an_old_release_refused(patch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any, path: Path) -> None:
        if path.suffix != ".keras":
            return
        with zipfile.ZipFile(path) as file:
            version = json.loads(file.read("metadata.json"))["keras_version"]
        if version == "3.3.3" and keras.__version__ != version:
            raise ValueError(f"Keras {version} is no longer supported")

    change_read(patch, refuse)


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru"])
def test_unwounded_libraries_keep_every_rule_but_the_known_one(cell: str) -> None:
    assert broken_rules("saving", cell) == KNOWN


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (a_weight_slightly_off, {WEIGHTS, OUTPUTS, STATE, RESUMED, OLDER, GOES_ON}),
        (last_bit_of_one_format_lost, {WEIGHTS, OUTPUTS}),
        (activation_of_the_head_lost, {OUTPUTS, STATE, COMPILED, RESUMED, OLDER}),
        (dropout_lost, {OPTIONS}),
        (statefulness_lost, {OPTIONS, STATE}),
        (setting_of_the_optimizer_lost, {COMPILED, RESUMED, GOES_ON}),
        (state_of_the_optimizer_lost, {RESUMED, GOES_ON}),
        (exported_with_other_weights, {EXPORTED}),
        (safe_mode_without_effect, {SAFE}),
        (weights_that_do_not_fit_left_out, {DAMAGED, ANOTHER}),
        (files_of_an_old_release_refused, {OLDER, GOES_ON}),
    ],
)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fault(monkeypatch)
    assert broken_rules("saving", "lstm") == broken | KNOWN


def test_empty_models_in_place_of_unreadable_files_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unreadable_files_give_an_empty_model(monkeypatch)
    # The file of the known fault is unreadable, and an empty model cannot be tested.
    assert broken_rules("saving", "lstm") == {SAFE, DAMAGED} | in_an_error(SHORT)


def short_names_told(patch: pytest.MonkeyPatch, **losses: Any) -> None:
    """Tell every reading what the short names of losses stand for."""
    original = keras.saving.load_model

    def told(path: Path, safe_mode: bool = True) -> Any:
        return original(path, custom_objects=losses, safe_mode=safe_mode)

    patch.setattr(keras.saving, "load_model", told)


def test_short_names_that_are_known_keep_the_known_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = keras.losses
    short_names_told(monkeypatch, mse=losses.mean_squared_error, mae=losses.mean_absolute_error)
    assert broken_rules("saving", "lstm") == set()


def test_a_short_name_of_another_loss_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = keras.losses
    short_names_told(monkeypatch, mse=losses.mean_squared_error, mae=losses.mean_squared_error)
    assert broken_rules("saving", "lstm") == {SHORT}
