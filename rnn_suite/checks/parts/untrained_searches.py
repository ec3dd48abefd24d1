"""Searches by Keras Tuner's own tuners in which a trial's score is computed and nothing is trained."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import io
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_suite.search import IntRange, Search, SearchSpace, Value
from rnn_suite.trials import TrialResult
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.tuners import declare, make_tuner

OBJECTIVE = "val_accuracy"

LINE = SearchSpace(ranges=(IntRange(name="units", field="model.units", low=1, high=400, step=1),))
"""One hyperparameter with many values."""

PEAK = 350
"""Where `hill` is highest on `LINE`."""


def jumbled(values: Mapping[str, Value]) -> float:
    """Return a score in [0, 1) that jumps with every value and with the epochs, so that ranks change."""
    told = {name: value for name, value in values.items() if name in _MATTERS or "/" not in name}
    return int.from_bytes(hashlib.sha256(repr(sorted(told.items())).encode()).digest()[:6]) / 2**48


def hill(values: Mapping[str, Value]) -> float:
    """Return a score that falls off smoothly from 1 on both sides of `PEAK`."""
    return 1 - ((float(values["units"]) - PEAK) / 400) ** 2


_MATTERS = {"tuner/epochs"}


class Untrained:
    """Mixin for a tuner: a trial is its score."""

    score = staticmethod(jumbled)

    def run_trial(self, trial: Any, *_arguments: Any, **_named: Any) -> dict[str, float]:
        """Return the score of the trial's values."""
        return {OBJECTIVE: self.score(trial.hyperparameters.values)}


class OnAHill(Untrained):
    """Mixin for a tuner whose best value is at `PEAK`."""

    score = staticmethod(hill)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a search did."""

    trials: tuple[TrialResult, ...]
    """As its files have them, in the order in which they were begun."""
    values: tuple[dict[str, Value], ...]
    """Hyperparameters of each trial, as Keras Tuner holds them, without its own."""
    scores: tuple[float, ...]
    """What each trial returned."""
    ranked: tuple[str, ...]
    """Trials from best to worst, in Keras Tuner's answer."""
    best_values: dict[str, Value]
    """The best hyperparameters, in Keras Tuner's answer, without its own."""
    cpu_seconds: float
    """Processor time of the whole search."""

    @property
    def ranked_by_score(self) -> tuple[str, ...]:
        """Trials from best to worst, by what each returned."""
        names = [trial.trial for trial in self.trials]
        scores = dict(zip(names, self.scores, strict=True))
        return tuple(sorted(names, key=lambda name: -scores[name]))


@contextlib.contextmanager
def tuner_of(search: Search, seed: int = 1, *, mixin: type = Untrained) -> Iterator[Any]:
    """Yield a tuner that has not searched yet, whose files are gone afterwards."""
    # Keras Tuner prints of retries and reloads whatever it is told.
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        yield make_tuner(
            search,
            seed=seed,
            folder=Path(folder, "project"),
            hypermodel=lambda hyperparameters: declare(hyperparameters, search.space),
            mixin=mixin,
        )


@functools.cache
def ran(search: Search, seed: int = 1, mixin: type[Untrained] = Untrained) -> Ran:
    """Return what `search` does from `seed`, in one process."""
    with tuner_of(search, seed, mixin=mixin) as tuner:
        started = time.process_time()
        with _one_thread() if search.tuner == "bayesian" else contextlib.nullcontext():
            tuner.search(verbose=0)
        seconds = time.process_time() - started
        return Ran(
            trials=read_trials(Path(tuner.project_dir)),
            values=tuple(own_values(trial) for trial in tuner.oracle.trials.values()),
            scores=tuple(
                mixin.score(trial.hyperparameters.values) for trial in tuner.oracle.trials.values()
            ),
            ranked=tuple(
                t.trial_id for t in tuner.oracle.get_best_trials(len(tuner.oracle.trials))
            ),
            best_values=_without_tuners(tuner.get_best_hyperparameters(1)[0].values),
            cpu_seconds=seconds,
        )


def _one_thread() -> contextlib.AbstractContextManager[Any]:
    """Keep the Gaussian process to one thread, which is done sooner than two with so few points."""
    # scikit-learn brings it.
    limits: Any = importlib.import_module("threadpoolctl").threadpool_limits
    return limits(1)  # type: ignore[no-any-return]  # It ships no types.


def own_values(trial: Any) -> dict[str, Value]:
    """Return the hyperparameters of one of Keras Tuner's trials, without those that are its own."""
    return _without_tuners(trial.hyperparameters.values)


def _without_tuners(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if not name.startswith("tuner/")}
