from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest

from rnn_suite.errors import InvalidExperimentError
from rnn_suite.hyperband import (
    Place,
    brackets,
    epochs_trained,
    paper_rounds,
    places,
    promoted,
    promotions,
    promotions_due,
    rounds,
    rounds_of,
    trials_begun,
)
from rnn_suite.trials import TrialResult
from tests.unit import searches

TRIAL = TrialResult(
    trial="0000",
    status="COMPLETED",
    values={},
    bracket=0,
    round=0,
    initial_epoch=0,
    epochs=1,
    parent="",
    score=0.5,
    history={},
    first_loss=None,
    seconds=0.0,
    fit_seconds=0.0,
    fault="",
)


def searched(
    max_epochs: int, factor: int, iterations: int = 1, *, failing: Sequence[int] = ()
) -> list[TrialResult]:
    """Trials as one process runs them; those whose number is in `failing` fail."""
    scores = random.Random(1)  # noqa: S311  # Any scores will do.
    trials: list[TrialResult] = []
    before: list[TrialResult] = []
    size_before = 0
    for planned in rounds(max_epochs, factor, iterations):
        parents = sorted(
            (trial for trial in before if trial.score is not None),
            key=lambda trial: trial.score or 0.0,
            reverse=True,
        )
        first = planned.place.round == 0
        due = planned.trials if first else max(0, len(parents) - size_before + planned.trials)
        before = [
            dataclasses.replace(
                TRIAL,
                trial=f"{len(trials) + number:04}",
                bracket=planned.place.bracket,
                round=planned.place.round,
                initial_epoch=planned.initial_epoch,
                epochs=planned.epochs,
                parent="" if first else parents[number].trial,
                score=None if len(trials) + number in failing else scores.random(),
            )
            for number in range(due)
        ]
        trials += before
        size_before = planned.trials
    return trials


def table(max_epochs: int, factor: int) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for each in rounds(max_epochs, factor):
        found.setdefault(each.place.bracket, []).append((each.trials, each.epochs))
    return found


def test_the_papers_rounds_are_those_of_its_own_example() -> None:
    """R = 81 and eta = 3."""
    found: dict[int, list[tuple[int, int]]] = {}
    for each in paper_rounds(81, 3):
        found.setdefault(each.bracket, []).append((each.configurations, int(each.epochs)))
    assert found == {
        4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        3: [(34, 3), (11, 9), (3, 27), (1, 81)],
        2: [(15, 9), (5, 27), (1, 81)],
        1: [(8, 27), (2, 81)],
        0: [(5, 81)],
    }


def test_the_papers_resource_may_be_a_fraction_of_an_epoch() -> None:
    assert paper_rounds(10, 3)[0].epochs == Fraction(10, 9)


def test_the_notebooks_search_has_thirty_trials_of_120_epochs_in_all() -> None:
    assert table(10, 3) == {2: [(12, 2), (4, 4), (2, 10)], 1: [(6, 4), (2, 10)], 0: [(4, 10)]}
    assert trials_begun(rounds(10, 3)) == 30
    assert epochs_trained(rounds(10, 3)) == 120


def test_a_round_begins_where_the_one_before_it_ended() -> None:
    assert [(each.initial_epoch, each.epochs) for each in rounds(10, 3)] == [
        (0, 2),
        (2, 4),
        (4, 10),
        (0, 4),
        (4, 10),
        (0, 10),
    ]


def test_keras_tuner_departs_from_the_paper_by_budget_sizes_and_epochs() -> None:
    ours, papers = rounds(10, 3), paper_rounds(10, 3)
    assert [each.configurations for each in papers] == [9, 3, 1, 5, 1, 3]
    assert [each.trials for each in ours] == [12, 4, 2, 6, 2, 4]
    assert all(
        each.epochs == math.ceil(paper.epochs) for each, paper in zip(ours, papers, strict=True)
    )


@pytest.mark.parametrize(("max_epochs", "factor"), [(81, 3), (27, 3), (16, 4), (64, 2)])
def test_at_a_power_of_the_factor_only_sizes_are_rounded_otherwise(
    max_epochs: int, factor: int
) -> None:
    for ours, paper in zip(
        rounds(max_epochs, factor), paper_rounds(max_epochs, factor), strict=True
    ):
        assert ours.epochs == paper.epochs
        assert ours.trials == paper.configurations or (
            ours.place.round and ours.trials == paper.configurations + 1
        )


def keras_tuners_floats(max_epochs: int, factor: int) -> dict[int, list[tuple[int, int]]]:
    """What `HyperbandOracle` computes, by its own formulas."""
    brackets, epochs = 0, float(max_epochs)
    while epochs >= 1:
        epochs /= factor
        brackets += 1
    end_size = math.ceil(1 + math.log(max_epochs, factor))
    return {
        s: [
            (
                math.ceil(end_size / (s + 1) * factor ** (s - i)),
                math.ceil(max_epochs / factor ** (s - i)),
            )
            for i in range(s + 1)
        ]
        for s in reversed(range(brackets))
    }


