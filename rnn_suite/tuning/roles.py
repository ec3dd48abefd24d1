"""What the chief and the workers of a cluster do: hand out trials, and take them."""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rnn_suite.errors import MeasurementError
from rnn_suite.tuning.folder import is_searched, note_end, searched
from rnn_suite.tuning.member import Member, chief_is_gone
from rnn_suite.tuning.telling import say

_LOOK_SECONDS = 0.2
_IDLE_SECONDS = 0.1


def hand_out_trials(tuner: Any, folder: Path, chief: Member, trials: int) -> None:
    """Hand out the trials of `tuner` until all workers have left, and note the end.

    Keras Tuner looks for that every 20 seconds; who knows it earlier notes it, and this process ends.

    Args:
        tuner: the chief's.
        folder: of the search.
        chief: this process.
        trials: how many the whole search has.
    """
    ended, started = threading.Event(), time.perf_counter()
    begun = len(tuner.oracle.trials)

    def end_when_noted() -> None:
        told = False
        while not is_searched(folder):
            if not told and chief.chief_listens():
                told = True
                say(
                    f"listens at {chief.host}:{chief.port}, for {trials} trials"
                    + (f", {begun} of them begun before" if begun else "")
                )
            if ended.wait(_LOOK_SECONDS):
                return
        # Where one failure after the other ended it, workers may be asking still; and the main thread
        # waits forever for a lock that the exception left held (`engine/oracle.py`, `synchronized`).
        if not searched(folder).stopped_by_failures:
            tuner.oracle.save()
        say("the search has ended")
        os._exit(0)

    threading.Thread(target=end_when_noted, daemon=True).start()
    tuner.search(verbose=0)
    ended.set()
    # Keras Tuner leaves the last trials on disk as under way, and would run them again.
    tuner.oracle.save()
    note_end(folder, time.perf_counter() - started, stopped=False)
    say("the search has ended")


def take_trials(train: Callable[[], None], folder: Path, worker: Member) -> None:
    """Train the trials that the chief hands out until it has none left.

    Args:
        train: runs Keras Tuner's search.
        folder: of the search.
        worker: this process.

    Raises:
        MeasurementError: if the chief is gone or cannot answer.
    """
    grpc, started = importlib.import_module("grpc"), time.perf_counter()
    try:
        train()
    except grpc.RpcError as error:
        told = f"{error.code().name}: {error.details()}"
        if is_searched(folder):
            return
        if "Number of consecutive failures" in told:
            note_end(folder, time.perf_counter() - started, stopped=True)
        elif error.code() == grpc.StatusCode.UNAVAILABLE:
            raise chief_is_gone(worker, told) from error
        else:
            raise MeasurementError(
                f"Worker {worker.name}: the chief could not answer.\nExpected: a trial, or the end\n"
                f"Received: {told}\nNext: see what the chief printed"
            ) from error


class Patient:
    """Mixin for a tuner: a worker that is told to wait for other trials asks again after a pause.

    Keras Tuner asks again at once, with the chief's process and the worker's busy all the while.
    """

    _asked = False

    def pre_create_trial(self) -> None:
        """Pause, unless a trial has begun since the last call."""
        if self._asked:
            time.sleep(_IDLE_SECONDS)
        self._asked = True
        super().pre_create_trial()  # type: ignore[misc]  # a tuner's

    def on_trial_begin(self, trial: Any) -> None:
        """Note that the next call is no repetition."""
        self._asked = False
        super().on_trial_begin(trial)  # type: ignore[misc]  # a tuner's
