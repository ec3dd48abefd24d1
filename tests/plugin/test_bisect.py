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
    path = project.path / "runs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"set": "first set"}\n' + json.dumps(last) + "\n")


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
    both = {"reference": sys.executable, "changed": []}
    leave_a_record(project, "upgrade-1.jsonl", **both, regressed=["import:all"])
    leave_a_record(project, "upgrade-2.jsonl", **both, regressed=["build:tube", "import:all"])
    leave_a_record(project, "upgrade-3.jsonl", reference="other", changed=[], regressed=["x:y"])
    (project.path / "runs" / "upgrade-4.jsonl").write_text('{"set": "first')
    result = run(project, f"--reference-python={sys.executable}")
    result.stdout.fnmatch_lines(["Received: 'build:tube'"])


def test_a_last_upgrade_without_a_red_question_leaves_nothing_to_bisect(
    project: pytest.Pytester,
) -> None:
    both = {"reference": sys.executable, "changed": []}
    leave_a_record(project, "upgrade-1.jsonl", **both, regressed=["import:all"])
    leave_a_record(project, "upgrade-2.jsonl", **both, regressed=[])
    result = run(project, f"--reference-python={sys.executable}")
    result.stdout.fnmatch_lines(["Nothing to bisect."])


def test_an_unknown_question_is_named_with_those_there_are(project: pytest.Pytester) -> None:
    result = run(project, f"--reference-python={sys.executable}", "--bisect-question=step:tube")
    result.stdout.fnmatch_lines(["Unknown question of an upgrade.", "Received: 'step:tube'"])
    assert "train_step:lstm" in result.stdout.str()


def test_two_environments_that_do_not_differ_are_told_so(project: pytest.Pytester) -> None:
    result = run(
        project, f"--reference-python={sys.executable}", "--bisect-question=train_step:lstm"
    )
    result.stdout.fnmatch_lines(["Nothing to bisect.", "Received: the same in *"])
