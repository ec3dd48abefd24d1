"""Which package of an upgrade, and which release of it, made a question worse: `pytest -m bisect`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.errors import MeasurementError, UnknownNameError
from rnn_suite.plugin.shared import REPORTER, runs_folder, say
from rnn_suite.plugin.upgrade import new_record, plan_for, refuse_xdist

if TYPE_CHECKING:
    from rnn_suite.bisect import Culprit
    from rnn_suite.upgrade.phases import Asked
    from rnn_suite.upgrade.run import Plan


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of a bisection."""
    parser.getgroup("rnn-suite").addoption(
        "--bisect-question",
        default=None,
        metavar="PHASE:CELL",
        help="what got worse, such as train_step:lstm (default: the first that the last -m upgrade "
        "with the same reference called regressed)",
    )


@pytest.fixture(scope="session")
def bisected(request: pytest.FixtureRequest) -> Callable[[], Culprit]:
    """Searches for what made one question worse, measuring old against states on the way to new."""
    config = request.config
    refuse_xdist(config)

    def tell(line: str) -> None:
        say(config, f"rnn-suite: {line}")

    def search() -> Culprit:
        from rnn_suite.bisect import changed_packages, find_culprit
        from rnn_suite.data import load

        reference, candidate = config.option.reference_python.absolute(), Path(sys.executable)
        changed = [str(change) for change in changed_packages(reference, candidate)]
        red_before = _last_regressed(config, reference, changed)
        question = _question(config, red_before)
        plan = plan_for(config, [question])
        load(next(iter(plan.timed.values())))
        culprit = find_culprit(
            reference,
            candidate,
            question=f"{question} on {plan.timed['lstm'].corpus.name}, {plan.margin_fraction:.0%}",
            known_red=str(question) in red_before,
            is_red=lambda python: _is_red(config, plan, question, python, tell),
            folder=runs_folder(config) / "bisect",
            tell=tell,
        )
        config.stash[REPORTER].found.append(str(culprit))
        return culprit

    return search


def _is_red(
    config: pytest.Config, plan: Plan, question: Asked, python: Path, tell: Callable[[str], None]
) -> bool | None:
    from rnn_suite.upgrade.decision import State
    from rnn_suite.upgrade.run import compare_environments

    environments = replace(plan.environments, candidate=python)
    found = compare_environments(replace(plan, environments=environments), new_record(config), tell)
    if question in found.errors:
        raise found.errors[question]
    match found.decisions[question].state:
        case State.REGRESSED:
            return True
        case State.PASS | State.IMPROVED:
            return False
        case _:
            return None


def _question(config: pytest.Config, red_before: Sequence[str]) -> Asked:
    """Return what the option names, or what the last upgrade called regressed.

    Raises:
        UnknownNameError: if it names no question.
        MeasurementError: if it names none, and no upgrade with the same reference called any regressed.
    """
    from rnn_suite.upgrade.phases import PHASES, Asked

    named = config.option.bisect_question or (red_before[0] if red_before else None)
    if named is None:
        raise MeasurementError(
            "Nothing to bisect.\nExpected: a question that got worse\nReceived: no --bisect-question, and "
            f"in {runs_folder(config)} no last run of -m upgrade with the same packages that called one "
            "regressed\nNext: run -m upgrade first, or name one, such as "
            "--bisect-question=train_step:lstm"
        )
    known = {
        str(asked): asked
        for phase in PHASES.values()
        for asked in (Asked(phase.name, subject) for subject in phase.subjects)
    }
    if named not in known:
        raise UnknownNameError("question of an upgrade", named, sorted(known))
    return known[named]


def _last_regressed(
    config: pytest.Config, reference: Path, changed: Sequence[str]
) -> tuple[str, ...]:
    """Return what the last upgrade between the same packages called regressed."""
    for path in sorted(runs_folder(config).glob("upgrade-*.jsonl"), reverse=True):
        # Runs that were cut short, or are a bisection's own, end with another line.
        with contextlib.suppress(ValueError, IndexError, KeyError, TypeError):
            last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
            if last["reference"] == str(reference) and last["changed"] == list(changed):
                return tuple(map(str, last["regressed"]))
    return ()
