from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_suite.signed_rank import lower_bound, p_above, smallest_visible, upper_bound
from rnn_suite.upgrade.decision import (
    CONFIRMED_PASS_ALPHA,
    FALSE_ALARM,
    LOOKS,
    PASS_ALPHA,
    POWER,
    SUSPECT_ALPHA,
    State,
    confirm,
    confirmation_looks,
    look,
)

MARGIN = math.log(1.1)
LAST = LOOKS[-1]
EARLY, LATE = confirmation_looks(1)
SUSPECTS = [1, 2, 3, 9, 25]

differences = st.lists(st.floats(-1, 1), min_size=1, max_size=LAST)


def around(centre: float, *, pairs: int, spread: float = 0.01) -> list[float]:
    """Return differences without symmetry or ties whose centre is near enough the one asked for."""
    return [centre + spread * math.sin(1 + 2 * i) for i in range(pairs)]


def state_of(found: list[float]) -> State:
    return look(found, margin=MARGIN).state


def first_set(drawn: list[float]) -> State:
    return next(s for pairs in LOOKS if (s := state_of(drawn[:pairs])) is not State.OPEN)


def confirmed_state(found: list[float], *, suspects: int = 1) -> State:
    return confirm(found, margin=MARGIN, suspects=suspects).state


def second_set(drawn: list[float], *, suspects: int = 1) -> State:
    early, late = confirmation_looks(suspects)
    state = confirmed_state(drawn[:early], suspects=suspects)
    if state is State.INCONCLUSIVE:
        return confirmed_state(drawn[:late], suspects=suspects)
    return state


def test_an_unchanged_question_passes_at_the_first_look() -> None:
    assert state_of(around(0.0, pairs=6)) is State.PASS


def test_equal_measurements_without_any_noise_pass() -> None:
    assert state_of([0.0] * 6) is State.PASS


@pytest.mark.parametrize("centre", [0.07, MARGIN, 0.5])
def test_a_question_worse_by_more_than_half_the_margin_becomes_a_suspect(centre: float) -> None:
    assert state_of(around(centre, pairs=6)) is State.SUSPECT


def test_a_question_worse_by_less_than_half_the_margin_passes_however_sure_that_it_is_worse() -> (
    None
):
    found = around(0.03, pairs=16, spread=0.001)
    assert p_above(found, 0.0) < 1e-4
    assert state_of(found) is State.PASS


def test_a_question_better_by_more_than_the_margin_is_improved_at_the_first_look() -> None:
    assert state_of(around(-0.15, pairs=6)) is State.IMPROVED


def test_a_question_better_by_less_than_the_margin_merely_passes() -> None:
    assert state_of(around(-0.06, pairs=6)) is State.PASS


@pytest.mark.parametrize("pairs", LOOKS)
def test_noise_too_wide_to_tell_leaves_a_question_open_until_the_last_look(pairs: int) -> None:
    wide = [0.3 * (-1) ** i + 0.001 * i for i in range(pairs)]
    assert state_of(wide) is (State.INCONCLUSIVE if pairs == LAST else State.OPEN)


@pytest.mark.parametrize("pairs", sorted(set(range(1, LAST)) - set(LOOKS)))
@pytest.mark.parametrize("centre", [0.0, 0.5, -0.5])
def test_nothing_is_decided_between_the_looks(pairs: int, centre: float) -> None:
    assert state_of(around(centre, pairs=pairs)) is State.OPEN


@given(differences)
def test_the_first_set_calls_nothing_regressed(found: list[float]) -> None:
    decision = look(found, margin=MARGIN)
    assert decision.state is not State.REGRESSED
    assert not decision.confirmed


@given(st.sampled_from(LOOKS), st.data())
def test_no_pass_comes_without_its_level(pairs: int, data: st.DataObject) -> None:
    found = data.draw(st.lists(st.floats(-0.3, 0.3), min_size=pairs, max_size=pairs))
    if state_of(found) in {State.PASS, State.IMPROVED}:
        assert upper_bound(found, PASS_ALPHA[pairs]) < MARGIN


def test_the_looks_together_let_a_question_at_its_margin_pass_at_most_one_time_in_twenty() -> None:
    assert sum(PASS_ALPHA.values()) + 2 * CONFIRMED_PASS_ALPHA <= 0.05


@pytest.mark.parametrize(("pairs", "level"), PASS_ALPHA.items())
def test_every_look_has_pairs_enough_for_its_level(pairs: int, level: float) -> None:
    assert upper_bound([0.0] * pairs, level) == 0.0


@pytest.mark.parametrize("spread", [0.02, 0.1, 1.0])
def test_a_question_at_its_margin_passes_as_rarely_as_claimed_whatever_the_noise(
    spread: float,
) -> None:
    runs, passed = 1_500, 0
    noise = np.random.RandomState(2).laplace(MARGIN, spread, (runs, LAST + LATE))
    for drawn in noise.tolist():
        state = first_set(drawn[:LAST])
        if state is State.SUSPECT:
            state = second_set(drawn[LAST:])
        passed += state in {State.PASS, State.IMPROVED}
    assert passed / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("spread", [0.05, 1.0])
