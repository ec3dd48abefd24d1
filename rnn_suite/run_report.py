"""One run of the gate as data: what every report is made of. `verdicts.json` is this, written down.

The layout is documented in `docs/verdicts.schema.json`. Schema history:
    1: first version.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import from_jsonable, read_json, to_jsonable, write_json
from rnn_suite.verdicts import Outcome, Verdict

SCHEMA = 1
"""Version of the file layout that this code reads and writes."""


NOT_REACHED = "not reached"
"""Why a question has no answer where its test did not run."""

NOTHING_UPGRADED = "Nothing was upgraded: TensorFlow, Keras and NumPy are the same, old and new."
"""What is told of a run without an upgrade, beside its answer."""


class Safety(enum.StrEnum):
    """The answer to "is it safe to upgrade?"."""

    SAFE = "safe"
    """Every question that was asked was compared, and none regressed."""
    NOT_SAFE = "not safe"
    """A question regressed."""
    NOT_KNOWN = "not known"
    """No question regressed, and not all have an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer, and why."""

    safety: Safety
    line: str
    """In one line: the answer, why, and where it is not known what would settle it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A verdict, with the test that gave it."""

    test: str
    """Pytest's name of the test."""
    seconds: float
    """Wall time of the test; what several questions share is counted to the first that asked."""
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A question without an answer that holds."""

    test: str
    """Pytest's name of the test, or of the file that could not be read."""
    why: str
    """What went wrong, also where it did after the verdict; `not reached` where the run ended before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One package, or one fact of the machine, old and new."""

    name: str
    old: str
    """Of the baselines, or of the old environment; several values are joined by `; `."""
    new: str

    @property
    def changed(self) -> bool:
        """Whether old and new differ."""
        return self.old != self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run."""

    started: str
    """Moment in UTC, as 2026-11-25T04:00:00Z."""
    written: str
    """Moment in UTC when this was written."""
    finished: bool
    """Whether the run came to its end; one that was cut short holds what was measured until then."""
    answer: Answer
    header: tuple[str, ...]
    """Libraries, corpus and environments, in words."""
    versions: tuple[Version, ...]
    """Old beside new."""
    verdicts: tuple[Reported, ...]
    unanswered: tuple[Unanswered, ...]
    recorded: tuple[str, ...]
    """Baselines that were recorded instead of compared."""
    trained: tuple[tuple[str, ...], ...]
    """Where the time of trainings went: a row of headings, then a row an experiment."""
    told: tuple[str, ...]
    """What else was found, a line each."""

    def of(self, *outcomes: Outcome) -> list[Reported]:
        """Return the verdicts that ended in one of `outcomes`."""
        return [reported for reported in self.verdicts if reported.verdict.outcome in outcomes]


def write_run(path: Path, run: RunReport) -> None:
    """Write `run` to `path` whole or not at all.

    Raises:
        FormatError: if it cannot be written.
    """
    write_json(path, {"schema": SCHEMA} | _readable(to_jsonable(run)))


def _readable(value: Any) -> Any:
    """Return `value` with what is no character, as the name of a file may hold it, spelt out."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    return value


def read_run(path: Path) -> RunReport:
    """Return the run that is written down in `path`.

    Raises:
        FormatError: if the file is missing, damaged or of another schema; nothing of it is executed.
    """
    content: Any = read_json(path)
    found = content.pop("schema", None) if isinstance(content, dict) else None
    if type(found) is not int or found != SCHEMA:
        raise FormatError(
            f"{path}: not a report of a run that can be read here\nExpected: schema {SCHEMA}\n"
            f"Received: {found!r}\nNext: name the verdicts.json that --report wrote, or write it anew"
        )
    return from_jsonable(RunReport, content, where=str(path))
