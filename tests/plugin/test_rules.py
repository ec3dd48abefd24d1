"""The life of a baseline of rules: missing, recorded, kept, broken, excepted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.findings import Finding
from rnn_suite.jsonable import to_jsonable
from rnn_suite.questions.rules import RuleFindings

TEST_FILE = """
import json
from pathlib import Path

from rnn_suite.jsonable import from_jsonable
from rnn_suite.questions import QUESTIONS
from rnn_suite.questions.rules import RuleFindings

def test_rules(gate):
    path = Path(__file__).parent / "findings.json"
    found = from_jsonable(RuleFindings, json.loads(path.read_text()), where="findings.json")
    gate.ask_rules(QUESTIONS["forward"], "lstm", found)
"""


class Rules:
    """A project that asks one topic of one cell."""

    def __init__(self, project: Any) -> None:
        self._project = project
        self._folder: Path = project.pytester.path
        (self._folder / "test_gate.py").write_text(TEST_FILE)
        self.path = self._folder / "baselines" / "rules" / "forward" / "lstm.json"
        self.find(0.5)

    def find(self, error: float) -> None:
        """Let the rule find this error, of 1 allowed."""
        finding = Finding(
            name="a: b", error=error, bound=1.0, expected="0 ± 1", received=str(error)
        )
        content = to_jsonable(RuleFindings(findings=(finding,)))
        (self._folder / "findings.json").write_text(json.dumps(content))

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run the project's test."""
        result: pytest.RunResult = self._project.run(*arguments)
        return result


@pytest.fixture
def rules(project: Any) -> Rules:
    """A project whose rule is kept, without a baseline."""
    return Rules(project)


@pytest.fixture
def recorded(rules: Rules) -> Rules:
    """The same, with a baseline."""
    assert rules.run("--update-baselines").ret == 10
    return rules


def test_a_missing_baseline_is_red(rules: Rules) -> None:
    result = rules.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*{rules.path}: no such baseline."])


def test_a_kept_rule_passes_on_any_corpus(recorded: Rules) -> None:
    assert json.loads(recorded.path.read_text())["experiment"] is None
    result = recorded.run()
    result.assert_outcomes(passed=1)
    assert result.ret == 0


def test_a_broken_rule_is_red_and_named_with_the_nearer_library(recorded: Rules) -> None:
    recorded.find(1.5)
    result = recorded.run()
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "forward of lstm: regressed",
            "*a: b: Expected: 0 ± 1; Received: 1.5; the recorded library is nearer the truth*",
            "Not safe: forward of lstm regressed (*).",
        ]
    )


def test_a_known_fault_in_the_gate_passes_is_told_and_survives_recording(recorded: Rules) -> None:
    content = json.loads(recorded.path.read_text())
    fault = {"finding": "a: b", "reference": "issue 1", "owner": "ann", "until": "2999-12-31"}
    content["gate"]["known_faults"] = [fault]
    recorded.path.write_text(json.dumps(content))
    recorded.find(1.5)
    result = recorded.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["forward of lstm: known until 2999-12-31: a: b (issue 1)"])
    assert recorded.run("--update-baselines").ret == 10
    assert json.loads(recorded.path.read_text())["gate"]["known_faults"] == [fault]


def test_an_exception_that_is_no_date_is_a_damaged_baseline(recorded: Rules) -> None:
    content = json.loads(recorded.path.read_text())
    fault = {"finding": "a", "reference": "issue 1", "owner": "ann", "until": "next year"}
    content["gate"]["known_faults"] = [fault]
    recorded.path.write_text(json.dumps(content))
    result = recorded.run()
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"Damaged baseline. {recorded.path}: gate*next year*"])
