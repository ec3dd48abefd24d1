"""The fixture `gate_model`: the example of the documents under its whole life, and a small model's reds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "own_model.md"

SMALL = """
import keras
import numpy as np

UNITS, RATE, SEED, METRICS = 2, 0.1, 1, ["accuracy"]

def rows(count, seed):
    x = np.random.default_rng(seed).normal(size=(count, 3)).astype("float32")
    return x, (x[:, 0] > 0).astype("float32")

def build():
    hidden = keras.layers.Dense(UNITS, activation="tanh")
    model = keras.Sequential([keras.Input((3,)), hidden, keras.layers.Dense(1, "sigmoid")])
    model.compile(
        keras.optimizers.Adam(RATE), "binary_crossentropy", metrics=METRICS, run_eagerly=True
    )
    return model

def data():
    return rows(48, 0), rows(64, SEED)

def test_small(gate_model):
    gate_model(
        "small", build, data, epochs=3, batch_size=16, baseline_seeds=4, gate_seeds=2
    )
"""


class OwnProject:
    """A project of a user: one test file, with the suite installed."""

    def __init__(self, pytester: pytest.Pytester, source: str) -> None:
        self.pytester, self.source = pytester, source
        self.write()

    def write(self, **changed: str) -> None:
        """Write the test file, with other values after `NAME = ` or in place of a text."""
        source = self.source
        for old, new in changed.items():
            assert old in source
            source = source.replace(old, new)
        self.pytester.makepyfile(test_own=source)

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run the tests in this process: Keras is imported here already."""
        imported = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
        return self.pytester.runpytest_inprocess(
            "-p", "rnn_suite.plugin", "-p", "no:cacheprovider", "-W", imported, *arguments
        )


@pytest.fixture(scope="module", autouse=True)
def keras_imported() -> None:
    """Import what cannot be imported twice, before pytester notes what runs in this process may forget."""
    import h5py  # noqa: F401
    import keras  # noqa: F401
    import psutil  # noqa: F401


@pytest.fixture
def small(pytester: pytest.Pytester) -> OwnProject:
    """A model that trains in a moment."""
    return OwnProject(pytester, SMALL)


def record(project: OwnProject, aspects: str) -> None:
    """Record the baselines of some of the tests of a project."""
    assert project.run("--update-baselines", "-k", aspects).ret == 10


def example() -> str:
    """Return the code of the example that the page shows."""
    found = re.search(
        r"<!-- own model example -->\n```python\n(.+?)```", PAGE.read_text(), re.DOTALL
    )
    assert found
    return found.group(1)


def test_the_example_has_about_twenty_lines() -> None:
    lines = [line for line in example().splitlines() if line.strip()]
    assert len(lines) <= 20


def test_the_example_is_recorded_passes_and_goes_red_where_it_learns_worse(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a user runs it: in a process of its own, with what is installed.
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    path = pytester.path / "test_my_model.py"

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(path, *arguments)

    path.write_text(example())
    result = run("--update-baselines")
    result.assert_outcomes(skipped=6)
    assert result.ret == 10
    assert (pytester.path / "baselines/own/halves/own_score/halves.json").exists()
    assert run("-k", "metric or parameters").ret == 0
    path.write_text(example().replace("Adam(0.01)", "Adam(0.00001)"))
    result = run("-k", "metric or parameters")
    result.assert_outcomes(passed=1, failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["Not safe: own_score of halves regressed*"])


def test_a_test_becomes_one_a_question_and_brings_its_own_data(small: OwnProject) -> None:
    result = small.run("--update-baselines", "-v")
    result.assert_outcomes(skipped=6)
    for aspect in ("parameters", "data", "metric", "repeat", "saving", "step_time"):
        result.stdout.fnmatch_lines([f"*::test_small?{aspect}?*"])
    assert "rnn-suite: tensorflow " in result.stdout.str()
    assert "rnn-suite: corpus" not in result.stdout.str()
    folders = (small.pytester.path / "baselines" / "own" / "small").iterdir()
    assert sorted(folder.name for folder in folders) == [
        *("own_data", "own_parameters", "own_repeat"),
        *("own_saving", "own_score", "own_step_time"),
    ]


def test_the_same_model_passes_and_nothing_of_its_data_is_written(small: OwnProject) -> None:
    record(small, "not step_time")
    result = small.run("-k", "not step_time")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["own_parameters * small * 11 * 11 * exact * pass"])
    result.stdout.fnmatch_lines(["own_data * small * 4 arrays * equal * pass"])
    left = {path.name for path in small.pytester.path.rglob("*") if path.is_file()}
    assert {name for name in left if not name.endswith((".py", ".pyc"))} == {"small.json"}


