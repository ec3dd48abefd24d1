"""Does the gate of a user's own model catch faults in it, each by the question that should see it?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.selftest

MODEL = """
import time

import keras
import numpy as np


class Extra(keras.layers.Layer):
    def call(self, x):
        time.sleep(PAUSE_SECONDS)
        return x * np.random.default_rng(SEED).normal(size=(1, 3)).astype("float32")


def rows(count, seed):
    x = np.random.default_rng(seed).normal(size=(count, 3)).astype("float32")
    return x, (x[:, 0] > 0).astype("float32")


def build():
    layers = [keras.Input((3,)), *EXTRA, keras.layers.Dense(UNITS, "tanh")]
    model = keras.Sequential([*layers, keras.layers.Dense(1, "sigmoid")])
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model


def data():
    return rows(160, 0), rows(200, TEST_ROWS)


def test_tiny(gate_model):
    gate_model("tiny", build, data, epochs=2, baseline_seeds=4, gate_seeds=2)
"""

SOUND = {
    "EXTRA": "[]",
    "PAUSE_SECONDS": "0",
    "SEED": "0",
    "UNITS": "4",
    "LEARNING_RATE": "0.1",
    "TEST_ROWS": "1",
}


def gate(folder: Path, *options: str, **wounded: str) -> subprocess.CompletedProcess[str]:
    """Run the test of a model with these faults as a user does, in a process of its own."""
    constants = "\n".join(f"{name} = {value}" for name, value in (SOUND | wounded).items())
    path = folder / "test_tiny.py"
    path.write_text(f"{MODEL}\n\n{constants}\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}"]
    return subprocess.run(
        [*command, f"--baselines={folder}/baselines", *options, path.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the baselines of the sound model."""
    made = tmp_path_factory.mktemp("own")
    ran = gate(made, "--update-baselines")
    assert ran.returncode == 10, ran.stdout + ran.stderr
    return made


@pytest.mark.parametrize(
    ("wounded", "aspect", "question"),
    [
        ({"UNITS": "5"}, "parameters", "own_parameters"),
        ({"TEST_ROWS": "2"}, "data", "own_data"),
        ({"LEARNING_RATE": "1e-7"}, "metric", "own_score"),
        # Noise that follows no seed.
        ({"EXTRA": "[Extra()]", "SEED": "None"}, "repeat", "own_repeat"),
        # A layer that no file can name.
        ({"EXTRA": "[Extra()]"}, "saving", "own_saving"),
        ({"EXTRA": "[Extra()]", "PAUSE_SECONDS": "0.5"}, "step_time", "own_step_time"),
    ],
)
def test_a_fault_of_a_model_turns_the_question_red_that_should_see_it(
    wounded: dict[str, str], aspect: str, question: str, folder: Path
) -> None:
    ran = gate(folder, "-k", aspect, f"--report={folder}/report", **wounded)
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED, ran.stdout + ran.stderr
    (reported,) = json.loads((folder / "report" / "verdicts.json").read_text())["verdicts"]
    verdict = reported["verdict"]
    assert (verdict["question"], verdict["outcome"]) == (question, "regressed")
