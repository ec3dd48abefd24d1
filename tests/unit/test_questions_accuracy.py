from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from scipy import optimize, stats

from rnn_suite.questions import Pair
from rnn_suite.questions.accuracy import (
    ACCURACY,
    FIRST_LOOK_SEEDS,
    LOOKS,
    AccuracyGate,
    SeedAccuracies,
    drop_ruled_out,
    propose_gate,
)
from rnn_suite.verdicts import Judgement, Outcome

GATE = AccuracyGate(
    allowed_drop_fraction=0.05, false_alarm_rate=0.01, floor_fraction=0.65, miss_rate=0.05
)


def seeds(accuracies: Sequence[float]) -> SeedAccuracies:
    values = tuple(accuracies)
    return SeedAccuracies(
        seeds=tuple(range(len(values))),
        accuracy_fraction=values,
        last_epoch_accuracy_fraction=values,
        test_loss=(0.5,) * len(values),
        last_epoch_test_loss=(0.5,) * len(values),
    )


def spread_around(mean: float, spread: float, count: int) -> SeedAccuracies:
    """Values with exactly this mean and this sample standard deviation."""
    values = np.linspace(-1, 1, count)
    return seeds((mean + spread * values / values.std(ddof=1)).tolist())


OLD = spread_around(0.80, 0.01, 20)


def judge(new: SeedAccuracies, gate: AccuracyGate = GATE, old: SeedAccuracies = OLD) -> Judgement:
    (judgement,) = ACCURACY.judge([Pair(old=old, gate=gate, new=new)])
    return judgement


def test_the_same_accuracy_passes() -> None:
    assert judge(spread_around(0.80, 0.01, 3)).outcome is Outcome.PASS


def test_a_large_drop_is_a_regression_and_points_at_the_exact_questions() -> None:
    found = judge(spread_around(0.70, 0.01, 3))
    assert found.outcome is Outcome.REGRESSED
    assert "replay and dataset" in found.next_step


def test_a_large_gain_is_an_improvement_that_asks_for_a_new_baseline() -> None:
    found = judge(spread_around(0.90, 0.01, 3))
    assert found.outcome is Outcome.IMPROVED
    assert "--update-baselines" in found.next_step


def test_a_real_drop_within_what_is_allowed_passes_and_says_so() -> None:
    found = judge(spread_around(0.775, 0.01, 9))
    assert (found.outcome, found.next_step) == (Outcome.PASS, "a real drop, within what is allowed")


def test_too_wide_a_noise_is_inconclusive_and_names_what_would_have_been_seen() -> None:
    found = judge(spread_around(0.77, 0.04, 3), old=spread_around(0.80, 0.04, 20))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "add seeds" in found.next_step
    assert float(found.next_step.split()[3]) > GATE.allowed_drop_fraction


def test_a_mean_below_the_floor_is_a_regression_even_where_the_baseline_is_as_low() -> None:
    low = spread_around(0.60, 0.01, 20)
    found = judge(spread_around(0.60, 0.01, 3), old=low)
    assert found.outcome is Outcome.REGRESSED
    assert "below the floor of 0.65" in found.next_step


def test_a_mean_below_the_floor_is_a_regression_even_where_it_improved() -> None:
    found = judge(spread_around(0.60, 0.01, 3), old=spread_around(0.50, 0.01, 20))
    assert found.outcome is Outcome.REGRESSED


def test_a_mean_on_the_floor_is_not_below_it() -> None:
    gate = replace(GATE, floor_fraction=0.75)
    found = judge(seeds((0.75,) * 3), gate, old=seeds((0.75,) * 20))
    assert found.outcome is Outcome.PASS


def test_the_direction_of_the_decision_is_not_inverted() -> None:
    order = [Outcome.REGRESSED, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.IMPROVED]
    means = np.linspace(0.66, 0.95, 30)
    found = [order.index(judge(spread_around(mean, 0.01, 3)).outcome) for mean in means]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, 3)


def test_more_cells_ask_for_a_larger_drop_before_one_is_called() -> None:
    # Between alpha / 3 looks and alpha / 3 looks / 5 cells: alone it is called, among five it is not.
    gate = replace(GATE, allowed_drop_fraction=0.0)
    pair = Pair(old=OLD, gate=gate, new=spread_around(0.778, 0.01, 3))
    same = Pair(old=OLD, gate=gate, new=spread_around(0.80, 0.01, 3))
    (alone,) = ACCURACY.judge([pair])
    among = ACCURACY.judge([pair, same, same, same, same])
    assert alone.outcome is Outcome.REGRESSED
    assert among[0].outcome is Outcome.INCONCLUSIVE


def test_a_significant_drop_that_is_smaller_than_allowed_is_no_regression_yet() -> None:
    gate = replace(GATE, allowed_drop_fraction=0.03)
    assert judge(spread_around(0.772, 0.01, 3), gate).outcome is Outcome.INCONCLUSIVE
    assert judge(spread_around(0.768, 0.01, 3), gate).outcome is Outcome.REGRESSED


