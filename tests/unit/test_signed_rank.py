from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rnn_suite.signed_rank import (
    hodges_lehmann,
    lower_bound,
    p_above,
    p_below,
    smallest_visible,
    upper_bound,
)

# Sixty-fourths add and halve without rounding, so that equal means equal.
exact = st.integers(-500, 500).map(lambda count: count / 64)
samples = st.lists(exact, min_size=1, max_size=14)
levels = st.sampled_from([0.3, 0.05, 0.025, 1 / 64, 0.004])


def normal(seed: int, runs: int, pairs: int) -> list[list[float]]:
    drawn: list[list[float]] = np.random.RandomState(seed).normal(size=(runs, pairs)).tolist()
    return drawn


@pytest.mark.parametrize("pairs", [1, 2, 5, 6, 9, 16, 25])
@pytest.mark.parametrize("shift", [0.0, 0.3, -1.0])
def test_the_p_values_are_scipys_exact_ones(pairs: int, shift: float) -> None:
    for found in normal(pairs, 20, pairs):
        moved = [value - shift for value in found]
        more = stats.wilcoxon(moved, alternative="greater", method="exact").pvalue
        less = stats.wilcoxon(moved, alternative="less", method="exact").pvalue
        assert p_above(found, shift) == pytest.approx(float(more), rel=1e-12)
        assert p_below(found, shift) == pytest.approx(float(less), rel=1e-12)


@pytest.mark.parametrize("pairs", [1, 4, 8])
def test_each_pattern_of_signs_is_counted_once(pairs: int) -> None:
    sizes = range(1, pairs + 1)
    found = [
        p_above([sign * size for sign, size in zip(signs, sizes, strict=True)], 0.0)
        for signs in product((-1.0, 1.0), repeat=pairs)
    ]
    for p in set(found):
        assert sum(other <= p for other in found) == p * 2**pairs


@pytest.mark.parametrize("pairs", [3, 6, 7])
@pytest.mark.parametrize("sizes", [(1.0,), (0.0, 1.0), (1.0, 1.0, 2.0), (0.0, 0.0, 1.0, 1.0)])
def test_ties_and_zeros_never_make_a_rejection_more_frequent_than_its_level(
    pairs: int, sizes: tuple[float, ...]
) -> None:
    tied = [sizes[i % len(sizes)] for i in range(pairs)]
    found = [
        p_above([sign * size for sign, size in zip(signs, tied, strict=True)], 0.0)
        for signs in product((-1.0, 1.0), repeat=pairs)
    ]
    for p in set(found):
        assert sum(other <= p for other in found) <= p * 2**pairs


def test_differences_that_are_all_zero_show_nothing() -> None:
    assert p_above([0.0] * 9, 0.0) == p_below([0.0] * 9, 0.0) == 1.0


def test_the_smallest_p_value_is_one_pattern_of_signs_in_all() -> None:
    assert p_above([0.1, 0.3, 0.2, 0.4, 0.6, 0.5], 0.0) == 2**-6


def test_the_estimate_is_the_median_of_the_averages_of_all_pairs() -> None:
    assert hodges_lehmann([1.0, 2.0, 6.0]) == pytest.approx(2.75)  # 1 1.5 2 3.5 4 6


def test_one_wild_difference_hardly_moves_the_estimate() -> None:
    calm = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07]
    assert hodges_lehmann([*calm, 50.0]) - hodges_lehmann(calm) < 0.02


def test_the_bounds_agree_with_a_published_table() -> None:
    # Hollander and Wolfe's table A.4: for nine pairs P(W >= 37) = .0488, P(W >= 40) = .0195.
    found = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6]
    averages = sorted((a + b) / 2 for i, a in enumerate(found) for b in found[i:])
    assert lower_bound(found, 0.05) == averages[-37]
    assert lower_bound(found, 0.0196) == averages[-40]
    assert upper_bound(found, 0.05) == averages[36]


@pytest.mark.parametrize(("pairs", "alpha"), [(1, 0.4), (5, 0.03), (6, 0.0156), (8, 0.0039)])
def test_too_few_differences_for_a_level_bound_nothing(pairs: int, alpha: float) -> None:
    found = [0.1 * (i + 1) for i in range(pairs)]
    assert lower_bound(found, alpha) == -math.inf
    assert upper_bound(found, alpha) == math.inf
    assert smallest_visible(found, alpha=alpha, power=0.9) == math.inf


