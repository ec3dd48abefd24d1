"""Searches that are killed and begun again, each part in a process of its own.

The processes are copies of one that has imported the libraries and computed nothing yet, which are made in a
moment; that one is fresh itself: see `fresh_process`.
"""

from __future__ import annotations

import gc
import multiprocessing
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from rnn_suite.checks.parts.tiny_searches import (
    END_UNKNOWN,
    HALF_WRITTEN,
    RUNS_AGAIN,
    RUNS_FIRST,
    SEARCH,
    STILL_ONGOING,
    UNKNOWN_YET,
    Course,
    Kill,
    after_epoch,
    outputs,
    search_in,
    state_of,
    tell,
    tuner_of,
)
from rnn_suite.checks.parts.told_searches import State, Told, nothing_told, written
from rnn_suite.tuning.tuners import keras_tuner

T = TypeVar("T")

COMPUTED = Course(trained=False)
TRAINED = Course(trained=True)
FAILS_ONCE = Course(trained=False, fails={"0003": 1}, retries=1)
FAILS_TWICE_RUNNING = Course(trained=False, fails={"0007": 9, "0008": 9})
LATE = Course(trained=True, late=True, search=replace(SEARCH, max_epochs=2, factor=2))
"""Its trial 0002 goes on from another for its second epoch."""

KILLED = "killed"
"""The fault of a search that ended so."""

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAgain:
    """What is read from the project of a search that has ended."""

    told: Told
    values: dict[str, str]
    """The best hyperparameters."""
    model: State | None
    """The best model; None where reading failed."""
    outputs: tuple[float, ...]
    """Its outputs for `probe()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """Searches that nobody killed."""

    computed: Told
    trained: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """A search that was killed, once or more, and begun again each time, beside one left alone."""

    name: str
    trials: tuple[str, ...]
    """Those it ought to be killed in."""
    kills: int
    """How often it was."""
    told: Told
    """The end of the last part."""
    alone: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """Searches left alone, and killed ones."""

    alone: LeftAlone
    other_seed: Told
    """As `alone.computed`, from another seed."""
    read_again: ReadAgain
    """From the project of `alone.trained`, in a process that trained nothing."""
    while_running: tuple[Killed, ...]
    """Killed while a trial ran."""
    between_files: tuple[Killed, ...]
    """Killed when a trial's file was written and the search's own was not, or only half of it."""
    late: Told
    """Of a search whose optimizers are built late."""


def left_alone() -> LeftAlone:
    """Search where nobody kills."""
    prepare()
    return LeftAlone(computed=_alone(COMPUTED), trained=_alone(TRAINED))


def lives() -> Lives:
    """Search where nobody kills, and where the search is killed here and there."""
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        trained = search_apart(TRAINED, Path(folder))
        read_again = read_apart(TRAINED, Path(folder))
    alone = LeftAlone(computed=_alone(COMPUTED), trained=trained)
    return Lives(
        alone=alone,
        other_seed=_alone(replace(COMPUTED, seed=4)),
        read_again=read_again,
        while_running=(
            *(
                _killed(
                    "computed", COMPUTED, [Kill(trial=trial, moment=RUNS_FIRST)], alone.computed
                )
                for trial in alone.computed.values
            ),
            _killed(
                "failed once",
                FAILS_ONCE,
                [Kill(trial="0003", moment=RUNS_AGAIN)],
                _alone(FAILS_ONCE),
            ),
            _killed(
                "trained",
                TRAINED,
                [
                    Kill(trial="0002", moment=after_epoch(1)),
                    Kill(trial="0005", moment=after_epoch(3)),
                ],
                alone.trained,
            ),
        ),
        between_files=(
            *(
                _killed("computed", COMPUTED, [Kill(trial="0005", moment=moment)], alone.computed)
                for moment in (UNKNOWN_YET, END_UNKNOWN, HALF_WRITTEN, STILL_ONGOING)
            ),
            _killed(
                "failed twice running",
                FAILS_TWICE_RUNNING,
                [Kill(trial="0008", moment=STILL_ONGOING)],
                _alone(FAILS_TWICE_RUNNING),
            ),
        ),
        late=_alone(LATE),
    )


def prepare() -> None:
    """Import what the searches need, so that copies of this process have it."""
    keras_tuner()
    # Keras Tuner collects garbage in every trial: what is imported need not be looked at each time.
    gc.freeze()


def search_apart(course: Course, folder: Path, kill: Kill | None = None) -> Told:
    """Search in a copy of this process, going on where a search was cut off in `folder`."""
    folder.mkdir(exist_ok=True)
    answer = in_a_copy(lambda: search_in(folder, course, kill))
    return answer if isinstance(answer, Told) else nothing_told(answer or KILLED)


def read_apart(course: Course, folder: Path) -> ReadAgain:
    """Read the project in `folder` in a copy of this process."""
    answer = in_a_copy(lambda: _read(course, folder))
    if isinstance(answer, ReadAgain):
        return answer
    return ReadAgain(told=nothing_told(answer or KILLED), values={}, model=None, outputs=())


def in_a_copy(work: Callable[[], T]) -> T | str | None:
    """Call `work` in a copy of this process.

    Returns:
        Its answer, what it raised as text, or None if it was killed.
    """
    ours, theirs = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_answer, args=(work, theirs))
    process.start()
    theirs.close()
    try:
        answer: T | str = ours.recv()
    except EOFError:
        return None
    finally:
        process.join()
    return answer


def _answer(work: Callable[[], object], connection: Connection) -> None:
    try:
        answer = work()
    except Exception as error:  # noqa: BLE001 (whatever the libraries raise is the finding)
        answer = f"{type(error).__name__}: {error}".splitlines()[0]
    connection.send(answer)


def _read(course: Course, folder: Path) -> ReadAgain:
    tuner = tuner_of(course, folder)
    told = tell(tuner, folder)
    (values,), (model,) = tuner.get_best_hyperparameters(1), tuner.get_best_models(1)
    return ReadAgain(
        told=told,
        values=written(values.values),
        model=state_of(model, trial=told.best, begins=False, epochs=0, score=0.0),
        outputs=tuple(map(float, outputs(model)[:, 0])),
    )


def _alone(course: Course) -> Told:
    with tempfile.TemporaryDirectory() as folder:
        return search_apart(course, Path(folder))


def _killed(name: str, course: Course, kills: Sequence[Kill], alone: Told) -> Killed:
    with tempfile.TemporaryDirectory() as folder:
        parts = [search_apart(course, Path(folder), kill) for kill in kills]
        return Killed(
            name=", ".join([name, *(f"{kill.trial} {kill.moment}" for kill in kills)]),
            trials=tuple(kill.trial for kill in kills),
            kills=sum(part.fault == KILLED for part in parts),
            told=search_apart(course, Path(folder)),
            alone=alone,
        )