def test_the_false_alarm_rate_is_shared_out_over_the_looks() -> None:
    # P-values of .0040 and .0028 on either side of .01 / 3 looks.
    gate = replace(GATE, allowed_drop_fraction=0.0)
    assert judge(spread_around(0.780, 0.01, 3), gate).outcome is Outcome.INCONCLUSIVE
    assert judge(spread_around(0.779, 0.01, 3), gate).outcome is Outcome.REGRESSED


def test_the_miss_rate_is_shared_out_over_the_looks() -> None:
    # That the drop is below the allowed one has p-values of .035 and .010, either side of .05 / 3.
    assert judge(spread_around(0.7618, 0.01, 3)).outcome is not Outcome.PASS
    assert judge(spread_around(0.7655, 0.01, 3)).outcome is Outcome.PASS


def test_where_the_files_disagree_the_strictest_false_alarm_rate_holds_for_all() -> None:
    strict = replace(GATE, allowed_drop_fraction=0.0, false_alarm_rate=1e-6)
    loose = replace(strict, false_alarm_rate=0.4)
    dropped = spread_around(0.775, 0.01, 3)
    (alone,) = ACCURACY.judge([Pair(old=OLD, gate=loose, new=dropped)])
    beside, _ = ACCURACY.judge(
        [
            Pair(old=OLD, gate=loose, new=dropped),
            Pair(old=OLD, gate=strict, new=spread_around(0.80, 0.01, 3)),
        ]
    )
    assert (alone.outcome, beside.outcome) == (Outcome.REGRESSED, Outcome.INCONCLUSIVE)


def test_nothing_to_judge_is_no_judgement() -> None:
    assert ACCURACY.judge([]) == []


@pytest.mark.parametrize("drop", [0.0, 0.05])
def test_the_rates_that_the_gate_promises_for_one_look_are_kept(drop: float) -> None:
    random = np.random.RandomState(17)
    runs, wrong = 1_000, 0
    for _ in range(runs):
        pair = Pair(
            old=seeds(random.normal(0.8, 0.01, 20).tolist()),
            gate=GATE,
            new=seeds(random.normal(0.8 - drop, 0.01, 3).tolist()),
        )
        (found,) = ACCURACY.judge([pair])
        wrong += found.outcome is (Outcome.PASS if drop else Outcome.REGRESSED)
    promised = GATE.miss_rate if drop else GATE.false_alarm_rate
    assert wrong / runs <= promised


@pytest.mark.parametrize("accuracy", [math.nan, -0.01, 1.01])
def test_an_accuracy_that_is_none_is_refused_wherever_it_stands(accuracy: float) -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        seeds((0.8, accuracy))
    with pytest.raises(ValueError, match="outside 0 to 1"):
        replace(seeds((0.8, 0.8)), last_epoch_accuracy_fraction=(0.8, accuracy))


@pytest.mark.parametrize(
    "changed", [{"seeds": (1,)}, {"test_loss": (0.5, 0.5, 0.5)}, {"accuracy_fraction": ()}]
)
def test_every_seed_needs_every_value(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected two or more seeds"):
        replace(seeds((0.8, 0.8)), **changed)


def test_no_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="expected two or more seeds"):
        seeds(())


def test_one_seed_is_too_few() -> None:
    with pytest.raises(ValueError, match="expected two or more seeds"):
        seeds((0.8,))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed_drop_fraction", -0.01),
        ("allowed_drop_fraction", math.nan),
        ("floor_fraction", 1.01),
        ("floor_fraction", math.nan),
        ("false_alarm_rate", 0.0),
        ("false_alarm_rate", -0.01),
        ("false_alarm_rate", 0.5),
        ("false_alarm_rate", 0.6),
        ("false_alarm_rate", math.nan),
        ("miss_rate", 0.0),
        ("miss_rate", 0.5),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must lie"):
        replace(GATE, **{name: value})


def test_a_proposed_floor_lies_half_way_between_chance_and_the_recorded_mean() -> None:
    assert propose_gate(spread_around(0.80, 0.01, 20)).floor_fraction == 0.65
    assert propose_gate(spread_around(0.803, 0.01, 20)).floor_fraction == 0.65


def test_a_proposed_allowed_drop_lets_unchanged_code_pass_the_first_look_as_often_as_it_says() -> (
    None
):
    random = np.random.RandomState(19)
    old = spread_around(0.80, 0.02, 20)
    gate = propose_gate(old)
    runs, passed = 500, 0
    for _ in range(runs):
        new = seeds(random.normal(fmean(old.accuracy_fraction), 0.02, 3).tolist())
        passed += judge(new, gate, old).outcome is Outcome.PASS
    assert passed / runs > 0.90


