"""Planted faults in Keras Tuner, and the rules that see them."""

from __future__ import annotations

import itertools
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import keras_tuner
import pytest
from keras_tuner.src import errors
from keras_tuner.src.engine import (
    base_tuner,
    metrics_tracking,
    objective,
    oracle,
    tuner,
    tuner_utils,
)
from keras_tuner.src.engine.hyperparameters.hp_types import choice_hp, int_hp, numerical
from keras_tuner.src.tuners import bayesian, gridsearch, hyperband

from rnn_suite.checks.parts import untrained_searches
from rnn_suite.checks.topics import _tuner_trainings, tuner_decisions
from tests.selftest.planted import broken_rules, in_an_error, wrap

pytestmark = pytest.mark.selftest

VERSION = "the_version_is_known_to_work_with_keras_3"
SPACE = "the_space_is_as_declared"
DIRECTION = "accuracy_is_to_rise_and_loss_to_fall"
ROUNDS = "hyperband_runs_the_rounds_of_its_arithmetic"
BEST = "hyperband_promotes_the_best_of_each_round"
WORKERS = "several_workers_promote_the_same"
DRAWS = "a_seed_draws_what_python_draws"
SEED = "the_same_seed_proposes_the_same"
ZERO = "zero_is_no_seed"
GRID = "a_grid_is_walked_whole_and_in_order"
BAYES_DRAWS = "a_bayesian_search_draws_before_it_proposes"
BAYES = "bayesian_proposals_close_in_on_the_best"
BAYES_SEED = "the_same_seed_leads_to_the_same_proposal"
COUNT = "as_many_trials_are_begun_as_asked"
RANKED = "the_best_trial_has_the_highest_score"
TRAINED = "a_trial_can_be_trained"
TOLD = "fit_is_told_what_hyperband_decided"
CALLBACKS = "every_trial_has_callbacks_of_its_own"
STOPS = "early_stopping_stops_a_trial"
SCORED = "a_trial_scores_as_in_its_best_epoch"
WEIGHTS = "a_trial_goes_on_from_the_best_weights_of_its_parent"
RETRIES = "a_trial_that_raises_is_tried_again_as_often_as_asked"
FAILS = "a_failed_trial_error_is_not_tried_again"
FATAL = "a_fatal_error_ends_the_search"
NAN = "an_objective_that_is_nan_fails"
GIVES_UP = "a_search_gives_up_after_three_failures_in_a_row"
NOT_PROMOTED = "what_failed_is_not_promoted_nor_made_up_for"
COST = "a_trial_costs_the_tuner_little"


@pytest.fixture(autouse=True)
def run_anew() -> Iterator[None]:
    kept = (untrained_searches.ran, _tuner_trainings._trained)
    for cached in kept:
        cached.cache_clear()
    # Whether one rule's small network is worse after its second epoch hangs on its first weights, and so does
    # whether a score of the last epoch breaks that rule.
    keras.utils.set_random_seed(4)
    yield
    for cached in kept:
        cached.cache_clear()


def change_promotions(
    patch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], object]
) -> None:
    """Let what Hyperband decides of a trial that goes on be changed."""

    def changed(original: Any, self: Any, trial_id: str) -> Any:
        response = original(self, trial_id)
        if "tuner/trial_id" in response.get("values", {}):
            change(response["values"])
        return response

    wrap(patch, hyperband.HyperbandOracle, "populate_space", changed)


def change_oracle(patch: pytest.MonkeyPatch, change: Callable[[Any], object]) -> None:
    """Let every oracle be changed as soon as it is made."""

    def changed(original: Any, self: Any, *args: Any, **given: Any) -> None:
        original(self, *args, **given)
        change(self)

    wrap(patch, oracle.Oracle, "__init__", changed)


def change_number(
    patch: pytest.MonkeyPatch, owner: Any, method: str, change: Callable[[Any], Any]
) -> None:
    """Let what a method returns be changed."""
    wrap(
        patch,
        owner,
        method,
        lambda original, self, *args, **given: change(original(self, *args, **given)),
    )


