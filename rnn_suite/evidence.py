"""What a verdict rests on, as JSON holds it, and back: old and new measurement, or pairs of them.

JSON has no word for NaN and infinity. Where evidence holds one, such as the smallest visible change of too
few pairs, its name stands in the file as text: `nan`, `inf` or `-inf`.

A verdict of an older run may name a question that is no longer asked, or hold a measurement of an older
layout: then there is no evidence to draw, and the verdict stands by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from typing import Any, TypeVar, cast

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.results import Environment

T = TypeVar("T")

BASELINE, PAIRS = "baseline", "pairs"
"""Kinds of evidence: the one key of what a verdict carries."""

_NAMES = tuple(map(str, (math.nan, math.inf, -math.inf)))


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
    """Minus infinity where there were too few pairs for a bound."""
    upper: float
    """Infinity likewise."""
    confidence: float
    """Of the interval from `lower` to `upper`."""
    smallest_visible: float
    """A change that is seen in 95 of 100 runs with this noise; infinite where none is."""
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
    """Return evidence as JSON holds it."""
    kind = PAIRS if isinstance(evidence, InPairs) else BASELINE
    return {kind: _named(to_jsonable(evidence))}


def read_measured(kind: type[T], value: Any, *, where: str) -> T:
    """Return a measurement or gate that evidence holds as a `kind`.

    Raises:
        FormatError: if it is none; `where` names the place in the message.
    """
    try:
        return from_jsonable(kind, value, where=where)
    except FormatError:
        stand_in = _without_names(value)
        if stand_in == value:
            raise
    # `from_jsonable` takes finite numbers alone, so they are read first and then replaced.
    read = from_jsonable(kind, stand_in, where=where)
    try:
        return cast("T", _with_names_read(read, value))
    except ValueError as error:
        raise FormatError(f"{where}: {error}") from error


def _named(value: Any) -> Any:
    """Return `value` with names in the place of numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {key: _named(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _without_names(value: Any) -> Any:
    """Return `value` with 1, which every measurement takes, in the place of each such name."""
    if isinstance(value, dict):
        return {key: _without_names(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_names(item) for item in value]
    return 1.0 if value in _NAMES else value


def _with_names_read(read: Any, value: Any) -> Any:
    """Return `read` with the numbers that `value`, which it was read from, names."""
    if is_dataclass(read) and not isinstance(read, type):
        fields = {name: _with_names_read(getattr(read, name), value[name]) for name in value}
        return replace(read, **fields)
    if isinstance(read, dict):
        return {key: _with_names_read(item, value[key]) for key, item in read.items()}
    if isinstance(read, tuple):
        return tuple(map(_with_names_read, read, value))
    return float(value) if value in _NAMES else read


def _read(kind: type[T], name: str, evidence: Mapping[str, Any] | None) -> T | None:
    if evidence is None or name not in evidence:
        return None
    try:
        return read_measured(kind, evidence[name], where=name)
    except FormatError:
        return None
