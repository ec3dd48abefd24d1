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


EXACT = (1.0,) * STEPS


def exactly(losses: tuple[float, ...], single: tuple[float, ...]) -> ReplayLosses:
    """Return losses against equations that say 1 at every step."""
    return ReplayLosses(losses=losses, equations=EXACT, single=single)


@pytest.mark.parametrize(("loss", "kept"), [(1.5, True), (1.5 + 2**-30, False), (0.5, True)])
def test_a_loss_may_lie_as_far_off_as_the_allowance_says(loss: float, kept: bool) -> None:
    # Rounding leads an eighth astray from the third step on; four times as far is allowed.
    single = (1.0, 1.0, 1.125, *EXACT[3:])
    new = exactly((1.0, 1.0, 1.0, loss, *EXACT[4:]), single)
    found = judge(new, ReplayGate(allowance=4.0), old=exactly(EXACT, single))
    assert (found.outcome is Outcome.PASS) is kept


def test_errors_are_relative_to_the_equations() -> None:
    half = (0.5,) * STEPS
    new = ReplayLosses(losses=half, equations=(0.25,) * STEPS, single=half)
    assert new.errors == [1.0] * STEPS
    assert new.rounding == [1.0] * STEPS


def test_a_judgement_tells_steps_errors_and_bounds() -> None:
    single = (1.0, 1.0, 1.125, *EXACT[3:])
    old = exactly((1.0, 1.25, *EXACT[2:]), single)
    new = exactly((*EXACT[:-1], 2.0), single)
    found = judge(new, ReplayGate(allowance=4.0), old=old)
    assert found.expected == (
        "20 training losses no farther from the equations than 4 times what float32 rounds"
    )
    assert found.received == (
        "largest relative error 1, at step 20; first beyond at step 20: 2, by the equations "
        "1 ± 0.5 rel.; the recorded library is nearer the truth (recorded: largest error 0.25)"
    )
    assert (found.baseline, found.now) == ("0.2 off", "1 off")
    assert found.interval == "±5e-07 to 0.5 rel."
    assert found.amount == 1.0


def test_the_interval_goes_from_the_first_bound_to_the_last() -> None:
    single = (1.25, 1.5, *EXACT[2:-1], 2.0)
    old = exactly(EXACT, single)
    assert judge(old, ReplayGate(allowance=4.0), old=old).interval == "±1 to 4 rel."


def test_a_library_as_far_off_as_the_recorded_one_is_not_called_nearer_than_itself() -> None:
    far = off_at(5, 1.5)
    assert "the new library is nearer the truth" in judge(far, old=far).received


def test_a_gate_starts_with_sixteen_times_what_rounding_leads_astray_and_may_be_1() -> None:
    assert REPLAY.propose_gate(OLD) == ReplayGate(allowance=16.0)
    assert ReplayGate(allowance=1.0).allowance == 1.0
    assert REPLAY.amount is not None
    assert REPLAY.amount(off_at(3, 1.5)) == pytest.approx(0.5)


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
