"""Which package of an upgrade, and which release of it, made a question worse: `pytest -m bisect`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rnn_suite.errors import MeasurementError, UnknownNameError
from rnn_suite.plugin.shared import REPORTER, runs_folder, say
from rnn_suite.plugin.upgrade import new_record, plan_for, refuse_xdist, this_upgrade

if TYPE_CHECKING:
    from rnn_suite.bisect import Culprit
    from rnn_suite.upgrade.phases import Asked
    from rnn_suite.upgrade.run import Plan


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of a bisection."""
    parser.getgroup("rnn-suite").addoption(
        "--bisect-question",
        dest="rnn_suite_bisect_question",
        default=None,
        metavar="PHASE:CELL",
        help="what got worse, such as train_step:lstm (default: the first that the last -m upgrade of "
        "the same packages, on the same corpus and with the same margin, called regressed)",
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

        reference, candidate = (
            config.option.rnn_suite_reference_python,
            Path(sys.executable),
        )
        changed = [str(change) for change in changed_packages(reference, candidate)]
        answers = _answers_before(config, this_upgrade(config, changed))
        question = _question(config, answers)
        plan = plan_for(config, [question])
        if question in plan.refused:
            raise plan.refused[question]
        load(next(iter(plan.timed.values())))
        culprit = find_culprit(
            reference,
            candidate,
            question=f"{question} on {plan.timed['lstm'].corpus.name}, {plan.margin_fraction:.0%}",
            known_red=answers.get(str(question), False),
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


def _question(config: pytest.Config, answers: Mapping[str, bool]) -> Asked:
    """Return what the option names, or what the last upgrade called regressed.

    Raises:
        UnknownNameError: if it names no question.
        MeasurementError: if it names none, and no answer of an upgrade is red.
    """
    from rnn_suite.upgrade.phases import PHASES, Asked

    known = {
        str(asked): asked
        for phase in PHASES.values()
        for asked in (Asked(phase.name, subject) for subject in phase.subjects)
    }
    red = (question for question, is_red in answers.items() if is_red)
    named = config.option.rnn_suite_bisect_question or next(red, None)
    if named is None:
        raise MeasurementError(
            "Nothing to bisect.\nExpected: a question that got worse\n"
            f"Received: no --bisect-question, and in {runs_folder(config)} no question that the last "
            "-m upgrade to answer it, of the same packages, corpus and margin, called regressed "
            f"({len(answers)} of {len(known)} questions are answered)\n"
            "Next: run -m upgrade first, or name one, such as --bisect-question=train_step:lstm"
        )
    if named not in known:
        raise UnknownNameError("question of an upgrade", named, sorted(known))
    return known[named]


def _answers_before(config: pytest.Config, upgrade: Mapping[str, object]) -> dict[str, bool]:
    """Return by question, those of the last run first, whether the last run to answer it called it regressed.

    Runs that asked only some questions leave the answers of others as they were.
    """
    answers: dict[str, bool] = {}
    for path in sorted(runs_folder(config).glob("upgrade-*.jsonl"), reverse=True):
        # Runs that were cut short, or are a bisection's own, end with another line.
        with contextlib.suppress(ValueError, IndexError, KeyError, TypeError):
            last = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
            if {name: last[name] for name in upgrade} == upgrade:
                for question in last["answered"]:
                    answers.setdefault(str(question), question in last["regressed"])
    return answers
