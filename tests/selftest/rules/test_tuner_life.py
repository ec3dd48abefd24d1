"""Planted faults in Keras Tuner and Keras, in the processes that search, and the rules that see them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import pytest

from rnn_suite.checks.parts.searches_cut_short import TRAINED, LeftAlone, Lives, left_alone, lives
from rnn_suite.checks.parts.tuner_projects import ReadProjects, read_projects
from rnn_suite.checks.topics import _tuner_projects, tuner_life
from rnn_suite.fresh_process import in_fresh_processes
from rnn_suite.tuning.tuners import keras_tuner
from tests.selftest.planted import broken_rules

pytestmark = pytest.mark.selftest

SAME = "two_processes_give_one_list_of_trials"
OTHER = "another_seed_gives_another_list_of_trials"
KILLED = "a_search_killed_in_a_trial_ends_as_one_left_alone"
BETWEEN = "a_search_killed_between_two_files_ends_as_one_left_alone"
PROMOTED = "a_promoted_trial_goes_on_from_the_best_epoch_of_its_parent"
BEST = "the_best_model_is_that_of_the_best_epoch_of_the_best_trial"
READ = "projects_of_releases_are_read"
FINISHED = "searches_cut_short_under_releases_are_finished"

KNOWN = {BETWEEN}
"""Broken by Keras Tuner 1.4.8 itself."""

WOUND = "RNN_SUITE_WOUND"
"""Names the fault in a process that searches."""

Plant = Callable[[Callable[[], None]], None]


def change(owner: Any, method: str, wrapper: Callable[..., Any]) -> None:
    """Let `owner.method` be `wrapper(original, self, ...)`, for good: the process ends with the answer."""
    original = getattr(owner, method)
    setattr(owner, method, lambda *args, **named: wrapper(original, *args, **named))


def promoted_trials_from_scratch() -> None:
    del keras_tuner().Hyperband._build_hypermodel


def seed_of_a_search_ignored() -> None:
    def unseeded(original: Any, oracle: Any, *args: Any, **named: Any) -> None:
        original(oracle, *args, **named | {"seed": None})

    change(keras_tuner().Oracle, "__init__", unseeded)


def always_the_same_seed() -> None:
    def seeded(original: Any, oracle: Any, *args: Any, **named: Any) -> None:
        original(oracle, *args, **named | {"seed": TRAINED.seed})

    change(keras_tuner().Oracle, "__init__", seeded)


def seeds_of_trainings_ignored() -> None:
    keras.utils.set_random_seed = lambda _: None


def brackets_forgotten() -> None:
    def forgetful(original: Any, oracle: Any, state: Any) -> None:
        original(oracle, state | {"brackets": []})
        oracle._start_new_bracket()

    change(keras_tuner().oracles.HyperbandOracle, "set_state", forgetful)


def retry_queue_dropped() -> None:
    def dropping(original: Any, oracle: Any) -> None:
        original(oracle)
        oracle._retry_queue = []

    change(keras_tuner().Oracle, "reload", dropping)


def kills_counted_as_failures() -> None:
    def counting(original: Any, oracle: Any) -> None:
        original(oracle)
        for trial in oracle._retry_queue:
            oracle._run_times[trial] += 1

    change(keras_tuner().Oracle, "reload", counting)


def ended_trials_run_again() -> None:
    def again(original: Any, oracle: Any) -> None:
        original(oracle)
        oracle._retry_queue += oracle.end_order[-1:]

    change(keras_tuner().Oracle, "reload", again)


def best_model_of_another_trial() -> None:
    def second(original: Any, tuner: Any, count: int) -> Any:
        return original(tuner, count + 1)[1:]

    change(keras_tuner().Tuner, "get_best_models", second)


def best_values_of_another_trial() -> None:
    def second(original: Any, tuner: Any, count: int) -> Any:
        return original(tuner, count + 1)[1:]

    change(keras_tuner().Tuner, "get_best_hyperparameters", second)


def weights_of_the_last_epoch() -> None:
    from keras_tuner.src.engine.tuner_utils import SaveBestEpoch

    change(SaveBestEpoch, "on_epoch_end", lambda _, callback, *__: callback._save_model())


def moments_left_behind() -> None:
    keras.optimizers.Adam.load_own_variables = lambda *_: None


def weights_left_behind() -> None:
    keras.layers.Dense.load_own_variables = lambda *_: None


def mended() -> None:
    """Let files be replaced whole, and the search's own decide which trials there are and have ended."""
    from keras_tuner.src import utils

    def mended(original: Any, oracle: Any) -> None:
        original(oracle)
        oracle.trials = {trial: oracle.trials[trial] for trial in oracle.start_order}
        oracle._retry_queue = [t for t in oracle._retry_queue if t not in oracle.end_order]

    def replaced(_: Any, path: str, state: Any) -> None:
        Path(f"{path}.new").write_text(json.dumps(state))
        Path(f"{path}.new").rename(path)

    change(keras_tuner().Oracle, "reload", mended)
    change(utils, "save_json", replaced)


