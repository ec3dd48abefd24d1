"""The figures of a run, a file a kind; a new kind is a file here and a row in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from rnn_suite.report.figures.canvas import Picture, svg
from rnn_suite.report.figures.changes import changes
from rnn_suite.report.figures.curves import learning_curves
from rnn_suite.report.figures.pairs import regressed_pairs
from rnn_suite.report.figures.replays import replayed_steps
from rnn_suite.report.figures.rules import rule_distances
from rnn_suite.report.figures.searches import searches
from rnn_suite.report.figures.seeds import search_bests, seed_accuracies
from rnn_suite.report.figures.steps import step_times
from rnn_suite.report.figures.trends import trends
from rnn_suite.run_report import RunReport
from rnn_suite.series import Series

__all__ = ["Picture", "galleries", "has_pictures", "svg"]

_KINDS: dict[str, tuple[Callable[[RunReport], Iterable[Picture]], ...]] = {
    "Accuracy": (seed_accuracies,),
    "Learning curves": (learning_curves,),
    "Old against new, in pairs": (regressed_pairs, changes),
    "Replay": (replayed_steps,),
    "Step time": (step_times,),
    "Searches": (search_bests, searches),
    "Rules": (rule_distances,),
}


def galleries(run: RunReport, past: Sequence[Series] = ()) -> dict[str, list[Picture]]:
    """Return by heading what there is to draw of `run` and of the runs before; no heading is without any."""
    found = {name: list(chain(*(kind(run) for kind in kinds))) for name, kinds in _KINDS.items()}
    found["Over runs and versions"] = list(trends(past))
    return {name: pictures for name, pictures in found.items() if pictures}


def has_pictures(run: RunReport, past: Sequence[Series] = ()) -> bool:
    """Return whether `galleries` has any, without reading more than the first needs."""
    kinds = chain(*_KINDS.values())
    return any(True for _ in chain(chain.from_iterable(kind(run) for kind in kinds), trends(past)))
