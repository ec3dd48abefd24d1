"""Which questions a session asks, and what became of each: none that was asked is ever forgotten."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from rnn_suite.plugin.gate import ASKED, ENDED_BY_VERDICT, RECORDED, VERDICT
from rnn_suite.run_report import NOT_REACHED, Unanswered

_FOLDER = "rnn_suite_asked_in"
"""Under which name an xdist worker is told where to write what it asks."""


class Questions:
    """The questions of a session, by the names of their tests.

    A question is answered where its test gave a verdict, or recorded a baseline, and nothing failed or
    skipped that test otherwise. A test file that cannot be read may hold questions: it counts as one.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._asked: dict[str, None] = {}
        self._answered: set[str] = set()
        self._faults: dict[str, str] = {}
        self._unread: dict[str, str] = {}
        self._folder: Path | None = None

    @property
    def any(self) -> bool:
        """Whether this session asks a question at all."""
        return bool(self._asked)

    def unanswered(self) -> tuple[Unanswered, ...]:
        """Return what has no answer so far, and why."""
        faults = {
            test: self._faults.get(test, NOT_REACHED)
            for test in self._asked
            if test in self._faults or test not in self._answered
        }
        return tuple(Unanswered(test=t, why=w) for t, w in (faults | self._unread).items())

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which tests ask, before xdist tells the controller that this process has collected."""
        if self._config.option.collectonly:
            return
        for item in session.items:
            if "gate" in getattr(item, "fixturenames", ()):
                # Here and not in the fixture: a test that is skipped before it may ask is no pass either.
                item.user_properties.append((ASKED, True))
                self._asked[item.nodeid] = None
        worker: dict[str, Any] | None = getattr(self._config, "workerinput", None)
        if worker is not None and _FOLDER in worker:
            path = Path(worker[_FOLDER]) / f"{worker['workerid']}.json"
            # On another machine the folder is not; there the reports alone say who asks.
            with contextlib.suppress(OSError):
                path.write_text(json.dumps(list(self._asked)), encoding="utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that cannot be read."""
        if report.failed:
            self._unread[report.nodeid] = reason(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker where to write what it asks."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="rnn_suite-"))
        node.workerinput[_FOLDER] = str(self._folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any) -> None:
        """Read what an xdist worker asks, since it may die before it has reported a test."""
        if self._folder is not None:
            path = self._folder / f"{node.workerinput['workerid']}.json"
            with contextlib.suppress(FileNotFoundError):
                self._asked |= dict.fromkeys(json.loads(path.read_text(encoding="utf-8")))

    def pytest_unconfigure(self) -> None:
        """Remove what the workers wrote."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test's phase ended, in this process or in an xdist worker."""
        test = report.nodeid
        if report.when == "setup":
            # Of a test that is run again, the last run counts; its verdicts all do.
            self._faults.pop(test, None)
        if report.outcome != "passed" and not getattr(report, ENDED_BY_VERDICT, False):
            self._faults.setdefault(test, reason(report))
        names = _names(report.user_properties)
        if ASKED in names:
            self._asked.setdefault(test)
        if report.when == "teardown" and not names.isdisjoint({RECORDED, VERDICT}):
            self._answered.add(test)


def _names(properties: Iterable[tuple[str, object]]) -> frozenset[str]:
    return frozenset(name for name, _ in properties)


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test failed or was skipped, or a file could not be read, without the trace."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)
    text = report.longreprtext.strip()
    # Of a file that cannot be read there is the trace as text, in which the error is marked so.
    return (
        "\n".join(line[1:].strip() for line in text.splitlines() if line.startswith("E ")) or text
    )