def an_older_version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keras_tuner, "__version__", "1.4.5")


def objective_with_its_direction_flipped(patch: pytest.MonkeyPatch) -> None:
    original = metrics_tracking.infer_metric_direction
    flipped = {"min": "max", "max": "min"}
    patch.setattr(metrics_tracking, "infer_metric_direction", lambda name: flipped[original(name)])


def worst_promoted(patch: pytest.MonkeyPatch) -> None:
    def flipped(original: Any, self: Any, trial_id: str) -> Any:
        self.objective = objective.Objective(self.objective.name, "min")
        response = original(self, trial_id)
        self.objective = objective.Objective(self.objective.name, "max")
        return response

    wrap(patch, hyperband.HyperbandOracle, "populate_space", flipped)


def a_dropped_bracket(patch: pytest.MonkeyPatch) -> None:
    def dropped(original: Any, self: Any) -> None:
        original(self)
        if self._current_bracket == 1:
            self._current_bracket = 0

    wrap(patch, hyperband.HyperbandOracle, "_increment_bracket_num", dropped)


def an_epoch_too_many(patch: pytest.MonkeyPatch) -> None:
    change_number(patch, hyperband.HyperbandOracle, "_get_epochs", lambda epochs: epochs + 1)


def rounds_a_trial_short(patch: pytest.MonkeyPatch) -> None:
    change_number(patch, hyperband.HyperbandOracle, "_get_size", lambda size: max(1, size - 1))


def promoted_without_its_parent(patch: pytest.MonkeyPatch) -> None:
    change_promotions(patch, lambda values: values.pop("tuner/trial_id"))


def promoted_with_other_values(patch: pytest.MonkeyPatch) -> None:
    change_promotions(patch, lambda values: values.update(units=values["units"] ^ 32))


def promoted_to_begin_anew(patch: pytest.MonkeyPatch) -> None:
    change_promotions(patch, lambda values: values.update({"tuner/initial_epoch": 0}))


def running_trials_promoted(patch: pytest.MonkeyPatch) -> None:
    def hasty(original: Any, self: Any, trial_id: str) -> Any:
        ongoing = [trial for trial in self.ongoing_trials.values() if trial.score is None]
        for trial in ongoing:
            trial.status, trial.score = "COMPLETED", 0.5
        response = original(self, trial_id)
        for trial in ongoing:
            trial.status, trial.score = "RUNNING", None
        return response

    wrap(patch, hyperband.HyperbandOracle, "populate_space", hasty)


def a_seed_ignored(patch: pytest.MonkeyPatch) -> None:
    states = itertools.count(77_000, 1_000)

    def drawn(self: Any) -> None:
        self._seed_state = next(states)

    change_oracle(patch, drawn)


def zero_kept_as_a_seed(patch: pytest.MonkeyPatch) -> None:
    def kept(original: Any, self: Any, *args: Any, **given: Any) -> None:
        original(self, *args, **given)
        self.seed = self._seed_state = given["seed"]

    wrap(patch, oracle.Oracle, "__init__", kept)


def a_value_outside_the_space(patch: pytest.MonkeyPatch) -> None:
    change_number(patch, int_hp.Int, "prob_to_value", lambda value: value + 1_000)


def the_last_value_never_drawn(patch: pytest.MonkeyPatch) -> None:
    change_number(patch, numerical.Numerical, "_get_n_values", lambda count: max(1, count - 1))


def the_last_choice_by_default(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(choice_hp.Choice, "default", property(lambda self: self._values[-1]))


def values_tried_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle.Oracle, "_duplicate", lambda *_: False)


def a_grid_that_skips(patch: pytest.MonkeyPatch) -> None:
    def skipping(original: Any, self: Any, values: Any) -> Any:
        following = original(self, values)
        return following and (original(self, following) or following)

    wrap(patch, gridsearch.GridSearchOracle, "_get_next_combination", skipping)


def proposals_drawn(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        bayesian.BayesianOptimizationOracle,
        "populate_space",
        lambda self, _trial: self._random_populate_space(),
    )


