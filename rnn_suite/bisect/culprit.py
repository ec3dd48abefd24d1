"""Find the package of an upgrade, and its release, that turns an answer red."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rnn_suite.bisect.differences import changes_outside, changes_under_test
from rnn_suite.bisect.environments import Recipe, make_environment
from rnn_suite.bisect.errors import BisectError, InstallError
from rnn_suite.bisect.installed import Installed, read_installed, read_under_test, under_test
from rnn_suite.bisect.log import Log
from rnn_suite.bisect.path import Change, State, path_between
from rnn_suite.bisect.releases import known_releases, recipes, releases_between
from rnn_suite.bisect.search import Answer, Bracket, halve, worst_case_runs
from rnn_suite.errors import MeasurementError


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """What turned the answer red, as far as it could be narrowed down."""

    question: str
    """What was asked."""
    changes: tuple[Change, ...]
    """What differs between the last good state and the first red one; of a package whose releases were
    asked one by one, from its last good release to its first red one."""
    narrowed: bool
    """Whether that is one step; else all states between gave no answer."""
    moved_along: tuple[Change, ...] = ()
    """Where releases were asked one by one: what else differs between the environments of those two."""
    runs: int
    """Answers that it took, those that an earlier search had left included."""
    worst_case_runs: int
    """Answers that it could have taken, as was said beforehand, had each been good or red."""

    def __str__(self) -> str:
        """Return one sentence for a person."""
        named = ", ".join(map(str, self.changes))
        if not self.narrowed:
            found = f"turned red somewhere in {named}; what lies between gave no answer"
        elif len(self.changes) == 1:
            found = f"turned red with {named}"
        else:
            found = f"turned red with packages that can only move together: {named}"
        if self.moved_along:
            found += f"; with it moved {', '.join(map(str, self.moved_along))}"
        return (
            f"{self.question}: {found} ({self.runs} runs; planned: at most {self.worst_case_runs})."
        )


def find_culprit(
    reference: Path,
    candidate: Path,
    *,
    question: str,
    is_red: Callable[[Path], bool | None],
    folder: Path,
    tell: Callable[[str], None],
    known_red: bool = True,
    tools: Sequence[str] = (),
) -> Culprit:
    """Halve over the packages that differ, then over the releases of the one that was found.

    That the reference is good is taken as known, and that the candidate is red where it was measured. Every
    answer is kept in `folder`, so a search that was cut short goes on where it was.

    Args:
        reference: interpreter of the environment before the upgrade.
        candidate: interpreter of the environment after it, with the same minor version of Python.
        question: what is asked, such as `train_step of lstm`.
        is_red: measures the environment of an interpreter against the reference; None: inconclusive.
        folder: for environments (about a gigabyte each with TensorFlow) and answers.
        tell: takes a line for a person, one a run.
        known_red: whether the candidate was measured and is red; else it is measured first.
        tools: requirements of the measurement, installed beside the packages that are asked about.

    Raises:
        BisectError: if an end cannot be read or has none of the libraries, they differ in Python, or in no
            package; or if an environment that an earlier search has left an answer of cannot be made again.
        FormatError: if the log of answers is damaged or cannot be written.
    """
    old = read_under_test(reference, role="reference")
    new = read_under_test(candidate, role="candidate")
    _check_python(old, new, candidate)
    states = path_between(under_test(old), under_test(new), new.markers)
    if len(states) == 1:
        raise BisectError(
            "Nothing to bisect.\nExpected: a package that TensorFlow, Keras or NumPy need, in two "
            f"versions\nReceived: the same in {reference} and {candidate}\n"
            "Next: look for the cause in what is not a package: settings, the machine, or chance"
        )
    if unseen := changes_outside(old, new):
        named = ", ".join(map(str, unseen))
        tell(f"not looked at, since TensorFlow, Keras and NumPy do not need them: {named}")
    runs = _Runs(
        ends={states[0].pins: reference, states[-1].pins: candidate},
        python=candidate,
        environments=folder / "environments",
        log=Log(folder / "answers.jsonl", upgrade=_digest(states, new), question=question),
        is_red=is_red,
        tell=tell,
        tools=tuple(tools),
    )
    _announce(states, candidate, tell)
    if not known_red:
        runs.check(states[-1], candidate)
    found = _among_packages(states, runs)
    step = states[found.good + 1 : found.red + 1]
    culprit = Culprit(
        question=question,
        changes=tuple(change for state in step for change in state.changes),
        narrowed=found.narrow,
        runs=runs.asked,
        worst_case_runs=runs.planned,
    )
    if found.narrow:
        culprit = _among_releases(culprit, states, found.red, runs)
    runs.log.finish()
    return culprit


class _Runs:
    """Gives answers: from the log, or by making an environment and measuring it."""

    def __init__(
        self,
        *,
        ends: Mapping[tuple[str, ...], Path],
        python: Path,
        environments: Path,
        log: Log,
        is_red: Callable[[Path], bool | None],
        tell: Callable[[str], None],
        tools: tuple[str, ...],
    ) -> None:
        self.python = python
        self.log = log
        self.tell = tell
        self.asked = 0
        self.planned = 0
        self._unknown = 0
        self._ends = ends
        self._environments = environments
        self._is_red = is_red
        self._tools = tools

    def plan(self, what: str, steps: int) -> None:
        """Say how many answers `steps` steps need."""
        more = worst_case_runs(steps)
        self.planned += more
        self.tell(f"{what}: at most {more} runs, and one more for each that gives no answer")

    def ask(self, what: str, ways: Sequence[Recipe]) -> Answer:
        """Return the answer of the first of `ways` that can be installed."""
        self.asked += 1
        run = f"run {self.asked} of at most {self.planned + self._unknown}: {what}"
        key = ways[0].requirements
        if (answer := self.log.known(key)) is not None:
            self.tell(f"{run}: {answer}, as asked before")
            return answer
        answer, reason = self._measure(ways)
        self.log.keep(key, answer, reason)
        self._unknown += answer is Answer.UNKNOWN
        self.tell(": ".join([run, str(answer), *reason.splitlines()[:1]]))
        return answer

    def check(self, state: State, candidate: Path) -> None:
        """Measure the candidate itself.

        Raises:
            BisectError: if it is not red.
        """
        key = ("the candidate itself", *state.pins)
        answer = self.log.known(key)
        if answer is None:
            self.tell("the candidate itself, which no upgrade has called red yet")
            red = self._is_red(candidate)
            answer = Answer.UNKNOWN if red is None else Answer.RED if red else Answer.GOOD
            self.log.keep(key, answer, "")
        if answer is Answer.GOOD:
            # Nothing is left to take up; the next search is to measure anew.
            self.log.finish()
        if answer is not Answer.RED:
            raise BisectError(
                f"Nothing to bisect.\nExpected: a candidate that is red\nReceived: {candidate}, "
                f"measured: {answer}\nNext: ask about what -m upgrade calls regressed"
            )

    def _measure(self, ways: Sequence[Recipe]) -> tuple[Answer, str]:
        """Return the answer, and why it is unknown if it is."""
        try:
            red = self._is_red(self.environment(ways))
        except (InstallError, MeasurementError) as error:
            return Answer.UNKNOWN, str(error)
        if red is None:
            return Answer.UNKNOWN, "inconclusive"
        return (Answer.RED if red else Answer.GOOD), ""

    def of_state(self, state: State) -> Path:
        """Return the interpreter of a state between the ends, or of an end."""
        return self._ends.get(state.pins) or self.environment([_recipe(state)])

    def environment(self, ways: Sequence[Recipe]) -> Path:
        """Return the interpreter of the first of `ways` that can be installed."""
        *first, last = (replace(way, tools=self._tools) for way in ways)
        for way in first:
            try:
                return make_environment(self._environments, self.python, way)
            except InstallError:
                continue
        return make_environment(self._environments, self.python, last)


def _announce(states: Sequence[State], python: Path, tell: Callable[[str], None]) -> None:
    """Say before anything is measured how many runs there will be at most."""
    packages, releases = worst_case_runs(len(states) - 1), 0
    for state in states[1:]:
        lead = state.changes[0]
        if lead.before is None or lead.after is None:
            continue
        try:
            between = releases_between(known_releases(python, lead.name), lead.before, lead.after)
        except BisectError:
            tell(f"at most {packages} runs to the package; its releases cannot be listed now")
            return
        releases = max(releases, worst_case_runs(len(between) + 1))
    tell(f"at most {packages} runs to the package, and at most {releases} more to its release")


def _among_packages(states: Sequence[State], runs: _Runs) -> Bracket:
    steps = len(states) - 1
    runs.plan(f"{steps} steps from the reference to the candidate", steps)

    def ask(number: int) -> Answer:
        last = ", ".join(map(str, states[number].changes))
        return runs.ask(f"{number} of {steps} steps, the last {last}", [_recipe(states[number])])

    return halve(steps, ask)


def _recipe(state: State) -> Recipe:
    return Recipe(requirements=state.pins, complete=True)


def _among_releases(culprit: Culprit, states: Sequence[State], red: int, runs: _Runs) -> Culprit:
    """Return `culprit` with the release named, if the first package of the step has some between.

    All packages of a step force each other to move; the one asked about leads, and pip lets the others
    follow.
    """
    before, after = states[red - 1 : red + 1]
    later = [change for state in states[red + 1 :] for change in state.changes]
    lead = after.changes[0]
    if lead.before is None or lead.after is None:
        return culprit
    try:
        known = known_releases(runs.python, lead.name)
    except BisectError as error:
        runs.tell(f"the releases between {lead} are not asked: {' '.join(str(error).split())}")
        return culprit
    between = releases_between(known, lead.before, lead.after)
    if not between:
        return culprit
    steps = len(between) + 1
    runs.plan(f"{len(between)} releases between {lead}", steps)

    def ways(number: int) -> tuple[Recipe, ...]:
        return recipes(before, after.changes, lead, between[number - 1], later)

    def ask(number: int) -> Answer:
        return runs.ask(f"{lead.name} {between[number - 1]}", ways(number))

    found = halve(steps, ask)
    good = runs.environment(ways(found.good)) if found.good else runs.of_state(before)
    red_one = runs.environment(ways(found.red)) if found.red < steps else runs.of_state(after)
    moved = changes_under_test(read_installed(good), read_installed(red_one))
    versions = (lead.before, *between, lead.after)
    return replace(
        culprit,
        changes=(replace(lead, before=versions[found.good], after=versions[found.red]),),
        narrowed=found.narrow,
        moved_along=tuple(change for change in moved if change.name != lead.name),
        runs=runs.asked,
        worst_case_runs=runs.planned,
    )


def _check_python(old: Installed, new: Installed, candidate: Path) -> None:
    before, after = (one.markers["python_version"] for one in (old, new))
    if before != after:
        raise BisectError(
            f"Python changed too.\nExpected: one Python in both environments\n"
            f"Received: {before} in the reference, {after} in the candidate\n"
            f"Next: build a reference with Python {after}; Python itself is not bisected"
        )
    if all(one.name != "pip" for one in new.distributions):
        raise BisectError(
            "No pip to make environments with.\nExpected: pip in the candidate\n"
            f"Received: {candidate}, without it\nNext: run {candidate} -m ensurepip"
        )


def _digest(states: Sequence[State], installed: Installed) -> str:
    ends = [installed.markers["python_full_version"], states[0].pins, states[-1].pins]
    return hashlib.sha256(json.dumps(ends).encode()).hexdigest()[:16]
