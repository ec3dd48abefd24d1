"""One line whenever a trial begins or ends while a search goes on, and one before its best is rebuilt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rnn_suite.hyperband import brackets
from rnn_suite.report.progress import clock
from rnn_suite.search import Search
from rnn_suite.trials import COMPLETED, RUNNING, TrialResult


def search_line(search: Search, seed: int, trials: Sequence[TrialResult], seconds: float) -> str:
    """Return seed, trial, bracket and round, the best so far, time gone, and time left for trials.

    Args:
        search: what is searched, and how.
        seed: of the search.
        trials: those begun so far, in that order; the line is about the last.
        seconds: wall time gone.
    """
    parts = [f"search seed {seed} trial {len(trials)} of {search.planned_trials}"]
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
    left = _seconds_left(search, trials)
    if left is not None:
        parts.append(f"{clock(left)} left")
    return ", ".join(parts)


def rebuild_line(search: Search, seed: int, seconds: float) -> str:
    """Return what is done once all trials have ended: the best values are trained anew and tested."""
    epochs = search.training.epochs
    return (
        f"search seed {seed}: rebuilding the best, {epochs} epoch{'s' if epochs > 1 else ''}, "
        f"{clock(seconds)} gone"
    )


def _seconds_left(search: Search, trials: Sequence[TrialResult]) -> float | None:
    """Return wall time of trials to come at the pace so far; None before one has completed, or without any.

    The pace is that of the trials and not of the clock, which knows only the last part of a search that
    was taken up. Trials that run at the same time share what is left.
    """
    completed = [trial for trial in trials if trial.status == COMPLETED]
    if not completed:
        return None
    pace = sum(trial.seconds for trial in completed) / _epochs(search, completed)
    ended = _epochs(search, (trial for trial in trials if trial.status != RUNNING))
    running = sum(trial.status == RUNNING for trial in trials)
    left = search.planned_epochs - ended
    return pace * left / max(running, 1) if left > 0 else None


def _epochs(search: Search, trials: Iterable[TrialResult]) -> int:
    """Return the epochs asked for: early stopping is part of the pace."""
    return sum((trial.epochs or search.max_epochs) - trial.initial_epoch for trial in trials)


def _cell(search: Search, trial: TrialResult) -> str:
    names = (names.name for names in search.space.names if names.field == "model.cell")
    return trial.values.get(next(names, ""), search.model.cell)
