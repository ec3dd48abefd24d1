"""Slow drifts and late steps in the series of a history, which no single comparison sees.

- **Null** of a series: its measurements could have come in any order. **Effect**: a step between two of them,
  or a steady rise or fall. **Replicate**: an independent measurement, see `Series.replicates`.
- **Statistic**: the largest correlation, without its sign, of the ranks with each of the possible steps and
  with a straight line. Of the steps alone it is the largest of all two-sample rank statistics, each divided
  by its standard deviation: Pettitt's test (Applied Statistics 28, 1979, 126-135) in the form of maximally
  selected rank statistics (Lausen and Schumacher, Biometrics 48, 1992, 73-85), which sees late steps sooner.
  Of the line alone it is Spearman's test of trend, as strong as Mann and Kendall's (Yue, Pilon and Cavadias,
  Journal of Hydrology 259, 2002, 254-271).
- **p-value**: by random orders of the same measurements, so ties and outliers cost no correctness however
  short the series is; drawn one after the other until the answer is plain (Besag and Clifford, Biometrika
  78, 1991, 301-304), from a fixed seed.
- **Error rate**: in one reading of a history, the chance that anything is called drifting wrongly is at most
  `FALSE_ALARM_RATE`. Half of it is for whole series: Holm's procedure over those that are long enough and
  vary enough for any order of theirs to be called so (Tarone, Biometrics 46, 1990, 515-522). A step that is
  found parts its series, and what lies before and after it is looked at again (binary segmentation): all
  parts of one look share, in the same way, half of what the look before had, so that all looks together have
  no more than the rate. A slope parts nothing. Of a part the rate is near and not exact, since its end was
  chosen by looking.

`tests/benchmarks/drift_rates.py` measures the rates. A drift is told and is no failure: a history is no
baseline.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from math import factorial, prod
from statistics import median
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rnn_suite.series import Replicate, Series
from rnn_suite.statistics import holm

FALSE_ALARM_RATE = 0.01
"""Chance that one reading of a history in which nothing changed tells of any drift."""

ORDERS = 99_999
"""Random orders that a p-value is counted from, at most: enough for 500 series at once."""

_BATCH = 1_000
_ENOUGH = 20
"""Orders as strange as the one seen after which no more are drawn."""

Array: TypeAlias = NDArray[np.float64]


class Shape(enum.StrEnum):
    """How a series moved."""

    STEP = "step"
    """From one measurement to the next."""
    SLOPE = "slope"
    """Steadily."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A series that moved."""

    series: Series
    shape: Shape
    replicates: tuple[Replicate, ...]
    """The part of the series that it was found in."""
    first_after: int
    """Of a step, which of the replicates is the first after it; of a slope, the last one."""
    before: float
    """Of a step, the median before it; of a slope, the fitted value at its beginning."""
    after: float
    """Likewise after it, or at its end."""
    change: float
    """Of a step, Hodges and Lehmann's shift, the median of all differences of one after and one before; of a
    slope, Theil and Sen's, the median of all slopes, from beginning to end. In the unit of the series."""
    p: float
    """Of this part alone; that all share one rate is seen to in the choice of what is told."""

    @property
    def worse(self) -> bool | None:
        """Whether it moved to the worse; None where neither way is worse."""
        higher_is_better = self.series.higher_is_better
        return None if higher_is_better is None else (self.change < 0) == higher_is_better


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a series that is looked at by itself."""

    series: Series
    replicates: tuple[Replicate, ...]

    @property
    def amounts(self) -> list[float]:
        return [replicate.amount for replicate in self.replicates]


def drifts(series: Iterable[Series]) -> tuple[Drift, ...]:
    """Return every drift of all series of a history, the smallest p-value first.

    They are decided together, since they share one false-alarm rate.
    """
    found: list[Drift] = []
    # First whole series, then what lies before and after each step that was found, and so on.
    parts = [_Part(one, one.replicates) for one in series]
    level = FALSE_ALARM_RATE
    while parts:
        level /= 2
        moved = [_drift(part, p) for part, p in _told(parts, level)]
        found += moved
        parts = [
            _Part(drift.series, half)
            for drift in moved
            if drift.shape is Shape.STEP
            for half in (
                drift.replicates[: drift.first_after],
                drift.replicates[drift.first_after :],
            )
        ]
    return tuple(sorted(found, key=lambda drift: drift.p))


def replicates_needed(series: int) -> int:
    """Return how many measurements, all different, a series must have before any order of them is told.

    Args:
        series: how many share the false-alarm rate.
    """
    return next(n for n in count(2) if 2 / factorial(n) <= FALSE_ALARM_RATE / 2 / series)


def smallest_p(amounts: Sequence[float]) -> float:
    """Return a bound that no order of `amounts` can have a p-value below."""
    ties = prod(factorial(times) for times in Counter(amounts).values())
    return max(min(1.0, 2 * ties / factorial(len(amounts))), 1 / (ORDERS + 1))


def p_value(amounts: Sequence[float]) -> float:
    """Return the share of orders of `amounts` that are as far from chance as this one."""
    ranks, patterns = _ranks(amounts), patterns_of(len(amounts))
    # A sum of floats differs in its last digits with the order of its terms.
    seen = np.abs(ranks @ patterns).max() * (1 - 1e-9)
    chance, strange, drawn = np.random.default_rng(0), 0, 0
    while drawn < ORDERS:
        batch = min(_BATCH, drawn + _BATCH // 10, ORDERS - drawn)
        orders = chance.permuted(np.broadcast_to(ranks, (batch, len(ranks))), axis=1)
        hits = np.flatnonzero(np.abs(orders @ patterns).max(axis=1) >= seen)
        if strange + len(hits) >= _ENOUGH:
            return float(_ENOUGH / (drawn + hits[_ENOUGH - strange - 1] + 1))
        strange, drawn = strange + len(hits), drawn + batch
    return (strange + 1) / (drawn + 1)


def _told(parts: Sequence[_Part], level: float) -> list[tuple[_Part, float]]:
    """Return the parts whose order is no chance, all together wrong at most a share `level` of the time."""
    least = [smallest_p(part.amounts) if part.replicates else 1.0 for part in parts]
    # Which parts take part depends on their amounts, not on the order that is tested.
    sharing = next(size for size in count(1) if sum(p <= level / size for p in least) <= size)
    tested = [part for part, p in zip(parts, least, strict=True) if p <= level / sharing]
    p_values = [p_value(part.amounts) for part in tested]
    rejected = holm(p_values, alpha=level)
    return [(part, p) for part, p, told in zip(tested, p_values, rejected, strict=True) if told]


def _drift(part: _Part, p: float) -> Drift:
    from scipy import stats

    amounts = part.amounts
    best = int(np.argmax(np.abs(_ranks(amounts) @ patterns_of(len(amounts)))))
    if best == len(amounts) - 1:
        shape, first_after = Shape.SLOPE, len(amounts) - 1
        slope, start, *_ = stats.theilslopes(amounts)
        change = float(slope) * (len(amounts) - 1)
        before, after = float(start), float(start) + change
    else:
        shape, first_after = Shape.STEP, _place(amounts)
        old, new = amounts[:first_after], amounts[first_after:]
        before, after = median(old), median(new)
        change = median(late - early for late in new for early in old)
    return Drift(
        series=part.series,
        shape=shape,
        replicates=part.replicates,
        first_after=first_after,
        before=before,
        after=after,
        change=change,
        p=p,
    )


def _place(amounts: Sequence[float]) -> int:
    """Return the first measurement after the step.

    Ranks alone draw the place towards the middle. So of the splits that they tell apart nearly as well as the
    best one, it is the one whose parts lie closest to their medians.
    """
    found = np.abs(_ranks(amounts) @ patterns_of(len(amounts)))[:-1]

    def distance(first_after: int) -> float:
        parts = amounts[:first_after], amounts[first_after:]
        return sum(abs(amount - median(part)) for part in parts for amount in part)

    return min((int(i) + 1 for i in np.flatnonzero(found >= 0.9 * found.max())), key=distance)


def _ranks(amounts: Sequence[float]) -> Array:
    """Return the ranks about their mean; equal amounts share one."""
    from scipy import stats

    ranks = np.asarray(stats.rankdata(amounts), np.float64)
    return ranks - float(ranks.mean())


@cache
def patterns_of(length: int) -> Array:
    """Return every step and, last, the line: float64[length, length], each column of mean 0 and norm 1."""
    steps = np.tri(length, length - 1, -1)
    line = np.arange(length, dtype=np.float64)
    columns = np.column_stack([steps, line])
    columns -= columns.mean(axis=0)
    norms: Array = np.sqrt((columns**2).sum(axis=0))
    return columns / norms
