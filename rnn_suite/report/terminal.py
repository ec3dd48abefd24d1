"""Verdicts as a plain-text table and one line of answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rnn_suite.verdicts import Outcome, Verdict

_HEADINGS = ("question", "cell", "baseline", "now", "interval", "verdict")


def verdict_table(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the lines of a table with a row a verdict, columns as wide as their content."""
    rows = [_HEADINGS] + [
        (v.question, v.cell, v.baseline, v.now, v.interval, str(v.outcome)) for v in verdicts
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def answer(verdicts: Sequence[Verdict]) -> str:
    """Return the answer to "is it safe to upgrade?" in one line."""
    compared = [verdict for verdict in verdicts if verdict.compared]
    if not compared:
        return "Not known: nothing was compared."
    reds = [f"{v.question} of {v.cell}" for v in verdicts if v.outcome is Outcome.REGRESSED]
    if reds:
        return f"Not safe: {', '.join(reds)} regressed."
    counts = Counter(verdict.outcome for verdict in verdicts)
    others = [
        f"{counts[outcome]} {outcome}"
        for outcome in (Outcome.IMPROVED, Outcome.INCONCLUSIVE, Outcome.NOT_COMPARABLE)
        if counts[outcome]
    ]
    tail = f" ({', '.join(others)})" if others else ""
    if counts[Outcome.INCONCLUSIVE]:
        return f"Not known: no regression seen in {len(compared)} comparisons{tail}."
    return f"Safe: no regression in {len(compared)} comparisons{tail}."
