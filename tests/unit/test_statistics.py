from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from scipy import stats

from rnn_suite.statistics import drop_test, holm, smallest_visible_shift

OLD = (0.81, 0.83, 0.80, 0.84, 0.82, 0.79)
NEW = (0.78, 0.80, 0.77)


def student(
    old: tuple[float, ...], new: tuple[float, ...], alternative: Literal["greater", "less"]
) -> float:
    return float(stats.ttest_ind(old, new, equal_var=True, alternative=alternative).pvalue)


def test_the_drop_is_the_baseline_mean_minus_the_new_mean() -> None:
    assert drop_test(OLD, NEW, allowed_drop=0.0).drop == pytest.approx(0.815 - 0.7833333333333333)


@pytest.mark.parametrize("new", [NEW, (0.9,), (0.86, 0.84, 0.81, 0.83)])
def test_the_p_values_of_drop_and_gain_are_those_of_students_test(new: tuple[float, ...]) -> None:
    found = drop_test(OLD, new, allowed_drop=0.0)
    spread = np.std(OLD, ddof=1) * math.sqrt(1 / len(OLD) + 1 / len(new))
    baseline_alone = float(stats.t.sf((np.mean(OLD) - np.mean(new)) / spread, len(OLD) - 1))
    pooled = baseline_alone  # one new value adds no spread of its own, and scipy gives NaN
    if len(new) > 1:
        pooled = student(OLD, new, "greater")
        assert found.p_gain == pytest.approx(student(OLD, new, "less"), rel=1e-9)
    expected = min(1.0, 2 * min(pooled, baseline_alone))
    assert found.p_drop == pytest.approx(expected, rel=1e-9)


def test_seeds_that_collapse_do_not_hide_in_the_spread_they_make() -> None:
    old = [0.81, 0.83] * 10
    collapsed = drop_test(old, [0.82, 0.81, 0.50], allowed_drop=0.03)
    assert collapsed.p_drop < 1e-6
    assert collapsed.p_beyond_allowed > 0.5


def test_a_spread_that_only_the_new_seeds_have_leaves_the_baselines_own_test_to_decide() -> None:
    new = (0.82, 0.81, 0.50)
    error = np.std(OLD, ddof=1) * math.sqrt(1 / len(OLD) + 1 / len(new))
    alone = float(stats.t.sf((np.mean(OLD) - np.mean(new)) / error, len(OLD) - 1))
    assert alone < student(OLD, new, "greater")
    assert drop_test(OLD, new, allowed_drop=0.0).p_drop == pytest.approx(2 * alone, rel=1e-9)


def test_the_fewest_values_are_two_and_one() -> None:
    found = drop_test((0.8, 0.9), (0.8,), allowed_drop=0.0)
    assert found.degrees_of_freedom == 1
    assert found.drop == pytest.approx(0.05)


def test_the_allowed_drop_is_tested_as_a_shift_of_the_new_values() -> None:
    shifted = tuple(value + 0.05 for value in NEW)
    found = drop_test(OLD, NEW, allowed_drop=0.05)
    assert found.p_beyond_allowed == pytest.approx(student(OLD, shifted, "less"), rel=1e-9)


def test_the_interval_is_that_of_students_test() -> None:
    expected = stats.ttest_ind(OLD, NEW, equal_var=True).confidence_interval(0.95)
    low, high = drop_test(OLD, NEW, allowed_drop=0.05).interval(0.95)
    assert (low, high) == pytest.approx((float(expected.low), float(expected.high)), rel=1e-9)


