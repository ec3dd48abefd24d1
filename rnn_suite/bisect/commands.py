"""Run another interpreter, with a time limit that also ends what it started itself."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnn_suite.bisect.errors import BisectError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    status: int
    """Exit status; negative: the signal that ended it."""
    output: str
    """Standard output."""
    errors: str
    """Standard error."""

    def last_lines(self, count: int = 15) -> str:
        """Return the end of what it printed, errors last."""
        return "\n".join(f"{self.output}\n{self.errors}".strip().splitlines()[-count:])


def run_python(python: Path, arguments: Sequence[str], *, seconds: float) -> Ended:
    """Run `python` apart from this process's own `PYTHON...` variables and folder, and wait.

    pip's configuration and variables, which name the index, do hold.

    Args:
        python: the interpreter.
        arguments: what follows its name.
        seconds: how long it may take.

    Raises:
        BisectError: if it cannot be started or takes longer.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 (own words)
            [str(python), "-I", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise BisectError(
            f"{python} cannot be run.\nExpected: a Python interpreter\n"
            f"Received: {error.strerror}\nNext: name the python of the environment, such as "
            ".tox/old/bin/python"
        ) from error
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise BisectError(
            f"{python} did not end.\nExpected: an end of {' '.join(arguments)[:60]!r} within "
            f"{seconds:.0f} seconds\nReceived: none\n"
            "Next: run it by hand to see what it waits for"
        ) from None
    finally:
        _end(process)
    return Ended(status=process.returncode, output=output, errors=errors)


def _end(process: subprocess.Popen[str]) -> None:
    """End all of a process's group: a child of pip may hold the pipes open when pip itself has ended."""
    with process, contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
