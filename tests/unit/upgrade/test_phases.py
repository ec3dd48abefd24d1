from __future__ import annotations

import math

import pytest

from rnn_suite.errors import MeasurementError
from rnn_suite.models import CELLS
from rnn_suite.upgrade.phases import PHASES, Asked, Limits, Scale, Values, limits

STEP = Asked("train_step", "lstm")
BUILD = Asked("build", "lstm")
ACCURACY = Asked("accuracy", "lstm")


def pairs(old: float, count: int = 3) -> list[Values]:
    return [Values(old=(old,), new=(2 * old,))] * count


def limits_of(asked: Asked, found: list[Values]) -> Limits:
    return limits(asked, found, fraction=0.1, drop=0.02)


def test_a_ratio_is_the_logarithm_of_new_over_old() -> None:
    assert Values(old=(0.1,), new=(0.11,)).difference(Scale.RATIO) == pytest.approx(math.log(1.1))


def test_twice_as_slow_and_twice_as_fast_are_equally_far_from_none() -> None:
    slow, fast = Values(old=(1.0,), new=(2.0,)), Values(old=(2.0,), new=(1.0,))
    assert slow.difference(Scale.RATIO) == -fast.difference(Scale.RATIO) > 0


def test_a_fall_of_an_accuracy_is_positive() -> None:
    assert Values(old=(0.8,), new=(0.75,)).difference(Scale.DROP) == pytest.approx(0.05)


def test_one_disturbed_repeat_of_a_process_does_not_count() -> None:
    assert Values(old=(1.0, 1.0, 1.0), new=(1.0, 90.0, 1.0)).difference(Scale.RATIO) == 0.0


@pytest.mark.parametrize("values", [(1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1.0, -1.0)])
def test_there_is_no_ratio_of_what_is_not_above_0(values: tuple[float, float]) -> None:
    old, new = values
    with pytest.raises(MeasurementError, match=f"no ratio of {new} to {old}"):
        Values(old=(old,), new=(new,)).difference(Scale.RATIO)


def test_there_is_no_ratio_of_what_is_no_number() -> None:
    with pytest.raises(MeasurementError, match="no ratio of nan to 1"):
        Values(old=(1.0,), new=(math.nan,)).difference(Scale.RATIO)


def test_an_accuracy_of_0_is_a_number_like_any_other() -> None:
    assert Values(old=(0.0,), new=(0.0,)).difference(Scale.DROP) == 0.0


def test_a_step_is_held_to_the_fraction_whatever_its_size() -> None:
    for old in (1e-6, 0.1, 1e3):
        held = limits_of(STEP, pairs(old))
        assert held.harm == pytest.approx(math.log(1.1))
        assert held.red == pytest.approx(math.log(1.05))


def test_what_is_paid_once_is_held_to_the_fraction_where_half_of_that_is_not_negligible() -> None:
    assert limits_of(BUILD, pairs(3.0)) == limits_of(STEP, pairs(3.0))


def test_what_is_paid_once_and_small_is_red_where_it_grew_by_what_is_negligible() -> None:
    held = limits_of(BUILD, pairs(0.05))
    assert 0.05 * math.exp(held.red) == pytest.approx(0.05 + BUILD.row.negligible)
    assert 0.05 * math.exp(held.harm) == pytest.approx(0.05 + 2 * BUILD.row.negligible)


def test_the_old_size_is_the_middle_one_of_the_pairs() -> None:
    assert limits_of(BUILD, [*pairs(0.05), *pairs(9.0, count=2)]) == limits_of(BUILD, pairs(0.05))


def test_the_new_size_does_not_move_the_limits() -> None:
    worse = [Values(old=(0.05,), new=(500.0,))] * 3
    assert limits_of(BUILD, worse) == limits_of(BUILD, pairs(0.05))


def test_an_accuracy_may_fall_by_the_allowed_drop_and_no_more() -> None:
    assert limits_of(ACCURACY, pairs(0.8)) == Limits(harm=0.02, red=0.02)


def test_an_accuracy_that_may_not_fall_at_all_is_held_to_a_few_reviews() -> None:
    held = limits(ACCURACY, pairs(0.8), fraction=0.1, drop=0.0)
    assert 0 < held.red <= held.harm < 0.01


def test_a_phase_of_cells_has_each_cell_and_one_of_the_process_has_all() -> None:
    assert PHASES["train_step"].subjects == tuple(CELLS)
    assert PHASES["import"].subjects == ("all",)


def test_accuracies_fall_and_everything_else_grows() -> None:
    falling = [phase.name for phase in PHASES.values() if phase.scale is Scale.DROP]
    assert falling == ["accuracy"]


def test_what_is_trained_from_seeds_has_no_unit_of_time() -> None:
    units = {phase.name: phase.unit for phase in PHASES.values() if phase.quality}
    assert units == {"final_loss": "", "accuracy": "fraction"}


def test_a_question_is_named_by_phase_and_subject() -> None:
    assert str(STEP) == "train_step:lstm"
    assert STEP.row is PHASES["train_step"]
