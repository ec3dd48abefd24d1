"""What reaches the training of a trial, in trainings whose course is written beforehand."""

from __future__ import annotations

import contextlib
import functools
import gc
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from rnn_suite.checks.parts.untrained_searches import LINE, OBJECTIVE
from rnn_suite.findings import FLOAT32_EPSILON, Finding, close, equal
from rnn_suite.hyperband import promotions
from rnn_suite.search import Search
from rnn_suite.trials import TrialResult
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.tuners import declare, keras_tuner, make_tuner

ROWS = 64
X = ((np.arange(ROWS, dtype="float32") + 0.5) / ROWS)[:, None]
Y = np.ones((ROWS, 1), "float32")
"""All labels are 1, so that accuracy is the share of outputs above a half."""

UNTRAINED = 7.0
"""The weight that a model is built with."""

SEARCH = Search(profile="scripted", space=LINE, max_epochs=3, factor=2)
"""Three trials of two epochs, of which two go on to the third, and three trials of three epochs."""

ASKED: dict[str, Any] = {"shuffle": False, "verbose": 0}
"""What `fit` is asked besides."""


def a_trial_can_be_trained() -> Iterator[Finding]:
    """Train one small network for two epochs, as a notebook does, and look at what is kept of it.

    Keras Tuner imports more to train a trial than to be imported: TensorBoard's plugin for hyperparameters,
    in `Tuner._configure_tensorboard_dir`, which TensorFlow no longer brings from 2.21 on.
    """
    histories: list[dict[str, list[float]]] = []

    class Small(keras_tuner().HyperModel):  # type: ignore[misc]  # Keras Tuner ships no types
        def build(self, hyperparameters: Any) -> Any:
            units = hyperparameters.Int("units", 2, 4)
            model = keras.Sequential(
                [
                    keras.Input((1,)),
                    keras.layers.Dense(units, activation="tanh"),
                    keras.layers.Dense(1, activation="sigmoid"),
                ]
            )
            model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
            return model

        def fit(self, _hyperparameters: Any, model: Any, *arguments: Any, **named: Any) -> Any:
            history = model.fit(*arguments, **named)
            histories.append(history.history)
            return history

    search = replace(SEARCH, tuner="random", max_trials=1)
    with _quiet_folder() as folder:
        tuner = make_tuner(search, seed=1, folder=folder, hypermodel=Small(), mixin=_AsItIs)
        tuner.search(
            X, X > 0.5, epochs=2, batch_size=16, validation_split=0.25, verbose=0, callbacks=[]
        )
        (trial,) = read_trials(folder)
        yield equal("how it ends", f"{trial.status} {trial.fault}".strip(), "COMPLETED")
        yield equal("scores", [trial.score], [max(history[OBJECTIVE]) for history in histories])
        kept = folder / f"trial_{trial.trial}" / "checkpoint.weights.h5"
        yield equal("weights are kept", kept.exists(), True)


def fit_is_told_what_hyperband_decided() -> Iterator[Finding]:
    """Ask for 99 epochs: Hyperband puts its own numbers in their place, and leaves the rest alone."""
    for name in ("initial_epoch", "epochs"):
        told = [training.told.get(name) for training in _trained()]
        yield equal(name, told, [getattr(training.trial, name) for training in _trained()])
    told = [{name: training.told.get(name) for name in ASKED} for training in _trained()]
    yield equal("what else was asked", told, [ASKED] * len(told))


def every_trial_has_callbacks_of_its_own() -> Iterator[Finding]:
    """Hand in one `EarlyStopping` and count how many reach the trainings, and what is set in them."""
    stoppings = [training.told["stopping"] for training in _trained()]
    yield equal("one each", [len(each) for each in stoppings], [1] * len(stoppings))
    given = [training.given for training in _trained()[:1]]
    every = [*given, *(stopping for each in stoppings for stopping in each)]
    yield equal("no two the same", len({id(each) for each in every}), len(every))
    set_in_them = {(each.patience, each.monitor) for each in every}
    yield equal("what is set in them", set_in_them, {(1, "val_loss")})


def early_stopping_stops_a_trial() -> Iterator[Finding]:
    """Let the loss rise from the second epoch on, with a patience of 1."""
    for training in _trained():
        trial = training.trial
        last = min(trial.epochs, max(trial.initial_epoch + 1, 2))
        yield equal(
            f"trial {trial.trial}, epochs", training.epochs, [*range(trial.initial_epoch, last)]
        )


