"""The errors of a bisection that a caller may want to tell apart."""

from __future__ import annotations

from rnn_suite.errors import SuiteError


class BisectError(SuiteError):
    """A bisection that cannot go on: an interpreter that cannot be read, ends that are no upgrade."""


class InstallError(BisectError):
    """An environment that could not be made; the search goes on around it."""
