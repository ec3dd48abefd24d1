"""Projects of their own for the plugin: their tests ask real questions of numbers written to a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

# pytester forgets what an inner run imported, and NumPy's compiled parts cannot be imported twice.
import scipy.optimize
import scipy.stats  # noqa: F401

CONFTEST = """
import pytest

from rnn_suite.results import Environment

@pytest.fixture(scope="session")
def suite_environment():
    # Describing the real one would import TensorFlow.
    return Environment(
        python="3.11.9", tensorflow="2.21.0", keras="3.15.1", numpy="2.4.6",
        system="Linux x86_64", processor="a processor", cores=2, memory_gib=8,
        accelerator="none", threads=0, onednn="default",
    )
"""

TEST_FILE = """
import json
from pathlib import Path

import pytest

from rnn_suite.baselines import Measurement
from rnn_suite.experiment import Experiment, ModelConfig
from rnn_suite.jsonable import from_jsonable
from rnn_suite.questions import question_named
from rnn_suite.results import CorpusIdentity

ASKED = json.loads((Path(__file__).parent / "measured.json").read_text())

@pytest.mark.parametrize("name", ASKED)
def test_ask(name, gate, suite_environment):
    question_name, _, cell = name.partition("-")
    question = question_named(question_name)
    values = dict(ASKED[name])
    units = values.pop("units", 4)
    corpus = CorpusIdentity(
        name="standin", train_reviews=2, train_tokens=4, test_reviews=2, test_tokens=4, sha256="ab"
    )
    experiment = Experiment(profile="tiny", model=ModelConfig(cell=cell, units=units))
    gate.ask(
        question,
        experiment,
        Measurement(
            experiment=experiment,
            corpus=corpus,
            measured=from_jsonable(question.measured, values, where=name),
            environment=suite_environment,
        ),
    )
"""


class Project:
    """A project whose tests ask the questions of `measured.json`, a test each."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.measured: dict[str, dict[str, Any]] = {}
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(test_gate=TEST_FILE)

    def measures(self, name: str, **values: Any) -> None:
        """Let the question and cell `name`, such as `parameters-lstm`, find these values."""
        self.measured[name] = values
        (self.pytester.path / "measured.json").write_text(json.dumps(self.measured))

    def measures_accuracies(self, accuracies: list[float], cell: str = "lstm") -> None:
        """Let the accuracy question of `cell` find one value a seed."""
        self.measures(
            f"accuracy-{cell}",
            seeds=list(range(len(accuracies))),
            accuracy_fraction=accuracies,
            last_epoch_accuracy_fraction=accuracies,
            test_loss=[0.5] * len(accuracies),
            last_epoch_test_loss=[0.5] * len(accuracies),
            history={},
        )

    def path(self, name: str) -> Path:
        """Return where the baseline of `name` lies."""
        question, _, cell = name.partition("-")
        return self.pytester.path / "baselines" / "tiny" / "imdb" / question / f"{cell}.json"

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run the project's tests in this process, on a corpus that is never loaded."""
        # The outer session has imported the plugin; where it was installed as tox does it, pytest warns.
        imported = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
        return self.pytester.runpytest_inprocess(
            *("-p", "rnn_suite.plugin", "-p", "no:cacheprovider", "--corpus=standin"),
            *(*arguments, "-W", imported),
        )

    def update(self) -> None:
        """Record the baselines of what is measured now."""
        assert self.run("--update-baselines").ret == 10

    def change(self, name: str, part: str, **values: Any) -> None:
        """Change fields of a part of a baseline, as a person with an editor would."""
        content = json.loads(self.path(name).read_text())
        content[part].update(values)
        self.path(name).write_text(json.dumps(content))


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the corpora and the settings of this machine away from the inner runs."""
    # An inner run must not take itself for a worker of this one: nothing is timed in a worker.
    workers = [name for name in os.environ if name.startswith("PYTEST_XDIST_")]
    for name in ("RNN_SUITE_IMDB", "PYTEST_ADDOPTS", *workers):
        monkeypatch.delenv(name, raising=False)
    # Whatever else is installed here has no part in these tests, and takes a second to load.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("RNN_SUITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


@pytest.fixture
def project(pytester: pytest.Pytester) -> Project:
    """A project that asks for the parameters of an LSTM and finds 100."""
    made = Project(pytester)
    made.measures("parameters-lstm", parameters=100)
    return made


@pytest.fixture
def recorded(project: Project) -> Project:
    """The same, with its baseline recorded."""
    project.update()
    return project


@pytest.fixture
def plain(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that has nothing to do with the suite."""
    pytester.makepyfile("def test_one():\n    assert 1 + 1 == 2\n")
    return pytester
