from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from rnn_suite.questions import Pair
from rnn_suite.questions.replay import REPLAY, STEPS, ReplayGate, ReplayLosses
from rnn_suite.verdicts import Judgement, Outcome

TRUTH = tuple(0.7 - 0.01 * step for step in range(STEPS))
# Rounding leads 1e-4 astray in the second step and nowhere else.
SINGLE = (TRUTH[0], 1.0001 * TRUTH[1], *TRUTH[2:])
OLD = ReplayLosses(losses=TRUTH, equations=TRUTH, single=SINGLE)
GATE = ReplayGate(allowance=10.0)


def judge(new: ReplayLosses, gate: ReplayGate = GATE, *, old: ReplayLosses = OLD) -> Judgement:
    (judgement,) = REPLAY.judge([Pair(old=old, gate=gate, new=new)])
    return judgement


def off_at(step: int, factor: float) -> ReplayLosses:
    losses = list(TRUTH)
    losses[step] *= factor
    return ReplayLosses(losses=tuple(losses), equations=TRUTH, single=SINGLE)


def test_the_losses_of_the_equations_pass() -> None:
    found = judge(OLD)
    assert (found.outcome, found.next_step) == (Outcome.PASS, "nothing")


@pytest.mark.parametrize("factor", [1.0009, 0.9991])
def test_a_loss_within_the_tolerance_passes(factor: float) -> None:
    assert judge(off_at(5, factor)).outcome is Outcome.PASS


@pytest.mark.parametrize("factor", [1.0011, 0.9989, 2.0, 0.5])
@pytest.mark.parametrize("step", [1, 2, STEPS - 1])
def test_a_loss_beyond_the_tolerance_is_a_regression_on_either_side(
    step: int, factor: float
) -> None:
    found = judge(off_at(step, factor))
    assert found.outcome is Outcome.REGRESSED
    assert f"first beyond at step {step + 1}:" in found.received


def test_what_was_recorded_decides_nothing() -> None:
    far = off_at(5, 1.5)
    assert judge(OLD, old=far).outcome is Outcome.PASS
    assert judge(far, old=far).outcome is Outcome.REGRESSED


@pytest.mark.parametrize(("factor", "nearer"), [(1.005, "recorded"), (1.05, "new")])
def test_a_regression_says_which_library_is_nearer_the_truth(factor: float, nearer: str) -> None:
    received = judge(off_at(5, 1.01), old=off_at(9, factor)).received
    assert f"the {nearer} library is nearer the truth" in received


def test_before_rounding_has_led_astray_the_tolerance_is_that_of_float32() -> None:
    assert judge(off_at(0, 1 + 9 * 2.0**-23)).outcome is Outcome.PASS
    assert judge(off_at(0, 1 + 11 * 2.0**-23)).outcome is Outcome.REGRESSED


def test_a_first_loss_that_is_off_points_at_the_forward_pass() -> None:
    assert "the forward pass or the loss changed" in judge(off_at(0, 1.1)).next_step


def test_a_later_loss_that_is_off_points_at_gradients_and_the_optimizer() -> None:
    assert "gradients or the optimizer changed" in judge(off_at(1, 1.1)).next_step


def test_the_largest_difference_is_named_beside_the_first() -> None:
    losses = list(TRUTH)
    losses[3] *= 1.01
    losses[7] *= 1.5
    received = judge(ReplayLosses(losses=tuple(losses), equations=TRUTH, single=SINGLE)).received
    assert "largest relative error 0.5, at step 8" in received
    assert "first beyond at step 4:" in received


def test_an_infinite_loss_is_a_regression() -> None:
    assert judge(off_at(2, math.inf)).outcome is Outcome.REGRESSED


@pytest.mark.parametrize("field", ["losses", "equations", "single"])
@pytest.mark.parametrize("loss", [math.nan, 0.0, -0.1])
def test_a_loss_that_is_none_is_refused(field: str, loss: float) -> None:
    changed: dict[str, Any] = {field: (*TRUTH[1:], loss)}
    with pytest.raises(ValueError, match=f"expected {STEPS} losses above 0"):
        replace(OLD, **changed)


@pytest.mark.parametrize("count", [0, STEPS - 1, STEPS + 1])
def test_another_number_of_losses_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"expected {STEPS} losses"):
        ReplayLosses(losses=(0.5,) * count, equations=TRUTH, single=SINGLE)


@pytest.mark.parametrize("allowance", [0.9, -1.0, math.inf, math.nan])
def test_an_allowance_that_makes_no_sense_is_refused(allowance: float) -> None:
    with pytest.raises(ValueError, match="allowance must be 1 or more"):
        ReplayGate(allowance=allowance)


def test_the_losses_that_are_proposed_with_a_gate_pass_it() -> None:
    assert judge(OLD, REPLAY.propose_gate(OLD)).outcome is Outcome.PASS