def wounded_lives() -> Lives:
    globals()[os.environ[WOUND]]()
    return lives()


def wounded_left_alone() -> LeftAlone:
    globals()[os.environ[WOUND]]()
    return left_alone()


def wounded_read_projects() -> ReadProjects:
    globals()[os.environ[WOUND]]()
    return read_projects()


WOUNDED: dict[Any, Callable[[], Any]] = {
    lives: wounded_lives,
    left_alone: wounded_left_alone,
    read_projects: wounded_read_projects,
}


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    kept = (tuner_life._lives, tuner_life._alone_again, _tuner_projects._projects)
    for cached in kept:
        cached.cache_clear()
    yield
    for cached in kept:
        cached.cache_clear()


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Return what lets every process that searches begin with a fault."""

    def planted(fault: Callable[[], None]) -> None:
        monkeypatch.setenv(WOUND, fault.__name__)
        for topic in (tuner_life, _tuner_projects):
            monkeypatch.setattr(
                topic, "in_fresh_processes", lambda ask: in_fresh_processes(WOUNDED[ask])
            )

    return planted


@pytest.fixture
def without_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what has a process of its own, and is asked by itself."""
    live = [rule for rule in tuner_life.RULES if rule not in _tuner_projects.PROJECTS_OF_RELEASES]
    monkeypatch.setattr(tuner_life, "RULES", live)


@pytest.fixture
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search be held against itself: a second process would find the same."""
    monkeypatch.setattr(tuner_life, "_alone_again", lambda: tuner_life._lives().alone)


def test_unwounded_libraries_keep_every_rule_but_the_known_one() -> None:
    assert broken_rules("tuner_life") == KNOWN


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (always_the_same_seed, {OTHER}),
        (promoted_trials_from_scratch, {PROMOTED}),
        (brackets_forgotten, {KILLED}),
        (retry_queue_dropped, {KILLED}),
        (kills_counted_as_failures, {KILLED}),
        (ended_trials_run_again, {KILLED}),
        (best_model_of_another_trial, {BEST}),
        (best_values_of_another_trial, {BEST}),
        (weights_of_the_last_epoch, {PROMOTED, BEST}),
        (moments_left_behind, {PROMOTED, BEST}),
    ],
)
@pytest.mark.usefixtures("without_releases", "in_one_process")
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[], None], broken: set[str], plant: Plant
) -> None:
    plant(fault)
    assert broken_rules("tuner_life") == broken | KNOWN


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (seed_of_a_search_ignored, {SAME, KILLED}),
        (seeds_of_trainings_ignored, {SAME, KILLED}),
    ],
)
@pytest.mark.usefixtures("without_releases")
def test_a_seed_that_is_ignored_is_seen_between_two_processes(
    fault: Callable[[], None], broken: set[str], plant: Plant
) -> None:
    plant(fault)
    assert broken_rules("tuner_life") == broken | KNOWN


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (best_model_of_another_trial, {READ}),
        (promoted_trials_from_scratch, {FINISHED}),
        (retry_queue_dropped, {FINISHED}),
        (weights_left_behind, {READ, FINISHED}),
    ],
)
def test_a_fault_in_reading_breaks_the_rules_about_projects_of_releases(
    fault: Callable[[], None],
    broken: set[str],
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(fault)
    monkeypatch.setattr(tuner_life, "RULES", _tuner_projects.PROJECTS_OF_RELEASES)
    assert broken_rules("tuner_life") == broken


@pytest.mark.usefixtures("without_releases", "in_one_process")
def test_a_tuner_that_writes_files_whole_and_believes_its_own_keeps_every_rule(
    plant: Plant,
) -> None:
    plant(mended)
    assert broken_rules("tuner_life") == set()
