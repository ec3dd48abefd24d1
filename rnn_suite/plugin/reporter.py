"""The end of a session: what was compared, the answer, and the exit status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rnn_suite.errors import SuiteError
from rnn_suite.jsonable import from_jsonable
from rnn_suite.plugin.gate import ASKED, RECORDED, VERDICT
from rnn_suite.report.answer import answer
from rnn_suite.report.terminal import notes, phase_table, verdict_table
from rnn_suite.verdicts import Verdict

if TYPE_CHECKING:
    from rnn_suite.workbench import Workbench

NOTHING_COMPARED = 10
"""Exit status of a run that asked gate questions and compared nothing; pytest itself uses 0 to 6."""

WORKBENCH: pytest.StashKey[Workbench] = pytest.StashKey()
"""Where the session keeps its workbench, once a test has asked for it."""


class Reporter:
    """Collects what the tests found, and ends the session with the table, the answer and the status."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._verdicts: list[Verdict] = []
        self._recorded: list[str] = []
        self._asked: list[str] = []
        self._answered: set[str] = set()
        self._compared_nothing = False
        self._fault = ""
        self.header: list[str] = []
        """Libraries and corpus of this run, said again beside the answer."""
        self.found: list[str] = []
        """What was found that is no verdict."""

    def ask(self, nodeid: str) -> None:
        """Note that the test `nodeid` asks a question, whatever becomes of it."""
        self._asked.append(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a finished test's report carries, from this process or an xdist worker's."""
        if report.when != "teardown":
            return
        for name, value in report.user_properties:
            if name == ASKED and report.nodeid not in self._asked:
                self._asked.append(report.nodeid)
            elif name == RECORDED:
                self._answered.add(report.nodeid)
                self._recorded.append(str(value))
            elif name == VERDICT:
                self._answered.add(report.nodeid)
                content = json.loads(str(value))
                self._verdicts.append(from_jsonable(Verdict, content, where=report.nodeid))

    def _unanswered(self) -> list[str]:
        return [nodeid for nodeid in self._asked if nodeid not in self._answered]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Set the exit status of a run that compared nothing, and end or leave open the run's folder."""
        compared = any(verdict.compared for verdict in self._verdicts)
        self._compared_nothing = (
            exitstatus == pytest.ExitCode.OK and bool(self._asked) and not compared
        )
        if self._compared_nothing:
            session.exitstatus = NOTHING_COMPARED
        workbench = self._config.stash.get(WORKBENCH, None)
        if workbench is None:
            return
        # A question without an answer may be asked again: what was trained for it is kept for that.
        try:
            if self._unanswered() or workbench.interrupted:
                workbench.run.close()
                self._fault = (
                    f"Trained seeds kept: {workbench.run.kept_seeds()}, in {workbench.run.folder}; "
                    "run again to go on from there, or with --fresh to begin anew."
                )
            else:
                workbench.run.finish()
        except SuiteError as error:
            self._fault = str(error)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write where the time went, the verdicts, and the answer."""
        if not (self._asked or self.found):
            return
        terminalreporter.section("rnn-suite")
        workbench = self._config.stash.get(WORKBENCH, None)
        lines = [*self.header, ""] if self.header else []
        lines += [f"recorded {line}" for line in self._recorded]
        if workbench is not None and workbench.results:
            lines += [*phase_table(workbench.results), ""]
        if self._verdicts:
            lines += verdict_table(self._verdicts)
            lines += notes(self._verdicts)
        if self._fault:
            lines.append(self._fault)
        lines += self.found
        if self._asked:
            lines.append(answer(self._verdicts, self._unanswered()).line)
        if self._compared_nothing:
            lines.append(f"A run that compares nothing is no pass: exit status {NOTHING_COMPARED}.")
        for line in lines:
            terminalreporter.write_line(line)
