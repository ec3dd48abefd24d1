"""Known faults, switched on from outside: a pytest plugin that wounds the installed libraries.

`RNN_SUITE_FAULT=name PYTEST_PLUGINS=tests.selftest.faults python -m pytest -m smoke --runs DIR` runs
the gate, unchanged, against the wounded library; a folder of its own keeps its results apart. Several names,
with commas between them, wound it in several places.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from typing import Any


def sigmoid_for_tanh() -> None:
    """Let LSTM squash its candidate and output with the wrong function."""
    _change_default("LSTM", activation="sigmoid")


def gru_of_2014() -> None:
    """Let GRU apply its reset gate before the matrix product, with one bias fewer."""
    _change_default("GRU", reset_after=False)


def _change_default(layer: str, **changed: Any) -> None:
    import keras

    # Keras reads the signature of a layer's __init__, so that cannot be wrapped.
    setattr(keras.layers, layer, functools.partial(getattr(keras.layers, layer), **changed))


def learning_rate_a_tenth() -> None:
    """Let Adam take a tenth of the learning rate it is given."""
    import keras

    original = keras.optimizers.Adam.__init__

    @functools.wraps(original)
    def wounded(self: Any, learning_rate: float = 1e-3, **kwargs: Any) -> None:
        original(self, learning_rate=learning_rate / 10, **kwargs)

    keras.optimizers.Adam.__init__ = wounded


def labels_shuffled_in_the_data() -> None:
    """Let the loader give each review the label of another."""
    import dataclasses

    import numpy as np

    import rnn_suite.workbench

    workbench: Any = rnn_suite.workbench
    original = workbench.load

    def wounded(experiment: Any) -> Any:
        dataset = original(experiment)
        labels = np.random.RandomState(0).permutation(dataset.y_train)
        return dataclasses.replace(dataset, y_train=labels)

    workbench.load = wounded


def labels_shuffled_in_fit() -> None:
    """Let `fit` pair each review with the label of another."""
    import keras
    import numpy as np

    original = keras.Model.fit

    @functools.wraps(original)
    def wounded(self: Any, x: Any, y: Any, **kwargs: Any) -> Any:
        return original(self, x, np.random.RandomState(0).permutation(y), **kwargs)

    keras.Model.fit = wounded


def step_five_times_slower() -> None:
    """Let every `train_on_batch` take five times as long."""
    import keras

    original = keras.Model.train_on_batch

    @functools.wraps(original)
    def wounded(self: Any, *args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        result = original(self, *args, **kwargs)
        until = started + 5 * (time.perf_counter() - started)
        while time.perf_counter() < until:
            pass
        return result

    keras.Model.train_on_batch = wounded


def wounded_new_environment() -> None:
    """Let the workers of the new environment be those of `wounded_worker`."""
    from dataclasses import replace
    from pathlib import Path

    import rnn_suite.plugin.upgrade

    module: Any = rnn_suite.plugin.upgrade
    original = module.plan_for

    def wounded(*args: Any) -> Any:
        plan = original(*args)
        launcher = Path(__file__).with_name("wounded_worker.py")
        return replace(plan, environments=replace(plan.environments, candidate_launcher=launcher))

    module.plan_for = wounded


FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        sigmoid_for_tanh,
        gru_of_2014,
        learning_rate_a_tenth,
        labels_shuffled_in_the_data,
        labels_shuffled_in_fit,
        step_five_times_slower,
        wounded_new_environment,
    )
}


def pytest_configure() -> None:
    for name in os.environ["RNN_SUITE_FAULT"].split(","):
        FAULTS[name]()
