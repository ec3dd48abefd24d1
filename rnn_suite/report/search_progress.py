"""One line whenever a trial begins or ends while a search goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnn_suite.hyperband import brackets, epochs_trained, rounds, trials_begun
from rnn_suite.report.progress import clock
from rnn_suite.search import Search
from rnn_suite.trials import COMPLETED, RUNNING, TrialResult


def search_line(search: Search, seed: int, trials: Sequence[TrialResult], seconds: float) -> str:
    """Return seed, trial, bracket and round, the best so far, time gone and time left.

    Args:
        search: what is searched, and how.
        seed: of the search.
        trials: those begun so far, in that order; the line is about the last.
        seconds: wall time gone.
    """
    count, epochs = _planned(search)
    parts = [f"search seed {seed} trial {len(trials)} of {count}"]
    if trials and search.tuner == "hyperband":
        last = trials[-1]
        parts.append(f"bracket {brackets(trials)[last.trial]} round {last.round}")
    if failed := sum(trial.status not in (COMPLETED, RUNNING) for trial in trials):
        parts.append(f"{failed} failed")
    scores = [(t.score, _cell(search, t)) for t in trials if t.score is not None]
    if scores:
        score, cell = max(scores, key=lambda scored: scored[0])
        parts.append(f"best {score:.4f} ({cell})")
    parts.append(f"{clock(seconds)} gone")
    left = _seconds_left(search, trials, epochs)
    if left is not None:
        parts.append(f"{clock(left)} left")
    return ", ".join(parts)


def _planned(search: Search) -> tuple[int, int]:
    """Return how many trials a whole search has, and how many epochs they train together."""
    if search.tuner == "hyperband":
        planned = rounds(search.max_epochs, search.factor, search.iterations)
        return trials_begun(planned), epochs_trained(planned)
    trials = min(search.max_trials, search.space.points)
    return trials, trials * search.max_epochs


def _seconds_left(search: Search, trials: Sequence[TrialResult], epochs: int) -> float | None:
    """Return wall time to come at the pace so far; None before a trial has completed.

    The pace is that of the trials and not of the clock, which knows only the last part of a search that
    was taken up. Trials that run at the same time share what is left.
    """
    completed = [trial for trial in trials if trial.status == COMPLETED]
    if not completed:
        return None
    pace = sum(trial.seconds for trial in completed) / _epochs(search, completed)
    ended = _epochs(search, (trial for trial in trials if trial.status != RUNNING))
    running = sum(trial.status == RUNNING for trial in trials)
    return pace * max(epochs - ended, 0) / max(running, 1)


def _epochs(search: Search, trials: Iterable[TrialResult]) -> int:
    """Return the epochs asked for: early stopping is part of the pace."""
    return sum((trial.epochs or search.max_epochs) - trial.initial_epoch for trial in trials)


def _cell(search: Search, trial: TrialResult) -> str:
    names = (names.name for names in search.space.names if names.field == "model.cell")
    return trial.values.get(next(names, ""), search.model.cell)
