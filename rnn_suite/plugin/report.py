"""The pytest side of reports: the option, when they are written, and what GitHub shows."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.errors import FormatError, SuiteError
from rnn_suite.plugin.gate import ASKED, VERDICT, commit_of
from rnn_suite.plugin.shared import REPORTER, as_usage_error, path_option
from rnn_suite.report.github import STEP_SUMMARY, append_step_summary, workflow_commands
from rnn_suite.report.write import own_folder, write_report

if TYPE_CHECKING:
    from rnn_suite.series import Series


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of reports."""
    group = parser.getgroup("rnn-suite")
    group.addoption(
        "--report",
        dest="rnn_suite_report",
        type=path_option,
        default=None,
        metavar="DIR",
        help="folder for verdicts.json, summary.md and report.html, written after every verdict and at the "
        "end, however the run ends",
    )
    group.addoption(
        "--history",
        dest="rnn_suite_history",
        type=path_option,
        default=None,
        metavar="FILE",
        help="JSON lines, one a run, to add this run to; drifts over the runs in it are told",
    )


# After the reporter is there.
@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take part in the process that collects all verdicts; refuse what can't be written before measuring."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder: Path | None = config.option.rnn_suite_report
    history: Path | None = config.option.rnn_suite_history
    reports = _Reports(config, folder)
    with as_usage_error():
        if folder is not None:
            held = ExitStack()
            held.enter_context(own_folder(folder))
            config.add_cleanup(held.close)
            # No report of an older run is taken for this one's, whatever becomes of this one from here on.
            reports.write(finished=False, figures=False)
        if history is not None:
            _check_appendable(history, "name another file with --history=FILE")
    config.pluginmanager.register(reports, "rnn_suite_reports")


def _check_appendable(path: Path, remedy: str) -> None:
    """Make sure that lines can be added to `path`, and leave no file where there was none.

    Raises:
        FormatError: if not.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise FormatError(
            f"{path}: nothing can be added to it: {error.strerror}.\nExpected: a file that can be written\n"
            f"Next: {remedy}"
        ) from error


class _Reports:
    """Writes the report of a session after every verdict, and once more at the end."""

    def __init__(self, config: pytest.Config, folder: Path | None) -> None:
        self._config = config
        self._reporter = config.stash[REPORTER]
        self._folder = folder
        self._drifts: list[str] = []
        self._past: tuple[Series, ...] = ()

    def write(self, *, finished: bool, figures: bool = True) -> None:
        """Write the report, where one is asked for.

        Raises:
            FormatError: if a file cannot be written.
        """
        if self._folder is not None:
            run = self._reporter.so_far(finished=finished)
            write_report(self._folder, run, self._drifts, self._past, figures=figures)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Refuse a summary that cannot be written before anything is measured for it."""
        summary = os.environ.get(STEP_SUMMARY)
        if summary and self._reporter.asked:
            with as_usage_error():
                _check_appendable(Path(summary), f"unset {STEP_SUMMARY}")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """Write what is asked."""
        self._write_so_far()

    @pytest.hookimpl(optionalhook=True, trylast=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """Write what is asked, as an xdist worker says."""
        self._write_so_far()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what there is, so that a run that is killed leaves what it found."""
        names = dict(report.user_properties)
        if ASKED in names and (report.when == "teardown" or VERDICT in names):
            self._write_so_far()

    def _write_so_far(self) -> None:
        # What cannot be written now may be at the end, which is when it counts and is told.
        with suppress(Exception):
            self.write(finished=False, figures=False)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write the end, before the terminal tells of it."""
        cut_short = exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR)
        finished = not cut_short and self._reporter.reached_all
        writers: dict[str, Callable[[], None]] = {
            "history": lambda: self._add_to_history(finished),
            "report": lambda: self.write(finished=finished),
            STEP_SUMMARY: lambda: self._write_step_summary(finished),
        }
        for name, write in writers.items():
            try:
                write()
            except SuiteError as error:
                self._reporter.fail(session, str(error))
            except Exception as error:  # noqa: BLE001 (one writer's fault is no reason to lose the others)
                told = "".join(traceback.format_exception_only(error)).strip()
                fault = f"The {name} was not written, by a fault of rnn-suite: {told}"
                self._reporter.fail(session, fault)

    def _add_to_history(self, finished: bool) -> None:
        path: Path | None = self._config.option.rnn_suite_history
        if path is None or not self._reporter.verdicts:
            return
        from rnn_suite.history import append_run, history_line, read_history
        from rnn_suite.report.drifts import drift_lines
        from rnn_suite.series import series

        run = self._reporter.so_far(finished=finished)
        line = history_line(
            run,
            commit_of(self._config),
            environment=self._reporter.environment,
            corpus=self._reporter.corpus,
        )
        append_run(path, line)
        history = read_history(path)
        self._past, self._drifts = series(history), drift_lines(history)

    def _write_step_summary(self, finished: bool) -> None:
        path = os.environ.get(STEP_SUMMARY)
        if path and self._reporter.asked:
            append_step_summary(Path(path), self._reporter.so_far(finished=finished))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report lies; on GitHub, mark what is red beside the change."""
        if not self._reporter.asked:
            return
        for line in self._drifts:
            terminalreporter.write_line(line)
        if self._folder is not None:
            terminalreporter.write_line(f"Report: {self._folder / 'report.html'}")
        if os.environ.get("GITHUB_ACTIONS") == "true":
            for line in workflow_commands(self._reporter.verdicts):
                terminalreporter.write_line(line)
