from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rnn_suite.report import drifts
from rnn_suite.report.write import own_folder, write_report
from rnn_suite.run_report import read_run
from tests.plugin.conftest import CONFTEST

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


def written(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "verdicts.json").read_text())
    return content


def outcomes(content: dict[str, Any]) -> dict[str, str]:
    return {
        f"{v['question']}-{v['cell']}": v["outcome"]
        for v in (reported["verdict"] for reported in content["verdicts"])
    }


@pytest.fixture
def two(recorded: Project) -> Project:
    """A project with two questions and their baselines."""
    recorded.measures("parameters-gru", parameters=7)
    recorded.update()
    return recorded


def test_the_three_files_say_the_same(two: Project) -> None:
    two.measures("parameters-gru", parameters=8)
    result = two.run("--report=out")
    folder = two.pytester.path / "out"
    assert {path.name for path in folder.iterdir()} == {
        "verdicts.json",
        "summary.md",
        "report.html",
    }
    content = written(folder)
    assert content["finished"] is True
    assert content["answer"]["safety"] == "not safe"
    assert outcomes(content) == {"parameters-lstm": "pass", "parameters-gru": "regressed"}
    line = content["answer"]["line"]
    assert line == "Not safe: parameters of gru regressed (7 -> 8)."
    for name in ("summary.md", "report.html"):
        text = (folder / name).read_text()
        assert "Not safe" in text
        assert "arameters of gru regressed (7 -&gt; 8)." in text
    result.stdout.fnmatch_lines(["Report: *out/report.html"])
    assert result.ret == 1


def test_a_verdict_is_written_with_what_it_rests_on(two: Project) -> None:
    two.run("--report=out")
    evidence = written(two.pytester.path / "out")["verdicts"][0]["verdict"]["evidence"]["baseline"]
    assert evidence["old"]["measured"] == evidence["new"]["measured"] == {"parameters": 100}
    assert evidence["new"]["environment"]["keras"] == "3.15.1"


def test_old_and_new_versions_stand_side_by_side(two: Project) -> None:
    two.change("parameters-lstm", "environment", keras="3.12.0")
    two.run("--report=out")
    versions = {v["name"]: v for v in written(two.pytester.path / "out")["versions"]}
    assert versions["keras"] == {"name": "keras", "old": "3.12.0; 3.15.1", "new": "3.15.1"}


def test_a_question_without_an_answer_is_told_with_its_reason(two: Project) -> None:
    two.path("parameters-gru").unlink()
    two.run("--report=out")
    content = written(two.pytester.path / "out")
    (unanswered,) = content["unanswered"]
    assert unanswered["test"].endswith("[parameters-gru]")
    assert "no such baseline" in unanswered["why"]
    assert content["answer"]["safety"] == "not known"
    assert content["finished"] is True


def test_a_run_that_stops_at_the_first_failure_is_unfinished(two: Project) -> None:
    two.measures("parameters-lstm", parameters=1)
    two.run("--report=out", "-x")
    content = written(two.pytester.path / "out")
    assert content["finished"] is False
    assert content["unanswered"] == [
        {"test": "test_gate.py::test_ask[parameters-gru]", "why": "not reached"}
    ]
    assert content["answer"]["safety"] == "not safe"


def test_a_run_that_is_killed_leaves_what_it_measured_marked_unfinished(two: Project) -> None:
    two.pytester.makepyfile(
        test_z="import os, signal\ndef test_dies(gate):\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    result = two.pytester.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "no:cacheprovider"), "--corpus=standin", "--report=out"
    )
    assert result.ret == -9
    folder = two.pytester.path / "out"
    content = written(folder)
    assert content["finished"] is False
    assert outcomes(content) == {"parameters-lstm": "pass", "parameters-gru": "pass"}
    assert content["unanswered"] == [{"test": "test_z.py::test_dies", "why": "not reached"}]
    assert "nfinished" in (folder / "summary.md").read_text()
    assert "nfinished" in (folder / "report.html").read_text()


def test_a_run_that_ends_before_its_first_verdict_leaves_no_older_report(two: Project) -> None:
    two.run("--report=out")
    two.pytester.makepyfile(
        test_a="import pytest\ndef test_stops(gate):\n    pytest.exit('enough')\n"
    )
    two.run("--report=out")
    content = written(two.pytester.path / "out")
    assert content["verdicts"] == []
    assert content["finished"] is False


def test_verdicts_of_several_processes_are_in_one_report(two: Project) -> None:
    two.pytester.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider"),
        *("--corpus=standin", "-n2", "--report=out"),
    )
    content = written(two.pytester.path / "out")
    assert outcomes(content) == {"parameters-lstm": "pass", "parameters-gru": "pass"}
    assert all(reported["verdict"]["evidence"] for reported in content["verdicts"])
    assert content["finished"] is True


