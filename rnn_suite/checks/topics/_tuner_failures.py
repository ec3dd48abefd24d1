"""Trials that fail: how they are counted, how often they are tried again, and when a search gives up."""

from __future__ import annotations

import contextlib
import io
import json
import math
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_suite.checks.parts.untrained_searches import OBJECTIVE, jumbled
from rnn_suite.findings import Finding, equal
from rnn_suite.hyperband import promotions, rounds_of
from rnn_suite.search import NOTEBOOK_SPACE
from rnn_suite.trials import TrialResult
from rnn_suite.tuning.project import read_trials
from rnn_suite.tuning.tuners import declare, keras_tuner

COMPLETED, FAILED = "COMPLETED", "FAILED"


def a_trial_that_raises_is_tried_again_as_often_as_asked() -> Iterator[Finding]:
    """Let the second of four trials raise, always or once, with and without retries."""
    for name, times, retries, runs, status in (
        ("always, no retries", 99, 0, 1, FAILED),
        ("always, two retries", 99, 2, 3, FAILED),
        ("once, no retries", 1, 0, 1, FAILED),
        ("once, two retries", 1, 2, 2, COMPLETED),
    ):
        ended = _search({1: _raise(ValueError, times)}, max_retries_per_trial=retries)
        yield equal(f"{name}, runs", ended.runs, [1, runs, 1, 1])
        yield equal(f"{name}, status", ended.statuses, [COMPLETED, status, COMPLETED, COMPLETED])
        yield equal(f"{name}, on disk", ended.on_disk, ended.statuses)


def a_failed_trial_error_is_not_tried_again() -> Iterator[Finding]:
    """Raise what Keras Tuner has for models that are not to be tried again."""
    ended = _search({1: _raise(_kind("FailedTrialError"), 99)}, max_retries_per_trial=2)
    yield equal("runs", ended.runs, [1, 1, 1, 1])
    yield equal("status", ended.statuses, [COMPLETED, FAILED, COMPLETED, COMPLETED])


def a_fatal_error_ends_the_search() -> Iterator[Finding]:
    """Raise what Keras Tuner has for faults of the program, and return no result at all."""
    for name, fault in (
        ("raised", _raise(_kind("FatalError"), 99)),
        ("no result", lambda _run: None),
    ):
        ended = _search({1: fault}, max_retries_per_trial=2)
        yield equal(f"{name}, runs", ended.runs, [1, 1])
        yield equal(f"{name}, error", ended.error.startswith("Fatal"), True)


def an_objective_that_is_nan_fails() -> Iterator[Finding]:
    """Return NaN from the second of four trials.

    Keras Tuner 1.4.8 runs such a trial again but keeps looking at the first result, so a retry cannot save it
    (`BaseTuner._run_and_update_trial` drops the result of a trial that has one). The last finding is how it
    behaves, not what anybody would ask of it.
    """
    for name, times, retries, runs in (
        ("always, no retries", 99, 0, 1),
        ("always, two retries", 99, 2, 3),
        ("once, two retries", 1, 2, 3),
    ):
        ended = _search({1: _nan(times)}, max_retries_per_trial=retries)
        yield equal(f"{name}, runs", ended.runs, [1, runs, 1, 1])
        yield equal(f"{name}, status", ended.statuses, [COMPLETED, FAILED, COMPLETED, COMPLETED])
        yield equal(f"{name}, best", ended.best in (0, 2, 3), True)


def a_search_gives_up_after_three_failures_in_a_row() -> Iterator[Finding]:
    """Let trials of ten fail in a row, or with others in between."""
    for name, failing, most, begun in (
        ("three", (1, 2, 3), 3, 4),
        ("two and two", (1, 2, 4, 5), 3, 10),
        ("two, which are asked to be too many", (1, 2), 2, 3),
    ):
        faults = {number: _raise(ValueError, 99) for number in failing}
        # Three are what Keras Tuner gives up after by itself.
        asked: dict[str, Any] = {} if most == 3 else {"max_consecutive_failed_trials": most}
        ended = _search(faults, max_trials=10, **asked)
        yield equal(f"{name}, trials begun", len(ended.runs), begun)
        error = "" if begun == 10 else "RuntimeError"
        yield equal(f"{name}, error", ended.error, error)


