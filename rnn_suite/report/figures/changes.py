"""Old against new in pairs: each question's change with its interval, and from where on it is red."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rnn_suite.evidence import InPairs
from rnn_suite.report.figures.canvas import (
    BAD,
    FAINT,
    INK,
    MUTED,
    NEW,
    PAPER,
    WARN,
    Picture,
    bare,
    blank,
)
from rnn_suite.report.figures.compared import paired
from rnn_suite.run_report import RunReport
from rnn_suite.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = tuple[Verdict, InPairs]
Ends = tuple[float, float]

_PERCENTS = (-50, -30, -20, -10, 0, 10, 20, 30, 50, 100)
_WIDEST = math.log(2)
"""What reaches farther is cut there; its number says how far."""
_NARROWEST = math.log(1.12)
_LOOKS = {
    Outcome.REGRESSED: ("s", BAD, BAD),
    Outcome.IMPROVED: ("D", NEW, NEW),
    Outcome.PASS: ("o", NEW, NEW),
    Outcome.INCONCLUSIVE: ("o", WARN, PAPER),
}
"""Shape, colour and filling."""


def changes(run: RunReport) -> Iterator[Picture]:
    """Yield a picture for each subject: ratios on one scale, falls of an accuracy on another."""
    rows = paired(run)
    ratios = [row for row in rows if row[1].is_ratio]
    ends = _ends(ratios)
    reds_first = sorted(ratios, key=lambda row: row[0].outcome is not Outcome.REGRESSED)
    subjects = dict.fromkeys(verdict.cell for verdict, _ in reds_first)
    for i, subject in enumerate(subjects):
        mine = [row for row in ratios if row[0].cell == subject]
        yield _picture(f"changes-{i}", subject, mine, ends)
    if falls := [row for row in rows if not row[1].is_ratio]:
        yield _picture("changes-of-fractions", "accuracies", falls, None)


def _picture(name: str, title: str, rows: Sequence[Row], ends: Ends | None) -> Picture:
    reds = [verdict.question for verdict, _ in rows if verdict.outcome is Outcome.REGRESSED]
    return Picture(
        name=name,
        title=f"{title}: {', '.join(reds)} regressed" if reds else f"{title}: nothing regressed",
        caption="Each row is a change with its interval: what lies right of the grey band is red, and a true "
        "change as large as at the triangle would not have been missed. Where there is no triangle, any "
        "change shown here might have been.",
        label="; ".join(f"{v.question} {_amount(e)}, {v.outcome}" for v, e in rows) + ".",
        about=tuple(verdict for verdict, _ in rows),
        draw=partial(_draw, rows, ends),
    )


def _ends(rows: Sequence[Row]) -> Ends:
    low, high = _reach(rows)
    return (
        min(max(1.1 * low, -_WIDEST), -_NARROWEST),
        max(min(1.1 * high, _WIDEST), _NARROWEST),
    )


def _reach(rows: Sequence[Row]) -> Ends:
    """Return the lowest and the highest finite place where something is to be seen."""
    values = [v for _, e in rows for v in (e.lower, e.estimate, e.upper, e.red, _seen(e))]
    finite = [value for value in values if math.isfinite(value)]
    return min(finite, default=0.0), max(finite, default=0.0)


def _seen(evidence: InPairs) -> float:
    """Return the true change that would not have been missed, as the verdict tells it."""
    return evidence.red + evidence.smallest_visible


def _draw(rows: Sequence[Row], ends: Ends | None) -> Figure:
    figure = blank(height=0.9 + 0.46 * len(rows))
    axes = figure.subplots()
    bare(axes, grid="x")
    axes.spines["left"].set_visible(False)
    axes.set(yticks=[], ylim=(len(rows) - 0.35, -0.75))
    if ends is None:
        widest = min(1.1 * max(map(abs, _reach(rows))), 1.0) or 1.0
        ends = (-widest, widest)
        axes.set_xlabel("fall from old to new; worse to the right")
        axes.locator_params(axis="x", nbins=5)
    else:
        ticks = [p for p in _PERCENTS if ends[0] <= math.log1p(p / 100) <= ends[1]]
        axes.set_xticks(
            [math.log1p(p / 100) for p in ticks], [f"{p:+d}%" if p else "0" for p in ticks]
        )
        axes.set_xlabel("change, new over old; worse to the right")
    axes.set_xlim(*ends)
    for y, (verdict, evidence) in enumerate(rows):
        _draw_row(axes, y, verdict, evidence, ends)
    axes.axvline(0, color=MUTED, linewidth=1)
    return figure


def _draw_row(axes: Axes, y: int, verdict: Verdict, evidence: InPairs, ends: Ends) -> None:
    shape, colour, filling = _LOOKS[verdict.outcome]
    low, high = ends
    axes.fill_between([low, min(evidence.red, high)], y - 0.17, y + 0.17, color=FAINT, linewidth=0)
    lower, upper, at = (
        min(max(value, low), high) for value in (evidence.lower, evidence.upper, evidence.estimate)
    )
    axes.plot([lower, upper], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
    axes.plot(at, y, shape, color=colour, mfc=filling, markersize=7, mew=1.6, clip_on=False)
    if _seen(evidence) <= high:
        axes.plot(_seen(evidence), y + 0.2, "^", color=INK, markersize=6, mew=0)
    said = "" if verdict.outcome is Outcome.PASS else f", {verdict.outcome}"
    axes.text(
        low,
        y - 0.24,
        f" {verdict.question} {_amount(evidence)}{said}",
        va="bottom",
        color=INK if verdict.outcome in (Outcome.PASS, Outcome.IMPROVED) else colour,
        weight="bold" if verdict.outcome is Outcome.REGRESSED else "normal",
        bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.5},
    )


def _amount(evidence: InPairs) -> str:
    """Return the change from old to new: percent, a factor where it is large, or points of a fraction."""
    if not evidence.is_ratio:
        return f"{-evidence.estimate:+z.3f}"
    if evidence.estimate > math.log(3):
        return f"x{math.exp(min(evidence.estimate, 99.0)):.3g}"
    return f"{math.expm1(evidence.estimate):+z.1%}"
