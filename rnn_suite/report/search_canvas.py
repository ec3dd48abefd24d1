"""What the figures of a search share: an empty figure, and the colour of a trial.

Colours are of viridis, which keeps its order for colour-blind eyes and in grey; the best is the darkest, on
white, whatever the page around it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rnn_suite.errors import MissingPackageError
from rnn_suite.trials import SearchResult, TrialResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT, FAULT = "#222222", "#c8c8c8", "#d55e00"
"""Colours of text, of grids, and of trials without a score."""

_PALEST = 0.85
"""Share of viridis that is used; what comes after is too pale for white."""


def empty_figure(result: SearchResult, *, width: float, height: float) -> Figure:
    """Return a white figure whose title says which search it shows; sizes in inches.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"matplotlib cannot be imported: {error}.\nExpected: Matplotlib, which draws the figures\n"
            f"Received: an environment without {error.name}\n"
            "Next: install it, with pip install 'rnn-suite[report]'"
        ) from error
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    failed = sum(trial.score is None for trial in result.trials)
    title = f"Search from seed {result.seed}: {len(result.trials)} trials"
    title += f", {failed} failed" if failed else ""
    if result.best is not None:
        title += f", best {result.best.score:.4f} in trial {result.best.trial}"
    figure.suptitle(
        f"{title}\nthe darker, the higher the score; thick: the best", fontsize=11, color=INK
    )
    return figure


def score_range(result: SearchResult) -> tuple[float, float]:
    """Return the lowest and the highest score; both are 0 where every trial failed."""
    scores = [trial.score for trial in result.trials if trial.score is not None] or [0.0]
    return min(scores), max(scores)


def score_height(score: float, result: SearchResult) -> float:
    """Return where between the lowest score, 0, and the highest, 1, this one lies."""
    low, high = score_range(result)
    return (score - low) / (high - low) if high > low else 0.5


def colour(trial: TrialResult, result: SearchResult) -> str:
    """Return the colour of a trial's score, as hexadecimal digits."""
    if trial.score is None:
        return FAULT
    import matplotlib
    from matplotlib.colors import to_hex

    return to_hex(
        matplotlib.colormaps["viridis"](_PALEST * (1 - score_height(trial.score, result)))
    )


def is_winner(trial: TrialResult, result: SearchResult) -> bool:
    """Say whether it is the best trial in Keras Tuner's answer."""
    return result.best is not None and result.best.trial == trial.trial
