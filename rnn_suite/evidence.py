"""What a verdict rests on, as JSON holds it, and back: old and new measurement, or pairs of them.

A verdict of an older run may name a question that is no longer asked, or hold a measurement of an older
layout, or an interval without an end: then there is no evidence to draw, and the verdict stands by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.results import Environment

T = TypeVar("T")

BASELINE, PAIRS = "baseline", "pairs"
"""Kinds of evidence: the one key of what a verdict carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison with a baseline."""

    experiment: Any
    """As in a baseline's file."""
    corpus: Any
    """As in a baseline's file."""
    measured: Any
    """As in a baseline's file; its type is named by the question's row in `rnn_suite.questions`."""
    environment: Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstBaseline:
    """A new measurement held against a stored one."""

    old: Side
    new: Side
    gate: Any
    """Limits a person owns, as in the baseline's file."""
    recorded: dict[str, str]
    """`date` and `commit` of the baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InPairs:
    """Old and new measured by turns; see `rnn_suite.upgrade.decision` for the method.

    Changes are positive where new is worse: log(new / old), or old - new where `unit` is `fraction` of a
    quality that falls.
    """

    meaning: str
    """What is measured, in words."""
    unit: str
    """`s`, `MiB` or `fraction`, or nothing."""
    is_ratio: bool
    """Whether changes are logarithms of a ratio; else they are differences in the unit."""
    old: tuple[float, ...]
    """A value a pair; those of the set that the decision rests on."""
    new: tuple[float, ...]
    estimate: float
    lower: float
    upper: float
    confidence: float
    """Of the interval from `lower` to `upper`."""
    smallest_visible: float
    """A change that is seen in 95 of 100 runs with this noise."""
    red: float
    """Change from which on it may be called regressed."""
    harm: float
    """Change that must not be missed."""
    confirmed: bool
    """Whether it rests on a second set of pairs."""


def against_baseline(evidence: Mapping[str, Any] | None) -> AgainstBaseline | None:
    """Return the two measurements, or None where the verdict rests on none."""
    return _read(AgainstBaseline, BASELINE, evidence)


def in_pairs(evidence: Mapping[str, Any] | None) -> InPairs | None:
    """Return the pairs, or None where the verdict rests on none."""
    return _read(InPairs, PAIRS, evidence)


def written(evidence: AgainstBaseline | InPairs) -> dict[str, Any]:
    """Return evidence as JSON holds it; what is no number to JSON becomes its name, such as `nan`."""
    kind = PAIRS if isinstance(evidence, InPairs) else BASELINE
    return {kind: _finite(to_jsonable(evidence))}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _read(kind: type[T], name: str, evidence: Mapping[str, Any] | None) -> T | None:
    if evidence is None or name not in evidence:
        return None
    try:
        return from_jsonable(kind, evidence[name], where=name)
    except FormatError:
        return None
