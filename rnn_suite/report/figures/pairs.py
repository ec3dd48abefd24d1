"""The pairs behind what regressed: a line each, from the old value to the new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from rnn_suite.evidence import InPairs
from rnn_suite.report.figures.canvas import BAD, INK, MUTED, NEW, Picture, bare, blank
from rnn_suite.report.figures.compared import paired
from rnn_suite.run_report import RunReport
from rnn_suite.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 2


def regressed_pairs(run: RunReport) -> Iterator[Picture]:
    """Yield one picture with a panel for each question in pairs that regressed."""
    reds = [row for row in paired(run) if row[0].outcome is Outcome.REGRESSED]
    if reds:
        yield Picture(
            name="regressed-pairs",
            title="What regressed, pair by pair",
            caption="Each thin line is a pair of fresh processes, or of trainings from one seed, measured by "
            "turns; the thick line joins the medians.",
            label="; ".join(f"{v.question} of {v.cell}: {v.baseline} to {v.now}" for v, _ in reds),
            about=tuple(verdict for verdict, _ in reds),
            draw=partial(_draw, reds),
        )


def _draw(reds: Sequence[tuple[Verdict, InPairs]]) -> Figure:
    rows = -(-len(reds) // _COLUMNS)
    figure = blank(height=0.2 + 2.1 * rows)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for panel in panels[len(reds) :]:
        panel.set_axis_off()
    for panel, (verdict, evidence) in zip(panels, reds, strict=False):
        _draw_panel(panel, verdict, evidence)
    return figure


def _draw_panel(panel: Axes, verdict: Verdict, evidence: InPairs) -> None:
    scale, unit = 1.0, evidence.unit
    if unit == "s" and max(evidence.old + evidence.new) < 1:
        scale, unit = 1e3, "ms"
    old, new = ([scale * v for v in side] for side in (evidence.old, evidence.new))
    bare(panel, grid="y")
    for pair in zip(old, new, strict=True):
        panel.plot([0, 1], pair, "-", color=MUTED, linewidth=0.8, alpha=0.8)
    panel.plot([0] * len(old), old, "o", color=MUTED, markersize=4)
    panel.plot([1] * len(new), new, "o", color=NEW, markersize=4)
    panel.plot([0, 1], [median(old), median(new)], "s-", color=BAD, linewidth=2.4, markersize=6)
    cell = "" if verdict.cell == "all" else f"\n{verdict.cell}"
    panel.set_title(f"{verdict.question}{cell}", color=INK, weight="bold")
    panel.set(xlim=(-0.25, 1.25), ylabel=unit)
    panel.set_xticks([0, 1], ["old", "new"])
