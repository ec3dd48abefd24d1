"""The rules about searches that released libraries left: the installed ones read them and go on from them."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from rnn_suite.checks.parts.searches_cut_short import ReadAgain
from rnn_suite.checks.parts.told_searches import Told, differences, differing
from rnn_suite.checks.parts.tuner_projects import CUT, ReadProject, read_projects
from rnn_suite.findings import FLOAT32_EPSILON, UNCOMPARABLE, Finding, close, equal
from rnn_suite.fresh_process import in_fresh_processes

_ROUNDING = 16 * FLOAT32_EPSILON
"""Of outputs around 0.5; releases add in other orders, and so do processors."""


def projects_of_releases_are_read() -> Iterator[Finding]:
    """Hold trials, best values and the best model against what the writing libraries said of them."""
    for project in _projects():
        for finding in _read_as_recorded(project.recorded, project.read):
            yield _kept_or_excused(project, project.read.told.fault, finding)


def searches_cut_short_under_releases_are_finished() -> Iterator[Finding]:
    """Go on with a search that was killed in a promoted trial: what is on disk decides its trials."""
    for project in _projects():
        for finding in _finished_as_recorded(project.recorded.told, project.gone_on):
            yield _kept_or_excused(project, project.gone_on.fault, finding)


def _read_as_recorded(recorded: ReadAgain, read: ReadAgain) -> Iterator[Finding]:
    wrong = differences(read.told, recorded.told)
    yield equal("trials", wrong or "no difference", "no difference")
    yield equal("best values", read.values, recorded.values)
    for part in ("weights", "optimizer"):
        received, expected = (getattr(model, part, None) for model in (read.model, recorded.model))
        yield equal(f"{part} of the best model", received, expected)
    yield close(
        "outputs of the best model",
        read.outputs,
        recorded.outputs,
        bound=_ROUNDING,
        source="the writing library",
    )


def _finished_as_recorded(recorded: Told, gone_on: Told) -> Iterator[Finding]:
    yield equal("trials of other values", differing(gone_on.values, recorded.values), [])
    yield equal("trials of other ends", differing(gone_on.statuses, recorded.statuses), [])
    rescored = differing(gone_on.scores, recorded.scores)
    # What is trained here may be rounded in another way.
    yield equal("trials rescored", [trial for trial in rescored if trial < CUT.trial], [])
    again = Counter(gone_on.runs) - Counter(recorded.runs)
    yield equal("trials run again", sorted(again.elements()), [CUT.trial])
    for part in ("weights", "optimizer"):
        first, *_ = _beginnings(recorded, part)
        yield equal(
            f"{part} that {CUT.trial} begins from, twice",
            _beginnings(gone_on, part),
            [first, first],
        )


def _beginnings(told: Told, part: str) -> list[str]:
    states = [state for state in told.states if state.begins and state.trial == CUT.trial]
    return [getattr(state, part) for state in states]


def _kept_or_excused(project: ReadProject, fault: str, finding: Finding) -> Finding:
    """Return `finding`, or where the libraries refused the project that they did.

    What is newer than they are may be refused; where it is not, it has to be read rightly.
    """
    named = replace(finding, name=f"{project.name}, {finding.name}")
    if not fault:
        return named
    return replace(
        named,
        error=0.0 if project.is_newer else UNCOMPARABLE,
        expected="read rightly or refused, for it is newer" if project.is_newer else "read",
        received=fault[:200],
    )


@functools.cache
def _projects() -> tuple[ReadProject, ...]:
    (answer,) = in_fresh_processes(read_projects)
    return answer.projects


PROJECTS_OF_RELEASES = (
    projects_of_releases_are_read,
    searches_cut_short_under_releases_are_finished,
)
