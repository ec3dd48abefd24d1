"""One search by a chief and workers on this machine: started, watched, replaced where they die, and ended."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen, TimeoutExpired

from rnn_suite.errors import FormatError, MeasurementError
from rnn_suite.fresh_process import start_process
from rnn_suite.jsonable import from_jsonable, read_json, write_json
from rnn_suite.trials import RUNNING
from rnn_suite.tuning.folder import PROJECT, fault_file, is_searched
from rnn_suite.tuning.member import CHIEF, Member

LOST = "lost.json"
"""Name of the file, in the folder of a search, with what was lost so far."""

_LOOK_SECONDS = 0.2
_CHIEF_ENDS_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A worker that died."""

    worker: str
    """Its name, such as `tuner1`; the worker that took its place has the same."""
    trial: str
    """The trial it trained, which was then run again from its start; empty where it trained none."""
    ended: str
    """How it ended, such as `signal 9`."""

    def __str__(self) -> str:
        again = f"trial {self.trial} was run again" if self.trial else "no trial was cut short"
        return f"worker {self.worker} died ({self.ended}) and was replaced; {again}"


def losses(folder: Path) -> tuple[Loss, ...]:
    """Return what the search in `folder` lost so far.

    Raises:
        FormatError: if the note of it is damaged.
    """
    path = folder / LOST
    if not path.exists():
        return ()
    return tuple(
        from_jsonable(Loss, entry, where=f"{path}[{number}]")
        for number, entry in enumerate(read_json(path))
    )


def share_of_threads(workers: int) -> dict[str, str | None]:
    """Return the variables that give one of `workers` processes its share of this machine's cores."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    share = str(max(1, cores // workers))
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
    return dict.fromkeys(names, share)


class Cluster:
    """A chief and workers, started on the loopback address."""

    def __init__(self, folder: Path, workers: int) -> None:
        """Start them.

        Args:
            folder: of the search, as `rnn_suite.tuning.work` expects it.
            workers: how many.
        """
        self._folder = folder
        # Held, without listening, so that nobody is given the port before the chief binds it, as gRPC
        # does, with SO_REUSEPORT too; after a chief's death connections to it are refused.
        self._port = socket.socket()
        self._port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._port.bind(("127.0.0.1", 0))
        self._threads = share_of_threads(workers)
        self._lost: list[Loss] = []
        self._lost_before = losses(folder)
        self._chief = self._start(CHIEF, {})
        self._workers = {
            name: self._start(name, self._threads)
            for name in (f"tuner{number}" for number in range(workers))
        }

    def wait(self) -> None:
        """Wait until the search is over, or every worker was told that there is nothing left to try.

        Raises:
            MeasurementError: if the chief ends before, a worker fails, or a worker dies twice in one trial.
        """
        while True:
            # The chief last: a worker that fails because its chief is gone is not the cause.
            ended = {name: process.poll() for name, process in self._workers.items()}
            chief = self._chief.poll()
            if is_searched(self._folder):
                return
            if chief is not None:
                raise self._failed(
                    CHIEF, chief, "it handed out the trials, so the workers were ended"
                )
            for name, status in ended.items():
                if status is not None and status != 0:
                    self._replace(name, status)
            if all(status == 0 for status in ended.values()):
                return
            time.sleep(_LOOK_SECONDS)

    def wait_for_chief(self) -> None:
        """Let the chief, which sees that the search is over, put its state on disk; then close."""
        for process in self._workers.values():
            _end(process)
        with contextlib.suppress(TimeoutExpired):
            self._chief.wait(_CHIEF_ENDS_SECONDS)
        self.close()

    def close(self) -> None:
        """End all processes."""
        for process in (self._chief, *self._workers.values()):
            _end(process)
        self._port.close()

    def _start(self, name: str, threads: dict[str, str | None]) -> Popen[bytes]:
        member = Member(name=name, host="127.0.0.1", port=self._port.getsockname()[1])
        fault_file(self._folder, name).unlink(missing_ok=True)
        return start_process(
            ["rnn_suite.tuning.work", str(self._folder), str(os.getpid()), "search"],
            self._words(name),
            # gRPC would look for the loopback address behind a proxy.
            environment=member.variables | threads | {"no_grpc_proxy": member.host},
        )

    def _replace(self, name: str, status: int) -> None:
        if status > 0:
            raise self._failed(name, status, "an error that another worker would meet as well")
        loss = Loss(worker=name, trial=self._trial_of(name), ended=_told(status))
        if (name, loss.trial) in {(before.worker, before.trial) for before in self._lost}:
            where = f"trial {loss.trial}" if loss.trial else "no trial"
            raise self._failed(name, status, f"the second time, in {where}")
        self._lost.append(loss)
        write_json(self._folder / LOST, [*self._lost_before, *self._lost])
        # Keras Tuner gives a worker of this name the trial again that it had not ended
        # (`Oracle.create_trial`): nothing else ever takes that trial up while the chief lives.
        self._workers[name] = self._start(name, self._threads)

    def _trial_of(self, worker: str) -> str:
        project = self._folder / PROJECT
        for _ in range(10):
            try:
                trial = read_json(project / "oracle.json")["ongoing_trials"].get(worker)
                if trial is None:
                    return ""
                # An ended trial stays in that list until the next one begins.
                status = read_json(project / f"trial_{trial}" / "trial.json")["status"]
                return str(trial) if status == RUNNING else ""
            except (FormatError, KeyError):
                time.sleep(_LOOK_SECONDS)  # The chief is writing.
        return ""

    def _failed(self, name: str, status: int, meaning: str) -> MeasurementError:
        fault = fault_file(self._folder, name)
        told = fault if fault.exists() else self._words(name)
        return MeasurementError(
            f"Search in {self._folder}: process {name} ended ({_told(status)}): {meaning}.\n"
            "Expected: processes that go on to the end of the search\n"
            f"Received, as its last words:\n{told.read_text(errors='replace')[-2000:]}\n"
            "Next: start the search again; it is taken up where it was, and a trial cut short is run again"
        )

    def _words(self, name: str) -> Path:
        return self._folder / f"words-{name}.txt"


def _told(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _end(process: Popen[bytes]) -> None:
    # Not its group, which is this process's own.
    process.kill()
    process.wait()