def test_both_looks_together_call_a_harmless_suspect_regressed_as_rarely_as_claimed(
    spread: float,
) -> None:
    runs, suspects = 1_000, 3
    shape = (runs, suspects, confirmation_looks(suspects)[1])
    noise = np.random.RandomState(3).standard_t(2, size=shape) * spread
    red = sum(
        any(second_set(drawn, suspects=suspects) is State.REGRESSED for drawn in run)
        for run in noise.tolist()
    )
    assert red / runs <= FALSE_ALARM + 3 * math.sqrt(FALSE_ALARM / runs)


@pytest.mark.parametrize("pairs", [EARLY, LATE])
def test_a_suspect_that_is_as_bad_again_is_regressed_at_either_look(pairs: int) -> None:
    decision = confirm(around(MARGIN, pairs=pairs), margin=MARGIN, suspects=1)
    assert decision.state is State.REGRESSED
    assert decision.confirmed


@pytest.mark.parametrize("pairs", [EARLY, LATE])
def test_a_suspect_that_is_harmless_the_second_time_passes_at_either_look(pairs: int) -> None:
    decision = confirm(around(0.0, pairs=pairs), margin=MARGIN, suspects=1)
    assert decision.state is State.PASS
    assert decision.confirmed


def test_a_suspect_does_not_pass_the_second_time_without_its_level() -> None:
    doubtful = [*around(0.0, pairs=LATE - 4), 0.1, 0.12, 0.18, 0.24]
    assert upper_bound(doubtful, 0.05) < MARGIN < upper_bound(doubtful, CONFIRMED_PASS_ALPHA)
    assert confirmed_state(doubtful) is State.INCONCLUSIVE


def test_a_suspect_worse_by_less_than_half_the_margin_the_second_time_passes() -> None:
    found = around(0.03, pairs=LATE, spread=0.001)
    assert p_above(found, 0.0) < FALSE_ALARM / 2
    assert confirmed_state(found) is State.PASS


@pytest.mark.parametrize("pairs", [EARLY, LATE])
def test_a_suspect_whose_second_set_is_too_noisy_is_inconclusive(pairs: int) -> None:
    wide = [0.3 * (-1) ** i + 0.001 * i for i in range(pairs)]
    assert confirmed_state(wide) is State.INCONCLUSIVE


def test_a_second_set_that_was_cut_short_calls_nothing_regressed() -> None:
    assert confirmed_state([0.5] * (EARLY - 1)) is State.INCONCLUSIVE


def test_suspects_share_the_false_alarm_rate_of_a_look() -> None:
    likely = [-0.001, *around(0.2, pairs=8)]
    assert FALSE_ALARM / 4 < p_above(likely, 0.0) <= FALSE_ALARM / 2
    assert confirmed_state(likely, suspects=1) is State.REGRESSED
    assert confirmed_state(likely, suspects=2) is State.INCONCLUSIVE


def test_the_margin_decides_whether_what_is_sure_to_be_worse_is_minded() -> None:
    found = around(0.1, pairs=LATE)
    assert confirm(found, margin=MARGIN, suspects=1).state is State.REGRESSED
    assert confirm(found, margin=0.5, suspects=1).state is State.PASS


@pytest.mark.parametrize("suspects", SUSPECTS)
def test_the_early_look_has_the_fewest_pairs_that_can_call_a_suspect_regressed(
    suspects: int,
) -> None:
    early, _ = confirmation_looks(suspects)
    assert confirmed_state([0.5] * early, suspects=suspects) is State.REGRESSED
    assert confirmed_state([0.5] * (early - 1), suspects=suspects) is State.INCONCLUSIVE


@pytest.mark.parametrize("suspects", SUSPECTS)
def test_the_late_look_is_the_smallest_that_one_contrary_pair_does_not_spoil(
    suspects: int,
) -> None:
    _, late = confirmation_looks(suspects)
    for wild in (-0.001, -0.1, -100.0):
        spoilt = [0.2] * (late - 1) + [wild]
        assert confirmed_state(spoilt, suspects=suspects) is State.REGRESSED
    spoilt = [0.2] * (late - 2) + [-100.0]
    assert confirmed_state(spoilt, suspects=suspects) is State.INCONCLUSIVE


@pytest.mark.parametrize("suspects", SUSPECTS)
def test_both_looks_come_in_order_and_have_pairs_enough_to_pass(suspects: int) -> None:
    early, late = confirmation_looks(suspects)
    assert early < late
    assert confirmed_state([0.0] * early, suspects=suspects) is State.PASS


def test_one_suspect_is_looked_at_after_8_and_15_pairs_and_twenty_five_after_13_and_22() -> None:
    assert (confirmation_looks(1), confirmation_looks(25)) == ((8, 15), (13, 22))


def test_a_second_set_for_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="received 0"):
        confirmation_looks(0)


