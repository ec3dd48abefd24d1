"""A row of the table of rates: a question, how often it is red for nothing, and which harm it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rnn_suite.questions.question import MeasuredRates
from tests.selftest.binomial import interval

OFTEN = 0.95
"""The share of runs in which the smallest harm must be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was found about one question, of one cell where it has noise."""

    name: str
    simulated: bool
    files: tuple[Path, ...]
    """The baselines that it is about."""
    rates: MeasuredRates


def with_intervals(
    measured: str,
    *,
    reds: int,
    unchanged: int,
    harm: str,
    seen: int,
    harmed: int,
    picked: bool = False,
) -> MeasuredRates:
    """Return the counts with their intervals; what was `picked` by hand is no sample and has none."""
    return MeasuredRates(
        measured=measured,
        unchanged_runs=unchanged,
        false_reds=reds,
        false_red_interval=interval(reds, unchanged),
        harm=harm,
        harmed_runs=harmed,
        seen=seen,
        seen_interval=None if picked else interval(seen, harmed),
    )


def first_seen(red: Callable[[float], int], sizes: Iterator[float], runs: int) -> tuple[float, int]:
    """Return the first size that is red in 95 of 100 runs or more, and in how many it is.

    Args:
        red: how many of `runs` are red with a harm of that size. It is asked anew for the size that was
            found: the draws that chose it would flatter it.
        sizes: the least harm first.
        runs: how many are drawn for each size.
    """
    size = next(size for size in sizes if red(size) >= OFTEN * runs)
    return size, red(size)
