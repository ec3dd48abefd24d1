"""What runs the rules of one topic of the table in `rnn_suite.questions.rules`.

A topic is a module of `topics` with a tuple `RULES` of functions. Each is one rule, named as a sentence;
it takes the name of a cell, where the topic is asked cell by cell, and yields findings. The modules import
Keras at their head, so they are imported here, when they are run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from rnn_suite.checks.parts.machine import machine_is_at_fault
from rnn_suite.errors import MeasurementError, SuiteError, UnknownNameError
from rnn_suite.findings import AN_ANSWER, UNCOMPARABLE, Finding
from rnn_suite.questions.rules import TOPICS, RuleFindings


def run_rules(topic: str, subject: str) -> RuleFindings:
    """Run every rule of `topic` for `subject` and return what they found.

    A rule that raises breaks itself and not the others: a library that lost an argument is a finding.

    Args:
        topic: a row of `TOPICS`.
        subject: a cell, or `ALL_CELLS` where the topic is not asked by cell.

    Raises:
        UnknownNameError: if there is no such topic or subject.
        SuiteError: where the suite itself, not a library, is at fault.
    """
    if topic not in TOPICS:
        raise UnknownNameError("topic", topic, sorted(TOPICS))
    row = TOPICS[topic]
    if subject not in row.subjects:
        raise UnknownNameError("cell", subject, sorted(row.subjects))
    rules = importlib.import_module(f"rnn_suite.checks.topics.{topic}").RULES
    arguments = (subject,) if row.by_cell else ()
    return RuleFindings(
        findings=tuple(finding for rule in rules for finding in _run(rule, arguments))
    )


def _run(rule: Callable[..., Iterable[Finding]], arguments: tuple[str, ...]) -> Iterable[Finding]:
    name = rule.__name__
    try:
        return [replace(found, name=f"{name}: {found.name}") for found in rule(*arguments)]
    except SuiteError:
        raise
    except Exception as error:
        if machine_is_at_fault(error):
            raise MeasurementError(
                f"{name}: {error}\nExpected: a machine with memory, disk and files to spare\n"
                f"Received: {type(error).__name__}\nNext: make room, and run again"
            ) from error
        # Whatever the libraries raise is the finding.
        return [
            Finding(
                name=name,
                error=UNCOMPARABLE,
                bound=0.0,
                expected=AN_ANSWER,
                received=f"{type(error).__name__}: {error}"[:200],
            )
        ]
