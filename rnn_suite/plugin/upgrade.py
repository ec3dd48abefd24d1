"""Old against new on one machine: the options and the fixture of `pytest -m upgrade`."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.baselines import baseline_path, load_baseline
from rnn_suite.errors import BaselineError, FormatError, MeasurementError, SuiteError
from rnn_suite.experiment import profile_experiment
from rnn_suite.models import CELLS
from rnn_suite.plugin.gate import baselines_folder
from rnn_suite.plugin.shared import REPORTER, chosen_corpus, path_option, runs_folder, say
from rnn_suite.questions.accuracy import ACCURACY
from rnn_suite.run_report import Version
from rnn_suite.verdicts import Verdict

if TYPE_CHECKING:
    from rnn_suite.upgrade.phases import Asked
    from rnn_suite.upgrade.record import Record
    from rnn_suite.upgrade.run import Plan

Upgraded = Callable[[str, str], Verdict]
"""From a phase and a subject to the verdict of old against new."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of an upgrade."""
    group = parser.getgroup("rnn-suite")
    group.addoption(
        "--reference-python",
        dest="rnn_suite_reference_python",
        type=path_option,
        default=None,
        metavar="PATH",
        help="interpreter of the old environment, which -m upgrade holds this one against",
    )
    group.addoption(
        "--upgrade-margin",
        dest="rnn_suite_upgrade_margin",
        type=_fraction,
        default=0.1,
        metavar="FRACTION",
        help="the growth of a time, a size or a loss that must not be missed; red begins at half of it "
        "(default: 0.1)",
    )
    group.addoption(
        "--upgrade-minutes",
        dest="rnn_suite_upgrade_minutes",
        type=_minutes,
        default=10.0,
        metavar="MINUTES",
        help="after how long a set of pairs, or of trainings, gives up at its next look on questions that "
        "noise leaves open; the second sets, which measure again what looks red, have as long anew "
        "(default: 10)",
    )


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 10:
        raise argparse.ArgumentTypeError(f"expected a fraction such as 0.1, received {text!r}")
    return value


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(
            f"expected minutes such as 10, or 0 for one look a set, received {text!r}"
        )
    return value


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Stop before anything is measured where the old environment is not named."""
    asked = any(
        not {"upgraded", "bisected"}.isdisjoint(getattr(item, "fixturenames", ()))
        for item in session.items
    )
    config = session.config
    if not asked or config.option.collectonly or session.testsfailed:
        return
    if hasattr(config, "workerinput"):
        # Each test says so itself: an error here would be one of xdist's own.
        return
    if config.option.rnn_suite_update_baselines:
        raise pytest.UsageError(
            "An upgrade has no baselines: old and new are measured together.\n"
            "Expected: no --update-baselines with the markers upgrade and bisect"
        )
    python = session.config.option.rnn_suite_reference_python
    if python is None or not python.exists():
        raise pytest.UsageError(
            "The markers upgrade and bisect hold this environment against an old one.\n"
            "Expected: --reference-python=PATH, the interpreter of the old environment\n"
            f"Received: {python or 'none'}{'' if python is None else ', where no file is'}\n"
            "Next: make one (python3 -m venv old; old/bin/pip install tensorflow-cpu==... keras==...) and "
            "name old/bin/python, or let tox do both: tox -e reference,upgrade"
        )


@pytest.fixture(scope="session")
def upgraded(request: pytest.FixtureRequest) -> Upgraded:
    """The verdicts of old against new; everything this run's tests ask is measured here, in one run."""
    config = request.config
    refuse_xdist(config)
    from rnn_suite.bisect import changed_packages
    from rnn_suite.data import load
    from rnn_suite.environment import describe_environment
    from rnn_suite.fresh_process import in_fresh_processes
    from rnn_suite.upgrade.decision import State
    from rnn_suite.upgrade.phases import Asked
    from rnn_suite.upgrade.run import compare_environments
    from rnn_suite.upgrade.telling import verdict_of

    plan = plan_for(config, _asked(request.session))
    old, new = plan.environments.reference, plan.environments.candidate
    changes = changed_packages(old, new)
    changed = [str(change) for change in changes]
    config.stash[REPORTER].changed = [
        Version(name=c.name, old=c.before or "none", new=c.after or "none") for c in changes
    ]
    config.stash[REPORTER].header += [
        f"rnn-suite: old: {old}",
        f"rnn-suite: new: {new}",
        f"rnn-suite: changed: {', '.join(changed) or 'no package'}",
    ]
    # Read and kept flat before the workers are timed on it.
    config.stash[REPORTER].corpus = load(next(iter(plan.timed.values()))).identity
    record = new_record(config)
    say(config, f"rnn-suite: every pair is kept in {record.path}")
    found = compare_environments(plan, record, lambda line: say(config, f"rnn-suite: {line}"))
    # By another process: this one has no need of TensorFlow.
    (config.stash[REPORTER].environment,) = in_fresh_processes(describe_environment)
    regressed = [str(q) for q, d in found.decisions.items() if d.state is State.REGRESSED]
    try:
        record.append(
            **this_upgrade(config, changed),
            answered=[str(q) for q in plan.asked if q not in found.errors],
            regressed=regressed,
        )
    except FormatError as error:
        # The verdicts stand; only a bisection will have to be told what to ask.
        config.stash[REPORTER].found.append(str(error))
    config.stash[REPORTER].found.append(
        "Asked were time, memory and quality, side by side; behaviour is asked by pytest -m 'smoke or rules'."
    )
    if regressed:
        config.stash[REPORTER].found.append(
            "Why stands with each failure. Which package does it: pytest -m bisect with the same "
            "--reference-python, or tox -e bisect with the same variables."
        )
    if found.pairs:
        others = max(pair.others_fraction for pair in found.pairs)
        config.stash[REPORTER].header.append(
            f"rnn-suite: {len(found.pairs)} pairs of processes; others had up to {others:.0%} of the machine"
        )

    def of(phase: str, subject: str) -> Verdict:
        question = Asked(phase, subject)
        if question in found.errors:
            raise found.errors[question]
        return verdict_of(question, found, plan)

    return of