def test_another_width_is_red(small: OwnProject) -> None:
    record(small, "parameters")
    small.write(**{"RATE, SEED, METRICS = 2,": "RATE, SEED, METRICS = 3,"})
    result = small.run("-k", "parameters")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["own_parameters of small: regressed", "Received: 16 parameters"])


def test_other_data_is_red_and_its_metric_not_comparable(small: OwnProject) -> None:
    record(small, "data or metric")
    small.write(**{"= 2, 0.1, 1,": "= 2, 0.1, 7,"})
    result = small.run("-k", "data or metric", "-rs")
    result.assert_outcomes(failed=1, skipped=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["own_data of small: regressed", "Received: other bytes*x_test*"])
    result.stdout.fnmatch_lines(
        ["own_score * small * - * - * other x_test, y_test * not comparable"]
    )
    assert "seed 1 of" not in result.stderr.str()
    assert "corpus file" not in result.stdout.str()


def test_a_step_of_other_data_is_not_comparable_and_says_what_is_other(small: OwnProject) -> None:
    record(small, "data or step_time")
    small.write(**{"rows(48, 0)": "rows(60, 0)"})
    result = small.run("-k", "step_time", "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*x_train: float32[[]48, 3] / float32[[]60, 3]; y_train: *"])


def test_another_metric_is_another_experiment(small: OwnProject) -> None:
    record(small, "parameters")
    small.write(**{'["accuracy"]': '["mse"]'})
    result = small.run("-k", "parameters", "-rs")
    result.assert_outcomes(skipped=1)
    assert result.ret == 10
    result.stdout.fnmatch_lines(["*metric: 'accuracy' / 'mse'*"])


def test_a_loss_that_is_no_number_is_red_and_says_which_seed(small: OwnProject) -> None:
    record(small, "metric")
    small.write(**{"= 2, 0.1, 1,": "= 2, float('nan'), 1,"})
    result = small.run("-k", "metric")
    result.assert_outcomes(failed=1)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "small cannot be trained from seed 1000.",
            "Expected: finite numbers",
            "Received: the loss is nan after epoch 1",
            "Next: *",
        ],
        consecutive=True,
    )
    assert "Traceback" not in result.stdout.str()


def test_a_baseline_that_is_missing_is_red_before_anything_is_trained(small: OwnProject) -> None:
    result = small.run("-k", "metric")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no such baseline.", "*Next: *--update-baselines*"])
    assert "seed 1 of" not in result.stderr.str()


def test_an_error_is_gated_by_its_geometric_mean(small: OwnProject) -> None:
    small.write(**{"epochs=3,": "epochs=3, metric='loss',"})
    assert small.run("--update-baselines", "-k", "metric").ret == 10
    (path,) = small.pytester.path.rglob("own_error/small.json")
    content = json.loads(path.read_text())
    assert content["experiment"]["lower_is_better"] is True
    # A model that was better than this one can be.
    content["measured"]["value"] = [value / 10 for value in content["measured"]["value"]]
    content["gate"]["ceiling"] = 0.01
    path.write_text(json.dumps(content))
    result = small.run("-k", "metric")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["own_error of small: regressed", "Next: *above the ceiling of 0.01*"]
    )


def test_an_error_of_the_users_code_keeps_its_traceback(small: OwnProject) -> None:
    small.write(**{"return rows(48, 0), rows(64, SEED)": "return 1 / 0"})
    result = small.run("-k", "data")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ZeroDivisionError*"])


