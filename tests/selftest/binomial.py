"""Shares of runs, with their exact binomial intervals at 95 %."""

from __future__ import annotations

from scipy import stats


def interval(hits: int, runs: int) -> tuple[float, float]:
    """Return from where to where the chance may lie; from 0 to 1 where there were no runs."""
    if not runs:
        return 0.0, 1.0
    found = stats.binomtest(hits, runs).proportion_ci()
    return float(found.low), float(found.high)


def share(hits: int, runs: int) -> str:
    """Return a share with its interval, in words."""
    low, high = interval(hits, runs)
    return f"{hits} of {runs} ({low:.1%} to {high:.1%})"
