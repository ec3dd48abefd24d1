from __future__ import annotations

from dataclasses import replace

import pytest

from rnn_suite.questions import SEARCH, Pair
from rnn_suite.questions.search import Searches, SearchGate
from rnn_suite.verdicts import Judgement, Outcome
from tests.unit.searches import searched, with_trial

OLD = Searches(searches=tuple(searched(seed, gain=0.01 * (-1) ** seed) for seed in range(1, 13)))
GATE = SEARCH.propose_gate(OLD)


def judge(*gains: float, gate: SearchGate = GATE) -> Judgement:
    new = Searches(searches=tuple(searched(101 + i, gain=gain) for i, gain in enumerate(gains)))
    (judgement,) = SEARCH.judge([Pair(old=OLD, gate=gate, new=new)])
    return judgement


def test_the_same_best_passes_and_tells_what_it_cost() -> None:
    found = judge(0.0)
    assert found.outcome is Outcome.PASS
    (note,) = found.notes
    assert note == (
        "seed 101: 6 trials, 11 epochs, 14 s, of which the tuner's own 0.5 s a trial; best 0.8000 (lstm), "
        "rebuilt model's test accuracy 0.7600; order of the cells: lstm > gru > simple_rnn"
    )


def test_a_best_far_below_is_a_regression_that_points_at_the_tuner() -> None:
    found = judge(-0.12)
    assert found.outcome is Outcome.REGRESSED
    assert "search_structure" in found.next_step


def test_a_best_far_above_is_an_improvement() -> None:
    assert judge(0.1, 0.1, 0.1).outcome is Outcome.IMPROVED


def test_a_search_that_gave_up_is_below_every_floor() -> None:
    gave_up = replace(with_trial(searched(101), 5, fault="KeyError: 'x'"), best=None)
    (found,) = SEARCH.judge([Pair(old=OLD, gate=GATE, new=Searches(searches=(gave_up,)))])
    assert found.outcome is Outcome.REGRESSED
    assert "it gave up: KeyError: 'x'" in found.notes[0]


def test_a_winner_that_was_never_near_the_best_is_inconclusive() -> None:
    found = judge(0.0, gate=replace(GATE, accepted_winners=("gru",)))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.next_step.startswith("lstm never came near the best")


def test_a_winner_that_was_never_near_the_best_in_every_look_is_a_regression() -> None:
    gate = replace(GATE, accepted_winners=("gru",))
    assert judge(0.0, 0.0, gate=gate).outcome is Outcome.INCONCLUSIVE
    assert judge(0.0, 0.0, 0.0, gate=gate).outcome is Outcome.REGRESSED


def test_a_strange_winner_does_not_hide_a_regression() -> None:
    gate = replace(GATE, accepted_winners=("gru",))
    assert judge(-0.12, gate=gate).outcome is Outcome.REGRESSED


def test_a_proposed_gate_accepts_the_cells_that_came_near_the_best() -> None:
    assert GATE.accepted_winners == ("lstm",)
    wide = with_trial(searched(13), 4, score=0.79)
    gate = SEARCH.propose_gate(Searches(searches=(*OLD.searches, wide)))
    assert gate.accepted_winners == tuple(sorted({"lstm", wide.trials[4].values["rnn_type"]}))


@pytest.mark.parametrize("searches", [(), (searched(1), searched(1))])
def test_searches_are_one_or_more_with_a_seed_each(searches: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match="expected one search or more, a seed each"):
        Searches(searches=searches)  # type: ignore[arg-type]
