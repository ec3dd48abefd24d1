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


def red_questions(cell: str, fault: str, folder: Path) -> set[str]:
    """Run the smoke gate of one cell on the stand-in under `fault`; return the questions that went red."""
    environment = os.environ | {
        "RNN_SUITE_FAULT": fault,
        "PYTEST_PLUGINS": "tests.selftest.faults",
    }
    command = [sys.executable, "-m", "pytest", "-m", "smoke", "-k", f"smoke-{cell}"]
    options = [
        "--corpus",
        "standin",
        "--runs",
        f"{folder}/runs",
        "--junitxml",
        f"{folder}/junit.xml",
    ]
    ran = subprocess.run(
        [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
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
        ("gru_of_2014", "gru", {"parameters", "replay"}),
        ("learning_rate_a_tenth", "lstm", {"replay", "accuracy"}),
        ("labels_shuffled_in_the_data", "lstm", {"dataset", "accuracy"}),
        ("labels_shuffled_in_fit", "lstm", {"accuracy"}),
        ("step_five_times_slower", "lstm", {"step_time"}),
    ],
)
def test_a_known_fault_turns_the_questions_red_that_should_see_it(
    fault: str, cell: str, questions: set[str], tmp_path: Path
) -> None:
    assert questions <= red_questions(cell, fault, tmp_path)
