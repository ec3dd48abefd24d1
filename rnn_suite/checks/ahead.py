"""Rules asked ahead, in fresh processes side by side, while the caller takes the answers one by one.

Rules build, trace and compile small models, which keeps one core busy at a time. A process of their own also
keeps what one library leaves behind, or a crash of it, away from everything else.

`python -m rnn_suite.checks.ahead FOLDER PARENT TOPIC:SUBJECT ...` is what such a process runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from rnn_suite.checks.rules import run_rules
from rnn_suite.errors import MeasurementError, SuiteError
from rnn_suite.fresh_process import (
    DEADLINE_SECONDS,
    end_process,
    no_answer,
    start_process,
)
from rnn_suite.jsonable import from_jsonable, read_json, write_atomically, write_json
from rnn_suite.questions.rules import TOPICS, RuleFindings

Asked = tuple[str, str]
"""A topic and one of its subjects."""


class RulesAhead:
    """Runs rules in processes of their own; `close` ends them."""

    def __init__(self, asked: Iterable[Asked], *, processes: int) -> None:
        """Start them.

        Args:
            asked: topics with subjects, each once.
            processes: how many to share them out to, at most.
        """
        self._scratch = tempfile.TemporaryDirectory()
        self._deadline = time.monotonic() + DEADLINE_SECONDS
        self._running: dict[Asked, tuple[Popen[bytes], Path]] = {}
        for number, share in enumerate(shares(asked, processes)):
            words = Path(self._scratch.name, f"{number}.txt")
            names = [":".join(pair) for pair in share]
            process = start_process([__name__, self._scratch.name, str(os.getpid()), *names], words)
            self._running |= dict.fromkeys(share, (process, words))

    def findings(self, topic: str, subject: str) -> RuleFindings:
        """Wait for what the rules of `topic` found for `subject` and return it.

        Raises:
            SuiteError: if they could not be run, their process died, or none answered in time.
        """
        process, words = self._running[topic, subject]
        name = f"{topic}:{subject}"
        answer, fault = (Path(self._scratch.name, f"{name}.{end}") for end in ("json", "fault"))
        while not (answer.exists() or fault.exists()):
            # In this order: an answer may come between the look for it and its process's end.
            if process.poll() is not None and not (answer.exists() or fault.exists()):
                raise no_answer(name, f"exit status {process.returncode}", words)
            if time.monotonic() > self._deadline:
                end_process(process)
                raise no_answer(name, f"none within {DEADLINE_SECONDS:.0f} seconds", words)
            time.sleep(0.02)
        if fault.exists():
            raise MeasurementError(fault.read_text(encoding="utf-8"))
        return from_jsonable(RuleFindings, read_json(answer), where=name)

    def wait(self) -> None:
        """Wait until all processes have ended, so that the machine is quiet; end them at the deadline."""
        for process, _ in self._running.values():
            with contextlib.suppress(TimeoutExpired):
                process.wait(max(0.0, self._deadline - time.monotonic()))
            end_process(process)

    def close(self) -> None:
        """End the processes and remove what they wrote."""
        for process, _ in self._running.values():
            end_process(process)
        self._scratch.cleanup()


def shares(asked: Iterable[Asked], processes: int) -> list[list[Asked]]:
    """Return what each process is to do: the longest first, each to the one that has least to do.

    Graham 1969: at most a third longer than the best division.
    """
    longest_first = sorted(asked, key=lambda pair: -TOPICS[pair[0]].seconds)
    divided: list[list[Asked]] = [[] for _ in range(max(1, min(processes, len(longest_first))))]
    for pair in longest_first:
        min(divided, key=lambda share: sum(TOPICS[t].seconds for t, _ in share)).append(pair)
    return divided


def main(folder: Path, parent: int, names: Iterable[str]) -> None:
    """Run the rules of each `TOPIC:SUBJECT` and write what they found into `folder`.

    Args:
        folder: one that exists; what libraries write for a while goes there too.
        parent: number of the process that waits for the answers; without it nothing more is asked.
        names: what to ask.
    """
    tempfile.tempdir = str(folder)
    for name in names:
        if os.getppid() != parent:
            return
        topic, _, subject = name.partition(":")
        try:
            write_json(folder / f"{name}.json", run_rules(topic, subject))
        except Exception as error:  # noqa: BLE001 (the others are still to be asked)
            kind = "" if isinstance(error, SuiteError) else f"{type(error).__name__}: "
            write_atomically(folder / f"{name}.fault", f"{kind}{error}".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
