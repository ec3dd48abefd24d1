"""The five things a comparison can end in, and what a person is told of each."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any


class Outcome(enum.StrEnum):
    """What a comparison ended in."""

    PASS = "pass"  # noqa: S105 (no password)
    """No worse than allowed, and the run could have seen it."""
    REGRESSED = "regressed"
    """Worse than allowed, beyond noise."""
    IMPROVED = "improved"
    """Better beyond noise: the baseline wants new measurements."""
    INCONCLUSIVE = "inconclusive"
    """Noise too wide to tell."""
    NOT_COMPARABLE = "not comparable"
    """Another machine, corpus or experiment than the baseline's."""


LOUDEST_FIRST = (
    Outcome.REGRESSED,
    Outcome.INCONCLUSIVE,
    Outcome.IMPROVED,
    Outcome.NOT_COMPARABLE,
    Outcome.PASS,
)
"""In what order outcomes want to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a question's arithmetic says of one pair of old and new measurements."""

    outcome: Outcome
    expected: str
    """What the baseline and its gate ask for."""
    received: str
    """What was measured now."""
    next_step: str
    """What the reader should do."""
    baseline: str
    """The baseline's figure, short enough for a table."""
    now: str
    """The new figure, short enough for a table."""
    interval: str = ""
    """Interval, or what is allowed, short enough for a table."""
    notes: tuple[str, ...] = ()
    """What the reader should know even where it passes."""
    amount: float | None = None
    """The new figure as a number, in the unit of its question or phase; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Judgement):
    """A judgement with its place: which question, which cell, which baseline file."""

    question: str
    cell: str
    file: str
    """The baseline's file."""
    evidence: dict[str, Any] | None = None
    """What it rests on, as `rnn_suite.evidence` writes it."""

    @property
    def name(self) -> str:
        """The question, and of which cell it is where it is not of all."""
        return self.question if self.cell == "all" else f"{self.question} of {self.cell}"

    @property
    def compared(self) -> bool:
        """Whether anything was held against anything."""
        return self.outcome is not Outcome.NOT_COMPARABLE

    def __str__(self) -> str:
        return (
            f"{self.question} of {self.cell}: {self.outcome}\n"
            f"Expected: {self.expected} [{self.file}]\n"
            f"Received: {self.received}\n"
            f"Next: {self.next_step}"
        )
