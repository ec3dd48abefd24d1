"""A search as learning curves: a panel for each bracket, a line for each configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnn_suite.report.figures.canvas import BAD, bare, blank
from rnn_suite.report.figures.search_trials import colour, is_winner
from rnn_suite.trials import SearchResult, TrialResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def bracket_curves(result: SearchResult) -> Figure:
    """Return a figure with a panel for each bracket and a line for each configuration.

    A line goes on through the rounds; a trial begins with the weights of its parent's best epoch.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
    """
    lines = _configurations(result.trials)
    brackets = sorted({line[0].bracket for line in lines}, reverse=True)
    figure = blank(width=max(4.4, 2.2 * len(brackets)), height=3.0)
    panels = figure.subplots(1, len(brackets), sharex=True, sharey=True, squeeze=False)[0]
    for bracket, panel in zip(brackets, panels, strict=True):
        here = [line for line in lines if line[0].bracket == bracket]
        panel.set_title(f"bracket {bracket}\n{len(here)} configurations", fontsize=10)
        panel.set_xlabel("epoch")
        panel.locator_params(axis="x", integer=True)
        bare(panel)
        for line in here:
            _draw_configuration(panel, line, result)
    panels[0].set_ylabel("validation accuracy")
    return figure


def _configurations(trials: Sequence[TrialResult]) -> list[list[TrialResult]]:
    """Return the trials of each configuration, from the first round on.

    The bracket of a configuration is that of its first trial: with several workers, Keras Tuner may name
    the next bracket in the others.
    """
    lines: dict[str, list[TrialResult]] = {}
    for trial in trials:
        lines[trial.trial] = [*lines.pop(trial.parent, []), trial]
    return list(lines.values())


def _draw_configuration(panel: Axes, line: Sequence[TrialResult], result: SearchResult) -> None:
    points = [
        (trial.initial_epoch + i, accuracy)
        for trial in line
        for i, accuracy in enumerate(trial.history.get("val_accuracy", ()), start=1)
    ]
    if not points:
        return
    epochs, accuracies = zip(*points, strict=True)
    best = any(is_winner(trial, result) for trial in line)
    shade, opacity = colour(max(line, key=lambda t: t.score or 0.0), result)
    panel.plot(
        epochs,
        accuracies,
        color=shade,
        alpha=opacity,
        linewidth=3.5 if best else 1.3,
        marker="o",
        markersize=6 if best else 3.5,
        zorder=3 if best else 2,
    )
    if line[-1].score is None:
        panel.plot(*points[-1], "x", color=BAD, markersize=8, zorder=4)
