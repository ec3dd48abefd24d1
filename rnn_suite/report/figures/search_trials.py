"""What the figures of a search share: the colour of a trial.

All lines have one colour and the best is the least transparent, so that they keep their order on a light and
on a dark page, for colour-blind eyes and in grey.
"""

from __future__ import annotations

from rnn_suite.report.figures.canvas import BAD, NEW
from rnn_suite.trials import SearchResult, TrialResult

_FAINTEST = 0.25
"""Opacity of the lowest score."""


def search_title(result: SearchResult) -> str:
    """Return which search it is, in two lines."""
    failed = sum(trial.score is None for trial in result.trials)
    title = f"Search from seed {result.seed}: {len(result.trials)} trials"
    title += f", {failed} failed" if failed else ""
    if result.best is not None:
        title += f", best {result.best.score:.4f} in trial {result.best.trial}"
    return f"{title}\nthe stronger, the higher the score; thick: the best"


def score_range(result: SearchResult) -> tuple[float, float]:
    """Return the lowest and the highest score; both are 0 where every trial failed."""
    scores = [trial.score for trial in result.trials if trial.score is not None] or [0.0]
    return min(scores), max(scores)


def score_height(score: float, result: SearchResult) -> float:
    """Return where between the lowest score, 0, and the highest, 1, this one lies."""
    low, high = score_range(result)
    return (score - low) / (high - low) if high > low else 0.5


def colour(trial: TrialResult, result: SearchResult) -> tuple[str, float]:
    """Return the colour of a trial, and the opacity that its score gives it."""
    if trial.score is None:
        return BAD, 1.0
    return NEW, _FAINTEST + (1 - _FAINTEST) * score_height(trial.score, result)


def is_winner(trial: TrialResult, result: SearchResult) -> bool:
    """Say whether it is the best trial in Keras Tuner's answer."""
    return result.best is not None and result.best.trial == trial.trial
