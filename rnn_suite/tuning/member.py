"""One's place among the processes of a search: alone, its chief, or one of its workers.

Keras Tuner reads it from three variables (`keras_tuner/src/distribute/utils.py`). Without the address it
searches alone; every name with "chief" in it is the chief's to it, and a worker named "oracle" writes over
`oracle.json`. Its workers wait up to an hour for a chief that is gone; those here do not.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rnn_suite.errors import MeasurementError, SuiteError
from rnn_suite.jsonable import write_atomically
from rnn_suite.tuning.folder import fault_file, is_searched

NAME, HOST, PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
"""Keras Tuner's variables: one's own name, and where the chief listens."""

ALONE: dict[str, str | None] = {NAME: None, HOST: None, PORT: None}
"""For `start_process`: the process has no place in a cluster, whatever this process has."""

CHIEF = "chief"

CHIEF_STARTS_SECONDS = 300.0
"""A worker that has never reached its chief waits so long: machines do not start at the same moment."""
CHIEF_GONE_SECONDS = 10.0
"""A worker that has reached its chief once waits so long for it to answer again."""

_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The place of a process in a cluster."""

    name: str
    """`chief`, or `tuner` and a number."""
    host: str
    """Where the chief listens: address or name of its machine."""
    port: int

    @property
    def is_chief(self) -> bool:
        """Whether it hands out the trials; the others train them."""
        return self.name == CHIEF

    @property
    def variables(self) -> dict[str, str | None]:
        """What Keras Tuner reads it from."""
        return {NAME: self.name, HOST: self.host, PORT: str(self.port)}

    def chief_listens(self) -> bool:
        """Return whether something accepts connections where the chief belongs."""
        try:
            socket.create_connection((self.host, self.port), timeout=5).close()
        except OSError:
            return False
        return True


def member_of(variables: Mapping[str, str]) -> Member | None:
    """Return the place that these variables give a process; None where it searches alone.

    Raises:
        SuiteError: if some of the three are missing, or one is of no use.
    """
    received = {name: variables[name] for name in (NAME, HOST, PORT) if name in variables}
    if not received:
        return None
    port = received.get(PORT, "")
    if (
        len(received) < 3
        or not re.fullmatch(rf"{CHIEF}|tuner\d+", received[NAME])
        or not received[HOST]
        or not (port.isdecimal() and 1 <= int(port) < 2**16)
    ):
        raise SuiteError(
            "The place in a cluster is not told in full.\n"
            f"Expected: {NAME}={CHIEF} or tuner0, tuner1, ..., {HOST}=address of the chief, "
            f"{PORT}=1 to 65535; or none of the three, to search alone\n"
            f"Received: {' '.join(f'{name}={value}' for name, value in received.items())}\n"
            "Next: set all three, or unset all three"
        )
    return Member(name=received[NAME], host=received[HOST], port=int(port))


def check_port_is_free(chief: Member) -> None:
    """Ask whether another server listens where `chief` is about to.

    gRPC binds with SO_REUSEPORT: two chiefs share one port without a word, and each gets some of the workers.

    Raises:
        SuiteError: if so.
    """
    if chief.chief_listens():
        raise SuiteError(
            f"Port {chief.port} of {chief.host} is taken.\nExpected: a port that nothing listens on\n"
            "Received: a server that answers there, perhaps the chief of another search\n"
            f"Next: end it, or set {PORT} to another port for the chief and all workers"
        )


def chief_is_gone(worker: Member, seen: str) -> MeasurementError:
    """Return the error of a worker whose chief does not answer.

    Args:
        worker: the worker.
        seen: what shows it.
    """
    return MeasurementError(
        f"Worker {worker.name}: the chief at {worker.host}:{worker.port} is gone.\n"
        f"Expected: an answer\nReceived: {seen}\n"
        "Next: see why the chief ended, then start it and its workers again; the search is taken up"
    )


def end_without_chief(worker: Member, folder: Path, waiting: Callable[[str], None]) -> None:
    """End this process, in the background, when its chief has not answered for a while.

    Args:
        worker: this process.
        folder: of the search; the fault is left there, unless the search has ended.
        waiting: told once, in words, if the chief does not answer yet.
    """

    def watch() -> None:
        patience, since = CHIEF_STARTS_SECONDS, time.monotonic()
        told = False
        while (silent := time.monotonic() - since) < patience:
            if worker.chief_listens():
                patience, since = CHIEF_GONE_SECONDS, time.monotonic()
            elif not told:
                where = f"{worker.host}:{worker.port}"
                waiting(f"waits for the chief at {where}, {patience:.0f} s at most")
            told = True
            time.sleep(_LOOK_SECONDS)
        if is_searched(folder):
            os._exit(0)
        error = chief_is_gone(worker, f"none for {silent:.0f} seconds")
        print(error, file=sys.stderr, flush=True)
        write_atomically(fault_file(folder, worker.name), str(error).encode())
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
