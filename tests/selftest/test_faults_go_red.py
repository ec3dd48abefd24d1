"""Does the smoke gate, unchanged, catch known faults, and by the question that should see them?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

pytestmark = pytest.mark.selftest

ROOT = Path(__file__).parents[2]


def gate(
    selected: str, folder: Path, *options: str, fault: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the `selected` tests of the smoke gate on the stand-in, wounded where a fault is named."""
    wound = {"RNN_SUITE_FAULT": fault, "PYTEST_PLUGINS": "tests.selftest.faults"} if fault else {}
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "--corpus=standin", "-k", selected]
    return subprocess.run(
        [*command, f"--runs={folder}/runs", f"--junitxml={folder}/junit.xml", *options],
        cwd=ROOT,
        env=os.environ | wound,
        capture_output=True,
        text=True,
        check=False,
    )


def red_questions(ran: subprocess.CompletedProcess[str], folder: Path) -> set[str]:
    """Return the questions that went red in a run of `gate`."""
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
    verdicts = [
        json.loads(found.attrib["value"])
        for found in ElementTree.parse(folder / "junit.xml").iter("property")  # noqa: S314 (our own file)
        if found.attrib["name"] == "rnn_suite_verdict"
    ]
    return {verdict["question"] for verdict in verdicts if verdict["outcome"] == "regressed"}


@pytest.mark.parametrize(
    ("fault", "cell", "questions"),
    [
        ("sigmoid_for_tanh", "lstm", {"replay"}),
        # Its weights are those of other equations, so replay ends in an error and not in a verdict.
        ("gru_of_2014", "gru", {"parameters"}),
        ("learning_rate_a_tenth", "lstm", {"replay", "accuracy"}),
        ("labels_shuffled_in_the_data", "lstm", {"dataset", "accuracy"}),
        ("labels_shuffled_in_fit", "lstm", {"accuracy"}),
    ],
)
def test_a_known_fault_turns_the_questions_red_that_should_see_it(
    fault: str, cell: str, questions: set[str], tmp_path: Path
) -> None:
    ran = gate(f"smoke-{cell}", tmp_path, fault=fault)
    assert questions <= red_questions(ran, tmp_path)


def test_steps_five_times_slower_turn_the_step_time_red(tmp_path: Path) -> None:
    # Stored times are compared on the machine they were recorded on, so this one records its own.
    selected, baselines = "step and smoke-lstm", f"--baselines={tmp_path}/baselines"
    recorded = gate(selected, tmp_path, baselines, "--update-baselines")
    assert "recorded" in recorded.stdout, recorded.stdout + recorded.stderr
    ran = gate(selected, tmp_path, baselines, fault="step_five_times_slower")
    assert red_questions(ran, tmp_path) == {"step_time"}
