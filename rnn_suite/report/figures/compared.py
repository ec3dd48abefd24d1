"""What verdicts rest on, read back as the types of their questions; what cannot be read is not drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rnn_suite.errors import FormatError
from rnn_suite.evidence import InPairs, against_baseline, in_pairs, read_measured
from rnn_suite.questions import QUESTIONS
from rnn_suite.run_report import RunReport
from rnn_suite.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A verdict, with the two measurements it rests on and the limits they are held to."""

    verdict: Verdict
    old: Any
    new: Any
    gate: Any


def compared(run: RunReport, kind: type[Any]) -> Iterator[Compared]:
    """Yield the verdicts of questions that measure a `kind`, where both measurements can be read."""
    for verdict in _verdicts(run):
        question = QUESTIONS.get(verdict.question)
        if question is None or question.measured is not kind:
            continue
        evidence = against_baseline(verdict.evidence)
        if evidence is None:
            continue
        try:
            yield Compared(
                verdict=verdict,
                old=read_measured(kind, evidence.old.measured, where="old"),
                new=read_measured(kind, evidence.new.measured, where="new"),
                gate=read_measured(question.gate, evidence.gate, where="gate"),
            )
        except FormatError:
            continue


def paired(run: RunReport) -> list[tuple[Verdict, InPairs]]:
    """Return the verdicts that rest on pairs, with these."""
    found = [(verdict, in_pairs(verdict.evidence)) for verdict in _verdicts(run)]
    return [
        (verdict, evidence)
        for verdict, evidence in found
        if evidence is not None and len(evidence.old) == len(evidence.new) > 0
    ]


def _verdicts(run: RunReport) -> Iterator[Verdict]:
    yield from (reported.verdict for reported in run.verdicts if reported.verdict.compared)
