"""The files of a report: each is replaced whole, so that a reader never sees half of one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_suite.errors import FormatError
from rnn_suite.jsonable import write_atomically
from rnn_suite.report.run import RunReport, write_run

if TYPE_CHECKING:
    from rnn_suite.series import Series

VERDICTS, SUMMARY, PAGE = "verdicts.json", "summary.md", "report.html"
"""Names in the folder."""


def prepare_folder(folder: Path) -> None:
    """Make `folder`, and make sure that files can be written there before anything is measured for them.

    Raises:
        FormatError: if not.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FormatError(
            f"{folder}: no report can be written here: {error.strerror}.\nExpected: a folder\n"
            "Next: name another with --report=DIR"
        ) from error
    write_atomically(folder / SUMMARY, b"")


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
        folder: made by `prepare_folder`.
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
    write_atomically(folder / SUMMARY, summary(run).encode())
    write_atomically(folder / PAGE, page(run, drifts, past, figures=figures).encode())
