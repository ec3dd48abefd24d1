"""One pair: a fresh process in each environment, taking turns, so that whatever the machine does hits both.

While something is timed only one of the two works. The order of the two is drawn anew for every turn, that
of the cells for every pair.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rnn_suite.experiment import Experiment
from rnn_suite.jsonable import to_jsonable
from rnn_suite.other_load import OtherLoad
from rnn_suite.upgrade.arm import WORKER, Arm
from rnn_suite.upgrade.phases import PHASES, Asked, Values

WARM_STEPS = 1
"""Steps after the first that are taken and not counted."""
MOST_REPEATS = 40
"""Measurements of one phase in one process, at most."""
TEST_BATCHES = 4
"""Batches that are evaluated and predicted."""
MEMORY = Asked("peak_memory", "all")
"""Wants every phase of every cell, whatever else is asked: else it would mean less in later pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environments:
    """The two interpreters, and the files their workers are started from."""

    reference: Path
    candidate: Path
    reference_launcher: Path = WORKER
    candidate_launcher: Path = WORKER


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What one pair gave."""

    values: dict[str, Values]
    """By question, raw."""
    cpu: dict[str, Values]
    """By question, the processor time of what was timed, in seconds."""
    reference: dict[str, Any]
    """The old environment's own words on itself: Python and packages."""
    candidate: dict[str, Any]
    """The same of the new one."""
    facts: dict[str, dict[str, Any]]
    """By cell, what a training step is made of, `old` and `new`; empty where it was not asked for."""
    others_fraction: float
    """Share of the machine's processors that other processes had meanwhile."""
    seconds: float
    """Wall time of the whole pair."""


@dataclass(slots=True)
class _Arms:
    """Both arms, and what they have answered."""

    old: Arm
    new: Arm
    chance: random.Random
    asked: Collection[Asked]
    seconds: dict[Asked, tuple[list[float], list[float]]] = field(default_factory=dict)
    cpu: dict[Asked, tuple[list[float], list[float]]] = field(default_factory=dict)

    def both(self, do: str, **what: object) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Let both do it at once, untimed."""
        for arm in self.chance.sample([self.old, self.new], 2):
            arm.send(do, **what)
        return self.old.receive(), self.new.receive()

    def in_turn(self, do: str, **what: object) -> dict[str, Mapping[str, Any]]:
        """Let one do it and then the other; return both answers by role."""
        answers = {}
        for arm in self.chance.sample([self.old, self.new], 2):
            arm.send(do, **what)
            answers[arm.role] = arm.receive()
        return answers

    def timed(self, phase: str, subject: str, do: str, **what: object) -> None:
        """Let both do it, in turn and noting what each took where it is asked for."""
        asked = Asked(phase, subject)
        if asked not in self.asked:
            self.both(do, **what)
            return
        row, done, least = PHASES[phase], 0, 0.0
        while done < row.repeats or (least < row.least_seconds and done < MOST_REPEATS):
            answers = self.in_turn(do, **what)
            for noted, name in ((self.seconds, "seconds"), (self.cpu, "cpu_seconds")):
                sides = noted.setdefault(asked, ([], []))
                for side, arm in zip(sides, (self.old, self.new), strict=True):
                    side.append(answers[arm.role][name])
            done, least = done + 1, min(map(sum, self.seconds[asked]))


def start_arms(
    environments: Environments, stack: ExitStack, folder: Path, chance: random.Random
) -> tuple[Arm, Arm]:
    """Start a worker in each environment, in an order drawn anew, and return the old and the new one.

    Args:
        environments: old and new.
        stack: ends them.
        folder: for what they print.
        chance: decides the order.
    """
    started = {}
    for role, python, launcher in chance.sample(
        [
            ("reference", environments.reference, environments.reference_launcher),
            ("candidate", environments.candidate, environments.candidate_launcher),
        ],
        2,
    ):
        arm = Arm(python, role=role, folder=folder, launcher=launcher)
        started[role] = stack.enter_context(arm)
    return started["reference"], started["candidate"]


def measure_pair(
    environments: Environments,
    experiments: Mapping[str, Experiment],
    asked: Collection[Asked],
    *,
    chance: random.Random,
    with_facts: bool = False,
) -> Pair:
    """Start a worker in each environment, let them take turns, end them, and return what they took.

    Args:
        environments: old and new.
        experiments: by cell, what is built and fitted.
        asked: the questions that are open; what none of them needs is left out.
        chance: decides every order.
        with_facts: whether to ask what a training step is made of, which takes another trace.

    Raises:
        MeasurementError: if a worker fails, dies or is silent.
    """
    started, load = time.perf_counter(), OtherLoad()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        old, new = start_arms(environments, stack, folder, chance)
        arms = _Arms(old=old, new=new, chance=chance, asked=asked)
        described = arms.both("describe")
        arms.timed("import", "all", "import")
        # What is done once a process would otherwise be the first cell's.
        arms.timed("start", "all", "start")
        cells = _cells(asked)
        any_experiment = to_jsonable(experiments[(cells or list(experiments))[0]])
        arms.timed("data_loading", "all", "load", experiment=any_experiment)
        facts = {}
        for cell in chance.sample(cells, len(cells)):
            _one_cell(arms, cell, experiments[cell])
            if with_facts:
                of_old, of_new = arms.both("facts")
                facts[cell] = {"old": dict(of_old), "new": dict(of_new)}
        values = _by_question(arms.seconds)
        usage = arms.both("usage")
        if MEMORY in asked:
            old_mib, new_mib = (answer["peak_rss_bytes"] / 2**20 for answer in usage)
            values[str(MEMORY)] = Values(old=(old_mib,), new=(new_mib,))
        others = load.others_fraction(sum(answer["cpu_seconds"] for answer in usage))
    return Pair(
        values=values,
        cpu=_by_question(arms.cpu),
        reference=dict(described[0]),
        candidate=dict(described[1]),
        facts=facts,
        others_fraction=others,
        seconds=time.perf_counter() - started,
    )


def _by_question(noted: Mapping[Asked, tuple[list[float], list[float]]]) -> dict[str, Values]:
    return {
        str(question): Values(old=tuple(old), new=tuple(new))
        for question, (old, new) in noted.items()
    }


def _cells(asked: Collection[Asked]) -> list[str]:
    """Return the cells that the questions need: all of them for the memory of all."""
    every = PHASES["train_step"].subjects
    return [
        cell
        for cell in every
        if MEMORY in asked or any(question.subject == cell for question in asked)
    ]


def _one_cell(arms: _Arms, cell: str, experiment: Experiment) -> None:
    arms.timed("build", cell, "build", experiment=to_jsonable(experiment))
    arms.timed("first_step", cell, "fit")
    if Asked("train_step", cell) in arms.asked:
        for _ in range(WARM_STEPS):
            arms.in_turn("step")
        arms.timed("train_step", cell, "step")
    arms.both("end")
    for phase, do, what in _AFTER_FIT:
        if Asked(phase, cell) in arms.asked:
            arms.both(do, **what)
            arms.timed(phase, cell, do, **what)
        elif MEMORY in arms.asked:
            arms.both(do, **what)


_AFTER_FIT: Sequence[tuple[str, str, dict[str, object]]] = (
    ("evaluation", "evaluate", {"batches": TEST_BATCHES}),
    ("prediction", "predict", {"batches": TEST_BATCHES}),
    ("model_loading", "save_and_load", {}),
)
"""Phases of a model that was trained, each done once before it is timed: the first time traces."""
