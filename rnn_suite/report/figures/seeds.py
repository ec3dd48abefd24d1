"""Accuracies: a dot a seed, of the baseline and of this run, with what the mean is held to.

Searches are held in the same way, a dot a whole search.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

from rnn_suite.questions.accuracy import Accuracies, AccuracyGate, SeedAccuracies
from rnn_suite.questions.own_metric import Scores
from rnn_suite.questions.search import Searches
from rnn_suite.report.figures.canvas import BAD, MUTED, NEW, WARN, Picture
from rnn_suite.report.figures.compared import Compared, compared
from rnn_suite.report.figures.strips import Line, Strip, strips
from rnn_suite.run_report import RunReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def seed_accuracies(run: RunReport) -> Iterator[Picture]:
    """Yield a picture for each accuracy, and for each score of a user's own model."""
    for i, found in enumerate(compared(run, SeedAccuracies)):
        yield _picture(f"accuracy-{i}", found, of="test accuracy", dot="seed")
    for i, found in enumerate(compared(run, Scores)):
        yield _picture(f"score-{i}", found, of=f"test {found.new.metric}", dot="seed")


def search_bests(run: RunReport) -> Iterator[Picture]:
    """Yield a picture for each question about searches."""
    for i, found in enumerate(compared(run, Searches)):
        yield _picture(f"search-best-{i}", found, of="best validation accuracy", dot="search")


def _picture(name: str, found: Compared, *, of: str, dot: str) -> Picture:
    old, new = (fmean(side.accuracy_fraction) for side in (found.old, found.new))
    return Picture(
        name=name,
        title=f"{found.verdict.name}: {found.verdict.outcome}",
        caption=f"Each dot is a {dot}; this run's mean (diamond) should not lie left of the allowed drop, "
        "and must not lie left of the floor.",
        label=f"{of}: mean of the baseline {old:.4f}, of this run {new:.4f}, "
        f"allowed drop {found.gate.allowed_drop_fraction:g}, floor {found.gate.floor_fraction:g}.",
        about=(found.verdict,),
        draw=partial(_draw, found.old, found.new, found.gate, of),
    )


def _draw(old: Accuracies, new: Accuracies, gate: AccuracyGate, of: str) -> Figure:
    before, now = old.accuracy_fraction, new.accuracy_fraction
    mean = fmean(before)
    return strips(
        (
            Strip(name="baseline", values=before, mark=mean, colour=MUTED),
            Strip(name="this run", values=now, mark=fmean(now), colour=NEW),
        ),
        (
            Line(name="baseline's mean", at=mean, colour=MUTED, dashes="-"),
            Line(
                name="allowed drop",
                at=mean - gate.allowed_drop_fraction,
                colour=WARN,
                dashes="--",
            ),
            Line(name="floor", at=gate.floor_fraction, colour=BAD, dashes=":"),
        ),
        unit=of,
        mark="mean",
    )
