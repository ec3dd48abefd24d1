"""Series of a history: what was measured of one thing in the same way, run after run.

What must be equal for two runs to belong to one series is what the gate asks of a baseline and a new
measurement: question, cell and experiment but for its seeds; of the corpus what `Question.same_corpus`
says; of the machine the fields of `Question.same_environment`. Times and sizes of an upgrade ask for the
same of the machine as the step time of the gate.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from rnn_suite.history import History, HistoryLine
from rnn_suite.kept import UPGRADE, Kept
from rnn_suite.questions import QUESTIONS, STEP_TIME, Question, SameCorpus
from rnn_suite.results import Environment
from rnn_suite.upgrade.phases import PHASES, Scale
from rnn_suite.verdicts import Outcome

LIBRARIES = ("tensorflow", "keras", "numpy", "python")
"""Fields of `Environment` that hold versions."""

_TIMED_UNITS = ("s", "MiB")
"""Units of what differs from run to run on one machine and the same libraries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One run in a series."""

    moment: str
    """When the run began, in UTC."""
    commit: str
    versions: tuple[str, ...]
    """Of `LIBRARIES`."""
    outcome: Outcome
    amount: float | None
    """In the unit of the series."""

    @property
    def label(self) -> str:
        """The versions in words."""
        return ", ".join(f"{n} {v}" for n, v in zip(LIBRARIES, self.versions, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicate:
    """One independent measurement: the runs that could not have come out otherwise count once."""

    runs: tuple[Point, ...]
    """Those with an amount, the oldest first."""

    @property
    def amount(self) -> float:
        """The median of its runs."""
        return float(median(run.amount for run in self.runs if run.amount is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What was measured of one thing, run after run."""

    name: str
    """In words; no other series of the history has it."""
    question: str
    cell: str
    profile: str
    unit: str
    """Of the amounts; nothing where they are plain numbers."""
    higher_is_better: bool | None
    """None of a count, such as parameters: any other is as bad."""
    points: tuple[Point, ...]
    """The oldest first."""

    @property
    def timed(self) -> bool:
        """Whether runs on one machine with the same libraries differ."""
        return self.unit in _TIMED_UNITS

    @property
    def replicates(self) -> tuple[Replicate, ...]:
        """The independent measurements, in the order in which each was first made.

        Trainings from the same seeds and rules give the same numbers run after run, until a library changes
        what they rest on: all runs on the same versions are one measurement, and versions that follow each
        other and agree to the last digit are too. Of times and sizes each run is one, but for those of one
        commit on one day, which share whatever the machine did that day.
        """
        groups: dict[Hashable, list[Point]] = {}
        for point in self.points:
            if point.amount is not None:
                day = (point.moment[:10], point.commit) if self.timed else ()
                groups.setdefault((point.versions, day), []).append(point)
        found: list[Replicate] = []
        for group in groups.values():
            replicate = Replicate(runs=tuple(group))
            if found and not self.timed and found[-1].amount == replicate.amount:
                found[-1] = Replicate(runs=found[-1].runs + replicate.runs)
            else:
                found.append(replicate)
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What the tables say of a question or phase."""

    unit: str = ""
    higher_is_better: bool | None = None
    same_corpus: SameCorpus = SameCorpus.REVIEWS
    same_environment: tuple[str, ...] = ()
    of_the_processor: tuple[str, ...] = ()


def series(history: History) -> tuple[Series, ...]:
    """Return every series of `history`, in the order of their first runs.

    Runs whose environment is not known belong to none.
    """
    found: dict[Hashable, list[tuple[HistoryLine, Kept]]] = defaultdict(list)
    for line in history.lines:
        if line.environment is None:
            continue
        for kept in line.verdicts:
            found[_key(line, line.environment, kept)].append((line, kept))
    names = [_name(*runs[0]) for runs in found.values()]
    same = Counter(names)
    return tuple(
        _series(_apart(name, runs[0][0], same[name], names[:place].count(name)), runs)
        for place, (name, runs) in enumerate(zip(names, found.values(), strict=True))
    )


def _apart(name: str, first: HistoryLine, named_so: int, before: int) -> str:
    """Tell series apart that differ in a setting or a fact that has no place in a name."""
    if named_so == 1:
        return name
    return f"{name}, settings {before + 1}, since {first.moment[:10]}"


def _series(name: str, runs: Sequence[tuple[HistoryLine, Kept]]) -> Series:
    kept = runs[0][1]
    kind = _kind(kept)
    return Series(
        name=name,
        question=kept.question,
        cell=kept.cell,
        profile=kept.profile,
        unit=kind.unit,
        higher_is_better=kind.higher_is_better,
        points=tuple(_points(runs)),
    )


def _points(runs: Iterable[tuple[HistoryLine, Kept]]) -> Iterable[Point]:
    for line, kept in runs:
        yield Point(
            moment=line.moment,
            commit=line.commit,
            versions=tuple(str(getattr(line.environment, name)) for name in LIBRARIES),
            outcome=kept.outcome,
            amount=kept.amount,
        )


def _kind(kept: Kept) -> _Kind:
    if kept.profile == UPGRADE:
        phase = PHASES.get(kept.question)
        if phase is None:
            return _Kind()
        timed = phase.unit in _TIMED_UNITS
        return _Kind(
            unit=phase.unit,
            higher_is_better=phase.scale is Scale.DROP,
            same_environment=STEP_TIME.same_environment if timed else (),
            of_the_processor=STEP_TIME.of_the_processor if timed else (),
        )
    question: Question | None = QUESTIONS.get(kept.question)
    if question is None:
        return _Kind()
    return _Kind(
        unit=question.unit,
        # What a question gives no unit is a count.
        higher_is_better=question.higher_is_better if question.unit else None,
        same_corpus=question.same_corpus,
        same_environment=question.same_environment,
        of_the_processor=question.of_the_processor,
    )


def _key(line: HistoryLine, environment: Environment, kept: Kept) -> Hashable:
    kind, corpus = _kind(kept), line.corpus(kept)
    identity: Hashable = None
    if corpus is not None and kind.same_corpus is not SameCorpus.ANY:
        counts = corpus.train_reviews, corpus.train_tokens, corpus.test_reviews, corpus.test_tokens
        of_file = corpus.sha256 if kind.same_corpus is SameCorpus.FILE else ""
        identity = (corpus.name, *counts, of_file)
    machine = tuple(getattr(environment, name) for name in _machine(kind, environment))
    return kept.question, kept.cell, kept.profile, kept.corpus, kept.setting, identity, machine


def _machine(kind: _Kind, environment: Environment) -> list[str]:
    """Return the facts that must be equal: on an accelerator, not those of the processor."""
    skipped = kind.of_the_processor if environment.accelerator != "none" else ()
    return [name for name in kind.same_environment if name not in skipped]


def _name(line: HistoryLine, kept: Kept) -> str:
    places = [place for place in (kept.profile, kept.corpus) if place]
    if line.environment is not None:
        asked = _machine(_kind(kept), line.environment)
        if "processor" in asked:
            places.append(f"{line.environment.processor}, {line.environment.cores} cores")
        elif line.environment.accelerator != "none" and "accelerator" in asked:
            places.append(line.environment.accelerator)
    return f"{kept.question} of {kept.cell} ({'; '.join(places)})"
