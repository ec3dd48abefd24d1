"""From a search to one of Keras Tuner's tuners: one table of tuners."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from rnn_suite.errors import MissingPackageError
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
"""From our name of a tuner, all of `TUNER_NAMES`, to Keras Tuner's, and to what it is told of a search."""


def keras_tuner() -> Any:
    """Return the module of Keras Tuner.

    Raises:
        MissingPackageError: if it cannot be imported.
    """
    try:
        return importlib.import_module("keras_tuner")
    except Exception as error:
        # Whatever it leans on may break it, each in its own way: protobuf raises TypeError.
        told = ", ".join(f"{name} {version}" for name, version in tuner_libraries().items())
        raise MissingPackageError(
            f"keras_tuner cannot be imported: {type(error).__name__}: {error}.\n"
            f"Expected: Keras Tuner 1.4.6 or later, and what it imports\nReceived: {told}\n"
            "Next: install what is missing, with pip install 'rnn-suite[tuner]', or bring back the version "
            "that it could be imported with"
        ) from error


def tuner_libraries() -> dict[str, str]:
    """Return the versions of Keras Tuner and of all that its answers lean on, without importing any."""
    return {
        name: next((d.version for d in metadata.distributions(name=name)), "not installed")
        for name in (
            *(
                "keras-tuner",
                "keras",
                "tensorflow",
                "tensorflow-cpu",
                "numpy",
                "protobuf",
                "grpcio",
            ),
            *("tensorboard", "scipy", "scikit-learn"),
        )
    }


def draw_seed(seed: int) -> int:
    """Return what Keras Tuner is to draw the values of a search from, 1 or more.

    It draws each value from a seed one higher than that of the value before: searches from neighbouring
    seeds would try the same values, and be no replicates of each other.
    """
    return int.from_bytes(hashlib.sha256(f"{seed} draws".encode()).digest()[:4], "big") % 2**30 + 1


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
    """
    name, arguments = TUNERS[search.tuner]
    # A tuner by Gaussian processes asks for scikit-learn, which Keras Tuner does not bring by itself.
    kind = type(f"{mixin.__name__}{name}", (mixin, getattr(keras_tuner(), name)), {})
    return kind(
        hypermodel,
        objective=search.objective,
        seed=seed,
        directory=str(folder.parent),
        project_name=folder.name,
        **arguments(search),
    )
