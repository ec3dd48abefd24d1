"""Wilcoxon's signed-rank test of paired differences, exact for any number of pairs, with its estimate.

Everything is read off the Walsh averages, the averages of every two differences and of each with itself:
how many lie above a value is the test's statistic against that value, their median is the estimate, and
one of them, counted from an end, is the confidence bound (Hollander, Wolfe and Chicken, Nonparametric
Statistical Methods, chapter 3). So test, estimate and bounds never contradict each other.

Exact means: if each difference is as likely to lie some distance above the centre as below it,
independently of the others, no p-value is too small, whatever the noise and even where it changes from
pair to pair. Ties and zeros count against rejection, which can only make a p-value larger.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, combinations, combinations_with_replacement
from statistics import NormalDist, median

_SIMULATED_SAMPLES = 2_000
"""Puts the smallest visible shift within some 2 % of what endless samples would give."""


def p_above(differences: Sequence[float], shift: float) -> float:
    """Return the one-sided p-value of the null "the centre is at most `shift`".

    Raises:
        ValueError: if there are no differences, or one is NaN or infinite.
    """
    above = sum(average > shift for average in _walsh_averages(differences))
    patterns = _patterns(len(differences))
    return patterns[above] / patterns[0]


def p_below(differences: Sequence[float], shift: float) -> float:
    """Return the one-sided p-value of the null "the centre is at least `shift`"; see `p_above`."""
    return p_above([-difference for difference in differences], -shift)


def hodges_lehmann(differences: Sequence[float]) -> float:
    """Return the median of the Walsh averages (Hodges and Lehmann, 1963).

    Raises:
        ValueError: if there are no differences, or one is NaN or infinite.
    """
    return median(_walsh_averages(differences))


def lower_bound(differences: Sequence[float], alpha: float) -> float:
    """Return the largest value that the centre lies below in at most a share `alpha` of samples.

    It is above a value exactly where `p_above` that value is at most `alpha`. Where that cannot be, because
    `alpha` is below 2**-pairs, the bound is minus infinity.

    Raises:
        ValueError: if there are no differences, one is NaN or infinite, or alpha is not within 0 and 1.
    """
    averages = _walsh_averages(differences)
    needed = _needed(len(differences), alpha)
    return -math.inf if needed is None else averages[-needed]


def upper_bound(differences: Sequence[float], alpha: float) -> float:
    """Return the smallest value that the centre lies above in at most a share `alpha` of samples.

    The mirror image of `lower_bound`: infinity where there are too few differences for `alpha`.
    """
    return -lower_bound([-difference for difference in differences], alpha)


def smallest_visible(differences: Sequence[float], *, alpha: float, power: float) -> float:
    """Return the true shift that as many such pairs would show to be above 0 in a share `power` of samples.

    The spread is Shamos's, the median distance between two differences (Bickel and Lehmann, 1976): as robust
    as the estimate, unbiased for many pairs of normal noise, and 10 % too large for six of them. The
    test is taken at level `alpha`, and the shape of the noise as normal: with heavier tails such a shift
    is seen less often, in simulations 86 to 95 times in 100 where 95 were asked for.

    Returns:
        A shift of 0 or more in the unit of the differences; infinity where no shift is enough.

    Raises:
        ValueError: if there are no differences, one is NaN or infinite, or a share is not within 0 and 1.
    """
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1, received {power}")
    averages = _walsh_averages(differences)
    needed = _needed(len(differences), alpha)
    if needed is None or len(averages) == 1:
        return math.inf
    distance = median(abs(one - other) for one, other in combinations(differences, 2))
    usual_distance = math.sqrt(2) * NormalDist().inv_cdf(0.75)
    return distance / usual_distance * _visible_in_units(len(differences), needed, power)


def _walsh_averages(differences: Sequence[float]) -> list[float]:
    """Return the averages of every two differences and of each with itself, in ascending order."""
    if not differences:
        raise ValueError("a signed-rank test needs one difference or more, received none")
    if not all(map(math.isfinite, differences)):
        raise ValueError("a difference is NaN or infinite")
    return sorted((a + b) / 2 for a, b in combinations_with_replacement(differences, 2))


@cache
def _patterns(pairs: int) -> tuple[int, ...]:
    """Return how many of the 2**pairs patterns of signs give a statistic of 0, 1, ... or more.

    The statistic is the sum of the ranks of the positive differences, so its distribution is that of the
    sums of the subsets of 1 .. pairs.
    """
    subsets = [1]
    for rank in range(1, pairs + 1):
        with_rank = [0] * rank + subsets
        subsets = [a + b for a, b in zip(subsets + [0] * rank, with_rank, strict=True)]
    return tuple(accumulate(reversed(subsets)))[::-1]


@cache
def _needed(pairs: int, alpha: float) -> int | None:
    """Return the smallest statistic that rejects at level `alpha`, or None if not even the largest does."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, received {alpha}")
    patterns = _patterns(pairs)
    levels = (count / patterns[0] for count in patterns)
    return next((statistic for statistic, level in enumerate(levels) if level <= alpha), None)


@cache
def _visible_in_units(pairs: int, needed: int, power: float) -> float:
    """Return the shift seen in a share `power` of samples of normal noise, in its standard deviations.

    A sample shifted by s is seen if the Walsh average that decides, `needed` from the top, is above -s.
    """
    noise = random.Random(0)  # noqa: S311 (no secret)
    deciding = sorted(
        -_walsh_averages([noise.gauss() for _ in range(pairs)])[-needed]
        for _ in range(_SIMULATED_SAMPLES)
    )
    return max(0.0, deciding[math.ceil(power * _SIMULATED_SAMPLES) - 1])