@pytest.mark.parametrize("pairs", [1, 3, 5, 6, 16])
def test_the_interval_has_the_confidence_it_says(pairs: int) -> None:
    found = around(0.02, pairs=pairs)
    decision = look(found, margin=MARGIN)
    tail = (1 - decision.confidence) / 2
    assert decision.confidence == pytest.approx(min(0.95, 1 - 2 * 2**-pairs))
    assert decision.lower == lower_bound(found, tail + 1e-12)
    assert decision.upper == upper_bound(found, tail + 1e-12)
    assert decision.lower <= decision.estimate <= decision.upper
    assert decision.pairs == pairs


def test_what_is_visible_shrinks_with_more_pairs_and_grows_with_more_suspects() -> None:
    (noise,) = np.random.RandomState(5).normal(scale=0.02, size=(1, 16)).tolist()
    six, sixteen = (look(noise[:pairs], margin=MARGIN).smallest_visible for pairs in (6, 16))
    alone, shared = (
        confirm(noise, margin=MARGIN, suspects=suspects).smallest_visible for suspects in (1, 9)
    )
    assert sixteen < six < math.inf
    assert sixteen < alone < shared < math.inf


def test_the_unit_of_the_differences_does_not_matter() -> None:
    found = around(0.06, pairs=6)
    one = look(found, margin=MARGIN)
    four = look([4 * value for value in found], margin=4 * MARGIN)
    assert four.estimate == pytest.approx(4 * one.estimate)
    assert four.state is one.state is State.SUSPECT


@pytest.mark.parametrize("margin", [0.0, -0.1, math.nan, math.inf])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match="finite and above 0"):
        look([0.0] * 6, margin=margin)
    with pytest.raises(ValueError, match="finite and above 0"):
        confirm([0.0] * 6, margin=margin, suspects=1)


@pytest.mark.parametrize("found", [[], [0.1, math.nan], [math.inf]])
def test_differences_that_are_missing_or_no_numbers_are_refused(found: list[float]) -> None:
    with pytest.raises(ValueError, match=r"received none|NaN or infinite"):
        look(found, margin=MARGIN)
    with pytest.raises(ValueError, match=r"received none|NaN or infinite"):
        confirm(found, margin=MARGIN, suspects=1)


def test_the_levels_are_those_that_were_fixed_beforehand() -> None:
    assert PASS_ALPHA == {6: 1 / 64, 8: 0.008, 10: 0.007, 13: 0.005, 16: 0.004}
    assert LOOKS == (6, 8, 10, 13, 16)
    assert (CONFIRMED_PASS_ALPHA, SUSPECT_ALPHA, FALSE_ALARM, POWER) == (0.005, 0.05, 0.01, 0.95)


BELOW = math.nextafter(0.25, 0.0)

# Binary fractions, so that no rounding decides: the margin is a half, and red is a quarter.
AT_THE_LIMITS = [
    ([0.25] * 6, State.SUSPECT),
    ([BELOW] * 6, State.PASS),
    ([-0.5] * 6, State.IMPROVED),
    ([math.nextafter(-0.5, 0.0)] * 6, State.PASS),
    ([-1.0] * 5 + [0.0], State.PASS),
    ([-1.0] * 5 + [0.5], State.OPEN),
    ([-1.0] * 5 + [math.nextafter(0.5, 0.0)], State.PASS),
]


@pytest.mark.parametrize(("found", "state"), AT_THE_LIMITS)
def test_at_its_limits_the_first_set_decides_as_it_says(found: list[float], state: State) -> None:
    assert look(found, margin=0.5).state is state


@pytest.mark.parametrize("pairs", [EARLY, LATE])
def test_at_its_limits_the_second_set_decides_as_it_says(pairs: int) -> None:
    assert confirm([0.25] * pairs, margin=0.5, suspects=1).state is State.REGRESSED
    assert confirm([BELOW] * pairs, margin=0.5, suspects=1).state is State.PASS
    at_the_margin = confirm([0.5] * pairs, margin=0.5, suspects=1, red=0.75)
    assert at_the_margin.state is State.INCONCLUSIVE


@pytest.mark.parametrize(("red", "worse"), [(0.375, True), (0.4375, False)])
def test_where_red_begins_can_be_said(red: float, worse: bool) -> None:
    first = look([0.375] * 6, margin=0.5, red=red)
    second = confirm([0.375] * EARLY, margin=0.5, suspects=1, red=red)
    assert first.state is (State.SUSPECT if worse else State.PASS)
    assert second.state is (State.REGRESSED if worse else State.PASS)


def test_what_is_visible_is_worked_out_at_the_level_of_each_set() -> None:
    noise = np.random.RandomState(5).normal(scale=0.02, size=16).tolist()
    first = look(noise, margin=MARGIN)
    assert first.smallest_visible == smallest_visible(noise, alpha=0.05, power=0.95)
    assert not first.confirmed
    for suspects in (1, 3):
        second = confirm(noise, margin=MARGIN, suspects=suspects)
        alpha = 0.01 / (2 * suspects)
        assert second.smallest_visible == smallest_visible(noise, alpha=alpha, power=0.95)
        assert second.confirmed


def test_a_suspect_is_sure_to_be_worse_at_its_level() -> None:
    mixed = [0.3, 0.25, 0.2, 0.1, -0.15, -0.3]
    assert p_above(mixed, 0.0) > SUSPECT_ALPHA
    assert state_of(mixed) is State.OPEN
