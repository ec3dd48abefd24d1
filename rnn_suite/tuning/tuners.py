"""From a search to one of Keras Tuner's tuners: one table of tuners."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnn_suite.errors import MissingPackageError, UnknownNameError
from rnn_suite.search import IntRange, Search, SearchSpace, Value

TUNERS: dict[str, tuple[str, Callable[[Search], dict[str, Any]]]] = {
    "hyperband": (
        "Hyperband",
        lambda search: {
            "max_epochs": search.max_epochs,
            "factor": search.factor,
            "hyperband_iterations": search.iterations,
        },
    ),
    "random": ("RandomSearch", lambda search: {"max_trials": search.max_trials}),
    "bayesian": ("BayesianOptimization", lambda search: {"max_trials": search.max_trials}),
    "grid": ("GridSearch", lambda search: {"max_trials": search.max_trials}),
}
"""From our name of a tuner to Keras Tuner's, and to what it is told of a search."""


def keras_tuner() -> Any:
    """Return the module of Keras Tuner.

    Raises:
        MissingPackageError: if it cannot be imported.
    """
    try:
        return importlib.import_module("keras_tuner")
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"keras_tuner cannot be imported: {error}.\nExpected: Keras Tuner 1.4.6 or later\n"
            f"Received: an environment without {error.name}\n"
            "Next: install it, with pip install 'rnn-suite[tuner]'"
        ) from error


def declare(hyperparameters: Any, space: SearchSpace) -> dict[str, Value]:
    """Tell Keras Tuner of every hyperparameter in `space` and return the values it gives.

    Args:
        hyperparameters: Keras Tuner's `HyperParameters`.
        space: what is searched.
    """
    values: dict[str, Value] = {}
    for parameter in space.parameters:
        if isinstance(parameter, IntRange):
            values[parameter.name] = hyperparameters.Int(
                parameter.name, parameter.low, parameter.high, step=parameter.step
            )
        else:
            values[parameter.name] = hyperparameters.Choice(parameter.name, list(parameter.values))
    return values


def make_tuner(search: Search, *, seed: int, folder: Path, hypermodel: Any, mixin: type) -> Any:
    """Return the tuner of `search`; one whose project lies in `folder` already is taken up.

    Args:
        search: what is searched, and how.
        seed: seed of the draws, 1 or more.
        folder: where the project goes.
        hypermodel: Keras Tuner's `HyperModel`, or what builds a model from `HyperParameters`.
        mixin: class whose methods come before those of Keras Tuner's.

    Raises:
        MissingPackageError: if Keras Tuner is not installed.
        UnknownNameError: if there is no such tuner.
    """
    if search.tuner not in TUNERS:
        raise UnknownNameError("tuner", search.tuner, sorted(TUNERS))
    name, arguments = TUNERS[search.tuner]
    kind = type(f"{mixin.__name__}{name}", (mixin, getattr(keras_tuner(), name)), {})
    return kind(
        hypermodel,
        objective=search.objective,
        seed=seed,
        directory=str(folder.parent),
        project_name=folder.name,
        **arguments(search),
    )
