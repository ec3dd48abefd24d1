"""One side of a pair: a worker in one environment, asked, heard and ended from here."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rnn_suite import worker
from rnn_suite.errors import MeasurementError

WORKER = Path(worker.__file__).with_name("__main__.py")
"""The file that a worker is started from, by whatever Python."""

DEADLINE_SECONDS = 300.0
"""For one answer: many times what the slowest phase takes, the first import after an installation too."""

_LONGEST_ANSWER = 1 << 24
_HIDDEN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONSAFEPATH", "VIRTUAL_ENV")
"""Variables that would show one environment's packages to the other's Python."""
# Two processes share a GPU, which TensorFlow otherwise takes whole for the first.
_DEFAULTS = {"TF_CPP_MIN_LOG_LEVEL": "2", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
"""Variables of both sides, unless they are set already."""


class Arm:
    """A worker process; used as a context it is ended with all that it started."""

    def __init__(self, python: Path, *, role: str, folder: Path, launcher: Path = WORKER) -> None:
        """Start it.

        Args:
            python: interpreter of the environment.
            role: what the environment is called in messages, `reference` or `candidate`.
            folder: one that exists, for all that the worker and its libraries print.
            launcher: the file that the interpreter is given.

        Raises:
            MeasurementError: if the interpreter cannot be started.
            OSError: if nothing can be written to the folder.
        """
        self.python, self.role = python, role
        self._words = folder / f"{role}.txt"
        self._heard = b""
        self._asked = "start"
        environment = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
        with self._words.open("wb") as words:
            try:
                # -I, as where packages are read: neither the user's own packages nor this folder.
                self._process = subprocess.Popen(  # noqa: S603 (the interpreter the user named)
                    [python, "-I", launcher],
                    env=_DEFAULTS | environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=words,
                    start_new_session=True,
                )
            except OSError as error:
                raise MeasurementError(
                    f"The {role} interpreter cannot be started.\nExpected: a Python 3.11 or later with "
                    f"TensorFlow and Keras\nReceived: {python}: {error.strerror}\n"
                    "Next: name the interpreter of an environment, such as old/bin/python"
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, do: str, **what: object) -> None:
        """Ask for something; `receive` waits for the answer.

        Raises:
            MeasurementError: if the worker is gone.
        """
        assert self._process.stdin is not None  # noqa: S101 (a pipe was asked for)
        self._asked = do
        try:
            self._process.stdin.write(json.dumps({"do": do, **what}).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._gone() from None

    def receive(self, seconds: float = DEADLINE_SECONDS) -> Mapping[str, Any]:
        """Return the answer to the last request.

        Raises:
            MeasurementError: if the worker could not do it, died, was silent for `seconds`, or something
                else came than an answer.
        """
        line = self._line(time.monotonic() + seconds, seconds)
        try:
            answer = json.loads(line)
            found = answer.get("done")
        except (ValueError, AttributeError):
            shown = line[:200].decode(errors="replace")
            raise self._error(
                f"{shown!r} on its standard output",
                "something prints there when that interpreter starts (a sitecustomize, a wrapper "
                "script); let it print on standard error",
            ) from None
        if not isinstance(found, dict):
            raise self._error(str(answer.get("failed")), "mend that environment, or name another")
        return found

    def ask(self, do: str, **what: object) -> Mapping[str, Any]:
        """Ask, and return the answer; see `send` and `receive`."""
        self.send(do, **what)
        return self.receive()

    def _line(self, deadline: float, seconds: float) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 (a pipe was asked for)
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._heard:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise self._error(
                        f"none within {seconds:g} seconds", "see what keeps it; it was ended"
                    )
                read = os.read(self._process.stdout.fileno(), 1 << 16)
                if not read:
                    raise self._gone()
                self._heard += read
                if len(self._heard) > _LONGEST_ANSWER:
                    raise self._error("an endless line", "see what prints there")
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def _gone(self) -> MeasurementError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        status = self._process.returncode
        how = f"signal {-status}" if status is not None and status < 0 else f"exit status {status}"
        return self._error(
            how, "see its last words, or run it by hand; it has to be a Python 3.11 or later"
        )

    def _error(self, received: str, advice: str) -> MeasurementError:
        words = self._words.read_text(errors="replace")[-1500:].strip()
        said = f"\nIts last words:\n{words}" if words else ""
        return MeasurementError(
            f"No answer of the {self.role} interpreter to {self._asked!r}: {self.python}\n"
            f"Expected: one line of JSON\nReceived: {received}\nNext: {advice}{said}"
        )

    def close(self) -> None:
        """End the worker and all that it started."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        # It has nothing to put away: what it made is in memory and in folders of its own.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
