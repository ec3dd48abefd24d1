"""What is told where nothing can be compared, since a user's data is not the baseline's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnn_suite.baselines import Baseline, Measurement, Recorded, compare
from rnn_suite.own.arrays import Arrays, take
from rnn_suite.own.other_data import in_words_of_own_data
from rnn_suite.own_model import OwnModel
from rnn_suite.questions.own_metric import OWN_SCORE, Scores
from rnn_suite.report.answer import answer
from rnn_suite.run_report import Safety
from rnn_suite.verdicts import Outcome, Verdict
from tests.unit.conftest import ENVIRONMENT
from tests.unit.report.verdicts import verdict

OWN = OwnModel(
    name="tiny",
    epochs=2,
    batch_size=16,
    metric="accuracy",
    lower_is_better=False,
    seeds=(0, 1),
)
SCORES = Scores(metric="accuracy", seeds=(0, 1), value=(0.9, 0.91), untrained=(0.5, 0.5))


def rows(count: int = 48, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).normal(size=(count, 3, 1)).astype("float32")
    return x, (x[:, 0, 0] > 0).astype("float32")


def of_data(digests: Arrays, measured: Any, *, epochs: int = 2) -> Measurement:
    return Measurement(
        experiment=replace(OWN, epochs=epochs),
        corpus=digests.identity("tiny"),
        measured=measured,
        environment=ENVIRONMENT,
    )


def not_comparable(old: Arrays, new: Arrays, recorded: Arrays | None, epochs: int = 2) -> Verdict:
    """Return what `own_score` says of two data sets, where `own_data` was recorded of a third."""
    baseline = Baseline(
        path=Path("tiny.json"),
        measurement=of_data(old, SCORES),
        gate=OWN_SCORE.propose_gate(SCORES),
        recorded=Recorded(date="2026-11-25", commit="unknown"),
    )
    now = of_data(new, None, epochs=epochs)
    (verdict,) = compare(OWN_SCORE, [(baseline, now)])
    return in_words_of_own_data(
        verdict,
        OWN_SCORE,
        baseline.measurement,
        now,
        recorded=None if recorded is None else of_data(recorded, recorded.digests()),
        arrays=new.digests(),
    )


DATA = take((rows(), rows(32, seed=1)))
OTHER_VALUES = take((rows(), rows(32, seed=2)))
OTHER_ROWS = take((rows(60), rows(32, seed=1)))
SPLIT = take((({str(i): rows()[0] for i in range(5)}, rows()[1]), rows(32, seed=1)))


@pytest.mark.parametrize(
    ("new", "recorded", "cell", "received"),
    [
        (
            OTHER_VALUES,
            DATA,
            "other x_test, y_test",
            r"x_test: float32\[32, 3, 1\] with other values, sha256 \w{8} / \w{8}; y_test: ",
        ),
        (
            OTHER_ROWS,
            DATA,
            "other x_train, y_train",
            r"x_train: float32\[48, 3, 1\] / float32\[60, 3, 1\]; y_train: ",
        ),
        (SPLIT, DATA, "6 other arrays", "x_train: float32.48, 3, 1. / none; .*x_train.4: none / "),
        (OTHER_VALUES, None, "other data", "data: other values$"),
        (OTHER_VALUES, OTHER_ROWS, "other data", "data: other values$"),
        (
            OTHER_ROWS,
            None,
            "other training rows, entries of x_train",
            "training rows: 48 / 60; entries of x_train: 144 / 180$",
        ),
    ],
    ids=["values", "rows", "many", "not recorded", "recorded of others", "rows, not recorded"],
)
def test_other_data_is_told_by_its_arrays_and_shortly_in_the_table(
    new: Arrays, recorded: Arrays | None, cell: str, received: str
) -> None:
    found = not_comparable(DATA, new, recorded)
    assert found.outcome is Outcome.NOT_COMPARABLE
    assert found.interval == cell
    assert re.match(r"differing \(baseline / now\): " + received, found.received)
    assert "own_data" in found.next_step


def test_what_differs_besides_the_data_is_told_first() -> None:
    found = not_comparable(DATA, OTHER_VALUES, DATA, epochs=3)
    assert found.received.startswith("differing (baseline / now): epochs: 2 / 3; x_test: ")
    assert found.interval == "epochs: 2 / 3 (baseline / now)"


def test_a_verdict_about_the_same_data_keeps_its_words() -> None:
    found = not_comparable(DATA, DATA, DATA, epochs=3)
    assert found.received == "differing (baseline / now): epochs: 2 / 3"
    assert "--baselines" in found.next_step


def test_a_step_time_of_another_machine_leaves_the_answer_safe() -> None:
    elsewhere = verdict(Outcome.NOT_COMPARABLE, "own_step_time")
    assert answer([verdict(Outcome.PASS, "own_score"), elsewhere]).safety is Safety.SAFE
    unknown = verdict(Outcome.NOT_COMPARABLE, "own_score")
    assert answer([verdict(Outcome.PASS, "own_data"), unknown]).safety is Safety.NOT_KNOWN
