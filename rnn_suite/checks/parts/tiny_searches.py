"""Searches of seconds with Keras Tuner's Hyperband, which are killed where they are told to be.

What a search does is noted beside its project as it happens, line by line, so that a kill leaves it. Some
searches train tiny models; in the others a formula gives the score, and a whole search takes a moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from rnn_suite.checks.parts.told_searches import State, Told, written
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.oracle.functions import Array
from rnn_suite.search import IntRange, Numbers, Search, SearchSpace
from rnn_suite.tuning.trainings import Noting
from rnn_suite.tuning.tuners import declare, keras_tuner, make_tuner

SEARCH = Search(
    profile="tuner_life",
    space=SearchSpace(
        ranges=(IntRange(name="units", field="model.units", low=2, high=9, step=1),),
        numbers=(
            Numbers(
                name="learning_rate",
                field="training.learning_rate",
                values=(0.1, 0.05, 0.02, 0.01),
            ),
        ),
    ),
    objective="val_loss",
    max_epochs=4,
    factor=3,
)
"""Trials 0000 to 0004 train 2 epochs, the best two of them 2 more as 0005 and 0006, 0007 to 0009 train 4."""

PROJECT, RUNS, STATES = "project", "runs.txt", "states.jsonl"
"""Names in the folder of a search."""

UNKNOWN_YET = "before oracle.json knows of it"
RUNS_FIRST = "while it runs"
RUNS_AGAIN = "while it runs again"
END_UNKNOWN = "before oracle.json knows of its end"
HALF_WRITTEN = "within the writing of oracle.json"
STILL_ONGOING = "before oracle.json takes it from the ongoing ones"
"""Moments of a kill. Keras Tuner writes a trial's file before its own, and its own once more in the end."""


def after_epoch(epochs: int) -> str:
    """Return the moment at which `epochs` epochs are done and, if it was the best, the last is saved."""
    return f"after epoch {epochs}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Where a search is killed by a signal that it cannot catch, or does not."""

    trial: str
    """The trial it is in."""
    moment: str
    """One of the moments above, or `after_epoch`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a search goes."""

    trained: bool
    """Whether models are trained; otherwise a formula gives the score."""
    seed: int = 3
    """Seed of the draws and the trainings."""
    search: Search = SEARCH
    fails: Mapping[str, int] = field(default_factory=dict)
    """By trial, how many of its first runs raise; without trainings only."""
    retries: int = 0
    """How often Keras Tuner may run a trial again that raised."""
    late: bool = False
    """Whether the optimizer is built in the first step, as in most programs, and not with the model."""


def probe() -> Array:
    """Return the inputs at which models are held against each other, `float32[5, 4]`."""
    return _drawn(7, 5)


def outputs(model: keras.Model) -> Array:
    """Return what `model` makes of `probe()`, `float32[5, 1]`."""
    return np.asarray(keras.ops.convert_to_numpy(model(probe(), training=False)))


def state_of(model: keras.Model, **known: Any) -> State:
    """Return the state of `model`; `known` are the fields that a model does not know."""
    kept = [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]
    return State(
        weights=_digest(model.get_weights()),
        optimizer=_digest(kept),
        steps=int(keras.ops.convert_to_numpy(model.optimizer.iterations)),
        outputs=_digest([outputs(model)]),
        **known,
    )


def tuner_of(course: Course, folder: Path, kill: Kill | None = None) -> Any:
    """Return the tuner of `course`, which takes up the project in `folder` if there is one."""
    tuner = make_tuner(
        course.search,
        seed=course.seed,
        folder=folder / PROJECT,
        hypermodel=_network(course),
        mixin=_Trained if course.trained else _Computed,
    )
    tuner.search_seed, tuner.course, tuner.folder, tuner.kill = course.seed, course, folder, kill
    tuner.oracle.max_retries_per_trial = course.retries
    return tuner


def search_in(folder: Path, course: Course, kill: Kill | None = None) -> Told:
    """Search, going on where a search was cut off in `folder`, and tell of it."""
    tuner = tuner_of(course, folder, kill)
    x, y = _drawn(5, 24), _labels()
    tuner.search(x[:16], y[:16], batch_size=16, validation_data=(x[16:], y[16:]), verbose=0)
    return tell(tuner, folder)


def tell(tuner: Any, folder: Path) -> Told:
    """Return what `tuner` knows of its trials, and what was noted in `folder`."""
    trials = dict(sorted(tuner.oracle.trials.items()))
    states = folder / STATES
    lines = states.read_text().splitlines() if states.exists() else []
    return Told(
        fault="",
        values={name: written(trial.hyperparameters.values) for name, trial in trials.items()},
        statuses={name: trial.status for name, trial in trials.items()},
        scores={
            name: "" if trial.score is None else float(trial.score).hex()
            for name, trial in trials.items()
        },
        best=tuner.oracle.get_best_trials(1)[0].trial_id,
        counted=dict(sorted(tuner.oracle.get_state()["run_times"].items())),
        runs=tuple(_runs(folder)),
        states=tuple(from_jsonable(State, json.loads(line), where=STATES) for line in lines),
    )


