"""What must be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rnn_suite.checks.parts.machine import machine_is_at_fault
from rnn_suite.findings import Finding, equal


def refused(name: str, call: Callable[[], Any], done: str = "read") -> Finding:
    """Return a finding that holds where `call` raises; else it was `done`."""
    try:
        call()
    except Exception as error:
        if machine_is_at_fault(error):
            raise
        # Each format and fault has its own error.
        return equal(name, "refused", "refused")
    return equal(name, done, "refused")
