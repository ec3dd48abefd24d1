"""A search whose libraries are wounded first; the variable RNN_SUITE_WOUND names the wound.

Started as `rnn_suite.tuning.work` is, with the same arguments.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from rnn_suite.tuning.work import main


def nothing() -> None:
    """Leave the libraries sound."""


def objective_to_be_low() -> None:
    """Let the highest accuracy count as the worst."""
    from keras_tuner.src.engine import objective

    objective.create_objective = lambda name: objective.Objective(name, "min")


def early_stopping_that_never_stops() -> None:
    import keras

    keras.callbacks.EarlyStopping.on_epoch_end = lambda *_: None


def trials_that_go_on_from_nothing() -> None:
    """Let a promoted trial begin with new weights and not with its parent's."""
    from keras_tuner.src.engine import tuner
    from keras_tuner.src.tuners import hyperband

    hyperband.Hyperband._build_hypermodel = tuner.Tuner._build_hypermodel


def a_bracket_dropped() -> None:
    from keras_tuner.src.tuners.hyperband import HyperbandOracle

    sound = HyperbandOracle._get_num_brackets
    HyperbandOracle._get_num_brackets = lambda oracle: sound(oracle) - 1


def an_epoch_more() -> None:
    from keras_tuner.src.tuners.hyperband import HyperbandOracle

    sound = HyperbandOracle._get_epochs
    HyperbandOracle._get_epochs = lambda oracle, *where: sound(oracle, *where) + 1


def epochs_not_passed_on() -> None:
    """Let every trial train as long as `search` was told, from the first epoch."""
    from keras_tuner.src.engine import tuner
    from keras_tuner.src.tuners import hyperband

    hyperband.Hyperband.run_trial = tuner.Tuner.run_trial


def worst_trial_for_the_best() -> None:
    from keras_tuner.src.engine.oracle import Oracle

    sound = Oracle.get_best_trials

    def reversed_order(oracle: Any, num_trials: int = 1) -> Any:
        return sound(oracle, len(oracle.trials))[::-1][:num_trials]

    Oracle.get_best_trials = reversed_order


def a_package_missing() -> None:
    """Be an environment without TensorBoard, which Keras Tuner imports in every trial and never asks for."""
    sys.modules["tensorboard"] = None  # type: ignore[assignment]


def a_trial_that_fails() -> None:
    from keras_tuner.src.engine.tuner import Tuner

    sound = Tuner.run_trial

    def failing(tuner: Any, trial: Any, *arguments: Any, **named: Any) -> Any:
        if trial.trial_id == "0001":
            raise ValueError("planted")
        return sound(tuner, trial, *arguments, **named)

    Tuner.run_trial = failing


WOUNDS = {
    wound.__name__: wound
    for wound in (
        nothing,
        objective_to_be_low,
        early_stopping_that_never_stops,
        trials_that_go_on_from_nothing,
        a_bracket_dropped,
        an_epoch_more,
        epochs_not_passed_on,
        worst_trial_for_the_best,
        a_package_missing,
        a_trial_that_fails,
    )
}

if __name__ == "__main__":
    WOUNDS[os.environ["RNN_SUITE_WOUND"]]()
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
