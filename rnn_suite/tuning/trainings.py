"""What a trial trains, and what is noted of it beside Keras Tuner's own files."""

from __future__ import annotations

import hashlib
import math
import time
from pathlib import Path
from typing import Any

import keras

from rnn_suite.jsonable import write_json
from rnn_suite.models import build_model
from rnn_suite.search import Search
from rnn_suite.tuning.project import NOTES, TrialNotes
from rnn_suite.tuning.tuners import declare, keras_tuner


def trial_seed(seed: int, trial: str) -> int:
    """Return the seed that a trial is trained from: its own, so that the order of trials has no part in it.

    A trial that is run again, or by another worker, trains the same.
    """
    return int.from_bytes(hashlib.sha256(f"{seed} {trial}".encode()).digest()[:4], "big")


def network(search: Search) -> Any:
    """Return the hypermodel of `search`, which trains as the notebook does and fails where a loss is NaN."""
    tuner = keras_tuner()

    class Network(tuner.HyperModel):  # type: ignore[misc, name-defined]  # Keras Tuner ships no types
        history: dict[str, tuple[float, ...]]
        first_loss: float | None
        fit_seconds: float

        def build(self, hyperparameters: Any) -> Any:
            return build_model(search.experiment(declare(hyperparameters, search.space)))

        def fit(self, hyperparameters: Any, model: Any, x: Any, y: Any, **named: Any) -> Any:
            if "tuner/trial_id" in hyperparameters.values:
                # It goes on from another trial's weights, which this shows.
                held_out = slice(math.floor(len(x) * (1 - named["validation_split"])), None)
                self.first_loss = float(
                    model.evaluate(
                        x[held_out], y[held_out], batch_size=named["batch_size"], verbose=0
                    )[0]
                )
            started = time.perf_counter()
            history = model.fit(x, y, **named)
            self.fit_seconds = time.perf_counter() - started
            for name in ("loss", "val_loss"):
                if not all(map(math.isfinite, history.history[name])):
                    raise tuner.errors.FailedTrialError(
                        f"{name} is {history.history[name][-1]} after epoch "
                        f"{history.epoch[-1] + 1}, expected a finite number"
                    )
            self.history = {
                name: tuple(map(float, values)) for name, values in history.history.items()
            }
            return history

    return Network()


class Noting:
    """Mixin for a tuner: trains every trial from a seed of its own and keeps our notes of it."""

    search_seed: int
    """Seed of the search; set before it begins."""

    def run_trial(self, trial: Any, *arguments: Any, **named: Any) -> Any:
        """Train the trial as Keras Tuner does, and write the notes before anything else happens."""
        keras.utils.set_random_seed(trial_seed(self.search_seed, trial.trial_id))
        model: Any = self.hypermodel  # type: ignore[attr-defined]  # a tuner's
        model.history, model.first_loss, model.fit_seconds = {}, None, 0.0
        started, fault = time.perf_counter(), ""
        try:
            return super().run_trial(trial, *arguments, **named)  # type: ignore[misc]  # a tuner's
        except Exception as error:
            fault = f"{type(error).__name__}: {error}".splitlines()[0]
            raise
        finally:
            write_json(
                Path(self.get_trial_dir(trial.trial_id), NOTES),  # type: ignore[attr-defined]
                TrialNotes(
                    history=model.history,
                    first_loss=model.first_loss,
                    seconds=time.perf_counter() - started,
                    fit_seconds=model.fit_seconds,
                    fault=fault,
                ),
            )
