"""The few calls that Keras's public API has no word for: one small file a backend."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol, cast

from rnn_suite.errors import UnknownNameError

BACKENDS = ("tensorflow",)
"""Backends that have a file here."""


class Backend(Protocol):
    """What each file offers."""

    def traces(self, function: Any) -> int:
        """Return how often what a model runs its steps with was traced, its inner functions included."""

    def operations(self, step: Callable[..., Any], *arguments: Any) -> dict[str, int]:
        """Return how many operations of each kind a step is traced into, inner functions included."""

    def graph_size(self, step: Callable[..., Any], *arguments: Any) -> int:
        """Return the number of operations that a step is traced into, inner functions included."""

    def tensor(self, array: Any) -> Any:
        """Return a tensor of the backend's own with the values of `array`."""

    def settings(self) -> dict[str, str]:
        """Return what the backend is told about threads and compilers, in words."""

    def enable_op_determinism(self) -> None:
        """Let every operation give the same on the same inputs; there is no way back in this process."""


def backend() -> Backend:
    """Return the file of the backend that Keras runs on.

    Raises:
        UnknownNameError: if it has none.
    """
    import keras

    name = keras.config.backend()
    if name not in BACKENDS:
        raise UnknownNameError("Keras backend", name, sorted(BACKENDS))
    return cast("Backend", importlib.import_module(f"rnn_suite.backend.{name}"))
