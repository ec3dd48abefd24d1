"""What a history keeps of one verdict: where it belongs, how it ended, and one number."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

from rnn_suite.evidence import AgainstBaseline, against_baseline, in_pairs, read_measured
from rnn_suite.questions import QUESTIONS
from rnn_suite.results import CorpusIdentity
from rnn_suite.verdicts import Outcome, Verdict

UPGRADE, RULES, OWN = "upgrade", "rules", "own"
"""Stand for the profile where there is none: old against new, rules, and a user's model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a history keeps of one verdict."""

    question: str
    cell: str
    profile: str
    """The experiment's profile, or `upgrade`, `rules` or `own`."""
    corpus: str
    """Name of the line's corpus that it is about; empty where none has a part in it."""
    setting: str
    """Hash of the experiment without its seeds; empty where the verdict carries none."""
    outcome: Outcome
    amount: float | None
    """As `Judgement.amount`; where nothing was compared, what was measured all the same."""


def kept(verdict: Verdict, given: CorpusIdentity | None = None) -> Kept:
    """Return what is kept of `verdict`.

    Args:
        verdict: one of a run.
        given: the corpus of a verdict that carries none, such as an upgrade's.
    """
    evidence = against_baseline(verdict.evidence)
    if evidence is None:
        corpus = "" if given is None else given.name
    else:
        corpus = evidence.new.corpus["name"] if evidence.new.corpus else ""
    amount = verdict.amount if evidence is None else _amount(verdict, evidence)
    return Kept(
        question=verdict.question,
        cell=verdict.cell,
        profile=_profile(verdict, evidence),
        corpus=corpus,
        setting="" if evidence is None else _setting(evidence.new.experiment),
        outcome=verdict.outcome,
        amount=amount if amount is not None and math.isfinite(amount) else None,
    )


def _amount(verdict: Verdict, evidence: AgainstBaseline) -> float | None:
    """Return the amount, from the raw measurement where nothing was compared and so nobody said it."""
    question, measured = QUESTIONS.get(verdict.question), evidence.new.measured
    if verdict.amount is not None or verdict.compared or question is None or measured is None:
        return verdict.amount
    return question.amount(read_measured(question.measured, measured, where=verdict.question))


def _profile(verdict: Verdict, evidence: AgainstBaseline | None) -> str:
    if evidence is None:
        return UPGRADE if in_pairs(verdict.evidence) else ""
    experiment = evidence.new.experiment
    return RULES if experiment is None else str(experiment.get("profile", OWN))


def _setting(experiment: dict[str, Any] | None) -> str:
    if experiment is None:
        return ""
    said = json.dumps({**experiment, "seeds": None}, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]
