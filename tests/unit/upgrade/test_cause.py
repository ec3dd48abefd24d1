from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rnn_suite.upgrade.cause import cause_of
from rnn_suite.upgrade.phases import Asked, Values

STEP = Asked("train_step", "lstm")
IMPORT = Asked("import", "all")


def facts(**new: Any) -> Mapping[str, Mapping[str, Any]]:
    """Return facts of an old and a new step which differ in what is given of the new one."""
    old = {
        "operations": {"While": 2, "MatMul": 10, "Add": 30},
        "traces": 1,
        "settings": {"jit_compile": "False", "onednn": "default"},
    }
    return {"old": old, "new": {**old, **new}}


def spent(old: float, new: float) -> tuple[Values, Values]:
    """Return wall and processor seconds of a pair with this many busy threads on either side."""
    return Values(old=(2.0,), new=(3.0,)), Values(old=(2.0 * old,), new=(3.0 * new,))


def cause(
    asked: Asked = STEP,
    *,
    facts: Mapping[str, Mapping[str, Any]] | None = None,
    spent: list[tuple[Values, Values]] | None = None,
    moved: list[str] | None = None,
) -> str:
    return cause_of(asked, facts=facts, spent=spent or [], moved=moved or [])


def test_an_operation_that_is_another_way_of_computing_is_named_with_the_size_of_the_graph() -> (
    None
):
    changed = facts(operations={"CudnnRNNV3": 2, "MatMul": 10, "Add": 30})
    assert cause(facts=changed) == "another kernel: CudnnRNNV3 0 -> 2, While 2 -> 0"


def test_a_graph_of_another_size_is_told_in_operations() -> None:
    changed = facts(operations={"While": 2, "MatMul": 10, "Add": 80})
    assert cause(facts=changed) == "operations in the step's graph 42 -> 92"


def test_another_kernel_in_a_graph_of_another_size_is_told_with_both() -> None:
    changed = facts(operations={"While": 4, "MatMul": 10, "Add": 30})
    assert cause(facts=changed) == (
        "another kernel: While 2 -> 4; operations in the step's graph 42 -> 44"
    )


def test_more_traces_are_told() -> None:
    assert cause(facts=facts(traces=7)) == "traces 1 -> 7"


def test_settings_that_changed_came_or_went_are_told_by_name() -> None:
    changed = facts(settings={"jit_compile": "auto", "tf32": "on"})
    assert cause(facts=changed) == (
        "jit_compile False -> auto; onednn default -> None; tf32 None -> on"
    )


def test_fewer_busy_threads_are_told() -> None:
    assert cause(IMPORT, spent=[spent(1.9, 1.0)]) == "busy threads 1.9 -> 1.0"


def test_busy_threads_that_vary_by_a_few_percent_are_no_cause() -> None:
    assert "busy" not in cause(IMPORT, spent=[spent(1.9, 1.8)])


def test_one_disturbed_pair_does_not_make_other_threads() -> None:
    assert "busy" not in cause(IMPORT, spent=[spent(1.9, 1.9), spent(1.9, 0.1), spent(1.9, 1.9)])


def test_what_takes_no_time_at_all_has_no_threads_to_tell_of() -> None:
    nothing = Values(old=(0.0,), new=(0.0,))
    assert "busy" not in cause(IMPORT, spent=[(nothing, nothing)])


def test_the_same_work_that_got_dearer_is_told_as_that() -> None:
    assert cause(facts=facts(), spent=[spent(1.9, 1.9)]) == (
        "graph, traces, settings and busy threads are alike, so the same work got dearer"
    )


def test_other_questions_that_moved_are_told_last() -> None:
    told = cause(facts=facts(traces=2), spent=[spent(1, 2)], moved=["build:lstm +20.0%", "x"])
    assert told == "traces 1 -> 2; busy threads 1.0 -> 2.0; moved as well: build:lstm +20.0%, x"


@pytest.mark.parametrize("asked", [STEP, IMPORT])
def test_where_nothing_is_known_to_differ_that_is_said(asked: Asked) -> None:
    assert cause(asked) == "nothing else that was looked at differs"


def test_what_is_not_of_a_cell_is_not_held_against_a_cells_step() -> None:
    assert cause(IMPORT, facts=facts()) == "nothing else that was looked at differs"
