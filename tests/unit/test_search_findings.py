"""Finished searches are held to their tuner's arithmetic: each rule is seen to break."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rnn_suite.checks.searches import RULES, search_findings
from rnn_suite.search import Search
from rnn_suite.trials import SearchResult
from tests.unit.searches import SEARCH, searched, with_trial

SOUND = searched()


def broken(result: SearchResult, search: Search = SEARCH) -> list[str]:
    return [
        finding.name.removeprefix("search: ")
        for finding in search_findings(search, [SOUND, replace(result, seed=2)]).findings
        if not finding.holds
    ]


def test_a_sound_search_keeps_every_rule() -> None:
    assert broken(SOUND) == []


def test_the_search_that_breaks_a_rule_is_named() -> None:
    wounded = with_trial(replace(SOUND, seed=7), 0, status="FAILED", fault="KeyError: 'x'")
    (told,) = [f for f in search_findings(SEARCH, [SOUND, wounded]).findings if "fails" in f.name]
    assert told.received == "seed 7: 1 others: 0000 FAILED (KeyError: 'x')"


def without_bracket(number: int) -> SearchResult:
    return replace(SOUND, trials=tuple(t for t in SOUND.trials if t.bracket != number))


GOES_ON = "trials_go_on_with_values_and_weights"
ROUNDS = "trials_of_every_round"
EPOCHS = "trials_train_until_they_are_stopped"
BEST = "the_best_trial_is_rebuilt"
HISTORY = SOUND.trials[4].history

FAULTS: list[tuple[str, SearchResult]] = [
    (ROUNDS, without_bracket(0)),
    (ROUNDS, replace(SOUND, trials=SOUND.trials[:-1])),
    (ROUNDS, with_trial(SOUND, 4, epochs=2)),
    ("no_trial_fails", with_trial(SOUND, 0, status="FAILED", score=None, history={})),
    ("no_trial_fails", with_trial(SOUND, 0, status="RUNNING")),
    (
        "values_lie_in_the_space",
        with_trial(SOUND, 5, values=SOUND.trials[5].values | {"units": "17"}),
    ),
    ("values_lie_in_the_space", with_trial(SOUND, 5, values={"units": "16"})),
    ("no_configuration_is_tried_twice", with_trial(SOUND, 5, values=SOUND.trials[4].values)),
    (EPOCHS, with_trial(SOUND, 4, history={n: v[:2] for n, v in HISTORY.items()})),
    ("scores_are_of_the_best_epoch", with_trial(SOUND, 4, score=0.64)),
    ("the_best_of_a_round_go_on", with_trial(SOUND, 3, parent="0000")),
    ("the_best_of_a_round_go_on", with_trial(SOUND, 3, parent="")),
    ("the_best_of_a_round_go_on", with_trial(SOUND, 3, parent="0099")),
    (GOES_ON, with_trial(SOUND, 3, values=SOUND.trials[0].values)),
    (GOES_ON, with_trial(SOUND, 3, first_loss=0.69)),
    (GOES_ON, with_trial(SOUND, 3, first_loss=None)),
    (GOES_ON, with_trial(SOUND, 3, initial_epoch=0)),
    (GOES_ON, with_trial(SOUND, 1, history={})),
    (BEST, replace(SOUND, best=None)),
]


@pytest.mark.parametrize(("rule", "result"), FAULTS)
def test_a_planted_fault_breaks_its_rule(rule: str, result: SearchResult) -> None:
    assert rule in broken(result)


def rebuilt(**changed: Any) -> SearchResult:
    assert SOUND.best is not None
    return replace(SOUND, best=replace(SOUND.best, **changed))


@pytest.mark.parametrize(
    "changed", [{"trial": "0000", "score": 0.7}, {"trial": "0099"}, {"history": {"loss": (0.5,)}}]
)
def test_another_trial_or_another_training_is_not_the_best(changed: dict[str, Any]) -> None:
    assert broken(rebuilt(**changed)) == [BEST]


def test_a_trial_that_is_stopped_as_asked_keeps_the_rule() -> None:
    losses = (0.5, 0.6, 0.7)
    stopped = with_trial(
        SOUND, 4, history={"loss": losses, "val_loss": losses, "val_accuracy": (0.66, 0.6, 0.6)}
    )
    assert broken(stopped, replace(SEARCH, patience=2)) == []
    assert broken(stopped, replace(SEARCH, patience=1)) == [EPOCHS]


def test_a_tuner_without_rounds_makes_the_trials_it_is_allowed() -> None:
    flat = replace(
        SOUND,
        trials=tuple(replace(t, bracket=0, epochs=0) for t in SOUND.trials if not t.parent),
    )
    search = replace(SEARCH, tuner="random", max_trials=5)

    def rounds_hold(asked: Search) -> bool:
        return search_findings(asked, [flat]).findings[0].holds

    for tuner, trials, holds in (
        ("bayesian", 5, True),
        ("bayesian", 6, False),
        ("grid", 5, True),
        ("random", 9, True),
        ("random", 4, False),
    ):
        assert rounds_hold(replace(search, tuner=tuner, max_trials=trials)) is holds


def test_every_rule_is_broken_by_a_fault() -> None:
    assert {rule for rule, _ in FAULTS} == {rule.__name__ for rule in RULES}
