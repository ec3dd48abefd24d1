from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


# Twenty seeds with a mean of 0.80 and a standard deviation of about 0.02.
BASELINE = [0.78, 0.82] * 10


def with_baseline(project: Project) -> Project:
    """Let the project ask for accuracy alone, against twenty seeds, with an allowed drop of 0.05."""
    project.measured.clear()
    project.measures_accuracies(BASELINE)
    project.update()
    project.change("accuracy-lstm", "gate", allowed_drop_fraction=0.05, floor_fraction=0.6)
    return project


def test_an_improvement_passes_with_a_warning(project: Project) -> None:
    with_baseline(project).measures_accuracies([0.90, 0.91, 0.92])
    result = project.run()
    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*VerdictWarning: accuracy of lstm: improved"])


def test_an_improvement_passes_strict_verdicts_too(project: Project) -> None:
    with_baseline(project).measures_accuracies([0.90, 0.91, 0.92])
    assert project.run("--strict-verdicts").ret == 0


def test_an_inconclusive_verdict_passes_with_a_warning_and_the_answer_is_not_known(
    project: Project,
) -> None:
    with_baseline(project).measures_accuracies([0.75, 0.79])
    result = project.run()
    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*VerdictWarning: accuracy of lstm: inconclusive",
            "Not known: no regression in 1 comparison*accuracy of lstm (inconclusive). To settle it: *",
        ]
    )


def test_strict_verdicts_let_an_inconclusive_one_fail(project: Project) -> None:
    with_baseline(project).measures_accuracies([0.75, 0.79])
    result = project.run("--strict-verdicts")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["accuracy of lstm: inconclusive", "Next: *add seeds"])


def test_strict_verdicts_let_a_pass_pass(project: Project) -> None:
    with_baseline(project).measures_accuracies(BASELINE)
    result = project.run("--strict-verdicts")
    result.assert_outcomes(passed=1, warnings=0)
    assert result.ret == 0


def test_a_regression_fails_without_strict_verdicts(project: Project) -> None:
    with_baseline(project).measures_accuracies([0.70, 0.71, 0.72])
    result = project.run()
    result.assert_outcomes(failed=1)
    assert result.ret == 1


def test_where_warnings_are_errors_the_verdicts_warning_can_be_excepted_by_name(
    project: Project,
) -> None:
    with_baseline(project).measures_accuracies([0.75, 0.79])
    result = project.run("-W", "error", "-W", "default::rnn_suite.plugin.VerdictWarning")
    result.assert_outcomes(passed=1, warnings=1)
