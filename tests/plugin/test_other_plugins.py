"""Does the suite get on with what pytest and its plugins are told beside it?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


@pytest.fixture
def two(recorded: Project) -> Project:
    """A project with two questions and their baselines; the first regresses."""
    recorded.measures("parameters-gru", parameters=7)
    recorded.update()
    recorded.measures("parameters-lstm", parameters=101)
    return recorded


def run(project: Project, *arguments: str) -> pytest.RunResult:
    """Run the project's tests with pytest's cache, which `Project.run` leaves out."""
    return project.pytester.runpytest_inprocess(
        *("-p", "rnn_suite.plugin", "--corpus=standin", *arguments),
        *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
    )


def test_x_stops_at_the_first_regression_and_what_was_not_asked_is_named(two: Project) -> None:
    result = run(two, "-x", "--report=out")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert result.outlines[-1] == "Not safe: parameters of lstm regressed (100 -> 101)."
    report: dict[str, Any] = json.loads((two.pytester.path / "out" / "verdicts.json").read_text())
    assert report["finished"] is False
    assert [one["why"] for one in report["unanswered"]] == ["not reached"]


def test_lf_asks_again_what_was_red_and_the_answer_is_about_that_alone(two: Project) -> None:
    assert run(two).ret == 1
    two.measures("parameters-lstm", parameters=100)
    result = run(two, "--lf")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert result.outlines[-1] == "Safe: no regression in 1 comparison (asked was only --lf)."


def test_nf_and_sw_ask_what_they_would_ask_of_any_test(two: Project) -> None:
    run(two, "--sw").assert_outcomes(failed=1)
    two.measures("parameters-lstm", parameters=100)
    run(two, "--sw", "--nf").assert_outcomes(passed=2)


def test_a_rerun_by_name_asks_that_one_question(two: Project) -> None:
    result = run(two, "test_gate.py::test_ask[parameters-gru]")
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_collecting_alone_asks_nothing_and_writes_nothing(two: Project) -> None:
    result = run(two, "--collect-only", "--report=out")
    assert result.ret == 0
    assert not (two.pytester.path / "out").exists()
    assert "Not known" not in result.stdout.str()


@pytest.mark.parametrize("quiet", ["-q", "-qq", "--no-summary", "--no-header"])
def test_the_answer_is_the_last_line_however_quiet_the_run_is(two: Project, quiet: str) -> None:
    assert run(two, quiet).outlines[-1].startswith("Not safe: parameters of lstm regressed")


def test_without_pytests_own_terminal_the_status_and_the_report_stay(two: Project) -> None:
    result = run(two, "-p", "no:terminal", "--report=out")
    assert result.ret == 1
    assert "Not safe" in (two.pytester.path / "out" / "summary.md").read_text()


def test_a_junit_file_is_written_beside_a_report(two: Project) -> None:
    assert run(two, "--junitxml=out/junit.xml", "--report=out").ret == 1
    names = {path.name for path in (two.pytester.path / "out").iterdir()}
    assert names == {"junit.xml", "verdicts.json", "summary.md", "report.html"}


@pytest.mark.parametrize("words", [["-x"], ["-k", "parameters"], ["--lf"], ["--maxfail=2"]])
def test_on_several_processes_the_answer_is_the_same(two: Project, words: list[str]) -> None:
    result = two.pytester.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "xdist.plugin", "-n2", "--corpus=standin", *words)
    )
    assert result.ret != 0
    assert result.outlines[-1] == "Not safe: parameters of lstm regressed (100 -> 101)."
