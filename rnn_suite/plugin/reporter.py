"""Collects what the tests of a session found, and ends it: the summary, the exit status, the answer."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from rnn_suite.errors import SuiteError
from rnn_suite.jsonable import from_jsonable
from rnn_suite.plugin.asked import ItemKey, Questions, item_key
from rnn_suite.plugin.gate import EVIDENCE, RECORDED, VERDICT
from rnn_suite.report.answer import answer
from rnn_suite.report.terminal import MARKS, notes, phase_rows, table, verdict_lines
from rnn_suite.report.versions import LIBRARIES, versions
from rnn_suite.run_report import (
    NOT_REACHED,
    NOTHING_UPGRADED,
    Answer,
    Reported,
    RunReport,
    Safety,
    Version,
)
from rnn_suite.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from rnn_suite.results import CorpusIdentity, Environment
    from rnn_suite.workbench import Workbench

NOTHING_COMPARED = 10
"""Exit status of a run that asked gate questions and compared nothing; pytest itself uses 0 to 6."""

WORKBENCH: pytest.StashKey[Workbench] = pytest.StashKey()
"""Where the session keeps its workbench, once a test has asked for it."""

_FOUND = "rnn_suite_found"
_ANSWER_MARKS = {
    Safety.SAFE: {"green": True, "bold": True},
    Safety.NOT_SAFE: {"red": True, "bold": True},
    Safety.NOT_KNOWN: {"yellow": True, "bold": True},
}
_NARROWED_BY = {
    "keyword": "-k",
    "lf": "--lf",
    "stepwise": "--sw",
    "deselect": "--deselect",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
}
"""Pytest's options that leave out tests; not -m, whose markers name whole sets of questions."""

_NO_ANSWER = (
    "A question without an answer is no pass; which and why stands in the report and above."
)
_STILL_RED = "A regression stays one, though its test was run again or expected to fail: each verdict counts."


