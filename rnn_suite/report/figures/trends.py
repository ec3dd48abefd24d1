"""Each question over runs and library versions: a line a cell, and where versions changed."""

from __future__ import annotations

import itertools
import string
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rnn_suite.report.figures.canvas import (
    BAD,
    INK,
    MUTED,
    NEW,
    Picture,
    bare,
    blank,
    legend,
)
from rnn_suite.series import LIBRARIES, Point, Series
from rnn_suite.verdicts import Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LINES = ((NEW, "-"), (INK, "--"), (MUTED, "-."))
"""Colours and dashes of the cells; a fourth has the first ones again."""

_LETTERS = string.ascii_lowercase
"""Names of the changes of versions in a figure."""


def trends(every: Sequence[Series]) -> Iterator[Picture]:
    """Yield a picture for each question that was measured in two runs or more and did not stay the same."""
    groups: dict[tuple[str, str, str], list[Series]] = defaultdict(list)
    for one in every:
        if len({point.amount for point in _measured(one)}) > 1:
            groups[one.question, one.profile, one.unit].append(one)
    for i, ((question, profile, _), found) in enumerate(groups.items()):
        cells = ", ".join(one.cell for one in found)
        yield Picture(
            name=f"trend-{i}",
            title=f"{question}, {profile}: {cells}",
            caption=_caption(found),
            label="; ".join(
                f"{one.name}: {_measured(one)[0].amount:.4g} in the first of {len(_measured(one))} runs, "
                f"{_measured(one)[-1].amount:.4g} in the last"
                for one in found
            ),
            about=(),
            draw=partial(_draw, tuple(found)),
        )


def _caption(found: Sequence[Series]) -> str:
    better = {True: " Higher is better.", False: " Lower is better.", None: ""}
    named = zip(_LETTERS, _changes(_runs(found)), strict=False)
    changes = "; ".join(f"{letter}: {words}" for letter, (_, words) in named)
    return (
        "Each dot is a run, the oldest on the left; a cross is one that regressed."
        + better[found[0].higher_is_better]
        + (f" Dotted lines are changes of versions, to {changes}." if changes else "")
    )


def _measured(one: Series) -> list[Point]:
    return [point for point in one.points if point.amount is not None]


def _draw(found: Sequence[Series]) -> Figure:
    figure = blank(height=2.9)
    axes = figure.subplots()
    bare(axes, grid="y")
    runs = _runs(found)
    place = {run: i for i, run in enumerate(runs)}
    scale, unit = _unit(found)
    for i, one in enumerate(found):
        colour, dashes = _LINES[i % len(_LINES)]
        points = _measured(one)
        x = [place[point.moment, point.versions] for point in points]
        y = [scale * (point.amount or 0.0) for point in points]
        axes.plot(x, y, dashes, color=colour, marker="o", markersize=3.5, label=one.cell)
        reds = [k for k, point in enumerate(points) if point.outcome is Outcome.REGRESSED]
        axes.plot(
            [x[k] for k in reds], [y[k] for k in reds], "X", color=BAD, markersize=9, zorder=4
        )
    for letter, (i, _) in zip(_LETTERS, _changes(runs), strict=False):
        axes.axvline(i - 0.5, color=MUTED, linestyle=":", linewidth=1.2, zorder=0)
        axes.text(
            i - 0.5,
            1.0,
            letter,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            color=MUTED,
        )
    axes.margins(y=0.15)
    if found[0].higher_is_better is None:
        axes.locator_params(axis="y", integer=True)
    axes.set_xlim(-0.5, len(runs) - 0.5)
    first, last = _moments(runs[0][0], runs[-1][0])
    axes.set_xticks([0, len(runs) - 1], [first, "" if last == first else last])
    axes.set_ylabel(unit)
    legend(figure, axes, columns=3)
    return figure


def _moments(first: str, last: str) -> tuple[str, str]:
    """Return the days of two runs, with the time of day where it is one day."""
    if first[:10] != last[:10]:
        return first[:10], last[:10]
    return first.replace("T", "\n"), last.replace("T", "\n")


def _runs(found: Sequence[Series]) -> list[tuple[str, tuple[str, ...]]]:
    """Return moment and versions of every run, the oldest first."""
    return sorted({(point.moment, point.versions) for one in found for point in _measured(one)})


def _changes(runs: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[int, str]]:
    """Return before which run versions changed, and to what."""
    return [
        (i, _changed(old, new))
        for i, ((_, old), (_, new)) in enumerate(itertools.pairwise(runs), start=1)
        if old != new
    ]


def _unit(found: Sequence[Series]) -> tuple[float, str]:
    """Return what amounts are multiplied by, and the unit they then have."""
    if found[0].unit == "s" and max(p.amount or 0.0 for one in found for p in _measured(one)) < 1:
        return 1e3, "ms"
    return 1.0, found[0].unit


def _changed(old: Sequence[str], new: Sequence[str]) -> str:
    return ", ".join(
        f"{name} {after}"
        for name, before, after in zip(LIBRARIES, old, new, strict=True)
        if before != after
    )