@pytest.mark.parametrize("name", ["allowed_drop_fraction", "floor_fraction"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_limit_may_be_0_and_1(name: str, value: Any) -> None:
    assert getattr(replace(GATE, **{name: value}), name) == value


def test_an_accuracy_may_be_0_and_1() -> None:
    assert seeds((0.0, 1.0)).accuracy_fraction == (0.0, 1.0)


def test_a_proposed_gate_starts_with_three_seeds_three_looks_and_these_rates() -> None:
    assert (FIRST_LOOK_SEEDS, LOOKS) == (3, 3)
    gate = propose_gate(spread_around(0.80, 0.01, 20))
    assert (gate.false_alarm_rate, gate.miss_rate) == (0.01, 0.05)


def visible_by_hand(error: float, freedom: int, alpha: float) -> float:
    """The shift at which the noncentral t distribution has 95 % above the critical value."""
    critical = stats.t.ppf(1 - alpha, freedom)
    found = optimize.brentq(lambda shift: stats.nct.sf(critical, freedom, shift) - 0.95, 0, 100)
    return error * float(found)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_what_the_first_look_rules_out_is_worked_out_from_the_baselines_spread(count: int) -> None:
    expected = visible_by_hand(0.01 * math.sqrt(1 / 20 + 1 / count), 18 + count, 0.05 / 3)
    assert drop_ruled_out(OLD.accuracy_fraction, count) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("mean", "spread", "allowed"),
    [
        (0.80, 0.01, 0.03),  # the first look rules out .0247
        (0.80, 0.02, 0.05),  # .0495
        (0.60, 0.03, 0.05),  # .0742, and the floor lies .05 below the mean
        (0.80, 0.020176, 0.05),  # .0499
        (0.80, 0.020257, 0.06),  # .0501
        (0.8198, 0.08, 0.15),  # .1979, and the floor lies .1598 below the mean
        (0.51, 0.01, 0.01),  # never less than a hundredth
        (0.80, 1e-4, 0.01),
    ],
)
def test_a_proposed_allowed_drop_is_the_next_hundredth_and_stays_above_the_floor(
    mean: float, spread: float, allowed: float
) -> None:
    # A hair above the mean, so that no rounding decides the case at the floor.
    assert propose_gate(spread_around(mean + 1e-9, spread, 20)).allowed_drop_fraction == allowed


@pytest.mark.parametrize("cells", [1, 4])
def test_what_would_have_been_seen_is_told_at_the_level_of_one_of_two_tests_of_one_cell(
    cells: int,
) -> None:
    new = spread_around(0.77, 0.04, 3)
    old = spread_around(0.80, 0.04, 20)
    found = ACCURACY.judge([Pair(old=old, gate=GATE, new=new)] * cells)[0]
    visible = visible_by_hand(0.04 * math.sqrt(1 / 20 + 1 / 3), 21, 0.01 / 3 / cells / 2)
    assert found.received.endswith(f"smallest drop seen 95 times in 100: {visible:.4f}")
    assert f"a drop below {visible:.3f} would not" in found.next_step


def test_a_judgement_tells_means_seeds_interval_and_what_is_allowed() -> None:
    found = judge(spread_around(0.79, 0.01, 3))
    half = 0.01 * math.sqrt(1 / 20 + 1 / 3) * float(stats.t.ppf(0.975, 21))
    low, high = 0.01 - half, 0.01 + half
    assert found.expected == (
        "mean test accuracy no more than 0.05 below 0.8000 (20 seeds), and at least 0.65"
    )
    assert found.received.startswith(
        f"0.7900 (3 seeds); drop +0.0100, 95 % interval {low:+.4f} to {high:+.4f}; "
    )
    assert found.interval == f"drop {low:+.3f} to {high:+.3f}, allowed 0.05"
    assert (found.baseline, found.now) == ("0.8000", "0.7900")
    assert found.amount == pytest.approx(0.79)


def test_a_drop_of_exactly_the_allowed_size_is_not_yet_larger_than_it() -> None:
    # Values that binary fractions hold exactly, so that the drop is 1/16 and nothing else.
    old, new = seeds((0.75, 0.8125) * 10), seeds((0.71875,) * 3)
    gate = replace(GATE, allowed_drop_fraction=0.0625)
    assert judge(new, gate, old).outcome is Outcome.INCONCLUSIVE
    assert judge(new, replace(gate, allowed_drop_fraction=0.06), old).outcome is Outcome.REGRESSED


def test_the_question_of_accuracy_is_drawn_as_a_fraction_that_is_better_when_higher() -> None:
    assert ACCURACY.higher_is_better
    assert ACCURACY.amount is not None
    assert ACCURACY.amount(OLD) == pytest.approx(0.80)


def test_curves_of_fewer_seeds_than_there_are_accuracies_are_refused() -> None:
    with pytest.raises(ValueError, match=r"history.val_loss': 1"):
        replace(OLD, history={"val_loss": ((0.5, 0.4),)})