def test_floats_give_the_same_for_every_search_of_a_sensible_length() -> None:
    for factor in range(2, 11):
        for max_epochs in range(1, 301):
            assert table(max_epochs, factor) == keras_tuners_floats(max_epochs, factor)


def test_a_logarithm_that_is_off_does_no_harm_at_243_and_does_at_15625() -> None:
    assert math.log(243, 3) < 5
    assert table(243, 3) == keras_tuners_floats(243, 3)
    assert math.log(15625, 5) > 6
    assert table(15625, 5)[0] == [(7, 15625)]
    assert keras_tuners_floats(15625, 5)[0] == [(8, 15625)]


def test_every_iteration_goes_through_all_brackets() -> None:
    once, twice = rounds(9, 3), rounds(9, 3, iterations=2)
    assert twice[: len(once)] == once
    assert [each.place.iteration for each in twice] == [0] * len(once) + [1] * len(once)
    assert trials_begun(twice) == 2 * trials_begun(once) == 46


def test_a_single_epoch_is_random_search() -> None:
    assert table(1, 3) == {0: [(1, 1)]}


@pytest.mark.parametrize(("max_epochs", "factor"), [(0, 3), (10, 1)])
def test_what_cannot_be_shared_out_is_an_error(max_epochs: int, factor: int) -> None:
    with pytest.raises(InvalidExperimentError, match="factor 2 or more"):
        rounds(max_epochs, factor)


def test_the_highest_scores_are_promoted_and_the_first_of_equal_ones() -> None:
    assert promoted({"0": 0.5, "1": 0.7, "2": 0.7, "3": 0.6}, 3) == ("1", "2", "3")
    assert promoted({"0": 0.5}, 0) == ()


def test_each_failed_trial_is_one_fewer_in_the_next_round() -> None:
    first, second, *_ = rounds(9, 3)
    assert [promotions_due(done, of=first, to=second) for done in (9, 8, 6, 2)] == [3, 2, 0, 0]


@pytest.mark.parametrize(("max_epochs", "factor"), [(10, 3), (3, 3), (27, 3), (16, 4), (1, 2)])
@pytest.mark.parametrize("iterations", [1, 2])
def test_a_search_as_planned_makes_up_the_planned_rounds(
    max_epochs: int, factor: int, iterations: int
) -> None:
    trials = searched(max_epochs, factor, iterations)
    assert rounds_of(trials, max_epochs, factor) == rounds(max_epochs, factor, iterations)


def test_a_trial_with_an_epoch_too_many_makes_up_a_round_of_its_own() -> None:
    trials = searched(9, 3)
    trials[3] = dataclasses.replace(trials[3], epochs=2)
    found = rounds_of(trials, 9, 3)
    assert [(each.trials, each.epochs) for each in found[:2]] == [(8, 1), (1, 2)]


def test_a_trial_that_goes_on_belongs_to_the_bracket_of_the_one_it_goes_on_from() -> None:
    trials = searched(9, 3)
    # With several workers the next bracket has begun when a trial goes on.
    astray = [
        dataclasses.replace(trial, bracket=trial.bracket - 1) if trial.parent else trial
        for trial in trials
    ]
    assert places(astray, 9, 3) == places(trials, 9, 3)
    assert places(trials, 9, 3)["0009"] == Place(iteration=0, bracket=2, round=1)


def test_who_went_on_is_who_ought_to_have() -> None:
    for made in promotions(searched(27, 3, 2), 27, 3, 2):
        assert made.promoted == made.best != ()


def test_who_went_on_after_failures_is_who_ought_to_have() -> None:
    found = promotions(searched(9, 3, failing=(0, 4)), 9, 3)
    assert [made.promoted for made in found] == [made.best for made in found]
    assert [len(made.best) for made in found] == [1, 0, 2]


def test_a_trial_that_went_on_in_the_place_of_a_better_one_is_seen() -> None:
    trials = searched(9, 3)
    worst = min(trials[:9], key=lambda trial: trial.score or 0.0).trial
    trials[9] = dataclasses.replace(trials[9], parent=worst)
    first = promotions(trials, 9, 3)[0]
    assert worst in first.promoted
    assert worst not in first.best


def test_a_trial_that_goes_on_belongs_to_the_bracket_it_comes_from() -> None:
    trials = [
        searches.trial(0, (0.7,), bracket=1, epochs=1),
        searches.trial(1, (0.8,), bracket=0, epochs=3, round=1, parent="0000"),
        searches.trial(2, (0.6,), bracket=0, epochs=3),
    ]
    assert brackets(trials) == {"0000": 1, "0001": 1, "0002": 0}
