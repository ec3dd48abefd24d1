"""The pytest side of reports: the option, when they are written, and what GitHub shows."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.errors import FormatError, SuiteError
from rnn_suite.plugin.gate import ASKED, commit_of
from rnn_suite.plugin.shared import REPORTER, as_usage_error
from rnn_suite.report.github import append_step_summary, workflow_commands
from rnn_suite.report.write import prepare_folder, write_report

if TYPE_CHECKING:
    from rnn_suite.series import Series


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of reports."""
    group = parser.getgroup("rnn-suite")
    group.addoption(
        "--report",
        type=Path,
        default=None,
        metavar="DIR",
        help="folder for verdicts.json, summary.md and report.html, written after every verdict and at the "
        "end, however the run ends",
    )
    group.addoption(
        "--history",
        type=Path,
        default=None,
        metavar="FILE",
        help="JSON lines, one a run, to add this run to; drifts over the runs in it are told",
    )


# After the reporter is there.
@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take part in the process that collects all verdicts."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder: Path | None = config.option.report
    if folder is not None:
        with as_usage_error():
            prepare_folder(folder)
    config.pluginmanager.register(_Reports(config, folder), "rnn_suite_reports")


class _Reports:
    """Writes the report of a session after every verdict, and once more at the end."""

    def __init__(self, config: pytest.Config, folder: Path | None) -> None:
        self._config = config
        self._reporter = config.stash[REPORTER]
        self._folder = folder
        self._drifts: list[str] = []
        self._past: tuple[Series, ...] = ()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Write that nothing is found yet, so that no report of an older run is taken for this one's."""
        self._write_so_far()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what there is, so that a run that is killed leaves what it found."""
        if report.when == "teardown" and ASKED in dict(report.user_properties):
            self._write_so_far()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the end, before the terminal tells of it."""
        cut_short = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        finished = not cut_short and self._reporter.reached_all
        for write in (self._add_to_history, self._write_all, self._write_step_summary):
            try:
                write(finished)
            except SuiteError as error:
                self._reporter.faults.append(str(error))
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _add_to_history(self, finished: bool) -> None:
        from rnn_suite.history import append_run, history_line, read_history
        from rnn_suite.report.drifts import drift_lines
        from rnn_suite.series import series

        path: Path | None = self._config.option.history
        if path is None or not self._reporter.verdicts:
            return
        run = self._reporter.so_far(finished=finished)
        line = history_line(
            run,
            commit_of(self._config.rootpath),
            environment=self._reporter.environment,
            corpus=self._reporter.corpus,
        )
        append_run(path, line)
        history = read_history(path)
        self._past, self._drifts = series(history), drift_lines(history)

    def _write_all(self, finished: bool) -> None:
        if self._folder is not None:
            run = self._reporter.so_far(finished=finished)
            write_report(self._folder, run, self._drifts, self._past)

    def _write_step_summary(self, finished: bool) -> None:
        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if path and self._reporter.asked_anything:
            append_step_summary(Path(path), self._reporter.so_far(finished=finished))

    def _write_so_far(self) -> None:
        if self._folder is not None:
            # What cannot be written now may be at the end, which is when it counts.
            with contextlib.suppress(FormatError):
                write_report(self._folder, self._reporter.so_far(finished=False), figures=False)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report lies; on GitHub, mark what is red beside the change."""
        if not self._reporter.asked_anything:
            return
        for line in self._drifts:
            terminalreporter.write_line(line)
        if self._folder is not None:
            terminalreporter.write_line(f"Report: {self._folder / 'report.html'}")
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for line in workflow_commands(self._reporter.verdicts):
                terminalreporter.write_line(line)
