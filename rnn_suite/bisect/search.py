"""Halving: the first of a row of states that is red, in as few answers as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What was learnt of one state."""

    GOOD = "good"
    RED = "red"
    UNKNOWN = "unknown"
    """Inconclusive, or it could not be installed or measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """The two states that the change lies between."""

    good: int
    """Number of the last state that is known to be good."""
    red: int
    """Number of the first state after it that is known to be red."""

    @property
    def narrow(self) -> bool:
        """Whether one step is left: all states between two others were unknown if not."""
        return self.red - self.good == 1


def worst_case_runs(steps: int) -> int:
    """Return how many answers `halve` needs at most if none is unknown: log2 of `steps`, rounded up.

    An unknown answer adds one at most.
    """
    return (steps - 1).bit_length()


def halve(steps: int, ask: Callable[[int], Answer]) -> Bracket:
    """Find where states turn red.

    Of the states that are left and not known to be unknown, the middle one is asked, so an unknown one
    is followed by its neighbour, as `git bisect skip` does. Nothing is concluded from an unknown answer.

    Args:
        steps: number of the last state, known to be red; state 0 is known to be good.
        ask: gives the answer of a state between them; asked once a state at most.
    """
    good, red = 0, steps
    unknown: set[int] = set()
    while left := [state for state in range(good + 1, red) if state not in unknown]:
        state = left[len(left) // 2]
        match ask(state):
            case Answer.GOOD:
                good = state
            case Answer.RED:
                red = state
            case Answer.UNKNOWN:
                unknown.add(state)
    return Bracket(good=good, red=red)