def test_a_folder_that_cannot_be_written_is_wrong_use_before_anything_runs(two: Project) -> None:
    (two.pytester.path / "out").write_text("a file")
    result = two.run("--report=out")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*out: no report can be written here: *", "*--report=DIR*"])


def test_a_second_run_that_would_write_into_the_same_folder_is_refused(two: Project) -> None:
    with own_folder(two.pytester.path / "out"):
        result = two.run("--report=out")
        assert result.ret == 4
        result.stderr.fnmatch_lines(["*another run writes its own*", "*--report=DIR*"])
    assert two.run("--report=out").ret == 0


def test_a_run_that_is_killed_before_it_collects_leaves_no_older_report(two: Project) -> None:
    two.run("--report=out")
    two.pytester.makeconftest("import os\ndef pytest_sessionstart(session):\n    os._exit(7)\n")
    result = two.pytester.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "no:cacheprovider"), "--corpus=standin", "--report=out"
    )
    assert result.ret == 7
    content = written(two.pytester.path / "out")
    assert (content["finished"], content["verdicts"]) == (False, [])
    assert content["answer"]["safety"] == "not known"
    for name in ("summary.md", "report.html"):
        assert "nfinished" in (two.pytester.path / "out" / name).read_text()


@pytest.mark.parametrize(
    "end", ["raise KeyboardInterrupt", "raise RuntimeError('a fault of a plugin')"]
)
def test_a_run_that_is_interrupted_is_unfinished_though_all_was_asked(
    two: Project, end: str
) -> None:
    two.pytester.makeconftest(
        CONFTEST + "\ndef pytest_runtest_logfinish(nodeid):\n"
        f"    if 'gru' in nodeid:\n        {end}\n"
    )
    result = two.pytester.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "no:cacheprovider"), "--corpus=standin", "--report=out"
    )
    assert result.ret in (2, 3)
    content = written(two.pytester.path / "out")
    assert len(content["verdicts"]) == 2
    assert content["finished"] is False


def test_a_fault_of_one_writer_costs_neither_the_others_nor_the_run(
    two: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> list[str]:
        raise ZeroDivisionError("in a figure")

    monkeypatch.setattr(drifts, "drift_lines", fails)
    result = two.run("--report=out", "--history=history.jsonl")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["The history was not written, *: ZeroDivisionError: in a figure"])
    content = written(two.pytester.path / "out")
    assert content["finished"] is True
    assert "ZeroDivisionError" in content["told"][0]


