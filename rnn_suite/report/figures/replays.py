"""Replayed optimizer steps: how far each loss lies from the equations, and how far it may."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from rnn_suite.findings import FLOAT32_EPSILON
from rnn_suite.questions.replay import ReplayLosses
from rnn_suite.report.figures.canvas import BAD, MUTED, NEW, Picture, bare, blank, legend
from rnn_suite.report.figures.compared import Compared, compared
from rnn_suite.run_report import RunReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEAST = FLOAT32_EPSILON / 16
"""Errors below this, such as none at all, are drawn here: the axis is logarithmic."""


def replayed_steps(run: RunReport) -> Iterator[Picture]:
    """Yield a picture for each cell whose steps were replayed."""
    for i, found in enumerate(compared(run, ReplayLosses)):
        errors = found.new.errors
        yield Picture(
            name=f"replay-{i}",
            title=f"{found.verdict.name}: {found.verdict.outcome}",
            caption="Each dot is the training loss before an optimizer step, by how far it lies from the "
            "equations; it must not lie above the dashed line.",
            label=f"Relative error of {len(errors)} losses: at most {max(errors):.1g} in this run, "
            f"{max(found.old.errors):.1g} in the baseline.",
            about=(found.verdict,),
            draw=partial(_draw, found),
        )


def _draw(found: Compared) -> Figure:
    figure = blank(height=3.0)
    axes = figure.subplots()
    bare(axes)
    steps = range(1, len(found.new.errors) + 1)
    old, new = ([max(e, _LEAST) for e in side.errors] for side in (found.old, found.new))
    axes.plot(steps, old, "s", color=MUTED, mfc="none", markersize=7, label="baseline")
    axes.plot(steps, new, "o", color=NEW, markersize=4.5, mew=0, label="this run")
    bounds = [found.gate.allowance * off for off in found.new.rounding]
    axes.plot(steps, bounds, "--", color=BAD, linewidth=1.6, label="bound")
    axes.set(yscale="log", xlabel="optimizer step", ylabel="relative error of the loss")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0e}")
    axes.locator_params(axis="x", integer=True)
    legend(figure, axes, columns=3)
    return figure
