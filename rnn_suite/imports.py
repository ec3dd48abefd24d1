"""Import TensorFlow and Keras once, and know how long that took."""

from __future__ import annotations

import functools
import importlib
import sys
import time


@functools.cache
def import_seconds() -> float | None:
    """Import TensorFlow and Keras and return the seconds it took; later calls return the same.

    None if another module of this process had imported one of them before the first call.
    """
    if "tensorflow" in sys.modules or "keras" in sys.modules:
        return None
    started = time.perf_counter()
    importlib.import_module("tensorflow")
    importlib.import_module("keras")
    return time.perf_counter() - started
