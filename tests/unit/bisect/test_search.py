from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_suite.bisect.search import Answer, Bracket, halve, worst_case_runs


def search(steps: int, first_red: int, unknown: frozenset[int]) -> tuple[Bracket, list[int]]:
    """Return where a change planted at `first_red` was found, and the states that were asked."""
    asked: list[int] = []

    def ask(state: int) -> Answer:
        asked.append(state)
        if state in unknown:
            return Answer.UNKNOWN
        return Answer.RED if state >= first_red else Answer.GOOD

    return halve(steps, ask), asked


@pytest.mark.parametrize(
    ("steps", "runs"),
    [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4), (1024, 10), (1025, 11)],
)
def test_the_worst_case_is_the_logarithm_of_the_steps(steps: int, runs: int) -> None:
    assert worst_case_runs(steps) == runs


@pytest.mark.parametrize("steps", range(1, 40))
def test_a_planted_change_is_found_within_the_worst_case_which_does_occur(steps: int) -> None:
    runs = []
    for first_red in range(1, steps + 1):
        found, asked = search(steps, first_red, frozenset())
        assert found == Bracket(good=first_red - 1, red=first_red)
        runs.append(len(asked))
    assert max(runs) == worst_case_runs(steps)


def test_the_neighbour_of_an_unknown_state_is_asked() -> None:
    found, asked = search(8, 5, frozenset({4}))
    assert found == Bracket(good=3, red=5)
    assert asked[:2] == [4, 5]
    assert not found.narrow


def test_where_no_state_has_an_answer_the_whole_range_is_left() -> None:
    found, asked = search(5, 3, frozenset(range(6)))
    assert found == Bracket(good=0, red=5)
    assert sorted(asked) == [1, 2, 3, 4]


@given(st.data())
def test_unknown_answers_never_lead_to_a_wrong_claim(data: st.DataObject) -> None:
    steps = data.draw(st.integers(1, 60))
    first_red = data.draw(st.integers(1, steps))
    unknown = data.draw(st.frozensets(st.integers(1, steps)))
    found, asked = search(steps, first_red, unknown)
    assert found.good < first_red <= found.red
    assert unknown.issuperset(range(found.good + 1, found.red))
    assert found.narrow or {found.good + 1, found.red - 1} <= unknown
    assert len(asked) == len(set(asked))
    assert {0, steps}.isdisjoint(asked)
    assert len(asked) <= worst_case_runs(steps) + len(unknown.intersection(asked))


@given(st.lists(st.sampled_from(list(Answer)), min_size=1, max_size=20))
def test_answers_that_go_up_and_down_still_give_a_good_state_before_a_red_one(
    answers: list[Answer],
) -> None:
    found = halve(len(answers) + 1, lambda state: answers[state - 1])
    known = [Answer.GOOD, *answers, Answer.RED]
    assert (known[found.good], known[found.red]) == (Answer.GOOD, Answer.RED)
    assert set(known[found.good + 1 : found.red]) <= {Answer.UNKNOWN}