class Reporter:
    """Collects what the tests found, and ends the session with the table, the status and the answer."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = _now()
        self._reported: list[Reported] = []
        self._recorded: list[str] = []
        self._taken: dict[ItemKey, int] = defaultdict(int)
        self._seconds: dict[str, float] = {}
        self.questions = Questions(config)
        """What is asked, and what became of it."""
        self.faults: list[str] = []
        """What went wrong at the end, when no test was left to fail."""
        self.header: list[str] = []
        """Libraries and corpus of this run, said again beside the answer."""
        self.changed: list[Version] | None = None
        """What an old environment has otherwise, where two are held against each other."""
        self.environment: Environment | None = None
        """Where an upgrade's new side ran; other verdicts carry that themselves."""
        self.corpus: CorpusIdentity | None = None
        """What an upgrade ran on, likewise."""
        self.found: list[str] = []
        """What was found that is no verdict."""

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts so far, in the order of their tests."""
        return [reported.verdict for reported in self._reported]

    @property
    def asked(self) -> bool:
        """Whether this session asks a question at all."""
        return self.questions.any or bool(self._reported)

    @property
    def reached_all(self) -> bool:
        """Whether every test that asks has run, whatever became of it."""
        return all(one.why != NOT_REACHED for one in self.questions.unanswered())

    @property
    def answer(self) -> Answer:
        """The answer so far."""
        return answer(
            self.verdicts,
            self.questions.unanswered(),
            only=self._narrowed(),
            others_failed=len(self.questions.others_failed),
        )

    def _narrowed(self) -> str:
        """Return what left out tests, as on the command line."""
        words = []
        for name, flag in _NARROWED_BY.items():
            value = getattr(self._config.option, name, None)
            if value:
                words.append(f"{flag} {value!r}" if isinstance(value, str) else flag)
        words += [name for name in self._config.args if "::" in name]
        return " ".join(words)

    def so_far(self, *, finished: bool) -> RunReport:
        """Return this run as data, as it stands now."""
        return RunReport(
            started=self._started,
            written=_now(),
            finished=finished,
            answer=self.answer,
            header=tuple(self.header),
            versions=self._versions(),
            verdicts=tuple(self._reported),
            unanswered=self.questions.unanswered(),
            recorded=tuple(self._recorded),
            trained=tuple(self._trained()),
            told=(*self.faults, *self._told()),
        )

    def _versions(self) -> tuple[Version, ...]:
        return tuple(self.changed or ()) or versions(self.verdicts)

    def _told(self) -> list[str]:
        """Return what was found that is no verdict, and whether there was an upgrade at all."""
        if self.changed is None:
            libraries = [v for v in self._versions() if v.name in LIBRARIES]
            same = bool(libraries) and not any(v.changed for v in libraries)
        else:
            same = not self.changed
        left_out = [
            f"Skipped whole, with all it may ask: {file} ({why})"
            for file, why in self.questions.left_out.items()
        ]
        return [*self.found, *left_out, *([NOTHING_UPGRADED] if same else [])]

    def _trained(self) -> list[tuple[str, ...]]:
        workbench = self._config.stash.get(WORKBENCH, None)
        return phase_rows(workbench.results) if workbench is not None else []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a finished test's report carries, from this process or an xdist worker's."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        found = [(n, str(v)) for n, v in report.user_properties if n in (RECORDED, VERDICT)]
        evidence = iter(getattr(report, EVIDENCE, ()))
        # Each phase, and each run of a test that is run again, carries what was found before it.
        key = item_key(report)
        before, self._taken[key] = self._taken[key], len(found)
        for number, (name, value) in enumerate(found):
            rests_on = next(evidence, "null") if name == VERDICT else "null"
            if number < before:
                continue
            if name == RECORDED:
                self._recorded.append(value)
                continue
            content = json.loads(value) | {"evidence": json.loads(rests_on)}
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
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let the exit status say what the answer says, and end or leave open the run's folder."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_FOUND] = self.found
        # Other plugins may have had their say by now.
        if session.exitstatus == pytest.ExitCode.OK and self.asked:
            outcomes = {verdict.outcome for verdict in self.verdicts}
            if Outcome.REGRESSED in outcomes:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
                self.faults.append(_STILL_RED)
            elif outcomes <= {Outcome.NOT_COMPARABLE}:
                session.exitstatus = NOTHING_COMPARED
                compare = " To compare, run again without --update-baselines."
                self.faults.append(
                    f"A run that compares nothing is no pass: exit status {NOTHING_COMPARED}."
                    f"{compare if self._recorded else ''}"
                )
            elif self.questions.failed:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
                self.faults.append(_NO_ANSWER)
        self._end_run(session)

    def _end_run(self, session: pytest.Session) -> None:
        workbench = self._config.stash.get(WORKBENCH, None)
        if workbench is None:
            return
        # A question without an answer may be asked again: what was trained for it is kept for that.
        try:
            if self.questions.unanswered() or workbench.interrupted:
                workbench.run.close()
                seeds, trials = workbench.run.kept_seeds(), workbench.run.kept_trials()
                if seeds or trials:
                    self.faults.append(
                        f"Kept: {seeds} trained seeds and {trials} trials of searches, in "
                        f"{workbench.run.folder}; run again to go on from there, or with --fresh "
                        "to begin anew."
                    )
            else:
                workbench.run.finish()
        except SuiteError as error:
            self.fail(session, str(error))

    def fail(self, session: pytest.Session, fault: str) -> None:
        """Tell of a fault at the end, when no test was left to fail."""
        self.faults.append(fault)
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write where the time went, the verdicts, and what else there is to say."""
        if not (self.asked or self.found):
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
        yield from ((line, {}) for line in notes(self.verdicts) + self.faults + self._told())

    def say_answer(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the answer, as the last line of all."""
        if self.asked:
            found = self.answer
            terminalreporter.write_line(found.line, **_ANSWER_MARKS[found.safety])


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
