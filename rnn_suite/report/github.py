"""What GitHub shows of a run: annotations beside the change, and the summary of a job's step.

Workflow commands and their escapes: docs.github.com, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rnn_suite.errors import FormatError
from rnn_suite.report.summary import summary
from rnn_suite.run_report import RunReport
from rnn_suite.verdicts import Outcome, Verdict

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Variable in which GitHub names the file of a step's summary."""

_LEVELS = {Outcome.REGRESSED: "error", Outcome.INCONCLUSIVE: "warning", Outcome.IMPROVED: "notice"}


def workflow_commands(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield a workflow command for each verdict that wants to be read."""
    for verdict in verdicts:
        if verdict.outcome in _LEVELS:
            title = f"{verdict.question} of {verdict.cell}: {verdict.outcome}"
            yield f"::{_LEVELS[verdict.outcome]} title={_property(title)}::{_data(str(verdict))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def append_step_summary(path: Path, run: RunReport) -> None:
    """Add the summary of `run` to the file that GitHub named.

    Raises:
        FormatError: if it cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(summary(run))
    except OSError as error:
        raise FormatError(
            f"{path}: the step's summary was not written: {error.strerror}.\nExpected: the file that "
            "GITHUB_STEP_SUMMARY names\nNext: unset the variable, or name a file that can be written"
        ) from error
