"""A history of runs: a JSON line a run, in a file that is only ever appended to; see `docs/history.md`.

Schema history:
    1: first version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from rnn_suite.errors import FormatError
from rnn_suite.evidence import against_baseline
from rnn_suite.jsonable import append_line, from_jsonable, lock_path, to_jsonable
from rnn_suite.kept import Kept, kept
from rnn_suite.results import CorpusIdentity, Environment
from rnn_suite.run_report import RunReport, Safety

SCHEMA = 1
"""Version of a line that this code reads and writes."""

_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")
"""What version control leaves where two sides were not merged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One run."""

    moment: str
    """When it began, in UTC, as 2026-11-25T04:00:00Z."""
    commit: str
    """Commit of the checkout, or `unknown`; `+` at the end says that it had uncommitted changes."""
    answer: Safety
    finished: bool
    """Whether the run came to its end."""
    environment: Environment | None
    """Libraries and machine; of an upgrade the new ones. None where nothing was measured."""
    corpora: tuple[CorpusIdentity, ...]
    """What was trained on, no name twice."""
    verdicts: tuple[Kept, ...]

    def __post_init__(self) -> None:
        datetime.strptime(self.moment, "%Y-%m-%dT%H:%M:%S%z")

    def corpus(self, kept: Kept) -> CorpusIdentity | None:
        """Return what a verdict of this run is about; None where no corpus has a part in it."""
        return next((corpus for corpus in self.corpora if corpus.name == kept.corpus), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a file of a history holds."""

    lines: tuple[HistoryLine, ...]
    """Every run once, the oldest first, whatever their order in the file."""
    faults: tuple[str, ...] = ()
    """Lines that are none, with the file, the line's number and what to do; the others stand."""


def history_line(
    run: RunReport,
    commit: str,
    *,
    environment: Environment | None = None,
    corpus: CorpusIdentity | None = None,
) -> HistoryLine:
    """Return `run` as a line of a history.

    Args:
        run: what is kept of it are the answer and, of each verdict, the outcome and the amount.
        commit: of the checkout.
        environment: where it ran, for a run whose verdicts carry none, such as an upgrade's.
        corpus: what it ran on, likewise.
    """
    verdicts = [reported.verdict for reported in run.verdicts]
    sides = [e.new for v in verdicts if (e := against_baseline(v.evidence)) is not None]
    found = (side.corpus for side in sides if side.corpus)
    corpora = {one["name"]: from_jsonable(CorpusIdentity, one, where="corpus") for one in found}
    if corpus is not None:
        corpora.setdefault(corpus.name, corpus)
    return HistoryLine(
        moment=run.started,
        commit=commit,
        answer=run.answer.safety,
        finished=run.finished,
        environment=sides[0].environment if sides else environment,
        corpora=tuple(corpora.values()),
        verdicts=tuple(kept(verdict, corpus) for verdict in verdicts),
    )


def append_run(path: Path, line: HistoryLine) -> None:
    """Add `line` to the history at `path`, and wait until it is on the disk; the file is made if missing.

    Processes that share the file take turns. What another one left cut short stays a line of its own.

    Raises:
        FormatError: if it cannot be written; the file is as it was then.
    """
    try:
        text = json.dumps({"schema": SCHEMA} | to_jsonable(line), sort_keys=True, allow_nan=False)
    except ValueError as error:
        raise FormatError(f"{path}: not written: {error}") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock_path(path)):
            append_line(path, text)
    except OSError as error:
        raise FormatError(
            f"{path}: this run is not in the history: {error.strerror}. What stood there before is "
            "untouched.\nNext: free some space, or name a file that can be written"
        ) from error


def read_history(path: Path) -> History:
    """Return the runs that the history at `path` holds; none where there is no file yet.

    A line that cannot be read costs no other: it is told among the faults. A run that stands there twice,
    after a merge, counts once.

    Raises:
        FormatError: if the file cannot be read at all.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return History(lines=())
    except OSError as error:
        raise FormatError(
            f"{path}: not read: {error.strerror}\nExpected: a history of runs, one JSON line a run\n"
            "Next: name another file, or let this one be read"
        ) from error
    found: dict[HistoryLine, None] = {}
    faults = []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            found[_parsed(raw)] = None
        except FormatError as error:
            faults.append(f"{path}, line {number}: {error}")
    return History(lines=tuple(sorted(found, key=lambda line: line.moment)), faults=tuple(faults))


def _parsed(raw: bytes) -> HistoryLine:
    """Return the run in one line.

    Raises:
        FormatError: if there is none; says why and what to do.
    """
    if raw.decode(errors="replace").startswith(_MARKS):
        raise FormatError(
            "left by a merge that was not ended. The runs around it count; take this line out, and write "
            "`history.jsonl merge=union` into .gitattributes"
        )
    try:
        content: Any = json.loads(raw.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"left out, it is not JSON ({error}): a run that was killed while it wrote, or an edit by hand. "
            "Take the line out, or bring it back from version control"
        ) from error
    schema = content.pop("schema", None) if isinstance(content, dict) else None
    if type(schema) is int and schema > SCHEMA:
        raise FormatError(
            f"left out, it was written by a later rnn-suite (schema {schema}, this one reads {SCHEMA}). "
            "Install that one to see the run"
        )
    try:
        if type(schema) is not int or schema != SCHEMA:
            raise FormatError(f"Expected: schema {SCHEMA}\nReceived: {schema!r}")
        return from_jsonable(HistoryLine, content, where="run")
    except FormatError as error:
        told = str(error).replace("\n", "; ")
        raise FormatError(
            f"left out, it is no run ({told}). Take the line out, or bring it back from version control"
        ) from error


def _refuse(token: str) -> None:
    raise ValueError(f"{token} is no number JSON knows")
