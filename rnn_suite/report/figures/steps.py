"""Step times against a stored number: a dot a step, and the tripwire."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from rnn_suite.report.figures.canvas import BAD, MUTED, NEW, Picture
from rnn_suite.report.figures.compared import Compared, compared
from rnn_suite.report.figures.strips import Line, Strip, strips
from rnn_suite.results import StepTimes
from rnn_suite.run_report import RunReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def step_times(run: RunReport) -> Iterator[Picture]:
    """Yield a picture for each cell whose steps were timed."""
    for i, found in enumerate(compared(run, StepTimes)):
        old, new = _milliseconds(found.old), _milliseconds(found.new)
        yield Picture(
            name=f"step-time-{i}",
            title=f"{found.verdict.name}: {found.verdict.outcome}",
            caption="Each dot is a training step; the fastest of this run (diamond) must not lie right of "
            "the tripwire.",
            label=f"Fastest training step: baseline {min(old):.1f} ms, this run {min(new):.1f} ms, "
            f"tripwire at {found.gate.max_ratio:g} times.",
            about=(found.verdict,),
            draw=partial(_draw, found),
        )


def _draw(found: Compared) -> Figure:
    old, new = _milliseconds(found.old), _milliseconds(found.new)
    limit = found.gate.max_ratio
    return strips(
        (
            Strip(name="baseline", values=old, mark=min(old), colour=MUTED),
            Strip(name="this run", values=new, mark=min(new), colour=NEW),
        ),
        (Line(name=f"tripwire, x{limit:g}", at=limit * min(old), colour=BAD, dashes="--"),),
        unit="training step, ms",
        mark="fastest",
        least=0.0,
    )


def _milliseconds(times: StepTimes) -> list[float]:
    return [1e3 * seconds for seconds in times.step_seconds]
