"""Verdicts to report, and pairs that one may rest on."""

from __future__ import annotations

from typing import Any

from rnn_suite.evidence import InPairs
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

PAIRS = InPairs(
    meaning="importing",
    unit="s",
    is_ratio=True,
    old=(1.0,),
    new=(2.0,),
    estimate=0.7,
    lower=0.6,
    upper=0.8,
    confidence=0.95,
    smallest_visible=0.05,
    red=0.05,
    harm=0.1,
    confirmed=True,
)
"""Importing took twice as long."""
