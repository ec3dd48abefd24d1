"""What every question consists of: a row of the table of questions."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rnn_suite.experiment import Experiment
from rnn_suite.verdicts import Judgement


class SameCorpus(enum.Enum):
    """How alike two corpora must be before a question compares results measured on them."""

    FILE = "file"
    """The same reviews in the same order."""
    REVIEWS = "reviews"
    """The same number of reviews and tokens; their order may differ."""
    ANY = "any"
    """The corpus has no part in the measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One baseline and one new measurement of the same question."""

    old: Any
    """The baseline's raw measurement."""
    gate: Any
    """The limits a person owns."""
    new: Any
    """The new raw measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing that is asked of the installed libraries and held against a baseline."""

    name: str
    """Its name in paths, tables and reports."""
    measured: type[Any]
    """Frozen dataclass of the raw measurement."""
    gate: type[Any]
    """Frozen dataclass of the limits a person owns."""
    propose_gate: Callable[[Any], Any]
    """From a first measurement to the gate that a new baseline starts with."""
    judge: Callable[[Sequence[Pair]], list[Judgement]]
    """Decides all pairs of a run together, since they share one false-alarm rate."""
    same_corpus: SameCorpus
    """How alike the corpora must be."""
    experiment: type[Any] | None = Experiment
    """What is measured on a corpus; None where rules bring their own small models instead."""
    same_environment: tuple[str, ...] = ()
    """Fields of `Environment` that must be equal for the measurement to mean the same."""
    of_the_processor: tuple[str, ...] = ()
    """Those of them that do not count where both ran on the same model of accelerator."""
    amount: Callable[[Any], float | None] = lambda _measured: None
    """From a raw measurement to the one figure that a history keeps of it; None where there is none."""
    unit: str = ""
    """Unit of that figure: `s`, `fraction`, `share of bound` or `relative`; nothing for a plain number."""
    higher_is_better: bool = False
    """Whether a larger figure is better."""


def each(judge_one: Callable[[Pair], Judgement]) -> Callable[[Sequence[Pair]], list[Judgement]]:
    """Return what judges every pair by itself, for questions whose answers share no error rate."""
    return lambda pairs: [judge_one(pair) for pair in pairs]
