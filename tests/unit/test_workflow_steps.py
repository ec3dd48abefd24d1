"""Do the longer scripts of the workflows and of the action do what they are for?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipelines import ROOT, step

# As GitHub starts `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
GH = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path

here = Path(os.environ["GH_FOLDER"])
words = sys.argv[1:]
with open(here / "calls", "a") as calls:
    print(json.dumps(words), file=calls)
if words[:2] == ["run", "download"]:
    sys.exit(0 if "RUNNER_TEMP" in os.environ and (here / "temp" / "reports").exists() else 1)
elif words[:2] == ["issue", "list"]:
    print((here / "issues.json").read_text())
elif words[0] == "api" and words[-1].endswith("/comments"):
    print((here / "comments.json").read_text())
elif words[0] == "api" and "repos/o/r/pulls" in words:
    print((here / "pulls.json").read_text())
elif words[0] == "api":
    print('{{"html_url": "https://example.invalid/1"}}')
"""


class Runner:
    """A folder in which a step runs as on GitHub, with a `gh` that notes what it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temp = folder / "temp"
        self.temp.mkdir()
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        self.have("pulls", [{"number": 7, "head": {"sha": "c0ffee"}}])
        self.have("comments", [])
        self.have("issues", [])

    def have(self, name: str, content: Any) -> None:
        """Let GitHub know these pull requests, comments or issues."""
        (self.folder / f"{name}.json").write_text(json.dumps(content))

    def report(self, folder: Path, safety: str, *, finished: bool = True) -> None:
        """Leave a report with this answer."""
        folder.mkdir(parents=True)
        verdicts = {"finished": finished, "answer": {"safety": safety, "line": f"It is {safety}."}}
        (folder / "verdicts.json").write_text(json.dumps(verdicts))
        (folder / "summary.md").write_text(f"# It is {safety}\n")

    def run(self, file: str, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script of a step."""
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "GH_FOLDER": str(self.folder),
            "GH_REPO": "o/r",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.folder),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "step_summary"),
        }
        return subprocess.run(
            [*BASH, step(file, name).run],
            cwd=self.folder,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        """What was asked of `gh`."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [" ".join(json.loads(line)) for line in lines]

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the step."""
        lines = (self.folder / "outputs").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner without any report."""
    return Runner(tmp_path)


needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="GitHub's machines have jq")

MARKER = "<!-- rnn-suite: CI -->"


def comment(runner: Runner, sha: str = "c0ffee") -> str:
    """Run the step that comments, and return what it printed."""
    ended = runner.run(
        "comment.yml",
        "Write or rewrite the comment",
        WORKFLOW="CI",
        RUN_ID="1",
        RUN="run",
        HEAD_SHA=sha,
        HEAD="o:branch",
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@needs_jq
def test_the_first_summary_becomes_a_comment(runner: Runner) -> None:
    runner.report(runner.temp / "reports" / "report-smoke", "safe")
    runner.have("comments", [{"id": 4, "user": {"login": "a person"}, "body": MARKER}])
    comment(runner)
    assert runner.calls[-1].startswith("api --method POST repos/o/r/issues/7/comments")
    assert (runner.temp / "body.md").read_text().startswith(f"{MARKER}\n# It is safe\n")


@needs_jq
def test_later_summaries_rewrite_it(runner: Runner) -> None:
    runner.report(runner.temp / "reports" / "report-smoke", "safe")
    ours = {"id": 5, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER}\nold"}
    runner.have("comments", [ours | {"id": 3, "body": "of another workflow"}, ours])
    comment(runner)
    assert runner.calls[-1].startswith("api --method PATCH repos/o/r/issues/comments/5")


@needs_jq
def test_a_run_of_commits_that_are_no_longer_the_last_writes_no_comment(runner: Runner) -> None:
    runner.report(runner.temp / "reports" / "report-smoke", "safe")
    assert "No open pull request" in comment(runner, sha="decaf")
    assert len(runner.calls) == 1


@needs_jq
def test_a_run_without_a_report_writes_no_comment(runner: Runner) -> None:
    assert "left no report" in comment(runner)


ROWS = [
    f"report-{asked}-{row}"
    for row in ("newest", "pre-release", "nightly")
    for asked in ("behaviour", "upgrade")
]


def tell(runner: Runner, **differing: str) -> str:
    """Run the step that tells of a week, all safe but for what is named, and return the issue's text."""
    for name in ROWS:
        safety = differing.get(name.replace("-", "_"), "safe")
        if safety != "none":
            runner.report(runner.folder / "reports" / name, safety, finished=safety != "cut short")
    ended = runner.run(
        "weekly.yml", "Open, rewrite or close the issue", RUN="https://run", TITLE="Not safe"
    )
    assert ended.returncode == 0, ended.stderr
    return (runner.folder / "body.md").read_text()


@needs_jq
@pytest.mark.parametrize("red", ["not safe", "none", "cut short"])
def test_a_red_row_opens_an_issue(runner: Runner, red: str) -> None:
    body = tell(runner, report_upgrade_nightly=red)
    assert [call for call in runner.calls if call.startswith("issue create")]
    assert ("# It is not safe" in body) == (red == "not safe")
    assert "| newest | behaviour | It is safe. |" in body


@needs_jq
def test_a_week_that_is_red_again_rewrites_the_issue(runner: Runner) -> None:
    runner.have("issues", [{"number": 2, "title": "Other"}, {"number": 3, "title": "Not safe"}])
    tell(runner, report_behaviour_newest="not safe")
    assert runner.calls[-1].startswith("issue edit 3")


@needs_jq
def test_a_week_without_a_red_row_closes_it(runner: Runner) -> None:
    runner.have("issues", [{"number": 3, "title": "Not safe"}])
    tell(runner, report_upgrade_newest="not known")
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
