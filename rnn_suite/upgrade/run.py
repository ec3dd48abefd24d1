"""One whole run: pairs until every question is answered or the time is over, then the suspects once more.

The first set only chooses suspects; what a second set of fresh processes confirms is called regressed. The
looks, and what each may cost in false alarms and misses, were fixed beforehand in `decision`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from rnn_suite.errors import MeasurementError, SuiteError
from rnn_suite.experiment import Experiment
from rnn_suite.upgrade.decision import LOOKS, Decision, State, confirm, confirmation_looks, look
from rnn_suite.upgrade.pairs import Environments, Pair, measure_pair
from rnn_suite.upgrade.phases import Asked, Limits, Scale, Values, limits
from rnn_suite.upgrade.record import Record
from rnn_suite.upgrade.seeds import measure_seeds

FIRST_SEED, FIRST_CONFIRMING_SEED = 1_000, 2_000
"""Where the seeds of either set begin; the stored baselines use others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is compared, and how."""

    environments: Environments
    asked: tuple[Asked, ...]
    timed: Mapping[str, Experiment]
    """By cell, what is timed."""
    trained: Mapping[str, Experiment]
    """By cell, what is trained from seeds."""
    allowed_drop: Mapping[str, float]
    """By cell, by how much an accuracy may fall."""
    margin_fraction: float = 0.1
    """The growth of a time, a size or a loss that must not be missed."""
    budget_seconds: float = 600.0
    """After how long each set of times, and each of trainings, is given up at its next look."""
    refused: Mapping[Asked, SuiteError] = field(default_factory=dict)
    """Questions that cannot be asked, and why."""
    random_seed: int | None = None
    """Of the order of turns; None draws one."""

    def limits(self, asked: Asked, values: Sequence[Values]) -> Limits:
        """Return what a question is held to, given what was measured of it."""
        drop = self.allowed_drop[asked.subject] if asked.row.scale is Scale.DROP else 0.0
        return limits(asked, values, fraction=self.margin_fraction, drop=drop)


@dataclass(slots=True, kw_only=True)
class Found:
    """What a run found so far."""

    first: dict[Asked, list[Values]] = field(default_factory=dict)
    second: dict[Asked, list[Values]] = field(default_factory=dict)
    decisions: dict[Asked, Decision] = field(default_factory=dict)
    errors: dict[Asked, SuiteError] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    suspects: int = 0
    """How many shared the second set."""

    def values(self, asked: Asked) -> list[Values]:
        """Return the pairs that the decision rests on."""
        return self.second.get(asked) or self.first[asked]


MeasurePair = Callable[..., Pair]
"""What is called as `measure_pair` is."""


def compare_environments(
    plan: Plan,
    record: Record,
    tell: Callable[[str], None],
    *,
    measure: MeasurePair = measure_pair,
) -> Found:
    """Measure old against new until every question of the plan has a decision or an error.

    Args:
        plan: what is compared.
        record: where every pair goes before anything is made of it.
        tell: is told a line a pair.
        measure: gives a pair; another one than `measure_pair` replays pairs that were measured before.
    """
    return _Run(plan, record, tell, measure).run()


class _Measure(Protocol):
    def __call__(
        self, asked: Collection[Asked], done: int, pairs: int, *, confirming: bool
    ) -> None: ...


class _Run:
    def __init__(
        self, plan: Plan, record: Record, tell: Callable[[str], None], measure: MeasurePair
    ) -> None:
        self._plan, self._record, self._tell, self._measure = plan, record, tell, measure
        self._found = Found(errors=dict(plan.refused))
        self._waiting: list[Asked] = []
        self._chance = random.Random(plan.random_seed)  # noqa: S311 (no secret)
        self._started = 0.0

    def run(self) -> Found:
        timed, trained = (
            [
                asked
                for asked in self._plan.asked
                if asked.row.quality is quality and asked not in self._plan.refused
            ]
            for quality in (False, True)
        )
        self._guarded(timed, partial(self._first_set, self._pairs))
        if timed and not self._found.pairs:
            # An environment that could not do the one will not do the other, and may hang anew.
            self._found.errors.update(dict.fromkeys(trained, self._found.errors[timed[0]]))
            return self._found
        self._guarded(trained, partial(self._first_set, self._seeds))
        suspects = [a for a, d in self._found.decisions.items() if d.state is State.SUSPECT]
        self._found.suspects = len(suspects)
        if suspects:
            self._tell(f"asked again in fresh processes: {', '.join(map(str, suspects))}")
            for asked, measure in ((timed, self._pairs), (trained, self._seeds)):
                again = [question for question in suspects if question in asked]
                self._guarded(again, partial(self._second_set, measure, len(suspects)))
        return self._found

    def _guarded(self, asked: Sequence[Asked], work: Callable[[], None]) -> None:
        self._waiting, self._started = list(asked), time.monotonic()
        try:
            work()
        except SuiteError as error:
            self._fail(error)
        except OSError as error:
            self._fail(
                MeasurementError(
                    "Old and new cannot be measured.\nExpected: a folder for temporary files and for what "
                    f"the workers print\nReceived: {error}\n"
                    "Next: free some space, or let TMPDIR name a folder that can be written"
                )
            )

    def _fail(self, error: SuiteError) -> None:
        """Let what is still waiting end in `error`; what was decided before stands."""
        self._found.errors.update(dict.fromkeys(self._waiting, error))

    def _first_set(self, measure: _Measure) -> None:
        self._set(LOOKS, partial(measure, confirming=False), self._found.first, look, State.OPEN)

    def _second_set(self, measure: _Measure, suspects: int) -> None:
        self._set(
            confirmation_looks(suspects),
            partial(measure, confirming=True),
            self._found.second,
            partial(confirm, suspects=suspects),
            State.INCONCLUSIVE,
        )

    def _set(
        self,
        looks: Sequence[int],
        measure: Callable[[Collection[Asked], int, int], None],
        measured: Mapping[Asked, list[Values]],
        decide: Callable[..., Decision],
        undecided: State,
    ) -> None:
        """Measure up to each look what is still waiting, and decide it."""
        done = 0
        for pairs in looks:
            if not self._waiting or (done and self._is_late()):
                return
            measure(self._waiting, done, pairs)
            done = pairs
            for question in self._waiting:
                values = measured[question]
                # First: it refuses an old size of 0, which has no limits either.
                differences = _differences(question, values)
                held = self._plan.limits(question, values)
                self._found.decisions[question] = decide(
                    differences, margin=held.harm, red=held.red
                )
            self._waiting = [
                question
                for question in self._waiting
                if self._found.decisions[question].state is undecided
            ]

    def _is_late(self) -> bool:
        return time.monotonic() - self._started > self._plan.budget_seconds

    def _pairs(self, asked: Collection[Asked], done: int, pairs: int, *, confirming: bool) -> None:
        for number in range(done, pairs):
            pair = self._measure(
                self._plan.environments,
                self._plan.timed,
                asked,
                chance=self._chance,
                with_facts=number == 0 and not confirming,
            )
            self._found.pairs.append(pair)
            self._keep(
                {question: [pair.values[str(question)]] for question in asked},
                confirming=confirming,
                pair=pair,
            )
            self._tell(
                f"{_set_name(confirming)}, pair {number + 1} of {pairs}: {pair.seconds:.0f} s, "
                f"{len(asked)} questions, other processes had {pair.others_fraction:.0%} of the machine"
            )

    def _seeds(self, asked: Collection[Asked], done: int, pairs: int, *, confirming: bool) -> None:
        first = FIRST_CONFIRMING_SEED if confirming else FIRST_SEED
        started = time.monotonic()
        seeds = range(first + done, first + pairs)
        self._tell(
            f"{_set_name(confirming)}, {len(asked)} questions of quality: training seeds {seeds[0]} to "
            f"{seeds[-1]} in both environments, untimed"
        )
        for values in measure_seeds(
            self._plan.environments, self._plan.trained, asked, seeds, chance=self._chance
        ):
            self._keep(values, confirming=confirming, seeds=list(seeds))
        self._tell(f"{_set_name(confirming)}, trained: {time.monotonic() - started:.0f} s")

    def _keep(
        self, values: Mapping[Asked, Sequence[Values]], *, confirming: bool, **more: object
    ) -> None:
        self._record.append(
            set=_set_name(confirming), values={str(q): v for q, v in values.items()}, **more
        )
        held = self._found.second if confirming else self._found.first
        for question, found in values.items():
            held.setdefault(question, []).extend(found)


def _differences(asked: Asked, values: Sequence[Values]) -> list[float]:
    return [value.difference(asked.row.scale) for value in values]


def _set_name(confirming: bool) -> str:
    return "second set" if confirming else "first set"