def proposals_away_from_the_best(patch: pytest.MonkeyPatch) -> None:
    def flipped(original: Any, self: Any) -> Any:
        x, y = original(self)
        return x, -y

    wrap(patch, bayesian.BayesianOptimizationOracle, "_vectorize_trials", flipped)


def scikit_learn_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bayesian, "sklearn", None)


def a_trial_too_many(patch: pytest.MonkeyPatch) -> None:
    def more(self: Any) -> None:
        self.max_trials = self.max_trials and self.max_trials + 1

    change_oracle(patch, more)


def the_worst_called_the_best(patch: pytest.MonkeyPatch) -> None:
    def worst(original: Any, self: Any, num_trials: int = 1) -> Any:
        return original(self, len(self.trials))[::-1][:num_trials]

    wrap(patch, oracle.Oracle, "get_best_trials", worst)


def tensorboard_missing(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "tensorboard.plugins.hparams", None)


def epochs_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hyperband.Hyperband, "run_trial", tuner.Tuner.run_trial)


def callbacks_shared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tuner.Tuner, "_deepcopy_callbacks", lambda _self, callbacks: list(callbacks))


def callbacks_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tuner.Tuner, "_deepcopy_callbacks", lambda *_: [])


def score_of_the_last_epoch(patch: pytest.MonkeyPatch) -> None:
    def last(history: Any, _objective: Any) -> Any:
        return {name: values[-1] for name, values in history.history.items()}, len(
            history.epoch
        ) - 1

    patch.setattr(tuner_utils, "_get_best_value_and_best_epoch_from_history", last)


def weights_from_scratch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(hyperband.Hyperband, "_build_hypermodel", tuner.Tuner._build_hypermodel)


def weights_of_the_last_epoch(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        tuner_utils.SaveBestEpoch, "on_epoch_end", lambda self, *_, **__: self._save_model()
    )


def failed_trials_counted_as_completed(patch: pytest.MonkeyPatch) -> None:
    def counted(original: Any, self: Any, trial: Any) -> None:
        original(self, trial)
        trial = self.trials[trial.trial_id]
        if trial.status == "FAILED":
            trial.status, trial.score = "COMPLETED", 0.0
            self._save_trial(trial)

    wrap(patch, oracle.Oracle, "end_trial", counted)


def retries_ignored(patch: pytest.MonkeyPatch) -> None:
    def none(self: Any) -> None:
        self.max_retries_per_trial = 0

    change_oracle(patch, none)


def a_retry_too_many(patch: pytest.MonkeyPatch) -> None:
    def more(self: Any) -> None:
        self.max_retries_per_trial += 1

    change_oracle(patch, more)


def failed_trial_errors_tried_again(patch: pytest.MonkeyPatch) -> None:
    def again(original: Any, self: Any, trial: Any, *args: Any, **given: Any) -> None:
        original(self, trial, *args, **given)
        if trial.status == "FAILED":
            trial.status = "INVALID"

    wrap(patch, base_tuner.BaseTuner, "_try_run_and_update_trial", again)


def fatal_errors_swallowed(patch: pytest.MonkeyPatch) -> None:
    def swallowed(original: Any, self: Any, trial: Any, *args: Any, **given: Any) -> None:
        try:
            original(self, trial, *args, **given)
        except errors.FatalError:
            trial.status = "INVALID"

    wrap(patch, base_tuner.BaseTuner, "_try_run_and_update_trial", swallowed)


def nan_counted_as_a_score(patch: pytest.MonkeyPatch) -> None:
    change_number(
        patch,
        metrics_tracking.MetricHistory,
        "get_best_value",
        lambda value: 2.0 if value is not None and math.isnan(value) else value,
    )


def never_giving_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle.Oracle, "_check_consecutive_failures", lambda _: None)


