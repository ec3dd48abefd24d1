from __future__ import annotations

import os
import re
from types import SimpleNamespace
from typing import Any

import pytest

from rnn_suite.tuning.telling import Telling, say
from tests.unit.tuning.real_searches import Alone


class Tuner:
    """As much of Keras Tuner's as is asked here, after a trial of two epochs."""

    oracle = SimpleNamespace(objective=SimpleNamespace(name="val_accuracy"))
    hypermodel = SimpleNamespace(history={"val_accuracy": (0.75, 0.5)})

    def on_trial_begin(self, trial: object) -> None:
        """As Keras Tuner's."""

    def on_trial_end(self, trial: object) -> None:
        """As Keras Tuner's."""


class TellingTuner(Telling, Tuner):
    pass


def trial(status: str, message: str | None = None, **own: Any) -> SimpleNamespace:
    values = {"units": 16, "rnn_type": "gru", "tuner/epochs": 2, **own}
    return SimpleNamespace(
        trial_id="0003",
        status=status,
        message=message,
        hyperparameters=SimpleNamespace(values=values),
    )


def told(capsys: pytest.CaptureFixture[str], asked: SimpleNamespace) -> list[str]:
    tuner = TellingTuner()
    tuner.on_trial_begin(asked)
    tuner.on_trial_end(asked)
    return re.sub(r"\d+\.\d s", "N s", capsys.readouterr().out).splitlines()


def test_a_trial_is_told_as_it_begins_and_with_its_score_as_it_ends(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "tuner0")
    assert told(capsys, trial("COMPLETED")) == [
        "tuner0: trial 0003 begins: units 16, rnn_type gru",
        "tuner0: trial 0003 ended: val_accuracy 0.7500, N s",
    ]


def test_a_trial_that_goes_on_from_another_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    begins, _ = told(capsys, trial("COMPLETED", **{"tuner/trial_id": "0001"}))
    assert begins == "search: trial 0003 begins, going on from 0001: units 16, rnn_type gru"


def test_a_trial_that_failed_is_told_with_the_last_line_of_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = "Traceback\n  ...\nValueError: no such cell\n"
    assert told(capsys, trial("INVALID", message))[1] == (
        "search: trial 0003 failed after N s: ValueError: no such cell"
    )


def test_a_terminal_that_was_closed_ends_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", closed)
        with pytest.raises(BrokenPipeError):
            print("a line", flush=True)
        say("a line")
        # What could not be written would be tried once more as the file is closed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)


def test_a_search_says_which_model_it_rebuilds_and_where_the_answer_is(alone: Alone) -> None:
    words = (alone.folder / "words.txt").read_text().splitlines()
    best = alone.result.best
    assert best is not None
    told = [line for line in words if line.startswith("search: ")]
    assert len([line for line in told if " ended: val_accuracy " in line]) == 5
    assert told[-2:] == [
        f"search: rebuilding trial {best.trial}, epochs 1",
        f"search: the answer is {alone.folder / 'result.json'}",
    ]
