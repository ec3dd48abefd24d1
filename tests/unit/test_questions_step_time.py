from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from rnn_suite.questions import Pair
from rnn_suite.questions.step_time import STEP_TIME, StepTimeGate, unless_busy
from rnn_suite.results import StepTimes
from rnn_suite.verdicts import Judgement, Outcome, Verdict


def times(*seconds: float) -> StepTimes:
    return StepTimes(warmup_seconds=(1.0,), step_seconds=seconds)


def judge(new: Sequence[float], max_ratio: float = 3.0) -> Judgement:
    gate = StepTimeGate(max_ratio=max_ratio)
    (judgement,) = STEP_TIME.judge([Pair(old=times(0.1, 0.1, 0.1), gate=gate, new=times(*new))])
    return judgement


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (0.03, Outcome.IMPROVED),
        (0.04, Outcome.PASS),
        (0.1, Outcome.PASS),
        (0.29, Outcome.PASS),
        (0.31, Outcome.REGRESSED),
        (10.0, Outcome.REGRESSED),
    ],
)
def test_the_outcome_follows_the_ratio_of_the_fastest_steps(
    seconds: float, outcome: Outcome
) -> None:
    assert judge((seconds, seconds, seconds)).outcome is outcome


def judge_exactly(new: float, old: float = 1.0, max_ratio: float = 2.0) -> Judgement:
    """Times and a limit that binary fractions hold exactly, so that no rounding decides."""
    pair = Pair(old=times(old), gate=StepTimeGate(max_ratio=max_ratio), new=times(new, 9.0))
    (judgement,) = STEP_TIME.judge([pair])
    return judgement


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [
        (2.0, Outcome.PASS),
        (math.nextafter(2.0, 3.0), Outcome.REGRESSED),
        (0.5, Outcome.PASS),
        (math.nextafter(0.5, 0.0), Outcome.IMPROVED),
    ],
)
def test_the_limit_itself_passes_on_either_side(seconds: float, outcome: Outcome) -> None:
    assert judge_exactly(seconds).outcome is outcome


def test_a_judgement_tells_milliseconds_ratio_and_limit() -> None:
    found = judge_exactly(0.6, old=0.5, max_ratio=3.0)
    assert found.expected == "a fastest training step of at most 3 times 500.0 ms"
    assert found.received.startswith("600.0 ms, the fastest of 2 in one process, 1.20 times; ")
    assert (found.baseline, found.now, found.interval) == ("500.0 ms", "600.0 ms", "tripwire x3")
    assert found.amount == 0.6


def test_a_proposed_gate_is_a_wide_tripwire() -> None:
    assert STEP_TIME.propose_gate(times(0.1)) == StepTimeGate(max_ratio=3.0)


@pytest.mark.parametrize(
    ("share", "outcome"), [(0.25, Outcome.REGRESSED), (0.26, Outcome.INCONCLUSIVE)]
)
def test_a_machine_is_busy_from_a_quarter_on(share: float, outcome: Outcome) -> None:
    assert unless_busy(verdict(Outcome.REGRESSED), share).outcome is outcome


def test_steps_slowed_by_other_work_on_the_machine_do_not_decide() -> None:
    assert judge((0.1, 5.0, 60.0)).outcome is Outcome.PASS


def test_the_judgement_says_what_is_not_visible() -> None:
    assert "a slowdown below 3 times is not visible here" in judge((0.1,)).received


@pytest.mark.parametrize("seconds", [(), (0.0,), (-1.0,), (0.1, math.nan), (0.1, math.inf)])
def test_step_times_that_are_none_are_refused(seconds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="one or more finite step times above 0"):
        times(*seconds)


@pytest.mark.parametrize("ratio", [1.0, 0.5, math.nan])
def test_a_limit_of_no_slowdown_or_less_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match="max_ratio must be above 1"):
        StepTimeGate(max_ratio=ratio)


def test_the_times_that_are_proposed_with_a_gate_pass_it() -> None:
    old = times(0.1, 0.2)
    pair = Pair(old=old, gate=STEP_TIME.propose_gate(old), new=old)
    (found,) = STEP_TIME.judge([pair])
    assert found.outcome is Outcome.PASS


def verdict(outcome: Outcome) -> Verdict:
    return Verdict(
        outcome=outcome,
        expected="fast",
        received="slow",
        next_step="look",
        baseline="1 ms",
        now="5 ms",
        question="step_time",
        cell="lstm",
        file="lstm.json",
    )


def test_a_red_step_on_a_machine_that_others_kept_busy_is_inconclusive_and_says_why() -> None:
    found = unless_busy(verdict(Outcome.REGRESSED), 0.6)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.received == "slow; other processes had 60% of the processors meanwhile"


def test_a_red_step_on_a_machine_that_was_idle_stays_red() -> None:
    assert unless_busy(verdict(Outcome.REGRESSED), 0.1) == verdict(Outcome.REGRESSED)


def test_a_step_that_is_fast_enough_passes_on_a_busy_machine_too() -> None:
    assert unless_busy(verdict(Outcome.PASS), 0.9) == verdict(Outcome.PASS)
