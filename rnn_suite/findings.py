"""What a rule found: how far the libraries are from independent arithmetic or a stated rule."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FLOAT32_EPSILON = 2.0**-23
"""Distance from 1 to the next float32."""
FLOAT16_EPSILON = 2.0**-10
"""Distance from 1 to the next float16."""

UNCOMPARABLE = 1e300
"""Error of what has another shape, is not finite, or could not be computed at all; JSON knows no infinity."""

AN_ANSWER = "an answer"
"""What a rule asks for that ended in an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was held against arithmetic or a stated rule."""

    name: str
    """What was looked at; unique among the findings of its rule and the same in every run."""
    error: float
    """How far off it is; 0 is exact. Never NaN: what cannot be compared is `UNCOMPARABLE` off."""
    bound: float
    """The largest error that keeps the rule."""
    expected: str
    """What the rule asks for."""
    received: str
    """What the libraries gave."""

    def __post_init__(self) -> None:
        if not (0 <= self.error < math.inf and 0 <= self.bound < math.inf):
            raise ValueError(
                f"{self.name}: error {self.error} and bound {self.bound} must be finite and not negative"
            )

    @property
    def holds(self) -> bool:
        """Whether the rule is kept."""
        return self.error <= self.bound and self.error < UNCOMPARABLE


def relative_error(received: ArrayLike, expected: ArrayLike) -> float:
    """Return the norm of the difference over the norm of `expected`, or over 1 where that is 0.

    A norm and not the largest entry: it is less noisy, and one wrong entry still stands far above rounding.
    """
    import numpy as np  # Here and not above: pytest starts with this module in every project.

    ours, theirs = np.asarray(received, np.float64), np.asarray(expected, np.float64)
    if ours.shape != theirs.shape:
        return UNCOMPARABLE
    error = float(np.linalg.norm(ours - theirs)) / (float(np.linalg.norm(theirs)) or 1.0)
    return error if math.isfinite(error) else UNCOMPARABLE


def close(
    name: str,
    received: ArrayLike,
    expected: ArrayLike,
    *,
    bound: float,
    source: str = "the equations",
) -> Finding:
    """Return a finding that holds where `received` is `expected` within `bound`, as `relative_error`.

    Args:
        name: what was looked at.
        received: number or array from the libraries, any float dtype.
        expected: the same, computed independently.
        bound: largest `relative_error`, derived from rounding or measured.
        source: where `expected` comes from, for the message.
    """
    import numpy as np

    ours, theirs = np.asarray(received, np.float64), np.asarray(expected, np.float64)
    error = relative_error(ours, theirs)
    if ours.shape != theirs.shape:
        return Finding(
            name=name,
            error=error,
            bound=bound,
            expected=f"shape {theirs.shape}",
            received=f"shape {ours.shape}",
        )
    if ours.size == 1:
        wanted, found = f"{theirs.item():.7g} ± {bound:.2g} rel.", f"{ours.item():.7g}"
    else:
        wanted, found = f"{source} ± {bound:.2g} rel.", f"{error:.2g} off"
    return Finding(name=name, error=error, bound=bound, expected=wanted, received=found)


def equal(name: str, received: object, expected: object) -> Finding:
    """Return a finding that holds where `received` is exactly `expected`.

    Of arrays, dtype and shape are included and NaN equals nothing; all else is compared as Python does.
    """
    import numpy as np

    if isinstance(expected, np.ndarray) or isinstance(received, np.ndarray):
        ours, theirs = np.asarray(received), np.asarray(expected)
        same_kind = ours.shape == theirs.shape and ours.dtype == theirs.dtype
        wrong = int(np.sum(ours != theirs)) if same_kind else ours.size
        same = same_kind and not wrong
        wanted = f"{theirs.dtype}{list(theirs.shape)}, every entry equal"
        found = f"{ours.dtype}{list(ours.shape)}" + (
            f", {wrong} entries differ" if same_kind else ""
        )
    else:
        same = bool(received == expected)
        wanted, found = _shortened(expected), _shortened(received)
    return Finding(
        name=name, error=0.0 if same else UNCOMPARABLE, bound=0.0, expected=wanted, received=found
    )


def within(name: str, received: float, low: float, high: float) -> Finding:
    """Return a finding that holds where `low <= received <= high`; its error is how far outside it is."""
    distance = max(low - received, received - high, 0.0)
    return Finding(
        name=name,
        error=distance if math.isfinite(received) else UNCOMPARABLE,
        bound=0.0,
        expected=f"{low:.6g} to {high:.6g}",
        received=f"{received:.6g}",
    )


def _shortened(value: object, length: int = 200) -> str:
    text = repr(value)
    return text if len(text) <= length else f"{text[: length - 3]}..."
