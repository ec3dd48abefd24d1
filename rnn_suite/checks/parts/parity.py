"""What all comparisons with the oracle share: fixed numbers, and how far rounding may lead.

Truth is the oracle in float64. How far float32 may lie from it is measured on the spot: the oracle is run
in float32 too, on the same numbers, and Keras may be `ALLOWANCE` times as far from the truth as that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from rnn_suite.errors import MeasurementError
from rnn_suite.findings import FLOAT32_EPSILON, UNCOMPARABLE, Finding, relative_error
from rnn_suite.oracle.functions import Array

ALLOWANCE = 32.0
"""How many times as far from the truth as plain float32 arithmetic; measured over 12 sets of numbers, 6504
findings of Keras 3.15.1 on TensorFlow 2.21: at most 2.3 times for outputs, 8.2 times for gradients."""


class Draws:
    """Numbers from a stream that NumPy has promised never to change."""

    def __init__(self, seed: int) -> None:
        self._stream = np.random.RandomState(seed)

    def normal(self, *shape: int) -> Array:
        """Return standard normal float32 numbers."""
        return self._stream.standard_normal(shape).astype("float32")

    def weights(self, shapes: Iterable[tuple[int, ...]]) -> list[Array]:
        """Return float32 arrays that keep the size of what they are multiplied with."""
        return [self.normal(*shape) / np.float32(np.sqrt(shape[0])) for shape in shapes]

    def tokens(self, words: int, *shape: int) -> Array:
        """Return int32 words."""
        return self._stream.randint(0, words, shape).astype("int32")


Compute = Callable[[str], Sequence[Array | float]]
"""From a dtype to what the oracle computes in it."""


def against_the_oracle(
    names: Sequence[str],
    received: Sequence[Any],
    compute: Compute,
    *,
    epsilon: float = FLOAT32_EPSILON,
    allowance: float = ALLOWANCE,
) -> Iterator[Finding]:
    """Hold what Keras computed against the oracle.

    Args:
        names: of the arrays.
        received: the arrays, from Keras.
        compute: the same arrays from the oracle, in the dtype it is given.
        epsilon: rounding of the arithmetic that Keras was to use; the oracle knows no float16 or bfloat16,
            so its float32 error is scaled by it.
        allowance: how many times as far from the truth as that.
    """
    truths, singles = compute("float64"), compute("float32")
    for name, ours, truth, single in zip(names, received, truths, singles, strict=True):
        error = relative_error(np.asarray(ours, np.float64), truth)
        rounded = relative_error(single, truth)
        if rounded == UNCOMPARABLE:
            raise MeasurementError(
                f"{name}: the equations themselves give no finite number.\nExpected: numbers that "
                "float32 can hold\nReceived: NaN or infinity\nNext: choose smaller weights for it"
            )
        natural = max(rounded, FLOAT32_EPSILON) * epsilon / FLOAT32_EPSILON
        if error == UNCOMPARABLE:
            told = f"shape {np.shape(ours)}, of {np.shape(truth)} expected, or a number not finite"
        else:
            told = f"{error:.2g} off"
        yield Finding(
            name=name,
            error=error,
            bound=allowance * natural,
            expected=f"the equations in float64 ± {allowance * natural:.2g}",
            received=told,
        )


def as_dtype(dtype: str, arrays: Iterable[Array]) -> list[Array]:
    """Return the arrays in another dtype."""
    return [array.astype(dtype) for array in arrays]