@pytest.mark.parametrize("value", [0.8, 0.1, 1 / 3, 0.7251999974250793])
@pytest.mark.parametrize("count", [1, 3, 7, 9])
def test_equal_values_without_any_spread_are_neither_drop_nor_gain(
    value: float, count: int
) -> None:
    found = drop_test([value] * 20, [value] * count, allowed_drop=0.05)
    assert found.standard_error == 0
    assert (found.p_drop, found.p_gain, found.p_beyond_allowed) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("new", "p_drop", "p_gain", "p_beyond_allowed"),
    [(0.7, 0.0, 1.0, 1.0), (0.78, 0.0, 1.0, 0.0), (0.9, 1.0, 0.0, 0.0)],
)
def test_without_spread_the_sign_decides(
    new: float, p_drop: float, p_gain: float, p_beyond_allowed: float
) -> None:
    found = drop_test((0.8, 0.8, 0.8), (new, new), allowed_drop=0.05)
    assert (found.p_drop, found.p_gain, found.p_beyond_allowed) == (
        p_drop,
        p_gain,
        p_beyond_allowed,
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_refused_on_either_side(value: float) -> None:
    with pytest.raises(ValueError, match="NaN or infinite"):
        drop_test((0.8, value), (0.8,), allowed_drop=0.05)
    with pytest.raises(ValueError, match="NaN or infinite"):
        drop_test((0.8, 0.9), (value,), allowed_drop=0.05)


@pytest.mark.parametrize(("old", "new"), [((0.8,), (0.8, 0.7)), ((), (0.8,)), ((0.8, 0.9), ())])
def test_too_few_values_are_refused_with_their_numbers(
    old: tuple[float, ...], new: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=f"received {len(old)} and {len(new)}"):
        drop_test(old, new, allowed_drop=0.05)


def test_a_drop_of_the_smallest_visible_size_is_seen_as_often_as_claimed() -> None:
    random = np.random.RandomState(3)
    runs, old_count, new_count, alpha, power, spread = 4_000, 20, 3, 0.01, 0.8, 0.02
    drop = smallest_visible_shift(
        spread * math.sqrt(1 / old_count + 1 / new_count),
        degrees_of_freedom=old_count + new_count - 2,
        alpha=alpha,
        power=power,
    )
    old = random.normal(0.8, spread, (runs, old_count))
    # A gain is judged by one t-test alone, which is what the size is worked out for.
    new = random.normal(0.8 + drop, spread, (runs, new_count))
    seen = sum(
        drop_test(o.tolist(), n.tolist(), allowed_drop=0.0).p_gain <= alpha
        for o, n in zip(old, new, strict=True)
    )
    assert seen / runs == pytest.approx(power, abs=4 * math.sqrt(power * (1 - power) / runs))


@pytest.mark.parametrize("alpha", [0.3, 0.4, 0.49])
def test_a_shift_of_many_critical_values_is_found(alpha: float) -> None:
    shift = smallest_visible_shift(1.0, degrees_of_freedom=21, alpha=alpha, power=0.999)
    critical = stats.t.ppf(1 - alpha, 21)
    assert stats.nct.sf(critical, 21, shift) == pytest.approx(0.999, abs=1e-6)
    assert shift > 4 * critical


def test_a_shift_of_less_than_one_standard_error_is_found_where_levels_are_loose() -> None:
    shift = smallest_visible_shift(1.0, degrees_of_freedom=21, alpha=0.4, power=0.5)
    assert stats.nct.sf(stats.t.ppf(0.6, 21), 21, shift) == pytest.approx(0.5, abs=1e-6)
    assert 0 < shift < 1


def test_the_smallest_visible_shift_is_in_proportion_to_the_standard_error() -> None:
    one, three = (
        smallest_visible_shift(error, degrees_of_freedom=21, alpha=0.01, power=0.95)
        for error in (0.01, 0.03)
    )
    assert three == pytest.approx(3 * one)


def test_without_spread_every_shift_is_visible() -> None:
    assert smallest_visible_shift(0.0, degrees_of_freedom=21, alpha=0.01, power=0.95) == 0


@pytest.mark.parametrize("freedom", [1, 2, 3])
@pytest.mark.parametrize("alpha", [0.05, 0.01 / 9, 1e-4])
def test_the_smallest_visible_shift_is_found_with_few_degrees_of_freedom(
    freedom: int, alpha: float
) -> None:
    shift = smallest_visible_shift(1.0, degrees_of_freedom=freedom, alpha=alpha, power=0.95)
    critical = stats.t.ppf(1 - alpha, freedom)
    assert stats.nct.sf(critical, freedom, shift) == pytest.approx(0.95, abs=1e-3)


def test_holm_agrees_with_an_example_worked_by_hand() -> None:
    # Sorted: .005 <= .05/4, .01 <= .05/3, .03 > .05/2 ends it, so .04 <= .05/1 no longer counts.
    assert holm([0.01, 0.04, 0.03, 0.005], alpha=0.05) == [True, False, False, True]


def test_holm_rejects_at_exactly_its_level() -> None:
    assert holm([0.025, 0.05], alpha=0.05) == [True, True]


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([], alpha=0.05) == []


def test_holm_rejects_more_than_bonferroni_and_everything_bonferroni_does() -> None:
    random = np.random.RandomState(5)
    more = 0
    for _ in range(500):
        p_values = (random.random_sample(4) ** 4).tolist()
        bonferroni = [p <= 0.05 / 4 for p in p_values]
        found = holm(p_values, alpha=0.05)
        assert all(ours for ours, theirs in zip(found, bonferroni, strict=True) if theirs)
        more += sum(found) - sum(bonferroni)
    assert more > 0


def test_unchanged_code_raises_a_false_alarm_no_oftener_than_the_shared_rate() -> None:
    random = np.random.RandomState(11)
    runs, cells, alpha = 3_000, 3, 0.05
    alarms = 0
    for _ in range(runs):
        p_values = [
            drop_test(
                random.normal(0.8, 0.02, 20).tolist(),
                random.normal(0.8, 0.02, 3).tolist(),
                allowed_drop=0.05,
            ).p_drop
            for _ in range(cells)
        ]
        alarms += any(holm(p_values, alpha=alpha))
    noise = math.sqrt(alpha * (1 - alpha) / runs)
    # Not far below half of it either: a rate that is never used up would hide real drops.
    assert alpha / 2 - 5 * noise < alarms / runs < alpha + 4 * noise


def test_a_true_drop_beside_true_nulls_keeps_the_nulls_error_rate() -> None:
    random = np.random.RandomState(13)
    runs, alpha = 4_000, 0.05
    wrong = sum(
        any(holm([1e-9, *random.random_sample(3).tolist()], alpha=alpha)[1:]) for _ in range(runs)
    )
    assert wrong / runs < alpha + 4 * math.sqrt(alpha * (1 - alpha) / runs)