@pytest.mark.parametrize("pairs", [6, 10])
@pytest.mark.parametrize("alpha", [0.05, 1 / 64])
def test_the_bounds_miss_the_centre_as_rarely_as_they_say(pairs: int, alpha: float) -> None:
    runs = 3_000
    heavy = np.random.RandomState(1).standard_t(2, size=(runs, pairs)).tolist()
    slack = 4 * math.sqrt(alpha * (1 - alpha) / runs)
    assert sum(lower_bound(found, alpha) > 0 for found in heavy) / runs <= alpha + slack
    assert sum(upper_bound(found, alpha) < 0 for found in heavy) / runs <= alpha + slack


@given(samples, exact, levels)
def test_a_bound_passes_a_value_exactly_where_the_test_rejects_it(
    found: list[float], shift: float, alpha: float
) -> None:
    assert (lower_bound(found, alpha) > shift) == (p_above(found, shift) <= alpha)
    assert (upper_bound(found, alpha) < shift) == (p_below(found, shift) <= alpha)


@given(samples, exact, levels)
def test_negated_differences_give_the_mirror_image(
    found: list[float], shift: float, alpha: float
) -> None:
    mirrored = [-value for value in found]
    assert p_above(mirrored, -shift) == p_below(found, shift)
    assert hodges_lehmann(mirrored) == -hodges_lehmann(found)
    assert lower_bound(mirrored, alpha) == -upper_bound(found, alpha)
    assert smallest_visible(mirrored, alpha=0.3, power=0.5) == smallest_visible(
        found, alpha=0.3, power=0.5
    )


@given(samples, exact, exact, levels)
def test_everything_moves_along_with_the_differences(
    found: list[float], shift: float, step: float, alpha: float
) -> None:
    moved = [value + step for value in found]
    assert p_above(moved, shift + step) == p_above(found, shift)
    assert hodges_lehmann(moved) == hodges_lehmann(found) + step
    assert lower_bound(moved, alpha) == lower_bound(found, alpha) + step
    assert upper_bound(moved, alpha) == upper_bound(found, alpha) + step


@given(samples, exact, st.data())
def test_a_larger_difference_never_argues_against_an_increase(
    found: list[float], shift: float, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(found) - 1))
    larger = [*found]
    larger[index] += 1
    assert p_above(larger, shift) <= p_above(found, shift)
    assert p_below(larger, shift) >= p_below(found, shift)


@given(samples, exact, exact)
def test_a_higher_value_is_harder_to_lie_above(found: list[float], one: float, two: float) -> None:
    low, high = sorted((one, two))
    assert p_above(found, low) <= p_above(found, high)


@given(samples, levels, levels)
def test_a_stricter_level_gives_wider_bounds_around_the_estimate(
    found: list[float], one: float, two: float
) -> None:
    strict, lax = sorted((one, two))
    assert lower_bound(found, strict) <= lower_bound(found, lax) <= hodges_lehmann(found)
    assert hodges_lehmann(found) <= upper_bound(found, lax) <= upper_bound(found, strict)


@given(samples, st.permutations(range(14)))
def test_the_order_of_the_differences_does_not_matter(found: list[float], order: list[int]) -> None:
    shuffled = [found[i] for i in order if i < len(found)]
    assert p_above(shuffled, 0.0) == p_above(found, 0.0)
    assert hodges_lehmann(shuffled) == hodges_lehmann(found)


@pytest.mark.parametrize(("pairs", "alpha"), [(6, 0.05), (8, 0.01), (14, 0.01), (16, 0.05)])
@pytest.mark.parametrize("power", [0.8, 0.95])
def test_a_shift_of_the_smallest_visible_size_is_seen_as_often_as_claimed(
    pairs: int, alpha: float, power: float
) -> None:
    runs = 3_000
    # What it says of samples in units of their spread, which each estimates for itself.
    spread = float(np.median([_shamos(found) for found in normal(7, 500, pairs)]))
    size = float(
        np.median(
            [smallest_visible(found, alpha=alpha, power=power) for found in normal(7, 500, pairs)]
        )
    )
    seen = sum(lower_bound(found, alpha) > -size / spread for found in normal(8, runs, pairs))
    # Twice the noise of `runs` samples, and as much again for those inside the function.
    assert seen / runs == pytest.approx(power, abs=5 * math.sqrt(power * (1 - power) / runs))


