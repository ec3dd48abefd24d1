from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

GATE_TEST = Path(__file__).parents[1] / "gate" / "test_step_time.py"

# A model whose step waits a millisecond, in the place of the one that has to be built and traced.
CONFTEST = """
import time

import numpy as np

from rnn_suite.data.dataset import Dataset
from rnn_suite.experiment import Experiment
from rnn_suite.results import CorpusIdentity

class Model:
    def train_on_batch(self, x, y):
        time.sleep(0.001)

class Workbench:
    model = Model()

    def trainer(self, experiment):
        return self

    def dataset(self, experiment):
        x, y = np.zeros((4, 2), np.int32), np.zeros(4, np.int64)
        identity = CorpusIdentity(
            name="standin", train_reviews=4, train_tokens=8, test_reviews=4, test_tokens=8,
            sha256="ab",
        )
        return Dataset(x_train=x, y_train=y, x_test=x, y_test=y, identity=identity, source="")

@pytest.fixture(scope="session")
def workbench():
    return Workbench()

@pytest.fixture(scope="session")
def experiment():
    return Experiment(profile="tiny")

@pytest.fixture
def quiet_machine():
    pass
"""


def run(project: Project, *arguments: str) -> pytest.RunResult:
    return project.pytester.runpytest_subprocess(
        "-p",
        "rnn_suite.plugin",
        "-p",
        "pytest_benchmark.plugin",
        "-p",
        "no:cacheprovider",
        "--corpus=standin",
        *arguments,
    )


@pytest.fixture
def step_time(project: Project) -> Project:
    """The gate's own test of the step time, with a baseline that any measured time passes."""
    folder = project.pytester.path
    (folder / "conftest.py").write_text((folder / "conftest.py").read_text() + CONFTEST)
    (folder / "test_gate.py").write_text(GATE_TEST.read_text(encoding="utf-8"))
    assert run(project, "--update-baselines").ret == 10
    (path,) = folder.rglob("step_time/lstm.json")
    content = json.loads(path.read_text())
    content["gate"]["max_ratio"] = 1e12
    path.write_text(json.dumps(content))
    return project


def test_a_step_that_was_timed_passes(step_time: Project) -> None:
    result = run(step_time)
    result.assert_outcomes(passed=1)
    assert result.ret == 0


@pytest.mark.parametrize(
    "arguments", [("--benchmark-disable",), ("-p", "xdist.plugin", "-n1")], ids=" ".join
)
def test_a_step_that_was_not_timed_is_red_and_says_why(
    step_time: Project, arguments: tuple[str, ...]
) -> None:
    result = run(step_time, *arguments)
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["No step was timed: pytest-benchmark is disabled.", "Next: *"])


def test_a_step_that_was_not_timed_is_never_recorded(step_time: Project) -> None:
    (path,) = step_time.pytester.path.rglob("step_time/lstm.json")
    before = path.read_bytes()
    assert run(step_time, "--benchmark-disable", "--update-baselines").ret == 1
    assert path.read_bytes() == before


def test_another_timer_still_leaves_wall_time(step_time: Project) -> None:
    run(step_time, "--benchmark-timer=time.process_time", "--update-baselines")
    (path,) = step_time.pytester.path.rglob("step_time/lstm.json")
    # A process that sleeps has spent no time of the processor.
    assert min(json.loads(path.read_text())["measured"]["step_seconds"]) >= 0.001


def test_leaving_out_the_benchmarks_compares_nothing_so_it_is_no_pass(step_time: Project) -> None:
    assert run(step_time, "--benchmark-skip").ret != 0
