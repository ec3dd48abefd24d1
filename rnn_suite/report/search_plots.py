"""Searches as figures: `python -m rnn_suite.report.search_plots FILE.json FOLDER`.

The file is one that `rnn_suite.report.search_table` reads.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_suite.errors import SuiteError
from rnn_suite.jsonable import write_atomically
from rnn_suite.report.search_canvas import FAINT, FAULT, colour, empty_figure, is_winner
from rnn_suite.report.search_parallel import parallel_coordinates
from rnn_suite.report.search_table import searches_in
from rnn_suite.trials import SearchResult, TrialResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learning_curves", "parallel_coordinates", "write_plots"]


def learning_curves(result: SearchResult) -> Figure:
    """Return a figure with a panel for each bracket and a line for each configuration.

    A line goes on through the rounds; a trial begins with the weights of its parent's best epoch.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
    """
    lines = _configurations(result.trials)
    brackets = sorted({line[0].bracket for line in lines}, reverse=True)
    figure = empty_figure(result, width=max(3.2 * len(brackets), 5.5), height=4.2)
    panels = figure.subplots(1, len(brackets), sharex=True, sharey=True, squeeze=False)[0]
    for bracket, panel in zip(brackets, panels, strict=True):
        here = [line for line in lines if line[0].bracket == bracket]
        panel.set_title(f"bracket {bracket}: {len(here)} configurations", fontsize=10)
        panel.set_xlabel("epoch")
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.grid(color=FAINT, linewidth=0.5)
        panel.spines[["top", "right"]].set_visible(False)
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
    panel.plot(
        epochs,
        accuracies,
        color=colour(max(line, key=lambda t: t.score or 0.0), result),
        linewidth=3.5 if best else 1.3,
        marker="o",
        markersize=6 if best else 3.5,
        zorder=3 if best else 2,
    )
    if line[-1].score is None:
        panel.plot(*points[-1], "x", color=FAULT, markersize=8, zorder=4)


def write_plots(result: SearchResult, folder: Path) -> list[Path]:
    """Write both figures as SVG, with text as text, and as PNG; the same result gives the same bytes.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
        FormatError: if a file cannot be written.
    """
    written = []
    for draw in (parallel_coordinates, learning_curves):
        figure = draw(result)
        import matplotlib

        for kind, unsaid in (("svg", ("Date", "Creator")), ("png", ("Software",))):
            content = io.BytesIO()
            with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": draw.__name__}):
                figure.savefig(content, format=kind, dpi=120, metadata=dict.fromkeys(unsaid))
            written.append(folder / f"seed-{result.seed}-{draw.__name__}.{kind}")
            write_atomically(written[-1], content.getvalue())
    return written


def main(arguments: Sequence[str]) -> None:
    """Draw every search in the file that is named first into the folder that is named second.

    Raises:
        SuiteError: if the file cannot be read, or a figure not be drawn or written.
    """
    file, folder = map(Path, arguments)
    for result in searches_in(file):
        print("\n".join(map(str, write_plots(result, folder))))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SuiteError as error:
        sys.exit(str(error))
