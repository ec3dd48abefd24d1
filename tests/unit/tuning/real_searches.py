"""The smallest search that trains, and a look at the processes that make it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from rnn_suite.experiment import CorpusConfig, ModelConfig, TrainingConfig
from rnn_suite.hyperband import rounds, rounds_of
from rnn_suite.search import IntRange, Numbers, Search, SearchSpace
from rnn_suite.trials import SearchResult, TrialResult

HANG_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alone:
    """A finished search by one process."""

    folder: Path
    result: SearchResult
    shown: tuple[int, ...]
    """Trials begun, each time that progress was told."""
    rebuilding: tuple[bool, ...]
    """Whether the best was being rebuilt, each time that progress was told."""


def tiny_search(*learning_rates: float) -> Search:
    """Return a search of five trials: two, the better of them again, and two."""
    return Search(
        profile="tiny",
        corpus=CorpusConfig(
            name="standin", num_words=60, maxlen=10, train_samples=200, test_samples=100
        ),
        model=ModelConfig(cell="simple_rnn", embedding_dim=4),
        training=TrainingConfig(batch_size=64, epochs=1),
        space=SearchSpace(
            ranges=(IntRange(name="units", field="model.units", low=4, high=8, step=1),),
            numbers=(
                Numbers(
                    name="learning_rate",
                    field="training.learning_rate",
                    values=learning_rates or (1e-2, 3e-3),
                ),
            ),
        ),
        max_epochs=2,
        factor=2,
    )


def as_planned(search: Search, trials: tuple[TrialResult, ...]) -> bool:
    """Return whether the trials make up Hyperband's rounds."""
    size = search.max_epochs, search.factor
    return rounds_of(trials, *size) == rounds(*size)


def drawn(trials: tuple[TrialResult, ...]) -> list[list[tuple[str, str]]]:
    """Return the values that were drawn, sorted: trials of several workers have no order of their own."""
    return sorted(sorted(trial.values.items()) for trial in trials if not trial.parent)


def processes_of(folder: Path) -> dict[str, psutil.Process]:
    """Return the live processes of the search in `folder` by their names; the one that watches is ``."""
    found = {}
    for process in psutil.process_iter():
        try:
            if str(folder) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                found[process.environ().get("KERASTUNER_TUNER_ID", "")] = process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def until(done: Callable[[], bool], *, seconds: float = HANG_SECONDS) -> float:
    """Wait until `done`, and return the seconds it took."""
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < seconds, f"not within {seconds} seconds"
        time.sleep(0.05)
    return time.monotonic() - started
