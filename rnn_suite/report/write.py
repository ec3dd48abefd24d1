"""The files of a report: each is replaced whole, so that a reader never sees half of one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import write_atomically
from rnn_suite.run_report import RunReport, write_run

if TYPE_CHECKING:
    from rnn_suite.series import Series

FILES = VERDICTS, SUMMARY, PAGE = "verdicts.json", "summary.md", "report.html"
"""Names in the folder."""


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make `folder`, and keep it for this process as long as the context lasts.

    Raises:
        FormatError: if it cannot be made, or another living process writes its report there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise FormatError(
            f"{folder}: no report can be written here: {error.strerror}.\nExpected: a folder\n"
            "Next: name another with --report=DIR"
        ) from error
    try:
        # A lock of the folder leaves no file in it, and ends with the process however that ends.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise FormatError(
            f"{folder}: no report can be written here: another run writes its own.\n"
            "Expected: a folder for each run\nNext: name another with --report=DIR"
        ) from error
    except OSError:
        pass  # A file system without locks.
    try:
        yield
    finally:
        # A process that was forked meanwhile holds it too.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def write_report(
    folder: Path,
    run: RunReport,
    drifts: Sequence[str] = (),
    past: Sequence[Series] = (),
    *,
    figures: bool = True,
) -> None:
    """Write verdicts.json, summary.md and report.html.

    Args:
        folder: see `own_folder`.
        run: what is reported.
        drifts: what a history of runs shows, a sentence each.
        past: what was measured run after run, this one included.
        figures: whether to draw them, which takes seconds; `python -m rnn_suite.report.page` does it later.

    Raises:
        FormatError: if a file cannot be written; what stood there is untouched then.
    """
    from rnn_suite.report.page import page
    from rnn_suite.report.summary import summary

    write_run(folder / VERDICTS, run)
    write_atomically(folder / SUMMARY, _encoded(summary(run)))
    # Figures take seconds: whoever interrupts them has the page without them.
    for drawn in (False, True) if figures else (False,):
        write_atomically(folder / PAGE, _encoded(page(run, drifts, past, figures=drawn)))


def _encoded(text: str) -> bytes:
    # A path of the file system may hold what is no UTF-8.
    return text.encode(errors="backslashreplace")
