"""The rules about Keras Tuner's searches from their beginning to their end, which may be sudden.

Tiny searches by Hyperband run in processes of their own, left alone and killed. The seed decides a search, a
kill costs no more than the trial it hits, a promoted trial goes on from its parent, and the best model is the
best one. Where a kill falls between the writing of two files, Keras Tuner 1.4.8 does not keep this.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator

from rnn_suite.checks.parts.searches_cut_short import (
    LeftAlone,
    Lives,
    left_alone,
    lives,
)
from rnn_suite.checks.parts.told_searches import State, Told, differences, differing
from rnn_suite.checks.topics._tuner_projects import PROJECTS_OF_RELEASES
from rnn_suite.findings import Finding, equal
from rnn_suite.fresh_process import in_fresh_processes

PROMOTED = "tuner/trial_id"
"""The hyperparameter that names the trial which another goes on from."""


def two_processes_give_one_list_of_trials() -> Iterator[Finding]:
    """Hold two fresh processes against each other: trials, values, scores, the best, and all weights."""
    ours, theirs = _lives().alone, _alone_again()
    yield _same("computed", theirs.computed, ours.computed)
    yield _same("trained", theirs.trained, ours.trained)


def another_seed_gives_another_list_of_trials() -> Iterator[Finding]:
    """Hold the values of two seeds against each other: the other rules would be blind if these agreed."""
    ours, theirs = _lives().alone.computed, _lives().other_seed
    yield equal("values differ", ours.values != theirs.values, True)


def a_search_killed_in_a_trial_ends_as_one_left_alone() -> Iterator[Finding]:
    """Kill a search in each of its trials, and begin it again: that trial is run again, and no other.

    Nor does a kill count as one of the runs that a failing trial may have.
    """
    for killed in _lives().while_running:
        told, alone = killed.told, killed.alone
        yield _same(killed.name, told, alone)
        again = Counter(told.runs) - Counter(alone.runs)
        yield equal(f"{killed.name}, run again", sorted(again.elements()), list(killed.trials))
        yield equal(f"{killed.name}, miscounted", differing(told.counted, alone.counted), [])


def a_search_killed_between_two_files_ends_as_one_left_alone() -> Iterator[Finding]:
    """Kill a search when a trial's file tells of what its own file does not tell of yet, or not wholly."""
    for killed in _lives().between_files:
        yield equal(f"{killed.name}, kills", killed.kills, len(killed.trials))
        yield _same(killed.name, killed.told, killed.alone)


def a_promoted_trial_goes_on_from_the_best_epoch_of_its_parent() -> Iterator[Finding]:
    """Hold its weights and its optimizer, before its first step, against those that its parent had."""
    told = _lives().alone.trained
    promoted = {
        trial: values[PROMOTED] for trial, values in told.values.items() if PROMOTED in values
    }
    yield equal("promoted trials", list(promoted), ["0005", "0006"])
    for trial, parent in promoted.items():
        begun = next(state for state in told.states if state.trial == trial and state.begins)
        *_, last = epochs = _epochs(told, parent.strip("'"))
        best = min(epochs, key=lambda state: state.score)
        yield equal(f"{trial}, weights", begun.weights, best.weights)
        yield equal(f"{trial}, optimizer", begun.optimizer, best.optimizer)
        yield equal(f"{trial}, its parent's last epoch was worse", last.score > best.score, True)


def what_is_lost_with_an_optimizer_built_late_is_told() -> Iterator[Finding]:
    """Say whether a promoted trial keeps Adam's moments where a model's optimizer is built in the first step.

    Most programs build it so. No answer is wrong: `build_model` builds it with the model.
    """
    told = _lives().late
    first = next(state for state in _epochs(told, "0002"))
    yield Finding(
        name="steps behind Adam after a promoted trial's first",
        error=0.0,
        bound=0.0,
        expected="2, or 1 where what its parent learned of the gradients is lost",
        received=str(first.steps),
    )


def the_best_model_is_that_of_the_best_epoch_of_the_best_trial() -> Iterator[Finding]:
    """Read a project in a process that trained nothing, and hold it against what the search knew."""
    told, again = _lives().alone.trained, _lives().read_again
    yield _same("trials", again.told, told)
    scores = {trial: float.fromhex(score) for trial, score in told.scores.items()}
    best = min(scores, key=lambda trial: scores[trial])
    yield equal("the best trial", told.best, best)
    yield equal("its values", again.values, told.values[best])
    *_, last = epochs = _epochs(told, best)
    state = min(epochs, key=lambda state: state.score)
    yield equal("its score", scores[best], state.score)
    yield equal("its last epoch was worse", last.score > state.score, True)
    for part in ("weights", "outputs", "optimizer"):
        yield equal(part, getattr(again.model, part, None), getattr(state, part))


def _same(name: str, received: Told, expected: Told) -> Finding:
    return equal(name, differences(received, expected) or "no difference", "no difference")


def _epochs(told: Told, trial: str) -> list[State]:
    return [state for state in told.states if state.trial == trial and not state.begins]


@functools.cache
def _lives() -> Lives:
    (answer,) = in_fresh_processes(lives)
    return answer


@functools.cache
def _alone_again() -> LeftAlone:
    (answer,) = in_fresh_processes(left_alone)
    return answer


RULES = (
    two_processes_give_one_list_of_trials,
    another_seed_gives_another_list_of_trials,
    a_search_killed_in_a_trial_ends_as_one_left_alone,
    a_search_killed_between_two_files_ends_as_one_left_alone,
    a_promoted_trial_goes_on_from_the_best_epoch_of_its_parent,
    what_is_lost_with_an_optimizer_built_late_is_told,
    the_best_model_is_that_of_the_best_epoch_of_the_best_trial,
    *PROJECTS_OF_RELEASES,
)
