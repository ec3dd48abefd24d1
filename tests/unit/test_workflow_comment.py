"""Does the comment on a pull request say what the reports of its run say, and of which commit?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.runners import Runner, needs_jq

MARKER = "<!-- rnn-suite: CI -->"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner without any report."""
    return Runner(tmp_path)


def comment(runner: Runner, sha: str = "c0ffee", conclusion: str = "success") -> str:
    """Run the step that comments, and return what it printed."""
    ended = runner.run(
        "comment.yml",
        "Write or rewrite the comment",
        WORKFLOW="CI",
        RUN_ID="1",
        RUN="run",
        CONCLUSION=conclusion,
        HEAD_SHA=sha,
        HEAD="o:branch",
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def body(runner: Runner) -> str:
    return (runner.temp / "body.md").read_text()


def commented_before(runner: Runner, text: str) -> None:
    """Let there be a comment of this workflow, among others."""
    ours = {"id": 5, "user": {"login": "github-actions[bot]"}, "body": f"{MARKER}\n{text}"}
    runner.have("comments", [ours | {"id": 3, "body": "of another workflow"}, ours])


REWRITES = "api --method PATCH repos/o/r/issues/comments/5"


@needs_jq
def test_the_first_summary_becomes_a_comment(runner: Runner) -> None:
    runner.report(runner.temp / "reports" / "report-smoke", "safe")
    runner.have("comments", [{"id": 4, "user": {"login": "a person"}, "body": MARKER}])
    comment(runner)
    assert runner.calls[-1].startswith("api --method POST repos/o/r/issues/7/comments")
    first, commit, answer = body(runner).split("\n", 2)
    assert first == MARKER
    assert commit == "Commit c0ffee, [report and log](run) of a run that ended with success:"
    assert answer == "\n# It is safe\n"


@needs_jq
def test_later_summaries_rewrite_it(runner: Runner) -> None:
    runner.report(runner.temp / "reports" / "report-smoke", "safe")
    commented_before(runner, "old")
    comment(runner)
    assert runner.calls[-1].startswith(REWRITES)


@needs_jq
def test_a_run_of_commits_that_are_no_longer_the_last_writes_no_comment(runner: Runner) -> None:
    runner.report(runner.temp / "reports" / "report-smoke", "safe")
    assert "No open pull request" in comment(runner, sha="decaf")
    assert len(runner.calls) == 1


@needs_jq
def test_a_run_without_a_report_writes_no_comment(runner: Runner) -> None:
    assert "left no report" in comment(runner)
    assert not [call for call in runner.calls if "--method P" in call]


@needs_jq
@pytest.mark.parametrize("empty", [False, True], ids=["no report", "an empty summary"])
def test_no_older_answer_stands_where_a_newer_run_left_no_report(
    runner: Runner, empty: bool
) -> None:
    commented_before(runner, "Commit decaf: It is safe.")
    if empty:
        (runner.temp / "reports" / "report-smoke").mkdir(parents=True)
        (runner.temp / "reports" / "report-smoke" / "summary.md").touch()
    comment(runner, conclusion="failure")
    assert runner.calls[-1].startswith(REWRITES)
    told = "[run 1](run) of commit c0ffee left no report; it ended with failure."
    assert body(runner) == f"{MARKER}\n**Not known: {told}**\n"


@needs_jq
@pytest.mark.parametrize(("sha", "rewritten"), [("c0ffee", False), ("decaf", True)])
def test_a_run_that_asks_nothing_leaves_the_answer_to_the_same_commit(
    runner: Runner, sha: str, rewritten: bool
) -> None:
    commented_before(runner, f"Commit {sha}: It is safe.")
    comment(runner, conclusion="skipped")
    assert runner.calls[-1].startswith(REWRITES) == rewritten


@needs_jq
def test_a_comment_holds_every_report_of_the_run(runner: Runner) -> None:
    reports = runner.temp / "reports"
    runner.report(reports / "report-b" / "pairs", "safe")
    runner.report(reports / "report-b" / "behaviour", "not safe")
    runner.report(reports / "report-a", "not known")
    comment(runner)
    lines = [line for line in body(runner).splitlines()[2:] if line]
    assert lines == [
        *("## report-a", "# It is not known"),
        *("## report-b/behaviour", "# It is not safe"),
        *("## report-b/pairs", "# It is safe"),
    ]


@needs_jq
def test_long_reports_leave_room_for_the_answers_of_all(runner: Runner) -> None:
    for name in ("report-a", "report-b", "report-c"):
        runner.report(runner.temp / "reports" / name, "safe")
    long = "# It is not safe\n<details>\n" + "ein längerer Satz\n" * 9_000
    (runner.temp / "reports" / "report-b" / "summary.md").write_text(long, encoding="utf-8")
    (runner.temp / "reports" / "report-a" / "summary.md").write_text("It is long. " * 9_000)
    comment(runner)
    found = body(runner)
    assert 40_000 < len(found.encode()) < 65_536
    assert [line for line in found.splitlines() if line.startswith(("#", "It is"))] == [
        *("## report-a", ("It is long. " * 9_000)[:20_000]),
        *("## report-b", "# It is not safe", "## report-c", "# It is safe"),
    ]
    assert found.count("ein") == found.count("ein längerer Satz\n")
    assert found.count("</details>") == 2
