"""Whole searches by a wounded Keras Tuner: the rules of a finished search see each wound."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_suite.checks.searches import search_findings
from rnn_suite.experiment import CorpusConfig, ModelConfig, TrainingConfig
from rnn_suite.jsonable import from_jsonable, read_json
from rnn_suite.search import IntRange, Names, Numbers, Search, SearchSpace
from rnn_suite.trials import SearchResult
from rnn_suite.tuning.folder import RESULT, ask

pytestmark = pytest.mark.selftest

WOUNDED = Path(__file__).with_name("wounded")

SEARCH = Search(
    profile="tiny",
    corpus=CorpusConfig(
        name="standin", num_words=200, maxlen=12, train_samples=200, test_samples=100
    ),
    model=ModelConfig(embedding_dim=4),
    training=TrainingConfig(batch_size=20, epochs=2),
    space=SearchSpace(
        ranges=(IntRange(name="units", field="model.units", low=4, high=12, step=4),),
        names=(Names(name="rnn_type", field="model.cell", values=("simple_rnn",)),),
        numbers=(
            Numbers(name="learning_rate", field="training.learning_rate", values=(0.2, 0.1, 0.01)),
        ),
    ),
    max_epochs=3,
    patience=1,
)


def broken(wound: str, folder: Path) -> set[str]:
    """Return the rules that a search with this wound breaks."""
    ask(SEARCH, 1, folder, workers=1)
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "rnn_suite.tuning.work",
            folder,
            str(os.getpid()),
            "search",
            "rebuild",
        ],
        env=os.environ | {"RNN_SUITE_FAULT": wound, "PYTHONPATH": str(WOUNDED)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (folder / RESULT).exists(), ended.stderr
    result = from_jsonable(SearchResult, read_json(folder / RESULT), where=wound)
    findings = search_findings(SEARCH, [result]).findings
    return {f.name.removeprefix("search: ") for f in findings if not f.holds}


def test_a_sound_search_keeps_every_rule_and_stops_a_trial_early(tmp_path: Path) -> None:
    assert broken("unwounded", tmp_path) == set()
    result = from_jsonable(SearchResult, read_json(tmp_path / RESULT), where="sound")
    trained = [len(trial.history["loss"]) for trial in result.trials]
    asked = [trial.epochs - trial.initial_epoch for trial in result.trials]
    assert trained != asked, "no trial was stopped, so that nobody would see stopping fail"


@pytest.mark.parametrize(
    ("wound", "rule"),
    [
        ("objective_to_be_low", "the_best_of_a_round_go_on"),
        ("early_stopping_ignored_in_trials", "trials_train_until_they_are_stopped"),
        ("trials_that_go_on_from_nothing", "trials_go_on_with_values_and_weights"),
        ("a_bracket_dropped", "trials_of_every_round"),
        ("an_epoch_more_in_trials", "trials_of_every_round"),
        ("epochs_not_passed_on", "trials_train_until_they_are_stopped"),
        ("worst_trial_for_the_best", "the_best_trial_is_rebuilt"),
        ("a_package_missing", "no_trial_fails"),
        ("a_trial_that_fails", "no_trial_fails"),
    ],
)
def test_a_wound_is_seen(wound: str, rule: str, tmp_path: Path) -> None:
    assert rule in broken(wound, tmp_path)


def test_a_missing_package_is_named_and_no_model_is_called_the_best(tmp_path: Path) -> None:
    assert "the_best_trial_is_rebuilt" in broken("a_package_missing", tmp_path)
    result = from_jsonable(SearchResult, read_json(tmp_path / RESULT), where="wounded")
    assert result.best is None
    (failed,) = (f for f in search_findings(SEARCH, [result]).findings if "fails" in f.name)
    assert "ModuleNotFoundError: No module named 'tensorboard" in failed.received
