from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def test_a_run_that_passes_everything_exits_with_0(recorded: Project) -> None:
    assert recorded.run().ret == 0


def test_a_run_with_a_regression_exits_with_1(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=101)
    assert recorded.run().ret == 1


def test_a_run_that_could_compare_nothing_exits_with_6_and_says_why(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=100, units=5)
    result = recorded.run("-rs")
    result.assert_outcomes(skipped=1)
    assert result.ret == 10
    result.stdout.fnmatch_lines_random(
        [
            "*differing (baseline / now): model.units: 4 / 5*",
            "Not known: nothing was compared.*",
            "A run that compares nothing is no pass: exit status 10.",
        ]
    )


def test_a_run_that_compared_something_exits_with_0_beside_what_it_could_not(
    recorded: Project,
) -> None:
    recorded.measures("parameters-gru", parameters=7)
    recorded.update()
    recorded.measures("parameters-gru", parameters=7, units=5)
    result = recorded.run()
    result.assert_outcomes(passed=1, skipped=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "Not known: no regression in 1 comparison*parameters of gru (not comparable). To settle it: *"
        ]
    )


def test_a_gate_test_that_asks_nothing_is_no_pass(project: Project) -> None:
    project.pytester.makepyfile(test_gate="def test_idle(gate):\n    pass\n")
    result = project.run()
    result.assert_outcomes(passed=1)
    assert result.ret == 10


def test_a_gate_test_that_is_skipped_before_it_asks_is_no_pass(project: Project) -> None:
    project.pytester.makepyfile(
        test_gate="import pytest\n\ndef test_idle(gate):\n    pytest.skip('not today')\n"
    )
    assert project.run().ret == 10


def test_a_test_that_has_no_question_to_ask_passes_without_a_comparison(project: Project) -> None:
    project.pytester.makepyfile(
        test_gate="def test_trained(workbench):\n    assert workbench.run\n"
    )
    result = project.run()
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_a_failure_of_another_test_stays_a_failure_where_nothing_was_compared(
    recorded: Project,
) -> None:
    recorded.measures("parameters-lstm", parameters=100, units=5)
    recorded.pytester.makepyfile(test_other="def test_two():\n    assert 1 + 1 == 3\n")
    assert recorded.run().ret == 1


@pytest.mark.parametrize("arguments", [("-k", "no_such_test"), ("--deselect", "test_gate.py")])
def test_a_run_that_collected_nothing_keeps_pytests_own_status(
    recorded: Project, arguments: tuple[str, ...]
) -> None:
    assert recorded.run(*arguments).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_run_that_was_interrupted_keeps_pytests_own_status(project: Project) -> None:
    project.pytester.makepyfile(test_gate="def test_stop(gate):\n    raise KeyboardInterrupt\n")
    result = project.pytester.runpytest_inprocess(
        "-p", "rnn_suite.plugin", "--corpus=standin", no_reraise_ctrlc=True
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED
