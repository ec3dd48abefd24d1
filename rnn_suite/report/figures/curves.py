"""Learning curves: a line for each seed of this run, over the band of the baseline's seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest
from statistics import median
from typing import TYPE_CHECKING

from rnn_suite.questions.accuracy import SeedAccuracies
from rnn_suite.report.figures.canvas import FAINT, MUTED, NEW, Picture, bare, blank, legend
from rnn_suite.report.figures.compared import compared
from rnn_suite.run_report import RunReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = Sequence[Sequence[float]]
"""A curve a seed, a value an epoch."""


def learning_curves(run: RunReport) -> Iterator[Picture]:
    """Yield a picture for each accuracy whose validation was kept, of this run at least."""
    for i, found in enumerate(compared(run, SeedAccuracies)):
        old, new = (
            [curve for curve in side.history.get("val_accuracy", ()) if curve]
            for side in (found.old, found.new)
        )
        if not new:
            continue
        band = (
            f"the band spans the {len(old)} seeds of the baseline, the dashed line is their median"
        )
        yield Picture(
            name=f"learning-curves-{i}",
            title=found.verdict.cell,
            caption=f"Each line is a seed of this run; {band}."
            if old
            else "Each line is a seed of this run; the baseline was recorded without its curves.",
            label=f"Validation accuracy of {found.verdict.cell} by epoch, "
            f"{min(map(min, new)):.3f} to {max(map(max, new)):.3f} over {len(new)} seeds.",
            about=(found.verdict,),
            draw=partial(_draw, old, new),
        )


def _draw(old: Curves, new: Curves) -> Figure:
    figure = blank(height=3.0)
    axes = figure.subplots()
    bare(axes)
    if old:
        epochs = [[v for v in at if v is not None] for at in zip_longest(*old)]
        numbers = range(1, len(epochs) + 1)
        axes.fill_between(
            numbers, list(map(min, epochs)), list(map(max, epochs)), color=FAINT, label="baseline"
        )
        axes.plot(
            numbers, list(map(median, epochs)), "--", color=MUTED, linewidth=2, label="its median"
        )
    for i, curve in enumerate(new):
        axes.plot(
            range(1, len(curve) + 1),
            curve,
            "o-",
            color=NEW,
            linewidth=1.4,
            markersize=4,
            label=None if i else "this run",
        )
    axes.set(xlabel="epoch", ylabel="validation accuracy")
    axes.locator_params(axis="x", integer=True)
    legend(figure, axes, columns=3)
    return figure
