"""Faults in Keras Tuner: promotion, resume, direction, epochs, seeds, trials that fail, packages missing."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

from tests.selftest.faults.plant import Wound, around, fault

TUNER = "tuner"


def _tuner_fault(*sees: str) -> Callable[[Wound], Wound]:
    return fault(TUNER, *sees, cell="tuner", after="keras_tuner")


@_tuner_fault("tuner_decisions", "search_structure")
def objective_to_be_low(_: float) -> None:
    """The highest accuracy counts as the worst."""
    from keras_tuner.src.engine import objective

    objective.create_objective = lambda name: objective.Objective(name, "min")


@_tuner_fault("tuner_decisions", "search_structure")
def early_stopping_ignored_in_trials(_: float) -> None:
    """A trial trains on, though its EarlyStopping says no."""
    import keras

    keras.callbacks.EarlyStopping.on_epoch_end = lambda *_: None


@_tuner_fault("tuner_decisions", "search_structure")
def trials_that_go_on_from_nothing(_: float) -> None:
    """A promoted trial begins with new weights and not with its parent's."""
    from keras_tuner.src.engine import tuner
    from keras_tuner.src.tuners import hyperband

    hyperband.Hyperband._build_hypermodel = tuner.Tuner._build_hypermodel


@_tuner_fault("tuner_decisions", "search_structure")
def a_bracket_dropped(_: float) -> None:
    """Hyperband runs a bracket fewer."""
    from keras_tuner.src.tuners.hyperband import HyperbandOracle

    around(HyperbandOracle, "_get_num_brackets", lambda original, oracle: original(oracle) - 1)


@_tuner_fault("tuner_decisions", "search_structure")
def an_epoch_more_in_trials(_: float) -> None:
    """Every trial trains one epoch longer than Hyperband's arithmetic says."""
    from keras_tuner.src.tuners.hyperband import HyperbandOracle

    around(HyperbandOracle, "_get_epochs", lambda original, *where: original(*where) + 1)


@_tuner_fault("tuner_decisions", "search_structure")
def epochs_not_passed_on(_: float) -> None:
    """Every trial trains as long as `search` was told, from the first epoch."""
    from keras_tuner.src.engine import tuner
    from keras_tuner.src.tuners import hyperband

    hyperband.Hyperband.run_trial = tuner.Tuner.run_trial


@_tuner_fault("tuner_decisions", "search_structure")
def worst_trial_for_the_best(_: float) -> None:
    """The trials come back in order from the worst to the best."""
    from keras_tuner.src.engine.oracle import Oracle

    def reversed_order(original: Any, oracle: Any, num_trials: int = 1) -> Any:
        return original(oracle, len(oracle.trials))[::-1][:num_trials]

    around(Oracle, "get_best_trials", reversed_order)


@_tuner_fault("tuner_decisions")
def seed_of_a_search_ignored(_: float) -> None:
    """A search draws other values each time, whatever its seed."""
    from keras_tuner.src.engine.oracle import Oracle

    def drawn(original: Any, oracle: Any, *args: Any, **kwargs: Any) -> None:
        original(oracle, *args, **kwargs)
        oracle.seed = random.SystemRandom().randrange(2**31)

    around(Oracle, "__init__", drawn)


@_tuner_fault("tuner_decisions", "search_structure")
def a_package_missing(_: float) -> None:
    """TensorBoard, which Keras Tuner imports in every trial and never asks for, is not there."""
    sys.modules["tensorboard"] = None  # type: ignore[assignment]


@_tuner_fault("search_structure")
def a_trial_that_fails(_: float) -> None:
    """The second trial raises each time."""
    from keras_tuner.src.engine.tuner import Tuner

    def failing(original: Any, tuner: Any, trial: Any, *args: Any, **kwargs: Any) -> Any:
        if trial.trial_id == "0001":
            raise ValueError("planted")
        return original(tuner, trial, *args, **kwargs)

    around(Tuner, "run_trial", failing)


@_tuner_fault("tuner_decisions")
def failed_trials_counted_as_completed(_: float) -> None:
    """A trial that failed goes on to the next round."""
    from keras_tuner.src.engine import trial

    trial.TrialStatus.FAILED = trial.TrialStatus.COMPLETED
