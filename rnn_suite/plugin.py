"""The pytest side: options, fixtures, the verdict table, the exit status.

Nothing here imports TensorFlow before a test needs it, and nothing happens in a project that uses none
of the fixtures.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rnn_suite.baselines import (
    Baseline,
    Measurement,
    Recorded,
    baseline_path,
    compare,
    load_baseline,
    save_baseline,
)
from rnn_suite.errors import SuiteError
from rnn_suite.experiment import PROFILES, Experiment, profile_experiment
from rnn_suite.jsonable import from_jsonable, to_jsonable
from rnn_suite.questions import Pair, Question
from rnn_suite.report.terminal import answer, phase_table, verdict_table
from rnn_suite.verdicts import Outcome, Verdict

if TYPE_CHECKING:
    from rnn_suite.data import CorpusChoice
    from rnn_suite.results import Environment
    from rnn_suite.training import EpochEnd
    from rnn_suite.workbench import Workbench

NOTHING_COMPARED = 6
"""Exit status of a run that asked gate questions and compared nothing; pytest itself uses 0 to 5."""

_VERDICT, _RECORDED, _ASKED = "rnn_suite_verdict", "rnn_suite_recorded", "rnn_suite_asked"
"""Names under which facts travel with a test's report, into JUnit files and across processes."""


class VerdictWarning(UserWarning):
    """A verdict that lets the run pass and still wants to be read: improved or inconclusive."""


