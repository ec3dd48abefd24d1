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

from rnn_suite.plugin.gate import (
    ASKED,
    ENDED_BY_VERDICT,
    NUMBER,
    NUMBER_KEY,
    OF_THE_GATE,
    RECORDED,
    VERDICT,
)
from rnn_suite.run_report import NOT_REACHED, Unanswered

ItemKey = tuple[str, str, int]
"""Name of a test, xdist worker, and place among the tests of its session."""

_FOLDER = "rnn_suite_asked_in"
"""Under which name an xdist worker is told where to write what it asks."""


ASKED_NOTHING = "its test ended and asked nothing"
"""Why a question has no answer where its test took the gate and did not use it."""


class Questions:
    """The questions of a session, by the names of their tests.

    A question is answered where its test gave a verdict, or recorded a baseline, and nothing failed or
    skipped that test otherwise, wherever it ran. A test file that cannot be read may hold questions: it
    counts as one.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._asked: dict[str, None] = {}
        self._begun: dict[str, set[ItemKey]] = {}
        self._answered: set[ItemKey] = set()
        self._faults: dict[ItemKey, str] = {}
        self._skipped: set[str] = set()
        self._unread: dict[str, str] = {}
        self._folder: Path | None = None
        self.others_failed: set[str] = set()
        """Tests that failed and have nothing to do with the gate."""
        self.left_out: dict[str, str] = {}
        """Files that were skipped whole, and why."""

    @property
    def any(self) -> bool:
        """Whether this session asks a question at all."""
        return bool(self._asked)

    @property
    def failed(self) -> bool:
        """Whether a question has no answer for another reason than that its test was skipped."""
        return any(one.test not in self._skipped for one in self.unanswered())

    def unanswered(self) -> tuple[Unanswered, ...]:
        """Return what has no answer so far, and why."""
        # An xdist worker has collected what others run.
        here = self._begun if hasattr(self._config, "workerinput") else self._asked
        found = {test: self._why_not(test) for test in self._asked if test in here}
        found |= self._unread
        return tuple(Unanswered(test=test, why=why) for test, why in found.items() if why)

    def _why_not(self, test: str) -> str:
        faults = [why for (name, *_), why in self._faults.items() if name == test]
        begun = self._begun.get(test, set())
        if faults:
            return faults[0]
        return "" if begun and begun <= self._answered else NOT_REACHED

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which tests ask, before xdist tells the controller that this process has collected."""
        if self._config.option.collectonly:
            return
        for number, item in enumerate(session.items):
            item.stash[NUMBER_KEY] = number
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
        """Note a file that cannot be read, or is left out whole."""
        if report.failed:
            self._unread[report.nodeid] = reason(report)
        elif report.skipped:
            self.left_out[report.nodeid] = reason(report)

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
        test, key = report.nodeid, item_key(report)
        self._begun.setdefault(test, set()).add(key)
        if report.when == "setup":
            # Of a test that is run again, the last run counts; its verdicts all do.
            self._faults.pop(key, None)
        names = _names(report.user_properties)
        if ASKED in names or (report.failed and getattr(report, OF_THE_GATE, False)):
            self._asked.setdefault(test)
        elif report.failed and test not in self._asked:
            self.others_failed.add(test)
        if not names.isdisjoint({RECORDED, VERDICT}):
            self._answered.add(key)
        if report.outcome != "passed" and not getattr(report, ENDED_BY_VERDICT, False):
            self._faults.setdefault(key, reason(report))
            if report.outcome == "skipped":
                self._skipped.add(test)
        elif report.when == "teardown" and ASKED in names and key not in self._answered:
            self._faults.setdefault(key, ASKED_NOTHING)


def item_key(report: pytest.TestReport) -> ItemKey:
    """Return what tells a test apart from others of its name: of another worker, or of the same."""
    return report.nodeid, getattr(report, "worker_id", ""), getattr(report, NUMBER, 0)


def _names(properties: Iterable[tuple[str, object]]) -> frozenset[str]:
    return frozenset(name for name, _ in properties)


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test failed or was skipped, or a file could not be read, without the trace."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message)
    # xdist says first where the worker was.
    lines = report.longreprtext.strip().splitlines()
    text = "\n".join(lines[1:] if lines and lines[0].startswith("[gw") else lines)
    # Of a file that cannot be read there is the trace as text, in which the error is marked so.
    return (
        "\n".join(line[1:].strip() for line in text.splitlines() if line.startswith("E ")) or text
    )
