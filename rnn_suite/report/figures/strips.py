"""Strips of dots, old above new, with the limits that the new ones are held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_suite.report.figures.canvas import INK, bare, blank, legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Dots in a row."""

    name: str
    values: Sequence[float]
    mark: float
    """What the decision looks at, such as their mean."""
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line across all strips."""

    name: str
    at: float
    colour: str
    dashes: str
    """In Matplotlib's words."""


def strips(
    rows: Sequence[Strip],
    lines: Sequence[Line],
    *,
    unit: str,
    mark: str,
    least: float | None = None,
) -> Figure:
    """Return the figure.

    Args:
        rows: from top to bottom.
        lines: across all rows.
        unit: what the dots measure.
        mark: what the diamond in each row stands for.
        least: where the axis begins; near the smallest value where it is None.
    """
    figure = blank(height=2.7)
    axes = figure.subplots()
    bare(axes, grid="x")
    for y, row in enumerate(rows):
        # By golden sections, dots lie side by side whatever their number.
        heights = [y + 0.5 * ((i * 0.618034) % 1 - 0.5) for i in range(len(row.values))]
        axes.plot(row.values, heights, "o", color=row.colour, alpha=0.65, markersize=5, mew=0)
        axes.plot(
            row.mark,
            y,
            "D",
            color=INK,
            markersize=7,
            mfc="none",
            mew=1.6,
            label=None if y else mark,
        )
    for line in lines:
        axes.axvline(
            line.at, color=line.colour, linestyle=line.dashes, linewidth=1.6, label=line.name
        )
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.locator_params(axis="x", nbins=5)
    axes.set(xlabel=unit, ylim=(len(rows) - 0.4, -0.6))
    if least is not None:
        axes.set_xlim(left=least)
    legend(figure, axes)
    return figure
