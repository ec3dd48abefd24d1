"""What the published tables of `tests.selftest` are worked out with."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rnn_suite.findings import AN_ANSWER, equal
from rnn_suite.questions import QUESTIONS
from rnn_suite.questions.rules import TOPICS, RuleFindings
from rnn_suite.run_report import NOT_REACHED, Answer, RunReport, Safety, Unanswered
from tests.selftest import marked, provenance, releases
from tests.selftest.faults import FAULTS
from tests.selftest.rate_rows import first_seen
from tests.selftest.rates import caught, planted
from tests.selftest.trial import (
    KEPT,
    Tried,
    file_name,
    harmful,
    only_raised,
    read_tried,
    report,
    summary,
    wanted,
)
from tests.selftest.unchanged import alarmed
from tests.selftest.wounded_gate import ROOT, adds_errors_alone, found_in, question_of


def tried(fault: str, *seen_by: str, size: float = 0.0) -> Tried:
    caught = bool(seen_by)
    return Tried(
        fault=fault, size=size, caught=caught, seen_by=seen_by, seconds=1.0, measured="once"
    )


def run_with(*unanswered: Unanswered) -> RunReport:
    return RunReport(
        started="2026-11-29T00:00:00Z",
        written="2026-11-29T00:00:01Z",
        finished=True,
        answer=Answer(safety=Safety.NOT_KNOWN, line="Not known."),
        header=(),
        versions=(),
        verdicts=(),
        unanswered=unanswered,
        recorded=(),
        trained=(),
        told=(),
    )


def test_the_question_of_every_test_of_smoke_is_known() -> None:
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "--collect-only", "-q"]
    listed = subprocess.run(
        [*command, "--corpus=standin", "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    tests = [line for line in listed.splitlines() if "::" in line]
    assert {question_of(test) for test in tests} >= {"accuracy", "replay", "search", "saving"}


def test_a_question_that_was_never_reached_saw_nothing() -> None:
    replay = "tests/gate/test_replay.py::test_a_replayed_training_run_gives_the_recorded_losses"
    run = run_with(
        Unanswered(test=f"{replay}[smoke-lstm]", why="ValueError: shapes"),
        Unanswered(test="tests/gate/test_rules.py::test_rules[all-seeds]", why=NOT_REACHED),
    )
    assert found_in(run, status=1, seconds=1.0).seen_by == ("replay",)
    assert alarmed(run)
    assert not alarmed(run_with())


def test_the_least_size_is_told_and_what_was_missed() -> None:
    told = planted(
        [
            tried("states_rounded", "gradients", size=22.0),
            tried("states_rounded", "forward", "gradients", size=18.0),
            tried("states_rounded", "forward", "gradients", size=14.0),
            tried("masks_ignored", "layers"),
        ],
        "forward",
    )
    assert "states_rounded from 18 bits kept" in told
    assert told.endswith("missed states_rounded 22 bits kept, masks_ignored")


def test_sizes_of_a_fault_grow_in_harm() -> None:
    fewer_bits = {"states_rounded"}
    for name, fault in FAULTS.items():
        expected = sorted(fault.sizes, reverse=name in fewer_bits)
        assert list(fault.sizes) == expected, f"{name}: not the least harm first, or of fewer_bits"


def test_the_size_that_was_found_is_asked_anew() -> None:
    drawn = iter([18, 19, 15])
    assert first_seen(lambda _: next(drawn), iter([0.1, 0.2]), 20) == (0.2, 15)


def test_what_no_expected_question_saw_is_told_apart() -> None:
    told = summary([tried("masks_ignored", "layers"), tried("hard_gates", "counts")])
    assert told.startswith("2 of 2 caught")
    assert "no question that the catalogue names for it: hard_gates." in told


def test_results_of_another_commit_are_not_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = provenance.commit_of(tmp_path, adding=True)
    (tmp_path / "000.json").touch()
    assert provenance.commit_of(tmp_path, adding=True) == first
    monkeypatch.setattr(provenance, "commit", lambda: "0123456")
    assert provenance.commit_of(tmp_path, adding=False) == first
    with pytest.raises(
        SystemExit, match=f"{tmp_path}: holds results of another commit\nExpected: 0123456"
    ):
        provenance.commit_of(tmp_path, adding=True)


def test_results_without_a_commit_are_of_an_unknown_one(tmp_path: Path) -> None:
    (tmp_path / "000.json").touch()
    assert provenance.commit_of(tmp_path, adding=False) == "unknown"
    with pytest.raises(SystemExit, match="Received: unknown"):
        provenance.commit_of(tmp_path, adding=True)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["unchanged", "/proc/nope"], "/proc/nope: cannot be used"),
        (["unchanged", "{folder}/file"], "/file: cannot be used"),
        (["unchanged", "{folder}", "--runs", "0"], "expected 1 or more, received '0'"),
        (["releases", "{folder}", "--at-once", "no"], "expected 1 or more, received 'no'"),
        (["trial", "--into", "{folder}/file"], "expected the lines <!-- trial --> and"),
        (["trial", "--into", "{folder}/none"], "No such file or directory"),
        (["trial", "no_such_fault"], "no such fault: no_such_fault; there are"),
        (["trial", "lstm_forgets:3"], "lstm_forgets:3: no such size; there are 1e-06, "),
        (["trial", "lstm_forgets:much"], "lstm_forgets:much: no such size"),
        (["trial", "--kept", "{folder}/damaged"], "Next: delete it to try that fault again"),
        (["rates", "--unchanged", "{folder}"], "run `python -m tests.selftest.unchanged"),
        (["rates", "--unchanged", "{folder}/none"], "/none: expected results"),
    ],
)
def test_wrong_use_is_told_at_once(arguments: list[str], expected: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "damaged").mkdir()
    for fault in FAULTS.values():
        for size in fault.sizes:
            (tmp_path / "damaged" / file_name(fault, size)).write_text("{")
    command, *rest = (argument.format(folder=tmp_path) for argument in arguments)
    ran = subprocess.run(
        [sys.executable, "-m", f"tests.selftest.{command}", *rest],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert expected in ran.stderr
    assert "Traceback" not in ran.stderr


def test_every_fault_was_tried_and_the_document_tells_of_it() -> None:
    assert wanted(KEPT, []) == [], "try them: python -m tests.selftest.trial --into docs/trial.md"
    assert report(read_tried(KEPT)) in (ROOT / "docs" / "trial.md").read_text(encoding="utf-8")


def test_what_errors_alone_caught_is_a_fault_that_raises_one() -> None:
    for one in harmful(read_tried(KEPT)):
        if one.caught and only_raised(one):
            assert FAULTS[one.fault].raises, f"{one.fault}: does it do what it should?"


def test_a_rule_that_ended_in_an_error_is_told_from_one_that_is_broken() -> None:
    kept = RuleFindings(findings=(equal("a: x", 1, 1), equal("b: x", 1, 1), equal("c", 1, 2)))
    died = replace(equal("a", 1, 2), expected=AN_ANSWER)
    known, broken = equal("c", 1, 2), equal("b: x", 2, 1)
    assert adds_errors_alone(kept, RuleFindings(findings=(died, known)))
    assert not adds_errors_alone(kept, RuleFindings(findings=(died, broken, known)))
    assert not adds_errors_alone(kept, kept)


def test_only_what_nothing_else_saw_was_caught_by_errors_alone() -> None:
    assert only_raised(replace(tried("masks_ignored", "layers"), ended_in_errors=("layers",)))
    seen_by_more = tried("masks_ignored", "layers", "seeds")
    assert not only_raised(replace(seen_by_more, ended_in_errors=("layers",)))
    assert not only_raised(seen_by_more)


def test_a_fault_names_questions_that_smoke_asks() -> None:
    asked = {name for name in QUESTIONS if name not in TOPICS or TOPICS[name].smoke}
    for fault in FAULTS.values():
        assert asked >= fault.sees, fault.name


@pytest.mark.parametrize("document", ["README.md", "docs/rates.md"])
def test_documents_tell_how_many_were_caught(document: str) -> None:
    told = (ROOT / document).read_text(encoding="utf-8")
    assert caught(read_tried(KEPT)) in told, "python -m tests.selftest.rates has not been run since"


def test_what_is_harmless_counts_as_no_harm() -> None:
    assert "of 1 planted" in caught([tried("eager", "counts"), tried("hard_gates", "counts")])


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "rates.md"
    document.write_text("<!-- rates -->\nno end\n")
    with pytest.raises(
        ValueError, match="expected the lines <!-- rates --> and <!-- end of rates -->"
    ):
        marked.put_between(document, "rates", "new")
    assert document.read_text() == "<!-- rates -->\nno end\n"


def test_steps_between_releases_tell_what_broke_and_what_was_mended() -> None:
    row = list(
        zip(releases.RELEASES[:3], ({"a": "layers"}, {"b": "seeds"}, {"b": "seeds"}), strict=True)
    )
    found = [(one.kind, one.question, one.name) for one in releases.steps(row)]
    assert found == [("broken", "seeds", "b"), ("mended", "layers", "a"), ("nothing", "", "")]


def test_a_fault_that_cannot_be_planted_ends_the_process(tmp_path: Path) -> None:
    assert wounded_python("no_such_fault", tmp_path, "print('unharmed')") == 1
    told = (tmp_path / "not_planted.txt").read_text()
    assert "RNN_SUITE_FAULT=no_such_fault: not planted" in told
    assert "there are a_bracket_dropped" in told


def test_what_was_planted_is_told(tmp_path: Path) -> None:
    wounded_python("everything_passes", tmp_path, "")
    assert not (tmp_path / "everything_passes.planted").exists()
    wounded_python("everything_passes", tmp_path, "import rnn_suite.baselines")
    assert (tmp_path / "everything_passes.planted").exists()


def wounded_python(fault: str, told: Path, code: str) -> int:
    """Run `code` in a process that is wounded by `fault` and return its exit status."""
    environment = os.environ | {
        "RNN_SUITE_FAULT": fault,
        "RNN_SUITE_FAULT_TOLD": str(told),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "selftest" / "wounded"), str(ROOT)]),
    }
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode
