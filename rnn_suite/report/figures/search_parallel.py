"""A search as parallel coordinates: an axis for each hyperparameter and the score, a line for each trial."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnn_suite.report.figures.canvas import BAD, INK, PAPER, blank
from rnn_suite.report.figures.search_trials import colour, is_winner, score_height, score_range
from rnn_suite.trials import SearchResult, TrialResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOGARITHMIC = ("learning_rate",)
_FAILED = -0.12
"""Height at which the lines of failed trials end; an axis goes from 0 to 1."""
_SPREAD = 0.16
"""Height that the lines through one value take up, at most."""
_LABEL_DISTANCE = 0.045
"""Between labels of an axis; one that would come nearer to the one below is left out."""


def parallel_coordinates(result: SearchResult) -> Figure:
    """Return the figure; lines through one value lie side by side, the better above.

    Raises:
        MissingPackageError: if Matplotlib is not installed.
    """
    names = sorted({name for trial in result.trials for name in trial.values})
    figure = blank(width=1.8 * len(names) + 1.5, height=4.4)
    from matplotlib.ticker import MaxNLocator

    axes = figure.subplots()
    axes.set_axis_off()
    lowest = _FAILED if any(trial.score is None for trial in result.trials) else -_SPREAD / 2
    axes.set(xlim=(-0.4, len(names) + 0.4), ylim=(lowest - 0.02, 1.18))
    trials = sorted(result.trials, key=lambda t: -math.inf if t.score is None else t.score)
    columns = [[trial.values.get(name, "-") for trial in trials] for name in names]
    heights = []
    for x, (name, values) in enumerate(zip(names, columns, strict=True)):
        places = _places(values, logarithmic=name in _LOGARITHMIC)
        _draw_axis(axes, x, name, places, labels_on="left")
        heights.append(_side_by_side(values, places))
    low, high = score_range(result)
    ticks = (tick for tick in MaxNLocator(6).tick_values(low, high) if low <= tick <= high)
    scale = {f"{tick:.4g}": score_height(tick, result) for tick in ticks}
    all_failed = trials[-1].score is None
    _draw_axis(axes, len(names), "score", {} if all_failed else scale, labels_on="right")
    if trials[0].score is None:
        axes.text(len(names) + 0.08, _FAILED, "failed", va="center", fontsize=9, color=BAD)
    for trial, through in zip(trials, zip(*heights, strict=True), strict=True):
        _draw_trial(axes, through, trial, result)
    return figure


def _places(values: Sequence[str], *, logarithmic: bool) -> dict[str, float]:
    """Return the height of each value: numbers to scale, names at equal distances."""
    try:
        numbers = {value: float(value) for value in values}
    except ValueError:
        numbers = {value: float(i) for i, value in enumerate(sorted(set(values)))}
    else:
        if not all(map(math.isfinite, numbers.values())):
            numbers = dict.fromkeys(numbers, 0.0)
        elif logarithmic and min(numbers.values()) > 0:
            numbers = {value: math.log(number) for value, number in numbers.items()}
    low, high = min(numbers.values()), max(numbers.values())
    return {v: (n - low) / (high - low) if high > low else 0.5 for v, n in numbers.items()}


def _side_by_side(values: Sequence[str], places: dict[str, float]) -> list[float]:
    """Return the height of each line: those of one value together, in their order."""
    gap = min((b - a for a, b in itertools.pairwise(sorted(places.values()))), default=1.0)
    heights = []
    for i, value in enumerate(values):
        count, before = values.count(value), values[:i].count(value)
        step = min(0.012, _SPREAD / count, 0.7 * gap / count)
        heights.append(places[value] + (before - (count - 1) / 2) * step)
    return heights


def _draw_axis(axes: Axes, x: int, name: str, places: dict[str, float], *, labels_on: str) -> None:
    side = -1 if labels_on == "left" else 1
    axes.plot([x, x], [0, 1], color=INK, linewidth=1, zorder=3)
    axes.text(x, 1.12, name, ha="center", fontsize=10, weight="bold", color=INK)
    last = -math.inf
    for label, height in sorted(places.items(), key=lambda place: place[1]):
        axes.plot([x, x + side * 0.03], [height, height], color=INK, linewidth=1, zorder=3)
        if height - last >= _LABEL_DISTANCE:
            last = height
            axes.text(
                x + side * 0.05,
                height,
                label,
                ha="right" if side < 0 else "left",
                va="center",
                fontsize=9,
                color=INK,
                bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 0.5},
                zorder=4,
            )


def _draw_trial(
    axes: Axes, through: Sequence[float], trial: TrialResult, result: SearchResult
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    end = _FAILED if trial.score is None else score_height(trial.score, result)
    vertices, codes = [(0.0, through[0])], [Path.MOVETO]
    for x, (here, there) in enumerate(itertools.pairwise([*through, end])):
        # Level at the axes, so that neighbours can be told apart between them.
        vertices += [(x + 0.4, here), (x + 0.6, there), (x + 1.0, there)]
        codes += [Path.CURVE4] * 3
    best, (shade, opacity) = is_winner(trial, result), colour(trial, result)
    axes.add_patch(
        PathPatch(
            Path(vertices, codes),
            fill=False,
            edgecolor=shade,
            alpha=opacity,
            linewidth=3.5 if best else 1.3,
            linestyle="--" if trial.score is None else "-",
            zorder=2,
        )
    )
    shape = "x" if trial.score is None else "o"
    axes.plot(len(through), end, shape, color=shade, alpha=opacity, zorder=5)
