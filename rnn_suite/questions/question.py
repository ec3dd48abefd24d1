"""What every question consists of: a row of the table of questions."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import MAY_BE_ABSENT
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
class MeasuredRates:
    """How often a question was wrong when it was put on trial; see `docs/rates.md`.

    Intervals are exact binomial ones, at 95 %.
    """

    measured: str
    """Days, commits, machines and libraries."""
    unchanged_runs: int
    """Runs of unchanged code."""
    false_reds: int
    """Those of them in which it was red."""
    false_red_interval: tuple[float, ...]
    """From and to: the chance of a false red in a run."""
    harm: str
    """What it was tried with."""
    harmed_runs: int
    """Runs with that harm."""
    seen: int
    """Those of them in which it was red."""
    seen_interval: tuple[float, ...] | None
    """From and to: the chance that the harm is seen; None where faults were picked by hand."""

    def __post_init__(self) -> None:
        for part, whole in ((self.false_reds, self.unchanged_runs), (self.seen, self.harmed_runs)):
            if not 0 <= part <= whole:
                raise ValueError(f"expected a part of {whole} runs, received {part}")
        for interval in (self.false_red_interval, self.seen_interval):
            if interval is None:
                continue
            if len(interval) != 2 or not 0 <= interval[0] <= interval[1] <= 1:
                raise ValueError(f"expected two chances in order, received {list(interval)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What every gate has, beside the limits that a person owns."""

    measured_rates: MeasuredRates | None = field(default=None, metadata=MAY_BE_ABSENT)
    """Decides nothing; None where nobody has tried."""


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