def a_tuner_that_is_slow(patch: pytest.MonkeyPatch) -> None:
    def slow(original: Any, self: Any, trial_id: str) -> Any:
        end = time.thread_time() + 1.2 * tuner_decisions.CPU_SECONDS_A_TRIAL
        while self.max_epochs == 16 and time.thread_time() < end:
            pass
        return original(self, trial_id)

    wrap(patch, hyperband.HyperbandOracle, "populate_space", slow)


FAULTS: dict[Callable[[pytest.MonkeyPatch], None], set[str]] = {
    an_older_version: {VERSION},
    objective_with_its_direction_flipped: {
        DIRECTION,
        BEST,
        WORKERS,
        RANKED,
        BAYES_DRAWS,
        BAYES,
        SCORED,
        WEIGHTS,
        NOT_PROMOTED,
    },
    worst_promoted: {BEST, WORKERS, SCORED, NOT_PROMOTED},
    a_dropped_bracket: {ROUNDS, WORKERS, DRAWS, NOT_PROMOTED},
    an_epoch_too_many: {ROUNDS, WORKERS},
    rounds_a_trial_short: {ROUNDS, BEST, WORKERS, DRAWS, NOT_PROMOTED},
    promoted_without_its_parent: {ROUNDS, BEST, WORKERS, DRAWS, SCORED, NOT_PROMOTED},
    promoted_with_other_values: {BEST, WEIGHTS},
    promoted_to_begin_anew: {ROUNDS, BEST, WORKERS},
    running_trials_promoted: {WORKERS},
    a_seed_ignored: {DRAWS, SEED, BAYES_DRAWS, BAYES, BAYES_SEED},
    zero_kept_as_a_seed: {ZERO},
    a_value_outside_the_space: {DRAWS, BAYES_DRAWS, BAYES},
    the_last_value_never_drawn: {SPACE, DRAWS, GRID, BAYES_DRAWS},
    the_last_choice_by_default: {SPACE, GRID},
    values_tried_again: {DRAWS},
    a_grid_that_skips: {GRID},
    proposals_drawn: {BAYES},
    proposals_away_from_the_best: {BAYES},
    scikit_learn_missing: in_an_error(BAYES_DRAWS, BAYES, BAYES_SEED),
    a_trial_too_many: {
        DRAWS,
        GRID,
        COUNT,
        BAYES_DRAWS,
        BAYES,
        BAYES_SEED,
        *in_an_error(TRAINED),
        RETRIES,
        FAILS,
        NAN,
        GIVES_UP,
    },
    the_worst_called_the_best: {RANKED, BAYES_DRAWS, NAN},
    tensorboard_missing: {TRAINED} | in_an_error(TOLD, CALLBACKS, STOPS, SCORED, WEIGHTS),
    epochs_not_told: {TOLD, STOPS, SCORED},
    callbacks_shared: {CALLBACKS},
    callbacks_lost: {CALLBACKS, STOPS},
    score_of_the_last_epoch: {SCORED},
    weights_from_scratch: {WEIGHTS},
    weights_of_the_last_epoch: {WEIGHTS},
    failed_trials_counted_as_completed: {RETRIES, FAILS, NAN, GIVES_UP, NOT_PROMOTED},
    retries_ignored: {RETRIES, NAN},
    a_retry_too_many: {RETRIES, NAN},
    failed_trial_errors_tried_again: {FAILS},
    fatal_errors_swallowed: {FATAL},
    nan_counted_as_a_score: {NAN},
    never_giving_up: {GIVES_UP},
    a_tuner_that_is_slow: {COST},
}
"""From a fault to the rules that it breaks."""


def test_an_unwounded_keras_tuner_keeps_every_rule() -> None:
    assert broken_rules("tuner_decisions") == set()


@pytest.mark.parametrize("fault", [*FAULTS], ids=lambda fault: fault.__name__)
def test_a_planted_fault_breaks_exactly_the_rules_that_should_see_it(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    assert broken_rules("tuner_decisions") == FAULTS[fault]


def test_every_rule_is_broken_by_some_fault() -> None:
    broken = set().union(*FAULTS.values())
    assert broken >= {rule.__name__ for rule in tuner_decisions.RULES}