def test_what_cannot_be_written_during_the_run_does_not_end_it(
    two: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write_report
    written_before: list[bool] = []

    def sometimes(*values: Any, figures: bool = True, **named: Any) -> None:
        written_before.append(figures)
        if len(written_before) > 1 and not figures:
            raise OSError("the disk was full for a while")
        real(*values, figures=figures, **named)

    monkeypatch.setattr("rnn_suite.plugin.report.write_report", sometimes)
    assert two.run("--report=out").ret == 0
    assert written(two.pytester.path / "out")["finished"] is True


def test_words_that_are_no_utf_8_do_not_cost_the_report(
    two: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = two.pytester.path / "step.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    two.pytester.makepyfile(test_z="def test_fails(gate):\n    raise OSError('caf\\udce9.npz')\n")
    two.run("--report=out")
    assert "OSError: caf" in (two.pytester.path / "out" / "report.html").read_text()
    assert "udce9" in read_run(two.pytester.path / "out" / "verdicts.json").unanswered[0].why
    assert "udce9" in step.read_text()


@pytest.mark.parametrize("option", ["--report=", "--history=", "--runs=", "--baselines="])
def test_an_empty_path_is_wrong_use(two: Project, option: str) -> None:
    result = two.run(option)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*expected a path, received nothing*"])


def test_a_report_that_cannot_be_written_in_the_end_fails_the_run(two: Project) -> None:
    two.pytester.makepyfile(
        test_z="import shutil\ndef test_removes():\n    shutil.rmtree('out')\n"
        "    open('out', 'w').close()\n"
    )
    result = two.run("--report=out")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*out/verdicts.json*"])


def test_without_the_option_nothing_is_written(two: Project) -> None:
    before = {path.name for path in two.pytester.path.iterdir()}
    two.run()
    assert {path.name for path in two.pytester.path.iterdir()} - {"__pycache__"} == before - {
        "__pycache__"
    }


def test_the_workers_and_the_junit_file_carry_no_evidence(two: Project) -> None:
    two.run("--junitxml=junit.xml")
    text = (two.pytester.path / "junit.xml").read_text()
    assert "rnn_suite_verdict" in text
    assert "environment" not in text


def test_github_is_told_what_is_red_and_given_the_summary(
    two: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = two.pytester.path / "step.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    two.measures("parameters-gru", parameters=8)
    result = two.run()
    result.stdout.fnmatch_lines(["::error title=parameters of gru%3A regressed::*"])
    assert path.read_text().startswith("**Not safe: ")


def test_elsewhere_nothing_of_github_is_written(
    two: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    two.measures("parameters-gru", parameters=8)
    assert not re.search("^::error", two.run().stdout.str(), re.MULTILINE)


def test_every_run_is_a_line_of_the_history(two: Project) -> None:
    for _ in range(2):
        two.run("--history=kept/history.jsonl")
    lines = (two.pytester.path / "kept" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["answer"] for line in lines] == ["safe", "safe"]
    assert [v["amount"] for v in json.loads(lines[-1])["verdicts"]] == [100, 7]


def test_what_the_history_shows_is_told_and_stands_in_the_report(two: Project) -> None:
    result = two.run("--history=history.jsonl", "--report=out")
    result.stdout.fnmatch_lines(["No drift can be told yet: *"])
    assert "No drift can be told yet" in (two.pytester.path / "out/report.html").read_text()


def test_a_run_that_records_is_no_line_of_the_history(two: Project) -> None:
    two.run("--history=history.jsonl", "--update-baselines")
    assert not (two.pytester.path / "history.jsonl").exists()


def test_a_history_that_cannot_be_written_is_wrong_use_before_anything_runs(two: Project) -> None:
    (two.pytester.path / "kept").write_text("a file")
    result = two.run("--history=kept/history.jsonl", "--report=out")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*kept/history.jsonl: nothing can be added to it: *"])


def test_a_summary_of_a_step_that_cannot_be_written_is_wrong_use_of_the_gate_alone(
    two: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(two.pytester.path))
    assert two.run().ret == 4
    two.measured.clear()
    two.pytester.makepyfile(test_gate="def test_asks_nothing():\n    pass\n")
    assert two.run().ret == 0


def test_a_history_that_cannot_be_written_in_the_end_fails_the_run_and_not_the_report(
    two: Project,
) -> None:
    two.pytester.makepyfile(
        test_z="import shutil\ndef test_removes():\n    shutil.rmtree('kept')\n"
        "    open('kept', 'w').close()\n"
    )
    result = two.run("--history=kept/history.jsonl", "--report=out")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*kept/history.jsonl: this run is not in the history: *"])
    assert written(two.pytester.path / "out")["finished"] is True


def test_what_the_run_writes_itself_does_not_make_its_commit_a_changed_one(two: Project) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            [shutil.which("git") or "git", *words],
            cwd=two.pytester.path,
            check=True,
            capture_output=True,
        )

    (two.pytester.path / ".gitignore").write_text("__pycache__\n")
    git("init")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "one")
    for _ in range(2):
        two.run("--history=kept/history.jsonl", "--report=out")
    (two.pytester.path / "measured.py").write_text("")
    two.run("--history=kept/history.jsonl", "--report=out")
    lines = (two.pytester.path / "kept" / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["commit"][-1] == "+" for line in lines] == [False, False, True]


def test_a_folder_that_is_named_from_here_stays_though_a_test_goes_elsewhere(two: Project) -> None:
    two.pytester.makepyfile(test_a="import os\ndef test_goes():\n    os.chdir('/')\n")
    result = two.run("--report=out", "--baselines=baselines")
    assert result.ret == 0
    assert written(two.pytester.path / "out")["finished"] is True


def test_a_process_that_was_forked_does_not_keep_the_folder(two: Project) -> None:
    with own_folder(two.pytester.path / "out"):
        child = os.fork()
        if not child:
            time.sleep(60)
            os._exit(0)
    try:
        assert two.run("--report=out").ret == 0
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_baselines_changed_by_hand_are_a_change(two: Project) -> None:
    def git(*words: str) -> None:
        words = (shutil.which("git") or "git", *words)
        subprocess.run(words, cwd=two.pytester.path, check=True, capture_output=True)

    (two.pytester.path / ".gitignore").write_text("__pycache__\nhistory.jsonl\n.history*\n")
    git("init")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "one")
    two.change("parameters-gru", "gate", allowed_difference=9)
    two.run("--history=history.jsonl")
    (line,) = (two.pytester.path / "history.jsonl").read_text().splitlines()
    assert json.loads(line)["commit"].endswith("+")
