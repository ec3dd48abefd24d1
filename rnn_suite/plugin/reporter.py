"""Collects what the tests of a session found, and ends it: the summary, the exit status, the answer."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from rnn_suite.errors import SuiteError
from rnn_suite.jsonable import from_jsonable
from rnn_suite.plugin.gate import ASKED, EVIDENCE, RECORDED, VERDICT
from rnn_suite.report.answer import answer
from rnn_suite.report.run import Answer, Reported, RunReport, Safety, Unanswered, Version
from rnn_suite.report.terminal import MARKS, notes, phase_rows, table, verdict_lines
from rnn_suite.report.versions import versions
from rnn_suite.verdicts import Verdict

if TYPE_CHECKING:
    from rnn_suite.results import CorpusIdentity, Environment
    from rnn_suite.workbench import Workbench

NOTHING_COMPARED = 10
"""Exit status of a run that asked gate questions and compared nothing; pytest itself uses 0 to 6."""

WORKBENCH: pytest.StashKey[Workbench] = pytest.StashKey()
"""Where the session keeps its workbench, once a test has asked for it."""

NOT_REACHED = "not reached"
"""Why a question has no answer where its test did not run."""

_FOUND = "rnn_suite_found"
_ANSWER_MARKS = {
    Safety.SAFE: {"green": True, "bold": True},
    Safety.NOT_SAFE: {"red": True, "bold": True},
    Safety.NOT_KNOWN: {"yellow": True, "bold": True},
}


class Reporter:
    """Collects what the tests found, and ends the session with the table, the status and the answer."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = _now()
        self._reported: list[Reported] = []
        self._recorded: list[str] = []
        self._asked: list[str] = []
        self._answered: set[str] = set()
        self._seconds: dict[str, float] = {}
        self._faults: dict[str, str] = {}
        self._compared_nothing = False
        self.faults: list[str] = []
        """What went wrong at the end, when no test was left to fail."""
        self.header: list[str] = []
        """Libraries and corpus of this run, said again beside the answer."""
        self.changed: list[Version] = []
        """What an old environment has otherwise, where two are held against each other."""
        self.environment: Environment | None = None
        """Where an upgrade's new side ran; other verdicts carry that themselves."""
        self.corpus: CorpusIdentity | None = None
        """What an upgrade ran on, likewise."""
        self.found: list[str] = []
        """What was found that is no verdict."""

    def ask(self, nodeid: str) -> None:
        """Note that the test `nodeid` asks a question, whatever becomes of it."""
        self._asked.append(nodeid)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts so far, in the order of their tests."""
        return [reported.verdict for reported in self._reported]

    @property
    def asked_anything(self) -> bool:
        """Whether this session asks a question at all."""
        return bool(self._asked)

    @property
    def reached_all(self) -> bool:
        """Whether every test that asks has run, whatever became of it."""
        return all(nodeid in self._faults for nodeid in self._unanswered())

    @property
    def answer(self) -> Answer:
        """The answer so far."""
        return answer(self.verdicts, self._unanswered())

    def _unanswered(self) -> list[str]:
        return [nodeid for nodeid in self._asked if nodeid not in self._answered]

    def so_far(self, *, finished: bool) -> RunReport:
        """Return this run as data, as it stands now."""
        return RunReport(
            started=self._started,
            written=_now(),
            finished=finished,
            answer=self.answer,
            header=tuple(self.header),
            versions=tuple(self.changed) or versions(self.verdicts),
            verdicts=tuple(self._reported),
            unanswered=tuple(
                Unanswered(test=nodeid, why=self._faults.get(nodeid, NOT_REACHED))
                for nodeid in self._unanswered()
            ),
            recorded=tuple(self._recorded),
            trained=tuple(self._trained()),
            told=(*self.faults, *self.found),
        )

    def _trained(self) -> list[tuple[str, ...]]:
        workbench = self._config.stash.get(WORKBENCH, None)
        return phase_rows(workbench.results) if workbench is not None else []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a finished test's report carries, from this process or an xdist worker's."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        if report.outcome != "passed" and report.nodeid not in self._faults:
            self._faults[report.nodeid] = _why(report)
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
                content["evidence"] = json.loads(getattr(report, EVIDENCE, "null"))
                self._reported.append(
                    Reported(
                        test=report.nodeid,
                        seconds=self._seconds[report.nodeid],
                        verdict=from_jsonable(Verdict, content, where=report.nodeid),
                    )
                )

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what an xdist worker found that is no verdict."""
        self.found += getattr(node, "workeroutput", {}).get(_FOUND, [])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Set the exit status of a run that compared nothing, and end or leave open the run's folder."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_FOUND] = self.found
        compared = any(verdict.compared for verdict in self.verdicts)
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
                self.faults.append(
                    f"Kept: {workbench.run.kept_seeds()} trained seeds and "
                    f"{workbench.run.kept_trials()} trials of searches, in {workbench.run.folder}; "
                    "run again to go on from there, or with --fresh to begin anew."
                )
            else:
                workbench.run.finish()
        except SuiteError as error:
            self.faults.append(str(error))
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write where the time went, the verdicts, and what else there is to say."""
        if not (self._asked or self.found):
            return
        terminalreporter.section("rnn-suite")
        # What is no terminal, such as a log, has no width to fit.
        width = terminalreporter._tw.fullwidth if terminalreporter.isatty else sys.maxsize
        for words, marks in self._summary(width):
            terminalreporter.write_line(words, **marks)

    def _summary(self, width: int) -> Iterator[tuple[str, dict[str, bool]]]:
        lines = [*self.header, ""] if self.header else []
        lines += [f"recorded {line}" for line in self._recorded]
        trained = self._trained()
        lines += [*table(trained), ""] if trained else []
        yield from ((line, {}) for line in lines)
        for line, outcome in verdict_lines(self.verdicts, width=width):
            yield line, MARKS.get(outcome, {})
        lines = notes(self.verdicts) + self.faults + self.found
        if self._compared_nothing:
            lines.append(f"A run that compares nothing is no pass: exit status {NOTHING_COMPARED}.")
        yield from ((line, {}) for line in lines)

    def say_answer(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the answer, as the last line of all."""
        if self._asked:
            found = self.answer
            terminalreporter.write_line(found.line, **_ANSWER_MARKS[found.safety])


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _why(report: pytest.TestReport) -> str:
    """Return the reason of a test that failed or was skipped, without the trace."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message) if crash is not None else report.longreprtext
