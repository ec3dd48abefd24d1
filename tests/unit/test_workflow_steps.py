"""Do the longer scripts of the workflows and of the action do what they are for?"""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.unit.runners import Runner, needs_jq


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner without any report."""
    return Runner(tmp_path)


ROWS = [
    f"report-{asked}-{row}"
    for row in ("newest", "pre-release", "nightly")
    for asked in ("behaviour", "upgrade")
]


NOTHING_COMPARED = {"verdicts": [{"verdict": {"outcome": "not comparable"}}] * 2}
WITHOUT_AN_ANSWER = {"unanswered": [{"test": "test_x", "why": "not reached"}]}


def tell(runner: Runner, name: str = "", safety: str = "safe", **differing: Any) -> str:
    """Run the step that tells of a week, all safe but for the report `name`, and return the issue's text."""
    for row in ROWS:
        folder = runner.folder / "reports" / row
        if row != name:
            runner.report(folder, "safe")
        elif safety != "none":
            runner.report(folder, safety, **differing)
    ended = runner.run(
        "weekly.yml", "Open, rewrite or close the issue", RUN="https://run", TITLE="Not safe"
    )
    assert ended.returncode == 0, ended.stderr
    return (runner.folder / "body.md").read_text()


@needs_jq
@pytest.mark.parametrize(
    ("safety", "differing", "line"),
    [
        ("not safe", {}, "It is not safe."),
        ("none", {}, "No report: see the run's log."),
        ("safe", {"finished": False}, "Cut short. It is safe."),
        ("not known", {"finished": False}, "Cut short. It is not known."),
        ("not known", NOTHING_COMPARED, "It is not known."),
        ("not known", {"verdicts": []}, "It is not known."),
        ("not known", WITHOUT_AN_ANSWER, "It is not known."),
        ("not known", {"answer": "?"}, "The report is damaged."),
    ],
)
def test_a_row_without_a_good_answer_opens_an_issue(
    runner: Runner, safety: str, differing: dict[str, Any], line: str
) -> None:
    text = tell(runner, "report-upgrade-nightly", safety, **differing)
    assert [call for call in runner.calls if call.startswith("issue create")]
    assert "| newest | behaviour | It is safe. |" in text
    assert f"| nightly | upgrade | {line} |" in text
    assert ("# nightly, upgrade\n\n# It is" in text) == (safety != "none")


@needs_jq
def test_a_week_that_is_red_again_rewrites_the_issue(runner: Runner) -> None:
    runner.have("issues", [{"number": 2, "title": "Other"}, {"number": 3, "title": "Not safe"}])
    tell(runner, "report-behaviour-newest", "not safe")
    assert runner.calls[-1].startswith("issue edit 3")


@needs_jq
@pytest.mark.parametrize("safety", ["safe", "not known"])
def test_a_week_in_which_every_row_is_answered_closes_it(runner: Runner, safety: str) -> None:
    runner.have("issues", [{"number": 3, "title": "Not safe"}])
    tell(runner, "report-upgrade-newest", safety)
    assert runner.calls[-1].startswith("issue close 3")


@needs_jq
def test_where_nothing_was_red_and_nothing_is_no_issue_is_touched(runner: Runner) -> None:
    tell(runner)
    assert len(runner.calls) == 1


def test_the_action_installs_the_suite_and_hands_on_the_status_of_its_gate(runner: Runner) -> None:
    # In the new environment's sight lies what this one has, since nothing is downloaded here.
    outside = {"PYTHONPATH": sysconfig.get_path("purelib"), "PIP_NO_INDEX": "1"}
    (runner.folder / "bin" / "python").symlink_to(sys.executable)
    words = "--no-deps --no-build-isolation"
    installed = runner.run(
        "action.yml", "Install", CANDIDATE=words, REFERENCE="", EXTRAS="report", **outside
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    asked = runner.run(
        "action.yml",
        "Ask",
        MARKER="smoke",
        CORPUS="standin",
        BASELINES="",
        REPORT="report",
        PYTEST_ADDOPTS="-k 'not test'",
        **outside,
    )
    assert asked.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, asked.stdout + asked.stderr
    assert " deselected" in asked.stdout
    assert runner.outputs["status"] == "5"
    assert runner.outputs["safety"] == "not known"
    assert runner.outputs["answer"].startswith("Not known")
    assert Path(runner.outputs["report"], "summary.md").exists()


ASKING = """#!/bin/bash
if [ "$1" = - ]; then exec {python} "$@"; fi
mkdir -p "$GITHUB_WORKSPACE/$REPORT"
if [ -n "$LEFT" ]; then printf '%s' "$LEFT" > "$GITHUB_WORKSPACE/$REPORT/verdicts.json"; fi
exit 1
"""


@pytest.mark.parametrize(
    ("said", "finished", "safety", "answer"),
    [
        ("not safe", False, "not safe", "It is not safe."),
        ("not safe", True, "not safe", "It is not safe."),
        ("safe", True, "safe", "It is safe."),
        (
            *("safe", False, "not known"),
            "Not known: the run did not come to its end. Until then: It is safe.",
        ),
        ("", True, "not known", "Not known: no report, exit status 1."),
    ],
)
def test_the_action_hands_on_an_answer_that_holds_and_nothing_that_stands_in_it(
    runner: Runner, said: str, finished: bool, safety: str, answer: str
) -> None:
    line = f"It is\nsafety=safe\n {said}."
    left = {"finished": finished, "answer": {"safety": said, "line": line}}
    (runner.temp / "rnn-suite" / "new" / "bin").mkdir(parents=True)
    runner.program("../temp/rnn-suite/new/bin/python", ASKING.replace("{python}", sys.executable))
    asked = runner.run(
        "action.yml",
        "Ask",
        MARKER="smoke",
        CORPUS="standin",
        BASELINES="",
        REPORT="one\nsafety=safe",
        LEFT=json.dumps(left) if said else "",
    )
    assert asked.returncode == 1, asked.stderr
    assert runner.outputs == {
        "status": "1",
        "safety": safety,
        "answer": answer.replace("It is", "It is safety=safe"),
        "report": f"{runner.folder}/one\nsafety=safe",
    }


@pytest.mark.parametrize(("status", "ends_with"), [(10, 0), (1, 1), (0, 0), (5, 1)])
@pytest.mark.parametrize(
    ("file", "name"), [("ci.md", "Record"), ("gitlab-ci.yml, record-own-model", "script")]
)
def test_the_recipes_for_an_own_model_take_recorded_for_success_and_nothing_else(
    runner: Runner, file: str, name: str, status: int, ends_with: int
) -> None:
    runner.program("pip", "#!/bin/bash\n")
    runner.program("pytest", f"#!/bin/bash\nexit {status}\n")
    assert runner.run(file, name).returncode == ends_with
