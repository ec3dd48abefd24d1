from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def test_a_missing_baseline_is_red_and_names_the_option_that_records_one(
    project: Project,
) -> None:
    result = project.run()
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            f"*{project.path('parameters-lstm')}: no such baseline.",
            "*Expected: a recorded answer to parameters",
            "*Received: nothing",
            "*Next: *--update-baselines*",
        ]
    )


def test_a_missing_baseline_is_shown_without_a_traceback(project: Project) -> None:
    shown = project.run().stdout.str()
    assert "Traceback" not in shown
    assert "def test_ask" not in shown


def test_recording_compares_nothing_so_it_is_no_pass(project: Project) -> None:
    result = project.run("--update-baselines")
    result.assert_outcomes(skipped=1)
    assert result.ret == 10
    assert project.path("parameters-lstm").exists()


def test_the_recorded_number_passes(recorded: Project) -> None:
    result = recorded.run()
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_another_number_is_red_in_four_parts(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=103)
    result = recorded.run()
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "parameters of lstm: regressed",
            "Expected: 100 parameters, give or take 0*lstm.json]",
            "Received: 103 parameters",
            "Next: compare the layers' weight shapes*",
        ],
        consecutive=True,
    )
    assert f"[{recorded.path('parameters-lstm')}]" in result.stdout.str()


def test_a_gate_that_a_person_widens_lets_the_number_pass(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=103)
    recorded.change("parameters-lstm", "gate", allowed_difference=3)
    assert recorded.run().ret == 0


def test_a_gate_that_a_person_tightens_is_red_on_the_same_number(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=103)
    recorded.change("parameters-lstm", "gate", allowed_difference=3)
    assert recorded.run().ret == 0
    recorded.change("parameters-lstm", "gate", allowed_difference=2)
    assert recorded.run().ret == 1


def test_recording_anew_keeps_the_gate_and_shows_old_beside_new(recorded: Project) -> None:
    recorded.change("parameters-lstm", "gate", allowed_difference=3)
    recorded.measures("parameters-lstm", parameters=200)
    result = recorded.run("--update-baselines")
    result.stdout.fnmatch_lines([f"recorded {recorded.path('parameters-lstm')}: 100 -> 200"])
    recorded.measures("parameters-lstm", parameters=203)
    assert recorded.run().ret == 0
    recorded.measures("parameters-lstm", parameters=204)
    assert recorded.run().ret == 1


def test_recording_for_the_first_time_shows_nothing_beside_new(project: Project) -> None:
    result = project.run("--update-baselines")
    result.stdout.fnmatch_lines(["recorded *lstm.json: nothing -> 100"])


def test_a_damaged_baseline_is_red_and_says_so(recorded: Project) -> None:
    path = recorded.path("parameters-lstm")
    path.write_text(path.read_text()[:200])
    result = recorded.run()
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"Damaged baseline. {path}: is not JSON*"])
    assert "Traceback" not in result.stdout.str()


def test_recording_over_a_damaged_baseline_is_red_and_leaves_it(recorded: Project) -> None:
    path = recorded.path("parameters-lstm")
    path.write_text("{")
    result = recorded.run("--update-baselines")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    assert path.read_text() == "{"


def test_baselines_lie_in_the_folder_that_is_named(project: Project) -> None:
    result = project.run("--baselines=elsewhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*elsewhere: no such folder.", "Next: *--update-baselines"])
    assert project.run("--update-baselines", "--baselines=elsewhere").ret == 10
    assert not project.path("parameters-lstm").exists()
    assert project.run("--baselines=elsewhere").ret == 0
    assert project.run().ret == 1


def test_one_red_question_among_green_ones_is_red(recorded: Project) -> None:
    recorded.measures("parameters-gru", parameters=7)
    recorded.update()
    recorded.measures("parameters-gru", parameters=8)
    result = recorded.run()
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1