def test_two_tests_with_one_name_and_two_calls_in_one_test_are_refused(small: OwnProject) -> None:
    small.write(
        **{
            "def test_small(": "def test_again(gate_model):\n"
            "    gate_model('small', build, data, epochs=1)\n\n"
            "def test_twice(gate_model):\n"
            "    for name in ('a', 'b'):\n"
            "        try:\n"
            "            gate_model(name, build, data, epochs=1)\n"
            "        except BaseException as error:\n"
            "            if name == 'b':\n"
            "                raise\n\n"
            "def test_small("
        }
    )
    result = small.run("-k", "parameters")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["Two tests gate a model called 'small'."])
    result.stdout.fnmatch_lines(["gate_model was called twice in one test."])


def test_a_test_over_several_models_gates_each(small: OwnProject) -> None:
    small.write(
        **{
            "def test_small(gate_model)": "import pytest\n\n"
            "@pytest.mark.parametrize('name', ['a-data', 'b'])\n"
            "def test_small(gate_model, name)",
            '"small", build': "name, build",
        }
    )
    result = small.run("--update-baselines", "-k", "parameters")
    result.assert_outcomes(skipped=2)
    assert len(list(small.pytester.path.rglob("own_parameters/*.json"))) == 2


def test_names_of_files_and_parameters_are_free(pytester: pytest.Pytester) -> None:
    # The names of aspects, and all that pytest puts between the parts of a test's name.
    folder = pytester.mkdir("d[1]-data")
    source = SMALL.replace('"small", build', "name, build").replace(
        "def test_small(gate_model)",
        "import pytest\n\nclass TestData:\n"
        "  @pytest.mark.parametrize(('name', 'array'), [\n"
        "    pytest.param('one', np.zeros(2), id='parameters-[x]'),\n"
        "    pytest.param('two', np.ones(2), id='repeat'),\n"
        "  ])\n"
        "  def test_data(self, gate_model, name, array)",
    )
    (folder / "test_own[saving].py").write_text(source)
    options = (
        "--import-mode=importlib",
        "--update-baselines",
        "-k",
        "not metric and not step_time",
    )
    result = OwnProject(pytester, "").run(*options)
    result.assert_outcomes(skipped=8)
    for name in ("one", "two"):
        assert len(list(pytester.path.rglob(f"baselines/own/{name}/*/{name}.json"))) == 4


def test_one_name_for_two_parameters_of_a_test_is_refused(small: OwnProject) -> None:
    small.write(
        **{
            "def test_small(gate_model)": "import pytest\n\n"
            "@pytest.mark.parametrize('rate', [0.1, 0.2])\n"
            "def test_small(gate_model, rate)",
        }
    )
    result = small.run("--update-baselines", "-k", "parameters or data")
    result.assert_outcomes(skipped=2, failed=2)
    result.stdout.fnmatch_lines(["Received: *test_small?*-0.1* and *test_small?*-0.2*"])


def test_models_of_a_run_share_its_rate_of_false_alarms(small: OwnProject) -> None:
    small.write(
        **{
            "def test_small(gate_model)": "import pytest\n\n"
            "@pytest.mark.parametrize('name', ['one', 'two'])\n"
            "def test_small(gate_model, name)",
            '"small", build': "name, build",
            "epochs=3": "epochs=1",
            "baseline_seeds=4, gate_seeds=2": "baseline_seeds=2, gate_seeds=1",
        }
    )
    record(small, "metric")
    for chosen, rates in (("metric", [0.005, 0.005]), ("metric and one", [0.01])):
        small.run("-k", chosen, "--report=report")
        run = json.loads((small.pytester.path / "report/verdicts.json").read_text())
        evidence = [one["verdict"]["evidence"]["baseline"] for one in run["verdicts"]]
        assert [one["gate"]["false_alarm_rate"] for one in evidence] == rates


def test_a_step_is_not_timed_in_one_of_several_processes(small: OwnProject) -> None:
    result = small.pytester.runpytest_subprocess(
        *("-p", "rnn_suite.plugin", "-p", "xdist.plugin", "-n1", "--update-baselines"),
        *("-k", "step_time"),
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["No step was timed: *"])
    assert not list(small.pytester.path.rglob("own_step_time"))


def test_a_fixture_of_the_users_with_that_name_is_theirs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n\n@pytest.fixture\ndef gate_model():\n    return 1\n\n"
        "def test_one(gate_model):\n    assert gate_model == 1\n"
    )
    result = pytester.runpytest_inprocess("-p", "rnn_suite.plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert "rnn-suite =" not in result.stdout.str()
