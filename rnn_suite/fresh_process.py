"""Ask a question in processes that have done nothing else before."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rnn_suite.errors import MeasurementError
from rnn_suite.jsonable import from_jsonable, read_json, write_json

T = TypeVar("T")

_OUTER = "RNN_SUITE_FRESH_PROCESS"
"""Set in a process that was started here, which then stays in one group with those it starts."""

DEADLINE_SECONDS = 900.0
"""Far more than the slowest question takes on a busy machine: nothing that goes on is cut off."""


def in_fresh_processes(ask: Callable[[], T], *, count: int = 1) -> list[T]:
    """Call `ask` in `count` new processes at once and return its answers.

    Answers travel in files: libraries print what they like.

    Args:
        ask: a function at the head of a module, whose answer JSON can hold.
        count: number of processes.

    Raises:
        MeasurementError: if one of them fails or takes longer than `DEADLINE_SECONDS`.
    """
    kind: type[T] = typing.get_type_hints(ask)["return"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    with tempfile.TemporaryDirectory() as folder:
        answers = [Path(folder, f"{number}.json") for number in range(count)]
        started = [
            start_process([__name__, ask.__module__, ask.__name__, str(answer)], _words(answer))
            for answer in answers
        ]
        try:
            for process, answer in zip(started, answers, strict=True):
                _wait(process, answer, deadline)
        finally:
            for process in started:
                end_process(process)
        return [from_jsonable(kind, read_json(answer), where=answer.name) for answer in answers]


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End what `start_process` started, and all that it started itself."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            # It was started in another's group, which ends it too if this does not.
            process.kill()
    process.wait()


def start_process(
    arguments: Sequence[str], words: Path, *, environment: Mapping[str, str | None] | None = None
) -> subprocess.Popen[bytes]:
    """Start a new process of this Python with a module of this package, and return it.

    Its group is its own, or that of a process that was started so itself: `end_process` ends them all.

    Args:
        arguments: name of the module, and what it is called with.
        words: file for all that the process and its libraries print.
        environment: variables that differ from this process's; those that are None are unset.
    """
    variables = {"TF_CPP_MIN_LOG_LEVEL": "2", _OUTER: "1"} | os.environ | dict(environment or {})
    with words.open("wb") as printed:
        return subprocess.Popen(  # noqa: S603 (own words)
            [sys.executable, "-m", *arguments],
            # `-m` looks here first: the package need not be installed.
            cwd=Path(__file__).parents[1],
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            start_new_session=_OUTER not in os.environ,
        )


def _wait(process: subprocess.Popen[bytes], answer: Path, deadline: float) -> None:
    try:
        status = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        ended = f"none within {DEADLINE_SECONDS:.0f} seconds"
    else:
        if status == 0 and answer.exists():
            return
        ended = f"exit status {status}"
    raise no_answer(f"{process.args!r}", ended, _words(answer))


def no_answer(asked: str, ended: str, words: Path) -> MeasurementError:
    """Return the error of a process that gave no answer, with the last of what it printed.

    Args:
        asked: what it was asked.
        ended: how it ended.
        words: the file of `start_process`.
    """
    last_words = words.read_text(errors="replace")[-2000:]
    return MeasurementError(
        f"{asked}: no answer.\nExpected: an answer from a process of its own\n"
        f"Received: {ended}, and its last words:\n{last_words}"
    )


def _words(answer: Path) -> Path:
    return answer.with_suffix(".txt")


if __name__ == "__main__":
    _module, _function, _answer = sys.argv[1:]
    write_json(Path(_answer), getattr(importlib.import_module(_module), _function)())
