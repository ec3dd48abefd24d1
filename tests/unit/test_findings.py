"""How far off: the arithmetic of what a rule found."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rnn_suite.findings import UNCOMPARABLE, Finding, close, equal, relative_error, within


def test_the_relative_error_is_the_norm_of_the_difference_over_that_of_what_is_expected() -> None:
    assert relative_error([3.0, 4.5], [3.0, 4.0]) == pytest.approx(0.1)


def test_the_relative_error_of_zeros_is_absolute() -> None:
    assert relative_error([0.25, 0.0], [0.0, 0.0]) == 0.25


@pytest.mark.parametrize(
    "received", [[1.0, math.nan], [1.0, math.inf], [1.0], [[1.0, 2.0]]], ids=str
)
def test_what_is_not_finite_or_has_another_shape_is_never_close(received: list[float]) -> None:
    finding = close("a", received, [1.0, 2.0], bound=0.5)
    assert finding.error == UNCOMPARABLE
    assert not finding.holds


def test_close_holds_up_to_its_bound_and_not_beyond() -> None:
    assert close("a", 1.1, 1.0, bound=0.11).holds
    assert not close("a", 1.1, 1.0, bound=0.09).holds


@pytest.mark.parametrize(
    ("received", "expected", "same"),
    [
        (1, 1, True),
        (1, 2, False),
        (["a", "b"], ["a", "b"], True),
        (["b", "a"], ["a", "b"], False),
        (math.nan, math.nan, False),
        (np.arange(3), np.arange(3), True),
        (np.arange(3), np.array([0, 1, 3]), False),
        (np.arange(3, dtype="int32"), np.arange(3, dtype="int64"), False),
        (np.zeros((1, 3)), np.zeros(3), False),
        (np.array([math.nan]), np.array([math.nan]), False),
        (None, np.zeros(3), False),
    ],
)
def test_equal_holds_only_for_what_is_exactly_the_same(
    received: object, expected: object, same: bool
) -> None:
    assert equal("a", received, expected).holds is same


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        *[(0.1, True), (0.7, True), (0.3, True), (0.0999999, False), (0.7000001, False)],
        *[(math.nan, False), (math.inf, False)],
    ],
)
def test_within_holds_at_its_ends_and_not_beyond(value: float, inside: bool) -> None:
    assert within("a", value, 0.1, 0.7).holds is inside


def test_the_error_of_within_is_the_distance_to_the_nearer_end() -> None:
    assert within("a", 0.3, 0.1, 0.7).error == 0
    assert within("a", 0.9, 0.1, 0.7).error == pytest.approx(0.2)


def test_what_could_not_be_compared_never_holds() -> None:
    finding = Finding(name="a", error=UNCOMPARABLE, bound=1e308, expected="", received="")
    assert not finding.holds


@pytest.mark.parametrize("error", [math.nan, math.inf, -1.0])
def test_a_finding_is_never_nan_infinite_or_negative(error: float) -> None:
    with pytest.raises(ValueError, match="a: error"):
        Finding(name="a", error=error, bound=1.0, expected="", received="")
