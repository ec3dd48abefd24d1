"""Verdicts to report."""

from __future__ import annotations

from typing import Any

from rnn_suite.verdicts import Outcome, Verdict


def verdict(
    outcome: Outcome, question: str = "accuracy", cell: str = "lstm", **changes: Any
) -> Verdict:
    """Return a verdict with words of no meaning."""
    words = {
        "expected": "an expectation",
        "received": "a measurement",
        "next_step": "a remedy",
        "baseline": "0.8000",
        "now": "0.7000",
        "interval": "drop +0.05 to +0.15",
        "file": "baselines/lstm.json",
    }
    return Verdict(question=question, cell=cell, outcome=outcome, **(words | changes))


PASS, REGRESSED, IMPROVED, INCONCLUSIVE, NOT_COMPARABLE = map(verdict, Outcome)
