"""Does `pytest -m upgrade`, unchanged, catch a new environment that is slower, larger or worse?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_suite.run_report import read_run
from rnn_suite.upgrade.phases import PHASES
from rnn_suite.verdicts import Outcome
from tests.selftest.wounded_gate import ROOT
from tests.selftest.wounded_worker import LATE

pytestmark = pytest.mark.selftest


@pytest.mark.parametrize(
    ("wound", "selected", "questions"),
    [
        ("busy_wait:0.4", "simple_rnn and train_step", {"train_step"}),
        ("memory:300", "peak_memory", {"peak_memory"}),
        ("shuffled_labels", "simple_rnn and (loss or accuracy)", {"final_loss", "accuracy"}),
        *(
            (f"late_{phase}:0.5", f"{PHASES[phase].subjects[0]} and {phase}", {phase})
            for phase in LATE
        ),
    ],
)
def test_a_wounded_new_environment_turns_the_questions_red_that_should_see_it(
    wound: str, selected: str, questions: set[str], tmp_path: Path
) -> None:
    wounded = {
        "RNN_SUITE_WOUND": wound,
        "PYTEST_PLUGINS": "tests.selftest.wounded_new_environment",
    }
    command = [sys.executable, "-m", "pytest", "-m", "upgrade", "--corpus=standin", "-k", selected]
    ran = subprocess.run(
        [
            *command,
            f"--reference-python={sys.executable}",
            f"--runs={tmp_path}/runs",
            f"--report={tmp_path}/report",
        ],
        cwd=ROOT,
        env=os.environ | wounded,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
    reds = read_run(tmp_path / "report" / "verdicts.json").of(Outcome.REGRESSED)
    assert {one.verdict.question for one in reds} == questions
