"""A decision over seeds: look, train more seeds where the answer is open, look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from rnn_suite.baselines import Baseline, Measurement, compare
from rnn_suite.experiment import Experiment
from rnn_suite.own_model import OwnModel
from rnn_suite.questions import Question
from rnn_suite.questions.accuracy import LOOKS
from rnn_suite.search import Search
from rnn_suite.verdicts import Outcome, Verdict

Subject = TypeVar("Subject", Experiment, Search, OwnModel)
"""What has seeds."""


def with_more_seeds(experiment: Subject, look: int) -> Subject:
    """Return the experiment with the seeds of the first `look` looks: as many again for each."""
    first = experiment.seeds
    seeds = tuple(range(max(first) + 1, max(first) + 1 + len(first) * (look - 1)))
    return replace(experiment, seeds=first + seeds)


def decide_in_looks(
    question: Question,
    cells: Sequence[tuple[Baseline, Subject]],
    measure: Callable[[Subject], Measurement],
) -> list[Verdict]:
    """Return a verdict for each cell, after as few looks as it takes.

    All cells of a run are decided together. A verdict other than inconclusive is final; the number of
    looks, and what each may cost in false alarms and misses, was fixed beforehand.

    Args:
        question: one whose levels are shared out over `LOOKS` looks.
        cells: each cell's baseline, and its experiment with the seeds of the first look.
        measure: trains what is missing of an experiment's seeds and returns what was measured.
    """
    measured = [measure(experiment) for _, experiment in cells]
    verdicts: list[Verdict] = []
    for look in range(1, LOOKS + 1):
        if look > 1:
            measured = [
                measure(with_more_seeds(experiment, look))
                if verdict.outcome is Outcome.INCONCLUSIVE
                else old
                for (_, experiment), verdict, old in zip(cells, verdicts, measured, strict=True)
            ]
        found = compare(
            question,
            [(baseline, new) for (baseline, _), new in zip(cells, measured, strict=True)],
        )
        verdicts = [
            new if not verdicts or old.outcome is Outcome.INCONCLUSIVE else old
            for new, old in zip(found, verdicts or found, strict=True)
        ]
        if all(verdict.outcome is not Outcome.INCONCLUSIVE for verdict in verdicts):
            break
    return verdicts
