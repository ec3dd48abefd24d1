"""Accuracy: is the mean over new seeds no worse than the mean over the baseline's seeds?

For each cell there are two nulls, and each guards one error:

- "no drop": rejected wrongly, it is a false alarm. Holm's procedure holds the chance of one or more
  false alarms over all cells of a run to `false_alarm_rate`, shared out evenly over `LOOKS` looks.
- "a drop of `allowed_drop_fraction` or more": rejected wrongly, it is a miss. Its level is `miss_rate`,
  shared out over the looks likewise. It holds for a drop that leaves the spread over seeds as it was; one
  that widens the spread as well is missed more often (`tests/benchmarks/accuracy_rates.py` measures both).

Rejecting the second is a pass. Rejecting the first and not the second is a regression if the drop is
also larger than allowed. All else is inconclusive, and more seeds are trained for the next look, the
number of which was fixed beforehand. A mean below the floor is a regression whatever the tests say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from statistics import fmean, stdev
from typing import Protocol

from rnn_suite.questions.question import Limits, Pair, Question, SameCorpus
from rnn_suite.statistics import DropTest, drop_test, holm, smallest_visible_shift
from rnn_suite.verdicts import Judgement, Outcome

LOOKS = 3
"""Times a run may look at its seeds; each look adds as many seeds as the first one had."""

FIRST_LOOK_SEEDS = 3
"""Seeds of the first look, which a proposed gate is laid out for."""

FALSE_ALARM_RATE, MISS_RATE = 0.01, 0.05
"""Error rates that a proposed gate starts with."""


class Accuracies(Protocol):
    """Seeds with an accuracy each."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds."""

    @property
    def accuracy_fraction(self) -> tuple[float, ...]:
        """One value a seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedAccuracies:
    """Test accuracy of each seed, with the weights of the epoch of lowest validation loss."""

    seeds: tuple[int, ...]
    accuracy_fraction: tuple[float, ...]
    """The figure that is gated, one value a seed."""
    last_epoch_accuracy_fraction: tuple[float, ...]
    """With the weights of the last epoch, which the notebook reports; too noisy to gate on."""
    test_loss: tuple[float, ...]
    """Test loss of the gated weights, one value a seed."""
    last_epoch_test_loss: tuple[float, ...]
    history: dict[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    """Validation accuracy and loss of each epoch, by Keras's names and a tuple a seed; drawn, never gated.

    Empty where they were not kept."""

    def __post_init__(self) -> None:
        lengths = {f.name: len(getattr(self, f.name)) for f in fields(self) if f.name != "history"}
        lengths |= {f"history.{name}": len(seeds) for name, seeds in self.history.items()}
        if len(set(lengths.values())) != 1 or len(self.seeds) < 2:
            raise ValueError(f"expected two or more seeds and a value for each, received {lengths}")
        accuracies = self.accuracy_fraction + self.last_epoch_accuracy_fraction
        if not all(0 <= accuracy <= 1 for accuracy in accuracies):
            raise ValueError("an accuracy lies outside 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyGate(Limits):
    """Limits of the accuracy question."""

    allowed_drop_fraction: float
    """Drop of the mean accuracy that a person accepts."""
    false_alarm_rate: float
    """Chance that a run of unchanged code calls any cell regressed."""
    floor_fraction: float
    """Mean accuracy below which nothing passes."""
    miss_rate: float
    """Chance that a cell passes whose accuracy truly fell by the allowed drop, at unchanged spread."""

    def __post_init__(self) -> None:
        check_rates(self)
        for name in ("allowed_drop_fraction", "floor_fraction"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in 0 to 1, received {getattr(self, name)}")


class Rates(Protocol):
    """A gate with error rates."""

    @property
    def false_alarm_rate(self) -> float:
        """Chance that unchanged code is called regressed."""

    @property
    def miss_rate(self) -> float:
        """Chance that what truly fell by the allowed drop passes."""


def check_rates(gate: Rates) -> None:
    """Refuse error rates that make no sense.

    Raises:
        ValueError: if one does not lie between 0 and 0.5.
    """
    for name in ("false_alarm_rate", "miss_rate"):
        if not 0 < getattr(gate, name) < 0.5:
            raise ValueError(f"{name} must lie between 0 and 0.5, received {getattr(gate, name)}")


_CAUSE = (
    "look at the replay and dataset questions of this cell first: they tell arithmetic, optimizer and "
    "data apart"
)


def propose_gate(measured: Accuracies, *, first_look_seeds: int = FIRST_LOOK_SEEDS) -> AccuracyGate:
    """Return a starting gate, derived from the recorded seeds; a person may then set it otherwise.

    The allowed drop is the smallest number of whole hundredths, one or more, that the first look
    can rule out for unchanged code in 95 of 100 runs, but never one that reaches below the floor.
    The floor lies half-way between chance and the recorded mean.
    """
    values = measured.accuracy_fraction
    mean = fmean(values)
    floor = round((0.5 + mean) / 2, 2)
    visible = drop_ruled_out(values, first_look_seeds)
    return AccuracyGate(
        allowed_drop_fraction=max(
            min(math.ceil(100 * visible), math.floor(100 * (mean - floor))), 1
        )
        / 100,
        false_alarm_rate=FALSE_ALARM_RATE,
        floor_fraction=floor,
        miss_rate=MISS_RATE,
    )


def drop_ruled_out(values: Sequence[float], first_look_seeds: int) -> float:
    """Return the smallest drop that the first look can rule out for unchanged code in 95 of 100 runs.

    Args:
        values: of the recorded seeds.
        first_look_seeds: new seeds of the first look.
    """
    return smallest_visible_shift(
        stdev(values) * math.sqrt(1 / len(values) + 1 / first_look_seeds),
        degrees_of_freedom=len(values) + first_look_seeds - 2,
        alpha=MISS_RATE / LOOKS,
        power=0.95,
    )


def visible_drop(test: DropTest, *, alpha: float) -> float:
    """Return the smallest drop that `test` sees in 95 of 100 runs at level `alpha`."""
    return smallest_visible_shift(
        test.standard_error,
        degrees_of_freedom=test.degrees_of_freedom,
        alpha=alpha / 2,  # the share of each of the two tests behind p_drop
        power=0.95,
    )


def judge_accuracies(
    pairs: Sequence[Pair], *, of: str = "test accuracy", cause: str = _CAUSE
) -> list[Judgement]:
    """Decide all pairs of a run together.

    Args:
        pairs: whose old and new have `Accuracies`, and whose gate is an `AccuracyGate`.
        of: what is accurate, for the text.
        cause: what the reader should do where it regressed.
    """
    tests = [
        drop_test(
            pair.old.accuracy_fraction,
            pair.new.accuracy_fraction,
            allowed_drop=pair.gate.allowed_drop_fraction,
        )
        for pair in pairs
    ]
    # A run has one false-alarm rate; where the files disagree the strictest of them holds for all.
    alpha = min((pair.gate.false_alarm_rate for pair in pairs), default=0.0) / LOOKS
    drops = holm([test.p_drop for test in tests], alpha=alpha)
    gains = holm([test.p_gain for test in tests], alpha=alpha)
    return [
        _judge_one(
            pair, test, dropped=drop, gained=gain, alpha=alpha / len(pairs), of=of, cause=cause
        )
        for pair, test, drop, gain in zip(pairs, tests, drops, gains, strict=True)
    ]


def _judge_one(
    pair: Pair,
    test: DropTest,
    *,
    dropped: bool,
    gained: bool,
    alpha: float,
    of: str,
    cause: str,
) -> Judgement:
    gate: AccuracyGate = pair.gate
    old, new = mean_accuracy(pair.old), mean_accuracy(pair.new)
    within = test.p_beyond_allowed <= gate.miss_rate / LOOKS
    low, high = test.interval(0.95)
    visible = visible_drop(test, alpha=alpha)
    if new < gate.floor_fraction:
        outcome = Outcome.REGRESSED
        advice = (
            f"the mean is below the floor of {gate.floor_fraction:g}: the model hardly learns, or the "
            "floor was set too high"
        )
    elif gained:
        outcome = Outcome.IMPROVED
        advice = "better beyond noise: find out why, then record anew with --update-baselines"
    elif within:
        outcome = Outcome.PASS
        advice = "a real drop, within what is allowed" if dropped else "nothing"
    elif dropped and test.drop > gate.allowed_drop_fraction:
        outcome = Outcome.REGRESSED
        advice = cause
    else:
        outcome = Outcome.INCONCLUSIVE
        advice = f"a drop below {visible:.3f} would not have been seen reliably; add seeds"
    return Judgement(
        outcome=outcome,
        expected=f"mean {of} no more than {gate.allowed_drop_fraction:g} below "
        f"{old:.4f} ({len(pair.old.seeds)} seeds), and at least {gate.floor_fraction:g}",
        received=f"{new:.4f} ({len(pair.new.seeds)} seeds); drop {test.drop:+.4f}, 95 % interval "
        f"{low:+.4f} to {high:+.4f}; smallest drop seen 95 times in 100: {visible:.4f}",
        next_step=advice,
        baseline=f"{old:.4f}",
        now=f"{new:.4f}",
        interval=f"drop {low:+.3f} to {high:+.3f}, allowed {gate.allowed_drop_fraction:g}",
        amount=new,
    )


def mean_accuracy(measured: Accuracies) -> float:
    """Return the mean over the seeds, as a fraction."""
    return fmean(measured.accuracy_fraction)


ACCURACY = Question(
    name="accuracy",
    measured=SeedAccuracies,
    gate=AccuracyGate,
    propose_gate=propose_gate,
    judge=judge_accuracies,
    same_corpus=SameCorpus.REVIEWS,
    amount=mean_accuracy,
    unit="fraction",
    higher_is_better=True,
)