class _Killable:
    """Mixin for a tuner: notes which trial is run, and ends the process where it is told to."""

    course: Course
    folder: Path
    kill: Kill | None = None
    oracle: Any

    def is_killed(self, trial: str, moment: str) -> bool:
        return self.kill == Kill(trial=trial, moment=moment)

    def pre_create_trial(self) -> None:
        if self.is_killed(f"{len(self.oracle.trials):04}", UNKNOWN_YET):
            self.oracle.save = _die

    def run_trial(self, trial: Any, *arguments: Any, **named: Any) -> Any:
        again = trial.trial_id in _runs(self.folder)
        with (self.folder / RUNS).open("a") as file:
            file.write(f"{trial.trial_id}\n")
        if self.is_killed(trial.trial_id, RUNS_AGAIN if again else RUNS_FIRST):
            _die()
        return super().run_trial(trial, *arguments, **named)  # type: ignore[misc]  # a tuner's

    def on_trial_end(self, trial: Any) -> None:
        if self.is_killed(trial.trial_id, END_UNKNOWN):
            self.oracle.save = _die
        if self.is_killed(trial.trial_id, HALF_WRITTEN):
            # It is longer with an end more; a trial's file is shorter.
            _die_of_files_longer_than((self.folder / PROJECT / "oracle.json").stat().st_size)
        if self.is_killed(trial.trial_id, STILL_ONGOING):
            self.save = _die
        super().on_trial_end(trial)  # type: ignore[misc]  # a tuner's


class _Trained(_Killable, Noting):
    def run_trial(self, trial: Any, *arguments: Any, **named: Any) -> Any:
        # A hypermodel is not told which trial it trains.
        self.hypermodel.watch = _Watch(self, trial)  # type: ignore[attr-defined]  # a tuner's
        return super().run_trial(trial, *arguments, **named)


class _Formula:
    """Mixin for a tuner: the score comes from the values, and falls with the epochs."""

    course: Course
    folder: Path

    def run_trial(self, trial: Any, *_: Any, **__: Any) -> float:
        name, values = trial.trial_id, trial.hyperparameters.values
        if _runs(self.folder).count(name) <= self.course.fails.get(name, 0):
            raise ValueError("told to fail")
        drawn = hashlib.sha256(f"{values['units']} {values['learning_rate']}".encode()).digest()[0]
        return float(drawn) / 256 - 0.01 * float(values["tuner/epochs"])


class _Computed(_Killable, _Formula):
    pass


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Notes the model before its first step and after every epoch; called after Keras Tuner has saved it."""

    def __init__(self, tuner: _Killable, trial: Any) -> None:
        super().__init__()
        self._tuner, self._trial = tuner, trial.trial_id
        self._initial_epoch: int = trial.hyperparameters.values["tuner/initial_epoch"]

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._note(begins=True, epochs=self._initial_epoch, score=0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._note(begins=False, epochs=epoch + 1, score=float((logs or {})["val_loss"]))
        if self._tuner.is_killed(self._trial, after_epoch(epoch + 1)):
            _die()

    def _note(self, **known: Any) -> None:
        state = state_of(self.model, trial=self._trial, **known)
        with (self._tuner.folder / STATES).open("a") as file:
            file.write(json.dumps(to_jsonable(state)) + "\n")


def _network(course: Course) -> Any:
    class Network(keras_tuner().HyperModel):  # type: ignore[misc]  # Keras Tuner ships no types
        def build(self, hyperparameters: Any) -> Any:
            values = declare(hyperparameters, course.search.space)
            return _model(values, late=course.late) if course.trained else None

        def fit(self, _: Any, model: Any, *rows: Any, callbacks: Any, **named: Any) -> Any:
            history = model.fit(*rows, callbacks=[*callbacks, self.watch], **named)
            self.history = {n: tuple(map(float, values)) for n, values in history.history.items()}
            return history

    return Network()


def _model(values: dict[str, Any], *, late: bool) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(values["units"], activation="tanh"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(values["learning_rate"]),
        loss="binary_crossentropy",
        # Tracing would take most of the time.
        run_eagerly=True,
    )
    if not late:
        model.optimizer.build(model.trainable_variables)
    return model


def _drawn(seed: int, rows: int) -> Array:
    # Its numbers are the same in every NumPy.
    draws = np.random.RandomState(seed)
    return draws.standard_normal((rows, 4)).astype("float32")


def _labels() -> Array:
    """Return labels that are turned in the last third, `float32[24]`.

    What is learned from the others makes the validation worse: the best epoch is the first and not the last.
    """
    labels = _drawn(5, 24)[:, 0] > 0
    labels[16:] = ~labels[16:]
    return labels.astype("float32")


def _digest(arrays: Iterable[Array]) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def _runs(folder: Path) -> list[str]:
    path = folder / RUNS
    return path.read_text().split() if path.exists() else []


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_of_files_longer_than(size_bytes: int) -> None:
    """Let the system kill this process within a write, however the libraries go about it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