def refuse_xdist(config: pytest.Config) -> None:
    """Raise where this is one of several processes that share the machine.

    Raises:
        MeasurementError: if it is.
    """
    if hasattr(config, "workerinput"):
        raise MeasurementError(
            "Old and new are timed by turns, which needs the machine for itself.\n"
            "Expected: one process of pytest\nReceived: pytest-xdist's\nNext: leave out -n"
        )


def _asked(session: pytest.Session) -> list[Asked]:
    from rnn_suite.upgrade.phases import Asked

    params = [
        item.callspec.params
        for item in session.items
        if isinstance(item, pytest.Function) and "upgraded" in item.fixturenames
    ]
    return list(
        dict.fromkeys(Asked(str(named["phase"]), str(named["subject"])) for named in params)
    )


def this_upgrade(config: pytest.Config, changed: Sequence[str]) -> dict[str, object]:
    """Return what answers hold for, as it stands in the last line of a record.

    Args:
        config: names the old environment, the corpus and the margin.
        changed: packages that differ, in words.
    """
    return {
        "reference": str(config.option.rnn_suite_reference_python),
        "changed": list(changed),
        "corpus": chosen_corpus(config).name,
        "margin_fraction": config.option.rnn_suite_upgrade_margin,
    }


def new_record(config: pytest.Config) -> Record:
    """Return a new file for the pairs of a run."""
    from rnn_suite.upgrade.record import Record

    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    # Two runs may start in one second, and a bisection's runs follow quickly.
    return Record(runs_folder(config) / f"upgrade-{moment}-{time.monotonic_ns() % 10**9:09d}.jsonl")


def plan_for(config: pytest.Config, asked: Sequence[Asked]) -> Plan:
    """Return how this environment is held against that of `--reference-python` on the corpus of this run.

    An accuracy whose baseline is missing or damaged, which says by how much it may fall, is refused.

    Raises:
        SuiteError: if the corpus cannot be had.
    """
    from rnn_suite.upgrade.pairs import Environments
    from rnn_suite.upgrade.run import Plan

    corpus = chosen_corpus(config).name
    timed, trained = (
        {cell: profile_experiment(profile, corpus=corpus, cell=cell) for cell in CELLS}
        for profile in ("full", "smoke")
    )
    root = baselines_folder(config, "smoke")
    drops: dict[str, float] = {}
    refused: dict[Asked, SuiteError] = {}
    for question in asked:
        if question.phase == ACCURACY.name:
            path = baseline_path(root, ACCURACY, trained[question.subject])
            try:
                drops[question.subject] = load_baseline(path, ACCURACY).gate.allowed_drop_fraction
            except BaselineError as error:
                refused[question] = error
    return Plan(
        environments=Environments(
            reference=config.option.rnn_suite_reference_python,
            candidate=Path(sys.executable),
        ),
        asked=tuple(asked),
        timed=timed,
        trained=trained,
        allowed_drop=drops,
        refused=refused,
        margin_fraction=config.option.rnn_suite_upgrade_margin,
        budget_seconds=config.option.rnn_suite_upgrade_minutes * 60,
    )
