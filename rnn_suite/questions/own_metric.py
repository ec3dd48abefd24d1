"""The metric of a user's own model: is its mean over new seeds no worse than the baseline's?

Null hypotheses, looks and error rates are those of `rnn_suite.questions.accuracy`. A score lies in 0 to 1 and
is better higher; its mean is held. An error, such as a loss, is above 0 and better lower; what is held is
its geometric mean, by the same tests on logarithms: errors of seeds are skewed, and a rise of a tenth
means the same of a small one and of a large one. What the untrained model scores takes the place of
chance, which nobody knows of a metric in general.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean

from rnn_suite.own_model import OwnModel
from rnn_suite.questions.accuracy import (
    FALSE_ALARM_RATE,
    LOOKS,
    MISS_RATE,
    AccuracyGate,
    check_rates,
    drop_ruled_out,
    judge_accuracies,
    mean_accuracy,
    visible_drop,
)
from rnn_suite.questions.question import Limits, Pair, Question, SameCorpus
from rnn_suite.statistics import drop_test
from rnn_suite.verdicts import Judgement, Outcome

FIRST_LOOK_SEEDS = 5
"""New seeds of the first look, unless the user says otherwise."""

_CAUSE = (
    "look at own_parameters, own_data and own_repeat of this model first: they tell model, data and seeds "
    "apart; if they pass, it is trained worse by what was upgraded, or by a change in build()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MetricSeeds:
    """One figure of the test for each seed, after the last epoch and before the first."""

    metric: str
    """Keras's name of it."""
    seeds: tuple[int, ...]
    value: tuple[float, ...]
    """With the weights of the last epoch, one a seed; what is gated."""
    untrained: tuple[float, ...]
    """With the initial weights, one a seed."""

    def _check(self) -> None:
        lengths = {len(self.seeds), len(self.value), len(self.untrained)}
        if len(lengths) != 1 or len(self.seeds) < 1:
            raise ValueError(f"expected one seed or more and a value for each, received {lengths}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores(_MetricSeeds):
    """A figure from 0 to 1 that is better higher."""

    def __post_init__(self) -> None:
        self._check()
        if not all(0 <= value <= 1 for value in self.value + self.untrained):
            raise ValueError("a score lies outside 0 to 1")

    @property
    def accuracy_fraction(self) -> tuple[float, ...]:
        """What `judge_accuracies` decides by."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors(_MetricSeeds):
    """A figure above 0 that is better lower."""

    def __post_init__(self) -> None:
        self._check()
        if not all(0 < value < math.inf for value in self.value + self.untrained):
            raise ValueError("an error is not a finite number above 0")

    @property
    def accuracy_fraction(self) -> tuple[float, ...]:
        """What `judge_accuracies` decides by: a drop of it is a rise of the error's logarithm."""
        return tuple(-math.log(value) for value in self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGate(Limits):
    """Limits of a figure that is better lower."""

    allowed_rise_fraction: float
    """Rise of the geometric mean that a person accepts, as a fraction of it."""
    ceiling: float
    """Geometric mean above which nothing passes."""
    false_alarm_rate: float
    """Chance that a run of unchanged code calls any own model regressed."""
    miss_rate: float
    """Chance that a model passes whose error truly rose by the allowed rise, at unchanged spread."""

    def __post_init__(self) -> None:
        check_rates(self)
        if not 0 <= self.allowed_rise_fraction < math.inf:
            raise ValueError(
                f"allowed_rise_fraction must be 0 or more, received {self.allowed_rise_fraction}"
            )
        if not 0 < self.ceiling < math.inf:
            raise ValueError(f"ceiling must be finite and above 0, received {self.ceiling}")

    @property
    def allowed_drop_fraction(self) -> float:
        """The allowed rise as `judge_accuracies` reads it."""
        return math.log1p(self.allowed_rise_fraction)

    @property
    def floor_fraction(self) -> float:
        """The ceiling as `judge_accuracies` reads it."""
        return -math.log(self.ceiling)


def _allowed_and_floor(
    values: Sequence[float], untrained: Sequence[float], first_look_seeds: int
) -> tuple[float, float]:
    """Return how far the mean may drop, and the mean below which nothing passes.

    The drop is what noise hides, but never one that reaches half-way down to the untrained model. The
    floor lies half-way down, or lower where noise reaches there.
    """
    mean = fmean(values)
    noise, room = drop_ruled_out(values, first_look_seeds), max(0.0, (mean - fmean(untrained)) / 2)
    return min(noise, room), mean - max(noise, room)


def _propose_score_gate(
    measured: Scores, *, first_look_seeds: int = FIRST_LOOK_SEEDS
) -> AccuracyGate:
    """Return a starting gate in whole hundredths; a person may then set it otherwise."""
    allowed, floor = _allowed_and_floor(measured.value, measured.untrained, first_look_seeds)
    return AccuracyGate(
        allowed_drop_fraction=max(1, math.ceil(100 * allowed)) / 100,
        false_alarm_rate=FALSE_ALARM_RATE,
        floor_fraction=max(0, math.floor(100 * floor)) / 100,
        miss_rate=MISS_RATE,
    )


def _propose_error_gate(measured: Errors, *, first_look_seeds: int = FIRST_LOOK_SEEDS) -> ErrorGate:
    """Return a starting gate in whole hundredths of the mean; a person may then set it otherwise."""
    untrained = [-math.log(value) for value in measured.untrained]
    allowed, floor = _allowed_and_floor(measured.accuracy_fraction, untrained, first_look_seeds)
    return ErrorGate(
        allowed_rise_fraction=max(1, math.ceil(100 * math.expm1(allowed))) / 100,
        # Two digits more than one reads, so that rounding takes nothing away.
        ceiling=float(f"{math.exp(-floor) * 1.0005:.4g}"),
        false_alarm_rate=FALSE_ALARM_RATE,
        miss_rate=MISS_RATE,
    )


def _of(pairs: Sequence[Pair]) -> str:
    return f"test {' or '.join(dict.fromkeys(pair.new.metric for pair in pairs))}"


def _judge_scores(pairs: Sequence[Pair]) -> list[Judgement]:
    return judge_accuracies(pairs, of=_of(pairs), cause=_CAUSE)


def _judge_errors(pairs: Sequence[Pair]) -> list[Judgement]:
    judged = judge_accuracies(pairs, cause=_CAUSE)
    return [
        _in_words_of_errors(pair, judgement, alpha=pair.gate.false_alarm_rate / LOOKS / len(pairs))
        for pair, judgement in zip(pairs, judged, strict=True)
    ]


def _in_words_of_errors(pair: Pair, judgement: Judgement, *, alpha: float) -> Judgement:
    """Return the judgement of logarithms with the figures that they are of."""
    gate: ErrorGate = pair.gate
    test = drop_test(
        pair.old.accuracy_fraction,
        pair.new.accuracy_fraction,
        allowed_drop=gate.allowed_drop_fraction,
    )
    visible = math.expm1(visible_drop(test, alpha=alpha))
    rise, low, high = map(math.expm1, (test.drop, *test.interval(0.95)))
    old, new = _geometric_mean(pair.old), _geometric_mean(pair.new)
    next_step = judgement.next_step
    if judgement.outcome is Outcome.INCONCLUSIVE:
        next_step = f"a rise below {visible:.1%} would not have been seen reliably; add seeds"
    elif new > gate.ceiling:
        next_step = (
            f"the mean is above the ceiling of {gate.ceiling:g}: the model hardly learns, or the ceiling "
            "was set too low"
        )
    return replace(
        judgement,
        expected=f"geometric mean of {_of([pair])} no more than {gate.allowed_rise_fraction:.0%} above "
        f"{old:.4g} ({len(pair.old.seeds)} seeds), and at most {gate.ceiling:g}",
        received=f"{new:.4g} ({len(pair.new.seeds)} seeds); change {rise:+.1%}, 95 % interval {low:+.1%} to "
        f"{high:+.1%}; smallest rise seen 95 times in 100: {visible:.1%}",
        next_step=next_step,
        baseline=f"{old:.4g}",
        now=f"{new:.4g}",
        interval=f"{low:+.1%} to {high:+.1%}, allowed {gate.allowed_rise_fraction:.0%}",
        amount=new,
    )


def _geometric_mean(measured: Errors) -> float:
    return math.exp(-mean_accuracy(measured))


OWN_SCORE = Question(
    name="own_score",
    measured=Scores,
    gate=AccuracyGate,
    propose_gate=_propose_score_gate,
    judge=_judge_scores,
    same_corpus=SameCorpus.FILE,
    experiment=OwnModel,
    amount=mean_accuracy,
    unit="fraction",
    higher_is_better=True,
)

OWN_ERROR = Question(
    name="own_error",
    measured=Errors,
    gate=ErrorGate,
    propose_gate=_propose_error_gate,
    judge=_judge_errors,
    same_corpus=SameCorpus.FILE,
    experiment=OwnModel,
    amount=_geometric_mean,
)


def metric_question(own: OwnModel, *, first_look_seeds: int) -> Question:
    """Return the question about the model's metric, whose proposed gate is laid out for so many new seeds."""
    if own.lower_is_better:
        propose_error = partial(_propose_error_gate, first_look_seeds=first_look_seeds)
        return replace(OWN_ERROR, propose_gate=propose_error)
    propose_score = partial(_propose_score_gate, first_look_seeds=first_look_seeds)
    return replace(OWN_SCORE, propose_gate=propose_score)
