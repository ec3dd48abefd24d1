from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def test_the_summary_has_a_row_a_question_and_ends_with_the_answer(recorded: Project) -> None:
    recorded.measures("parameters-gru", parameters=7)
    recorded.update()
    result = recorded.run()
    result.stdout.fnmatch_lines(
        [
            "*= rnn-suite =*",
            "rnn-suite: tensorflow *, keras *, numpy *",
            "rnn-suite: corpus standin: asked for by name, generated from a seed",
        ],
    )
    result.stdout.fnmatch_lines(
        [
            "question * cell * baseline * now * interval * verdict",
            "parameters * lstm * 100 * 100 * exact * pass",
            "parameters * gru * 7 * 7 * exact * pass",
            "Safe: no regression in 2 comparisons.",
        ],
        consecutive=True,
    )


def test_the_summary_names_what_regressed(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=1_234)
    result = recorded.run()
    result.stdout.fnmatch_lines(
        [
            "parameters * lstm * 100 * 1,234 * exact * regressed",
            "Not safe: parameters of lstm regressed.",
        ],
        consecutive=True,
    )


def test_the_summary_is_there_in_quiet_runs_too(recorded: Project) -> None:
    recorded.run("-q").stdout.fnmatch_lines(["Safe: no regression in 1 comparisons."])


def test_a_run_that_records_lists_the_files(project: Project) -> None:
    project.measures("parameters-gru", parameters=7)
    result = project.run("--update-baselines")
    result.stdout.fnmatch_lines(
        [
            f"recorded {project.path('parameters-lstm')}: nothing -> 100",
            f"recorded {project.path('parameters-gru')}: nothing -> 7",
            "Not known: nothing was compared.",
        ],
        consecutive=True,
    )


def test_each_verdict_is_listed_once_where_a_test_is_run_once(recorded: Project) -> None:
    shown = recorded.run("-v").stdout.str()
    assert shown.count("exact") == 1