def a_trial_scores_as_in_its_best_epoch() -> Iterator[Finding]:
    """Compare scores with the written accuracies; each is best in the first epoch of its training."""
    for training in _trained():
        trial = training.trial
        best = _accuracy(int(trial.values["units"]), trial.initial_epoch)
        yield equal(f"trial {trial.trial}", trial.score, best)
    for made in promotions([training.trial for training in _trained()], 3, 2):
        yield equal("who goes on", made.promoted, made.best)


def a_trial_goes_on_from_the_best_weights_of_its_parent() -> Iterator[Finding]:
    """Compare the weight a training begins with to the one written for the best epoch of its parent.

    That is not the parent's last epoch, though its epochs are counted.
    """
    for training in _trained():
        trial = training.trial
        units = int(trial.values["units"])
        weight = _weight(_accuracy(units, 0)) if trial.parent else UNTRAINED
        yield close(
            f"trial {trial.trial}, weight", training.first_weight, weight, bound=FLOAT32_EPSILON
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Training:
    """One training, as the model saw it."""

    trial: TrialResult
    told: dict[str, Any]
    """What `fit` was told; `stopping` is every `EarlyStopping`."""
    given: keras.callbacks.EarlyStopping
    """The one that the search was handed, the same for all trainings."""
    first_weight: float
    epochs: list[int]
    """Numbers of the epochs that were trained."""


@functools.cache
def _trained() -> tuple[_Training, ...]:
    noted: list[dict[str, Any]] = []
    # One for each search: a training that is handed this one itself, and no copy, leaves its model in it, and
    # no later search can copy that.
    given = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1)

    class OneWeight(keras_tuner().HyperModel):  # type: ignore[misc]  # Keras Tuner ships no types
        def build(self, hyperparameters: Any) -> Any:
            declare(hyperparameters, LINE)
            layer = keras.layers.Dense(
                1, use_bias=False, kernel_initializer=keras.initializers.Constant(UNTRAINED)
            )
            model = keras.Sequential([keras.Input((1,)), layer])
            model.compile(
                keras.optimizers.SGD(0.0), _falling, metrics=["accuracy"], run_eagerly=True
            )
            return model

        def fit(self, hyperparameters: Any, model: Any, *arguments: Any, **named: Any) -> Any:
            stopping = [
                callback
                for callback in named["callbacks"]
                if isinstance(callback, keras.callbacks.EarlyStopping)
            ]
            first = float(np.squeeze(model.get_weights()[0]))
            named["callbacks"] = [_Script(hyperparameters["units"]), *named["callbacks"]]
            history = model.fit(*arguments, **named)
            noted.append(
                {
                    "told": named | {"stopping": stopping},
                    "given": given,
                    "first_weight": first,
                    "epochs": history.epoch,
                }
            )
            return history

    with _quiet_folder() as folder:
        tuner = make_tuner(SEARCH, seed=1, folder=folder, hypermodel=OneWeight(), mixin=_AsItIs)
        # A data set takes less to set up than what Keras makes of arrays.
        batch = tf.data.Dataset.from_tensor_slices((X, Y)).batch(ROWS)
        try:
            tuner.search(batch, validation_data=batch, epochs=99, callbacks=[given], **ASKED)
        except RuntimeError as error:
            # Keras Tuner gave up; the first trial has kept why.
            raise RuntimeError(read_trials(folder)[0].fault) from error
        trials = read_trials(folder)
    return tuple(_Training(trial=trial, **note) for trial, note in zip(trials, noted, strict=True))


def _falling(_labels: Any, outputs: Any) -> Any:
    """Return a loss that falls as outputs rise."""
    return -keras.ops.mean(outputs)


class _Script(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Sets the weight at the beginning of each epoch."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self._units = units

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.model.set_weights([np.array([[_weight(_accuracy(self._units, epoch))]], "float32")])


def _accuracy(units: int, epoch: int) -> float:
    """Return the accuracy that is written for an epoch: in each worse than in the one before."""
    return (units % 50 + 10 - 4 * epoch) / ROWS


def _weight(accuracy: float) -> float:
    """Return the weight with which so many of `X` come out above a half."""
    return 0.5 / (1 - accuracy)


class _AsItIs:
    """Mixin that leaves a tuner as it is."""


@contextlib.contextmanager
def _quiet_folder() -> Iterator[Path]:
    # Keras Tuner collects garbage twice before each trial; what TensorFlow is made of need not be looked at.
    gc.freeze()
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            yield Path(folder, "project")
    finally:
        gc.unfreeze()


TRAININGS = (
    a_trial_can_be_trained,
    fit_is_told_what_hyperband_decided,
    every_trial_has_callbacks_of_its_own,
    early_stopping_stops_a_trial,
    a_trial_scores_as_in_its_best_epoch,
    a_trial_goes_on_from_the_best_weights_of_its_parent,
)
