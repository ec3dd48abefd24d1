"""From raw numbers to an estimate, an interval and the smallest effect that would have been seen.

Pure functions. The replicate is a seed or a process, never a step. SciPy is imported where it is
called, so that starting pytest does not wait for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTest:
    """How far the mean of the new seeds lies below the mean of the baseline's.

    Student's two-sample t with pooled variance: under the null of unchanged code both samples come
    from one distribution, so their variances are equal, and a handful of new seeds borrows the
    baseline's estimate of the spread. The MLPerf reference-convergence checker decides likewise
    (mlcommons/logging, `rcp_checker`).

    A fault that ruins some seeds widens the new spread and would hide in the pooled one. So "no drop" is
    tested with the baseline's spread alone as well, which is as exact under that null; the smaller of
    both p-values counts, doubled (Bonferroni).
    """

    drop: float
    """Baseline mean minus new mean; positive is worse."""
    standard_error: float
    degrees_of_freedom: int
    p_drop: float
    """One-sided p-value of the null "there is no drop" (true drop <= 0)."""
    p_beyond_allowed: float
    """One-sided p-value of the null "the drop is at least the allowed one"."""
    p_gain: float
    """One-sided p-value of the null "there is no gain" (true drop >= 0)."""

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the two-sided confidence interval of the drop."""
        from scipy import stats

        half = self.standard_error * float(
            stats.t.ppf(0.5 + confidence / 2, self.degrees_of_freedom)
        )
        return self.drop - half, self.drop + half


def smallest_visible_shift(
    standard_error: float, *, degrees_of_freedom: int, alpha: float, power: float
) -> float:
    """Return the true shift that a one-sided t-test at level `alpha` sees in a share `power` of runs.

    Solves the power function of the t-test, which is the noncentral t distribution.
    """
    from scipy import optimize, stats

    critical = float(stats.t.ppf(1 - alpha, degrees_of_freedom))

    def shortfall(noncentrality: float) -> float:
        return float(stats.nct.sf(critical, degrees_of_freedom, noncentrality)) - power

    highest = 2.0 * critical
    while shortfall(highest) < 0:
        highest *= 2.0
    return standard_error * float(optimize.brentq(shortfall, 0.0, highest))


def drop_test(baseline: Sequence[float], new: Sequence[float], *, allowed_drop: float) -> DropTest:
    """Compare the means of two samples of seeds, one-sided, against no drop and the allowed drop.

    Args:
        baseline: one value a seed, two or more.
        new: one value a seed, one or more.
        allowed_drop: the drop a person accepts, in the unit of the values, 0 or more.

    Raises:
        ValueError: if there are too few values to estimate a spread, or one is not finite.
    """
    if len(baseline) < 2 or len(new) < 1:
        raise ValueError(
            f"a comparison needs 2 baseline seeds and 1 new one; received {len(baseline)} and {len(new)}"
        )
    if not all(map(math.isfinite, [*baseline, *new])):
        raise ValueError("a value is NaN or infinite")
    freedom = len(baseline) + len(new) - 2
    # Exact means, so that values without spread leave none: a sum of floats would be an ulp off.
    old_mean, now_mean = mean(baseline), mean(new)
    old_squares = sum((value - old_mean) ** 2 for value in baseline)
    squares = old_squares + sum((value - now_mean) ** 2 for value in new)
    share = 1 / len(baseline) + 1 / len(new)
    error = math.sqrt(squares / freedom * share)
    old_error = math.sqrt(old_squares / (len(baseline) - 1) * share)
    drop = old_mean - now_mean
    return DropTest(
        drop=drop,
        standard_error=error,
        degrees_of_freedom=freedom,
        p_drop=min(
            1.0,
            2 * _upper_tail(drop, error, freedom),
            2 * _upper_tail(drop, old_error, len(baseline) - 1),
        ),
        p_beyond_allowed=_upper_tail(allowed_drop - drop, error, freedom),
        p_gain=_upper_tail(-drop, error, freedom),
    )


def _upper_tail(excess: float, error: float, freedom: int) -> float:
    """Return P(T > excess / error); samples without any spread decide by the sign alone."""
    if error == 0:
        return 0.0 if excess > 0 else 1.0
    from scipy import stats

    return float(stats.t.sf(excess / error, freedom))


def holm(p_values: Sequence[float], *, alpha: float) -> list[bool]:
    """Return for each null whether it is rejected, all together wrong at most `alpha` of the time.

    Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979): the k-th smallest of m
    p-values is held against alpha / (m - k + 1), and the first that is larger ends it.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    rejected = [False] * len(p_values)
    for rank, index in enumerate(order):
        if not p_values[index] <= alpha / (len(p_values) - rank):
            break
        rejected[index] = True
    return rejected
