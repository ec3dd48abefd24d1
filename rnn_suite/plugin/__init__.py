"""The pytest side: options, fixtures, the verdict table, the exit status.

Nothing here imports TensorFlow before a test needs it, and nothing happens in a project that uses none
of the fixtures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rnn_suite.errors import SuiteError
from rnn_suite.experiment import PROFILES, Experiment, profile_experiment
from rnn_suite.plugin.gate import (
    END_KEY,
    ENDED_BY_VERDICT,
    EVIDENCE,
    EVIDENCE_KEY,
    NUMBER,
    NUMBER_KEY,
    OF_THE_GATE,
    Gate,
    VerdictWarning,
)
from rnn_suite.plugin.reporter import WORKBENCH, Reporter
from rnn_suite.plugin.shared import (
    REPORTER,
    as_usage_error,
    chosen_corpus,
    path_option,
    runs_folder,
    say,
    uncaptured,
)

if TYPE_CHECKING:
    from rnn_suite.results import Environment
    from rnn_suite.training import EpochEnd
    from rnn_suite.workbench import Workbench

__all__ = ["Gate", "VerdictWarning"]

pytest_plugins = (
    "rnn_suite.plugin.search",
    "rnn_suite.plugin.upgrade",
    "rnn_suite.plugin.bisect",
    "rnn_suite.plugin.own",
    "rnn_suite.plugin.report",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the suite's options."""
    group = parser.getgroup("rnn-suite", "rnn-suite: is it safe to upgrade?")
    group.addoption(
        "--corpus",
        dest="rnn_suite_corpus",
        default="auto",
        metavar="NAME",
        help="auto, imdb or standin; auto takes IMDB where it can be had and says so (default: auto)",
    )
    group.addoption(
        "--baselines",
        dest="rnn_suite_baselines",
        type=path_option,
        default=None,
        metavar="DIR",
        help="folder of the baselines (default: baselines below the root folder)",
    )
    group.addoption(
        "--update-baselines",
        dest="rnn_suite_update_baselines",
        action="store_true",
        help="measure and rewrite the baselines, keeping each gate; compares nothing, so it is no pass",
    )
    group.addoption(
        "--runs",
        dest="rnn_suite_runs",
        type=path_option,
        default=None,
        metavar="DIR",
        help="folder for the results of runs (default: .rnn_suite below the root folder)",
    )
    group.addoption(
        "--fresh",
        dest="rnn_suite_fresh",
        action="store_true",
        help="begin a new run even where one that was cut short could be taken up",
    )
    group.addoption(
        "--strict-verdicts",
        dest="rnn_suite_strict_verdicts",
        action="store_true",
        help="let inconclusive verdicts fail",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for line in (
        "smoke: gate questions at a size that takes a few minutes",
        "rules: all rules, those too that take longer than smoke allows",
        "full: gate questions at the notebook's size, hours on a processor",
        "reduced: the tuner's whole search space on part of the reviews, about a quarter of an hour",
        "gpu: the full gate on a GPU; stops at once where there is none",
        "upgrade: this environment against the one of --reference-python, in pairs of fresh processes",
        "bisect: which package, and which release of it, made a question of upgrade red",
        "selftest: known faults that the gate must catch, each in a process of its own",
    ):
        config.addinivalue_line("markers", line)
    reporter = config.stash[REPORTER] = Reporter(config)
    config.pluginmanager.register(reporter, "rnn_suite_reporter")
    config.pluginmanager.register(reporter.questions, "rnn_suite_questions")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the answer be the last line of all."""
    terminalreporter = config.pluginmanager.getplugin("terminalreporter")
    if terminalreporter is not None and not config.option.collectonly:
        config.stash[REPORTER].say_answer(terminalreporter)


def _fixtures(item: pytest.Item) -> frozenset[str]:
    return frozenset(getattr(item, "fixturenames", ()))


def _is_gate(item: pytest.Item) -> bool:
    return not _fixtures(item).isdisjoint({"gate", "workbench", "upgraded", "bisected"})


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Stop before hours of training where a GPU is asked for and absent."""
    if session.config.option.collectonly or session.testsfailed:
        return
    wants_gpu = any(_is_gate(item) and item.get_closest_marker("gpu") for item in session.items)
    if wants_gpu and not _has_gpu():
        pytest.exit(
            "The marker gpu asks for a GPU and TensorFlow sees none.\nExpected: one GPU or more\n"
            "Received: none\nNext: run on a machine with one (pip install 'rnn-suite[gpu]'), or take "
            "the marker full to train on the processor for hours",
            returncode=pytest.ExitCode.USAGE_ERROR,
        )


def _has_gpu() -> bool:
    from rnn_suite.imports import import_seconds

    with as_usage_error():
        import_seconds()
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Say which corpus and which libraries the gate runs on."""
    if not any(_is_gate(item) for item in items) or config.option.collectonly:
        return []
    from rnn_suite.environment import library_versions

    named: Path | None = config.option.rnn_suite_baselines
    compared = any(not _fixtures(item).isdisjoint({"gate", "gate_model"}) for item in items)
    if compared and named and not (named.is_dir() or config.option.rnn_suite_update_baselines):
        received = "a file" if named.exists() else "nothing"
        raise pytest.UsageError(
            f"{named}: no such folder.\nExpected: baselines in the folder that --baselines names\n"
            f"Received: {received}\nNext: correct its name, leave --baselines out to take those of this "
            "project, or record some with --update-baselines"
        )
    versions = ", ".join(f"{name} {version}" for name, version in library_versions().items())
    lines = [f"rnn-suite: {versions}"]
    # A model of the user's own brings its data.
    if any(_is_gate(item) and "gate_model" not in _fixtures(item) for item in items):
        with as_usage_error():
            choice = chosen_corpus(config)
        lines.append(f"rnn-suite: corpus {choice.name}: {choice.reason}")
    config.stash[REPORTER].header = lines
    return lines


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
        runs_folder(config),
        suite_environment,
        fresh=config.option.rnn_suite_fresh,
    )
    if run.resumed:
        say(
            config,
            f"rnn-suite: taking up {run.folder}, on disk: {run.kept_seeds()} trained seeds, "
            f"{run.kept_trials()} trials of searches",
        )
    config.stash[WORKBENCH] = Workbench(run, progress=_progress(config))
    return config.stash[WORKBENCH]


def _progress(config: pytest.Config) -> Callable[[EpochEnd, int], None]:
    """Return what shows each epoch: in place on a terminal, a line each elsewhere."""
    from rnn_suite.report.progress import epoch_line

    on_terminal = sys.__stderr__ is not None and sys.__stderr__.isatty()

    def show(epoch: EpochEnd, seeds_to_come: int) -> None:
        with uncaptured(config):
            start = "\r\x1b[2K" if on_terminal else "\n"
            sys.stderr.write(f"{start}{epoch_line(epoch, seeds_to_come=seeds_to_come)}")
            sys.stderr.flush()

    return show


@pytest.fixture
def gate(request: pytest.FixtureRequest) -> Gate:
    """The way from a measurement to a test's end; see `Gate`."""
    return Gate(request)


@pytest.fixture(scope="session")
def make_experiment(request: pytest.FixtureRequest) -> Callable[[str, str], Experiment]:
    """From profile and cell to the experiment on the corpus of this run, with its seeds.

    The seeds are the gate's, or the baseline's where baselines are recorded.
    """
    config = request.config

    def make(profile: str, cell: str) -> Experiment:
        corpus = chosen_corpus(config).name
        experiment = profile_experiment(profile, corpus=corpus, cell=cell)
        if config.option.rnn_suite_update_baselines:
            return replace(experiment, seeds=PROFILES[profile].baseline_seeds)
        return experiment

    return make


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Send along what verdicts rest on; show an error raised on purpose as its message, with the remedy."""
    report = yield
    setattr(report, NUMBER, item.stash.get(NUMBER_KEY, 0))
    setattr(report, OF_THE_GATE, _is_gate(item))
    if call.excinfo is not None and call.excinfo.value is item.stash.get(END_KEY, None):
        setattr(report, ENDED_BY_VERDICT, True)
    if EVIDENCE_KEY in item.stash:
        setattr(report, EVIDENCE, item.stash[EVIDENCE_KEY])
    if call.excinfo is not None and isinstance(call.excinfo.value, SuiteError) and _is_gate(item):
        report.longrepr = str(call.excinfo.value)
    return report