def _shamos(found: list[float]) -> float:
    i, j = np.triu_indices(len(found), 1)
    values = np.array(found)
    return float(np.median(np.abs(values[i] - values[j])) / (math.sqrt(2) * stats.norm.ppf(0.75)))


def test_the_smallest_visible_shift_is_on_average_right_and_a_little_large_for_few_pairs() -> None:
    for pairs, most in ((6, 1.15), (16, 1.05)):
        spread = np.mean([_shamos(found) for found in normal(9, 3_000, pairs)])
        assert 1.0 < spread < most


def test_one_wild_difference_does_not_hide_what_is_visible() -> None:
    calm = normal(3, 1, 13)[0]
    wild = [*calm[:-1], 1_000.0]
    small, large = (smallest_visible(found, alpha=0.05, power=0.95) for found in (calm, wild))
    assert small < large < 1.5 * small


def test_without_spread_every_shift_is_visible() -> None:
    assert smallest_visible([0.2] * 6, alpha=0.05, power=0.95) == 0.0


def test_a_power_that_chance_alone_reaches_needs_no_shift() -> None:
    assert smallest_visible(normal(6, 1, 8)[0], alpha=0.3, power=0.1) == 0.0


def test_the_smallest_visible_shift_is_in_proportion_to_the_spread_and_blind_to_the_centre() -> (
    None
):
    (found,) = normal(4, 1, 9)
    stretched = [5 + 3 * value for value in found]
    one, three = (smallest_visible(s, alpha=0.05, power=0.95) for s in (found, stretched))
    assert three == pytest.approx(3 * one)


@pytest.mark.parametrize(
    "function",
    [
        lambda found: p_above(found, 0.0),
        lambda found: p_below(found, 0.0),
        hodges_lehmann,
        lambda found: lower_bound(found, 0.05),
        lambda found: upper_bound(found, 0.05),
        lambda found: smallest_visible(found, alpha=0.05, power=0.9),
    ],
)
def test_differences_that_are_missing_or_no_numbers_are_refused(
    function: Callable[[list[float]], float],
) -> None:
    with pytest.raises(ValueError, match="received none"):
        function([])
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="NaN or infinite"):
            function([0.1, value, 0.2])


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1"):
        lower_bound([0.1, 0.2], share)
    with pytest.raises(ValueError, match="power must lie between 0 and 1"):
        smallest_visible([0.1, 0.2], alpha=0.05, power=share)


def test_a_bound_needs_no_more_than_its_level() -> None:
    # Six pairs that agree have a p-value of 1/64 and none that is smaller.
    found = [0.5, 0.25, 1.0, 2.0, 4.0, 8.0]
    assert lower_bound(found, 1 / 64) == 0.25
    assert lower_bound(found, math.nextafter(1 / 64, 0.0)) == -math.inf


def test_a_shift_that_is_seen_in_nearly_every_sample_is_found() -> None:
    found = normal(3, 1, 12)[0]
    shifts = [smallest_visible(found, alpha=0.05, power=power) for power in (0.95, 0.999, 0.99999)]
    assert shifts == sorted(shifts)
    assert math.isfinite(shifts[-1])
    assert shifts[0] < shifts[-1]


@pytest.mark.parametrize("share", [1.5, math.inf])
def test_a_level_or_a_power_above_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1"):
        lower_bound([0.1, 0.2], share)
    with pytest.raises(ValueError, match="power must lie between 0 and 1"):
        smallest_visible([0.1, 0.2], alpha=0.05, power=share)


def test_one_difference_shows_no_shift_at_any_level() -> None:
    assert smallest_visible([0.1], alpha=0.6, power=0.9) == math.inf


def test_a_shift_that_is_seen_in_nearly_no_sample_is_smaller_than_one_that_is_seen_in_half() -> (
    None
):
    found = normal(3, 1, 12)[0]
    rare, half = (smallest_visible(found, alpha=0.05, power=power) for power in (1 / 2000, 0.5))
    assert 0 <= rare < half
