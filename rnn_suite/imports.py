"""Import TensorFlow and Keras once, and know how long that took."""

from __future__ import annotations

import functools
import importlib
import sys
import time

from rnn_suite.errors import MissingPackageError


@functools.cache
def import_seconds() -> float | None:
    """Import TensorFlow and Keras and return the seconds it took; later calls return the same.

    None if another module of this process had imported one of them before the first call.

    Raises:
        MissingPackageError: if one of them is not installed.
    """
    if "tensorflow" in sys.modules or "keras" in sys.modules:
        return None
    started = time.perf_counter()
    for name in ("tensorflow", "keras"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise MissingPackageError(
                f"{name} cannot be imported: {error}.\nExpected: an environment with the libraries "
                f"under test\nReceived: {sys.executable}, without {error.name}\n"
                "Next: install them, with pip install 'rnn-suite[cpu]' or in the versions you ask about"
            ) from error
    return time.perf_counter() - started
