from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def last_line(result: pytest.RunResult) -> str:
    return result.outlines[-1]


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
        ],
        consecutive=True,
    )
    assert last_line(result) == "Safe: no regression in 2 comparisons."


def test_the_summary_names_what_regressed(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=1_234)
    result = recorded.run()
    result.stdout.fnmatch_lines(
        [
            "parameters * lstm * 100 * 1,234 * exact * regressed",
        ],
    )
    assert last_line(result) == "Not safe: parameters of lstm regressed (100 -> 1,234)."


def test_the_summary_is_there_in_quiet_runs_too(recorded: Project) -> None:
    assert last_line(recorded.run("-q")) == "Safe: no regression in 1 comparison."


def test_a_run_that_records_lists_the_files(project: Project) -> None:
    project.measures("parameters-gru", parameters=7)
    result = project.run("--update-baselines")
    result.stdout.fnmatch_lines(
        [
            f"recorded {project.path('parameters-lstm')}: nothing -> 100",
            f"recorded {project.path('parameters-gru')}: nothing -> 7",
        ],
        consecutive=True,
    )
    assert last_line(result) == "Not known: nothing was compared."


def test_each_verdict_is_listed_once_where_a_test_is_run_once(recorded: Project) -> None:
    shown = recorded.run("-v").stdout.str()
    assert shown.count("exact") == 1


def test_colours_say_nothing_that_words_do_not(recorded: Project) -> None:
    recorded.measures("parameters-lstm", parameters=1_234)
    plain, coloured = (recorded.run(f"--color={when}") for when in ("no", "yes"))
    line = "Not safe: parameters of lstm regressed (100 -> 1,234)."
    assert last_line(plain) == line
    assert "\x1b" not in plain.stdout.str()
    assert last_line(coloured) == f"\x1b[31m\x1b[1m{line}\x1b[0m"


def test_no_color_is_heeded(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in recorded.run("--color=auto").stdout.str()