_CHOICE = pytest.StashKey["CorpusChoice"]()
_WORKBENCH = pytest.StashKey["Workbench"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("rnn-suite", "rnn-suite: is it safe to upgrade?")
    group.addoption(
        "--corpus",
        default="auto",
        metavar="NAME",
        help="auto, imdb or standin; auto takes IMDB where it can be had and says so (default: auto)",
    )
    group.addoption(
        "--baselines",
        type=Path,
        default=None,
        metavar="DIR",
        help="folder of the baselines (default: baselines below the root folder)",
    )
    group.addoption(
        "--update-baselines",
        action="store_true",
        help="measure and rewrite the baselines, keeping each gate; compares nothing, so it is no pass",
    )
    group.addoption(
        "--runs",
        type=Path,
        default=None,
        metavar="DIR",
        help="folder for the results of runs (default: .rnn_suite below the root folder)",
    )
    group.addoption(
        "--fresh",
        action="store_true",
        help="begin a new run even where one that was cut short could be taken up",
    )
    group.addoption(
        "--strict-verdicts",
        action="store_true",
        help="let inconclusive verdicts fail",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for line in (
        "smoke: gate questions at a size that takes a minute or two",
        "full: gate questions at the notebook's size, hours on a processor",
        "gpu: the full gate on a GPU; stops at once where there is none",
        "selftest: known faults that the gate must catch, each in a process of its own",
    ):
        config.addinivalue_line("markers", line)
    config.pluginmanager.register(_Reporter(config), "rnn_suite_reporter")


def _is_gate(item: pytest.Item) -> bool:
    return not {"gate", "workbench"}.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Mark the gate's tests, and stop before hours of training where a GPU is asked for and absent."""
    for item in session.items:
        if "gate" in getattr(item, "fixturenames", ()):
            # Here and not in the fixture: a test that is skipped before it may ask is no pass either.
            item.user_properties.append((_ASKED, True))
    wants_gpu = any(item.get_closest_marker("gpu") for item in session.items)
    if wants_gpu and not session.config.option.collectonly and not _has_gpu():
        pytest.exit(
            "The marker gpu asks for a GPU and TensorFlow sees none.\nExpected: one GPU or more\n"
            "Received: none\nNext: run on a machine with one (pip install 'rnn-suite[gpu]'), or take "
            "the marker full to train on the processor for hours",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )


def _has_gpu() -> bool:
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Say which corpus and which libraries the gate runs on."""
    if not any(_is_gate(item) for item in items) or config.option.collectonly:
        return []
    from rnn_suite.environment import library_versions

    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    with _as_usage_error():
        choice = _choose_corpus(config)
    return [f"rnn-suite: {versions}", f"rnn-suite: corpus {choice.name}: {choice.reason}"]


def _choose_corpus(config: pytest.Config) -> CorpusChoice:
    if _CHOICE not in config.stash:
        from rnn_suite.data import choose_corpus

        # A download shows its progress.
        with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            config.stash[_CHOICE] = choose_corpus(config.option.corpus)
    return config.stash[_CHOICE]


@contextmanager
def _as_usage_error() -> Iterator[None]:
    try:
        yield
    except SuiteError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.fixture(scope="session")
def suite_environment() -> Environment:
    """Where this run measures: versions, machine, settings."""
    from rnn_suite.environment import describe_environment
    from rnn_suite.imports import import_seconds

    import_seconds()
    return describe_environment()


@pytest.fixture(scope="session")
def workbench(request: pytest.FixtureRequest, suite_environment: Environment) -> Workbench:
    """Everything this run has loaded, traced and trained; see `rnn_suite.workbench`."""
    from rnn_suite.runs import open_run
    from rnn_suite.workbench import Workbench

    config = request.config
    run = open_run(
        config.option.runs or config.rootpath / ".rnn_suite",
        suite_environment,
        fresh=config.option.fresh,
    )
    if run.resumed:
        _say(config, f"rnn-suite: taking up {run.folder}, {run.kept_seeds()} seeds are on disk")
    config.stash[_WORKBENCH] = Workbench(run, progress=_progress(config))
    return config.stash[_WORKBENCH]


def _say(config: pytest.Config, line: str) -> None:
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stderr.write(f"\n{line}")
        sys.stderr.flush()


def _progress(config: pytest.Config) -> Callable[[EpochEnd, int], None]:
    """Return what shows each epoch: in place on a terminal, a line each elsewhere."""
    from rnn_suite.report.progress import epoch_line

    capture = config.pluginmanager.getplugin("capturemanager")
    on_terminal = sys.__stderr__ is not None and sys.__stderr__.isatty()

    def show(epoch: EpochEnd, seeds_to_come: int) -> None:
        with capture.global_and_fixture_disabled():
            start = "\r\x1b[2K" if on_terminal else "\n"
            sys.stderr.write(f"{start}{epoch_line(epoch, seeds_to_come=seeds_to_come)}")
            sys.stderr.flush()

    return show


class Gate:
    """Asks questions of one test: holds a measurement against its baseline, or records it."""

    def __init__(self, request: pytest.FixtureRequest, environment: Environment) -> None:
        self._config = request.config
        self._properties: list[tuple[str, object]] = request.node.user_properties
        self._environment = environment

    @property
    def updating(self) -> bool:
        """Whether this run records baselines instead of comparing with them."""
        return bool(self._config.option.update_baselines)

    def measurement(
        self, workbench: Workbench, experiment: Experiment, measured: Any
    ) -> Measurement:
        """Return `measured` with the experiment, corpus and environment it belongs to."""
        return Measurement(
            experiment=experiment,
            corpus=workbench.dataset(experiment).identity,
            measured=measured,
            environment=self._environment,
        )

    def path(self, question: Question, experiment: Experiment) -> Path:
        """Return where the question's baseline lies."""
        root = self._config.option.baselines or self._config.rootpath / "baselines"
        return baseline_path(root, question, experiment)

    def baseline(self, question: Question, experiment: Experiment) -> Baseline:
        """Return the question's baseline.

        Raises:
            BaselineError: if it is missing or damaged.
        """
        return load_baseline(self.path(question, experiment), question)

    def ask(self, question: Question, new: Measurement) -> None:
        """Hold `new` against its baseline and let the test end accordingly, or record it.

        Raises:
            BaselineError: if the baseline is missing or damaged.
        """
        if self.updating:
            self.record(question, new)
        old = self.baseline(question, new.experiment)
        (verdict,) = compare(question, [(old, new)])
        self.settle(verdict)

    def settle(self, verdict: Verdict) -> None:
        """Let the test pass, warn, skip or fail as the verdict says."""
        self._properties.append((_VERDICT, json.dumps(to_jsonable(verdict))))
        match verdict.outcome:
            case Outcome.REGRESSED:
                pytest.fail(str(verdict), pytrace=False)
            case Outcome.INCONCLUSIVE if self._config.option.strict_verdicts:
                pytest.fail(str(verdict), pytrace=False)
            case Outcome.INCONCLUSIVE | Outcome.IMPROVED:
                warnings.warn(VerdictWarning(str(verdict)), stacklevel=2)
            case Outcome.NOT_COMPARABLE:
                pytest.skip(str(verdict))

    def record(self, question: Question, new: Measurement) -> None:
        """Write `new` as the question's baseline and end the test as skipped: nothing was compared."""
        path = self.path(question, new.experiment)
        before = load_baseline(path, question) if path.exists() else None
        recorded = Recorded(
            date=time.strftime("%Y-%m-%d", time.gmtime()), commit=_commit(self._config.rootpath)
        )
        saved = save_baseline(path, question, new, recorded)
        line = f"{path}: {_old_beside_new(question, before or saved, new, is_new=before is None)}"
        self._properties.append((_RECORDED, line))
        pytest.skip(f"baseline recorded, nothing compared: {line}")


def _old_beside_new(question: Question, old: Baseline, new: Measurement, *, is_new: bool) -> str:
    pair = Pair(old=old.measurement.measured, gate=old.gate, new=new.measured)
    (judgement,) = question.judge([pair])
    return f"{'nothing' if is_new else judgement.baseline} -> {judgement.now}"


def _commit(folder: Path) -> str:
    def git(*words: str) -> str:
        command = ["git", "-C", str(folder), *words]
        return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL).strip()  # noqa: S603 (own words)

    try:
        changed = git("status", "--porcelain", "--", ".", ":!baselines")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


@pytest.fixture
def gate(request: pytest.FixtureRequest, suite_environment: Environment) -> Gate:
    """The way from a measurement to a test's end; see `Gate`."""
    return Gate(request, suite_environment)


@pytest.fixture(scope="session")
def make_experiment(request: pytest.FixtureRequest) -> Callable[[str, str], Experiment]:
    """From profile and cell to the experiment on the corpus of this run, with its seeds.

    The seeds are the gate's, or the baseline's where baselines are recorded.
    """
    config = request.config

    def make(profile: str, cell: str) -> Experiment:
        corpus = _choose_corpus(config).name
        experiment = profile_experiment(profile, corpus=corpus, cell=cell)
        if config.option.update_baselines:
            return replace(experiment, seeds=PROFILES[profile].baseline_seeds)
        return experiment

    return make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Show an error the suite raised on purpose as its message alone: it names the remedy."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, SuiteError) and _is_gate(item):
        report.longrepr = str(call.excinfo.value)
    return report


class _Reporter:
    """Collects what the tests found, and ends the session with the table, the answer and the status."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._verdicts: list[Verdict] = []
        self._recorded: list[str] = []
        self._asked = False
        self._compared_nothing = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "teardown":
            return
        for name, value in report.user_properties:
            if name == _ASKED:
                self._asked = True
            elif name == _RECORDED:
                self._recorded.append(str(value))
            elif name == _VERDICT:
                content = json.loads(str(value))
                self._verdicts.append(from_jsonable(Verdict, content, where=report.nodeid))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        compared = any(verdict.compared for verdict in self._verdicts)
        self._compared_nothing = exitstatus == pytest.ExitCode.OK and self._asked and not compared
        if self._compared_nothing:
            session.exitstatus = NOTHING_COMPARED
        workbench = self._config.stash.get(_WORKBENCH, None)
        if workbench is not None:
            ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            if ended and not workbench.interrupted:
                workbench.run.finish()
            else:
                workbench.run.close()

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._asked:
            return
        terminalreporter.section("rnn-suite")
        for line in self._recorded:
            terminalreporter.write_line(f"recorded {line}")
        workbench = self._config.stash.get(_WORKBENCH, None)
        if workbench is not None and workbench.results:
            for line in phase_table(workbench.results):
                terminalreporter.write_line(line)
            terminalreporter.write_line("")
        if self._verdicts:
            for line in verdict_table(self._verdicts):
                terminalreporter.write_line(line)
        terminalreporter.write_line(answer(self._verdicts))
        if self._compared_nothing:
            terminalreporter.write_line(
                f"A run that compares nothing is no pass: exit status {NOTHING_COMPARED}."
            )