def what_failed_is_not_promoted_nor_made_up_for() -> Iterator[Finding]:
    """Let the best and another of Hyperband's first nine trials fail: two fewer go on."""
    for name, failing in (("none", ()), ("two of nine", (1, 4)), ("three of nine", (1, 4, 7))):
        ended = _search(
            {number: _raise(ValueError, 99) for number in failing},
            kind="Hyperband",
            max_epochs=9,
            factor=3,
        )
        made = promotions(ended.trials, 9, 3)
        yield equal(f"{name}, who goes on", [m.promoted for m in made], [m.best for m in made])
        found = {(r.place.bracket, r.place.round): r.trials for r in rounds_of(ended.trials, 9, 3)}
        going_on = max(0, 3 - len(failing))
        yield equal(f"{name}, trials that go on", found.get((2, 1), 0), going_on)
        yield equal(f"{name}, of those", found.get((2, 2), 0), int(going_on == 3))
        yield equal(f"{name}, failed", ended.statuses.count(FAILED), len(failing))
        yield equal(f"{name}, trials in the other brackets", sum(_others(found)), 10)


def _others(found: dict[tuple[int, int], int]) -> list[int]:
    return [count for (bracket, _), count in found.items() if bracket < 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How a search with faults ended."""

    runs: list[int]
    """Times that each trial was run, in the order in which they were begun."""
    statuses: list[str]
    on_disk: list[str]
    trials: tuple[TrialResult, ...]
    """Hyperband's, as its files have them."""
    best: int
    """Number of the best trial; -1 where there is none."""
    error: str
    """Kind of error that came out of the search, or nothing."""


Fault = Callable[[int], dict[str, float] | None]
"""What a trial does when it is run for the n-th time, from 1."""


def _search(faults: dict[int, Fault], *, kind: str = "RandomSearch", **arguments: Any) -> _Ended:
    """Search with the faults of some trials, by number."""
    runs: Counter[int] = Counter()

    class Faulty:
        def run_trial(self, trial: Any, *_arguments: Any, **_named: Any) -> dict[str, float] | None:
            number = int(trial.trial_id)
            runs[number] += 1
            if number in faults:
                return faults[number](runs[number])
            return {OBJECTIVE: jumbled(trial.hyperparameters.values)}

    if kind == "RandomSearch":
        arguments = {"max_trials": 4} | arguments
    tuner_kind = type("FaultyTuner", (Faulty, getattr(keras_tuner(), kind)), {})
    error = ""
    with tempfile.TemporaryDirectory() as folder, _quiet():
        tuner = tuner_kind(
            lambda hyperparameters: declare(hyperparameters, NOTEBOOK_SPACE),
            objective=OBJECTIVE,
            seed=1,
            directory=folder,
            project_name="project",
            **arguments,
        )
        try:
            tuner.search(verbose=0)
        except Exception as raised:  # noqa: BLE001  # Which one it is, is the question.
            error = type(raised).__name__
        files = sorted(Path(tuner.project_dir).glob("trial_*/trial.json"))
        on_disk = [str(json.loads(file.read_text())["status"]) for file in files]
        # A score that is NaN is NaN in the file, which our reader takes for damage.
        trials = read_trials(Path(tuner.project_dir)) if kind == "Hyperband" else ()
        statuses = [trial.status for trial in tuner.oracle.trials.values()]
        best = tuner.oracle.get_best_trials(1)[0].trial_id
    return _Ended(
        runs=[runs[number] for number in range(len(statuses))],
        statuses=statuses,
        on_disk=on_disk,
        trials=trials,
        best=int(best),
        error=error,
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Keras Tuner prints of each failure, and NumPy's warning of NaN, to ourselves."""
    words = io.StringIO()
    with (
        contextlib.redirect_stdout(words),
        contextlib.redirect_stderr(words),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def _raise(kind: type[Exception], times: int) -> Fault:
    def fault(run: int) -> dict[str, float]:
        if run <= times:
            raise kind("planted")
        return {OBJECTIVE: 0.5}

    return fault


def _nan(times: int) -> Fault:
    return lambda run: {OBJECTIVE: math.nan if run <= times else 0.999}


def _kind(name: str) -> type[Exception]:
    kind: type[Exception] = getattr(keras_tuner().errors, name)
    return kind


FAILURES = (
    a_trial_that_raises_is_tried_again_as_often_as_asked,
    a_failed_trial_error_is_not_tried_again,
    a_fatal_error_ends_the_search,
    an_objective_that_is_nan_fails,
    a_search_gives_up_after_three_failures_in_a_row,
    what_failed_is_not_promoted_nor_made_up_for,
)
