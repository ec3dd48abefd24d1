from __future__ import annotations

import json
import sys
from typing import Any

import pytest

TESTS = """
import pytest

@pytest.mark.bisect
def test_bisect(bisected):
    bisected()
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that asks for a bisection and nothing else."""
    pytester.makepyfile(TESTS)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "no:cacheprovider", "--corpus=standin", "-m", "bisect"),
        f"--runs={project.path}/runs",
        *arguments,
    )


def leave_a_record(project: pytest.Pytester, name: str, **last: Any) -> None:
    """Leave what a run of this environment with itself would, `last` apart."""
    path = project.path / "runs" / name
    path.parent.mkdir(exist_ok=True)
    upgrade = {
        "reference": sys.executable,
        "changed": [],
        "corpus": "standin",
        "margin_fraction": 0.1,
        "answered": last.get("regressed", []),
    }
    path.write_text('{"set": "first set"}\n' + json.dumps(upgrade | last) + "\n")


def test_without_the_old_environment_it_is_wrong_use(project: pytest.Pytester) -> None:
    result = run(project)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "--reference-python=PATH" in result.stdout.str() + result.stderr.str()


def test_without_a_question_and_without_a_red_upgrade_there_is_nothing_to_bisect(
    project: pytest.Pytester,
) -> None:
    result = run(project, f"--reference-python={sys.executable}")
    result.assert_outcomes(errors=0, failed=1)
    result.stdout.fnmatch_lines(["Nothing to bisect.", "Next: run -m upgrade first, or name one*"])


def test_the_first_red_question_of_the_last_upgrade_is_taken(project: pytest.Pytester) -> None:
    leave_a_record(project, "upgrade-1.jsonl", regressed=["import:all"])
    leave_a_record(project, "upgrade-2.jsonl", regressed=["build:tube", "import:all"])
    (project.path / "runs" / "upgrade-3.jsonl").write_text('{"set": "first')
    result = run(project, f"--reference-python={sys.executable}")
    result.stdout.fnmatch_lines(["Received: 'build:tube'"])


@pytest.mark.parametrize(
    "other",
    [
        {"reference": "other"},
        {"changed": ["keras 3.0 -> 3.1"]},
        {"corpus": "imdb"},
        {"margin_fraction": 0.2},
    ],
)
def test_what_another_upgrade_called_red_is_not_taken(
    project: pytest.Pytester, other: dict[str, Any]
) -> None:
    leave_a_record(project, "upgrade-1.jsonl", regressed=["build:tube"], **other)
    result = run(project, f"--reference-python={sys.executable}")
    result.stdout.fnmatch_lines(["Nothing to bisect."])


def test_a_later_run_that_did_not_ask_the_red_question_does_not_hide_it(
    project: pytest.Pytester,
) -> None:
    leave_a_record(project, "upgrade-1.jsonl", regressed=["build:tube"])
    leave_a_record(project, "upgrade-2.jsonl", answered=["import:all"], regressed=[])
    result = run(project, f"--reference-python={sys.executable}")
    result.stdout.fnmatch_lines(["Received: 'build:tube'"])


def test_a_last_answer_that_is_not_red_leaves_nothing_to_bisect_and_says_how_many_there_are(
    project: pytest.Pytester,
) -> None:
    leave_a_record(project, "upgrade-1.jsonl", regressed=["import:all"])
    leave_a_record(project, "upgrade-2.jsonl", answered=["import:all", "build:gru"], regressed=[])
    result = run(project, f"--reference-python={sys.executable}")
    result.stdout.fnmatch_lines(
        ["Nothing to bisect.", "Received: *(2 of 28 questions are answered)"]
    )


def test_an_accuracy_without_the_baseline_that_says_how_far_it_may_fall_cannot_be_bisected(
    project: pytest.Pytester,
) -> None:
    result = run(project, f"--reference-python={sys.executable}", "--bisect-question=accuracy:lstm")
    result.stdout.fnmatch_lines(["*accuracy/lstm.json: no such baseline."])


def test_an_unknown_question_is_named_with_those_there_are(project: pytest.Pytester) -> None:
    result = run(project, f"--reference-python={sys.executable}", "--bisect-question=step:tube")
    result.stdout.fnmatch_lines(["Unknown question of an upgrade.", "Received: 'step:tube'"])
    assert "train_step:lstm" in result.stdout.str()


def test_two_environments_that_do_not_differ_are_told_so(project: pytest.Pytester) -> None:
    result = run(
        project, f"--reference-python={sys.executable}", "--bisect-question=train_step:lstm"
    )
    result.stdout.fnmatch_lines(["Nothing to bisect.", "Received: the same in *"])
