"""From tensors to NumPy."""

from __future__ import annotations

from typing import Any

import keras

from rnn_suite.oracle.functions import Array


def numbers(tensor: Any) -> Array:
    """Return the numbers of a tensor or a variable, in its shape and dtype."""
    array: Array = keras.ops.convert_to_numpy(tensor)
    return array
