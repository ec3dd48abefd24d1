from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def run(project: Project, *arguments: str) -> pytest.RunResult:
    return project.pytester.runpytest_subprocess(
        "-p",
        "rnn_suite.plugin",
        "-p",
        "xdist.plugin",
        "-p",
        "no:cacheprovider",
        "--corpus=standin",
        "-n2",
        *arguments,
    )


@pytest.fixture
def two(recorded: Project) -> Project:
    """A project with two questions and their baselines."""
    recorded.measures("parameters-gru", parameters=7)
    recorded.update()
    return recorded


def test_verdicts_of_other_processes_reach_the_table_and_the_answer(two: Project) -> None:
    result = run(two)
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    result.stdout.fnmatch_lines_random(
        [
            "parameters * lstm * 100 * 100 * exact * pass",
            "parameters * gru * 7 * 7 * exact * pass",
            "Safe: no regression in 2 comparisons.",
        ]
    )


def test_a_regression_in_another_process_is_red(two: Project) -> None:
    two.measures("parameters-gru", parameters=8)
    result = run(two)
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["Not safe: parameters of gru regressed (7 -> 8)."])


def test_a_run_that_compared_nothing_in_any_process_exits_with_6(two: Project) -> None:
    two.measures("parameters-lstm", parameters=100, units=5)
    two.measures("parameters-gru", parameters=7, units=5)
    result = run(two)
    result.assert_outcomes(skipped=2)
    assert result.ret == 10


def test_baselines_can_be_recorded_by_several_processes(two: Project) -> None:
    two.measures("parameters-lstm", parameters=50)
    result = run(two, "--update-baselines")
    assert result.ret == 10
    result.stdout.fnmatch_lines_random(
        ["recorded *lstm.json: 100 -> 50", "recorded *gru.json: 7 -> 7"]
    )


def test_what_another_process_found_beside_verdicts_is_told_too(two: Project) -> None:
    two.pytester.makepyfile(
        test_z="from rnn_suite.plugin.shared import REPORTER\n"
        "def test_finds(request):\n"
        "    request.config.stash[REPORTER].found.append('a worker was lost')\n"
    )
    run(two).stdout.fnmatch_lines(["a worker was lost"])
