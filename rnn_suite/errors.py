"""The errors a caller may want to tell apart; each message names the fault, the value and the remedy."""

from __future__ import annotations


class SuiteError(Exception):
    """Base of every error that the suite raises on purpose."""


class UnknownNameError(SuiteError):
    """A cell, corpus, profile or question that no table knows."""

    def __init__(self, kind: str, received: object, known: list[str]) -> None:
        super().__init__(
            f"Unknown {kind}.\nExpected: one of {', '.join(known)}\nReceived: {received!r}"
        )


class InvalidExperimentError(SuiteError):
    """An experiment with a field outside its range."""


class CorpusError(SuiteError):
    """A corpus that is missing, cannot be fetched, is damaged, or is not what its hash says."""


class FormatError(SuiteError):
    """A JSON file that is missing, damaged, or does not have the fields its reader expects."""


class BaselineError(SuiteError):
    """A baseline that is missing, damaged or of an unknown schema."""


class TrainingError(SuiteError):
    """A training run that produced no usable result, such as one whose loss is NaN."""


class MissingPackageError(SuiteError):
    """A package that the suite runs on and the environment lacks."""


class MeasurementError(SuiteError):
    """A measurement that was asked for and not taken, such as timing rounds that were disabled."""
