"""What the baselines were recorded on, beside what is installed now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from rnn_suite.evidence import against_baseline
from rnn_suite.results import Environment
from rnn_suite.run_report import Version
from rnn_suite.verdicts import Verdict

LIBRARIES = ("tensorflow", "keras", "numpy")
"""Fields of `Environment` that an upgrade is about."""


def versions(verdicts: Sequence[Verdict]) -> tuple[Version, ...]:
    """Return a row a field of the environment; baselines of several environments are joined by `; `."""
    found = [e for e in (against_baseline(v.evidence) for v in verdicts) if e is not None]
    if not found:
        return ()
    return tuple(
        Version(
            name=field.name,
            old="; ".join(
                dict.fromkeys(str(getattr(e.old.environment, field.name)) for e in found)
            ),
            new="; ".join(
                dict.fromkeys(str(getattr(e.new.environment, field.name)) for e in found)
            ),
        )
        for field in fields(Environment)
    )
