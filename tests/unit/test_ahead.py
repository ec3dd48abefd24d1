"""Rules in processes of their own: how the work is shared out, and how a process may end."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rnn_suite.checks import ahead
from rnn_suite.checks.ahead import RulesAhead, main, shares
from rnn_suite.checks.rules import run_rules
from rnn_suite.errors import MeasurementError
from rnn_suite.findings import Finding
from rnn_suite.questions.rules import TOPICS, RuleFindings

ALL = [(topic.name, subject) for topic in TOPICS.values() for subject in topic.subjects]
QUICK = ("data_functions", "all")


@pytest.mark.parametrize("processes", [1, 2, 3, 100])
def test_every_pair_is_in_one_share(processes: int) -> None:
    divided = shares(ALL, processes)
    assert len(divided) == min(processes, len(ALL))
    assert sorted(pair for share in divided for pair in share) == sorted(ALL)


def test_two_shares_take_about_as_long() -> None:
    first, second = (sum(TOPICS[t].seconds for t, _ in share) for share in shares(ALL, 2))
    assert max(first, second) < 1.1 * min(first, second)


@pytest.fixture
def quick() -> Iterator[RulesAhead]:
    """One quick topic, asked in a process of its own."""
    asked = RulesAhead([QUICK], processes=2)
    yield asked
    asked.close()


def test_a_process_finds_what_this_one_would(quick: RulesAhead) -> None:
    found = quick.findings(*QUICK)
    assert {finding.name for finding in found.findings} == {
        finding.name for finding in run_rules(*QUICK).findings
    }
    quick.wait()
    assert quick.findings(*QUICK) == found


def test_a_process_that_died_is_an_error_that_names_what_it_was_asked(quick: RulesAhead) -> None:
    ((process, _),) = quick._running.values()
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(MeasurementError, match=r"data_functions:all: no answer[^$]*status -9"):
        quick.findings(*QUICK)


def test_a_process_that_never_answers_is_an_error(
    quick: RulesAhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((process, _),) = quick._running.values()
    monkeypatch.setattr(quick, "_deadline", 0.0)
    with pytest.raises(MeasurementError, match="none within 900 seconds"):
        quick.findings(*QUICK)
    assert process.poll() is not None


def test_closing_ends_the_processes_and_removes_their_folder(quick: RulesAhead) -> None:
    ((process, words),) = quick._running.values()
    quick.close()
    assert process.poll() is not None
    assert not words.parent.exists()


def test_closing_ends_what_the_processes_started_themselves() -> None:
    asked = RulesAhead([("memory", "all")], processes=1)
    ((process, _),) = asked._running.values()
    parent = psutil.Process(process.pid)
    deadline = time.monotonic() + 60
    while not (children := parent.children()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children
    asked.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def test_a_fault_of_the_suite_is_told_and_the_next_topic_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = RuleFindings(
        findings=(Finding(name="a: b", error=0, bound=0, expected="0", received="0"),)
    )

    def run(topic: str, subject: str) -> RuleFindings:
        if topic == "memory":
            raise MeasurementError(f"{subject}: no disk")
        return found

    monkeypatch.setattr(ahead, "run_rules", run)
    monkeypatch.setattr(tempfile, "tempdir", None)
    main(tmp_path, os.getppid(), ["memory:all", "seeds:all"])
    assert (tmp_path / "memory:all.fault").read_text() == "all: no disk"
    assert (tmp_path / "seeds:all.json").exists()


def test_nothing_more_is_asked_where_nobody_waits(
    tmp_path: Path,
) -> None:
    main(tmp_path, os.getpid(), ["memory:all"])
    assert list(tmp_path.iterdir()) == []
