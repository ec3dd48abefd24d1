"""The answers of a search on disk, a line each: a search that was cut short asks nothing twice.

A search that has ended says so in the log, and the next one asks anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from rnn_suite.bisect.search import Answer
from rnn_suite.errors import FormatError
from rnn_suite.jsonable import from_jsonable, to_jsonable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    date: str
    """When, in UTC."""
    upgrade: str
    """Digest of the two ends: answers hold for one upgrade only."""
    question: str
    pins: tuple[str, ...]
    """The combination asked about; what moves with a release is pip's choice where these do not go
    together. Empty in the line that ends a search."""
    answer: Answer | None
    """None: the search has ended."""
    reason: str
    """Why the answer is unknown; else empty."""


class Log:
    """The log of one question about one upgrade, in a file that it may share with others.

    Args:
        path: the file; made with the first answer.
        upgrade: digest of the two ends.
        question: what is asked.

    Raises:
        FormatError: if the file is damaged, other than by a last line that was cut off.
    """

    def __init__(self, path: Path, *, upgrade: str, question: str) -> None:
        self._path = path
        self._upgrade = upgrade
        self._question = question
        self._known: dict[tuple[str, ...], Answer] = {}
        for line in _read(path):
            if (line.upgrade, line.question) != (upgrade, question):
                continue
            if line.answer is None:
                self._known.clear()
            else:
                self._known[line.pins] = line.answer

    def known(self, pins: Sequence[str]) -> Answer | None:
        """Return the answer that a search cut short has left; an unknown one is worth asking again."""
        answer = self._known.get(tuple(pins))
        return None if answer is Answer.UNKNOWN else answer

    def keep(self, pins: Sequence[str], answer: Answer, reason: str = "") -> None:
        """Add an answer.

        Raises:
            FormatError: if it cannot be written.
        """
        self._known[tuple(pins)] = answer
        self._append(tuple(pins), answer, reason)

    def finish(self) -> None:
        """Say that the search has ended.

        Raises:
            FormatError: if it cannot be written.
        """
        self._known.clear()
        self._append((), None, "")

    def _append(self, pins: tuple[str, ...], answer: Answer | None, reason: str) -> None:
        line = _Line(
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            upgrade=self._upgrade,
            question=self._question,
            pins=pins,
            answer=answer,
            reason=reason,
        )
        content = json.dumps(to_jsonable(line), sort_keys=True).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self._path}.lock"), self._path.open("ab+") as file:
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)  # A line that was cut off goes.
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FormatError(
                f"{self._path}: not written: {error.strerror}.\nExpected: a file that can be written\n"
                f"Received: an answer for it: {answer}\n"
                "Next: free some space or choose another folder; the answers before are kept"
            ) from error


def _read(path: Path) -> list[_Line]:
    try:
        lines = path.read_bytes().split(b"\n")[:-1]  # What follows the last line end was cut off.
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
    read = []
    for number, line in enumerate(lines, start=1):
        where = f"{path}, line {number}"
        try:
            read.append(from_jsonable(_Line, json.loads(line), where=where))
        except (FormatError, ValueError, RecursionError) as error:
            fault = error if isinstance(error, FormatError) else f"{where}: is not JSON: {error}"
            raise FormatError(
                f"Damaged log. {fault}\nNext: delete the line, whose answer is then asked again, or "
                "the file, and all of them are"
            ) from error
    return read
